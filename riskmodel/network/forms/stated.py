"""The table of a variable that is stated cell by cell: P(state | parents) = the statement that says most of the cell.

Of the statements on a state, the one with the most events that all hold in the cell is taken; the one state of a cell
that is not stated takes what the others leave, 1 - their sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Event, Variable
from riskmodel.network.forms.building import Building, BuiltTable
from riskmodel.network.forms.manifestation import condition_of, occult_share, solve_manifest

ROUNDING = 1e-12  # a sum this close to 1 is 1

Candidates = Sequence[tuple[Sequence[Event], Array]]  # events that must hold, and the value in each draw


def stated_table(building: Building) -> BuiltTable:
    """The table of a variable whose distribution is stated cell by cell."""
    candidates: dict[str, list[tuple[Sequence[Event], Array]]] = {state: [] for state in building.variable.states}
    for statement, values in building.probabilities:
        for state in statement.of.states:
            candidates[state].append((building.events(statement), values))
    parents = tuple(building.variables[condition_of(parent)] for parent in building.parents)
    table = distribution(building.variable, parents, candidates, building.draws)
    nodes = [(axis, p.name) for axis, p in enumerate(building.parents, start=1) if p.role == "manifestation"]
    if not nodes:
        return BuiltTable(table)
    table, held = solve_manifest(building, table, [(axis, occult_share(building, name)) for axis, name in nodes])
    return BuiltTable(table, held={s.id: held for s, _ in building.probabilities} if held.any() else {})


def observed_table(building: Building) -> BuiltTable:
    """The table of a context or a risk factor: as stated; one that has no statement at all is even."""
    if building.probabilities or building.parents:
        return stated_table(building)
    count = len(building.variable.states)
    return BuiltTable(np.full((1, count), 1.0 / count))


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination of parent states, and where it lies in a table."""

    states: Mapping[str, str]
    index: tuple[int, ...]

    def specificity(self, events: Sequence[Event]) -> int:
        """How many events this cell satisfies, or -1 if it breaks one."""
        for event in events:
            if self.states.get(event.variable) not in event.states:
                return -1
        return len(events)


def cells(parents: Sequence[Variable]) -> Iterator[Cell]:
    """Every combination of the parents' states."""
    for index in np.ndindex(*(len(parent.states) for parent in parents)):
        yield Cell({p.name: p.states[i] for p, i in zip(parents, index, strict=True)}, index)


def most_specific(candidates: Candidates, cell: Cell) -> Array | None:
    """The values of the candidate that fits the cell with the most events."""
    best, value = -1, None
    for events, values in candidates:
        fit = cell.specificity(events)
        if fit > best:
            best, value = fit, values
    return value


def distribution(
    variable: Variable, parents: Sequence[Variable], candidates: Mapping[str, Candidates], draws: int
) -> Array:
    """P(state | parents) from candidates by state: (draws, states of each parent …, states).

    Raises
    ------
    InferenceError
        when a cell has two states or more without a candidate that fits.
    """
    shape = (draws, *(len(parent.states) for parent in parents), len(variable.states))
    table = np.full(shape, math.nan)
    for cell in cells(parents):
        at: tuple[slice | int, ...] = (slice(None), *cell.index)
        column, missing = table[at], []
        for j, state in enumerate(variable.states):
            value = most_specific(candidates.get(state, ()), cell)
            if value is None:
                missing.append(j)
            else:
                column[:, j] = value
        _fill_rest(column, missing, variable, cell)
    return table


def _fill_rest(column: Array, missing: Sequence[int], variable: Variable, cell: Cell) -> None:
    """Give the one missing state what the others leave; a view (draws, states), changed in place."""
    if len(missing) > 1:
        names = ", ".join(variable.states[j] for j in missing)
        where = ", ".join(f"{name}={state}" for name, state in cell.states.items()) or "all"
        raise InferenceError(f"{variable.name}: no selected statement gives {names} for {where}")
    if missing:
        column[:, missing[0]] = 0.0
        column[:, missing[0]] = np.maximum(1.0 - column.sum(axis=1), 0.0)
    total = column.sum(axis=1, keepdims=True)  # states drawn apart from each other may overshoot
    column /= np.where(total > 1 + ROUNDING, total, 1.0) if missing else total
