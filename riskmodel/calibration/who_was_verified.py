"""A fit where disease itself may have decided whose outcome was looked for, and a table of how much that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.census import is_verified, known_outcomes
from riskmodel.calibration.conclude import marginals_at
from riskmodel.calibration.intervals import Marginal
from riskmodel.calibration.learnable import kind_of
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.laplace import FEW
from riskmodel.calibration.likelihood.verified import VerifiedLikelihood
from riskmodel.calibration.optimise import Fitted, LogPosterior, Progress, maximise
from riskmodel.calibration.over_odds import OddsAverage, Walk, walk
from riskmodel.calibration.verification_result import Verification
from riskmodel.calibration.verified_odds import REACH, STANDARD, VerifiedOddsRatio, deciding_disease
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable


@dataclass(frozen=True)
class VerifiedFit:
    """The end of a search, its marginals, and what is to be told of who was verified."""

    fitted: Fitted
    posterior: LogPosterior
    marginals: Sequence[Marginal]
    verification: Verification | None


@dataclass(frozen=True)
class VerifiedCohort:
    """A cohort in which it may depend on disease whose outcome is known, and how it is to be fitted."""

    variables: Sequence[Variable]
    masks: Masks
    coordinates: Coordinates
    prior_weight: float
    tolerance: float
    progress: Progress | None

    def likelihood(self, log_odds_ratio: float) -> VerifiedLikelihood:
        disease = deciding_disease(self.variables, self.masks)
        return VerifiedLikelihood(self.coordinates, self.masks, disease, log_odds_ratio)

    def at(self, stated: VerifiedOddsRatio) -> VerifiedFit:
        """The fit at a fixed odds ratio."""
        log_odds = float(np.log(stated.value))
        likelihood = self.likelihood(log_odds)
        posterior = LogPosterior(likelihood, self.coordinates, self.prior_weight)
        start = likelihood.at(self.coordinates.start)
        if start is None:
            raise UsageError("the model of who was verified cannot be evaluated at the stated values")
        fitted = maximise(posterior, start, self.tolerance, self.progress)
        marginals = marginals_at(posterior, fitted)
        return VerifiedFit(fitted, posterior, marginals, self._result(stated, None, None, None))

    def over(self, stated: VerifiedOddsRatio, *, learnt: bool) -> VerifiedFit:
        """The fit averaged over an odds ratio that is not known; ``learnt``: the cohort has a say in it."""
        log_odds = stated.nodes()
        z = np.linspace(-REACH, REACH, len(log_odds))
        walked = self._walk(log_odds, -0.5 * z**2, self.coordinates.start)
        if isinstance(walked, Fitted):
            posterior = LogPosterior(self.likelihood(float(np.log(stated.value))), self.coordinates, self.prior_weight)
            return VerifiedFit(walked, posterior, marginals_at(posterior, walked), None)
        at_best = marginals_at(walked.posterior, walked.best)
        averages = {which: OddsAverage(walked.path, stated, which) for which in (learnt, not learnt)}
        marginals = averages[learnt].widened(at_best, walked.log_odds)
        other = averages[not learnt].widened(at_best, walked.log_odds)
        within = [odds for odds in (*STANDARD, stated.value) if log_odds[0] <= np.log(odds) <= log_odds[-1]]
        table = walked.path.table(at_best, walked.log_odds, sorted(set(within)))
        after = averages[learnt].odds_ratio() if learnt else None
        return VerifiedFit(walked.best, walked.posterior, marginals, self._result(stated, after, table, other))

    def tipping(self, x: Array, marginals: Sequence[Marginal], stated: VerifiedOddsRatio) -> Verification | None:
        """How the marginals of a fit at a fixed odds ratio would move at others.

        Of a fit with more than 40 coordinates only the base rates move, all else stays as it was fitted. None where
        this is interrupted, or such a fit learnt no base rate.

        Parameters
        ----------
        x
            where the fit ended.
        """
        cohort, start = self, x
        if self.coordinates.size > FEW:
            moving, start = self._base_rates(x)
            if not moving.size:
                return None
            cohort = replace(self, coordinates=moving)
        learnt = {cohort.coordinates.statements[column].id for column in cohort.coordinates.columns}
        odds_ratios = sorted({*STANDARD, stated.value})
        walked = cohort._walk(np.log(odds_ratios), np.zeros(len(odds_ratios)), start)
        if isinstance(walked, Fitted):
            return None
        shown = [marginal for marginal in marginals if marginal.statement.id in learnt]
        table = walked.path.table(shown, float(np.log(stated.value)), odds_ratios)
        return self._result(stated, None, table, None)

    def _base_rates(self, x: Array) -> tuple[Coordinates, Array]:
        """The base rates alone as coordinates, all else as it is at a point; and this point in them."""
        every = self.coordinates
        learnt = [every.statements[column] for column in every.columns]
        ids = [statement.id for statement in learnt if kind_of(statement, every.priors) == "base_rates"]
        alone = Coordinates(every.priors, ids)
        alone.stated = every.values(x[None])[0]
        places = {block.columns: block.places for block in every.blocks}
        return alone, np.concatenate([np.empty(0), *(x[places[block.columns]] for block in alone.blocks)])

    def _walk(self, log_odds: Array, weights: Array, start: Array) -> Walk | Fitted:
        likelihood = self.likelihood(0.0)
        return walk(likelihood, self.prior_weight, log_odds, start, weights, self.tolerance, self.progress)

    def _result(
        self,
        stated: VerifiedOddsRatio,
        after: VerifiedOddsRatio | None,
        table: pd.DataFrame | None,
        other: Sequence[Marginal] | None,
    ) -> Verification:
        return Verification(
            stated=stated,
            after=after,
            disease=tuple(deciding_disease(self.variables, self.masks)),
            people=self.masks.shape[1],
            verified=int(is_verified(self.variables, self.masks).sum()),
            bounds=_bounds(self.variables, self.masks),
            table=table,
            otherwise=None if other is None else _as_frame(other),
        )


def _as_frame(marginals: Sequence[Marginal]) -> pd.DataFrame:
    rows = [(marginal.statement.id, marginal.value, *marginal.interval()) for marginal in marginals]
    return pd.DataFrame(rows, columns=["statement", "posterior", "low", "high"])


def _bounds(variables: Sequence[Variable], masks: Masks) -> pd.DataFrame:
    """How common each condition can be among these people at all (Manski, Am Econ Rev 1990;80:319)."""
    rows = {variable.name: row for row, variable in enumerate(variables)}
    people = masks.shape[1]
    counted = []
    for name, whom in known_outcomes(variables, masks).items():
        present, unknown = int((masks[rows[name]] == 2).sum()), int((~whom).sum())
        counted.append((name, present, unknown, present / people, (present + unknown) / people))
    return pd.DataFrame(counted, columns=["condition", "present", "unknown", "lowest", "highest"])
