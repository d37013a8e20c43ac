"""The states of one distribution drawn together, each within its own interval as stated.

One state after another, the surest first, takes its part of what the states before it have left: the logit of that
part is a split normal. Its median and both standard deviations are solved for, so that the state's own share has
its stated value as the median and its stated ends as quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.scale import Z95, expit, inside, logit

TRIED = 10  # as a power of 2: the points at which quantiles are compared
ROUNDS = 25
CLOSE = 0.01  # of the stated standard deviations: quantiles so near are as stated
NARROWEST, WIDEST = 0.01, 3.0  # times the stated standard deviation: beyond it the interval cannot be held
TAILS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, slots=True)
class Sticks:
    """How the states of one distribution are broken off, one after another.

    Attributes
    ----------
    order
        of the states, as they are broken off.
    middle, below, above
        of each state, in that order: median of the logit of its part of what is left, and the standard
        deviations below and above it. The last state of a complete distribution takes all that is left.
    complete
        whether the states are all there are.
    """

    order: tuple[int, ...]
    middle: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]
    complete: bool

    def shares(self, normal: Array) -> Array:
        """The states' shares at standard normal points, (points, states), in the order of the statements."""
        shares, rest = np.empty_like(normal), np.ones(len(normal))
        for i, state in enumerate(self.order):
            last = self.complete and i == len(self.order) - 1
            part = split(normal[:, state], self.middle[i], self.below[i], self.above[i])
            shares[:, state] = rest if last else rest * expit(part)
            rest = rest - shares[:, state]
        return shares


def split(normal: Array, middle: float, below: float, above: float) -> Array:
    """Standard normal points as points of a split normal, whose sd is ``below`` or ``above`` its median ``middle``."""
    return middle + np.where(normal < 0, below, above) * normal


@lru_cache(maxsize=512)
def solve_sticks(
    values: tuple[float, ...], below: tuple[float, ...], above: tuple[float, ...], *, complete: bool
) -> Sticks:
    """Sticks whose shares have the given medians and standard deviations on the logit scale.

    Parameters
    ----------
    values
        each above 0; together at most 1.
    below, above
        the stated standard deviations of each share's own logit, below and above the value.
    complete
        whether the values add up to 1: then the least sure state takes what is left, and its interval follows from
        those of the others.
    """
    order = tuple(int(i) for i in np.argsort(np.add(below, above), kind="stable"))
    normal, rest = _normal_points(len(values)), np.ones(1 << TRIED)
    solved = []
    for i, state in enumerate(order):
        if complete and i == len(order) - 1:
            solved.append((0.0, 0.0, 0.0))
            break
        stick = _solve_one(values[state], below[state], above[state], normal[:, state], rest)
        solved.append(stick)
        rest = rest * (1 - expit(split(normal[:, state], *stick)))
    middle, under, over = zip(*solved, strict=True)
    return Sticks(order, middle, under, over, complete)


def _solve_one(value: float, below: float, above: float, normal: Array, rest: Array) -> tuple[float, float, float]:
    """Median and standard deviations of the logit of one state's part, by comparing the share's quantiles."""
    aim = logit(value) + np.array([-Z95 * below, 0.0, Z95 * above])
    start = min(value / float(np.median(rest)), 1 - 1e-9)
    middle, under, over = float(logit(start)), below, above
    for _ in range(ROUNDS):
        share = rest * expit(split(normal, middle, under, over))
        low, at, high = gave = logit(np.quantile(inside(share), TAILS))
        if np.abs(gave - aim).max() < CLOSE * (below + above):
            break
        middle += aim[1] - at
        under = _closer(under, below, (aim[1] - aim[0]) / max(at - low, 1e-12))
        over = _closer(over, above, (aim[2] - aim[1]) / max(high - at, 1e-12))
    return middle, under, over


def _closer(sd: float, stated: float, ratio: float) -> float:
    """A standard deviation moved by the ratio of the stated distance to the one it gave, at most halved or doubled."""
    return float(np.clip(sd * np.clip(ratio, 0.5, 2.0), NARROWEST * stated, WIDEST * stated))


@lru_cache(maxsize=16)
def _normal_points(columns: int) -> Array:
    """Standard normal points that fill the space evenly, the same whenever asked for: (points, columns)."""
    from scipy import special
    from scipy.stats import qmc

    return np.asarray(special.ndtri(qmc.Sobol(columns, rng=1).random_base2(TRIED)))
