"""The grammar of ``of`` and ``given``: text in, events out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.errors import nearest
from riskmodel.evidence.records import RATIOS, Event, Given, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

TOGETHER = "together"  # the state of a group that a correlation is about
EVENT = re.compile(r"(\w+)\s*=\s*(\w+(?:\s+or\s+\w+)*?)(\s+alone)?")
VERSUS = re.compile(r"\s+vs\s+")
OR = re.compile(r"\s+or\s+")
WORDS = re.compile(r"[^\W\d]\w*")
FORMS = "var=state [or state …] [alone], joined by '; '; none; no listed cause; in a ratio var=A vs B"


class GrammarError(ValueError):
    """A text that is not in the grammar, or names what does not exist."""

    def __init__(self, received: str, allowed: str) -> None:
        super().__init__(received)
        self.received = received
        self.allowed = allowed


class BrokenNameError(Exception):
    """A text that names a variable whose own entry is faulty: reported there, not here."""


@dataclass(frozen=True, slots=True)
class DeclaredNames:
    """What is declared before statements are read: by the network file, and by that of recording.

    ``broken`` are variables that were declared with a fault; ``recording_groups`` those that are recorded alike, and
    ``profiles`` the recording profiles.
    """

    variables: Mapping[str, Variable]
    composites: Mapping[str, tuple[str, ...]]
    broken: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recording_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()

    def states(self, name: str) -> tuple[str, ...]:
        """The states of a variable or composite."""
        if name in self.broken:
            raise BrokenNameError(name)
        if name in self.composites:
            return ("absent", "present")
        if name not in self.variables:
            names = [*self.variables, *self.composites]
            raise GrammarError(
                f"unknown variable {name!r}", f"a variable or composite of the network{nearest(name, names)}"
            )
        if not self.variables[name].in_network:
            raise GrammarError(
                f"{name!r} is a circumstance", "a variable of the network; only policies read circumstances"
            )
        return self.variables[name].states

    def is_condition(self, name: str) -> bool:
        return name in self.variables and self.variables[name].role == "condition"

    def is_manifestation(self, name: str) -> bool:
        return name in self.variables and self.variables[name].role == "manifestation"

    def parent_for(self, name: str, child: str) -> str:
        """The parent by which a variable is tied to another: itself, or the manifestation node of a condition."""
        parents = self.variables[child].parents if child in self.variables else ()
        nodes = [p for p in parents if self.is_manifestation(p) and name in self.variables[p].parents]
        return nodes[0] if nodes and name not in parents else name


def parse_of(text: str, declared: DeclaredNames) -> Event:
    """What a statement is about: ``var=state``, ``var=any`` or ``composite=present``.

    >>> fever = Variable("fever", "finding", ("absent", "present"), "38 °C or more")
    >>> parse_of("fever=present", DeclaredNames({"fever": fever}, {}))
    Event(variable='fever', states=('present',), alone=False)
    """
    event = parse_event(text, declared)
    if event.alone:
        raise GrammarError(f"'alone' in {text!r}", "'alone' belongs in 'given'")
    return event


def parse_group(text: str, declared: DeclaredNames) -> Event:
    """What a correlation is about: the name of a group of findings."""
    name = text.strip()
    if name not in declared.groups:
        groups = ", ".join(declared.groups) or "none is declared"
        raise GrammarError(
            f"unknown group {name!r}", f"a group under [dependence]: {groups}{nearest(name, declared.groups)}"
        )
    return Event(name, (TOGETHER,))


def parse_event(text: str, declared: DeclaredNames) -> Event:
    """One ``var=state [or state …] [alone]``."""
    match = EVENT.fullmatch(text.strip())
    if match is None:
        raise GrammarError(f"{text.strip()!r}", FORMS)
    name, states, alone = match[1], match[2], match[3] is not None
    event = Event(name, _states(states, name, declared), alone)
    if alone and (not declared.is_condition(name) or declared.variables[name].base in event.states):
        raise GrammarError(f"'alone' after {text.strip()!r}", "'alone' follows a condition that is present")
    return event


def _states(text: str, name: str, declared: DeclaredNames) -> tuple[str, ...]:
    allowed = declared.states(name)
    if text == "any":
        return allowed[1:]
    states = tuple(OR.split(text))
    for state in states:
        if state not in allowed:
            one_of = f"any, or one of {', '.join(allowed)}{nearest(state, allowed)}"
            raise GrammarError(f"unknown state {state!r} of {name}", one_of)
    if len(set(states)) < len(states) or len(states) == len(allowed):
        raise GrammarError(f"{name}={text}", "different states, and not all of them")
    return tuple(state for state in allowed if state in states)


def parse_given(text: str, quantity: str, declared: DeclaredNames) -> Given:
    """The condition of a statement of a quantity.

    >>> sex = Variable("sex", "context", ("female", "male"), "recorded at birth")
    >>> parse_given("sex=male vs female", "odds_ratio", DeclaredNames({"sex": sex}, {})).versus
    Event(variable='sex', states=('female',), alone=False)
    >>> parse_given("none; sex=male", "probability", DeclaredNames({"sex": sex}, {})).none
    True
    """
    if quantity in RATIOS and quantity != "relative_weight":
        return _parse_ratio(text, declared)
    if VERSUS.search(text):
        raise GrammarError(f"'vs' in a {quantity}", "a ratio quantity, or a 'given' without 'vs'")
    parts = [part.strip() for part in text.split(";")] if text.strip() else []
    none, no_cause = "none" in parts, "no listed cause" in parts
    events = [parse_event(part, declared) for part in parts if part not in ("none", "no listed cause")]
    names = [event.variable for event in events]
    for name in names:
        if names.count(name) > 1:
            raise GrammarError(f"{name} twice in {text!r}", "each variable once; join its states by 'or'")
    exclusive = none + no_cause + sum(event.alone for event in events)
    if exclusive > 1 or (exclusive and any(declared.is_condition(e.variable) and not e.alone for e in events)):
        raise GrammarError(
            f"{text!r}", "one of none, no listed cause, or one condition 'alone', and no other condition"
        )
    return Given(tuple(events), None, none, no_cause)


def _parse_ratio(text: str, declared: DeclaredNames) -> Given:
    sides = VERSUS.split(text.strip())
    if len(sides) != 2 or ";" in text:
        raise GrammarError(f"{text!r}", "a ratio compares states of one variable: var=A vs B")
    first = parse_event(sides[0], declared)
    second = parse_event(f"{first.variable}={sides[1]}", declared)
    if first.alone or second.alone:
        raise GrammarError(f"'alone' in {text!r}", "a ratio compares states of one variable: var=A vs B")
    if set(first.states) & set(second.states):
        raise GrammarError(f"{text!r}", "two sides without a state in common")
    return Given((first,), second)


def names_in(*texts: object) -> frozenset[str]:
    """Every name-like word of some texts."""
    return frozenset(word for text in texts if isinstance(text, str) for word in WORDS.findall(text))
