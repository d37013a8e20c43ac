"""The leak and the links that rates of people who may have other conditions too ask for, within what is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools, Ints
from riskmodel.network.forms.manifestation import condition_of, occult_share
from riskmodel.network.forms.rate_equations import FindingAxes, equations
from riskmodel.network.forms.solving import SMALLEST, Equations, log
from riskmodel.network.forms.whatever_else import FindingRates, Unknown

ROUNDING = 1e-12  # a probability this little below 0 is 0
MISSED = 1e-10  # a rate that is missed by more than this, as a share of it, is not reached


@dataclass(frozen=True, slots=True)
class Solver:
    """The unknown leaks and links of a finding, and the equations that they solve.

    ``x`` are their logs, of links those of whole diseases: (draws, states - 1, unknowns).
    """

    axes: FindingAxes
    rates: FindingRates
    equations: Equations

    @classmethod
    def of(cls, axes: FindingAxes, rates: FindingRates, links: Mapping[str, Array]) -> Solver:
        """``links`` as of :func:`~riskmodel.network.forms.rate_equations.equations`."""
        return cls(axes, rates, equations(axes, rates, links))

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        return self.rates.unknowns

    def start(self) -> tuple[Array, Bools]:
        """A first guess: each rate as if there were nothing else; and nothing is held."""
        leaks = [unknown.is_leak for unknown in self.unknowns]
        x = np.where(leaks, log(self.equations.target), 0.0)
        return x, np.zeros((len(x), len(leaks)), dtype=bool)

    def solve(self, x: Array, fixed: Bools) -> tuple[Array, Bools]:
        """The unknowns, and which were held at what is possible, (draws, unknowns); those that are fixed stay.

        Of several that leave what is possible the one that does so farthest is held first, and the others are solved
        again.
        """
        x, fixed = x.copy(), fixed.copy()
        rows = np.arange(len(x))
        for _ in range(fixed.shape[1] + 1):
            x[rows] = self.equations.rows(rows).solve(x[rows], fixed[rows])
            lowest = np.stack([self._shares(x, rows, i).min(axis=(1, 2)) for i in range(fixed.shape[1])], axis=1)
            lowest = np.where(fixed[rows], 0.0, lowest)
            out = lowest.min(axis=1) < -ROUNDING
            rows, farthest = rows[out], lowest[out].argmin(axis=1)
            if not rows.size:
                break
            for i in np.unique(farthest):
                held = rows[farthest == i]
                x[held, :, i] = self._nearest(x, held, int(i))
                fixed[held, i] = True
        return x, fixed

    def leak(self, x: Array) -> Array:
        """P(up to a state | none): (draws, contextual …, states - 1)."""
        leak = np.array(np.broadcast_to(self.rates.leak, (len(x), *self.rates.leak.shape[1:])))
        for i, unknown in enumerate(self.unknowns):
            if unknown.is_leak:
                leak[:, unknown.cells] = np.exp(x[:, None, :, i])
        return leak

    def links(self, x: Array) -> dict[str, Array]:
        """By cause the links that are solved for, where it shows: (draws, contextual …, states - 1)."""
        result = {}
        for cause in self.axes.causes:
            if cause.name in self.rates.alone:
                continue
            link = np.ones((len(x), *self.axes.sizes, x.shape[1]))
            for i, unknown in enumerate(self.unknowns):
                if unknown.condition == condition_of(cause) and not unknown.is_leak:
                    o = self._occult(unknown, np.arange(len(x)))[:, 0]
                    shown = np.maximum((np.exp(x[:, :, i]) - o) / (1 - o), 0.0)
                    link[:, unknown.cells] = shown[:, None]
            result[cause.name] = link
        return result

    def implied(self, table: Array) -> Array:
        """The rates that a finished table gives: (draws, states - 1, unknowns).

        ``table`` has its axes in the order of the axes: (draws, contextual …, causes …, states).
        """
        upto = np.cumsum(table, axis=-1)[..., :-1]
        for axis, cause in enumerate(self.axes.causes, start=1 + len(self.axes.sizes)):
            if cause.role == "manifestation":
                share = occult_share(self.axes.building, cause.name).reshape(-1, *(1,) * (upto.ndim - 2))
                hidden, shown = np.moveaxis(upto, axis, 0)
                upto = np.stack(np.broadcast_arrays(hidden, share * hidden + (1 - share) * shown), axis=axis)
        cells = upto.reshape(len(upto), -1, upto.shape[-1])
        return np.asarray(np.moveaxis(self.equations.weights @ cells, 1, 2))

    def missed(self, table: Array) -> Bools:
        """Which rates a finished table does not give, (draws, unknowns)."""
        gap = np.abs(_shares_of(self.implied(table)) - _shares_of(self.equations.target))
        stated = np.maximum(_shares_of(self.equations.target), SMALLEST)
        return np.asarray(((gap > MISSED * stated) & (gap > ROUNDING)).any(axis=1))

    def held(self, which: Bools) -> dict[str, Ints]:
        """How many entries of each statement are held, by draw, from which unknowns are, (draws, unknowns)."""
        held: dict[str, Ints] = {}
        for unknown, draws in zip(self.unknowns, which.T, strict=True):
            for statement in unknown.statements if draws.any() else ():
                held[statement.id] = held.get(statement.id, 0) + draws.astype(np.int64)
        return held

    def _occult(self, unknown: Unknown, rows: Ints) -> Array:
        """The occult share of an unknown's condition: (draws, 1, 1); 0 where it always shows."""
        for cause in self.axes.causes:
            if cause.role == "manifestation" and condition_of(cause) == unknown.condition:
                share = np.broadcast_to(occult_share(self.axes.building, cause.name), len(self.equations.target))
                return np.asarray(share[rows][:, None, None])
        return np.zeros((len(rows), 1, 1))

    def _without(self, x: Array, rows: Ints, i: int) -> Array:
        """P(up to a state) of the people of a link, had they only their other conditions: (draws, 1, states - 1)."""
        part = self.equations.rows(rows)
        rate = (part.weights[:, i][:, None] * part.cells(x[rows])).sum(axis=-1)
        return np.asarray(rate / np.exp(x[rows][:, :, i]))[:, None]

    def _shares(self, x: Array, rows: Ints, i: int) -> Array:
        """The distribution that an unknown stands for: a leak's own, or that of the people whose disease shows.

        (draws, 1, states), below 0 where that is not possible. Where a disease makes the finding rarer, single cells
        may leave the simplex though their mean does not: these are clipped, as everywhere in a noisy-MAX.
        """
        link = np.exp(x[rows][:, :, i])[:, None]
        if self.unknowns[i].is_leak:
            return _steps(link)
        o = self._occult(self.unknowns[i], rows)
        return _steps(self._without(x, rows, i) * (link - o) / (1 - o))

    def _nearest(self, x: Array, rows: Ints, i: int) -> Array:
        """The log of an unknown at the nearest that is possible, (draws, states - 1)."""
        mended = np.maximum(self._shares(x, rows, i)[:, 0], 0.0)
        upto = np.cumsum(mended / mended.sum(axis=-1, keepdims=True), axis=-1)[..., :-1]
        if self.unknowns[i].is_leak:
            return log(upto)
        without = np.maximum(self._without(x, rows, i)[:, 0], SMALLEST)
        o = self._occult(self.unknowns[i], rows)[:, 0]
        return log(o + (1 - o) * upto / without)


def _steps(upto: Array) -> Array:
    """The probability of each state, from that of all up to it without the last: (…, states)."""
    ends = np.zeros_like(upto[..., :1])
    return np.diff(np.concatenate([ends, upto, ends + 1], axis=-1), axis=-1)


def _shares_of(rates: Array) -> Array:
    """(draws, states - 1, unknowns) cumulative as (draws, states, unknowns) of each state."""
    return np.moveaxis(_steps(np.moveaxis(rates, 1, -1)), -1, 1)
