"""The statements' coordinates, and beside them what the tables need: how far studies differ, and who is suspected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from riskmodel.calibration.likelihood.coordinates import Coordinates

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors

TYPICAL_SPREAD, SD_OF_LOG_SPREAD = 0.85, 0.38  # published ones of sensitivity and specificity are 0.4 to 1.8
SMALLEST_SPREAD = 1e-4
LOG_SPREADS = (np.log(SMALLEST_SPREAD), np.log(20.0))  # what a coordinate of a spread is kept within
FARTHEST_RATE = 15.0  # on the logit scale
SUSPECTED = ((0.5, 1.0), (0.02, 1.0))  # for a sign, and without any: median, and standard deviation of the logit


@dataclass(frozen=True)
class NormalPrior:
    """A number beside the statements, on a scale on which its prior is normal.

    A spread between studies is moved on the log scale, how often people are suspected on the logit scale.
    """

    name: str
    start: float
    sd: float

    def log_prior(self, at: float) -> float:
        """Up to a constant."""
        return -0.5 * ((at - self.start) / self.sd) ** 2

    def gradient(self, at: float) -> float:
        return -(at - self.start) / self.sd**2

    def curvature(self) -> float:
        """Minus the second derivative of the log prior."""
        return self.sd**-2


class JointCoordinates(Coordinates):
    """Coordinates of statements, then one for each spread, then two for each way in which people are suspected.

    Parameters
    ----------
    chosen
        ids of the statements to learn.
    spreads
        names of the spreads between studies.
    typical
        the median of the spreads' prior, on the logit scale.
    suspected
        names of the ways.
    """

    spreads: tuple[NormalPrior, ...] = ()
    rates: tuple[NormalPrior, ...] = ()

    def __init__(
        self,
        priors: Priors,
        chosen: Sequence[str],
        spreads: Sequence[str],
        suspected: Sequence[str] = (),
        typical: float = TYPICAL_SPREAD,
    ) -> None:
        super().__init__(priors, chosen)
        self.of_statements = Coordinates(priors, chosen)
        self.spreads = tuple(NormalPrior(name, float(np.log(typical)), SD_OF_LOG_SPREAD) for name in spreads)
        self.rates = tuple(NormalPrior(name, float(logit(p)), sd) for name in suspected for p, sd in SUSPECTED)
        self.start = np.concatenate([self.start, [each.start for each in self.beside]])

    @property
    def beside(self) -> tuple[NormalPrior, ...]:
        """What has coordinates beside the statements, in their order."""
        return (*self.spreads, *self.rates)

    @property
    def learnt(self) -> int:
        """How many coordinates are of statements; they come first."""
        return super().size

    @property
    def size(self) -> int:
        return self.learnt + len(self.beside)

    def spreads_at(self, x: Array) -> Array:
        """The spreads at points (…, coordinates): (…, spreads)."""
        return np.asarray(np.exp(np.clip(x[..., self.learnt : self.learnt + len(self.spreads)], *LOG_SPREADS)))

    def rates_at(self, x: Array) -> Array:
        """The logits of the rates of being suspected at a point (coordinates,): (ways, 2), for a sign and without."""
        rates = np.clip(x[self.learnt + len(self.spreads) :], -FARTHEST_RATE, FARTHEST_RATE)
        return np.asarray(rates.reshape(-1, len(SUSPECTED)))

    def log_prior(self, x: Array) -> float:
        rest = zip(self.beside, x[self.learnt :], strict=True)
        return super().log_prior(x) + sum(each.log_prior(float(at)) for each, at in rest)

    def prior_gradient(self, x: Array) -> Array:
        rest = zip(self.beside, x[self.learnt :], strict=True)
        return np.concatenate([super().prior_gradient(x), [each.gradient(float(at)) for each, at in rest]])

    def prior_precision(self, x: Array) -> Array:
        precision = super().prior_precision(x)
        for i, each in enumerate(self.beside, start=self.learnt):
            precision[i, i] = each.curvature()
        return precision
