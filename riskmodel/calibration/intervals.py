"""95 % intervals of the learnt statements: Laplace's, checked on the posterior and replaced where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from riskmodel.arrays import Array
from riskmodel.calibration.likelihood.coordinates import FARTHEST
from riskmodel.calibration.likelihood.laplace import FEW
from riskmodel.calibration.optimise import LogPosterior
from riskmodel.evidence.limits import highest
from riskmodel.evidence.records import RATIOS, Statement
from riskmodel.evidence.scale import Z95, inside, scale_of

CHECKED = np.array([-2.0, -1.0, 1.0, 2.0])  # standard deviations from the mode
NEAR, CLOSE = 0.05, 0.1  # log density that an approximation may be wrong by: this, and a share of the depth
REACHES = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])  # standard deviations, among which the tails are looked for
DEEP = 8.0  # below the mode, in log density: the tail beyond holds less than 0.1 %
PER_SIDE, FINE = 24, 4_001  # points of the posterior on each side of the mode, and interpolated ones
HALF_CHI_SQUARE = 0.5 * Z95**2  # log likelihood at the ends of a 95 % profile interval, below its maximum
DEEPEST = 700.0


@dataclass(frozen=True)
class Marginal:
    """The posterior of one learnt statement, on its own scale (logit; log of a ratio or weight).

    Attributes
    ----------
    value, sd
        mode, and standard deviation on the scale by Laplace's approximation.
    counted
        whether the prior is a Beta.
    flat
        whether the prior has been left out.
    ends
        the 95 % interval where it is not that of Laplace's approximation.
    """

    statement: Statement
    value: float
    sd: float
    counted: bool
    flat: bool
    ends: tuple[float, float] | None = None

    @property
    def is_beta(self) -> bool:
        return self.counted or (self.flat and self.statement.quantity not in RATIOS)

    @property
    def at_a_bound(self) -> bool:
        """Whether a probability without a prior runs to 0 or 1: the likelihood has no mode there to measure from."""
        return self.flat and self.is_beta and min(self._counts()) < 1

    def interval(self) -> tuple[float, float]:
        """The 95 % interval: normal on the statement's scale, or where its prior is a Beta that of a Beta.

        The Beta has the same mode and curvature on the logit scale; after plain counts it is the exact posterior.
        Without a prior it is that of as many people as tell as much, and half a one on either side.
        """
        if self.ends is not None:
            low, high = self.ends
        elif self.is_beta:
            half = 0.5 if self.flat else 0.0
            first, second = self._counts()
            ends = special.betaincinv(first + half, second + half, [0.025, 0.975])
            low, high = (float(end) for end in (ends if self.flat else inside(ends)))
        else:
            scale, reach = scale_of(self.statement), np.array([-1, 1]) * Z95 * self.sd
            low, high = scale.back(np.clip(scale.to(self.value) + reach, -FARTHEST, FARTHEST)).tolist()
        return min(low, self.value), max(min(high, highest(self.statement.quantity)), self.value)

    def depth(self, t: Array) -> Array:
        """How far the log density of the approximation is below its mode, ``t`` standard deviations from there."""
        if not self.is_beta:
            return np.asarray(0.5 * t**2)
        (first, second), z = self._counts(), t * self.sd
        rest = np.logaddexp(np.log1p(-self.value), np.log(self.value) + z)
        return np.asarray((first + second) * rest - first * z)

    def _counts(self) -> tuple[float, float]:
        """Those of the Beta with this mode and curvature on the logit scale."""
        information = 1.0 / self.sd**2
        return information / (1 - self.value), information / self.value


def corrected_marginals(
    posterior: LogPosterior, x: Array, covariance: Array, marginals: Sequence[Marginal], slopes: Array
) -> list[Marginal]:
    """The marginals, those replaced of whose shape the posterior is not.

    Each is compared with the log posterior on the line along which Laplace's approximation has its profile: there
    the statement moves and the others follow. Where they differ, the interval is that of the posterior on this
    line, by quadrature (without a prior, the profile interval of the likelihood). With one coordinate it is exact.
    The parts of one distribution keep Laplace's: where one moves, the others' normalisation bends the line.

    Parameters
    ----------
    x
        the mode, (coordinates,), and the ``covariance`` there.
    slopes
        of the statements' own scales by the coordinates, (statements, coordinates).
    """
    if len(x) > FEW:
        return list(marginals)
    blocks = posterior.coordinates.blocks
    alone = [block.kind != "shares" for block in blocks for _ in block.columns]
    lines = {i: _Line(posterior, x, covariance @ slopes[i] / marginals[i].sd) for i in range(len(alone)) if alone[i]}
    depths = dict(zip(lines, _depths(list(lines.values()), CHECKED), strict=True)) if lines else {}
    others = [i for i, depth in depths.items() if not _agrees(marginals[i], depth)]
    columns, result = posterior.coordinates.columns, list(marginals)
    for i, profile in zip(others, _profiles([lines[i] for i in others]), strict=True):
        result[i] = _replaced(marginals[i], lines[i], columns[i], *profile)
    return result


@dataclass(frozen=True)
class _Line:
    """A line through the mode; a step of 1 is a standard deviation of the statement."""

    posterior: LogPosterior
    x: Array
    direction: Array

    def points(self, t: Array) -> Array:
        return np.asarray(self.x + t[:, None] * self.direction, dtype=float)


def _depths(lines: Sequence[_Line], t: Array | Sequence[Array]) -> list[Array]:
    """How far the log posterior is below the mode's, on each line at the same places, (t,), or at those of its own."""
    posterior, x = lines[0].posterior, lines[0].x
    places = [t] * len(lines) if isinstance(t, np.ndarray) else t
    points = [line.points(at) for line, at in zip(lines, places, strict=True)]
    values = posterior.values(np.concatenate([x[None], *points]))
    depths = np.minimum(values[0] - values[1:], DEEPEST)
    return np.split(depths, np.cumsum([len(at) for at in places])[:-1])


def _agrees(marginal: Marginal, depth: Array) -> bool:
    if marginal.at_a_bound:
        return True
    expected = marginal.depth(CHECKED)
    return bool(np.all(np.abs(depth - expected) < NEAR + CLOSE * expected))


def _replaced(marginal: Marginal, line: _Line, column: int, t: Array, depth: Array) -> Marginal:
    ends = _likelihood_ends(t, depth) if marginal.flat else _quantiles(t, depth)
    values = line.posterior.coordinates.values(line.points(ends))[:, column]
    low, high = min(*values, marginal.value), max(*values, marginal.value)
    return replace(marginal, ends=(float(low), float(high)))


def _profiles(lines: Sequence[_Line]) -> list[tuple[Array, Array]]:
    """The posterior of each line from tail to tail: places, and the depth at each."""
    if not lines:
        return []
    fine = []
    for depth in _depths(lines, np.concatenate([-REACHES[::-1], REACHES])):
        sides = [depth[: len(REACHES)][::-1], depth[len(REACHES) :]]
        low, high = (REACHES[np.argmax(side >= DEEP)] if np.any(side >= DEEP) else REACHES[-1] for side in sides)
        ends = [np.linspace(-low, 0, PER_SIDE + 1), np.linspace(0, high, PER_SIDE + 1)]
        fine.append(np.unique(np.concatenate(ends)))
    return list(zip(fine, _depths(lines, fine), strict=True))


def _quantiles(t: Array, depth: Array) -> Array:
    """Where 2.5 % and 97.5 % of the density are reached, its logarithm linear between the points."""
    fine = np.linspace(t[0], t[-1], FINE)
    log_density = -np.interp(fine, t, depth)
    density = np.exp(log_density - log_density.max())
    share = np.concatenate([[0.0], np.cumsum(np.diff(fine) * (density[1:] + density[:-1]) / 2)])
    return np.asarray(np.interp([0.025, 0.975], share / share[-1], fine))


def _likelihood_ends(t: Array, depth: Array) -> Array:
    """The outermost places within the 95 % likelihood interval."""
    fine = np.linspace(t[0], t[-1], FINE)
    inside = fine[np.interp(fine, t, depth - depth.min()) <= HALF_CHI_SQUARE]
    return np.array([inside[0], inside[-1]])
