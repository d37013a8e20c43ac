"""Spark data frames of cases, scored on the workers of a cluster."""

from riskmodel.spark.score import run_record, score

__all__ = ["run_record", "score"]
