"""Leak and links of a finding from rates of people who may have other conditions too.

``malignancy=present`` gives the link of malignancy, ``malignancy=absent`` the leak: they are solved for, so that the
finished network gives the rate in the setting that the statement names, or in the reference setting. What else these
people have comes from the tables above the finding, exactly. Several such rates of one finding are solved together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools
from riskmodel.errors import InferenceError
from riskmodel.evidence.finding_rates import gives_leak, holds_where, whatever_else
from riskmodel.evidence.records import SETTING, Statement, Variable
from riskmodel.network.forms.building import Building, Valued
from riskmodel.network.forms.manifestation import condition_of
from riskmodel.network.forms.stated import Cell, cells, distribution


@dataclass(frozen=True, slots=True)
class Unknown:
    """A leak, or a link, that is solved for; the same in some cells of the contextual parents.

    Attributes
    ----------
    statements
        that state its rate.
    condition, is_leak
        the condition that the rate is given, absent for a leak and present for a link.
    setting
        of the people of the rate; "" in a network without settings.
    given
        the states of contextual parents that they are in.
    cells
        (states of each contextual parent …): where it holds.
    rate
        P(up to a state | the people), (draws, states - 1).
    """

    statements: tuple[Statement, ...]
    condition: str
    is_leak: bool
    setting: str
    given: Mapping[str, str]
    cells: Bools
    rate: Array


@dataclass(frozen=True, slots=True)
class FindingRates:
    """The statements on a finding that conditions cause, sorted.

    Attributes
    ----------
    leak
        P(up to a state | none), (draws, contextual parents …, states - 1); rates of unknowns in the cells of these.
    unknowns
        what is solved for: leaks, then links.
    alone
        by the name of a cause, the rates given its condition alone.
    """

    leak: Array
    unknowns: tuple[Unknown, ...]
    alone: Mapping[str, Sequence[Valued]]

    @classmethod
    def of(cls, building: Building, contextual: Sequence[Variable], causes: Sequence[Variable]) -> FindingRates:
        """Those of a finding under construction."""
        variables, statements = building.variables, building.probabilities
        without = [valued for valued in statements if gives_leak(valued[0], variables)]
        leak = cumulative_rates(building, contextual, without)
        unknowns = _unknown_leaks(building, contextual, without, leak)
        alone = {}
        for cause in causes:
            about = [
                valued for valued in statements if valued not in without and valued[0].given.event(condition_of(cause))
            ]
            if not any(whatever_else(statement, variables) for statement, _ in about):
                alone[cause.name] = about
                continue
            unknowns += _unknown_links(building, contextual, about)
        return cls(leak, tuple(unknowns), alone)


def cumulative_rates(building: Building, parents: Sequence[Variable], about: Sequence[Valued]) -> Array:
    """The rates that statements give in each cell, cumulative without the last, certain, step.

    (draws, states of each parent …, states - 1).
    """
    candidates: dict[str, list[tuple[Sequence[object], Array]]] = {state: [] for state in building.variable.states}
    for statement, values in about:
        for state in statement.of.states:
            candidates[state].append((holds_where(statement, building.variable, building.variables), values))
    table = distribution(building.variable, parents, candidates, building.draws)  # type: ignore[arg-type]
    return np.cumsum(table, axis=-1)[..., :-1]


def _governing(building: Building, about: Iterable[Valued], cell: Cell) -> tuple[Statement, ...]:
    """For each state that is stated, the statement that says most of a cell."""
    best: dict[str, tuple[int, Statement]] = {}
    for statement, _ in about:
        fit = cell.specificity(holds_where(statement, building.variable, building.variables))
        for state in statement.of.states:
            if fit >= 0 and (state not in best or fit > best[state][0]):
                best[state] = (fit, statement)
    return tuple(statement for _, statement in best.values())


def _unknown_leaks(
    building: Building, contextual: Sequence[Variable], without: Sequence[Valued], leak: Array
) -> list[Unknown]:
    """The leaks that rates given "not the condition" ask for: one for each group of cells that they tell apart."""
    open_rates = [valued for valued in without if not valued[0].given.none]
    named = _named(building, [statement for statement, _ in open_rates])
    groups: dict[object, tuple[tuple[Statement, ...], dict[str, str], Bools, tuple[int, ...]]] = {}
    for cell in cells(contextual):
        statements = _governing(building, without, cell)
        if all(statement.given.none for statement in statements):
            continue
        given = {name: cell.states[name] for name in named if name != SETTING or _names_setting(statements)}
        mask = np.zeros([len(parent.states) for parent in contextual], dtype=bool)
        key = (tuple(statement.id for statement in statements), tuple(given.items()))
        groups.setdefault(key, (statements, given, mask, cell.index))[2][cell.index] = True
    return [
        _unknown(building, statements, given, mask, leak[_at(first)])
        for statements, given, mask, first in groups.values()
    ]


def _unknown_links(building: Building, contextual: Sequence[Variable], about: Sequence[Valued]) -> list[Unknown]:
    """A condition's links: one for each combination of the contexts that its rates name."""
    names = _named(building, [statement for statement, _ in about])
    parents = [parent for parent in contextual if parent.name in names]
    rates = cumulative_rates(building, parents, about)
    unknowns = []
    for cell in cells(parents):
        mask = np.ones([len(parent.states) for parent in contextual], dtype=bool)
        for axis, parent in enumerate(contextual):
            if parent.name in cell.states:
                at = np.array([state == cell.states[parent.name] for state in parent.states])
                mask &= at.reshape([-1 if i == axis else 1 for i in range(mask.ndim)])
        statements = _governing(building, about, cell)
        unknowns.append(_unknown(building, statements, dict(cell.states), mask, rates[_at(cell.index)]))
    return unknowns


def _unknown(
    building: Building, statements: tuple[Statement, ...], given: Mapping[str, str], mask: Bools, rate: Array
) -> Unknown:
    """What one rate, of one state or more, asks for; all of its statements must be of the same people."""
    people = {(whatever_else(s, building.variables), s.given.event(SETTING)) for s in statements}
    ids = ", ".join(statement.id for statement in statements)
    event, setting = next(iter(people))
    if len(people) > 1 or event is None:
        raise InferenceError(f"{ids}: rates of one distribution must be of the same people")
    if SETTING not in building.variables:
        where = ""
    elif SETTING in given:
        where = given[SETTING]
    elif setting is None:
        where = building.reference
    elif len(setting.states) == 1:
        where = setting.states[0]
    else:
        raise InferenceError(f"{ids}: received given {statements[0].given_text!r}; allowed: one setting")
    is_leak = gives_leak(statements[0], building.variables)
    return Unknown(statements, event.variable, is_leak, where, given, mask, rate)


def _at(index: tuple[int, ...]) -> tuple[slice | int, ...]:
    """A cell of parents in an array whose first axis is of draws."""
    return (slice(None), *index)


def _named(building: Building, statements: Iterable[Statement]) -> list[str]:
    """The contextual parents that rates name beside their condition."""
    events = (holds_where(statement, building.variable, building.variables) for statement in statements)
    return list(dict.fromkeys(event.variable for several in events for event in several))


def _names_setting(statements: Iterable[Statement]) -> bool:
    return any(statement.given.event(SETTING) for statement in statements)
