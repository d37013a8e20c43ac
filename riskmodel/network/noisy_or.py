"""The table of a condition that other conditions cause: a noisy-OR scaled to each setting's base rate.

leak = leak share × base rate; each cause's link = its relative weight × one factor for each setting,
solved on the causes' joint distribution so that the base rate comes back.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Variable
from riskmodel.network.conditions import SETTING, above
from riskmodel.network.factors import Array, Factor, eliminate
from riskmodel.network.stated import Stated

HALVINGS = 70


def noisy_or_table(
    variable: Variable, known: Mapping[str, Factor], variables: Mapping[str, Variable], stated: Stated
) -> tuple[Array, dict[str, int]]:
    """P(state | parents), shape (draws, parents …, 2), and how often a weight's link was cut at 1."""
    causes = [name for name in variable.parents if name != SETTING]
    settings = variables[SETTING].states if SETTING in variable.parents else ("",)
    keep = ([SETTING] if settings != ("",) else []) + causes
    joint = eliminate(above(known, keep), keep)
    joint = joint.reshape(joint.shape[0], len(settings), -1)
    joint = joint / joint.sum(axis=2, keepdims=True)
    present = np.array(list(np.ndindex(*(2,) * len(causes))), dtype=float)  # (combinations, causes)
    rate = _rates(variable, settings, stated)
    weight = _weights(variable, causes, stated)
    leak = _leak_share(variable, stated)[:, None] * rate
    factor = _solve_factor(joint, present, weight, leak, rate)
    link = weight[:, None, :] * factor[:, :, None]
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
    """Product over the causes that are present of (1 - link), links cut at 1; (draws, settings, combinations)."""
    result = np.ones((*link.shape[:2], len(present)))
    for i in range(link.shape[2]):
        miss = 1 - np.minimum(link[:, :, i, None], 1.0)
        result = result * np.where(present[:, i] > 0, miss, 1.0)
    return result


def _solve_factor(joint: Array, present: Array, weight: Array, leak: Array, rate: Array) -> Array:
    """The factor at which the mean over the causes recovers the rate, by bisection; (draws, settings)."""

    def excess(factor: Array) -> Array:
        spared = (joint * _product(weight[:, None, :] * factor[:, :, None], present)).sum(axis=2)
        return 1 - (1 - leak) * spared - rate

    low = np.zeros_like(rate)
    high = np.broadcast_to(1.0 / weight.min(axis=1)[:, None], rate.shape).copy()
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        over = excess(middle) > 0
        high = np.where(over, middle, high)
        low = np.where(over, low, middle)
    return 0.5 * (low + high)


def _rates(variable: Variable, settings: tuple[str, ...], stated: Stated) -> Array:
    rates = np.full((stated.draws, len(settings)), np.nan)
    for statement, values in stated.probabilities(variable.name):
        named = statement.given.event(SETTING)
        for i, setting in enumerate(settings):
            if named is None or setting in named.states:
                rates[:, i] = values
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
