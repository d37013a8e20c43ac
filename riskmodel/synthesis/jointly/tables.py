"""Which published rows are fitted: none whose people are counted already, none that is held out as a test."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import SETTING
from riskmodel.validation.compare import events_seen
from riskmodel.validation.records import Combination

if TYPE_CHECKING:
    from riskmodel.arrays import States
    from riskmodel.evidence.records import Event, Priors, Statement
    from riskmodel.validation.records import PublishedRow

HELD_OUT = "held out"
DIFFERS = "asks otherwise"
UNSURE = "prints neither a count nor an interval"
OF_PEOPLE = ("source", "setting", "people", "given", "others", "n", "suspected_by")
SPREADS = ("findings", "rates")  # between studies: of what is seen in people, and of how frequent conditions are


@dataclass(frozen=True)
class SortedTables:
    """Published rows as the fit takes them.

    ``fitted`` are those that are fitted, nested ones asked within each other; ``aside`` says of every other row, by its
    id, why it is not; ``rows`` are all rows as they are printed.
    """

    rows: tuple[PublishedRow, ...]
    fitted: tuple[PublishedRow, ...]
    aside: Mapping[str, str]

    @property
    def tests(self) -> tuple[PublishedRow, ...]:
        """Rows of people who are not in the fit: held out, asked otherwise, or of a size that is not printed."""
        return tuple(row for row in self.rows if self.aside.get(row.id, "").startswith((HELD_OUT, DIFFERS, UNSURE)))

    @property
    def held_out(self) -> tuple[PublishedRow, ...]:
        return tuple(row for row in self.rows if self.aside.get(row.id) == HELD_OUT)

    def digest(self) -> str:
        """A hash of what is fitted: the same for the same rows, notes apart."""
        texts = sorted(repr(replace(row, note="", locator="")) for row in self.fitted)
        return f"sha256:{hashlib.sha256(chr(10).join(texts).encode()).hexdigest()}"


def sort_tables(
    priors: Priors, rows: Sequence[PublishedRow], hold_out: Collection[str] | float = (), seed: int = 0
) -> SortedTables:
    """Sort rows into those that are fitted and others.

    - A row is not fitted where its study drives a statement that speaks of nothing beyond the row's variables (the
      setting apart) and no other setting: its people are in that statement already.
    - A row that follows from other rows of the same people (``restates``) is not fitted beside them.
    - A row that counts something else than the network means (``differs``) is not fitted.
    - A share with neither a count nor an interval cannot be weighed, and is not fitted.
    - Two rows of the same people, one of whose events is part of the other's, are one multinomial table: the narrower
      is asked among those who have the wider.

    Parameters
    ----------
    hold_out
        ids of rows, or keys of their sources, that stay out of the fit as its test; or the share (0 to 1) of the
        sources that are drawn for it.

    Raises
    ------
    UsageError
        for a name that no row has, or a share outside of 0 to 1.
    """
    names = _held_out(rows, hold_out, seed)
    aside: dict[str, str] = {}
    for row in rows:
        counted = _counted_already(priors, row)
        if counted:
            aside[row.id] = f"its study drives {', '.join(counted)}"
        elif row.differs:
            aside[row.id] = f"{DIFFERS}: {row.differs}"
        elif row.n is None and row.low is None:
            aside[row.id] = UNSURE
        elif names & {row.id, row.source}:
            aside[row.id] = HELD_OUT
    fitted = {row.id for row in rows if row.id not in aside}
    for row in rows:
        if row.id in fitted and row.restates and fitted.issuperset(row.restates):
            aside[row.id] = f"follows from {', '.join(row.restates)}"
    return SortedTables(tuple(rows), tuple(_nested([row for row in rows if row.id not in aside])), aside)


def _held_out(rows: Sequence[PublishedRow], hold_out: Collection[str] | float, seed: int) -> set[str]:
    sources = list(dict.fromkeys(row.source for row in rows))
    if isinstance(hold_out, (int, float)):
        if not 0 <= hold_out < 1:
            raise UsageError(f"hold_out is {hold_out}; allowed: a share from 0 to below 1, or names of rows or sources")
        count = round(hold_out * len(sources))
        return set(np.random.default_rng(seed).choice(sources, count, replace=False).tolist())
    possible = [*sources, *(row.id for row in rows)]
    for name in hold_out:
        if name not in possible:
            raise UsageError(f"hold_out: {name!r} is no row and no source of one{nearest(name, possible)}")
    return set(hold_out)


def _counted_already(priors: Priors, row: PublishedRow) -> list[str]:
    """The statements that rest on a row's study and speak of nothing beyond its variables."""
    asked = _variables(priors, (*row.people, *row.of.events, *row.given.events, *row.others))
    same = {row.source, *row.same_data}
    return [
        s.id
        for s in priors.selected_statements
        if s.rests_on & same and _in_setting(s, row) and _spoken_of(priors, s) <= asked
    ]


def _in_setting(statement: Statement, row: PublishedRow) -> bool:
    """Whether a statement may be about the people of a row: not where it names another setting."""
    setting = statement.given.event(SETTING)
    return setting is None or row.setting in setting.states


def _spoken_of(priors: Priors, statement: Statement) -> set[str]:
    versus = () if statement.given.versus is None else (statement.given.versus,)
    return _variables(priors, (statement.of, *statement.given.events, *versus)) - {SETTING}


def _variables(priors: Priors, events: Sequence[Event]) -> set[str]:
    return {name for event in events for name in priors.composites.get(event.variable, (event.variable,))}


def _nested(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """The rows, each whose event is part of another's asked among those who have that."""
    result = []
    for row in rows:
        wider = [other for other in rows if _is_part(row, other) and events_seen(other)]
        if wider:
            smallest = min(wider, key=events_seen)
            given = Combination((*row.given.events, *smallest.of.events), len(row.given.events) + 1)
            events, n = events_seen(row), events_seen(smallest)
            row = replace(row, given=given, published=events / n, events=events, n=n)  # noqa: PLW2901
        result.append(row)
    return result


def _is_part(row: PublishedRow, other: PublishedRow) -> bool:
    """Whether a row counts, of the same people, some of those whom another one counts."""
    one_event = len(row.of.events) == len(other.of.events) == 1 and row.given.least == len(row.given.events)
    if row is other or not one_event or row.n is None or row.prior is not None or other.prior is not None:
        return False
    same = all(getattr(row, key) == getattr(other, key) for key in OF_PEOPLE)
    first, second = row.of.events[0], other.of.events[0]
    return same and first.variable == second.variable and set(first.states) < set(second.states)


def spread_numbers(priors: Priors, rows: Sequence[PublishedRow]) -> States:
    """Which of :data:`SPREADS` is between studies like each row's: (rows,)."""
    conditions = {condition.name for condition in priors.conditions}
    rates = [row.prior is None and bool(_variables(priors, row.of.events) & conditions) for row in rows]
    return np.array(rates, dtype=np.int64)
