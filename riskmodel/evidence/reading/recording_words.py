"""The grammar of a statement about recording: whose states are written down, and under which profile."""

from __future__ import annotations

from riskmodel.errors import nearest
from riskmodel.evidence.reading.grammar import EVENT, DeclaredNames, GrammarError, parse_event
from riskmodel.evidence.recording import ABSENT, PRESENT, RECORDING, ROLES
from riskmodel.evidence.records import IGNORABLE, SETTING, Event, Given, Variable

SILENT = {  # why a profile reads no blank of these
    "context": "a blank age or sex says nothing of disease",
    "test": "whether a test was done depends on suspicion, which is in the findings: its blank stays ignorable",
    "condition": "conditions are what is inferred",
    "manifestation": "nobody observes it",
    "circumstance": "only policies read circumstances, and they take a blank as not assessed",
}
ALLOWED = "a profile, or a profile and settings: chart; setting=emergency"


def parse_recorded(text: str, declared: DeclaredNames) -> Event:
    """Whose states are written down so often: ``variable=state``, or ``=present`` and ``=absent``, also of a group.

    Present is any state but the base state.
    """
    match = EVENT.fullmatch(text.strip())
    if match is None or match[3] is not None:
        raise GrammarError(f"{text.strip()!r}", "variable=state, variable=present, variable=absent, or so of a group")
    name, word = match[1], match[2]
    if name in declared.recording_groups:
        if word not in (ABSENT, PRESENT):
            raise GrammarError(f"{word!r} of the group {name}", "present or absent")
        return Event(name, (word,))
    return _of_variable(_variable(name, declared), word, text, declared)


def _variable(name: str, declared: DeclaredNames) -> Variable:
    variable = declared.variables.get(name)
    if variable is None and name not in declared.broken:
        names = [*(v.name for v in declared.variables.values() if v.role in ROLES), *declared.recording_groups]
        allowed = f"a finding, a risk factor or a group of these{nearest(name, names)}"
        raise GrammarError(f"unknown variable {name!r}", allowed)
    if variable is not None and variable.role not in ROLES:
        role = variable.role.replace("_", " ")
        raise GrammarError(f"the {role} {name!r}", f"a finding or a risk factor; {SILENT[variable.role]}")
    declared.states(name)  # one that was declared with a fault is reported there
    return declared.variables[name]


def _of_variable(variable: Variable, word: str, text: str, declared: DeclaredNames) -> Event:
    if word not in (ABSENT, PRESENT) or word in variable.states:
        return parse_event(text, declared)
    if variable.lower_edges:
        allowed = f"one of {', '.join(variable.states)}: none of the bands of a number is its absence"
        raise GrammarError(f"{word!r} of {variable.name}", allowed)
    return Event(variable.name, variable.states[:1] if word == ABSENT else variable.states[1:])


def parse_profile(text: str, declared: DeclaredNames) -> Given:
    """Under which profile a rate holds, and in which settings where it is not all."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    names = [part for part in parts if "=" not in part]
    if len(names) != 1:
        raise GrammarError(f"{text!r}", f"{ALLOWED}; profiles: {', '.join(declared.profiles) or 'none is declared'}")
    if names[0] == IGNORABLE:
        raise GrammarError(f"{IGNORABLE!r}", "a profile of its own: under ignorable a blank says nothing")
    if names[0] not in declared.profiles:
        listed = ", ".join(declared.profiles)
        allowed = f"{listed}, the profile of this file" if len(declared.profiles) == 1 else f"one of {listed}"
        raise GrammarError(f"unknown profile {names[0]!r}", f"{allowed}{nearest(names[0], declared.profiles)}")
    events = [parse_event(part, declared) for part in parts if part != names[0]]
    if len(events) > 1 or any(event.variable != SETTING for event in events):
        raise GrammarError(f"{text!r}", ALLOWED)
    return Given((Event(RECORDING, (names[0],)), *events))
