"""What it is worth to know a number, or the answer to a question."""
