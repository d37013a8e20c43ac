"""The likelihood of a random-effects model with binomial counts, integrated over the studies' effects.

In study k, of ``totals[k, i]`` people ``events[k, i]`` have the event i, with probability expit(θ[k, i]). The effects
θ[k] are normal with a mean and a covariance. The integral over θ[k] has no closed form. It is taken by Gauss–Hermite
quadrature around the most probable effects of each study, with nodes that are scaled by the curvature there (Pinheiro
JC, Bates DM. J Comput Graph Stat 1995;4:12). With one point a dimension it is the approximation of Laplace.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, gammaln

if TYPE_CHECKING:
    from riskmodel.arrays import Array

POINTS = 15  # a dimension
CLOSE = (
    1e-5  # length of the last step to the most probable effects, in standard deviations; what is missing is its square
)
MOST_STEPS = 200
BLOCK = 2_000_000  # numbers that are worked on at once


def log_likelihood(events: Array, totals: Array, mean: Array, root: Array, points: int = POINTS) -> Array:
    """The logarithm of P(events | mean, covariance), binomial coefficients included, for several parameters at once.

    Parameters
    ----------
    events, totals
        whole numbers, (studies, dimensions) with one or two dimensions; a total may be 0.
    mean
        of the effects on the logit scale, (parameters, dimensions).
    root
        of the covariance = root · rootᵀ, lower triangular, (parameters, dimensions, dimensions); 0 is allowed.
    points
        of the quadrature in each dimension, 1 or more.

    Returns
    -------
    (parameters,)
    """
    nodes, _ = _grid(points, events.shape[1])
    most = max(1, BLOCK // (len(events) * nodes.size))
    blocks = range(0, len(mean), most)
    parts = [_of_block(events, totals, mean[b : b + most], root[b : b + most], points) for b in blocks]
    return np.concatenate(parts) + _log_coefficients(events, totals)


def _of_block(events: Array, totals: Array, mean: Array, root: Array, points: int) -> Array:
    nodes, log_weights = _grid(points, events.shape[1])
    centre, curvature = _most_probable(events, totals, mean, root)
    factor = np.linalg.cholesky(curvature)
    spread = np.swapaxes(np.linalg.inv(factor), -1, -2)
    z = centre[:, :, None, :] + np.einsum("pkij,qj->pkqi", spread, nodes)
    logits = mean[:, None, None, :] + np.einsum("pij,pkqj->pkqi", root, z)
    log_binomial = events[:, None, :] * logits - totals[:, None, :] * np.logaddexp(0, logits)
    log_integrand = (log_binomial - 0.5 * z**2 + 0.5 * nodes**2).sum(axis=-1) + log_weights
    highest = log_integrand.max(axis=-1, keepdims=True)
    log_integral = np.log(np.exp(log_integrand - highest).sum(axis=-1)) + highest[..., 0]
    log_scale = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    total: Array = (log_integral - log_scale).sum(axis=-1)
    return total


def _most_probable(events: Array, totals: Array, mean: Array, root: Array) -> tuple[Array, Array]:
    """The mode z of each study's standardised effects, θ = mean + root · z, and minus the second derivative there.

    Newton's steps, shortened where they are long in θ, so that every one climbs: the second derivative of the logistic
    log-likelihood changes by no more than its own size a unit of θ.
    """
    parameters, dimensions = mean.shape
    z = np.zeros((parameters, len(events), dimensions))
    for _ in range(MOST_STEPS):
        slope, curvature = _derivatives(events, totals, mean, root, z)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        length = np.linalg.norm(np.einsum("pij,pkj->pki", root, step), axis=-1, keepdims=True)
        z = z + step * np.divide(np.log1p(length), length, out=np.ones_like(length), where=length > 0)
        if np.abs(step).max() < CLOSE:
            break
    return z, _derivatives(events, totals, mean, root, z)[1]


def _derivatives(events: Array, totals: Array, mean: Array, root: Array, z: Array) -> tuple[Array, Array]:
    """The slope of the integrand's logarithm in z, and minus its second derivatives."""
    share = expit(mean[:, None, :] + np.einsum("pij,pkj->pki", root, z))
    slope = np.einsum("pji,pkj->pki", root, events - totals * share) - z
    weight = totals * share * (1 - share)
    return slope, np.eye(mean.shape[1]) + np.einsum("pli,pkl,plj->pkij", root, weight, root)


@cache
def _grid(points: int, dimensions: int) -> tuple[Array, Array]:
    """Nodes (points ** dimensions, dimensions) for the standard normal density, and the logarithms of their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    log_weights = np.log(weights) - 0.5 * np.log(2 * np.pi)
    grids = np.meshgrid(*[nodes] * dimensions, indexing="ij")
    log_grids = np.meshgrid(*[log_weights] * dimensions, indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=-1), np.sum(log_grids, axis=0).ravel()


def _log_coefficients(events: Array, totals: Array) -> float:
    return float((gammaln(totals + 1) - gammaln(events + 1) - gammaln(totals - events + 1)).sum())
