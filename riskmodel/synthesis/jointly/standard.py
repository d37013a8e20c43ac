"""The joint posterior over standard normal numbers: every statement as a function of the number that it is drawn from.

Without tables it is a standard normal distribution, whose draws are the statements' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit, ndtr

from riskmodel.calibration.likelihood.coordinates import FARTHEST
from riskmodel.errors import InferenceError
from riskmodel.evidence.distributions import blocks_of_draws, dimensions, values_at

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.calibration.likelihood.coordinates import StatementBlock
    from riskmodel.calibration.likelihood.surface import Point
    from riskmodel.synthesis.jointly.likelihood import TablesLikelihood

DIFFERENCE = 1e-4  # of standard normal numbers, for the slopes of the coordinates
NEWTON_STEPS, HALVINGS, ENOUGH = 30, 8, 1e-3
SURE = 1e-14  # from 0 and 1, of distribution functions


@dataclass(frozen=True)
class Height:
    """The log posterior at a point, up to a constant, and its gradient (numbers,)."""

    value: float
    slope: Array


class StandardPosterior:
    """The log posterior over standard normal numbers: of the learnt statements, then one for each number beside them.

    Parameters
    ----------
    likelihood
        of the tables, with the coordinates' priors of the spreads between studies and of who is suspected.
    """

    def __init__(self, likelihood: TablesLikelihood) -> None:
        self.likelihood, self.joint = likelihood, likelihood.joint
        self.priors = self.joint.priors
        learnt = set(self.joint.columns)
        self._groups = [columns for members, columns in blocks_of_draws(self.priors) if learnt & set(members)]
        self._moved = np.array(sorted(column for columns in self._groups for column in columns), dtype=np.int64)
        self._dimensions = len(dimensions(self.priors))
        group_of = {column: number for number, columns in enumerate(self._groups) for column in columns}
        blocks = [(block, group_of[block.columns[0]]) for block in self.joint.blocks]
        self._group_of_coordinate = np.array([group for block, group in blocks for _ in range(block.size)], dtype=int)
        self._starts = np.array([each.start for each in self.joint.beside])
        self._sds = np.array([each.sd for each in self.joint.beside])

    @property
    def size(self) -> int:
        return len(self._moved) + len(self._sds)

    def values(self, z: Array) -> Array:
        """Of all selected statements at points, (points, numbers): (points, selected); what is not learnt is stated."""
        values = np.repeat(self.joint.stated[None], len(z), axis=0)
        values[:, self.joint.columns] = self._drawn(z)[:, self.joint.columns]
        return np.asarray(values)

    def _drawn(self, z: Array) -> Array:
        uniform = np.full((len(z), self._dimensions), 0.5)
        uniform[:, self._moved] = np.clip(ndtr(z[:, : len(self._moved)]), SURE, 1 - SURE)
        return values_at(self.priors, uniform)

    def coordinates(self, z: Array) -> Array:
        """The coordinates of the fit at points, (points, numbers): (points, coordinates)."""
        drawn = self._drawn(z)
        parts = [coordinates_of(block, drawn[:, block.columns]) for block in self.joint.blocks]
        return np.concatenate([*parts, self._starts + self._sds * z[:, len(self._moved) :]], axis=1)

    def slopes(self, z: Array) -> Array:
        """Derivatives of the coordinates by the numbers at points, (points, numbers): (points, coordinates, numbers).

        What is drawn independently is moved at once.
        """
        turns = range(max(map(len, self._groups), default=0))
        moved = np.array([[g[turn] if turn < len(g) else -1 for g in self._groups] for turn in turns], dtype=np.int64)
        moved = np.where(moved >= 0, np.searchsorted(self._moved, moved), -1).reshape(len(turns), len(self._groups))
        steps = np.zeros((len(turns), self.size))
        for step, numbers in zip(steps, moved, strict=True):
            step[numbers[numbers >= 0]] = DIFFERENCE
        around = self.coordinates((z[:, None, None] + np.array([steps, -steps])).reshape(-1, self.size))
        up, down = np.moveaxis(around.reshape(len(z), 2, len(turns), -1), 1, 0)
        slopes = np.zeros((len(z), self.joint.size, self.size))
        for turn in turns:
            by = moved[turn, self._group_of_coordinate]
            at = np.nonzero(by >= 0)[0]
            slopes[:, at, by[at]] = (up - down)[:, turn, at] / (2 * DIFFERENCE)
        beside = np.arange(len(self._sds))
        slopes[:, self.joint.learnt + beside, len(self._moved) + beside] = self._sds
        return slopes

    def heights(self, z: Array, slopes_of_rows: Array | None = None) -> list[Height | None]:
        """At points, (points, numbers); None where the statements cannot hold together or a table cannot happen.

        ``slopes_of_rows``: of the rows' log-odds, (rows, coordinates), where the gradient shall take those of one point
        for all; they are what takes long.
        """
        return list(self._heights(z, slopes_of_rows))

    def _heights(self, z: Array, slopes_of_rows: Array | None) -> Iterator[Height | None]:
        likelihood = self.likelihood
        points = likelihood.at_each(self.coordinates(z))
        for at, point, slopes in zip(z, points, self.slopes(z), strict=True):
            if point is None:
                yield None
                continue
            of_rows = likelihood.slopes_of_rows(point) if slopes_of_rows is None else slopes_of_rows
            slope = likelihood.gradient_along(point, of_rows) @ slopes - at
            yield Height(point.log_likelihood - 0.5 * float(at @ at), slope)

    def parabola(self) -> tuple[Array, Array]:
        """The peak, (numbers,), and a root of the covariance there: Laplace's approximation on this scale.

        Raises
        ------
        InferenceError
            where the statements cannot hold together at their medians.
        """
        peak = np.zeros(self.size)
        height = self.heights(peak[None])[0]
        if height is None:
            raise InferenceError("the statements cannot hold together at their medians")
        for _ in range(NEWTON_STEPS):
            step = np.asarray(np.linalg.solve(self._precision(peak), height.slope), dtype=float)
            better = self._first_better(peak, height, step)
            if better is None:
                break
            gain, peak, height = better[1].value - height.value, *better
            if gain < ENOUGH:
                break
        return peak, np.linalg.inv(np.linalg.cholesky(self._precision(peak))).T

    def _first_better(self, peak: Array, height: Height, step: Array) -> tuple[Array, Height] | None:
        for halving in range(HALVINGS):
            trial = peak + 0.5**halving * step
            new = self.heights(trial[None])[0]
            if new is not None and new.value > height.value:
                return trial, new
        return None

    def point(self, z: Array) -> Point:
        """That of the likelihood, at a point (numbers,)."""
        point = self.likelihood.at(self.coordinates(z[None])[0])
        if point is None:
            raise InferenceError("the statements cannot hold together")
        return point

    def _precision(self, z: Array) -> Array:
        point = self.point(z)
        slopes = self.slopes(z[None])[0]
        return np.asarray(slopes.T @ self.likelihood.information(point)[0] @ slopes + np.eye(self.size))


def coordinates_of(block: StatementBlock, values: Array) -> Array:
    """The inverse of :meth:`StatementBlock.values`: (rows, statements) to (rows, coordinates)."""
    with np.errstate(divide="ignore"):
        if block.kind == "log":
            x = np.log(values)
        elif block.kind == "logit":
            x = logit(values)
        elif block.kind == "sticks":
            ordered = values[:, block.order]
            rest = 1 - np.concatenate([np.zeros((len(values), 1)), np.cumsum(ordered, axis=1)[:, :-1]], axis=1)
            x = logit(np.clip(ordered / rest, 0, 1))[:, : block.size]
        elif block.complete:
            x = np.log(values[:, 1:] / values[:, :1])
        else:
            x = np.log(values / (1 - values.sum(axis=1, keepdims=True)))
    return np.asarray(np.clip(x, -FARTHEST, FARTHEST))
