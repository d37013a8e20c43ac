"""sources.toml and excluded.toml, and whether everything that is cited exists and the other way round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskmodel.errors import Problem, nearest
from riskmodel.evidence.reading.network_file import check_top_keys, tables, text_of
from riskmodel.evidence.reading.schema import ExcludedTable, SourceTable, read_table, show
from riskmodel.evidence.records import Fit, Source, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from riskmodel.evidence.reading.files import PriorFile

KEY = re.compile(r"[a-z][a-z0-9_]*")
KEY_IN_TEXT = re.compile(r"\b[a-z][a-z_]*_(?:19|20)\d\d\b")


def read_sources(document: dict[str, Any], file: str, sources: dict[str, Source], problems: list[Problem]) -> None:
    """Add the ``[sources.KEY]`` tables of one file."""
    raw = document.get("sources", {})
    if not isinstance(raw, dict):
        problems.append(Problem(file, "key 'sources'", f"received {show(raw)}", "allowed: tables [sources.KEY]"))
        return
    for key, entry in raw.items():
        label = f"source {key!r}"
        if key in sources:
            problems.append(Problem(file, label, f"duplicate source {key!r}", "a key of its own"))
        elif not KEY.fullmatch(key):
            problems.append(Problem(file, label, f"received {key!r}", "allowed: lower case, digits, underscores"))
        else:
            table = read_table(SourceTable, entry, file, label, problems)
            # a faulty entry still exists: citing it is no second problem
            sources[key] = _source(key, table) if table else Source(key, "", "")


def _source(key: str, table: SourceTable) -> Source:
    fit = None if table.fit is None else Fit(**table.fit.model_dump())
    return Source(key, **{**table.model_dump(), "fit": fit})


def read_excluded(document: dict[str, Any], file: str, problems: list[Problem]) -> list[ExcludedTable]:
    """The claims that drive no table."""
    check_top_keys(document, ("excluded",), file, problems)
    entries: dict[str, ExcludedTable] = {}
    for position, raw in enumerate(tables(document, "excluded", file, problems), start=1):
        name = text_of(raw, "id")
        label = f"excluded {name!r}" if name else f"excluded {position}"
        table = read_table(ExcludedTable, raw, file, label, problems)
        if table is None:
            continue
        if table.id in entries:
            problems.append(Problem(file, f"{label}, key 'id'", f"duplicate id {table.id!r}", "an id of its own"))
        if not (table.reason or table.used_in):
            problems.append(Problem(file, label, "neither reason nor used_in", "why it is not used, or where it is"))
        entries[table.id] = table
    return list(entries.values())


def check_citations(
    statements: Iterable[Statement],
    excluded: Iterable[ExcludedTable],
    sources: Mapping[str, Source],
    problems: list[Problem],
) -> None:
    """Every key that is cited must be a source, also where a note names it."""
    for statement in statements:
        named = [
            ("source", statement.source),
            *(("note", key) for key in KEY_IN_TEXT.findall(statement.note)),
        ]
        _check_keys(named, statement.file, f"statement {statement.id!r}", sources, problems)
    for entry in excluded:
        named = [("source", entry.source), *(("compare", key) for key in entry.compare)]
        _check_keys(named, "excluded.toml", f"excluded {entry.id!r}", sources, problems)


def _check_keys(
    named: Iterable[tuple[str, str]],
    file: str,
    label: str,
    sources: Mapping[str, Source],
    problems: list[Problem],
) -> None:
    for where, key in named:
        if key not in sources:
            allowed = f"a key of sources.toml{nearest(key, sources)}"
            problems.append(Problem(file, f"{label}, key {where!r}", f"unknown source {key!r}", allowed))


def unused_sources(document: dict[str, Any], file: str, citing: Iterable[PriorFile]) -> Iterator[Problem]:
    """A problem for each source that no evidence, excluded claim or policy names."""
    text = "\n".join(each.data.decode("utf-8", errors="replace") for each in citing)
    cited = set(re.findall(r"\w+", text))
    for key in document.get("sources", ()):
        if key not in cited:
            yield Problem(file, f"source {key!r}", "cited nowhere", "a source that something cites, or no entry")
