"""A published share as a question to the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskmodel.evidence.origin import CitedSource
from riskmodel.evidence.records import Event


@dataclass(frozen=True, slots=True)
class Combination:
    """Events of which at least ``least`` hold; all of them where that is their number.

    >>> str(Combination((Event("fever", ("present",)), Event("sex", ("male",))), 1))
    'at least 1 of fever=present, sex=male'
    """

    events: tuple[Event, ...]
    least: int

    def __str__(self) -> str:
        if self.least == len(self.events):
            return " and ".join(map(str, self.events))
        return f"at least {self.least} of {', '.join(map(str, self.events))}"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """P(of | given, people) as a study saw it.

    Attributes
    ----------
    people
        whom the study is about; empty where the network cannot tell.
    others
        who the people without ``of`` were; empty: anybody.
    published
        the share that the study saw, 0 to 1.
    events, n
        the count behind it, where it is known; ``n`` alone where only the share was printed.
    low, high
        the study's own 95 % interval, where it has one.
    prior
        the share of ``of`` among the study's people, where it is known.
    restates
        ids of rows of the same people from which this one follows.
    suspected_by
        the signs for which the study's people were suspected of the disease; empty where people came as they are.
    differs
        what the study counted that the network does not mean, so that a fit leaves the row out; else empty.
    """

    id: str
    source: str
    locator: str
    setting: str
    people: tuple[Event, ...]
    of: Combination
    given: Combination
    others: tuple[Event, ...]
    published: float
    events: int | None
    n: int | None
    low: float | None
    high: float | None
    prior: float | None
    read: str
    figures: str
    same_data: tuple[str, ...]
    note: str
    restates: tuple[str, ...] = ()
    suspected_by: tuple[Event, ...] = ()
    differs: str = ""

    @property
    def question(self) -> str:
        """The question in the words of a statement: ``P(of | given; people)``."""
        conditions = "; ".join(str(part) for part in (self.given, *self.people) if str(part))
        return f"P({self.of}{' | ' if conditions else ''}{conditions})"


@dataclass(frozen=True, slots=True)
class PublishedTables:
    """All rows of validation.toml, and every source that they may cite."""

    rows: tuple[PublishedRow, ...]
    sources: Mapping[str, CitedSource]
