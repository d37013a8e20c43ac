"""Reports on a model."""
