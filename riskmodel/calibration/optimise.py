"""The most probable statements: quasi-Newton steps in the metric of the information, each checked to improve."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from riskmodel.arrays import Array
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.surface import LikelihoodSurface, Point
from riskmodel.errors import UsageError
from riskmodel.workers.signals import Signals

MOST_STEPS = 100
LEAST_WEIGHT = 1e-6  # of the prior: without any, what the data do not determine would drift without end
TOLERANCE = 1e-4  # of log posterior, that the next step promises or the last two brought
LONGEST = 2.0  # log-odds that one step may go
IDLE = 3  # steps without a noticeable rise
HALVINGS = 12
BESIDE = 0.01  # standard deviations to either side, where a change of slope is looked for
ENOUGH = 1e-4  # share of the promised rise that a step must bring
REFRESH = 5  # steps after which the metric is taken anew
RIDGE = 1e-10  # of the largest information, where a direction has neither data nor prior
GRID = 2.0**-33  # that steps end on: parts of a cohort that add up but for rounding then lead to the same point
INTERRUPTED = "interrupted"  # why a search ended that someone stopped

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fitted:
    """Where the search ended.

    Attributes
    ----------
    point
        the best point and the likelihood there.
    log_posterior
        log likelihood plus the weighted log prior (up to its constant).
    steps
        how many were taken.
    why
        why it stopped, in words.
    converged
        whether the next step would be negligible.
    """

    point: Point
    log_posterior: float
    steps: int
    why: str
    converged: bool = False

    @property
    def interrupted(self) -> bool:
        """Whether someone stopped the search."""
        return self.why == INTERRUPTED


class LogPosterior:
    """The log posterior of the coordinates."""

    def __init__(self, likelihood: LikelihoodSurface, coordinates: Coordinates, prior_weight: float) -> None:
        self.likelihood, self.coordinates = likelihood, coordinates
        self.is_flat = prior_weight == 0  # but for a trace
        self.prior_weight = max(prior_weight, LEAST_WEIGHT)

    def value(self, point: Point) -> float:
        return point.log_likelihood + self.prior_weight * self.coordinates.log_prior(point.x)

    def values(self, x: Array) -> Array:
        """At many points, (points, coordinates); -inf where the statements cannot hold together."""
        log_priors = np.array([self.coordinates.log_prior(row) for row in x])
        return np.asarray(self.likelihood.log_likelihoods(x) + self.prior_weight * log_priors)

    def gradient(self, point: Point) -> Array:
        return self.likelihood.gradient(point) + self.prior_weight * self.coordinates.prior_gradient(point.x)

    def prior_precision(self, x: Array) -> Array:
        return self.prior_weight * self.coordinates.prior_precision(x)

    def metric(self, point: Point) -> Array:
        """A positive definite stand-in for minus the second derivatives."""
        metric = self.likelihood.information(point)[0] + self.prior_precision(point.x)
        return metric + np.eye(len(metric)) * (RIDGE * max(float(np.diag(metric).max(initial=0.0)), 1.0))


def maximise(
    posterior: LogPosterior, start: Point, tolerance: float = TOLERANCE, progress: Progress | None = None
) -> Fitted:
    """Climb from a point until the next step is negligible; an interrupt keeps the best point so far.

    Quasi-Newton steps (BFGS) with backtracking (Nocedal and Wright, Numerical Optimization, 2006, ch. 3 and 6); the
    metric is taken anew every few steps from the information of the data and the prior's curvature. Where no such step
    improves it, the slopes on both sides of the point decide (:func:`slope_of_all`).

    Parameters
    ----------
    tolerance
        of the log posterior: a step that promises less ends the search.
    progress
        called after each step with the number of steps, and None.
    """
    climb = _Climb(posterior, start, tolerance)
    try:
        with Signals() as signals:
            while climb.steps < MOST_STEPS:
                with signals.held():
                    end = climb.step()
                if end is not None:
                    return end
                if progress:
                    progress(climb.steps, None)
    except KeyboardInterrupt:
        return climb.ended(INTERRUPTED)
    return climb.ended(f"not at an end after {MOST_STEPS} steps")


class _Climb:
    """The point reached so far, and what is known of the slopes there."""

    def __init__(self, posterior: LogPosterior, start: Point, tolerance: float) -> None:
        self.posterior, self.tolerance = posterior, tolerance
        self.point, self.best = start, posterior.value(start)
        self.steps = self.fresh = self.idle = 0
        self.gradient: Array | None = None
        self.inverse = np.empty((0, 0))

    def ended(self, reason: str, *, converged: bool = False) -> Fitted:
        return Fitted(self.point, self.best, self.steps, reason, converged=converged)

    def step(self) -> Fitted | None:
        """Go one step up, or tell why there is none."""
        if self.gradient is None:
            self.gradient = self.posterior.gradient(self.point)
            self._measure()
        step = self.inverse @ self.gradient
        promise = 0.5 * float(self.gradient @ step)
        if promise < self.tolerance:
            return self.ended("no step would improve it noticeably", converged=True)
        if self.idle == IDLE:
            self._measure()
            return self._beside(self.gradient)
        better = _search(self.posterior, self.point, self.best, step, 2 * promise)
        if better is not None:
            self._move(*better, self.gradient)
        elif self.fresh == self.steps:
            return self._beside(self.gradient)
        else:
            self._measure()
        return None

    def _beside(self, gradient: Array) -> Fitted | None:
        """Go on from a change of slope, or tell that neither side of any coordinate nor a step along it is higher."""
        at, sds = self.point.x, np.sqrt(np.diag(self.inverse))
        moves = BESIDE * np.concatenate([np.diag(sds), -np.diag(sds)])
        moves = moves[self.posterior.likelihood.changes_of_slope(at, at + moves)]
        sides = [side for side in self.posterior.likelihood.at_each(at + moves) if side is not None]
        slope = slope_of_all(np.array([gradient, *map(self.posterior.gradient, sides)]), self.inverse)
        step = self.inverse @ slope
        promise = 0.5 * float(slope @ step)
        better = _search(self.posterior, self.point, self.best, step, 2 * promise)
        if better is None:
            highest = max(sides, key=self.posterior.value, default=self.point)
            rise = self.posterior.value(highest) - self.best
            if rise > 0:
                further = (highest.x - at) / BESIDE
                better = _search(self.posterior, self.point, self.best, further, rise / BESIDE)
        if better is None or better[1] - self.best < self.tolerance:
            return self.ended("no step improves it noticeably, on either side", converged=True)
        self._move(*better, gradient)
        self._measure()
        return None

    def _move(self, new: Point, value: float, gradient: Array) -> None:
        self.idle = self.idle + 1 if value - self.best < self.tolerance else 0
        self.gradient = self.posterior.gradient(new)
        self.inverse = _updated(self.inverse, new.x - self.point.x, gradient - self.gradient)
        self.point, self.best, self.steps = new, value, self.steps + 1
        if self.steps - self.fresh >= REFRESH:
            self._measure()

    def _measure(self) -> None:
        self.inverse, self.fresh = _inverse(self.posterior.metric(self.point)), self.steps


def _search(
    posterior: LogPosterior, point: Point, value: float, step: Array, slope: float
) -> tuple[Point, float] | None:
    """The first of ever shorter steps that brings enough of the rise it promises."""
    size = min(1.0, LONGEST / max(float(np.max(np.abs(step))), 1e-300))
    noise = 1e-13 * abs(value)
    sizes = size * 0.4 ** np.arange(HALVINGS)
    points = np.round((point.x + sizes[:, None] * step) / GRID) * GRID
    tried = itertools.chain(posterior.likelihood.at_each(points[:1]), posterior.likelihood.at_each(points[1:]))
    for trial, shorter in zip(tried, sizes, strict=True):
        if trial is not None and (new := posterior.value(trial)) >= value + ENOUGH * shorter * slope - noise:
            return trial, new
    return None


def slope_of_all(slopes: Array, inverse: Array) -> Array:
    """The shortest mean of slopes: along it all of them rise, and where it is 0 none of their sides is higher.

    Burke, Lewis and Overton, A robust gradient sampling algorithm, SIAM Journal on Optimization 2005;15:751-779.

    Parameters
    ----------
    slopes
        gradients near a point, (slopes, coordinates).
    inverse
        the metric that lengths are measured in, (coordinates, coordinates).

    >>> slope_of_all(np.array([[3.0, 1.0], [-1.0, 1.0]]), np.eye(2)).round(6)
    array([0., 1.])
    """
    from scipy.optimize import nnls

    lengths = slopes @ np.linalg.cholesky(inverse)
    whole = 1e3 * max(float(np.abs(lengths).max(initial=0.0)), 1e-300)  # holds the sum of the shares at 1
    shares, _ = nnls(
        np.column_stack([lengths, np.full(len(lengths), whole)]).T, np.append(np.zeros(len(inverse)), whole)
    )
    return np.asarray(shares / shares.sum() @ slopes)


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=float)


def _updated(inverse: Array, step: Array, change: Array) -> Array:
    """The inverse metric after a step and the fall of the gradient along it (BFGS); kept where that is no fall."""
    curvature = float(step @ change)
    if curvature <= 1e-10 * float(np.linalg.norm(step) * np.linalg.norm(change)):
        return inverse
    away = np.eye(len(step)) - np.outer(step, change) / curvature
    return np.asarray(away @ inverse @ away.T + np.outer(step, step) / curvature)


def check_prior_weight(prior_weight: object) -> None:
    """Refuse what is no finite number of 0 or more."""
    if not isinstance(prior_weight, Real) or not (np.isfinite(float(prior_weight)) and float(prior_weight) >= 0):
        raise UsageError(f"prior_weight must be a number of 0 or more, not {prior_weight!r}")
