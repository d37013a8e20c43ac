"""The likelihood of a random-effects model with binomial counts, integrated over the studies' effects.

In study k, of ``totals[k, i]`` people ``events[k, i]`` have the event i, with probability expit(θ[k, i]). The effects
θ[k] are normal with a mean and a covariance. The integral over θ[k] has no closed form. It is taken by Gauss–Hermite
quadrature around the most probable effects of each study, with nodes that are scaled by the curvature there (Pinheiro
JC, Bates DM. J Comput Graph Stat 1995;4:12). With one point a dimension it is the approximation of Laplace.

Offsets may move the logits of a study away from mean + effect: by its setting, or by the cut-off of a test, of which a
study then has several counts (its cells).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import expit, gammaln

if TYPE_CHECKING:
    from riskmodel.arrays import Array

Parts: TypeAlias = "list[Array]"  # one for each dimension, (parameters, studies)

POINTS = 21  # a dimension: off by less than 1e-6 at the peaks of published data, where 15 are not always
CLOSE = (
    1e-5  # length of the last step to the most probable effects, in standard deviations; what is missing is its square
)
MOST_STEPS = 200
BLOCK = 2_000_000  # numbers that are worked on at once


def log_likelihood(
    events: Array, totals: Array, mean: Array, root: Array, points: int = POINTS, offsets: Array | None = None
) -> Array:
    """The logarithm of P(events | mean, covariance), binomial coefficients included, for several parameters at once.

    Parameters
    ----------
    events, totals
        whole numbers, (studies, dimensions) with one or two dimensions; a total may be 0. With several cells a study
        and dimension (studies, dimensions, cells), and then without the coefficients.
    mean
        of the effects on the logit scale, (parameters, dimensions).
    root
        of the covariance = root · rootᵀ, lower triangular, (parameters, dimensions, dimensions); 0 is allowed.
    points
        of the quadrature in each dimension, 1 or more.
    offsets
        added to the logits of each cell: (parameters, studies, dimensions, cells), with one cell where the counts
        have no axis of cells.

    Returns
    -------
    (parameters,)
    """
    return np.asarray(study_log_likelihoods(events, totals, mean, root, points, offsets).sum(axis=1))


def study_log_likelihoods(
    events: Array, totals: Array, mean: Array, root: Array, points: int = POINTS, offsets: Array | None = None
) -> Array:
    """The parts of :func:`log_likelihood` that each study brings, (parameters, studies)."""
    coefficients = _log_coefficients(events, totals) if events.ndim == 2 else np.zeros(len(events))
    cells, people = (np.atleast_3d(counts) for counts in (events, totals))
    if offsets is None:
        offsets = np.zeros((1, 1, events.shape[1], 1))
    offsets = np.broadcast_to(offsets, (len(mean), *cells.shape))
    nodes, _ = _grid(points, events.shape[1])
    most = max(1, BLOCK // (cells[:, 0].size * nodes.size))
    slices = [slice(first, first + most) for first in range(0, len(mean), most)]
    parts = [_of_block(cells, people, mean[rows], root[rows], points, offsets[rows]) for rows in slices]
    return np.concatenate(parts) + coefficients


def drawn_study_effects(
    events: Array, totals: Array, mean: Array, root: Array, z: Array, points: int = POINTS
) -> tuple[Array, Array]:
    """Effects of the studies given their events, one draw for each parameter, by importance sampling.

    Parameters
    ----------
    z
        standard normal numbers, (parameters, studies, dimensions).
    events, totals, mean, root, points
        as of :func:`log_likelihood`.

    Returns
    -------
    effects on the logit scale, (parameters, studies, dimensions), and the logarithms of their weights, (parameters,
    studies), which are nearly equal: the draws are of the normal distribution at the most probable effects.
    """
    counts, people, root_of_parts = events.T, totals.T, np.moveaxis(root, 0, -1)[..., None]
    base = np.broadcast_to(mean.T[:, :, None, None], (events.shape[1], len(mean), len(events), 1))
    centre, curvature = _most_probable(counts[..., None], people[..., None], base, root_of_parts)
    factor = _factor(curvature)
    noise = list(np.moveaxis(z, -1, 0))
    away = [c + step for c, step in zip(centre, _solved_transposed(factor, noise), strict=True)]
    effects = [m[:, None] + effect for m, effect in zip(mean.T, _times(root_of_parts, away), strict=True)]
    log_weight = -study_log_likelihoods(events, totals, mean, root, points) + _log_coefficients(events, totals)
    for i, logits in enumerate(effects):
        log_weight += counts[i] * logits - people[i] * np.logaddexp(0, logits) + 0.5 * (noise[i] ** 2 - away[i] ** 2)
        log_weight -= np.log(factor[i][i])
    return np.stack(effects, axis=-1), log_weight


def _of_block(cells: Array, totals: Array, mean: Array, root: Array, points: int, offsets: Array) -> Array:
    nodes, log_weights = _grid(points, cells.shape[1])
    root = np.moveaxis(root, 0, -1)[..., None]  # dimensions first: quick in NumPy
    counts, people = np.moveaxis(cells, 1, 0), np.moveaxis(totals, 1, 0)
    base = mean.T[:, :, None, None] + np.moveaxis(offsets, 2, 0)
    centre, curvature = _most_probable(counts, people, base, root)
    factor = _factor(curvature)
    log_integrand = np.zeros((*centre[0].shape, len(nodes))) + log_weights
    steps = _solved_transposed([[f[..., None] for f in row] for row in factor], list(nodes.T))
    z = [c[..., None] + step for c, step in zip(centre, steps, strict=True)]
    for i, effect in enumerate(_times(root[..., None], z)):
        for cell in range(cells.shape[2]):
            first = slice(int(np.flatnonzero(people[:, :, cell].any(axis=0)).max(initial=-1)) + 1)  # others have none
            logits = base[i, :, first, cell, None] + effect[:, first]
            log_integrand[:, first] += counts[i][first, cell, None] * logits
            log_integrand[:, first] -= people[i][first, cell, None] * np.logaddexp(0, logits)
        log_integrand += 0.5 * (nodes[:, i] ** 2 - z[i] ** 2)
    highest = log_integrand.max(axis=-1, keepdims=True)
    log_integral = np.log(np.exp(log_integrand - highest).sum(axis=-1)) + highest[..., 0]
    for i in range(len(factor)):
        log_integral -= np.log(factor[i][i])
    return np.asarray(log_integral)


def _most_probable(counts: Array, people: Array, base: Array, root: Array) -> tuple[Parts, list[Parts]]:
    """The mode z of each study's standardised effects, root · z, and minus the second derivatives there.

    Newton's steps, shortened where they are long in θ, so that every one climbs: the second derivative of the logistic
    log-likelihood changes by no more than its own size a unit of θ.
    """
    z: Parts = [np.zeros(base.shape[1:3])] * len(base)
    for _ in range(MOST_STEPS):
        slope, curvature = _derivatives(counts, people, base, root, z)
        factor = _factor(curvature)
        step = _solved_transposed(factor, _solved(factor, slope))
        length = np.sqrt(sum((effect**2 for effect in _times(root, step)), start=np.zeros(())))
        shortened = np.divide(np.log1p(length), length, out=np.ones_like(length), where=length > 0)
        z = [old + shortened * new for old, new in zip(z, step, strict=True)]
        if max(float(np.abs(new).max()) for new in step) < CLOSE:
            break
    return z, _derivatives(counts, people, base, root, z)[1]


def _derivatives(counts: Array, people: Array, base: Array, root: Array, z: Parts) -> tuple[Parts, list[Parts]]:
    """The slope of the integrand's logarithm in z, and minus its second derivatives (lower triangle)."""
    size = range(len(z))
    shares = [expit(base[i] + effect[..., None]) for i, effect in enumerate(_times(root, z))]
    weights = [(people[i] * shares[i] * (1 - shares[i])).sum(axis=-1) for i in size]
    away = [(counts[i] - people[i] * shares[i]).sum(axis=-1) for i in size]
    slope = [sum((root[i, j] * away[i] for i in size[j:]), start=-z[j]) for j in size]
    curvature = [
        [
            sum((root[k, i] * weights[k] * root[k, j] for k in size[i:]), start=np.ones(()) * (i == j))
            for j in size[: i + 1]
        ]
        for i in size
    ]
    return slope, curvature


def _times(root: Array, z: Parts) -> Parts:
    """Root · z for a lower triangular root."""
    return [sum((root[i, j] * z[j] for j in range(i + 1)), start=np.zeros(())) for i in range(len(z))]


def _factor(matrix: list[Parts]) -> list[Parts]:
    """Cholesky's factor of 1 + a positive semidefinite matrix, of which the lower triangle is given.

    No square of a pivot is below 1, whatever the rounding of large entries makes of it.
    """
    factor: list[Parts] = []
    for i, row in enumerate(matrix):
        new: Parts = []
        for j, entry in enumerate(row):
            other = factor[j] if j < i else new
            rest = entry - sum((new[k] * other[k] for k in range(j)), start=np.zeros(()))
            new.append(np.sqrt(np.maximum(rest, 1)) if i == j else rest / factor[j][j])
        factor.append(new)
    return factor


def _solved(factor: list[Parts], right: Sequence[Array]) -> Parts:
    """The x with factor · x = right."""
    x: Parts = []
    for i, row in enumerate(factor):
        x.append((right[i] - sum((row[j] * x[j] for j in range(i)), start=np.zeros(()))) / row[i])
    return x


def _solved_transposed(factor: list[Parts], right: Sequence[Array]) -> Parts:
    """The x with factorᵀ · x = right."""
    x: dict[int, Array] = {}
    for i in reversed(range(len(factor))):
        x[i] = (right[i] - sum((factor[j][i] * x[j] for j in x), start=np.zeros(()))) / factor[i][i]
    return [x[i] for i in range(len(factor))]


@cache
def _grid(points: int, dimensions: int) -> tuple[Array, Array]:
    """Nodes (points ** dimensions, dimensions) for the standard normal density, and the logarithms of their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    log_weights = np.log(weights) - 0.5 * np.log(2 * np.pi)
    grids = np.meshgrid(*[nodes] * dimensions, indexing="ij")
    log_grids = np.meshgrid(*[log_weights] * dimensions, indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=-1), np.sum(log_grids, axis=0).ravel()


def _log_coefficients(events: Array, totals: Array) -> Array:
    """One a study."""
    return np.asarray((gammaln(totals + 1) - gammaln(events + 1) - gammaln(totals - events + 1)).sum(axis=1))
