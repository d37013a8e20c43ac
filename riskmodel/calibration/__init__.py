"""Fit the statements of a model to a cohort."""
