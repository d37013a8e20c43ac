"""Which tables moved which statements, and how much of what they tell each statement comes from each table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.synthesis.jointly.likelihood import TablesLikelihood, tables_point

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.calibration.likelihood.surface import Point
    from riskmodel.calibration.optimise import LogPosterior

NEGLIGIBLE = 0.005  # share of what a statement was told, below which a table is not listed


@dataclass(frozen=True)
class Influence:
    """What each source tells each learnt statement; (statements, sources) each.

    ``shares`` sum to 1 over the sources: of the information that the tables bring, along the statement's own scale,
    the share that is each one's. ``pull`` is how far each one moved the statement from its stated value, on its scale:
    at the most probable point the pulls of all tables and the prior's are in balance.
    """

    sources: tuple[str, ...]
    statements: tuple[str, ...]
    shares: Array
    pull: Array

    def tables_of(self, statement: str) -> tuple[tuple[str, float], ...]:
        """The sources that told a statement, each with its share, the largest first."""
        shares = self.shares[self.statements.index(statement)]
        listed = [(self.sources[i], round(float(shares[i]), 3)) for i in np.argsort(-shares, kind="stable")]
        return tuple((source, share) for source, share in listed if share >= NEGLIGIBLE)


def influence(posterior: LogPosterior, likelihood: TablesLikelihood, point: Point, covariance: Array) -> Influence:
    """At the most probable point, with the ``covariance`` of the coordinates there."""
    coordinates, here = likelihood.joint, tables_point(point)
    counted = likelihood.counted
    slopes, scales = likelihood.slopes_of_rows(point), coordinates.slopes(point.x)
    of_rows = (scales @ covariance @ slopes.T) ** 2 * (np.maximum(here.terms.curvature, 0) * counted)
    prior = np.linalg.inv(posterior.prior_precision(point.x) + 1e-12 * np.eye(coordinates.size))
    pulls = scales @ prior @ (slopes * (here.terms.slope * counted)[:, None]).T
    sources = tuple(dict.fromkeys(row.source for row, used in zip(likelihood.rows, counted, strict=True) if used))
    of_source = np.array([[row.source == source for source in sources] for row in likelihood.rows], dtype=float)
    shares = of_rows @ of_source
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    names = tuple(coordinates.statements[column].id for column in coordinates.columns)
    return Influence(sources, names, shares, pulls @ of_source)
