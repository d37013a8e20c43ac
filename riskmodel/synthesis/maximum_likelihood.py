"""Random effects by maximum likelihood: what published meta-analyses report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from riskmodel.synthesis.quadrature import POINTS, log_likelihood

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.synthesis.designs import Design

Function: TypeAlias = "Callable[[Array], Array]"  # of parameters, one row each

STEP = 1e-4  # of the differences that give slope and curvature
FEW_POINTS = 5  # of the quadrature, on the way to the peak
NEWTON_STEPS = 8
CLOSE = 1e-8  # to the peak
FLAT = 1e-4  # a likelihood with less information on a mean has no peak


@dataclass(frozen=True, slots=True)
class MaximumLikelihood:
    """The most likely mean and covariance of the studies' effects on the logit scale.

    ``mean`` is (dimensions,), ``covariance`` (dimensions, dimensions) that between studies, ``error`` (dimensions,) the
    standard error of the mean from the observed information; it is infinite where the likelihood has no peak.
    ``coordinates`` are those of a design.
    """

    mean: Array
    covariance: Array
    error: Array
    log_likelihood: float
    points: int
    coordinates: Array = field(default_factory=lambda: np.zeros(0))


def most_likely(events: Array, totals: Array, points: int = POINTS, design: Design | None = None) -> MaximumLikelihood:
    """Maximise the likelihood of :func:`~riskmodel.synthesis.quadrature.log_likelihood`.

    The covariance is written as root · rootᵀ: it has no edge to run into where the studies agree.

    Parameters
    ----------
    events, totals
        (studies, dimensions), one dimension (a rate) or two (sensitivity and false-positive rate).
    points
        of the quadrature in each dimension; 1 is the approximation of Laplace, which most programs use.
    design
        what else moves the logits; its priors are left out.
    """
    dimensions = events.shape[1]

    def minus_log(parameters: Array, of: int = points) -> Array:
        parameters = np.atleast_2d(parameters)
        mean, root = _unpacked(parameters, dimensions)
        if design is None:
            return -log_likelihood(events, totals, mean, root, of)
        others = parameters[:, parameters.shape[1] - len(design.prior_sd) :]
        value = log_likelihood(events, totals, mean, root, of, design.offsets(others))
        return -value - design.log_constant(others)

    few = min(points, FEW_POINTS)
    others = np.zeros(0 if design is None else len(design.prior_sd))
    starts = [np.concatenate([start, others]) for start in _starts(*_pooled(events, totals))]
    peaks = [_climbed(partial(minus_log, of=few), start) for start in starts]
    best = min(peaks, key=lambda peak: float(minus_log(peak, few)[0]))
    if points > few:
        best = _climbed(minus_log, best)
    best, information = _polished(minus_log, best)
    mean, root = _unpacked(best[None], dimensions)
    height = -float(minus_log(best)[0])
    error, covariance = _errors(information, dimensions), root[0] @ root[0].T
    return MaximumLikelihood(mean[0], covariance, error, height, points, best[len(best) - len(others) :])


def _climbed(minus_log: Function, start: Array) -> Array:
    from scipy.optimize import minimize

    fit = minimize(partial(_value_and_slope, minus_log), start, jac=True, method="BFGS", options={"gtol": 1e-6})
    return np.asarray(fit.x)


def _polished(minus_log: Function, best: Array) -> tuple[Array, Array]:
    """The peak after Newton's steps to the last digits, and the second derivatives there."""
    for _ in range(NEWTON_STEPS):
        information = _curvature(minus_log, best)
        if np.linalg.eigvalsh(information).min() <= 0:
            break
        value, slope = _value_and_slope(minus_log, best)
        step = np.linalg.solve(information, slope)
        if np.abs(step).max() < CLOSE or minus_log(best - step)[0] > value:
            break
        best = best - step
    return best, _curvature(minus_log, best)


def _value_and_slope(function: Function, at: Array) -> tuple[float, Array]:
    steps = STEP * np.eye(len(at))
    values = function(np.concatenate([at[None], at + steps, at - steps]))
    ahead, behind = values[1:].reshape(2, -1)
    return float(values[0]), (ahead - behind) / (2 * STEP)


def _unpacked(parameters: Array, dimensions: int) -> tuple[Array, Array]:
    """The mean and the lower triangular root of the covariance."""
    root = np.zeros((len(parameters), dimensions, dimensions))
    rows, columns = np.tril_indices(dimensions)
    root[:, rows, columns] = parameters[:, dimensions : dimensions + len(rows)]
    return parameters[:, :dimensions], root


def _pooled(events: Array, totals: Array) -> tuple[Array, Array]:
    """Counts without cells."""
    return (events, totals) if events.ndim == 2 else (events.sum(axis=2), totals.sum(axis=2))


def _starts(events: Array, totals: Array) -> list[Array]:
    """Two points to climb from: with the spread of the observed logits, and with hardly any."""
    logits = np.log((events + 0.5) / (totals - events + 0.5))  # to start from, not to fit
    spread = np.atleast_2d(np.cov(logits.T)) if len(logits) > 1 else np.eye(events.shape[1])
    rows, columns = np.tril_indices(events.shape[1])
    starts = []
    for size in (1.0, 0.01):
        root = np.linalg.cholesky(size * spread + 0.01 * np.eye(len(spread)))
        starts.append(np.concatenate([logits.mean(axis=0), root[rows, columns]]))
    return starts


def _curvature(function: Function, at: Array) -> Array:
    """The second derivatives, by differences."""
    width, size = 10 * STEP, len(at)
    steps = width * np.eye(size)
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    corners = [at + a * steps[i] + b * steps[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
    result = np.empty((size, size))
    for (i, j), (both, first, second, neither) in zip(pairs, function(np.array(corners)).reshape(-1, 4), strict=True):
        result[i, j] = result[j, i] = (both - first - second + neither) / (4 * width**2)
    return result


def _errors(information: Array, dimensions: int) -> Array:
    """Standard errors of the mean; roots that the likelihood does not depend on (beside a spread of 0) do not count."""
    variance = np.diagonal(np.linalg.pinv(information, rcond=1e-7, hermitian=True))[:dimensions]
    flat = np.diagonal(information)[:dimensions] < FLAT
    return np.where(flat, np.inf, np.sqrt(np.maximum(variance, 0)))
