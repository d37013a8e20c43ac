"""validation.toml in: published rows, checked against the network's names and the bibliography."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from riskmodel.errors import PriorsError, Problem, Problems, nearest
from riskmodel.evidence.origin import CitedSource
from riskmodel.evidence.reading.bibliography import read_sources
from riskmodel.evidence.reading.files import PriorFile
from riskmodel.evidence.reading.grammar import BrokenNameError, DeclaredNames, GrammarError, parse_event
from riskmodel.evidence.reading.network_file import check_top_keys, tables
from riskmodel.evidence.reading.schema import StrictTable, read_table
from riskmodel.evidence.records import Event, Priors
from riskmodel.validation.records import Combination, PublishedRow, PublishedTables

FILE = "validation.toml"
MOST_SIGNS = 6  # of a selection: every subset of them is asked for
SHIPPED = "validation"  # the name of this file, in place of a path


class RowTable(StrictTable):
    """``[[row]]`` of validation.toml."""

    id: str
    source: str
    locator: str
    setting: str = ""
    people: list[str] = Field(default_factory=list)
    of: list[str] = Field(min_length=1)
    of_at_least: int | None = Field(None, ge=1)
    given: list[str]
    given_at_least: int | None = Field(None, ge=1)
    others: list[str] = Field(default_factory=list)
    published: float | None = Field(None, ge=0, le=1)
    events: int | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)
    low: float | None = Field(None, ge=0, le=1)
    high: float | None = Field(None, ge=0, le=1)
    prior: float | None = Field(None, gt=0, lt=1)
    read: Literal["full_text", "abstract", "second_hand"]
    figures: Literal["printed", "worked_back"] = "printed"
    same_data: list[str] = Field(default_factory=list)
    restates: list[str] = Field(default_factory=list)
    suspected_by: list[str] = Field(default_factory=list, max_length=MOST_SIGNS)
    differs: str = ""
    note: str = ""


def load_published(priors: Priors, root: Path, published: str | Path = SHIPPED) -> PublishedTables:
    """The published rows beside a prior set.

    Parameters
    ----------
    root
        The folder of the priors; without a validation.toml in it there are no rows.
    published
        ``validation`` for that file, or the path of another one in the same form.

    Raises
    ------
    PriorsError
        With every problem of the file: unknown variables, states, settings or sources, figures that contradict
        each other.
    """
    path = root / FILE if published == SHIPPED else Path(published)
    if not path.is_file():
        if published == SHIPPED:
            return PublishedTables((), priors.sources)
        raise PriorsError([Problem(str(published), "", "no such file", f"{SHIPPED}, or a file like {FILE}")])
    document = PriorFile(path.name, path.read_bytes()).parse()
    problems = Problems(file=path.name)
    check_top_keys(document, ("sources", "row"), problems)
    sources: dict[str, CitedSource] = dict(priors.sources)
    read_sources(document, sources, problems)
    reader = _Reader(priors, sources)
    rows: dict[str, PublishedRow] = {}
    for position, raw in enumerate(tables(document, "row", problems), start=1):
        of_row = problems.at(f"row {raw['id']!r}" if isinstance(raw.get("id"), str) else f"row {position}")
        table = read_table(RowTable, raw, of_row)
        if table is None:
            continue
        if table.id in rows:
            of_row.note("", f"duplicate id {table.id!r}", "an id of its own")
        rows[table.id] = reader.row(table, of_row)
    for row in rows.values():
        for name in row.restates:
            if name not in rows or rows[name].source != row.source:
                same = [other.id for other in rows.values() if other.source == row.source]
                allowed = f"ids of rows of {row.source}{nearest(name, same)}"
                problems.at(f"row {row.id!r}").note("restates", f"received {name!r}", allowed)
    problems.refuse()
    return PublishedTables(tuple(rows.values()), sources)


class _Reader:
    """Turns tables into rows, and notes what is wrong."""

    def __init__(self, priors: Priors, sources: dict[str, CitedSource]) -> None:
        self.declared = DeclaredNames({v.name: v for v in priors.variables}, priors.composites)
        setting = next((v for v in priors.variables if v.name == "setting"), None)
        self.settings = setting.states if setting else ("",)
        self.sources = sources

    def row(self, table: RowTable, problems: Problems) -> PublishedRow:
        self._check_names(table, problems)
        self._check_figures(table, problems)
        fields = table.model_dump(exclude={"of_at_least", "given_at_least"})
        fields |= {key: self._events(table, key, problems) for key in ("people", "others", "suspected_by")}
        of, given = (self._combination(table, key, problems) for key in ("of", "given"))
        return PublishedRow(**fields | {
            "of": of, "given": given, "same_data": tuple(table.same_data), "published": published_share(table),
            "restates": tuple(table.restates),
        })  # fmt: skip

    def _combination(self, table: RowTable, key: str, problems: Problems) -> Combination:
        events = self._events(table, key, problems)
        least = getattr(table, f"{key}_at_least")
        if least is not None and least > len(getattr(table, key)):
            problems.note(f"{key}_at_least", f"received {least}", f"at most {len(getattr(table, key))}")
        return Combination(events, len(events) if least is None else least)

    def _events(self, table: RowTable, key: str, problems: Problems) -> tuple[Event, ...]:
        events = []
        for text in getattr(table, key):
            try:
                events.append(parse_event(text, self.declared))
            except GrammarError as error:
                problems.note(key, error.received, error.allowed)
            except BrokenNameError:
                continue
        return tuple(events)

    def _check_names(self, table: RowTable, problems: Problems) -> None:
        if table.setting not in self.settings:
            allowed = f"one of {', '.join(self.settings)}{nearest(table.setting, self.settings)}"
            problems.note("setting", f"unknown setting {table.setting!r}", allowed)
        for key in (table.source, *table.same_data):
            if key not in self.sources:
                allowed = f"a key of sources.toml or {FILE}{nearest(key, self.sources)}"
                problems.note("source", f"unknown source {key!r}", allowed)

    def _check_figures(self, table: RowTable, problems: Problems) -> None:
        counted = table.events is not None
        if counted == (table.published is not None):
            problems.note("", "both events and published" if counted else "neither events nor published", "one of them")
        if counted and (table.n is None or table.n < (table.events or 0)):
            problems.note("n", f"received {table.n} beside events = {table.events}", "n, events or more")
        if (table.low is None) != (table.high is None):
            problems.note("", "one of low and high", "both, or neither")
        elif table.low is not None and not table.low < published_share(table) < (table.high or 0):
            received = f"low {table.low}, published {table.published}, high {table.high}"
            problems.note("", received, "low below published below high")
        if table.prior is not None and (len(table.of) != 1 or not table.given):
            problems.note("prior", "a prior", "only where `of` is one event and something is given")


def published_share(table: RowTable) -> float:
    """The share that a study saw: as printed, else events of n; NaN where the table has neither."""
    if table.published is not None:
        return table.published
    return table.events / table.n if table.events is not None and table.n else float("nan")
