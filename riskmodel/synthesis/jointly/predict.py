"""What the network and its uncertainty lead one to expect of a table: intervals, p-values, scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from scipy.special import expit, logsumexp

from riskmodel.synthesis.jointly.observed import Observed, hermite_points, scales

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Bools

NODES = 61  # of the quadrature over the log-odds
SUREST = 1e-3  # a standard deviation of the log-odds is taken as no smaller
TAIL_OUTSIDE = 0.025
FARTHEST_OUT, BISECTIONS = 40.0, 60  # of an end of an interval from the middle, on the logit scale


@dataclass(frozen=True)
class Expected:
    """The log-odds that each row's share is expected to have, (rows,).

    Normal with a mean and a standard deviation; with a ``spread`` between studies above 0 those of a further study,
    which are spread around them by the t distribution of :mod:`riskmodel.synthesis.jointly.observed`.
    """

    mean: Array
    sd: Array
    spread: Array

    def without_spread(self) -> Expected:
        """What a study that does not differ from others is expected to see."""
        return Expected(self.mean, self.sd, np.zeros_like(self.mean))

    def _parts(self) -> list[tuple[float, Array]]:
        """Weights and standard deviations of the normal distributions that it is a mixture of."""
        factors, weights = scales()
        return [(w, np.hypot(self.sd, factor * self.spread)) for factor, w in zip(factors, weights, strict=True)]

    def interval(self) -> Array:
        """95 % intervals of the shares, (rows, 2): even tails, by bisection."""
        low, high = np.zeros_like(self.mean), np.full_like(self.mean, FARTHEST_OUT)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            outside = sum(w * stats.norm.sf(middle / np.maximum(sd, SUREST)) for w, sd in self._parts())
            low, high = np.where(outside > TAIL_OUTSIDE, middle, low), np.where(outside > TAIL_OUTSIDE, high, middle)
        return np.asarray(expit(np.stack([self.mean - high, self.mean + high], axis=1)))

    def p_values(self, observed: Observed) -> Array:
        """Two-sided: how often such studies would see something as far out or further, chance included; (rows,)."""
        low, high = self._tails(observed)
        return np.asarray(np.minimum(2 * np.minimum(low, high), 1.0))

    def inside(self, observed: Observed) -> Bools:
        """Whether what was seen is among the central 95 % of what such studies would see, (rows,)."""
        low, high = self._tails(observed)
        return np.asarray((low >= TAIL_OUTSIDE) & (high >= TAIL_OUTSIDE))

    def log_scores(self, observed: Observed) -> Array:
        """The logarithm of the probability (for a printed interval the density) of what was seen, (rows,)."""
        parts = [
            np.log(w) + observed.normal_terms(self.mean, np.maximum(sd, SUREST)).log_likelihood
            for w, sd in self._parts()
        ]
        return np.asarray(logsumexp(parts, axis=0))

    def _tails(self, observed: Observed) -> tuple[Array, Array]:
        """P(as low as what was seen, or lower) and P(as high, or higher)."""
        tails = [(w, self._tails_at(observed, np.maximum(sd, SUREST))) for w, sd in self._parts()]
        low, high = (np.sum([w * pair[side] for w, pair in tails], axis=0) for side in (0, 1))
        return low, high

    def _tails_at(self, observed: Observed, sd: Array) -> tuple[Array, Array]:
        """The tails where the log-odds are normal with this standard deviation."""
        nodes, weights = hermite_points(NODES)
        shares = expit(self.mean[:, None] + sd[:, None] * nodes)
        weights = weights / weights.sum()
        with np.errstate(invalid="ignore"):
            events, people = observed.events[:, None], observed.people[:, None]
            low = stats.binom.cdf(events, people, shares) @ weights
            high = stats.binom.sf(events - 1, people, shares) @ weights
        z = (observed.log_odds - self.mean) / np.hypot(observed.error, sd)
        counted = observed.counted
        return np.where(counted, low, stats.norm.cdf(z)), np.where(counted, high, stats.norm.sf(z))
