"""Where the page's numbers come from: of each statement what it says, who says it, and in which cases it is behind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.number_origin import origin_of
from riskmodel.evidence.records import SETTING, acting_node
from riskmodel.explorer.numbers import packed

if TYPE_CHECKING:
    from riskmodel.evidence.records import Event, Priors, Statement, Variable

SEVERAL = 2  # states from which on a statement on one state says nothing of the others


def packed_origins(priors: Priors, variables: Sequence[Variable]) -> str:
    """The statements behind the answers, as packed JSON.

    ``statements``: of each its ``id``, the ``row`` whose table it drives, ``says`` (the number and who says it),
    ``history`` (what it replaced and what informed it, a sentence each) and the key of its ``source``. ``needs`` are
    rows with the masks of which a case must have a state; ``about``: the conditions that it speaks of, none for all;
    ``isOfCondition``: that it says how frequent a condition is, in cases where all ``needs`` are assessed. ``sources``:
    their titles and where they are published. Which are behind an answer: see
    :func:`riskmodel.answers.numbers_behind.numbers_behind`.
    """
    rows = {variable.name: row for row, variable in enumerate(variables)}
    entries = [
        _statement(priors, statement, variables, rows)
        for statement in priors.selected_statements
        if statement.subject in rows
    ]
    used = {entry["source"] for entry in entries}
    sources = {key: f"{s.title}. {s.where}".strip() for key, s in priors.sources.items() if key in used}
    return packed(json.dumps({"statements": entries, "sources": sources}, separators=(",", ":")).encode())


def _statement(
    priors: Priors, statement: Statement, variables: Sequence[Variable], rows: Mapping[str, int]
) -> dict[str, Any]:
    origin, variable = origin_of(priors, statement), variables[rows[statement.subject]]
    is_of_condition = variable.role == "condition"
    needs = _needs_of_condition(statement) if is_of_condition else _needs_of_finding(statement, priors)
    masks = [[rows.get(name, -1), _mask(events, variables, rows)] for name, events in needs.items()]
    return {
        "id": statement.id,
        "row": rows[statement.subject],
        "isOfCondition": is_of_condition,
        "about": None if is_of_condition or statement.given.none else _about(statement, priors, variables),
        "needs": masks,
        "says": origin.headline,
        "history": origin.history,
        "source": statement.source,
    }


def _needs_of_condition(statement: Statement) -> dict[str, list[Event]]:
    """All that a number of a condition is stated for: it holds for cases of which some of it is known to be so."""
    events = [statement.of, *statement.given.events]
    if statement.given.versus:
        events.append(statement.given.versus)
    return {
        event.variable: [other for other in events if other.variable == event.variable]
        for event in events
        if event.variable != statement.subject
    }


def _needs_of_finding(statement: Statement, priors: Priors) -> dict[str, list[Event]]:
    """The setting of a number of a finding, and of one with several states the state that it speaks of."""
    settings = [event for event in statement.given.events if event.variable == SETTING]
    needs = {SETTING: settings} if settings else {}
    if len(priors.variable(statement.of.variable).states) > SEVERAL:
        needs[statement.of.variable] = [statement.of]
    return needs


def _about(statement: Statement, priors: Priors, variables: Sequence[Variable]) -> list[str]:
    """The conditions with whose absence a number of a finding compares them."""
    named = {event.variable for event in statement.given.events} - {SETTING}
    parents = priors.variable(statement.subject).parents
    conditions = [variable.name for variable in variables if variable.role == "condition"]
    return [name for name in conditions if named & {name, acting_node(name, parents)}]


def _mask(events: Sequence[Event], variables: Sequence[Variable], rows: Mapping[str, int]) -> int:
    """The states that any of some events of one variable has; 0 where nobody can know of it."""
    if events[0].variable not in rows:
        return 0
    states = variables[rows[events[0].variable]].states
    return sum(1 << number for number, state in enumerate(states) if any(state in event.states for event in events))
