"""A fit to a cohort whose rows lie in several places: each gives sums over its rows, and keeps the rows."""
