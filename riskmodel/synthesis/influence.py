"""How far each study moves the result: the synthesis without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from riskmodel.synthesis.next_setting import POINTS_OF_DRAWS, drawn_effects, root_of, with_prior_counts
from riskmodel.synthesis.quadrature import study_log_likelihoods
from riskmodel.synthesis.study_estimates import weighted_quantiles

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.synthesis.next_setting import DrawnEffects

FEWEST_EFFECTIVE = 500  # draws; with fewer the studies without this one are fitted anew
STEPS = 800  # of the grid on which the distribution of the next setting is summed
LEAST_SPREAD = 1e-6  # of a draw, so that its distribution is no step


@dataclass(frozen=True, slots=True)
class WithoutStudies:
    """The synthesis without each of the studies, in their order.

    ``average`` and ``next_setting`` are (studies, dimensions, 3): median and ends of the interval of 95 %. ``shift`` is
    how far the mean goes on the logit scale when the study is left out, in standard deviations of the mean, (studies,
    dimensions). ``refitted`` says where the draws of all studies were too few to be weighted.
    """

    average: Array
    next_setting: Array
    shift: Array
    refitted: Array

    @property
    def moves_most(self) -> int:
        """The study without which a mean goes furthest."""
        return int(np.abs(self.shift).max(axis=1).argmax())


def leave_one_out(events: Array, totals: Array, effects: DrawnEffects, *, seed: int = 0) -> WithoutStudies:
    """Leave each of two or more studies out: the draws are weighted by what it brought to the likelihood.

    Parameters
    ----------
    events, totals, seed
        as of :func:`~riskmodel.synthesis.next_setting.drawn_effects`, of which ``effects`` are the draws.
    """
    drawn = np.column_stack([effects.mean, effects.spread, effects.correlation])
    _, once, again = np.unique(drawn, axis=0, return_index=True, return_inverse=True)  # many draws stand several times
    mean, root = effects.mean[once], root_of(effects.spread[once], effects.correlation[once])
    every, rest_of = (
        study_log_likelihoods(*with_prior_counts(events, totals, fewer=fewer), mean, root, POINTS_OF_DRAWS)[again]
        for fewer in (0, 1)
    )
    log_weights = rest_of.sum(axis=1, keepdims=True) - rest_of - every.sum(axis=1, keepdims=True)
    weights = np.exp(log_weights - log_weights.max(axis=0))
    weights /= weights.sum(axis=0)
    effective = effects.effective / len(every) / (weights**2).sum(axis=0)
    refitted = effective < FEWEST_EFFECTIVE
    size = (len(events), events.shape[1], 3)
    average, following = np.empty(size), np.empty(size)
    tails = np.array([0.5, 0.025, 0.975])
    for i in range(events.shape[1]):
        average[:, i] = [weighted_quantiles(effects.mean[:, i], weight, tails) for weight in weights.T]
        following[:, i] = _next_settings(effects.mean[:, i], effects.spread[:, i], weights, tails)
    average, following = expit(average), expit(following)
    for k in np.flatnonzero(refitted):
        rest = np.arange(len(events)) != k
        anew = drawn_effects(events[rest], totals[rest], draws=len(effects.mean), seed=seed)
        average[k], following[k] = anew.average(), anew.next_setting()
    middle = np.median(effects.mean, axis=0)
    shift = (np.log(average[..., 0] / (1 - average[..., 0])) - middle) / effects.mean.std(axis=0)
    return WithoutStudies(average, following, shift, refitted)


def _next_settings(mean: Array, spread: Array, weights: Array, tails: Array) -> Array:
    """Quantiles of the mixtures of normal distributions with each column of weights, (studies, tails)."""
    spread = np.maximum(spread, LEAST_SPREAD)
    lowest, highest = mean - 3 * spread, mean + 3 * spread
    first, last = np.quantile(np.concatenate([lowest, highest]), [0.01, 0.99])
    tails_too = np.linspace(lowest.min(), highest.max(), STEPS // 4)
    grid = np.unique(np.concatenate([tails_too, np.linspace(float(first), float(last), STEPS)]))
    below = np.array([weights.T @ ndtr((x - mean) / spread) for x in grid]).T
    return np.array([np.interp(tails, cdf, grid) for cdf in below])
