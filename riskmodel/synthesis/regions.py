"""Where pairs of sensitivity and false-positive rate lie: the smallest region that holds a share of the draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.synthesis.next_setting import DrawnEffects

CELLS_A_SIDE = 160
FURTHEST = 9.0  # logits: a rate of 1 in 8,000; what lies beyond is drawn there
MARGIN = 0.6  # logits beyond the outermost draw that counts
DRAWS_OF_NEXT = 40_000
SMOOTHING, SMOOTHER = 1.4, 2.0  # times Silverman's width; the mean has no other draws than those of the posterior


@dataclass(frozen=True, slots=True)
class DensityRegion:
    """The density of pairs on a grid of the logits, and the least density inside the region.

    ``false_positive_rate`` and ``sensitivity`` are the grid's probabilities; ``density`` (sensitivities, rates).
    """

    false_positive_rate: Array
    sensitivity: Array
    density: Array
    threshold: float


def region_of_mean(effects: DrawnEffects, level: float = 0.95) -> DensityRegion:
    """The region that holds the mean with this probability."""
    return density_region(effects.mean[:, 1], effects.mean[:, 0], effects.effective, level, SMOOTHER)


def region_of_next_setting(effects: DrawnEffects, *, seed: int = 0, level: float = 0.95) -> DensityRegion:
    """The region that holds a next setting with this probability."""
    rng = np.random.default_rng(seed)
    times = max(1, DRAWS_OF_NEXT // len(effects.mean))
    drawn = np.concatenate([effects.draw(rng) for _ in range(times)])
    logits = np.log(np.clip(drawn, 1e-12, 1)) - np.log(np.clip(1 - drawn, 1e-12, 1))
    return density_region(logits[:, 1], logits[:, 0], effects.effective, level)


def density_region(
    x: Array, y: Array, effective: float, level: float = 0.95, smoothing: float = SMOOTHING
) -> DensityRegion:
    """Of draws on the logit scale: x the false-positive rate, y the sensitivity, worth so many independent draws.

    The density is that of a histogram, smoothed with a normal kernel by Silverman's rule; the region is where it is
    highest, and holds the share ``level`` of the draws.
    """
    from scipy.ndimage import gaussian_filter

    pairs = [np.clip(values, -FURTHEST, FURTHEST) for values in (x, y)]
    edges = [_edges(values) for values in pairs]
    counts, *_ = np.histogram2d(pairs[1], pairs[0], bins=[edges[1], edges[0]])
    kernel = smoothing * effective ** (-1 / 6)
    across, up = (kernel * _scale(values) / (e[1] - e[0]) for values, e in zip(pairs, edges, strict=True))
    density = gaussian_filter(counts, (up, across), mode="nearest")
    x_cells, y_cells = (np.searchsorted(e[1:-1], values) for values, e in zip(pairs, edges, strict=True))
    threshold = np.quantile(density[y_cells, x_cells], 1 - level)
    middles = [expit((e[1:] + e[:-1]) / 2) for e in edges]
    return DensityRegion(middles[0], middles[1], density, float(threshold))


def _edges(values: Array) -> Array:
    low, high = np.quantile(values, [0.0005, 0.9995])
    room = MARGIN + 0.15 * (high - low)
    return np.linspace(low - room, high + room, CELLS_A_SIDE + 1)


def _scale(values: Array) -> float:
    """The standard deviation, or what the middle half says it is if this is less: tails are far out."""
    middle_half = float(np.subtract(*np.quantile(values, [0.75, 0.25]))) / 1.349
    return min(float(values.std()), middle_half) or float(values.std()) or 1e-3
