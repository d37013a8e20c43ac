"""In whom an outcome was looked for: a logistic model on what is recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.inference.scorer import Array, Masks

RIDGE = 1.0  # as if each recorded state had been seen once more on either side
ROUNDS = 50
LEAST = 0.01  # a probability of verification below this counts as this: no one stands for more than 100
ENOUGH = 1e-8


def inverse_probabilities(
    variables: Sequence[Variable], masks: Masks, verified: NDArray[np.bool_], least: float = LEAST
) -> Array:
    """For the verified 1 / P(verified | what is recorded), scaled to a mean of 1 among them; 0 for the others.

    Parameters
    ----------
    masks
        (variables, rows); conditions are not used to predict.
    verified
        (rows,): whether any outcome is known.
    """
    if not verified.any():
        raise CasesError("nobody's outcome is known")
    if verified.all():
        return np.ones(len(verified))
    design = _recorded(variables, masks)
    probability = special.expit(design @ _logistic(design, verified.astype(float)))
    weights = np.where(verified, 1.0 / np.maximum(probability, least), 0.0)
    return np.asarray(weights / weights[verified].mean())


def _recorded(variables: Sequence[Variable], masks: Masks) -> Array:
    """A column of ones, then for each recorded state (and each variable that is not recorded) whether it is so."""
    columns = [np.ones(masks.shape[1])]
    for row, variable in enumerate(variables):
        if variable.role == "condition":
            continue
        found = np.unique(masks[row])
        columns += [(masks[row] == mask).astype(float) for mask in found[:-1]]
    return np.stack(columns, axis=1)


def _logistic(design: Array, outcome: Array) -> Array:
    """Coefficients of a logistic regression with a small ridge on all but the constant, by Newton's method."""
    beta = np.zeros(design.shape[1])
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 1e-6
    for _ in range(ROUNDS):
        p = special.expit(design @ beta)
        gradient = design.T @ (outcome - p) - penalty * beta
        curvature = design.T @ (design * (p * (1 - p))[:, None]) + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta += step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < ENOUGH:
            break
    return beta
