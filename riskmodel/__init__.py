"""Probabilistic risk scoring of red flags in back pain."""
