"""What the tables saw, given the network: binomial counts or printed intervals, around a share of the study's own.

A study's own log-odds are spread around the network's by a t distribution, so that a study far from all others has
little weight, and does not decide how far studies differ (Lange KL et al. J Am Stat Assoc 1989;84:881). A t
distribution is a mixture of normal ones, whose variances are taken at the points of a quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit, gammaln, logit, logsumexp, roots_genlaguerre

from riskmodel.evidence.scale import Z95
from riskmodel.validation.compare import EDGE, events_seen

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Bools
    from riskmodel.validation.records import PublishedRow

DEGREES_OF_FREEDOM = 4.0  # of the effects of studies; as many as robust fits usually take
SCALES = 16  # normal distributions whose mixture stands for the t distribution
POINTS = 31  # of the quadrature over a study's own log-odds
NEWTON_STEPS = 50
CLOSE = 1e-12  # to the most probable log-odds


class RowTerms(NamedTuple):
    """What each row tells of its log-odds and of the spread between studies; (rows,) each.

    Attributes
    ----------
    log_likelihood
        of the row.
    slope, curvature
        of the log-odds: first derivative, and minus the second; below 0 where a row is far out.
    spread_slope
        derivative by the logarithm of the spread.
    """

    log_likelihood: Array
    slope: Array
    curvature: Array
    spread_slope: Array


@dataclass(frozen=True)
class Observed:
    """Counts, or log-odds with a standard error; (rows,) each.

    ``events`` and ``people`` are NaN for a row without a count. Its ``log_odds`` are normal around the study's own,
    with the standard deviation ``error`` (0 where nothing is printed of it).
    """

    events: Array
    people: Array
    log_odds: Array
    error: Array

    @classmethod
    def of(cls, rows: Sequence[PublishedRow]) -> Observed:
        """What the rows print: the interval where there is one, else the count, else the bare share."""
        facts = np.full((4, len(rows)), np.nan)
        for i, row in enumerate(rows):
            if row.low is not None and row.high is not None:
                ends = logit(np.clip([row.low, row.high], EDGE, 1 - EDGE))
                facts[2:, i] = logit(row.published), (ends[1] - ends[0]) / (2 * Z95)
            elif row.n is not None:
                facts[:2, i] = events_seen(row), row.n
            else:
                facts[2:, i] = logit(np.clip(row.published, EDGE, 1 - EDGE)), 0.0
        return cls(*facts)

    @property
    def counted(self) -> Bools:
        return np.asarray(np.isfinite(self.events))

    def terms(self, log_odds: Array, spread: Array) -> RowTerms:
        """The likelihood of each row where the network gives its share these log-odds.

        The study's own log-odds are spread around them by a t distribution with the scale ``spread``, (rows,), above 0.
        """
        factors, weights = scales()
        parts = [self.normal_terms(log_odds, factor * spread) for factor in factors]
        log_likelihoods, slopes, curvatures, spread_slopes = (np.array(each) for each in zip(*parts, strict=True))
        log_parts = log_likelihoods + np.log(weights)[:, None]
        log_likelihood = logsumexp(log_parts, axis=0)
        share = np.exp(log_parts - log_likelihood)
        slope = (share * slopes).sum(axis=0)
        curvature = (share * (curvatures - slopes**2)).sum(axis=0) + slope**2
        return RowTerms(log_likelihood, slope, curvature, (share * spread_slopes).sum(axis=0))

    def normal_terms(self, log_odds: Array, spread: Array) -> RowTerms:
        """As :meth:`terms` where the study's own log-odds are normal with the standard deviation ``spread``.

        They are integrated out: by adaptive Gauss–Hermite quadrature for counts, in closed form for the others.
        """
        counted = self.counted
        result = np.empty((4, len(log_odds)))
        result[:, counted] = _of_counts(self.events[counted], self.people[counted], log_odds[counted], spread[counted])
        rest = ~counted
        variance = self.error[rest] ** 2 + spread[rest] ** 2
        away = self.log_odds[rest] - log_odds[rest]
        result[0, rest] = -0.5 * (away**2 / variance + np.log(2 * np.pi * variance))
        result[1, rest], result[2, rest] = away / variance, 1 / variance
        result[3, rest] = (away**2 / variance - 1) * spread[rest] ** 2 / variance
        return RowTerms(*result)


@cache
def hermite_points(count: int) -> tuple[Array, Array]:
    """Points and weights of the Gauss–Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights


@cache
def scales() -> tuple[Array, Array]:
    """Factors of the spread, and their weights: normal distributions whose mixture is the t distribution's."""
    nodes, weights = roots_genlaguerre(SCALES, DEGREES_OF_FREEDOM / 2 - 1)
    return np.sqrt(DEGREES_OF_FREEDOM / 2 / nodes), weights / weights.sum()


def _of_counts(events: Array, people: Array, log_odds: Array, spread: Array) -> Array:
    """Log likelihood, slope, curvature and slope of the spread of binomial counts: (4, rows)."""
    precision = 1 / spread**2
    mode = _most_probable(events, people, log_odds, precision)
    shares = expit(mode)
    width = 1 / np.sqrt(people * shares * (1 - shares) + precision)
    nodes, weights = hermite_points(POINTS)
    theta = mode[:, None] + width[:, None] * nodes
    count, total, centre = events[:, None], people[:, None], log_odds[:, None]
    log_integrand = count * theta - total * np.logaddexp(0, theta) - 0.5 * precision[:, None] * (theta - centre) ** 2
    log_integrand += 0.5 * nodes**2 + np.log(weights)
    highest = log_integrand.max(axis=1, keepdims=True)
    density = np.exp(log_integrand - highest)
    log_integral = np.log(density.sum(axis=1)) + highest[:, 0] + np.log(width / spread) - 0.5 * np.log(2 * np.pi)
    log_integral += gammaln(people + 1) - gammaln(events + 1) - gammaln(people - events + 1)
    density /= density.sum(axis=1, keepdims=True)
    away = (theta - centre) * precision[:, None]
    slope = (density * away).sum(axis=1)
    curvature = precision - (density * (away - slope[:, None]) ** 2).sum(axis=1)
    spread_slope = (density * away**2).sum(axis=1) * spread**2 - 1
    return np.array([log_integral, slope, np.maximum(curvature, 0), spread_slope])


def _most_probable(events: Array, people: Array, log_odds: Array, precision: Array) -> Array:
    """The mode of a study's own log-odds, by Newton's steps, none longer than 1."""
    theta = log_odds.astype(float)
    for _ in range(NEWTON_STEPS):
        shares = expit(theta)
        slope = events - people * shares - precision * (theta - log_odds)
        step = slope / (people * shares * (1 - shares) + precision)
        theta = theta + np.clip(step, -1, 1)
        if not step.size or np.abs(step).max() < CLOSE:
            break
    return np.asarray(theta)
