"""Random effects with normal outcomes of known variance, by maximum likelihood: what R's mada and metafor fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class NormalFit:
    """The coefficients, one row a column of the design and one column a dimension; their errors; the covariance."""

    coefficients: np.ndarray
    error: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


def normal_fit(effects: np.ndarray, variances: np.ndarray, design: np.ndarray, *, restricted: bool) -> NormalFit:
    """Fit the model with a design that holds for every dimension.

    ``effects`` and ``variances`` are (studies, dimensions), ``design`` (studies, columns).
    """
    dimensions = effects.shape[1]
    rows, columns = np.tril_indices(dimensions)
    wide = np.stack([np.kron(np.eye(dimensions), line) for line in design])

    def fitted(parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        root = np.zeros((dimensions, dimensions))
        root[rows, columns] = parameters
        between = root @ root.T
        total = between + np.stack([np.diag(v) for v in variances])
        weight = np.linalg.inv(total)
        information = np.einsum("kdi,kde,kej->ij", wide, weight, wide)
        coefficients = np.linalg.solve(information, np.einsum("kdi,kde,ke->i", wide, weight, effects))
        away = effects - wide @ coefficients
        minus = 0.5 * (np.linalg.slogdet(total)[1].sum() + np.einsum("kd,kde,ke->", away, weight, away))
        minus += 0.5 * effects.size * np.log(2 * np.pi)
        if restricted:
            minus += 0.5 * (np.linalg.slogdet(information)[1] - len(coefficients) * np.log(2 * np.pi))
        return minus, coefficients, information, between

    best = minimize(lambda x: fitted(x)[0], (0.5 * np.eye(dimensions))[rows, columns], options={"gtol": 1e-9})
    minus, coefficients, information, between = fitted(best.x)
    shape = (dimensions, design.shape[1])
    error = np.sqrt(np.diagonal(np.linalg.inv(information)))
    return NormalFit(coefficients.reshape(shape).T, error.reshape(shape).T, between, -minus)


def corrected_logits(events: np.ndarray, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits and their variances, with half a person in each cell of all studies if one cell anywhere is empty."""
    others = totals - events
    half = 0.5 * bool((events == 0).any() or (others == 0).any())
    return np.log((events + half) / (others + half)), 1 / (events + half) + 1 / (others + half)
