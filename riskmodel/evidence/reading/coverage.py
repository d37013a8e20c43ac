"""Do the statements fill every table? Checked on the register, then on what a set selects."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from riskmodel.errors import Problems, nearest
from riskmodel.evidence.finding_rates import (
    gives_leak,
    holds_where,
    is_caused,
    link_of,
    whatever_else,
)
from riskmodel.evidence.plain_readings import ANY_OF, plain_readings
from riskmodel.evidence.reading.scan_parts import check_part_statement
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import AUDIT, OCCULT, SETTING, Event, PriorSet, Statement, Variable

if TYPE_CHECKING:
    from riskmodel.evidence.reading.grammar import DeclaredNames

MAX_CELLS = 20_000  # beyond this a hand-written table is not what it is
TOLERANCE = 1e-9
RATES = "given none, one condition alone, or one condition present or absent (whatever else there is)"
APART = ("dependence", QUANTITY)  # quantities that fill no table of a variable


def filling_tables(statements: Iterable[Statement]) -> list[Statement]:
    """Those of some statements that speak of tables of variables: no correlations, no recording rates."""
    return [statement for statement in statements if statement.quantity not in APART]


def check_register(
    statements: Sequence[Statement],
    touched: AbstractSet[str],
    declared: DeclaredNames,
    problems: Problems,
) -> set[str]:
    """Every arc and variable has a statement, and every statement that drives a table has its arcs.

    Parameters
    ----------
    statements
        all of the register but the correlations.
    touched
        what faulty statements speak of: nothing is reported as missing for these.

    Returns
    -------
    the variables that no statement speaks of.
    """
    spoken: set[tuple[str, str]] = set()
    subjects: set[str] = set()
    silent: set[str] = set()
    readings = plain_readings(list(declared.variables.values()))
    for statement in statements:
        if statement.is_audit:
            continue
        subjects.add(statement.subject)
        arcs = {(declared.parent_for(parent, child), child) for parent, child in _arcs(statement, declared)}
        spoken |= arcs
        of_entry = problems.of(statement.file).at(f"statement {statement.id!r}")
        _check_arcs(arcs, declared, of_entry)
        _check_drives(statement.drives, statement.arcs, of_entry)
        check_part_statement(statement, readings.get(statement.of.variable, ()), of_entry)
    inside = {name for name, variable in declared.variables.items() if variable.in_network}
    for variable in declared.variables.values():
        if not variable.in_network or variable.name == "setting" or variable.name in touched:
            continue
        of_entry = problems.at(f"variable {variable.name!r}")
        if variable.name not in subjects:
            of_entry.note("", "no statement drives its table", "at least one statement")
            silent.add(variable.name)
            continue
        for parent in variable.parents:
            spoken_of = (parent, variable.name) in spoken or parent in readings.get(variable.name, ())
            if not spoken_of and parent in inside:
                received = f"no statement for the arc {parent} → {variable.name}"
                of_entry.note("parents", received, "a statement, or no arc")
    return silent


def _arcs(statement: Statement, declared: DeclaredNames) -> frozenset[tuple[str, str]]:
    """The arcs that a statement asks for: the setting of a study's people need not be a parent of the finding."""
    child = declared.variables.get(statement.subject)
    if child is None or SETTING in child.parents or not whatever_else(statement, declared.variables):
        return statement.arcs
    return statement.arcs - {(SETTING, child.name)}


def _check_arcs(arcs: Iterable[tuple[str, str]], declared: DeclaredNames, problems: Problems) -> None:
    for parent, child in sorted(arcs):
        if child in declared.variables and parent not in declared.variables[child].parents:
            received, allowed = f"there is no arc {parent} → {child}", f'an arc of the network, or drives = "{AUDIT}"'
            problems.note("given", received, allowed)


def _check_drives(drives: str, arcs: Iterable[tuple[str, str]], problems: Problems) -> None:
    allowed = [AUDIT, *(f"{child}<-{parent}" for parent, child in sorted(arcs))]
    if drives and drives not in allowed:
        problems.note("drives", f"received {drives!r}", f"one of {', '.join(allowed)}{nearest(drives, allowed)}")


def check_coverage(
    selected: Sequence[Statement],
    touched: AbstractSet[str],
    declared: DeclaredNames,
    prior_set: PriorSet,
    problems: Problems,
) -> None:
    """Every distribution that a table needs is stated, and none sums to more than 1.

    Parameters
    ----------
    selected
        the statements that a set selects, without correlations.
    touched
        variables of which nothing is reported, since a problem with them was.
    """
    by_child: dict[str, list[Statement]] = {}
    for statement in selected:
        by_child.setdefault(statement.subject, []).append(statement)
    for variable in declared.variables.values():
        if not variable.in_network or variable.name == "setting" or variable.name in touched:
            continue
        for label, received, allowed in _gaps(variable, by_child.get(variable.name, []), declared, prior_set):
            problems.at(label).note("", received, allowed)


def _gaps(
    variable: Variable, statements: Sequence[Statement], declared: DeclaredNames, prior_set: PriorSet
) -> Iterator[tuple[str, str, str]]:
    stated = [statement for statement in statements if statement.quantity == "probability"]
    label = f"variable {variable.name!r}"
    if variable.role == "condition":
        over = ["setting"] if "setting" in variable.parents else []
        yield from _cells(label, variable, [_in_setting(s, over, prior_set) for s in stated], over, declared)
        if variable.form == "noisy_or" and not any(s.quantity == "share" for s in statements):
            yield label, "no share given 'no listed cause' is selected", "the share without a listed cause"
    elif variable.form == ANY_OF and not any(gives_leak(statement, declared.variables) for statement in stated):
        yield label, "no statement given none is selected", "how often it is abnormal with no part and no condition"
    elif variable.role == "manifestation":
        if len(stated) != 1:
            condition = variable.parents[0]
            allowed = f"one: of = '{variable.name}={OCCULT}', given = '{condition}=present'"
            yield label, f"{len(stated)} selected statements of its occult share", allowed
    elif is_caused(variable, stated, declared.variables):
        yield from _links(label, variable, stated, declared)
    else:
        candidates = [(s, s.given.events) for s in stated]
        yield from _cells(label, variable, candidates, [], declared)


Candidate = tuple[Statement, Sequence[Event]]


def _in_setting(statement: Statement, over: Sequence[str], prior_set: PriorSet) -> Candidate:
    """A base rate that names no setting holds at the reference setting only."""
    events = statement.given.events
    if over and statement.given.event("setting") is None:
        events = (*events, Event("setting", (prior_set.reference_setting,)))
    return statement, events


def _links(
    label: str, variable: Variable, stated: Sequence[Statement], declared: DeclaredNames
) -> Iterator[tuple[str, str, str]]:
    """A finding stated by its rate without the conditions, and given each condition."""
    variables = declared.variables
    leaks = [(s, holds_where(s, variable, variables)) for s in stated if gives_leak(s, variables)]
    yield from _cells(f"{label} given none", variable, leaks, [], declared)
    links: dict[str, list[Candidate]] = {}
    for statement in stated:
        if gives_leak(statement, variables):
            continue
        condition = link_of(statement, variables)
        alone = any(event.alone for event in statement.given.events)
        if not condition or (alone and variables[condition].form == "noisy_or"):
            allowed = f'{RATES}, or drives = "{AUDIT}"' if not condition else f"given {condition} without 'alone'"
            received = f"given {statement.given_text!r} for {variable.name}, which conditions cause"
            yield f"statement {statement.id!r}", received, allowed
            continue
        links.setdefault(condition, []).append((statement, holds_where(statement, variable, variables)))
    for name, candidates in links.items():
        yield from _cells(f"{label} given {name}", variable, candidates, [], declared)
    groups: list[Sequence[Candidate]] = [leaks, *links.values()]
    for group in groups:
        yield from _mixed_people(label, group, declared)
    yield from _dependent_parts(variable, stated, declared)


def _dependent_parts(
    variable: Variable, stated: Sequence[Statement], declared: DeclaredNames
) -> Iterator[tuple[str, str, str]]:
    """How often a scan has no part is not yet clear when its table is built, where parts go together."""
    parts = plain_readings(list(declared.variables.values())).get(variable.name, ())
    grouped = {part: name for name, members in declared.groups.items() for part in parts if part in members}
    for statement in stated:
        if grouped and whatever_else(statement, declared.variables):
            part, group = next(iter(grouped.items()))
            received = f"given {statement.given_text!r}, while its part {part!r} is in the group {group!r}"
            yield f"statement {statement.id!r}", received, f'given none, or a condition alone, or drives = "{AUDIT}"'


def _mixed_people(
    label: str, candidates: Sequence[Candidate], declared: DeclaredNames
) -> Iterator[tuple[str, str, str]]:
    """The states of one distribution are stated of the same people: one equation is solved for all of them."""
    first: dict[Sequence[Event], Statement] = {}
    for statement, where in candidates:
        other = first.setdefault(where, statement)
        people = [(whatever_else(s, declared.variables), s.given.event(SETTING)) for s in (other, statement)]
        if people[0] != people[1]:
            received = f"{other.id} is given {other.given_text!r}, {statement.id} {statement.given_text!r}"
            yield label, received, "states of one distribution given the same"
        elif people[1][0] and people[1][1] and not where and len(people[1][1].states) > 1:
            yield f"statement {statement.id!r}", f"given {statement.given_text!r}", "one setting"


def _cells(
    label: str,
    variable: Variable,
    candidates: Sequence[Candidate],
    over: Sequence[str],
    declared: DeclaredNames,
) -> Iterator[tuple[str, str, str]]:
    """Go through the combinations of what the statements are given; report the first bad one."""
    names = list(dict.fromkeys([*over, *(event.variable for _, events in candidates for event in events)]))
    axes = [declared.states(name) for name in names]
    if math.prod(map(len, axes)) > MAX_CELLS:
        return
    for cell in itertools.product(*axes):
        states = dict(zip(names, cell, strict=True))
        values = {}
        for state in variable.states:
            best = _most_specific([(s, events) for s, events in candidates if s.of.states == (state,)], states)
            if best is not None:
                values[state] = best
        where = "; ".join([f"{name}={state}" for name, state in states.items()])
        fault = _distribution_fault(variable, values)
        if fault:
            yield f"{label}{' at ' if where else ''}{where}", *fault
            return


def _most_specific(candidates: Iterable[Candidate], states: Mapping[str, str]) -> Statement | None:
    """The statement that fits with the most events: one for a band goes before one for all."""
    fitting = [(len(events), s) for s, events in candidates if all(states[e.variable] in e.states for e in events)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _distribution_fault(variable: Variable, stated: Mapping[str, Statement]) -> tuple[str, str] | None:
    missing = [state for state in variable.states if state not in stated]
    total = math.fsum(statement.value for statement in stated.values())
    ids = ", ".join(statement.id for statement in stated.values())
    if len(missing) > 1:
        return f"no selected statement for {', '.join(missing)}", "a statement for every state but one"
    if total > 1 + TOLERANCE or (not missing and abs(total - 1) > TOLERANCE):
        bound = "at most 1" if missing else "1"
        return f"{ids} sum to {total:.6g}", f"a sum of {bound}"
    return None
