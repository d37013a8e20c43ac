"""Record batches scored row for row, wherever they are: on a worker of Spark, in Dask, in Polars."""

from riskmodel.batches.row_scorer import PROBLEM, RowScorer
from riskmodel.batches.row_scorer_of import row_scorer

__all__ = ["PROBLEM", "RowScorer", "row_scorer"]
