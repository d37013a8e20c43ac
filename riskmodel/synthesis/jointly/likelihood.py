"""The probability of published tables as a function of the statements and of the spread between studies."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.likelihood.slopes import piece_table
from riskmodel.calibration.likelihood.surface import Point
from riskmodel.inference.lookup import tables_at_setting
from riskmodel.synthesis.jointly.observed import Observed, RowTerms
from riskmodel.synthesis.jointly.questions import PublishedShares

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Bools, States
    from riskmodel.network.network import Network
    from riskmodel.synthesis.jointly.coordinates import JointCoordinates
    from riskmodel.validation.records import PublishedRow


@dataclass(frozen=True)
class TablesPoint(Point):
    """A point: P(pattern) of each pattern, and what the rows tell there."""

    evidence: Array = field(repr=False)
    log_odds: Array = field(repr=False)
    terms: RowTerms = field(repr=False)


class TablesLikelihood(Likelihood):
    """P(what the tables saw), over statements and spreads.

    Parameters
    ----------
    shares
        what the rows ask, with the coordinates' ways of being suspected.
    rows
        of published tables, each in its own setting, or at its own base rate where that is known.
    spread_of
        (rows,): which of the coordinates' spreads is between studies like each row's.
    """

    def __init__(
        self, coordinates: JointCoordinates, shares: PublishedShares, rows: Sequence[PublishedRow], spread_of: States
    ) -> None:
        self.shares = shares
        super().__init__(coordinates.of_statements, shares.masks)
        self.joint, self.coordinates = coordinates, coordinates
        self.rows, self.observed, self.spread_of = tuple(rows), Observed.of(rows), spread_of
        self.counted: Bools = np.ones(len(rows), dtype=bool)

    def of_rows(self, counted: Bools) -> TablesLikelihood:
        """The same of some rows alone, (rows,); of the others points still have the log-odds."""
        view = copy(self)
        view.counted = counted
        return view

    def of_statements(self) -> Likelihood:
        """The same at points of statements alone: for what asks only for the network."""
        view = copy(self)
        view.coordinates = self.joint.of_statements
        return view

    def impossible_rows(self, x: Array) -> list[str]:
        """The ids of the rows whose share is 0, 1 or none at a point."""
        from riskmodel.validation.ask import answer

        network = self.network(x[None])
        shares = {row.id: float(answer(network, row, at_prior=True)[0]) for row in self.rows}
        return [name for name, share in shares.items() if not 0 < share < 1]

    def _point(self, x: Array, network: Network) -> Point | None:
        evidence, tables = np.empty(self.shares.masks.shape[1]), []
        for stratum in self.strata:
            held = tables_at_setting(network, stratum.setting)
            pieces = [piece_table(self.lookups, piece, held)[0] for piece in self.lookups.all]
            evidence[stratum.first] = self._expect(stratum, pieces)[0]
            tables.append(pieces)
        log_odds = self.shares.log_odds(evidence, self.joint.rates_at(x))
        if not np.isfinite(log_odds).all():
            return None
        terms = self.observed.terms(log_odds, self.joint.spreads_at(x)[self.spread_of])
        return TablesPoint(x, float(terms.log_likelihood[self.counted].sum()), tables, [], evidence, log_odds, terms)

    def log_likelihoods(self, x: Array) -> Array:
        return np.array([-np.inf if point is None else point.log_likelihood for point in self.at_each(x)])

    def slopes_of_rows(self, point: Point) -> Array:
        """Derivatives of the rows' log-odds by the coordinates, (rows, coordinates): 0 by those of spreads."""
        here = tables_point(point)
        scores = np.zeros((len(here.evidence), self.joint.size))
        with_slopes = zip(self.strata, here.tables, self.slopes.at(here.x[: self.joint.learnt]), strict=True)
        for stratum, tables, of_tables in with_slopes:
            for piece, part in self._scores(stratum, tables, of_tables):
                scores[stratum.first[piece]] = part
        slopes, of_rates = self.shares.slopes(here.evidence, scores, self.joint.rates_at(here.x))
        slopes[:, self.joint.size - of_rates.shape[1] :] = of_rates
        return slopes

    def gradient(self, point: Point) -> Array:
        return self.gradient_along(point, self.slopes_of_rows(point))

    def gradient_along(self, point: Point, slopes_of_rows: Array) -> Array:
        """The gradient, (coordinates,), where the rows' log-odds have these slopes, (rows, coordinates)."""
        here = tables_point(point)
        spreads = np.bincount(self.spread_of, here.terms.spread_slope * self.counted, len(self.joint.spreads))
        gradient = slopes_of_rows.T @ (here.terms.slope * self.counted)
        gradient[self.joint.learnt : self.joint.learnt + len(spreads)] += spreads
        return np.asarray(gradient)

    def information(self, point: Point) -> tuple[Array, Array]:
        """That of the rows' log-odds (Gauss and Newton), and of each spread where it is positive."""
        here, size = tables_point(point), self.joint.learnt
        slopes = self.slopes_of_rows(point)
        weights = np.maximum(here.terms.curvature, 0) * self.counted  # a row that is far out tells nothing
        information = slopes.T @ (slopes * weights[:, None])
        for i in range(len(self.joint.spreads)):
            information[size + i, size + i] = max(self._information_on(i, here), 0.0)
        return information, information

    def _information_on(self, number: int, here: TablesPoint, step: float = 1e-3) -> float:
        """Minus the second derivative by the logarithm of a spread, by differences."""
        slopes = []
        for side in (step, -step):
            x = here.x.copy()
            x[self.joint.learnt + number] += side
            terms = self.observed.terms(here.log_odds, self.joint.spreads_at(x)[self.spread_of])
            slopes.append(terms.spread_slope[self.counted & (self.spread_of == number)].sum())
        return float(slopes[1] - slopes[0]) / (2 * step)


def tables_point(point: Point) -> TablesPoint:
    """A point as one that this likelihood gave."""
    if not isinstance(point, TablesPoint):
        raise TypeError("a point of another likelihood")
    return point
