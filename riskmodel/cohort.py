"""Simulated cohorts, as evidence and as case files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.arrays import States
from riskmodel.errors import UsageError, as_list
from riskmodel.evidence.records import recording_node
from riskmodel.network.simulate import sample
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.arrays import Masks
    from riskmodel.model import Model

FEWEST = 50  # people with a condition, below which no share of them is given
HISTORY = ("context", "risk_factor", "finding")  # what history and examination tell; tests come later


@dataclass(frozen=True, repr=False)
class Cohort(Shown):
    """Simulated people: the truth, and what was assessed of it."""

    states: dict[str, States]
    masks: Masks

    def sheet(self) -> Sheet:
        return Sheet("Cohort", {"people": self.masks.shape[1], "variables": len(self.states)})

    def outcome(self, condition: str) -> np.ndarray:
        """Whether each person has a condition."""
        return np.asarray(self.states[condition] == 1)


def simulate(
    model: Model,
    count: int,
    rng: np.random.Generator,
    *,
    setting: str | None = None,
    missing: float = 0.0,
    roles: Sequence[str] = (*HISTORY, "test"),
) -> Cohort:
    """Sample people from the network of a model.

    Parameters
    ----------
    setting
        where they present.
    missing
        share of cells, beside the setting, that are not assessed, at random; 0 to 1.
    roles
        the roles of the variables that are assessed; conditions never are.
    """
    if not 0 <= missing <= 1:
        raise UsageError(f"missing must lie in [0, 1], not {missing}")
    chosen = model.named_setting(setting)
    states = sample(model.tables, count, rng, {"setting": chosen} if chosen else None)
    return Cohort(states, assessed(model, states, rng, missing=missing, roles=roles))


def assessed(
    model: Model,
    states: Mapping[str, States],
    rng: np.random.Generator,
    *,
    missing: float = 0.0,
    roles: Sequence[str] = (*HISTORY, "test"),
) -> Masks:
    """What was assessed of people whose states are known, as evidence of shape (variables, people).

    Under a recording profile, what was assessed is written down as often as the profile says.
    """
    as_list("roles", roles)
    count = len(next(iter(states.values())))
    masks = np.repeat(np.array([[v.full_mask] for v in model.variables], dtype=np.uint8), count, axis=1)
    for row, variable in enumerate(model.variables):
        if variable.role not in roles:
            continue
        asked = np.ones(count, dtype=bool) if variable.name == "setting" else rng.random(count) >= missing
        written = states.get(recording_node(variable.name), 1)  # the second state of a recording node
        cells = np.where(written, 1 << states[variable.name], variable.blank_mask)
        masks[row] = np.where(asked, cells, variable.full_mask)
    return masks


def to_cases(model: Model, cohort: Cohort, *, with_outcomes: bool = False) -> pd.DataFrame:
    """A cohort as a case file: state names, blank where not assessed, outcomes where asked for.

    Under a recording profile, what is not written down is blank, and what was not assessed says so.
    """
    import pandas as pd

    count = cohort.masks.shape[1]
    width = len(str(count))
    data: dict[str, object] = {"case_id": [f"S{i:0{width}d}" for i in range(1, count + 1)]}
    for row, variable in enumerate(model.variables):
        if variable.role == "circumstance":
            continue
        names = np.array([*variable.states, "", "not_assessed" if variable.blank_tells else ""], dtype=object)
        if variable.role == "condition":
            if with_outcomes:
                data[variable.column] = names[cohort.states[variable.name]]
            continue
        cells, blank, unknown = cohort.masks[row], len(variable.states), len(variable.states) + 1
        code = np.where(cells == 0, blank, np.where(cells == variable.full_mask, unknown, cohort.states[variable.name]))
        data[variable.column] = names[code]
    return pd.DataFrame(data)
