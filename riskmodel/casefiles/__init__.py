"""Case files from end to end: what is read, scored, written and rejected, row by row."""
