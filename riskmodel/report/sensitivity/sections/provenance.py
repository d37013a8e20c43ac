"""The appendix: every statement behind the numbers, what it rests on, and its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.evidence.lineage import fit_sentences
from riskmodel.pages.section import Column, Section, Table
from riskmodel.report.sources import how_read, seed_documents
from riskmodel.sensitivity.ranges import ranges
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.report.sensitivity.study import Study


def provenance_section(study: Study) -> Section:
    """Every statement that drives the network, and every source."""
    priors = study.model.priors
    chosen = priors.selected_statements
    sentence = (
        f"The network of the prior set {priors.prior_set.name} is built from {len(chosen)} statements: "
        f"{how_read(chosen)}. Read second hand means: in another document that reports the source; the place is in the "
        "table. A range is stated by the source, assumed, calculated from a count (of n; for an assumption, the "
        "number of people it is worth), or, where the source gives none, the default of the prior set for that basis. "
        "Sources without statements in this set are those of the other statements in [[section:coherence]]."
    )
    cited = {statement.source for statement in priors.statements} | {f.source for s in chosen for f in s.informed}
    cited |= {study.source for s in chosen for study in s.studies}
    sources = pd.DataFrame(
        [
            {
                "source": source.key,
                "title": source.title,
                "kind": source.kind,
                "form": source.form,
                "year": "" if source.year is None else str(source.year),
                "where": source.where,
                "fit": str(source.fit or ""),
                "statements": sum(s.source == source.key for s in chosen),
            }
            for source in priors.sources.values()
            if source.key in cited
        ]
    )
    return Section(
        "provenance",
        "Where the numbers come from",
        (seed_documents(priors), sentence, *fit_sentences(priors)),
        (_statements(priors, chosen), _sources(sources)),
    )


def _statements(priors: Priors, chosen: Sequence[Statement]) -> Table:
    more = pd.DataFrame(
        [
            {
                "statement": s.id, "says": quantity_words(s), "locator": s.locator, "note": s.note,
                "studies": "; ".join(map(str, s.studies)),
            }
            for s in chosen
        ]
    )  # fmt: skip
    frame = ranges(priors).drop(columns="says").merge(more, on="statement")
    columns = (
        Column("statement", "Statement", "statement"),
        Column("says", "Quantity"),
        Column("value", "Value, 95 % range", "number", interval=("low", "high")),
        Column("origin", "Origin of the range"),
        Column("basis", "Basis"),
        Column("source", "Source", "source"),
        Column("locator", "Place in the source"),
        Column("read", "How it was read", "read"),
        Column("fitted", "What informed it"),
        Column("studies", "Studies behind it"),
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
        Column("fit", "How it was fitted"),
        Column("statements", "Statements", "whole"),
    )
    return Table("sources", "Sources", frame, columns, shown=len(frame))


def quantity_words(statement: Statement) -> str:
    """The quantity of a statement in words.

    >>> from riskmodel.evidence.records import Event, Given, Statement
    >>> pain = Event("night_pain", ("present",))
    >>> quantity_words(Statement("s", "probability", pain, Given(), "none", 0.4, "seed", "x", "full_text"))
    'probability of night pain with none of the conditions'
    """
    kind, of = words(statement.quantity), _words(str(statement.of))
    parts = [part.strip() for part in statement.given_text.split(";") if part.strip()]
    settings = [part.removeprefix("setting=") for part in parts if part.startswith("setting=")]
    where = "".join(f" in {words(name)}" if name != AS_REPORTED else f", {words(name)}" for name in settings)
    given = [NO_CONDITION if part == "none" else _words(part) for part in parts if not part.startswith("setting=")]
    with_what = f" with {' and '.join(given)}" if given else ""
    return f"{kind} of {of}{with_what}{where}"


AS_REPORTED = "as_reported"  # the setting that is no place
NO_CONDITION = "none of the conditions"


def _words(text: str) -> str:
    return words(text.replace("=present", "").replace("=together", "").replace("=", " "))
