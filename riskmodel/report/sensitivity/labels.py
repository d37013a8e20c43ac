"""What a report shows for an identifier: a statement as "fever | infection", with the identifier on hover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.records import MANIFEST, OCCULT
from riskmodel.pages.section import Label, Labels
from riskmodel.text import listed, words

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.validation.records import Combination, PublishedRow

NONE = "no disease"  # a finding in people with none of the conditions that lead to it
KINDS = {
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
    "adjusted_odds_ratio": "adjusted odds ratio",
    "likelihood_ratio_positive": "positive likelihood ratio",
    "relative_weight": "relative weight",
    "share": "share",
}  # a probability needs no name of its kind


def labels(priors: Priors) -> Labels:
    """The labels of all statements, with the identifier on hover, and of all sources, with their title."""
    shown = {("statement", s.id): Label(statement_label(s), s.id) for s in priors.statements}
    return shown | {("source", source.key): Label(source.key, source.title) for source in priors.sources.values()}


def group_label(name: str, priors: Priors) -> str:
    """A group of Sobol' indices: a statement, one "and 3 more of its distribution", a source or a basis."""
    statement, _, rest = name.partition(" and ")
    statements = {s.id: s for s in priors.statements}
    return (
        f"{statement_label(statements[statement])}{f' and {rest}' if rest else ''}" if statement in statements else name
    )


def statement_label(statement: Statement) -> str:
    """A statement in few words: what | given what.

    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> pain = Event("night_pain", ("present",))
    >>> statement_label(Statement("s", "probability", pain, Given(), "none", 0.4, "seed", "x", "full_text"))
    'night pain | no disease'
    """
    kind = KINDS.get(statement.quantity, "")
    what = ", ".join(filter(None, [_event(str(statement.of)), kind]))
    if statement.quantity == QUANTITY:
        states = words(listed(list(statement.of.states), "or"))
        what = f"{words(statement.of.variable)}, written down if {states}"
    if statement.quantity == "dependence":
        what = f"correlation within {words(statement.of.variable)}"
    elif statement.quantity == "recorded":
        what = f"{words(statement.of.variable)} {words(' or '.join(statement.of.states))} written down"
    given = ", ".join(_given(part.strip()) for part in statement.given_text.split(";") if part.strip())
    return f"{what} | {given}" if given else what


def published_label(row: PublishedRow) -> str:
    """The question of a published row in few words: what | given what, in whom."""
    given = ", ".join(filter(None, [_combination(row.given), *(_event(str(event)) for event in row.people)]))
    return f"{_combination(row.of)} | {given}" if given else _combination(row.of)


def _combination(combination: Combination) -> str:
    events = [_event(str(event)) for event in combination.events]
    if combination.least == len(events):
        return " and ".join(events)
    return f"{combination.least} or more of {', '.join(events)}"


def _event(text: str) -> str:
    """``fever=present`` → fever; ``age=from_70`` → age from 70.

    >>> _event("fever=present"), _event("fever=absent"), _event("sex=female vs male")
    ('fever', 'no fever', 'sex female v. male')
    >>> _event("fracture_manifest=occult")
    'occult'
    """
    variable, _, state = text.partition("=")
    if variable.endswith(f"_{MANIFEST}") and state in (OCCULT, MANIFEST):
        return state  # the condition stands in what is given
    if state.startswith("present"):
        text = variable + state.removeprefix("present")
    elif state == "absent":
        text = f"no {variable}"
    return words(text.replace("=", " ").replace(" vs ", " v. "))


def _given(part: str) -> str:
    return NONE if part == "none" else _event(part.removeprefix("setting="))


def labelled(frame: pd.DataFrame, priors: Priors) -> pd.DataFrame:
    """A frame with the label of each ``statement`` in ``label``, for a figure."""
    return frame.assign(label=[statement_label(priors.statement(name)) for name in frame["statement"]])
