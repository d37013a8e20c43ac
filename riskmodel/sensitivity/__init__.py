"""What the answers hang on, and whether the statements agree."""
