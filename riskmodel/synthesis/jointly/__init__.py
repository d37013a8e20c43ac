"""All evidence at once: statements and published tables, fitted together."""
