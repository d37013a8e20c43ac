"""Rates of a noisy-MAX as equations in the logs of its leak and links, solved by Newton's method in all draws at once.

P(up to a state | people) is the mean of F0 · product of links over what these people have. In the logs of leak and
links every combination's product is a straight line, so that each equation is a mean of exponentials of lines: the
logarithm of such a mean is convex, with a slope that is its own weighted mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools, Ints

ROUNDS = 60
LONGEST = 4.0  # of a step, in log probability
STALLED = 1e-8  # a step this short that does not halve the one before is noise
DONE = 1e-15
RIDGE = 1e-15  # a flat direction is no reason to fail
SMALLEST, LARGEST = 1e-300, 600.0  # probability, and log of a product, beyond which nothing changes


def log(p: Array) -> Array:
    """The logarithm of probabilities; of 0 that of a number that adds nothing."""
    return np.asarray(np.log(np.maximum(p, SMALLEST)))


@dataclass(frozen=True, slots=True)
class Equations:
    """Equations of rates, each cumulative up to a state; cells are combinations of contexts and conditions.

    Attributes
    ----------
    weights
        (draws, equations, cells): how the people of each equation are spread over the cells.
    design
        (unknowns, cells): how often the log of each unknown stands in a cell's log probability.
    offset
        (draws, states - 1, cells): what stands there beside.
    target
        (draws, states - 1, equations): the rates; there are as many as unknowns.
    """

    weights: Array
    design: Array
    offset: Array
    target: Array

    def rows(self, draws: Ints) -> Equations:
        """The equations of some draws."""
        return Equations(self.weights[draws], self.design, self.offset[draws], self.target[draws])

    def cells(self, x: Array) -> Array:
        """P(up to each state | cell): (draws, states - 1, cells), at logs (draws, states - 1, unknowns)."""
        return np.asarray(np.exp(np.minimum(self.offset + x @ self.design, LARGEST)))

    def step(self, x: Array, fixed: Bools) -> Array:
        """A Newton step of each draw's unknowns but those that are fixed, (draws, unknowns)."""
        parts = self.weights[:, None] * self.cells(x)[:, :, None]  # (draws, states - 1, equations, cells)
        rates = np.maximum(parts.sum(axis=-1), SMALLEST)
        gap = log(self.target) - np.log(rates)
        slope = parts @ self.design.T / rates[..., None] + RIDGE * np.eye(len(self.design))
        held = np.broadcast_to(fixed[:, None], gap.shape)
        gap = np.where(held, 0.0, gap)
        slope = np.where(held[..., None], np.eye(len(self.design)), slope)
        step = np.nan_to_num(np.linalg.solve(slope, gap[..., None])[..., 0], posinf=LONGEST, neginf=-LONGEST)
        longest = np.maximum(np.abs(step).max(axis=-1, keepdims=True), SMALLEST)
        return np.asarray(step * np.minimum(1.0, LONGEST / longest))

    def solve(self, x: Array, fixed: Bools) -> Array:
        """The logs of the unknowns at which every equation whose unknown is not fixed holds; from a first guess."""
        x = x.copy()
        active = np.arange(len(x))
        last = np.full(len(x), np.inf)
        for _ in range(ROUNDS):
            step = self.rows(active).step(x[active], fixed[active])
            x[active] = np.clip(x[active] + step, -LARGEST, LARGEST)
            length = np.abs(step).max(axis=(1, 2))
            arrived = (length <= DONE) | ((length <= STALLED) & (length > 0.5 * last[active]))
            last[active] = length
            active = active[~arrived]
            if not active.size:
                break
        return x
