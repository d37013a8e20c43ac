"""Conditional expectations by regression, weighted and cross-fitted, for many responses at once.

The expected net benefit given some statements is the regression of the net benefit on them over draws of all
statements (Strong M, Oakley JE, Brennan A. Estimating multiparameter partial expected value of perfect
information from a probabilistic sensitivity analysis sample. Med Decis Making 2014;34:311). Each draw is predicted
by a fit that has not seen it, so that noise is not taken for value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KNOTS = (0.05, 0.35, 0.65, 0.95)  # quantiles of the normal scores at which the spline is joined
RIDGE = 1e-8  # keeps the normal equations solvable where weights leave few draws
CUBIC = 3  # the degree in which a response is regressed on an index
BENDS = 10  # draws for each column of a group, from which squares are taken in too
SHRINK = 0.01  # of the regression on a group, in draws' worth of prior for each draw


def normal_scores(values: Array) -> Array:
    """Columns of draws as normal scores of their ranks, shape kept; a column without variation becomes 0."""
    from scipy import special, stats

    ranks = np.asarray(stats.rankdata(values, axis=0))
    scores = special.ndtri((ranks - 0.5) / len(values))
    return np.asarray(np.where(np.ptp(values, axis=0) > 0, scores, 0.0))


def natural_spline(scores: Array) -> Array:
    """Basis of the natural cubic splines with four knots: (draws,) to (draws, 4).

    Columns are orthogonal, with a mean square of 1; the first is constant.

    >>> basis = natural_spline(np.linspace(-2, 2, 9))
    >>> bool(np.allclose(basis.T @ basis, 9 * np.eye(4))), bool(np.allclose(basis[:, 0], 1))
    (True, True)
    """
    first, *_, before, last = knots = np.quantile(scores, KNOTS)

    def bend(knot: float) -> Array:
        return np.asarray((np.maximum(scores - knot, 0) ** 3 - np.maximum(scores - last, 0) ** 3) / (last - knot))

    columns = [np.ones_like(scores), scores, *(bend(knot) - bend(before) for knot in (first, knots[1]))]
    basis = np.linalg.qr(np.stack(columns, axis=1))[0] * np.sqrt(len(scores))
    return np.asarray(basis * np.sign(basis[0, 0]))


def folds(draws: int, count: int) -> list[slice]:
    """Draws in consecutive parts of near equal size; the draws must be in random order.

    >>> folds(5, 2)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    edges = np.cumsum([0, *(len(part) for part in np.array_split(np.arange(draws), count))])
    return [slice(int(first), int(last)) for first, last in pairwise(edges)]


@dataclass(frozen=True, eq=False)
class Responses:
    """What is regressed: net benefits of many choices under all draws, with the draws' weights for each.

    ``response``, ``log_odds`` and ``weights`` have shape (responses, draws); weights sum to 1 over draws.
    """

    response: Array
    log_odds: Array
    weights: Array
    parts: tuple[slice, ...]

    @cached_property
    def weighted(self) -> Array:
        return self.weights * self.response

    @cached_property
    def means(self) -> list[Array]:
        """For each part, the weighted mean of each response over the other parts."""
        total, weight = self.weighted.sum(axis=1), self.weights.sum(axis=1)
        return [
            (total - self.weighted[:, part].sum(axis=1)) / (weight - self.weights[:, part].sum(axis=1))
            for part in self.parts
        ]

    @cached_property
    def spare(self) -> Array:
        """Weighted variance of each response over the draws that its weights are worth: (responses,)."""
        mean = self.weighted.sum(axis=1)
        variance = (self.weighted * self.response).sum(axis=1) - mean**2
        return np.asarray(variance * (self.weights**2).sum(axis=1))


def fit_spline(basis: Array, given: Responses) -> Array:
    """Weighted regressions of many responses on one basis, each draw predicted by the fit to the other parts.

    Parameters
    ----------
    basis
        (draws, columns), the first of them constant.

    Returns
    -------
    (responses, draws).
    """
    width = basis.shape[1]
    upper = np.triu_indices(width)
    products = np.ascontiguousarray(basis[:, upper[0]] * basis[:, upper[1]])
    packed = [given.weights[:, part] @ products[part] for part in given.parts]
    rights = [given.weighted[:, part] @ basis[part] for part in given.parts]
    total, right = np.sum(packed, axis=0), np.sum(rights, axis=0)
    fitted = np.empty_like(given.response)
    for part, own, own_right, mean in zip(given.parts, packed, rights, given.means, strict=True):
        gram = np.empty((len(total), width, width))
        gram[:, upper[0], upper[1]] = gram[:, upper[1], upper[0]] = total - own
        coefficients = _solve(gram, right - own_right)
        shrunk = _shrunk(coefficients, gram, mean, given.spare)
        np.matmul(shrunk, basis[part].T, out=fitted[:, part])
    return fitted


def fit_group(scores: Array, given: Responses) -> Array:
    """The same on a group of statements, by an index of them.

    Log-odds are nearly additive in the statements' normal scores (and, where there are draws enough to tell, their
    squares): their ridge regression gives each response an index, and the response is regressed on a cubic of it.
    What the index does not catch is lost, so the value of a large group comes out a little low.

    Parameters
    ----------
    scores
        (draws, statements).
    """
    if 2 * scores.shape[1] * BENDS <= len(scores):
        scores = np.hstack([scores, scores**2 - 1])
    fitted = np.empty_like(given.response)
    for part, mean in zip(given.parts, given.means, strict=True):
        index = _index(scores, given.log_odds, part)
        moments = _moments(given.weights, index, part, 2 * CUBIC + 1)
        gram = np.stack([moments[:, i : i + CUBIC + 1] for i in range(CUBIC + 1)], axis=1)
        right = _moments(given.weighted, index, part, CUBIC + 1)
        coefficients = _shrunk(_solve(gram, right), gram, mean, given.spare)
        values = np.zeros_like(fitted[:, part])
        for power in reversed(range(CUBIC + 1)):
            values = values * index[:, part] + coefficients[:, power, None]
        fitted[:, part] = values
    return fitted


def _moments(weights: Array, index: Array, part: slice, count: int) -> Array:
    """Weighted sums of the index to the powers 0, 1 … over all draws but a part: (responses, count)."""
    term, sums = weights.copy(), np.empty((len(weights), count))
    for power in range(count):
        sums[:, power] = term.sum(axis=1) - term[:, part].sum(axis=1)
        if power + 1 < count:
            term *= index
    return sums


def _index(scores: Array, log_odds: Array, part: slice) -> Array:
    """Each response's log-odds as predicted from the group by a fit to the other parts: (responses, draws)."""
    rest = np.delete(np.arange(len(scores)), part)
    known = scores[rest]
    gram = known.T @ known + SHRINK * len(rest) * np.eye(scores.shape[1])
    others = log_odds[:, rest]
    index = np.linalg.solve(gram, known.T @ (others - others.mean(axis=1, keepdims=True)).T).T @ scores.T
    spread = index[:, rest].std(axis=1, keepdims=True)
    return np.asarray(np.clip(index / np.where(spread > 0, spread, 1.0), -4, 4))


def _shrunk(coefficients: Array, gram: Array, mean: Array, spare: Array) -> Array:
    """Draw each fit towards its mean by the share of what it explains that noise alone would explain.

    Noise explains as much as each column but the constant would of an unrelated response.
    """
    weight = gram[:, 0, 0]
    explained = np.einsum("ri,rij,rj->r", coefficients, gram, coefficients) / weight - mean**2
    noise = (gram.shape[-1] - 1) * spare
    kept = np.clip(1 - noise / np.maximum(explained, np.finfo(float).tiny), 0.0, 1.0)
    shrunk = coefficients * kept[:, None]
    shrunk[:, 0] += (1 - kept) * mean
    return np.asarray(shrunk)


def _solve(gram: Array, right: Array) -> Array:
    """Coefficients of each response from its normal equations: (responses, columns).

    Elimination over all responses at once, which for a few columns is much faster than one call for each; normal
    equations are positive definite and need no pivots.
    """
    width = gram.shape[-1]
    scale = np.trace(gram, axis1=1, axis2=2)[:, None, None] / width
    left = gram + RIDGE * np.maximum(scale, np.finfo(float).tiny) * np.eye(width)
    values = right.copy()
    for column in range(width):
        for row in range(column + 1, width):
            factor = left[:, row, column] / left[:, column, column]
            left[:, row, column:] -= factor[:, None] * left[:, column, column:]
            values[:, row] -= factor * values[:, column]
    for row in reversed(range(width)):
        values[:, row] -= (left[:, row, row + 1 :] * values[:, row + 1 :]).sum(axis=1)
        values[:, row] /= left[:, row, row]
    return values
