"""The numbers behind an answer: those of the condition it is about, and of what was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.number_origin import NumberOrigin, origin_of
from riskmodel.evidence.records import SETTING, acting_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskmodel.evidence.records import Event, Priors, Statement


def numbers_behind(
    priors: Priors, about: str, setting: str, observed: Mapping[str, Sequence[str]]
) -> tuple[NumberOrigin, ...]:
    """Where the numbers come from that make one condition more or less probable.

    Parameters
    ----------
    about, setting
        the condition, and where the person presents ("" without settings).
    observed
        each variable with the states that the case leaves possible, in the order in which they are shown.

    Returns
    -------
    the condition's own first, then those of each variable.
    """
    everything = {**observed, SETTING: (setting,)} if setting else dict(observed)
    of_condition = [s for s in priors.selected_statements if s.subject == about and _speaks_of(s, about, everything)]
    of_each = [
        s
        for name in observed
        for s in priors.selected_statements
        if s.subject == name and name != about and _tells_of(s, about, priors, everything)
    ]
    return tuple(origin_of(priors, statement) for statement in (*of_condition, *of_each))


def _speaks_of(statement: Statement, about: str, observed: Mapping[str, Sequence[str]]) -> bool:
    """Whether a number of the condition holds for this case: its setting, and its risk factors as they are."""
    events = [statement.of, *statement.given.events]
    if statement.given.versus:
        events.append(statement.given.versus)
    named = {event.variable for event in events} - {about}
    return named <= set(observed) and all(
        any(_is_possible(event, observed) for event in events if event.variable == name) for name in named
    )


def _tells_of(statement: Statement, about: str, priors: Priors, observed: Mapping[str, Sequence[str]]) -> bool:
    """Whether a number of a finding compares the condition with its absence, in the states that the case has."""
    node = acting_node(about, priors.variable(statement.subject).parents)
    given = statement.given
    named = {event.variable for event in given.events} - {SETTING}
    tells = given.none or bool(named & {about, node})
    others = [event for event in given.events if event.variable == SETTING]
    states = priors.variable(statement.of.variable).states
    is_band = len(states) > 2 and not _is_possible(statement.of, observed)
    return tells and not is_band and all(_is_possible(event, observed) for event in others)


def _is_possible(event: Event, observed: Mapping[str, Sequence[str]]) -> bool:
    return bool(set(event.states) & set(observed.get(event.variable, ())))
