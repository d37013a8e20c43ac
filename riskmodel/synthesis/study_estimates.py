"""What each study says by itself, and what it says in the light of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, expit

from riskmodel.synthesis.next_setting import root_of
from riskmodel.synthesis.quadrature import drawn_study_effects

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.synthesis.next_setting import DrawnEffects

DRAWS_OF_STUDIES = 1000  # of the joint draws: the interval of a study is known to a tenth of its width
POINTS = 5


def exact_interval(events: Array, totals: Array, level: float = 0.95) -> Array:
    """The interval of Clopper and Pearson (Biometrika 1934;26:404), in the shape of the counts with 2 ends at last.

    >>> exact_interval(np.array([0, 20]), np.array([10, 40])).round(3).tolist()
    [[0.0, 0.308], [0.338, 0.662]]
    """
    tail = (1 - level) / 2
    low = np.where(events > 0, betaincinv(np.maximum(events, 1), totals - events + 1, tail), 0)
    high = np.where(events < totals, betaincinv(events + 1, np.maximum(totals - events, 1), 1 - tail), 1)
    return np.stack([low, high], axis=-1)


def shrunken(events: Array, totals: Array, effects: DrawnEffects, *, seed: int = 0, level: float = 0.95) -> Array:
    """The probability in each study given all studies: median and interval, (studies, dimensions, 3).

    Each estimate lies between the study's own share and the mean, the nearer to the mean the smaller the study.
    """
    rng = np.random.default_rng(seed)
    every = np.linspace(0, len(effects.mean) - 1, min(DRAWS_OF_STUDIES, len(effects.mean))).astype(int)
    root = root_of(effects.spread[every], effects.correlation[every])
    z = rng.standard_normal((len(every), *events.shape))
    drawn, log_weight = drawn_study_effects(events, totals, effects.mean[every], root, z, POINTS)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    tails = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    result = np.empty((*events.shape, 3))
    for k in range(len(events)):
        for i in range(events.shape[1]):
            result[k, i] = weighted_quantiles(drawn[:, k, i], weight[:, k], tails)
    return np.asarray(expit(result))


def weighted_quantiles(values: Array, weights: Array, tails: Array) -> Array:
    """Quantiles of draws that do not count the same.

    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.ones(3), np.array([0.5])).tolist()
    [2.0]
    """
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order]) - 0.5 * weights[order]
    return np.asarray(np.interp(tails, cumulated / weights.sum(), values[order]))
