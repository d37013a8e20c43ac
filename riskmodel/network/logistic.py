"""Logistic risk models solved so that stated base rates and crude ratios come back.

Everything is convex: intercepts and crude coefficients solve the score equations of a logistic regression
whose expected sufficient statistics are the stated ones, so the solution is unique and Newton's method
with step halving finds it, in all draws at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from riskmodel.network.factors import Array

CAP = 0.95  # highest P(exposed | condition) that a draw may ask for
ROUNDS = 100


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def logit(p: Array) -> Array:
    return np.log(p) - np.log1p(-p)


def solve(weights: Array, offset: Array, design: Array, target: Array, start: Array) -> Array:
    """Coefficients b with sum over cells of weight · sigmoid(offset + design · b) · design = target.

    Parameters
    ----------
    weights, offset
        shape (batch, cells); the weights of a batch sum to 1.
    design
        shape (cells, coefficients).
    target, start
        shape (batch, coefficients).
    """

    def objective(b: Array) -> Array:
        score = offset + b @ design.T
        value: Array = (weights * np.logaddexp(0.0, score)).sum(axis=1) - (b * target).sum(axis=1)
        return value

    beta = start.copy()
    value = objective(beta)
    for _ in range(ROUNDS):
        p = sigmoid(offset + beta @ design.T)
        gradient = (weights * p) @ design - target
        if np.all(np.abs(gradient) <= 1e-15 + 1e-14 * np.abs(target)):
            break
        curvature = np.einsum("kc,ci,cj->kij", weights * p * (1 - p), design, design)
        curvature += np.eye(design.shape[1]) * 1e-300
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        step *= np.minimum(1.0, 4.0 / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        beta, value, moved = _line_search(objective, beta, value, step)
        if not moved:
            break
    return beta


def _line_search(
    objective: Callable[[Array], Array], beta: Array, value: Array, step: Array
) -> tuple[Array, Array, bool]:
    """Halve each draw's step until its objective does not rise; rounding noise counts as no rise."""
    size = np.ones(len(beta))
    for _ in range(40):
        trial = beta - size[:, None] * step
        new = objective(trial)
        worse = new > value + 1e-15 * np.maximum(np.abs(value), 1.0)
        if not worse.any():
            break
        size[worse] *= 0.5
    else:
        trial = np.where(worse[:, None], beta, trial)
        new = np.where(worse, value, new)
    return trial, new, bool(np.any(trial != beta))


def exposed_share(quantity: str, ratio: Array, exposure: Array, prevalence: Array) -> tuple[Array, Array]:
    """P(exposed | condition) that a crude ratio asks for, and the largest ratio within reach.

    ``exposure`` is P(exposed), ``prevalence`` P(condition); reach is where P(condition | exposed) or
    P(exposed | condition) would become 1.

    Examples
    --------
    >>> import numpy as np
    >>> half, tenth = np.array([0.5]), np.array([0.1])
    >>> share, reach = exposed_share("risk_ratio", np.array([3.0]), half, tenth)
    >>> share.tolist()
    [0.75]
    """
    e, pi, r = exposure, prevalence, ratio
    most = np.minimum(1.0, e / pi)  # P(exposed | condition) where everybody exposed has the condition
    with np.errstate(divide="ignore", invalid="ignore"):
        if quantity == "risk_ratio":
            share = r * e / (r * e + 1 - e)
            reach = most * (1 - e) / (e * (1 - most))
        elif quantity == "likelihood_ratio_positive":
            share = r * e / (1 - pi + r * pi)
            reach = most * (1 - pi) / np.maximum(e - most * pi, 0.0)
        else:
            b = 1 - e - pi + r * (e + pi)
            share = 2 * r * e / (b + np.sqrt(b * b + 4 * pi * (1 - r) * r * e))
            reach = np.full_like(e, np.inf)
    return share, reach


def hold(share: Array, exposure: Array, prevalence: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Hold shares that leave the reachable region (or nearly): (share held, which draws)."""
    limit = np.minimum(CAP, CAP * exposure / prevalence)
    held = share > limit
    return np.where(held, limit, share), held
