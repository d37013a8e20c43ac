"""What moves the logits of a study away from the mean and its own effect: its setting, or the cut-offs of a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from riskmodel.arrays import Array

SHIFT_SD = 0.7  # of a setting, on the logit scale: the odds of two settings differ up to 7-fold in 95 %
SLOPE_SD = 1.0  # of the logarithm of how much the logit falls over one standard deviation of the log cut-offs


class Design(Protocol):
    """Coordinates beside the mean and the spreads of effects. Each has a normal prior around 0."""

    @property
    def prior_sd(self) -> Array:
        """Standard deviations of the priors, (coordinates,)."""
        ...

    def offsets(self, coordinates: Array) -> Array:
        """What is added to the logits: (parameters, coordinates) to (parameters, studies, dimensions, cells)."""
        ...

    def log_constant(self, coordinates: Array) -> Array:
        """What the log-likelihood has beside that of the binomial cells: (parameters,)."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """Each setting moves the mean of its studies.

    ``of_study`` (studies,) is the position of each study's setting, of ``count``; the coordinates are the shifts of
    the first dimension by setting, then those of the second.
    """

    of_study: Array
    count: int
    dimensions: int

    @property
    def prior_sd(self) -> Array:
        return np.full(self.count * self.dimensions, SHIFT_SD)

    def shifts(self, coordinates: Array) -> Array:
        """(parameters, coordinates) to (parameters, dimensions, settings)."""
        return coordinates.reshape(len(coordinates), self.dimensions, self.count)

    def offsets(self, coordinates: Array) -> Array:
        shifts = self.shifts(coordinates)[:, :, self.of_study.astype(int)]
        return np.moveaxis(shifts, 2, 1)[..., None]

    def log_constant(self, coordinates: Array) -> Array:
        return np.zeros(len(coordinates))


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Counts of a test at several cut-offs, of which each study may have its own.

    The logarithm of the test's value has a logistic distribution in people with the condition, and another one in
    those without. Each study moves both (Hoyer A, Hirt S, Kuss O. Res Synth Methods 2018;9:62). So the logit of "at
    the cut-off or above" falls in a straight line over the log cut-off, with one slope in all studies: sensitivity and
    false-positive rate can only fall. The counts between a study's cut-offs are multinomial. Their likelihood is that
    of binomial cells, one a cut-off: those from it to the next of those from the one before to the next.

    ``events`` and ``totals`` are these cells, (studies, dimensions, cut-offs), 0 where a study has fewer cut-offs;
    ``places`` where the cut-offs lie, ``between`` (studies, dimensions, cut-offs) how many lie between a cut-off and
    the next. ``centre`` and ``width`` are mean and standard deviation of the log cut-offs; the coordinates are the
    logarithms of how much the logits fall over one width.
    """

    events: Array
    totals: Array
    places: Array
    between: Array
    coefficient: float
    centre: float
    width: float

    @classmethod
    def of(cls, studies: Sequence[tuple[Array, Array, Array]]) -> CutOffs:
        """Of each study the rising cut-offs, the positives at each (cut-offs, dimensions), and people (dimensions,).

        Studies with many cut-offs come first, which is quicker.
        """
        studies = sorted(studies, key=lambda study: -len(study[0]))
        dimensions, most = len(studies[0][2]), max(len(cutoffs) for cutoffs, _, _ in studies)
        every = np.log(np.concatenate([cutoffs for cutoffs, _, _ in studies]))
        centre, width = float(every.mean()), float(every.std())
        events, totals, between, places = (np.zeros((len(studies), dimensions, most)) for _ in range(4))
        coefficient = 0.0
        for k, (cutoffs, positives, people) in enumerate(studies):
            size = len(cutoffs)
            parts = np.diff(-np.vstack([people, positives, np.zeros(dimensions)]), axis=0).T  # below, between, above
            events[k, :, :size], totals[k, :, :size] = parts[:, 1:], parts[:, 1:] + parts[:, :-1]
            between[k, :, : size - 1] = parts[:, 1:-1]
            places[k, :, :size] = (np.log(cutoffs) - centre) / width
            coefficient += float((gammaln(people + 1) - gammaln(parts + 1).sum(axis=1)).sum())
        return cls(events, totals, places, between, coefficient, centre, width)

    @property
    def prior_sd(self) -> Array:
        return np.full(self.events.shape[1], SLOPE_SD)

    def offsets(self, coordinates: Array) -> Array:
        return np.asarray(-np.exp(coordinates)[:, None, :, None] * self.places)

    def log_constant(self, coordinates: Array) -> Array:
        steps = np.where(self.between > 0, np.diff(self.places, axis=2, append=np.inf), 1.0)
        apart = np.log(-np.expm1(-np.exp(coordinates)[:, None, :, None] * steps))
        return np.asarray((self.between * apart).sum(axis=(1, 2, 3)) + self.coefficient)

    def logits_move(self, coordinates: Array, cutoff: float) -> Array:
        """What is added to the logits at a cut-off: (parameters, coordinates) to (parameters, dimensions)."""
        return np.asarray(-np.exp(coordinates) * ((np.log(cutoff) - self.centre) / self.width))
