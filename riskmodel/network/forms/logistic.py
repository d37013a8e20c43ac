"""Logistic risk models solved so that stated base rates and crude ratios come back.

Everything is convex: intercepts and crude coefficients solve the score equations of a logistic regression
whose expected sufficient statistics are the stated ones, so the solution is unique and Newton's method
with step halving finds it, in all draws at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array

CAP = 0.95  # highest P(exposed | condition) that a draw may ask for
ROUNDS, HALVINGS = 100, 40
LONGEST = 4.0  # log-odds that one step may go
SURE = 1.5  # a Newton step that moves no cell's log-odds further never raises the objective (see line_search)
STALLED = 1e-8  # a step this short that does not halve the one before is noise
RIDGE = 1e-14  # of the curvature


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow, and without loading scipy."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def logistic_coefficients(weights: Array, offset: Array, design: Array, target: Array, start: Array) -> Array:
    """Coefficients b with sum over cells of weight · sigmoid(offset + design · b) · design = target.

    Where no coefficients do (a target out of reach), those of the last round.

    Parameters
    ----------
    weights, offset
        shape (batch, cells); the weights of a batch sum to 1.
    design
        shape (cells, coefficients).
    target, start
        shape (batch, coefficients).
    """
    beta = start.copy()
    last = np.full(len(beta), np.inf)
    active = np.arange(len(beta))  # each draw goes its own way, and leaves when it has arrived
    for _ in range(ROUNDS):
        problem = _Problem(weights[active], offset[active], design, target[active])
        gradient, step = problem.newton(beta[active])
        length = np.abs(step).max(axis=1)
        arrived = np.all(np.abs(gradient) <= 1e-14 * np.abs(problem.target), axis=1)
        arrived |= (length <= STALLED) & (length > 0.5 * last[active])  # only rounding moves it any more
        last[active] = length
        after = problem.line_search(beta[active], step)
        arrived |= np.all(after == beta[active], axis=1)
        beta[active] = after
        active = active[~arrived]
        if not active.size:
            break
    return beta


@dataclass(frozen=True, slots=True)
class _Problem:
    """The convex problem of some draws; shapes as in :func:`logistic_coefficients`."""

    weights: Array
    offset: Array
    design: Array
    target: Array

    def objective(self, b: Array) -> Array:
        score = self.offset + b @ self.design.T
        value: Array = (self.weights * np.logaddexp(0.0, score)).sum(axis=1) - (b * self.target).sum(axis=1)
        return value

    def newton(self, b: Array) -> tuple[Array, Array]:
        """The gradient, and a step of at most 4 log-odds against it."""
        p = sigmoid(self.offset + b @ self.design.T)
        gradient = (self.weights * p) @ self.design - self.target
        count = self.design.shape[1]
        squares = (self.design[:, :, None] * self.design[:, None, :]).reshape(-1, count * count)
        curvature = ((self.weights * p * (1 - p)) @ squares).reshape(-1, count, count)
        ridge = RIDGE * np.trace(curvature, axis1=1, axis2=2) + 1e-300  # a flat direction is no reason to fail
        curvature += ridge[:, None, None] * np.eye(self.design.shape[1])
        step = np.nan_to_num(np.linalg.solve(curvature, gradient[..., None])[..., 0], posinf=LONGEST, neginf=-LONGEST)
        step *= np.minimum(1.0, LONGEST / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        return gradient, step

    def line_search(self, b: Array, step: Array) -> Array:
        """Halve each draw's step until its objective does not rise; rounding noise counts as no rise.

        The curvature of a logistic loss changes by a factor of at most exp(d) where no cell's log-odds moves by more
        than d. A whole Newton step therefore lowers the objective while (exp(d) - d - 1) / d² < 1, which is d < 1.79.
        """
        if np.abs(step @ self.design.T).max(initial=0.0) <= SURE:
            return b - step
        value = self.objective(b)
        ceiling = value + 1e-15 * np.maximum(np.abs(value), 1.0)
        size = np.ones(len(b))
        for _ in range(HALVINGS):
            trial: Array = b - size[:, None] * step
            worse = self.objective(trial) > ceiling
            if not worse.any():
                return trial
            size[worse] *= 0.5
        return np.where(worse[:, None], b, trial)


def exposed_share(quantity: str, ratio: Array, exposure: Array, prevalence: Array) -> tuple[Array, Array, Array]:
    """P(exposed | condition) that a crude ratio asks for, and the lowest and highest ratio within reach.

    ``exposure`` is P(exposed), ``prevalence`` P(condition); reach ends where P(condition | exposed),
    P(condition | not exposed) or P(exposed | condition) would become 1.

    Examples
    --------
    >>> import numpy as np
    >>> half, tenth = np.array([0.5]), np.array([0.1])
    >>> share, lowest, highest = exposed_share("risk_ratio", np.array([3.0]), half, tenth)
    >>> share.tolist(), lowest.tolist(), highest.tolist()
    ([0.75], [0.0], [inf])
    """
    e, pi, r = exposure, prevalence, ratio
    least, most = np.maximum(0.0, 1 - (1 - e) / pi), np.minimum(1.0, e / pi)
    with np.errstate(divide="ignore", invalid="ignore"):
        if quantity == "risk_ratio":
            share = r * e / (r * e + 1 - e)
            lowest, highest = (s * (1 - e) / (e * (1 - s)) for s in (least, most))
        elif quantity == "likelihood_ratio_positive":
            share = r * e / (1 - pi + r * pi)
            lowest, highest = (s * (1 - pi) / np.maximum(e - s * pi, 0.0) for s in (least, most))
        else:
            b = 1 - e - pi + r * (e + pi)
            share = 2 * r * e / (b + np.sqrt(b * b + 4 * pi * (1 - r) * r * e))
            lowest, highest = np.zeros_like(e), np.full_like(e, np.inf)
    return share, lowest, highest


def hold(share: Array, exposure: Array, prevalence: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Hold shares that leave the reachable region, or nearly: (share held, which draws).

    None of P(exposed | condition), P(condition | exposed) and P(condition | not exposed) may pass the cap;
    where that cannot be, the exposure is left without effect.
    """
    most = np.minimum(CAP, CAP * exposure / prevalence)
    least = np.maximum(0.0, 1 - CAP * (1 - exposure) / prevalence)
    kept = np.where(least <= most, np.clip(share, least, np.maximum(least, most)), exposure)
    return kept, kept != share
