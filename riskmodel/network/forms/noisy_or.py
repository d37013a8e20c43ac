"""The table of a condition that other conditions cause: a noisy-OR scaled to each setting's base rate.

leak = leak share × base rate; each cause's link = its relative weight × one factor for each setting,
solved on the causes' joint distribution so that the base rate comes back.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Statement, Variable
from riskmodel.network.elimination import Factor
from riskmodel.network.forms.risk_model import within_settings
from riskmodel.network.forms.stated import SETTING, Stated, of_present

HALVINGS = 70
SHORT = 1e-6  # a base rate missed by more than this share is out of reach


def noisy_or_table(
    variable: Variable,
    known: Mapping[str, Factor],
    variables: Mapping[str, Variable],
    stated: Stated,
    reference: str,
) -> tuple[Array, dict[str, int]]:
    """P(state | parents), shape (draws, parents …, 2), and in how many draws a statement was held.

    A weight is, where its link was cut at 1; a base rate, where its causes are too rare for it.
    """
    causes = [name for name in variable.parents if name != SETTING]
    other = [name for name in causes if variables[name].role != "condition"]
    if other:
        raise InferenceError(f"{variable.name}: a noisy_or condition has conditions as causes, not {other[0]}")
    settings, joint = within_settings(variable, causes, known, variables, reference)
    present = np.array(list(np.ndindex(*(2,) * len(causes))), dtype=float)  # (combinations, causes)
    rate = _rates(variable, settings, stated, reference)
    weight = _weights(variable, causes, stated)
    leak = _leak_share(variable, stated)[:, None] * rate
    factor = _solve_factor(joint, present, weight, leak, rate)
    link = weight[:, None, :] * factor[:, :, None]
    short = _rate(joint, present, link, leak) < rate * (1 - SHORT)
    _check_reach(variable, settings, rate[0], short[0])
    held = {}
    for statement, _ in stated.about(variable.name, "relative_weight"):
        held[statement.id] = link[:, :, causes.index(statement.given.events[0].variable)] > 1
    for statement, _ in stated.probabilities(variable.name):
        held[statement.id] = short[:, _places(statement, settings, reference)]
    absent = (1 - leak)[:, :, None] * _product(link, present)
    absent = absent.reshape(absent.shape[0], len(settings), *(2,) * len(causes))
    order = [SETTING, *causes]
    if SETTING in variable.parents:
        absent = np.transpose(absent, [0, *(order.index(name) + 1 for name in variable.parents)])
    else:
        absent = absent[:, 0]
    counts = {identifier: int(where.any(axis=1).sum()) for identifier, where in held.items()}
    return np.stack([absent, 1 - absent], axis=-1), {name: count for name, count in counts.items() if count}


def _product(link: Array, present: Array) -> Array:
    """Product of 1 - link (cut at 1) over the causes that are present: (draws, settings, combinations)."""
    result = np.ones((*link.shape[:2], len(present)))
    for i in range(link.shape[2]):
        miss = 1 - np.minimum(link[:, :, i, None], 1.0)
        result = result * np.where(present[:, i] > 0, miss, 1.0)
    return result


def _rate(joint: Array, present: Array, link: Array, leak: Array) -> Array:
    """The base rate that leak and links give: (draws, settings)."""
    rate: Array = 1 - (1 - leak) * (joint * _product(link, present)).sum(axis=2)
    return rate


def _check_reach(variable: Variable, settings: tuple[str, ...], rates: Array, short: NDArray[np.bool_]) -> None:
    """Refuse point values that ask for more than every cause at its strongest gives."""
    for setting, rate, missed in zip(settings, rates, short, strict=True):
        if missed:
            place = f" in {setting}" if setting else ""
            raise InferenceError(
                f"{variable.name}: its base rate {rate:g}{place} is beyond reach: its causes are too rare"
            )


def _solve_factor(joint: Array, present: Array, weight: Array, leak: Array, rate: Array) -> Array:
    """The factor at which the mean over the causes recovers the rate, by bisection; (draws, settings)."""
    low: Array = np.zeros_like(rate)
    high: Array = np.broadcast_to(1.0 / weight.min(axis=1)[:, None], rate.shape).copy()
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        over = _rate(joint, present, weight[:, None, :] * middle[:, :, None], leak) > rate
        high = np.where(over, middle, high)
        low = np.where(over, low, middle)
    factor: Array = 0.5 * (low + high)
    return factor


def _places(statement: Statement, settings: tuple[str, ...], reference: str) -> list[int]:
    """The settings that a base rate speaks of; one that names none, the reference."""
    named = statement.given.event(SETTING)
    return [i for i, setting in enumerate(settings) if setting in (named.states if named else (reference, ""))]


def _rates(variable: Variable, settings: tuple[str, ...], stated: Stated, reference: str) -> Array:
    rates = np.full((stated.draws, len(settings)), np.nan)
    for statement, values in stated.probabilities(variable.name):
        places = _places(statement, settings, reference)
        if not np.isnan(rates[:, places]).all():
            raise InferenceError(f"{statement.id}: another selected statement gives this rate too")
        rates[:, places] = of_present(variable, statement, values)[:, None]
    if np.isnan(rates).any():
        raise InferenceError(f"{variable.name}: no selected statement gives its base rate in every setting")
    return rates


def _weights(variable: Variable, causes: list[str], stated: Stated) -> Array:
    weights = np.full((stated.draws, len(causes)), np.nan)
    for statement, values in stated.about(variable.name, "relative_weight"):
        weights[:, causes.index(statement.given.events[0].variable)] = values
    if np.isnan(weights).any():
        raise InferenceError(f"{variable.name}: each of its causes needs a relative weight")
    return weights


def _leak_share(variable: Variable, stated: Stated) -> Array:
    for _, values in stated.about(variable.name, "share"):
        return values
    return np.zeros(stated.draws)
