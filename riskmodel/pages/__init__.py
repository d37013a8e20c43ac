"""How any report is laid out and written, whatever it is about."""
