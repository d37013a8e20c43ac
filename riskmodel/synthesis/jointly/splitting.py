"""Each study left out in turn: does the rest expect what it saw (node splitting), and did the fit learn to?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.calibration.likelihood.laplace import covariance
from riskmodel.calibration.optimise import LogPosterior, Progress, maximise
from riskmodel.synthesis.jointly.likelihood import TablesLikelihood, tables_point
from riskmodel.synthesis.jointly.predict import Expected

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Bools
    from riskmodel.calibration.likelihood.surface import Point


@dataclass(frozen=True)
class JointSearch:
    """What is maximised: the likelihood of rows, of which some count, under the statements' own distributions."""

    likelihood: TablesLikelihood

    @property
    def posterior(self) -> LogPosterior:
        return LogPosterior(self.likelihood, self.likelihood.joint, 1.0)

    def without(self, rows: Bools) -> JointSearch:
        """As if some rows, (rows,), did not count."""
        return JointSearch(self.likelihood.of_rows(self.likelihood.counted & ~rows))


def expected_at(likelihood: TablesLikelihood, point: Point, of_coordinates: Array) -> Expected:
    """Of every row, where the coordinates have this most probable point and this covariance, to first order."""
    slopes = likelihood.slopes_of_rows(point)
    variance = np.einsum("ij,jk,ik->i", slopes, of_coordinates, slopes)
    spread = likelihood.joint.spreads_at(point.x)[likelihood.spread_of]
    return Expected(tables_point(point).log_odds, np.sqrt(np.maximum(variance, 0)), spread)


def left_out(search: JointSearch, best: Point, progress: Progress | None = None) -> pd.DataFrame:
    """Every row beside what is expected of it, before the fit and after a fit without the row's study.

    A row that is not fitted is compared with the fit of all others. Both expectations have the spread between studies
    of the fit, so that they differ in what the tables told of the statements alone.

    Returns
    -------
    one row a published row: ``id``, ``source``, ``fitted``, ``published``, ``events``, ``n``; ``before``,
    ``before_low``, ``before_high``, ``p_before`` and ``inside_before`` from the statements alone; ``after`` …
    likewise, from the statements and all other tables; ``score_before`` and ``score_after``: the logarithm of the
    probability of what was seen; ``strict_before`` and ``strict_after``: inside without the spread between studies, as
    `riskmodel validate` asks.
    """
    likelihood = search.likelihood
    start = likelihood.at(likelihood.joint.start)
    if start is None:
        raise ValueError("the stated values have no likelihood")
    before = expected_at(likelihood, start, np.asarray(np.linalg.inv(search.posterior.prior_precision(start.x))))
    sources = np.array([row.source for row in likelihood.rows])
    groups = [likelihood.counted & (sources == name) for name in dict.fromkeys(sources[likelihood.counted])]
    groups.append(~likelihood.counted)
    mean, sd, spread = np.empty((3, len(likelihood.rows)))
    for done, rows in enumerate(groups, start=1):
        after = _expected_without(search, rows, best)
        mean[rows], sd[rows], spread[rows] = after.mean[rows], after.sd[rows], after.spread[rows]
        if progress:
            progress(done, len(groups))
    return _frame(likelihood, Expected(before.mean, before.sd, spread), Expected(mean, sd, spread))


def _expected_without(search: JointSearch, rows: Bools, best: Point) -> Expected:
    """Of every row after a fit without some, from the most probable point of all on."""
    rest = search.without(rows)
    start = rest.likelihood.at(best.x)
    if start is None:
        raise ValueError("the most probable point has no likelihood")
    end = maximise(rest.posterior, start).point if (rows & search.likelihood.counted).any() else start
    return expected_at(rest.likelihood, end, covariance(rest.posterior, end))


def _frame(likelihood: TablesLikelihood, before: Expected, after: Expected) -> pd.DataFrame:
    rows, observed = likelihood.rows, likelihood.observed
    columns: dict[str, object] = {
        "id": [row.id for row in rows],
        "source": [row.source for row in rows],
        "fitted": likelihood.counted,
        "published": [row.published for row in rows],
        "events": [row.events for row in rows],
        "n": [row.n for row in rows],
    }
    for when, expected in (("before", before), ("after", after)):
        low, high = expected.interval().T
        columns |= {
            when: 1 / (1 + np.exp(-expected.mean)), f"{when}_low": low, f"{when}_high": high,
            f"p_{when}": expected.p_values(observed), f"inside_{when}": expected.inside(observed),
            f"score_{when}": expected.log_scores(observed),
            f"strict_{when}": expected.without_spread().inside(observed),
        }  # fmt: skip
    return pd.DataFrame(columns)
