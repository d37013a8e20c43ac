"""The covariance of the coordinates by Laplace's approximation, also where the likelihood has a kink.

Where two findings of a group have the same probability, or a ratio is held at its reach, the slope of the likelihood
jumps. Second differences across such a kink grow without bound as their step shrinks, and beside it they miss it.
There they are taken over a standard deviation, which is the scale of what is to be approximated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskmodel.arrays import Array
from riskmodel.calibration.likelihood.surface import Point
from riskmodel.calibration.optimise import RIDGE, LogPosterior

FEW = 40  # coordinates up to which the information is taken by differences of the gradient
DIFFERENCE = 1e-3
WIDEST = 1.0  # on the logit scale, beyond which no log likelihood is near a parabola
KINKED = 1.5  # curvature over a standard deviation and over DIFFERENCE that differ by this factor


def covariance(posterior: LogPosterior, point: Point) -> Array:
    """Of the coordinates, by Laplace's approximation: (coordinates, coordinates).

    The information of the data is minus the differences of the exact gradient where coordinates are few, else
    the sum of outer products of the scores. Weighted rows count by the robust (sandwich) formula (White, Econometrica
    1982;50:1).
    """
    if len(point.x) <= FEW:
        posterior.likelihood.will_ask(_beside(point, np.full(len(point.x), DIFFERENCE)))
    once, squared = posterior.likelihood.information(point)
    prior = posterior.prior_precision(point.x)
    if len(point.x) <= FEW:
        sds = np.minimum(np.sqrt(np.diag(_inverse(_ridged(once + prior)))), WIDEST)
        exact = _information(posterior, point, sds, once)
        if exact is not None:
            if squared is once:
                squared = exact
            once = exact
    inverse = _inverse(_ridged(once + prior))
    return inverse if squared is once else np.asarray(inverse @ (squared + prior) @ inverse)


def _information(posterior: LogPosterior, point: Point, sds: Array, scores: Array) -> Array | None:
    """Minus the second derivatives of the log likelihood; None where they leave the posterior no maximum.

    Coordinates that share a kink cross it together in such wide steps, which looks like information about both: what
    they tell of each other is taken from ``scores``, the sum of the outer products.
    """
    size = len(point.x)
    information = np.zeros((size, size))
    if not _add_differences(information, range(size), posterior, point, np.full(size, DIFFERENCE)):
        return None
    prior = posterior.prior_precision(point.x)
    kinked = _kinked(posterior, point, sds, np.diag(information + prior))
    if not _add_differences(information, kinked, posterior, point, sds):
        return None
    information[:, kinked] = information[kinked].T  # rows of other coordinates crossed the kink in steps too small
    information = 0.5 * (information + information.T)
    both = np.ix_(kinked, kinked)
    information[both] = np.where(np.eye(len(kinked), dtype=bool), information[both], scores[both])
    return information if np.linalg.eigvalsh(information + prior)[0] > 0 else None


def _kinked(posterior: LogPosterior, point: Point, sds: Array, curvature: Array) -> list[int]:
    """The coordinates along which the curvature over a standard deviation is not that at the point."""
    steps = np.diag(sds)
    up, down = np.split(posterior.values(np.concatenate([point.x + steps, point.x - steps])), 2)
    wide = (2 * posterior.value(point) - up - down) / sds**2
    kinked = np.isfinite(wide) & ((wide > KINKED * curvature) | (wide < curvature / KINKED))
    return [int(i) for i in np.nonzero(kinked)[0]]


def _add_differences(
    information: Array, which: Sequence[int], posterior: LogPosterior, point: Point, steps: Array
) -> bool:
    """Put differences of the gradient into rows of the information; False where a point has no likelihood."""
    pairs = _beside(point, steps)[list(which)]
    posterior.likelihood.will_ask(pairs)
    for i, sides in zip(which, pairs, strict=True):
        up, down = (posterior.likelihood.at(side) for side in sides)
        if up is None or down is None:
            return False
        information[i] = (posterior.likelihood.gradient(down) - posterior.likelihood.gradient(up)) / (2 * steps[i])
    return True


def _beside(point: Point, steps: Array) -> Array:
    """A step along each coordinate to either side of a point: (coordinates, 2, coordinates)."""
    return np.asarray(point.x + np.array([1.0, -1.0])[:, None] * np.diag(steps)[:, None])


def _ridged(matrix: Array) -> Array:
    return np.asarray(matrix + np.eye(len(matrix)) * (RIDGE * max(float(np.diag(matrix).max(initial=0.0)), 1.0)))


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=float)
