"""The regions of each action over two statements, between the points where a map was worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.sensitivity.targets import finite_log_odds

if TYPE_CHECKING:
    from riskmodel.model import Model

FINE = 361  # points along a side at least: neighbours are less than two pixels apart on a screen
NONE = -1  # where two values together leave no distribution


@dataclass(frozen=True, eq=False)
class Grid:
    """What a map was worked out as: probabilities (outputs, a, b) and the baseline, of the same shape."""

    probability: Array
    baseline: Array

    def finer(self, times: int) -> Grid:
        """The same with ``times`` - 1 points more between two, log-odds interpolated by cubic splines."""
        return Grid(_finer(self.probability, times), _finer(self.baseline, times))


def times_finer(points: int) -> int:
    """How many steps each step of a map is divided into."""
    return -(-(FINE - 1) // (points - 1))


def actions(model: Model, case: Masks, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The urgency (a, b) and imaging (tokens, a, b) of each point; an urgency of -1 where there is none.

    The findings are the case's throughout, so that the action follows from the posteriors.
    """
    names, count = model.scoring.scorer.output_names, len(model.scoring.scorer.conditions)
    shape = grid.probability.shape[1:]
    possible = np.isfinite(grid.probability).all(axis=0).ravel()
    p, base = (part.reshape(len(names), -1, 1)[:, possible] for part in (grid.probability, grid.baseline))
    composites = dict(zip(names[count:], p[count:], strict=True))
    decision = model.policy.decide(model.policy.findings(case), p[:count], base[:count], composites)
    urgency = np.full(possible.size, NONE)
    urgency[possible] = decision.urgency[:, 0]
    imaging = np.zeros((len(decision.imaging), possible.size), dtype=bool)
    imaging[:, possible] = decision.imaging[:, :, 0]
    return urgency.reshape(shape), imaging.reshape(-1, *shape)


def _finer(p: Array, times: int) -> Array:
    from scipy import special
    from scipy.interpolate import RectBivariateSpline, RegularGridInterpolator

    a, b = (np.arange(n) for n in p.shape[1:])
    fine_a, fine_b = (np.linspace(0, n - 1, (n - 1) * times + 1) for n in p.shape[1:])
    parts = []
    for part in np.asarray(finite_log_odds(p)):
        if np.isfinite(part).all():
            spline = RectBivariateSpline(a, b, part, kx=min(3, len(a) - 1), ky=min(3, len(b) - 1))
            parts.append(spline(fine_a, fine_b))
        else:  # straight lines, so that what is missing stays within its cells
            parts.append(RegularGridInterpolator((a, b), part)(tuple(np.meshgrid(fine_a, fine_b, indexing="ij"))))
    return np.asarray(special.expit(np.stack(parts)))
