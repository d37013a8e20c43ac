"""Recording profiles: how often each state of a variable is written down, and which statement says so."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import IGNORABLE, MAX_STATES, SETTING, Profile, Statement, Variable

if TYPE_CHECKING:
    from riskmodel.arrays import Masks
    from riskmodel.evidence.records import Priors

RECORDING = "recording"  # what a statement is given, as an event: recording=chart
QUANTITY = "recorded"
NOT_WRITTEN, WRITTEN = "not_written", "written"  # the states of a recording node
ABSENT, PRESENT = "absent", "present"  # of any variable: its base state, all its other states
ROLES = ("finding", "risk_factor")  # a profile reads blanks of these
BY_ROLE = {"findings": "finding", "risk_factors": "risk_factor"}  # groups that every network has
ALWAYS = Profile(IGNORABLE, "A blank says nothing")


@dataclass(frozen=True, slots=True)
class BlankReading:
    """How blanks are read: under which recording profile, its title, and of how many variables."""

    profile: str = IGNORABLE
    title: str = ALWAYS.title
    variables: int = 0

    def __str__(self) -> str:
        if self.profile == IGNORABLE:
            return "a blank says nothing: what is written down is taken not to depend on what is there (ignorable)"
        what = f"{self.variables} findings and risk factors"
        return f"a blank of {what} is read by the recording profile {self.profile} ({self.title}); no rule fires on it"


IGNORED = BlankReading()


class RecordingError(ValueError):
    """A profile whose rates cannot be worked out: of which variable, what was received, and what is allowed."""

    def __init__(self, variable: str, received: str, allowed: str) -> None:
        super().__init__(received)
        self.variable = variable
        self.received = received
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class RecordingRates:
    """Which statements say how often each state of one variable is written down.

    Attributes
    ----------
    settings
        those in which they differ; one without a name, where they are the same in all.
    statements
        ids by setting and state: (settings, states).
    """

    variable: str
    settings: tuple[str, ...]
    statements: tuple[tuple[str, ...], ...]

    @property
    def ids(self) -> frozenset[str]:
        """Of all statements that hold in any setting."""
        return frozenset(itertools.chain(*self.statements))


def is_file(profile: str | Path) -> bool:
    """Whether a profile is meant by its file rather than by its name."""
    text = str(profile)
    return isinstance(profile, Path) or text.endswith(".toml") or "/" in text or "\\" in text


def role_groups(variables: Iterable[Variable]) -> dict[str, tuple[str, ...]]:
    """The groups that every network has: its findings and its risk factors, but bands of a number.

    The lowest band of a number is not the absence of anything, so that nothing is said of it by "absent".
    """
    listed = list(variables)
    return {
        group: tuple(variable.name for variable in listed if variable.role == role and not variable.lower_edges)
        for group, role in BY_ROLE.items()
    }


def lineage_of(profiles: Mapping[str, Profile], name: str) -> list[Profile]:
    """A profile, what it extends, and so on.

    Raises
    ------
    RecordingError
        where this goes round in a circle.
    """
    chain: list[Profile] = []
    while name and name != IGNORABLE:
        chain.append(profiles[name])
        name = profiles[name].extends
        if name in (profile.name for profile in chain):
            circle = " → ".join([*(profile.name for profile in chain), name])
            raise RecordingError("", f"a circle: {circle}", "a profile that does not lead back to this one")
    return chain


def rates_of(
    profiles: Mapping[str, Profile],
    name: str,
    statements: Mapping[str, Statement],
    variables: Sequence[Variable],
) -> Iterator[RecordingRates | RecordingError]:
    """Of each variable whose blanks a profile reads which statement holds for each state and setting, or why none can.

    A statement of a variable goes before one of a group, one of a group before one of all findings; then one of fewer
    states, then one for a setting, then the profile's own before what it extends.
    """
    chain = lineage_of(profiles, name)
    groups = role_groups(variables) | {group: names for link in reversed(chain) for group, names in link.groups.items()}
    settings = next((variable.states for variable in variables if variable.name == SETTING), ("",))
    depth = {identifier: steps for steps, link in enumerate(chain) for identifier in link.statements}
    stated = [statements[identifier] for identifier in depth]
    for variable in variables:
        about = [(s, level) for s in stated if (level := _level(s, variable, groups))]
        if not about:
            continue
        try:
            rows = [
                tuple(_best(about, variable, state, setting, depth) for state in variable.states)
                for setting in settings
            ]
        except RecordingError as error:
            yield error
            continue
        alike = len(set(rows)) == 1
        yield RecordingRates(variable.name, ("",) if alike else settings, tuple(rows[:1] if alike else rows))


def _level(statement: Statement, variable: Variable, groups: Mapping[str, tuple[str, ...]]) -> int:
    """How closely a statement speaks of a variable: 3 by its name, 2 in a group, 1 by its role, 0 not at all."""
    of = statement.of.variable
    if of == variable.name:
        return 3
    if variable.name not in groups.get(of, ()):
        return 0
    return 1 if of in BY_ROLE else 2


def states_meant(statement: Statement, variable: Variable) -> tuple[str, ...]:
    """The states of a variable that a statement speaks of, itself or as one of its group."""
    if statement.of.variable == variable.name:
        return statement.of.states
    return variable.states[:1] if statement.of.states == (ABSENT,) else variable.states[1:]


def _best(
    about: Sequence[tuple[Statement, int]], variable: Variable, state: str, setting: str, depth: Mapping[str, int]
) -> str:
    """The id of the statement that holds for a state in a setting."""
    ranked = []
    for statement, level in about:
        meant = states_meant(statement, variable)
        at = statement.given.event(SETTING)
        if state in meant and (at is None or setting in at.states):
            rank = (level, -len(meant), -len(at.states) if at else -MAX_STATES, -depth[statement.id])
            ranked.append((rank, statement.id))
    if not ranked:
        others = ", ".join(sorted({statement.id for statement, _ in about}))
        received = f"{variable.name}={state} has no rate, but other states have ({others})"
        raise RecordingError(variable.name, received, "a statement for each state, or for none")
    top = max(ranked)[0]
    best = sorted(identifier for rank, identifier in ranked if rank == top)
    if len(best) > 1:
        received = f"{' and '.join(best)} both speak of {variable.name}={state}"
        raise RecordingError(variable.name, received, "one of them, or a statement of the variable itself")
    return best[0]


def used_rates(priors: Priors) -> tuple[RecordingRates, ...]:
    """The rates of the profile in use, a record for each variable whose blanks it reads, in file order."""
    by_id = {statement.id: statement for statement in priors.statements}
    every = rates_of(priors.profiles, priors.recording, by_id, priors.variables)
    return tuple(rates for rates in every if isinstance(rates, RecordingRates))


def blank_reading(priors: Priors) -> BlankReading:
    """How blanks are read under the profile in use."""
    if priors.recording == IGNORABLE:
        return IGNORED
    return BlankReading(
        priors.recording, priors.profile.title, sum(variable.blank_tells for variable in priors.variables)
    )


def use_profile(priors: Priors, name: str) -> Priors:
    """The same priors under one of their recording profiles.

    Its statements are among those that are selected, and the variables say whether a blank is read.

    Raises
    ------
    UsageError
        for a profile that the priors do not have.
    """
    profiles = {IGNORABLE: ALWAYS, **priors.profiles}
    if name not in profiles:
        allowed = f"{', '.join(profiles)}, or the path of a TOML file{nearest(name, profiles)}"
        raise UsageError(f"no recording profile {name!r}; allowed: {allowed}")
    if name == priors.recording:
        return priors
    used = used_rates(replace(priors, recording=name))
    speaking = {rates.variable for rates in used}
    taken = {s.id for s in priors.selected_statements if s.quantity != QUANTITY}.union(*(rates.ids for rates in used))
    return replace(
        priors,
        recording=name,
        selected=tuple(s.id for s in priors.statements if s.id in taken),
        variables=tuple(replace(v, blank_tells=v.name in speaking) for v in priors.variables),
    )


def heard(variables: Sequence[Variable], masks: Masks) -> Masks:
    """Evidence as rules, counts and questions take it, (variables, cases): what is not written down is not assessed.

    The same array, where nothing is a blank that a profile reads.
    """
    silent = masks == 0
    if not silent.any():
        return masks
    full = np.array([variable.full_mask for variable in variables], np.uint8)
    return np.asarray(masks | silent * full.reshape(-1, *(1,) * (masks.ndim - 1)))  # far quicker than to choose
