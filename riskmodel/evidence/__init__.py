"""What is known: statements from prior files, checked, and their distributions."""
