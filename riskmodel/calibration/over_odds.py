"""A fit at many odds ratios of verification: what is learnt at each, and averaged over what is held possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import special
from scipy.interpolate import CubicSpline

from riskmodel.arrays import Array
from riskmodel.calibration.intervals import Marginal
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.verified import VerifiedLikelihood, verified_point
from riskmodel.calibration.optimise import TOLERANCE, Fitted, LogPosterior, Progress, maximise
from riskmodel.calibration.verified_odds import REACH, VerifiedOddsRatio
from riskmodel.evidence.scale import Z95, scale_of

FINE = 601  # log odds ratios between the ends, on which averages are taken
PLACES = 2_001  # of a statement's value, between which a quantile is looked for
TAIL = 5.0  # standard deviations beyond the outermost fit where these begin


@dataclass(frozen=True)
class OddsPath:
    """The most probable statements as a function of the log odds ratio of verification.

    Attributes
    ----------
    log_odds
        (nodes,), rising: where the cohort was fitted.
    x
        (nodes, coordinates): the most probable point at each.
    sds
        (nodes, learnt statements): on their own scales, from the scores of the people.
    log_evidence
        (nodes,): log P(cohort | log odds ratio) up to a constant, by Laplace's approximation.
    """

    coordinates: Coordinates
    log_odds: Array
    x: Array
    sds: Array
    log_evidence: Array

    def values(self, log_odds: Array) -> Array:
        """Of the learnt statements, (log odds, learnt)."""
        x = np.asarray(CubicSpline(self.log_odds, self.x)(log_odds))
        return self.coordinates.values(x)[:, self.coordinates.columns]

    def sds_at(self, log_odds: Array) -> Array:
        """(log odds, learnt)."""
        return np.asarray(np.exp(CubicSpline(self.log_odds, np.log(self.sds))(log_odds)))

    def table(self, marginals: Sequence[Marginal], at: float, odds_ratios: Sequence[float]) -> pd.DataFrame:
        """What the cohort says of each statement at each odds ratio.

        Parameters
        ----------
        marginals
            of the learnt statements, as they are at the log odds ratio ``at``; their widths elsewhere are in proportion
            to the standard deviations there.

        Returns
        -------
        one row an odds ratio and statement: odds_ratio, statement, posterior, low, high.
        """
        log_odds = np.log(odds_ratios)
        values, widths = self.values(log_odds), self.sds_at(log_odds) / self.sds_at(np.array([at]))
        rows = []
        for i, odds_ratio in enumerate(odds_ratios):
            for j, marginal in enumerate(marginals):
                scale, (below, above) = scale_of(marginal.statement), _sides(marginal)
                middle = scale.to(values[i, j])
                low, high = scale.back(middle + Z95 * widths[i, j] * np.array([-below, above]))
                rows.append((odds_ratio, marginal.statement.id, values[i, j], float(low), float(high)))
        return pd.DataFrame(rows, columns=["odds_ratio", "statement", "posterior", "low", "high"])


@dataclass(frozen=True)
class OddsAverage:
    """A path averaged over the odds ratio: its stated distribution, times how well each explains the cohort.

    Attributes
    ----------
    is_learnt
        whether the cohort has a say; else the stated distribution stays as it is.
    """

    path: OddsPath
    stated: VerifiedOddsRatio
    is_learnt: bool = True

    @cached_property
    def z(self) -> Array:
        """Standard deviations from the stated median, (fine,)."""
        return np.linspace(-REACH, REACH, FINE)

    @cached_property
    def weights(self) -> Array:
        """How much each of the odds ratios counts, (fine,); sum 1."""
        evidence = CubicSpline(self.path.log_odds, self.path.log_evidence)(self.stated.log_odds(self.z))
        log_weights = (evidence if self.is_learnt else 0.0) - 0.5 * self.z**2
        weights = np.exp(log_weights - log_weights.max())
        return np.asarray(weights / weights.sum())

    @cached_property
    def x(self) -> Array:
        """The mean of the coordinates."""
        points = CubicSpline(self.path.log_odds, self.path.x)(self.stated.log_odds(self.z))
        return np.asarray(self.weights @ points)

    def odds_ratio(self) -> VerifiedOddsRatio:
        """What is held of it after the cohort: median and 95 % interval."""
        reached = np.cumsum(self.weights)
        low, value, high = (float(np.interp(share, reached, self.z)) for share in (0.025, 0.5, 0.975))
        return VerifiedOddsRatio(*(float(np.exp(self.stated.log_odds(np.array(z)))) for z in (value, low, high)))

    def widened(self, marginals: Sequence[Marginal], at: float) -> list[Marginal]:
        """The marginals of one log odds ratio, ``at``, as those of all: their mean, and the interval of the mixture."""
        log_odds = self.stated.log_odds(self.z)
        values, sds = self.path.values(log_odds), self.path.sds_at(log_odds)
        widths = sds / self.path.sds_at(np.array([at]))
        mean = self.path.coordinates.values(self.x[None])[0, self.path.coordinates.columns]
        return [
            self._widened(marginal, values[:, i], widths[:, i], float(mean[i])) for i, marginal in enumerate(marginals)
        ]

    def _widened(self, marginal: Marginal, values: Array, widths: Array, mean: float) -> Marginal:
        scale, (below, above) = scale_of(marginal.statement), _sides(marginal)
        middle = scale.to(values)
        variance = self.weights @ ((marginal.sd * widths) ** 2 + (middle - self.weights @ middle) ** 2)
        reach = TAIL * widths.max() * max(below, above)
        t = np.linspace(middle.min() - reach, middle.max() + reach, PLACES)
        away = t[:, None] - middle
        share = special.ndtr(away / (widths * np.where(away < 0, below, above))) @ self.weights
        ends = scale.back(np.interp([0.025, 0.975], share, t))
        return replace(marginal, value=mean, sd=float(np.sqrt(variance)), ends=(float(ends[0]), float(ends[1])))


def _sides(marginal: Marginal) -> tuple[float, float]:
    """Standard deviations below and above the value whose normal has the marginal's interval, on its scale."""
    low, high = marginal.interval()
    below, above = scale_of(marginal.statement).sd_of_interval(low, marginal.value, high)
    return max(below, 1e-12), max(above, 1e-12)


@dataclass(frozen=True)
class Walk:
    """Fits from one odds ratio to the next: the path, and the fit that counts most with its posterior."""

    path: OddsPath
    best: Fitted
    posterior: LogPosterior
    log_odds: float


def walk(
    likelihood: VerifiedLikelihood, prior_weight: float, log_odds: Array, start: Array, weights: Array,
    tolerance: float = TOLERANCE, progress: Progress | None = None,
) -> Walk | Fitted:  # fmt: skip
    """Fit the cohort at each log odds ratio, each search from where the one beside it ended.

    Parameters
    ----------
    log_odds
        rising; ``weights`` are the logs of how probable each is before the cohort.
    start
        coordinates to begin from, in the middle.

    Returns
    -------
    the walk; the fit so far where the search was interrupted.
    """
    middle = len(log_odds) // 2
    fits: dict[int, tuple[Fitted, LogPosterior]] = {}
    steps = 0
    for i in [*range(middle, len(log_odds)), *range(middle - 1, -1, -1)]:
        beside = [fits[j][0].point.x for j in (i - 1, i + 1) if j in fits]
        at_odds = likelihood.at_odds(float(log_odds[i]))
        posterior = LogPosterior(at_odds, likelihood.coordinates, prior_weight)
        point = next(p for p in map(at_odds.at, [*beside, start]) if p is not None)
        fitted = maximise(posterior, point, tolerance, progress and _counting(progress, steps))
        steps += fitted.steps
        fits[i] = fitted, posterior
        if fitted.interrupted:
            return fitted
    each = [fits[i] for i in range(len(log_odds))]
    volumes = [_volume(*fit, likelihood) for fit in each]
    evidence = np.array([fit.log_posterior for fit, _ in each]) + [volume for volume, _ in volumes]
    x, sds = np.array([fit.point.x for fit, _ in each]), np.array([sd for _, sd in volumes])
    most = int(np.argmax(evidence + weights))
    best = replace(each[most][0], steps=steps, converged=all(fit.converged for fit, _ in each))
    if not best.converged:
        best = replace(best, why=next(fit.why for fit, _ in each if not fit.converged))
    path = OddsPath(likelihood.coordinates, log_odds, x, sds, evidence)
    return Walk(path, best, each[most][1], float(log_odds[most]))


def _counting(progress: Progress, before: int) -> Progress:
    return lambda steps, total: progress(before + steps, total)


def _volume(fitted: Fitted, posterior: LogPosterior, likelihood: VerifiedLikelihood) -> tuple[float, Array]:
    """Log of the volume around the mode (of the coefficients of who was verified too), and the statements' sds."""
    point = verified_point(fitted.point)
    metric = posterior.metric(point)
    slopes = posterior.coordinates.slopes(point.x)
    variances = np.einsum("ij,jk,ik->i", slopes, np.linalg.inv(metric), slopes)
    logs = np.linalg.slogdet(metric)[1] + likelihood.log_information(point)
    return -0.5 * float(logs), np.sqrt(np.maximum(variances, 1e-300))
