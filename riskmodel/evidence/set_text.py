"""Priors as a prior set in TOML: what differs from the set that it extends, and where that came from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from riskmodel.errors import UsageError
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.recording import QUANTITY
from riskmodel.evidence.together import new_pairs
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskmodel.evidence.records import Priors, Statement

USUAL_LEVEL = 0.95


def text_of_set(priors: Priors, root: Path, path: Path, title: str, comments: Sequence[str] = ()) -> str:
    """The TOML of a set that extends the set of some priors and gives the same numbers again.

    A statement that was given another source keeps its number, but not its id, which is that of the set it extends: it
    is called as before with the source behind.

    Parameters
    ----------
    root
        the folder of the priors.
    path
        where the text will stand: the set to extend is named from there.
    comments
        lines at its head.

    Raises
    ------
    UsageError
        where the file is the set that it would extend.
    """
    extends, parent = _parent(priors, root, path)
    before = {statement.id: statement for statement in parent.statements}
    # those of a recording profile in a file of its own stay there
    inside = [s for s in priors.statements if s.id in before or s.quantity != QUANTITY]
    new = [s for s in inside if s.id not in before or _claim(s) != _claim(before[s.id])]
    names = {s.id: s.id if s.id not in before else f"{s.id}.{s.source}" for s in new}
    document = tomlkit.document()
    for comment in (*comments, RESEARCH_ONLY):
        document.add(tomlkit.comment(comment))
    document["title"] = title
    document["extends"] = extends
    if priors.prior_set.reference_setting:
        document["reference_setting"] = priors.prior_set.reference_setting
    pins = [names.get(pin, pin) for pin in priors.prior_set.pins]
    lists = {
        "pin": [pin for pin in pins if pin not in parent.prior_set.pins],
        "leave_out": [name for name in priors.prior_set.leave_out if name not in parent.prior_set.leave_out],
    }
    for key, identifiers in lists.items():
        if identifiers:
            document[key] = identifiers
    sources = {key: source.as_table() for key, source in priors.sources.items() if key not in parent.sources}
    if sources:
        document["sources"] = _tables(sources)
    if new:
        document["statement"] = [_stated(statement, names[statement.id]) for statement in new]
    renamed = [pair.renamed(names) for pair in priors.drawn_pairs]
    if pairs := new_pairs(renamed, parent.drawn_pairs):
        document["drawn_together"] = [_table(pair.as_table()) for pair in pairs]
    overrides = {s.id: _numbers(s, before[s.id]) for s in inside if s.id not in names and s != before[s.id]}
    overrides |= {names[s.id]: _numbers(s, s) for s in new if s.informed}
    if overrides:
        document["override"] = _tables(overrides)
    return tomlkit.dumps(document)


def _claim(statement: Statement) -> tuple[str, ...]:
    """Who says it: what an override cannot change."""
    return statement.basis, statement.source, statement.locator, statement.read


def _tables(content: Mapping[str, Mapping[str, Any]]) -> tomlkit.items.Table:
    tables = tomlkit.table(is_super_table=True)
    for name, values in content.items():
        tables[name] = _table(values)
    return tables


def _table(values: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = _table(value) if isinstance(value, dict) else value
    return table


def _stated(statement: Statement, name: str) -> tomlkit.items.Table:
    """A ``[[statement]]``; one that was fitted as it was before, its fits make an override."""
    from riskmodel.evidence.reading.schema import StatementTable

    first = statement.informed[0].was if statement.informed else None
    if first:
        value, low, high = first
        statement = replace(statement, value=value, low=low, high=high, informed=())
    facts: dict[str, Any] = {key: getattr(statement, key) for key in StatementTable.model_fields}
    facts |= {"id": name, "of": str(statement.of), "given": statement.given_text}
    facts["level"] = None if statement.level == USUAL_LEVEL else statement.level
    facts["studies"] = _lines(study.as_table() for study in statement.studies)
    return _table({key: value for key, value in facts.items() if value not in (None, "", [])})


def _numbers(statement: Statement, before: Statement) -> dict[str, Any]:
    """What an override says to make the statement out of the one before it."""
    numbers: dict[str, Any] = {"value": statement.value}
    if statement.n is not None:
        numbers["n"] = statement.n
    elif statement.low is not None and statement.high is not None:
        numbers |= {"low": statement.low, "high": statement.high}
    if statement.informed:
        numbers["informed"] = _lines(fit.as_table() for fit in statement.informed)
    if statement.note != before.note:
        numbers["note"] = statement.note
    return numbers


def _lines(tables: Iterable[Mapping[str, Any]]) -> tomlkit.items.Array:
    """A list of tables, where there are several one a line."""
    lines = tomlkit.array()
    for values in tables:
        lines.append(_inline(values))
    return lines.multiline(len(lines) > 1)


def _inline(values: Mapping[str, Any]) -> tomlkit.items.InlineTable:
    table = tomlkit.inline_table()
    table.update({key: _inline(value) if isinstance(value, dict) else value for key, value in values.items()})
    return table


def _parent(priors: Priors, root: Path, path: Path) -> tuple[str, Priors]:
    """How the set to extend is named from the new file, and what it holds."""
    file = priors.prior_set.file
    inside = root / file
    if file.startswith("sets/") and inside.is_file():
        _refuse_same(path, inside)
        return inside.stem, load_priors(inside.stem, root)
    _refuse_same(path, Path(file))
    extends = Path(os.path.relpath(Path(file).resolve(), path.resolve().parent)).as_posix()
    return extends, load_priors(Path(file).resolve(), root)


def _refuse_same(path: Path, extended: Path) -> None:
    if path.resolve() == extended.resolve():
        raise UsageError(f"{path} is the set that was fitted or changed: write to another file")
