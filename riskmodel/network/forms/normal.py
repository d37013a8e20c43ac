"""The normal distribution function and its inverse, for a single network without loading scipy, which takes longer."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from riskmodel.arrays import Array

_cdf = np.frompyfunc(lambda x: 0.5 * math.erfc(-x * math.sqrt(0.5)), 1, 1)
_quantile = np.frompyfunc(lambda p: NormalDist().inv_cdf(p) if 0 < p < 1 else math.copysign(math.inf, p - 0.5), 1, 1)


class StandardNormal(NamedTuple):
    """The distribution function, and its inverse, which is infinite at 0 and 1."""

    cdf: Callable[[Array], Array]
    quantile: Callable[[Array], Array]

    @classmethod
    def of(cls, draws: int) -> StandardNormal:
        """The functions for tables of so many draws; for one, those of the standard library."""
        if draws > 1:
            from scipy import special

            return cls(special.ndtr, special.ndtri)
        return cls(lambda x: np.asarray(_cdf(x), dtype=float), lambda p: np.asarray(_quantile(p), dtype=float))
