"""In whom an outcome was looked for: a logistic model on what is recorded, and whether it can be weighted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from riskmodel.arrays import Array, Masks
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.text import percent

RIDGE = 1.0  # as if each recorded state had been seen once more on either side
ROUNDS = 50
LEAST = 0.01  # a probability of verification below this counts as this: no one stands for more than 100
ENOUGH = 1e-8
RARE = 0.1  # of the share whose outcome is known: with a chance below, a person is hardly stood for
MOST_RARE = 0.05  # of all people; with more of these, positivity is violated
UNBALANCED = 0.1  # standardised difference; Austin, Stat Med 2009;28:3083


@dataclass(frozen=True)
class Weighting:
    """The weights of the people whose outcome is known, and whether these can stand for all.

    Attributes
    ----------
    people, verified
        how many, and of how many at least one outcome is known.
    quantiles
        of the weights, whose mean is 1: least, 5 %, median, 95 %, largest.
    effective
        the effective sample size of the weights, (sum)² / sum of squares (Kish 1965); at most ``verified``.
    truncated
        how many weights were cut at 1 / 0.01.
    rare
        the share of all people whose chance of a known outcome is less than a tenth of the average (positivity).
    difference, variable
        the largest standardised difference between the weighted and all people, in what is recorded, and of what.
    """

    people: int
    verified: int
    quantiles: tuple[float, float, float, float, float]
    effective: float
    truncated: int
    rare: float
    difference: float
    variable: str

    @property
    def is_violated(self) -> bool:
        """Whether too many people had hardly any chance that their outcome became known."""
        return self.rare > MOST_RARE

    def lines(self) -> list[str]:
        """What a reader should know of the weights."""
        least, low, median, high, largest = self.quantiles
        spread = (
            f"weights of the {self.verified:,} people with an outcome: median {median:.2g}, 5 % to 95 % {low:.2g} to "
            f"{high:.2g}, least {least:.2g}, largest {largest:.2g} (mean 1); effective sample size "
            f"{self.effective:,.0f}; {self.truncated:,} truncated"
        )
        positivity = (
            f"positivity: {percent(self.rare)} of all people had less than a tenth of the average chance that their "
            f"outcome is known"
        )
        notes = [spread, positivity]
        if self.difference > UNBALANCED:
            notes.append(
                f"the weighted people differ from all by {self.difference:.2f} standard deviations in {self.variable} "
                f"(more than {UNBALANCED:g}): the logistic model of who has an outcome does not fit, or they are few"
            )
        return notes

    def check(self) -> None:
        """Refuse weights that cannot stand for all.

        Raises
        ------
        CasesError
            where positivity is violated.
        """
        if self.is_violated:
            raise CasesError(
                f"outcomes: 'weighted' needs everybody to have had a chance that their outcome became known, but "
                f"{percent(self.rare)} of {self.people:,} people had less than a tenth of the average chance "
                f"(allowed: {percent(MOST_RARE)}), and the weighted people differ from all by {self.difference:.2f} "
                f"standard deviations in {self.variable}. Nobody stands for those who are never examined: take "
                f"'ignorable' where the rows hold what decided who was examined, or follow up a random sample of the "
                f"others"
            )


def inverse_probabilities(
    variables: Sequence[Variable], masks: Masks, verified: NDArray[np.bool_], least: float = LEAST
) -> tuple[Array, Weighting | None]:
    """For the verified 1 / P(verified | what is recorded), scaled to a mean of 1 among them; 0 for the others.

    Inverse probability weights (Seaman and White, Stat Methods Med Res 2013;22:278).

    Parameters
    ----------
    masks
        (variables, rows); conditions are not used to predict.
    verified
        (rows,): whether any outcome is known.
    least
        a lower probability counts as this, in (0, 1].

    Returns
    -------
    the weights, (rows,), and how they are distributed; None where everybody is verified.
    """
    if not verified.any():
        raise CasesError("nobody's outcome is known")
    if verified.all():
        return np.ones(len(verified)), None
    design, names = recorded_states(variables, masks)
    probability = special.expit(design @ _logistic(design, verified.astype(float)))
    weights = np.where(verified, 1.0 / np.maximum(probability, least), 0.0)
    weights = np.asarray(weights / weights[verified].mean())
    return weights, _described(weights, probability, verified, design, names, least)


def _described(
    weights: Array, probability: Array, verified: NDArray[np.bool_], design: Array, names: Sequence[str], least: float
) -> Weighting:
    held = weights[verified]
    spread = design.std(axis=0)
    apart = np.abs(held @ design[verified] / held.sum() - design.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    worst = int(np.argmax(apart))
    return Weighting(
        people=len(weights),
        verified=len(held),
        quantiles=tuple(float(q) for q in np.quantile(held, [0, 0.05, 0.5, 0.95, 1])),  # type: ignore[arg-type]
        effective=float(held.sum() ** 2 / (held**2).sum()),
        truncated=int((probability[verified] < least).sum()),
        rare=float((probability < RARE * verified.mean()).mean()),
        difference=float(apart[worst]),
        variable=names[worst],
    )


def recorded_states(variables: Sequence[Variable], masks: Masks) -> tuple[Array, list[str]]:
    """A column of ones, then for each recorded state (and each variable that is not recorded) whether it is so.

    Returns
    -------
    (rows, columns), and the name of each column; conditions are left out.
    """
    columns, names = [np.ones(masks.shape[1])], ["constant"]
    for row, variable in enumerate(variables):
        if variable.role == "condition":
            continue
        for mask in np.unique(masks[row])[:-1]:
            columns.append((masks[row] == mask).astype(float))
            states = [state for i, state in enumerate(variable.states) if mask >> i & 1]
            names.append(f"{variable.name}={' or '.join(states)}" if states else f"{variable.name} not written down")
    return np.stack(columns, axis=1), names


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
