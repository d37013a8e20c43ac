"""The appendix: every statement behind the numbers, what it rests on, and its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.evidence.lineage import fits
from riskmodel.report.reading import how_read, seed_documents
from riskmodel.report.section import Column, Section, Table
from riskmodel.sensitivity.ranges import ranges
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.report.study import Study


def section(study: Study) -> Section:
    priors = study.model.priors
    chosen = [statement for statement in priors.statements if statement.id in set(priors.selected)]
    said = (
        f"The {len(chosen)} statements that drive the network of the set {priors.prior_set.name}: "
        f"{how_read(chosen)}. Read second hand: in another document, which reports the source; the place is named "
        "beside it. A range is stated by the source or beside the statement, assumed, follows from a "
        "count (of n; of an assumption, the people it is worth), or stands in where the source gives none (the set's "
        "default for that basis). Sources without statements here are those of the other readings that "
        "[[section:coherence]] asks of the network."
    )
    cited = {statement.source for statement in priors.statements} | {f.cohort for s in chosen for f in s.informed}
    sources = pd.DataFrame(
        [
            {
                "source": source.key,
                "title": source.title,
                "kind": source.kind,
                "form": source.form,
                "year": "" if source.year is None else str(source.year),
                "where": source.where,
                "statements": sum(s.source == source.key for s in chosen),
            }
            for source in priors.sources.values()
            if source.key in cited
        ]
    )
    return Section(
        "provenance",
        "Where the numbers come from",
        (seed_documents(priors), said, *fits(priors)),
        (statements_table(priors, chosen), _sources(sources)),
    )


def statements_table(priors: Priors, chosen: list[Statement]) -> Table:
    more = pd.DataFrame([{"statement": s.id, "locator": s.locator, "note": s.note} for s in chosen])
    frame = ranges(priors).merge(more, on="statement")
    columns = (
        Column("statement", "Statement", "statement"),
        Column("says", "It says"),
        Column("value", "Value", "number"),
        Column("low", "2.5 %", "number"),
        Column("high", "97.5 %", "number"),
        Column("origin", "Range"),
        Column("basis", "Basis"),
        Column("source", "Source", "source"),
        Column("locator", "Where in it"),
        Column("read", "How it was read", "read"),
        Column("fitted", "Fitted to"),
        Column("changed", "Changed by the set"),
        Column("note", "Note"),
    )
    return Table("statements", "Statements", frame, columns, shown=len(frame))


def _sources(frame: pd.DataFrame) -> Table:
    columns = (
        Column("source", "Source", "source"),
        Column("title", "Title"),
        Column("kind", "Kind"),
        Column("form", "What it is"),
        Column("year", "Year"),
        Column("where", "Where it was read"),
        Column("statements", "Statements", "whole"),
    )
    return Table("sources", "Sources", frame, columns, shown=len(frame))


def read(statement: Statement) -> str:
    """The same as a person says it.

    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> pain = Event("night_pain", ("present",))
    >>> read(Statement("s", "probability", pain, Given(), "none", 0.4, "seed", "x", "full_text"))
    'probability of night pain with none of the conditions'
    """
    kind, of = words(statement.quantity), _words(str(statement.of))
    parts = [part.strip() for part in statement.given_text.split(";") if part.strip()]
    where = "".join(f" in {_words(part.removeprefix('setting='))}" for part in parts if part.startswith("setting="))
    given = [NO_CONDITION if part == "none" else _words(part) for part in parts if not part.startswith("setting=")]
    with_what = f" with {' and '.join(given)}" if given else ""
    return f"{kind} of {of}{with_what}{where}"


NO_CONDITION = "none of the conditions"


def _words(text: str) -> str:
    return words(text.replace("=present", "").replace("=", " "))
