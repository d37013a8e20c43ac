"""A likelihood whose rows are elsewhere: what is asked of it is asked of them, together and once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from riskmodel.arrays import Array
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.surface import LikelihoodSurface, Point
from riskmodel.calibration.sums.wanted import Sums, Wanted, wanted


@dataclass(frozen=True)
class SummedPoint(Point):
    """A point, with the slope there; the rows' tables and counts stay with them."""

    slope: Array = field(repr=False)


class SummedLikelihood(LikelihoodSurface):
    """The likelihood of rows that give sums.

    Parameters
    ----------
    ask
        gives the sums over all rows of what is wanted.
    """

    def __init__(self, coordinates: Coordinates, ask: Callable[[Wanted], Sums]) -> None:
        self.coordinates, self._ask = coordinates, ask
        self._points: dict[bytes, SummedPoint | None] = {}
        self._values: dict[bytes, float] = {}
        self._products: dict[bytes, Sums] = {}
        self._announced: list[Array] = []

    def will_ask(self, x: Array) -> None:
        """Announce points, whose slopes are asked for together with what is asked next."""
        self._announced += list(x.reshape(-1, self.coordinates.size))

    def at_each(self, x: Array) -> Iterator[Point | None]:
        """The likelihood at points (points, coordinates), asked for together."""
        if any(row.tobytes() not in self._points for row in x):
            start = x[0] if not self._points and len(x) == 1 else None  # its information is wanted next
            self._fetch(slopes_at=list(x), products_at=start)
        for row in x:
            yield self._points[row.tobytes()]

    def log_likelihoods(self, x: Array) -> Array:
        """The log likelihood at many points, (points, coordinates); -inf where it is impossible."""
        missing = [row for row in x if row.tobytes() not in self._values]
        if missing:
            self._fetch(values_at=missing)
        return np.array([self._values[row.tobytes()] for row in x])

    def gradient(self, point: Point) -> Array:
        """Derivatives of the log likelihood by the coordinates, (coordinates,)."""
        return _summed(point).slope

    def information(self, point: Point) -> tuple[Array, Array]:
        """Sums over people of the outer products of their scores; all weights are 1."""
        size = self.coordinates.size
        once = np.zeros((size, size))
        once[np.tril_indices(size)] = self._products_at(point).products
        once = once + np.tril(once, -1).T
        return once, once

    def is_informative(self, point: Point) -> bool:
        """Whether any row depends on any coordinate."""
        return self._products_at(point).tells

    def _products_at(self, point: Point) -> Sums:
        key = point.x.tobytes()
        if key not in self._products:
            self._fetch(products_at=point.x)
        return self._products[key]

    def _fetch(
        self, slopes_at: Sequence[Array] = (), values_at: Sequence[Array] = (), products_at: Array | None = None
    ) -> None:
        """Ask for what is not known yet, and for what was announced."""
        slopes = {row.tobytes(): row for row in [*slopes_at, *self._announced]}
        slopes = {key: row for key, row in slopes.items() if key not in self._points}
        values = {row.tobytes(): row for row in values_at}
        self._announced = []
        sums = self._ask(wanted(self.coordinates.size, list(slopes.values()), list(values.values()), products_at))
        for (key, row), total, slope in zip(slopes.items(), sums.log_likelihoods, sums.slopes, strict=True):
            possible = bool(np.isfinite(total))
            self._points[key] = SummedPoint(row, float(total), [], [], slope) if possible else None
            self._values[key] = float(total) if possible else -np.inf
        for key, total in zip(values, sums.values, strict=True):
            self._values[key] = float(total) if np.isfinite(total) else -np.inf
        if products_at is not None:
            self._products[products_at.tobytes()] = sums


def _summed(point: Point) -> SummedPoint:
    if not isinstance(point, SummedPoint):
        raise TypeError("a point of another likelihood")
    return point
