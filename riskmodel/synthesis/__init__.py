"""Studies in: counts of several studies become one statement for the next setting."""
