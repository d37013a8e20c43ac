"""Statement tables → records, with every check that one statement allows on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.limits import Fault, Numbers, limit_faults, number_faults
from riskmodel.evidence.origin import Informed, StudyBehind
from riskmodel.evidence.reading.grammar import (
    BrokenNameError,
    DeclaredNames,
    GrammarError,
    names_in,
    parse_given,
    parse_group,
    parse_of,
)
from riskmodel.evidence.reading.network_file import text_at
from riskmodel.evidence.reading.recording_words import parse_profile, parse_recorded
from riskmodel.evidence.reading.schema import StatementTable, read_table
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import AUDIT, CRUDE_RATIOS, OCCULT, Event, Given, Statement, acting_node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskmodel.errors import Problems

_READERS: Mapping[str, Callable[[str, DeclaredNames], Event]] = {"dependence": parse_group, QUANTITY: parse_recorded}
ID = re.compile(r"[A-Za-z]\w*(\.\w+)*", re.ASCII)
DEFAULT_LEVEL = 0.95


@dataclass(slots=True)
class Register:
    """The statements read so far, and the variables that faulty ones speak of."""

    statements: dict[str, Statement] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)  # ids of statements that could not be read
    touched: set[str] = field(default_factory=set)  # words of their 'of' and 'given'

    def read(self, raw: Any, position: int, declared: DeclaredNames, problems: Problems) -> None:
        """Add one ``[[statement]]``, or its problems."""
        name = text_at(raw, "id")
        problems = problems.at(f"statement {name!r}" if name else f"statement {position}")
        first = self.statements.get(name) if name else None
        if first is not None:
            received = f"duplicate id {name!r}, first in {first.file}"
            problems.note("id", received, "an id of its own; a set changes a value by [override]")
            return
        statement = _statement(raw, declared, problems)
        if statement is not None:
            self.statements[statement.id] = statement
        elif isinstance(raw, dict):
            self.faulty |= {name} if name else set()
            self.touched |= names_in(raw.get("of"), raw.get("given"))

    def read_all(self, raws: Sequence[Any], declared: DeclaredNames, problems: Problems) -> list[Statement]:
        """Add the ``[[statement]]`` tables of one file, and give back those that could be read."""
        before = len(self.statements)
        for position, raw in enumerate(raws, start=1):
            self.read(raw, position, declared, problems)
        return list(self.statements.values())[before:]


def _statement(raw: object, declared: DeclaredNames, problems: Problems) -> Statement | None:
    table = read_table(StatementTable, raw, problems)
    if table is None:
        return None
    numbers = Numbers(table.quantity, table.value, table.low, table.high, table.n, table.events, table.level)
    faults = [*(list(number_faults(numbers)) or limit_faults(numbers)), *_claim_faults(table)]
    of: Event | None = None
    given: Given | None = None
    try:
        of = _READERS.get(table.quantity, parse_of)(table.of, declared)
    except GrammarError as error:
        faults.append(("of", f"received {error.received}", f"allowed: {error.allowed}"))
    except BrokenNameError:
        pass
    try:
        given = _given(table, declared)
    except GrammarError as error:
        faults.append(("given", f"received {error.received}", f"allowed: {error.allowed}"))
    except BrokenNameError:
        pass
    if of is not None and given is not None:
        faults += _faults_between(table, of, given, declared)
        given = Given(none=True) if table.quantity == "dependence" and not given.events else given
    for fault in faults:
        problems.note(*fault)
    if faults or of is None or given is None:
        return None
    level = DEFAULT_LEVEL if table.level is None else table.level
    return Statement(
        of=of, given=given, given_text=table.given, file=problems.file, level=level, counts=table.counts or "",
        studies=tuple(StudyBehind(**study.model_dump()) for study in table.studies),
        **table.model_dump(exclude={"of", "given", "level", "counts", "studies"}),
    )  # fmt: skip


def _given(table: StatementTable, declared: DeclaredNames) -> Given:
    if table.quantity == QUANTITY:
        return parse_profile(table.given, declared)
    return parse_given(table.given, table.quantity, declared)


def _faults_between(table: StatementTable, of: Event, given: Given, declared: DeclaredNames) -> Iterator[Fault]:
    """What is wrong with 'of' and 'given' together, and with what they drive."""
    if table.quantity == "dependence":
        yield from _dependence_faults(table, of, given, declared)
    elif table.quantity != QUANTITY:
        yield from _meaning_faults(table, of, given, declared)
        yield from _driving_faults(table, of, given, declared)
    elif table.drives:
        yield "drives", f"received {table.drives!r}", "no 'drives': a rate is of the profile that it is given"


def _claim_faults(table: StatementTable) -> Iterator[Fault]:
    """What is wrong with who says it."""
    if not ID.fullmatch(table.id):
        yield "id", f"received {table.id!r}", "allowed: words joined by dots, such as find.fever.infection"
    if table.basis == "assumption" and table.read != "no":
        yield "read", f"received {table.read!r} for an assumption", "allowed: no; there is no source to read it in"
    if table.basis == "seed" and table.read != "full_text":
        allowed = "allowed: full_text; a seed document is read whole before it is quoted"
        yield "read", f"received {table.read!r} for a seed statement", allowed
    if table.basis == "study" and table.read != "no" and not table.locator.strip():
        allowed = 'where in the source, or on what page, the figure was read; read = "no" where that is not known'
        yield "locator", f"missing, with read = {table.read!r}", allowed
    if table.counts is not None and table.events is None:
        yield "counts", f"received {table.counts!r} without events", "events and n, worked back from a rounded share"
    if table.basis == "assumption" and table.source != "assumption":
        yield (
            "source",
            f"received {table.source!r} for an assumption",
            "allowed: assumption; name a document in the note",
        )
    if table.basis != "assumption" and table.source == "assumption":
        yield (
            "basis",
            f"received {table.basis!r} with source assumption",
            "allowed: assumption, or the document as source",
        )


def _meaning_faults(table: StatementTable, of: Event, given: Given, declared: DeclaredNames) -> Iterator[Fault]:
    """What is wrong with a quantity of these events."""
    target = declared.variables.get(of.variable)
    what = f"{table.quantity} of {of} given {table.given!r}"
    if given.event(of.variable):
        yield "given", f"{of.variable} in both 'of' and 'given'", "different variables"
    if declared.is_condition(of.variable) and (given.none or any(event.alone for event in given.events)):
        received = f"{table.given!r} for the condition {of.variable}"
        yield "given", received, "no 'none' and no 'alone' for a condition"
    noisy = target is not None and target.form == "noisy_or"
    if table.quantity == "share" and not (noisy and given.no_listed_cause and not given.events):
        yield "quantity", what, "a noisy_or condition given 'no listed cause'"
    if table.quantity != "share" and given.no_listed_cause:
        yield "given", "'no listed cause'", "only for a share"
    one_cause = len(given.events) == 1 and declared.is_condition(given.events[0].variable)
    if table.quantity == "relative_weight" and not (noisy and one_cause):
        yield "quantity", what, "a noisy_or condition given one condition"


def _dependence_faults(table: StatementTable, of: Event, given: Given, declared: DeclaredNames) -> Iterator[Fault]:
    """What is wrong with what a correlation is given: none, or one condition alone that the group's findings have."""
    members = declared.groups[of.variable]
    above = {parent for name in members for parent in declared.variables[name].parents}
    conditions = [name for name in declared.variables if declared.is_condition(name) and acting_node(name, above)]
    received = f"received {table.given!r}"
    if given.versus or given.no_listed_cause or len(given.events) > 1 or (given.events and not given.events[0].alone):
        yield "given", received, "allowed: none, or one condition alone, such as infection=present alone"
    elif given.events and given.events[0].variable not in conditions:
        causes = ", ".join(conditions) or "none does"
        yield "given", received, f"allowed: a condition that causes one of {', '.join(members)}: {causes}"


def _driving_faults(table: StatementTable, of: Event, given: Given, declared: DeclaredNames) -> Iterator[Fault]:
    """What keeps a statement from driving a table."""
    if table.drives == AUDIT:
        return
    names = [of.variable, *(event.variable for event in given.events)]
    what = f"{table.quantity} of {of} given {table.given!r}"
    if any(name in declared.composites for name in names):
        yield "drives", "a composite drives no table", f'drives = "{AUDIT}"'
    if table.quantity == "probability" and len(of.states) > 1:
        yield "of", f"several states of {of.variable}", f'one state, or drives = "{AUDIT}"'
    if table.quantity == "adjusted_odds_ratio" and not declared.is_condition(of.variable):
        yield "of", what, "a condition"
    if table.quantity in CRUDE_RATIOS and not any(declared.is_condition(name) for name in names):
        yield "of", what, "a condition on one side"
    yield from _occult_faults(table, of, given, declared)


def _occult_faults(table: StatementTable, of: Event, given: Given, declared: DeclaredNames) -> Iterator[Fault]:
    """What keeps a statement that names a manifestation node from driving a table."""
    nodes = [event.variable for event in given.events if declared.is_manifestation(event.variable)]
    if nodes:
        condition = declared.variables[nodes[0]].parents[0]
        allowed = f'given {condition}=present alone: the manifestation follows; or drives = "{AUDIT}"'
        yield "given", f"received {table.given!r}", allowed
    if not declared.is_manifestation(of.variable):
        return
    condition = declared.variables[of.variable].parents[0]
    present = declared.variables[condition].states[1:] if condition in declared.variables else ("present",)
    if table.quantity != "probability" or of.states != (OCCULT,) or given != Given((Event(condition, present),)):
        allowed = f'the probability of {of.variable}={OCCULT} given {condition}={present[0]}, or drives = "{AUDIT}"'
        yield "of", f"{table.quantity} of {of} given {table.given!r}", allowed
    elif table.value == 1:
        yield "value", "an occult share of 1", "below 1: where nothing ever shows, no finding names the manifestation"


def override(
    statement: Statement,
    numbers: Mapping[str, Any],
    problems: Problems,
    limits: Callable[[Numbers], Iterable[Fault]] = limit_faults,
) -> Statement:
    """A statement with other numbers (value, low, high, n) in place of its own; as it is where these are faulty.

    A new value keeps the interval or n; new bounds replace n, a new n replaces the interval; the
    events behind the old value go. What fits told goes too, unless the override says it: the number is
    no longer theirs. A correlation of 0 takes its interval with it: the group is switched off.
    """
    words = {key: numbers[key] for key in ("informed", "note") if key in numbers}
    numbers = {key: number for key, number in numbers.items() if key not in words}
    bounds = "low" in numbers or "high" in numbers
    if statement.quantity == "dependence" and numbers.get("value") == 0 and not bounds:
        numbers = {"low": None, "high": None, "n": None, **numbers}  # switched off: nothing is uncertain
    kept: dict[str, Any] = {
        "value": statement.value,
        "low": statement.low,
        "high": statement.high,
        "n": statement.n,
    }
    if "n" in numbers:
        kept |= {"low": None, "high": None}
    if bounds:
        kept["n"] = None
    changed = {**kept, **numbers}
    result = Numbers(statement.quantity, **changed)
    beyond = [] if "informed" in words else limits(result)  # a fit may be as unsure as it finds itself
    faults = [*(list(number_faults(result)) or beyond), *_fit_faults(words, numbers)]
    for fault in faults:
        problems.note(*fault)
    if faults:
        return statement
    level = DEFAULT_LEVEL if bounds or "n" in numbers else statement.level
    if numbers:
        words["informed"] = tuple(Informed.of_table(step) for step in words.get("informed", ()))
    return replace(statement, **changed, **words, level=level, events=None, counts="")


def _fit_faults(words: Mapping[str, Any], numbers: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with who says an override."""
    if "informed" in words and not {"value", "low", "high"} <= set(numbers):
        yield "informed", "a fitted number without value, low and high", "all three, as they were fitted"
