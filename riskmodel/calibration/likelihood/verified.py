"""The probability of a cohort and of whose outcomes were looked for in it, where disease itself may have decided."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.census import is_verified
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.kernel import Work, ill_shares
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.likelihood.slopes import piece_table
from riskmodel.calibration.likelihood.strata import Stratum, strata
from riskmodel.calibration.likelihood.surface import Point
from riskmodel.calibration.likelihood.verification import VerificationFit, VerificationModel, who_is_ill
from riskmodel.calibration.outcome_weights import recorded_states
from riskmodel.inference.lookup import tables_at_setting
from riskmodel.network.network import Network


@dataclass(frozen=True)
class VerifiedPoint(Point):
    """A point, and the model of who was verified there."""

    strata: list[Stratum] = field(repr=False)
    fit: VerificationFit = field(repr=False)


def verified_point(point: Point) -> VerifiedPoint:
    """A point as one that this likelihood gave."""
    if not isinstance(point, VerifiedPoint):
        raise TypeError("a point of another likelihood")
    return point


class VerifiedLikelihood(Likelihood):
    """P(findings, known outcomes, and of whom these are known | setting), the last by a :class:`VerificationModel`.

    Parameters
    ----------
    masks
        coded evidence, outcomes included, (variables, rows).
    disease
        the conditions any of which may have decided who was verified, beyond what is recorded.
    log_odds_ratio
        of being verified, where any of them is present against none.
    """

    def __init__(self, coordinates: Coordinates, masks: Masks, disease: Sequence[str], log_odds_ratio: float) -> None:
        super().__init__(coordinates, masks)
        names = [self.lookups.variables[row].name for row in self.lookups.condition_rows]
        ill = who_is_ill(self.lookups.presence, [names.index(name) for name in disease])
        parts = strata(self.lookups, masks, np.ones(masks.shape[1]), whole=True)
        self.strata = [replace(part, evidence=part.evidence._replace(ill=ill)) for part in parts]
        first = np.concatenate([part.first for part in self.strata])
        design, _ = recorded_states(self.lookups.variables, masks)
        verified = is_verified(self.lookups.variables, masks)[first]
        weights = np.concatenate([part.weights for part in self.strata])
        self.verification = VerificationModel(design[first], verified, weights, log_odds_ratio)
        self.bounds = np.cumsum([0, *(len(part.weights) for part in self.strata)])

    def at_odds(self, log_odds_ratio: float) -> VerifiedLikelihood:
        """The same cohort at another odds ratio; what was made of the rows is shared."""
        other = copy(self)
        made = self.verification
        other.verification = VerificationModel(made.design, made.verified > 0, made.weights, log_odds_ratio)
        return other

    def _point(self, x: Array, network: Network) -> Point | None:
        tables = [[draws[0] for draws in each] for each in self._tables(network)]
        evidence, ill = self._before_verification(tables)
        if not np.all(evidence > 0):
            return None
        fit = self.verification.fit(ill)
        total = float(self.verification.weights @ np.log(evidence)) + fit.log_likelihood
        tilted = [
            replace(part, evidence=part.evidence._replace(tilt=fit.tilt[start:end]))
            for part, start, end in zip(self.strata, self.bounds[:-1], self.bounds[1:], strict=True)
        ]
        counts = [self._expect(part, pieces)[1] for part, pieces in zip(tilted, tables, strict=True)]
        return VerifiedPoint(x, total, tables, counts, tilted, fit) if np.isfinite(total) else None

    def _totals(self, network: Network, points: int) -> Array:
        tables = self._tables(network)
        return np.array([self._value(tables, row) for row in range(points)])

    def _value(self, tables: list[list[Array]], row: int) -> float:
        """The log likelihood at one of several points, of tables (strata, pieces) with an axis of points."""
        held = [[table[row if len(table) > 1 else 0] for table in pieces] for pieces in tables]
        evidence, ill = self._before_verification(held)
        if not np.all(evidence > 0):
            return -np.inf
        return float(self.verification.weights @ np.log(evidence)) + self.verification.fit(ill).log_likelihood

    def _tables(self, network: Network) -> list[list[Array]]:
        at = [tables_at_setting(network, part.setting) for part in self.strata]
        return [[piece_table(self.lookups, piece, held) for piece in self.lookups.all] for held in at]

    def _before_verification(self, tables: list[list[Array]]) -> tuple[Array, Array]:
        """P(evidence) and P(disease | evidence) of all rows, but for who was verified."""
        evidence, ill = np.empty((2, self.bounds[-1]))
        for part, pieces, start, end in zip(self.strata, tables, self.bounds[:-1], self.bounds[1:], strict=True):
            packed = self._packed(pieces)

            def shares_of(rows: slice, part: Stratum = part, packed=packed, start: int = start) -> None:  # type: ignore[no-untyped-def]
                held = part.evidence.part(rows)
                into = slice(start + rows.start, start + rows.stop)
                ill_shares(held, packed, evidence[into], ill[into], Work.room(held, packed))

            self._in_parts(end - start, shares_of)
        return evidence, np.clip(ill, 0.0, 1.0)

    def strata_at(self, point: Point) -> list[Stratum]:
        return verified_point(point).strata

    def information(self, point: Point) -> tuple[Array, Array]:
        """As of any likelihood, less what the coefficients of who was verified take of it."""
        point = verified_point(point)
        size, residual = self.coordinates.size, point.fit.residual
        once, cross = np.zeros((size, size)), np.zeros((size, self.verification.design.shape[1]))
        each = zip(point.strata, point.tables, self.slopes.at(point.x), self.bounds[:-1], strict=True)
        for stratum, tables, slopes, start in each:
            for piece, scores in self._scores(stratum, tables, slopes):
                rows = slice(start + piece.start, min(start + piece.stop, start + len(stratum.weights)))
                weighted = scores * stratum.weights[piece, None]
                once += weighted.T @ scores
                cross += weighted.T @ (self.verification.design[rows] * residual[rows, None])
        once -= cross @ np.linalg.solve(self.verification.information(residual), cross.T)
        return once, once

    def log_information(self, point: VerifiedPoint) -> float:
        """The log determinant of the information about the coefficients of who was verified."""
        return float(np.linalg.slogdet(self.verification.information(point.fit.residual))[1])
