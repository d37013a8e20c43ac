"""The table of a condition that other conditions cause: a noisy-OR scaled to each setting's base rate.

P(absent | causes) = (1 - leak) · product over the causes that are present of (1 - link), where
leak = leak share · base rate, and link = relative weight · a factor for each setting, solved on the causes' joint
distribution so that the base rate comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING
from riskmodel.network.forms.building import Building, BuiltTable

HALVINGS = 70
SHORT = 1e-6  # a base rate missed by more than this share is out of reach


def noisy_or_table(building: Building) -> BuiltTable:
    """P(state | parents), and where a statement was held.

    A weight is, where its link was cut at 1; a base rate, where its causes are too rare for it.
    """
    variable, settings = building.variable, building.settings
    causes = [parent.name for parent in building.parents if parent.name != SETTING]
    for parent in building.parents:
        if parent.name != SETTING and parent.role != "condition":
            raise InferenceError(f"{variable.name}: a noisy_or condition has conditions as causes, not {parent.name}")
    joint = building.within_settings(causes)
    present = np.array(list(np.ndindex(*(2,) * len(causes))), dtype=float)  # (combinations, causes)
    rate = _rates(building)
    weight = _weights(building, causes)
    leak = (building.shares[0][1] if building.shares else np.zeros(building.draws))[:, None] * rate
    factor = _solve_factor(joint, present, weight, leak, rate)
    link = weight[:, None, :] * factor[:, :, None]
    short = _rate(joint, present, link, leak) < rate * (1 - SHORT)
    if not building.hold:
        _check_reach(variable.name, settings, rate[0], short[0])
    held = {}
    for statement, _ in building.weights:
        held[statement.id] = link[:, :, causes.index(statement.given.events[0].variable)] > 1
    for statement, _ in building.probabilities:
        held[statement.id] = short[:, [settings.index(setting) for setting in building.settings_of(statement)]]
    absent = (1 - leak)[:, :, None] * _product(link, present)
    absent = absent.reshape(absent.shape[0], len(settings), *(2,) * len(causes))
    table = np.stack([absent, 1 - absent], axis=-1)
    return BuiltTable(
        building.in_order_of_parents(table, [SETTING, *causes]) if SETTING in variable.parents else table[:, 0],
        held={identifier: where.sum(axis=1) for identifier, where in held.items() if where.any()},
    )


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


def _check_reach(name: str, settings: Sequence[str], rates: Array, short: NDArray[np.bool_]) -> None:
    """Refuse point values that ask for more than every cause at its strongest gives."""
    for setting, rate, missed in zip(settings, rates, short, strict=True):
        if missed:
            where = f" in {setting}" if setting else ""
            raise InferenceError(f"{name}: its base rate {rate:g}{where} is beyond reach: its causes are too rare")


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


def _rates(building: Building) -> Array:
    """The base rates: (draws, settings)."""
    rates = np.full((building.draws, len(building.settings)), np.nan)
    for statement, values in building.probabilities:
        columns = [building.settings.index(setting) for setting in building.settings_of(statement)]
        if not np.isnan(rates[:, columns]).all():
            raise InferenceError(f"{statement.id}: another selected statement gives this rate too")
        rates[:, columns] = building.of_present(statement, values)[:, None]
    if np.isnan(rates).any():
        raise InferenceError(f"{building.variable.name}: no selected statement gives its base rate in every setting")
    return rates


def _weights(building: Building, causes: list[str]) -> Array:
    """The causes' relative weights: (draws, causes)."""
    weights = np.full((building.draws, len(causes)), np.nan)
    for statement, values in building.weights:
        weights[:, causes.index(statement.given.events[0].variable)] = values
    if np.isnan(weights).any():
        raise InferenceError(f"{building.variable.name}: each of its causes needs a relative weight")
    return weights
