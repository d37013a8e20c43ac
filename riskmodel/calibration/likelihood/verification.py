"""Whose outcome was looked for, where disease itself may have decided: a logistic model beside that of the findings.

The log odds of verification are linear in what is recorded, plus a stated log odds ratio where the disease is present
(Kosinski and Barnhart, Biometrics 2003;59:163). The coefficients of what is recorded are no statements of the model:
at every point they are those of the greatest likelihood, so that the likelihood is a profile over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from riskmodel.arrays import Array, Bools

RIDGE = 0.1  # on all coefficients but the constant: a standard deviation of about 3
CLOSE = 1e-12  # of log likelihood that a step promises, at the end
ROUNDS = 200
LONGEST = 3.0  # log odds that a coefficient may move in a step
PATIENCE = 10  # steps in one metric


@dataclass(frozen=True)
class VerificationFit:
    """The logistic model where its likelihood is greatest, given the model of the findings.

    Attributes
    ----------
    log_likelihood
        what it adds to that of all that is known, the ridge included.
    tilt
        (rows,): P(verified or not | disease present) over the same | disease absent, of what happened in the row.
    residual
        (rows,): 1 if verified, else 0, minus the expected probability of that.
    """

    log_likelihood: float
    tilt: Array
    residual: Array


class VerificationModel:
    """The logistic model of who was verified, of one cohort at one log odds ratio.

    Parameters
    ----------
    design
        (rows, columns): the constant first, then what is recorded.
    verified
        (rows,).
    weights
        (rows,): how many people each stands for.
    log_odds_ratio
        of verification, disease present against absent, at equal recorded findings.
    """

    def __init__(self, design: Array, verified: NDArray[np.bool_], weights: Array, log_odds_ratio: float) -> None:
        self.design, self.verified, self.weights = design, verified.astype(float), weights
        self.log_odds_ratio = log_odds_ratio
        self.penalty = np.full(design.shape[1], RIDGE)
        self.penalty[0] = 1e-6
        self._start = np.zeros(design.shape[1])
        self._metric: tuple[Array, bool] | None = None

    def fit(self, ill: Array) -> VerificationFit:
        """The greatest likelihood where the disease has these probabilities before it is known who was verified.

        Parameters
        ----------
        ill
            (rows,): P(disease | what is known of the row).
        """
        beta, metric = self._start, self._metric
        for step in range(ROUNDS):
            chance = self._chances(beta)
            share = _ill_given(chance, ill, self.verified)
            expected = (1 - share) * chance[0] + share * chance[1]
            residual = self.verified - expected
            gradient = self.design.T @ (self.weights * residual) - self.penalty * beta
            if metric is None or step % PATIENCE == PATIENCE - 1:
                spread = (1 - share) * chance[0] * (1 - chance[0]) + share * chance[1] * (1 - chance[1])
                curvature = self.design.T @ (self.design * (self.weights * spread)[:, None])
                metric = linalg.cho_factor(curvature + np.diag(self.penalty))
            move = linalg.cho_solve(metric, gradient)
            if gradient @ move < 2 * CLOSE:
                break
            beta = beta + move * min(1.0, LONGEST / max(float(np.abs(move).max()), 1e-300))
        self._start, self._metric = beta, metric
        happened = np.where(self.verified, chance, 1 - chance)
        total = self.weights @ np.log((1 - ill) * happened[0] + ill * happened[1])
        ridge = 0.5 * float(self.penalty @ beta**2)
        return VerificationFit(float(total) - ridge, happened[1] / happened[0], residual)

    def information(self, residual: Array) -> Array:
        """Of the coefficients, from squared scores and the ridge: (columns, columns)."""
        squares = self.design.T @ (self.design * (self.weights * residual**2)[:, None])
        return np.asarray(squares + np.diag(self.penalty))

    def _chances(self, beta: Array) -> Array:
        """P(verified | recorded, disease absent and present), (2, rows)."""
        recorded = self.design @ beta
        return np.asarray(special.expit(np.stack([recorded, recorded + self.log_odds_ratio])))


def _ill_given(chance: Array, ill: Array, verified: Array) -> Array:
    """P(disease | what is known of the row, and whether it was verified), (rows,)."""
    happened = np.where(verified, chance, 1 - chance)
    joint = np.stack([1 - ill, ill]) * happened
    return np.asarray(joint[1] / joint.sum(axis=0))


def who_is_ill(presence: NDArray[np.int64], which: list[int]) -> Bools:
    """Whether any of some conditions is present, (joint states,); ``presence`` is (conditions, joint states)."""
    return np.asarray(presence[which].any(axis=0))
