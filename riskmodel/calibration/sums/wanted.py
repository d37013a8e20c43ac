"""What a fit wants of rows at given parameters, the sums that answer it, and both cut into messages of bounded size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.calibration.likelihood.surface import LikelihoodSurface

MOST_BYTES = 200_000  # of an answer
ROOM = 8_000  # of it for all that is no sum
AS_TEXT, PACKED = 25, 10.7  # bytes of a number in digits, and in base 64


@dataclass(frozen=True)
class Wanted:
    """Points at which sums are wanted.

    Attributes
    ----------
    slopes_at
        (points, coordinates): the log likelihood and its slope.
    values_at
        (points, coordinates): the log likelihood alone.
    products_at
        (coordinates,) or empty: the sums of products of the slopes of single rows.
    entries
        from which to which of these products, row by row of the lower triangle.
    """

    slopes_at: Array
    values_at: Array
    products_at: Array
    entries: tuple[int, int] = (0, 0)

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return int(self.slopes_at.shape[1])

    def describe(self) -> str:
        """What an answer holds, for a person."""
        parts = []
        if len(self.slopes_at):
            each = "slope" if self.size == 1 else f"{self.size:,} slopes"
            parts.append(f"the log likelihood and its {each} at {_points(len(self.slopes_at))}")
        if len(self.values_at):
            parts.append(f"the log likelihood at {_points(len(self.values_at))}")
        if self.products_at.size:
            parts.append(f"{self.entries[1] - self.entries[0]:,} sums of products of slopes at 1 point")
        return ", ".join(parts)


@dataclass(frozen=True)
class Sums:
    """Sums over rows, in the order of what was wanted.

    Attributes
    ----------
    log_likelihoods, slopes
        (points,) and (points, coordinates); no number where a row is impossible at a point.
    values
        (points,); no number where a row is impossible.
    products
        (entries,).
    tells
        whether any row depends on any coordinate; asked together with products only.
    """

    log_likelihoods: Array
    slopes: Array
    values: Array
    products: Array
    tells: bool = False


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count:,} points"


def wanted(
    size: int, slopes_at: Sequence[Array] = (), values_at: Sequence[Array] = (), products_at: Array | None = None
) -> Wanted:
    """What is wanted at some points, of so many coordinates."""
    return Wanted(
        np.array(slopes_at, dtype=float).reshape(-1, size),
        np.array(values_at, dtype=float).reshape(-1, size),
        np.empty(0) if products_at is None else products_at,
        (0, 0) if products_at is None else (0, size * (size + 1) // 2),
    )


def cut(whole: Wanted) -> list[Wanted]:
    """The same in parts, each of which can be asked and answered in fewer than 200,000 bytes."""
    budget, size = MOST_BYTES - ROOM, whole.size
    parts: list[Wanted] = []
    slopes: list[Array] = []
    values: list[Array] = []
    room = float(budget)
    for row in whole.slopes_at:
        if room < AS_TEXT * (size + 1):
            parts.append(wanted(size, slopes))
            slopes, room = [], float(budget)
        slopes.append(row)
        room -= AS_TEXT * (size + 1)
    for row in whole.values_at:
        if room < AS_TEXT * (size + 1):  # the point makes the request as long as slopes make the answer
            parts.append(wanted(size, slopes, values))
            slopes, values, room = [], [], float(budget)
        values.append(row)
        room -= AS_TEXT * (size + 1)
    start, end = whole.entries
    while start < end:
        stop = min(end, start + max(int(room / PACKED), 0))
        if stop > start or not (slopes or values):
            last = wanted(size, slopes, values)
            parts.append(Wanted(last.slopes_at, last.values_at, whole.products_at, (start, stop)))
        else:
            parts.append(wanted(size, slopes, values))
        slopes, values, room, start = [], [], float(budget), stop
    if slopes or values:
        parts.append(wanted(size, slopes, values))
    return parts


def joined(parts: Sequence[Sums]) -> Sums:
    """The answers to the parts that something was cut into, as one."""
    return Sums(
        np.concatenate([part.log_likelihoods for part in parts]),
        np.concatenate([part.slopes for part in parts if len(part.slopes)] or [np.empty((0, 0))]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.products for part in parts]),
        any(part.tells for part in parts),
    )


def added(pieces: Sequence[Sums]) -> Sums:
    """The sums over all pieces, each exact before it is rounded once, so that their order changes nothing."""
    return Sums(
        _exact([piece.log_likelihoods for piece in pieces]),
        _exact([piece.slopes for piece in pieces]),
        _exact([piece.values for piece in pieces]),
        _exact([piece.products for piece in pieces]),
        any(piece.tells for piece in pieces),
    )


def _exact(arrays: Sequence[Array]) -> Array:
    if not arrays[0].size:
        return arrays[0]
    stacked = np.array(arrays)
    flat = [math.fsum(column) for column in stacked.reshape(len(arrays), -1).T.tolist()]
    return np.array(flat).reshape(stacked.shape[1:])


def sums_over(likelihood: LikelihoodSurface, asked: Wanted) -> Sums:
    """What rows answer."""
    log_likelihoods, slopes = np.full(len(asked.slopes_at), np.nan), np.full(asked.slopes_at.shape, np.nan)
    for i, point in enumerate(likelihood.at_each(asked.slopes_at) if len(asked.slopes_at) else ()):
        if point is not None:
            log_likelihoods[i], slopes[i] = point.log_likelihood, likelihood.gradient(point)
    values = likelihood.log_likelihoods(asked.values_at)
    products, tells = np.empty(0), False
    if asked.products_at.size:
        point = likelihood.at(asked.products_at)
        products = np.full(asked.entries[1] - asked.entries[0], np.nan)
        if point is not None:
            information = likelihood.information(point)[0]
            products = information[np.tril_indices(asked.size)][slice(*asked.entries)]
            tells = likelihood.is_informative(point)
    return Sums(log_likelihoods, slopes, np.where(np.isfinite(values), values, np.nan), products, tells)
