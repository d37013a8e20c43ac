"""The selected statements with their values in every draw, looked up by what they speak of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Event, Priors, Statement, Variable

SETTING = "setting"
ROUNDING = 1e-12  # a sum this close to 1 is 1


@dataclass(frozen=True, slots=True)
class Stated:
    """Statements that drive tables, and an array (draws, statements) of their values."""

    statements: tuple[Statement, ...]
    values: Array

    @classmethod
    def of(cls, priors: Priors, values: Array | None = None) -> Stated:
        """The selected statements of a prior set; without ``values``, the stated ones as a single draw."""
        chosen = set(priors.selected)
        statements = tuple(statement for statement in priors.statements if statement.id in chosen)
        if values is None:
            values = np.array([[statement.value for statement in statements]])
        return cls(statements, values)

    @property
    def draws(self) -> int:
        return int(self.values.shape[0])

    def about(self, variable: str, *quantities: str) -> list[tuple[Statement, Array]]:
        """Statements on a variable of the given quantities, each with its values (draws,)."""
        return [
            (statement, self.values[:, i])
            for i, statement in enumerate(self.statements)
            if statement.quantity in quantities and subject(statement) == variable
        ]

    def of_variable(self, variable: str, *, varies: bool) -> Stated:
        """What builds one variable's table: a single draw where neither its parents vary nor its statements."""
        columns = [i for i, statement in enumerate(self.statements) if subject(statement) == variable]
        varies = varies or bool((self.values[1:, columns] != self.values[:1, columns]).any())
        return self if varies else Stated(self.statements, self.values[:1])

    def probabilities(self, variable: str) -> list[tuple[Statement, Array]]:
        return self.about(variable, "probability")


def subject(statement: Statement) -> str:
    """The variable whose table a statement drives: of a likelihood ratio, the condition it is given."""
    if statement.quantity == "likelihood_ratio_positive":
        return statement.given.events[0].variable
    return statement.of.variable


def of_present(condition: Variable, statement: Statement, values: Array) -> Array:
    """P(condition present) from a statement on either of its states."""
    return 1.0 - values if statement.of.states == (condition.base,) else values


def at_setting(statement: Statement, variable: Variable, reference: str) -> tuple[Event, ...]:
    """What a probability is given; a condition's rate that names no setting holds at the reference."""
    events = statement.given.events
    named = statement.given.event(SETTING) is not None
    if named or variable.role != "condition" or SETTING not in variable.parents:
        return events
    return (*events, Event(SETTING, (reference,)))


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


def most_specific(candidates: Sequence[tuple[Sequence[Event], Array]], cell: Cell) -> Array | None:
    """The values of the candidate that fits the cell with the most events."""
    best, value = -1, None
    for events, values in candidates:
        fit = cell.specificity(events)
        if fit > best:
            best, value = fit, values
    return value


def distribution(
    variable: Variable,
    parents: Sequence[Variable],
    candidates: Mapping[str, Sequence[tuple[Sequence[Event], Array]]],
    draws: int,
) -> Array:
    """P(state | parents) from statements on single states; the one state not stated takes the rest.

    ``candidates`` maps a state to (events that must hold, values). Shape (draws, parents …, states).
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
        fill_rest(column, missing, variable, cell)
    return table


def stated_table(variable: Variable, parents: Sequence[Variable], stated: Stated, reference: str) -> Array:
    """The table of a variable whose distribution is stated cell by cell: straight from its statements."""
    candidates: dict[str, list[tuple[Sequence[Event], Array]]] = {state: [] for state in variable.states}
    for statement, values in stated.probabilities(variable.name):
        for state in statement.of.states:
            candidates[state].append((at_setting(statement, variable, reference), values))
    return distribution(variable, parents, candidates, stated.draws)


def fill_rest(column: Array, missing: Sequence[int], variable: Variable, cell: Cell) -> None:
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
