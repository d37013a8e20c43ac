"""The table of a condition that other conditions cause: a noisy-OR scaled to each setting's base rate.

leak = leak share × base rate; each cause's link = its relative weight × one factor for each setting,
solved on the causes' joint distribution so that the base rate comes back.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Variable
from riskmodel.network.conditions import within_settings
from riskmodel.network.factors import Array, Factor
from riskmodel.network.stated import SETTING, Stated, of_present

HALVINGS = 70


def noisy_or_table(
    variable: Variable,
    known: Mapping[str, Factor],
    variables: Mapping[str, Variable],
    stated: Stated,
    reference: str,
) -> tuple[Array, dict[str, int]]:
    """P(state | parents), shape (draws, parents …, 2), and in how many draws a weight's link was cut at 1."""
    causes = [name for name in variable.parents if name != SETTING]
    settings, joint = within_settings(variable, causes, known, variables, reference)
    present = np.array(list(np.ndindex(*(2,) * len(causes))), dtype=float)  # (combinations, causes)
    rate = _rates(variable, settings, stated, reference)
    weight = _weights(variable, causes, stated)
    leak = _leak_share(variable, stated)[:, None] * rate
    factor = _solve_factor(joint, present, weight, leak, rate)
    link = weight[:, None, :] * factor[:, :, None]
    _check_reach(variable, settings, rate[0], _rate(joint, present, link, leak)[0])
    cut = {s.id: int((link[:, :, causes.index(s.given.events[0].variable)] > 1).any(axis=1).sum())
           for s, _ in stated.about(variable.name, "relative_weight")}  # fmt: skip
    absent = (1 - leak)[:, :, None] * _product(link, present)
    absent = absent.reshape(absent.shape[0], len(settings), *(2,) * len(causes))
    order = [SETTING, *causes]
    if SETTING in variable.parents:
        absent = np.transpose(absent, [0, *(order.index(name) + 1 for name in variable.parents)])
    else:
        absent = absent[:, 0]
    return np.stack([absent, 1 - absent], axis=-1), {name: count for name, count in cut.items() if count}


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


def _check_reach(variable: Variable, settings: tuple[str, ...], stated: Array, given: Array) -> None:
    """Refuse point values that ask for more than every cause at its strongest gives."""
    for setting, rate, highest in zip(settings, stated, given, strict=True):
        if highest < rate * (1 - 1e-6):
            raise InferenceError(
                f"{variable.name}: its base rate {rate:g}{setting and f' in {setting}'} is beyond reach: "
                f"its causes are too rare for more than {highest:.4g}"
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


def _rates(variable: Variable, settings: tuple[str, ...], stated: Stated, reference: str) -> Array:
    rates = np.full((stated.draws, len(settings)), np.nan)
    for statement, values in stated.probabilities(variable.name):
        named = statement.given.event(SETTING)
        for i, setting in enumerate(settings):
            if setting in (named.states if named else (reference, "")):
                rates[:, i] = of_present(variable, statement, values)
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
