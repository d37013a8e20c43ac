"""The scale on which a number varies: the log of a ratio or weight, the logit of a probability or share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.arrays import Array
from riskmodel.evidence.records import RATIOS

if TYPE_CHECKING:
    from riskmodel.evidence.records import Statement

Z95 = 1.959963984540054  # half-width of a 95 % interval in standard deviations: scipy.stats.norm.ppf(0.975)
EDGE = 1e-12  # probabilities are kept this far from 0 and 1


def inside(p: ArrayLike) -> Array:
    """Probabilities held at least 1e-12 from 0 and 1."""
    return np.asarray(np.clip(p, EDGE, 1 - EDGE))


def logit(p: ArrayLike) -> Array:
    """The log odds of probabilities; infinite at 0 and 1."""
    return np.asarray(np.log(p) - np.log1p(np.negative(p)))


def expit(x: ArrayLike) -> Array:
    """The probabilities of log odds."""
    from scipy import special

    return np.asarray(special.expit(np.asarray(x, dtype=float)))


class Scale(NamedTuple):
    """A scale without bounds, on which a number's distribution is a normal split at its median.

    Attributes
    ----------
    kind
        the distribution's name: ``log_normal`` or ``logit_normal``.
    to, back
        values to points of the scale, and points to values, of any shape. Probabilities are kept inside (0, 1).
    """

    kind: str
    to: Callable[[ArrayLike], Array]
    back: Callable[[ArrayLike], Array]

    def sd_of_interval(self, low: float, median: float, high: float, level: float = 0.95) -> tuple[float, float]:
        """Standard deviations below and above the median whose interval of a level (0 to 1) is low to high."""
        ends, half = self.to([low, median, high]), _half_width(level)
        return float(ends[1] - ends[0]) / half, float(ends[2] - ends[1]) / half


LOG = Scale("log_normal", lambda values: np.asarray(np.log(values)), lambda points: np.asarray(np.exp(points)))
LOGIT = Scale("logit_normal", lambda values: logit(inside(values)), lambda points: inside(expit(points)))


def scale_of(statement: Statement) -> Scale:
    """The scale of a statement's value."""
    return LOG if statement.quantity in RATIOS else LOGIT


def _half_width(level: float) -> float:
    """Half the width of a standard normal's central interval."""
    if level == 0.95:  # the common case needs no quantile
        return Z95
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + level / 2)
