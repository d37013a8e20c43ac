"""Case files in: every format, as blocks of coded cases."""
