"""A chain of sets merged into one, and the statements it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.errors import nearest
from riskmodel.evidence.finding_rates import gives_leak, holds_where, is_caused, link_of
from riskmodel.evidence.records import BASES, COHORT, DEFAULT_N, Event, PriorSet, Statement, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskmodel.errors import Problems
    from riskmodel.evidence.reading.grammar import DeclaredNames
    from riskmodel.evidence.reading.schema import OverrideTable, PoolTable, SetTable


@dataclass(frozen=True, slots=True)
class SetFile:
    """One set of a chain, read."""

    file: str
    table: SetTable
    overrides: Mapping[str, OverrideTable] = field(default_factory=dict)
    pools: Mapping[str, PoolTable] = field(default_factory=dict)
    sound: bool = True  # its keys could be read


@dataclass(frozen=True, slots=True)
class Choice:
    """A chain of sets merged: the set itself, and how deep in the chain each pin stands (higher wins)."""

    prior_set: PriorSet
    pins: Mapping[str, int]


def merge(name: str, chain: Sequence[SetFile], declared: DeclaredNames, problems: Problems) -> Choice:
    """A chain of sets as one set: what a later set says goes before what it builds on.

    Parameters
    ----------
    name
        of the set that was asked for, the last of the chain.
    chain
        from the set that all others build on to the one that was asked for.
    """
    prefer: list[str] = []
    reference = ""
    sizes = dict(DEFAULT_N)
    pins: dict[str, int] = {}
    left_out: dict[str, None] = {}
    overrides: dict[str, dict[str, float | str]] = {}
    for depth, link in enumerate(chain):
        _check_lists(link, problems.of(link.file))
        prefer = list(link.table.prefer) if link.table.prefer is not None else prefer
        reference = link.table.reference_setting if link.table.reference_setting is not None else reference
        sizes |= link.table.default_n.model_dump(exclude_none=True)
        for pin in link.table.pin:
            left_out.pop(pin, None)
            pins[pin] = depth
        for identifier in link.pools:  # a pooled number is the one to take
            left_out.pop(identifier, None)
            pins[identifier] = depth
        for identifier in link.table.leave_out:
            pins.pop(identifier, None)
            left_out[identifier] = None
        for identifier, table in link.overrides.items():
            overrides[identifier] = {**overrides.get(identifier, {}), **table.model_dump(exclude_none=True)}
    last = chain[-1].file
    sound = all(link.sound for link in chain)
    if sound and sorted(prefer) != sorted(BASES):
        received = f"received {prefer}" if prefer else "missing"
        allowed = f"allowed: {', '.join(BASES)} in an order, each once"
        problems.of(last).note("prefer", received, allowed)
    if sorted(prefer) != sorted(BASES):
        prefer = list(BASES)  # so that the rest can still be checked
    if sound:
        _check_reference(reference, declared, problems.of(last))
    prior_set = PriorSet(
        name, tuple(prefer), reference, tuple(pins), tuple(left_out), overrides, sizes, chain[-1].table.title, last
    )
    return Choice(prior_set, pins)


def _check_lists(link: SetFile, problems: Problems) -> None:
    for identifier in link.table.pin:
        if identifier in link.table.leave_out:
            problems.note("pin", f"{identifier!r} is both pinned and left out", "one of the two")


def _check_reference(reference: str, declared: DeclaredNames, problems: Problems) -> None:
    key, setting = "reference_setting", declared.variables.get("setting")
    if setting is None:
        if reference and "setting" not in declared.broken:
            problems.note(key, f"received {reference!r}", "none: the network has no variable 'setting'")
    elif not reference:
        problems.note(key, "missing", f"one of {', '.join(setting.states)}")
    elif reference not in setting.states:
        allowed = f"one of {', '.join(setting.states)}{nearest(reference, setting.states)}"
        problems.note(key, f"unknown setting {reference!r}", allowed)


def check_ids(chain: Sequence[SetFile], identifiers: Iterable[str], problems: Problems) -> None:
    """Every id that a set names must be a statement's."""
    allowed = list(identifiers)
    for link in chain:
        named = {"pin": link.table.pin, "leave_out": link.table.leave_out, "override": list(link.overrides)}
        for key, names in named.items():
            for name in names:
                if name not in allowed:
                    hint = f"a statement's id{nearest(name, allowed)}"
                    problems.of(link.file).note(key, f"unknown statement {name!r}", hint)


Key = tuple[object, ...]


def parameter(statement: Statement) -> Key:
    """What a statement states, as a key: of several statements with one key a set takes one."""
    if statement.drives:
        return ("drives", statement.drives)
    given = statement.given
    events = tuple(sorted(map(_canonical, given.events)))
    versus = _canonical(given.versus) if given.versus else ()
    return (_canonical(statement.of), events, versus, given.none, given.no_listed_cause)


class Parameters:
    """What statements state, as keys: also of rates that give the leak or a link of a finding that conditions cause.

    "alone" and "whatever else" are two ways to state one link, "none" and "not the condition" two to state one leak.

    Parameters
    ----------
    statements
        of the register: a table's form is that of all statements on it that may drive it.
    """

    def __init__(self, statements: Iterable[Statement], variables: Mapping[str, Variable]) -> None:
        about: dict[str, list[Statement]] = {}
        for statement in statements:
            if statement.quantity == "probability" and not statement.is_audit:
                about.setdefault(statement.of.variable, []).append(statement)
        self._variables = variables
        self._caused = {
            name for name, rates in about.items() if name in variables and is_caused(variables[name], rates, variables)
        }

    def key(self, statement: Statement) -> Key:
        """Of several statements with one key a set takes one."""
        name, variables = statement.of.variable, self._variables
        if statement.drives or statement.quantity != "probability" or name not in self._caused:
            return parameter(statement)
        link = link_of(statement, variables)
        if not link and not gives_leak(statement, variables):
            return parameter(statement)
        where = tuple(sorted(map(_canonical, holds_where(statement, variables[name], variables))))
        return (_canonical(statement.of), where, link or "none")


def _canonical(event: Event) -> tuple[object, ...]:
    return (event.variable, tuple(sorted(event.states)), event.alone)


def select(
    statements: Sequence[Statement], choice: Choice, variables: Mapping[str, Variable], problems: Problems
) -> tuple[str, ...]:
    """The ids of the statements that a set takes, in the order of the statements.

    Of those that state one parameter it takes the one that is pinned, fitted, or of the preferred basis; that two are
    equally good is a problem.
    """
    left_out = set(choice.prior_set.leave_out)
    candidates = [s for s in statements if not s.is_audit and s.id not in left_out]
    _check_pins(statements, choice, problems)
    losers = _lost_gradients(candidates, choice, problems)
    rivals: dict[Key, list[Statement]] = {}
    parameters = Parameters(candidates, variables)
    for statement in candidates:
        if statement.id not in losers:
            rivals.setdefault(parameters.key(statement), []).append(statement)
    chosen = {best.id for group in rivals.values() for best in _best(group, choice, problems)}
    return tuple(statement.id for statement in candidates if statement.id in chosen)


def _check_pins(statements: Iterable[Statement], choice: Choice, problems: Problems) -> None:
    for statement in statements:
        if statement.is_audit and statement.id in choice.pins:
            problems.note("pin", f"{statement.id!r} drives no table", 'a statement whose drives is not "audit"')


def _rank(statement: Statement, choice: Choice) -> tuple[int, int]:
    """Smaller is better: the deepest pin, then what was fitted to a cohort, then the preferred basis."""
    prefer = (COHORT, *choice.prior_set.prefer)
    depth = choice.pins.get(statement.id)
    return (0, prefer.index(COHORT if statement.informed else statement.basis)) if depth is None else (-1 - depth, 0)


def _best(group: Sequence[Statement], choice: Choice, problems: Problems) -> list[Statement]:
    """The statement that wins, or (with a problem) all that are equally good."""
    top = min(_rank(statement, choice) for statement in group)
    best = [statement for statement in group if _rank(statement, choice) == top]
    if len(best) > 1:
        ids = " and ".join(statement.id for statement in best)
        how = "pinned" if best[0].id in choice.pins else f"of basis {best[0].basis!r}"
        received = f"{ids} are both {how} and state one parameter"
        problems.note("pin", received, "one of them: pin it, or leave the others out")
    return best


def _lost_gradients(statements: Sequence[Statement], choice: Choice, problems: Problems) -> set[str]:
    """Adjusted odds ratios that give way to base rates stated for bands of the same variable.

    How a condition's risk runs over the bands of, say, age is one parameter. Base rates by band say it,
    and so do adjusted odds ratios between bands; the better of the two (pin, then basis) is taken. The
    base rates by band still hold in their own setting.
    """
    strata: dict[tuple[str, str], list[Statement]] = {}
    ratios: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        others = [event.variable for event in statement.given.events if event.variable != "setting"]
        if len(others) != 1 or statement.given.none or statement.given.no_listed_cause:
            continue
        if statement.quantity == "probability":
            strata.setdefault((statement.of.variable, others[0]), []).append(statement)
        elif statement.quantity == "adjusted_odds_ratio":
            ratios.setdefault((statement.of.variable, others[0]), []).append(statement)
    lost: set[str] = set()
    for pair, gradient in ratios.items():
        if pair not in strata:
            continue
        by_band = min(_rank(statement, choice) for statement in strata[pair])
        by_ratio = min(_rank(statement, choice) for statement in gradient)
        if by_band == by_ratio:
            ids = ", ".join(s.id for s in [*strata[pair], *gradient] if _rank(s, choice) == by_band)
            received = f"{ids} state how {pair[0]} runs over {pair[1]}, with equal right"
            problems.note("pin", received, "pin one of them")
        elif by_band < by_ratio:
            lost |= {statement.id for statement in gradient}
    return lost
