"""Spark data frames of cases, scored on the workers of a cluster."""

from riskmodel.spark.score import score, scored_with

__all__ = ["score", "scored_with"]
