"""sources.toml and excluded.toml, and whether everything that is cited exists and the other way round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskmodel.errors import nearest
from riskmodel.evidence.origin import CitedSource, Fit
from riskmodel.evidence.reading.network_file import check_top_keys, tables, text_at
from riskmodel.evidence.reading.schema import ExcludedTable, SourceTable, read_table, show
from riskmodel.evidence.records import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskmodel.errors import Problems
    from riskmodel.evidence.reading.files import PriorFile

KEY = re.compile(r"[a-z][a-z0-9_]*")
EVIDENCE, EXCLUDED = "evidence/", "excluded.toml"  # files whose sources stand in sources.toml
KEY_IN_TEXT = re.compile(r"\b[a-z][a-z_]*_(?:19|20)\d\d\b")


def read_sources(document: dict[str, Any], sources: dict[str, CitedSource], problems: Problems) -> None:
    """Add the ``[sources.KEY]`` tables of one file to ``sources``, by their keys."""
    raw = document.get("sources", {})
    if not isinstance(raw, dict):
        problems.note("sources", f"received {show(raw)}", "allowed: tables [sources.KEY]")
        return
    for key, entry in raw.items():
        of_entry = problems.at(f"source {key!r}")
        if key in sources:
            of_entry.note("", f"duplicate source {key!r}", "a key of its own")
        elif not KEY.fullmatch(key):
            of_entry.note("", f"received {key!r}", "allowed: lower case, digits, underscores")
        else:
            table = read_table(SourceTable, entry, of_entry)
            # a faulty entry still exists: citing it is no second problem
            sources[key] = _source(key, table) if table else CitedSource(key, "", "")


def _source(key: str, table: SourceTable) -> CitedSource:
    fit = None if table.fit is None else Fit.of_table(table.fit.model_dump(exclude_none=True))
    return CitedSource(key, **{**table.model_dump(), "fit": fit})


def read_excluded(document: dict[str, Any], problems: Problems) -> list[ExcludedTable]:
    """The claims of excluded.toml, which drive no table; those that are faulty are left out."""
    check_top_keys(document, ("excluded",), problems)
    entries: dict[str, ExcludedTable] = {}
    for position, raw in enumerate(tables(document, "excluded", problems), start=1):
        name = text_at(raw, "id")
        of_entry = problems.at(f"excluded {name!r}" if name else f"excluded {position}")
        table = read_table(ExcludedTable, raw, of_entry)
        if table is None:
            continue
        if table.id in entries:
            of_entry.note("id", f"duplicate id {table.id!r}", "an id of its own")
        if not (table.reason or table.used_in):
            of_entry.note("", "neither reason nor used_in", "why it is not used, or where it is")
        entries[table.id] = table
    return list(entries.values())


def check_citations(
    statements: Iterable[Statement],
    excluded: Iterable[ExcludedTable],
    sources: Mapping[str, CitedSource],
    problems: Problems,
) -> None:
    """Every key that is cited must be a source, also where a note names it; its kind must fit the basis."""
    for statement in statements:
        named = [("source", statement.source), *(("note", key) for key in KEY_IN_TEXT.findall(statement.note))]
        named += [("studies", study.source) for study in statement.studies]
        of_entry = problems.of(statement.file).at(f"statement {statement.id!r}")
        _check_keys(named, sources, of_entry)
        _check_kind(statement, sources, of_entry)
    for entry in excluded:
        named = [("source", entry.source), *(("compare", key) for key in entry.compare)]
        _check_keys(named, sources, problems.of(EXCLUDED).at(f"excluded {entry.id!r}"))


def _check_keys(named: Iterable[tuple[str, str]], sources: Mapping[str, CitedSource], problems: Problems) -> None:
    shipped = problems.file.startswith(EVIDENCE) or problems.file == EXCLUDED
    more = "" if shipped else ", or of the sources given with it ([sources.KEY]; in Python sources)"
    for where, key in named:
        if key not in sources:
            problems.note(where, f"unknown source {key!r}", f"a key of sources.toml{more}{nearest(key, sources)}")


def _check_kind(statement: Statement, sources: Mapping[str, CitedSource], problems: Problems) -> None:
    source = sources.get(statement.source)
    if source is not None and source.kind and (source.kind == "seed") != (statement.basis == "seed"):
        received = f"basis {statement.basis!r} with source {source.key!r} of kind {source.kind!r}"
        problems.note("basis", received, "seed for a source of kind seed, and only there")


def check_unused(document: dict[str, Any], citing: Iterable[PriorFile], problems: Problems) -> None:
    """Every source must be named by some evidence, excluded claim or policy."""
    text = "\n".join(each.data.decode("utf-8", errors="replace") for each in citing)
    cited = set(re.findall(r"\w+", text))
    for key in document.get("sources", ()):
        if key not in cited:
            problems.at(f"source {key!r}").note("", "cited nowhere", "a source that something cites, or no entry")
