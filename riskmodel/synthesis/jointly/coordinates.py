"""The statements' coordinates, and beside them how far studies differ from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.calibration.likelihood.coordinates import Coordinates

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors

SMALLEST_SPREAD = 1e-3
LOG_SPREADS = (np.log(SMALLEST_SPREAD), np.log(20.0))  # what a coordinate of a spread is kept within


@dataclass(frozen=True)
class StudySpread:
    """A spread between studies on the logit scale, with a half-normal prior; its coordinate is its logarithm."""

    name: str
    scale: float

    def log_prior(self, at: float) -> float:
        """Of the logarithm of the spread, up to a constant."""
        return float(at - 0.5 * (np.exp(at) / self.scale) ** 2)

    def gradient(self, at: float) -> float:
        return float(1 - (np.exp(at) / self.scale) ** 2)

    def curvature(self, at: float) -> float:
        """Minus the second derivative of the log prior."""
        return float(2 * (np.exp(at) / self.scale) ** 2)


class JointCoordinates(Coordinates):
    """Coordinates of statements, and after them one for each spread.

    Parameters
    ----------
    chosen
        ids of the statements to learn.
    spreads
        between studies; they begin at the scale of their prior.
    """

    spreads: tuple[StudySpread, ...] = ()

    def __init__(self, priors: Priors, chosen: Sequence[str], spreads: Sequence[StudySpread]) -> None:
        super().__init__(priors, chosen)
        self.of_statements = Coordinates(priors, chosen)
        self.spreads = tuple(spreads)
        self.start = np.concatenate([self.start, [np.log(spread.scale) for spread in self.spreads]])

    @property
    def learnt(self) -> int:
        """How many coordinates are of statements; they come first."""
        return super().size

    @property
    def size(self) -> int:
        return self.learnt + len(self.spreads)

    def spreads_at(self, x: Array) -> Array:
        """The spreads at points (…, coordinates): (…, spreads)."""
        return np.asarray(np.exp(np.clip(x[..., self.learnt :], *LOG_SPREADS)))

    def log_prior(self, x: Array) -> float:
        rest = zip(self.spreads, x[self.learnt :], strict=True)
        return super().log_prior(x) + sum(spread.log_prior(float(at)) for spread, at in rest)

    def prior_gradient(self, x: Array) -> Array:
        rest = zip(self.spreads, x[self.learnt :], strict=True)
        return np.concatenate([super().prior_gradient(x), [spread.gradient(float(at)) for spread, at in rest]])

    def prior_precision(self, x: Array) -> Array:
        precision = super().prior_precision(x)
        for i, spread in enumerate(self.spreads, start=self.learnt):
            precision[i, i] = spread.curvature(float(x[i]))
        return precision
