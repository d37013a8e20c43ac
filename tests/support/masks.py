"""Cases as bit masks of the shipped model."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.arrays import Masks
from tests.support.models import shipped
from tests.support.scans import without_contradictions

SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")
ROUNDING = 1e-13  # relative; sums of some hundred terms in another order
MODEL = shipped()
SCORER = MODEL.scoring.scorer
ROW = {variable.name: row for row, variable in enumerate(MODEL.variables)}
settings_of_network = pytest.mark.parametrize("setting", MODEL.settings)


def case(setting: str = "primary_care", **states: str) -> Masks:
    """Evidence of one case; several states joined by ``|``."""
    masks = SCORER.blank(1, MODEL.settings.index(setting))
    for name, state in states.items():
        masks[ROW[name]] = MODEL.variables[ROW[name]].mask(*state.split("|"))
    return masks


def repeated(masks: Masks, name: str) -> Masks:
    """A case once for each state of a variable, known to be in that state."""
    count = len(MODEL.variables[ROW[name]].states)
    each = np.repeat(masks, count, axis=1)
    each[ROW[name]] = 1 << np.arange(count)
    return each


def odds(p: float) -> float:
    return p / (1 - p)


def random_cases(count: int, rng: np.random.Generator) -> Masks:
    """Any evidence at all, likely or not: sets of states, tests, circumstances; half is not assessed."""
    masks = SCORER.blank(count)
    for row, variable in enumerate(MODEL.variables):
        if variable.name == "setting":
            masks[row] = 1 << rng.integers(0, len(variable.states), count)
        else:
            kind = rng.random(count)
            single = 1 << rng.integers(0, len(variable.states), count)
            some = rng.integers(1, variable.full_mask + 1, count)
            masks[row] = np.where(kind < 0.4, single, np.where(kind < 0.5, some, variable.full_mask))
    return without_contradictions(MODEL.variables, masks)
