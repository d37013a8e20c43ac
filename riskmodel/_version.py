"""The version, in the one place that needs no package metadata at start-up."""

__version__ = "0.1.0"
