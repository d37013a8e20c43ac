"""The explorer: the model as one HTML page that opens from disk and answers for any case, without Python."""
