"""The appendix: every statement behind the numbers, what it rests on, and its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evidence.distributions import quantile, spread
from riskmodel.report.section import Column, Section, Table

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Statement
    from riskmodel.report.study import Study

TAILS = np.array([0.025, 0.975])


def section(study: Study) -> Section:
    priors = study.model.priors
    chosen = [statement for statement in priors.statements if statement.id in set(priors.selected)]
    verified = sum(statement.verified for statement in chosen)
    said = (
        (
            f"The {len(chosen)} statements that drive the network of the set {priors.prior_set.name}: "
            f"{verified} verified against their source, {len(chosen) - verified} not. An interval with no mark is the "
            "source's own; “of n” means that it follows from a count, “default” that the source gives no interval and "
            "the set's size for that basis stands in."
        ),
    )
    cited = {statement.source for statement in chosen}
    sources = pd.DataFrame(
        [
            {
                "source": source.key,
                "title": source.title,
                "kind": source.kind,
                "year": "" if source.year is None else str(source.year),
                "where": source.where,
                "statements": sum(s.source == source.key for s in chosen),
            }
            for source in priors.sources.values()
            if source.key in cited
        ]
    )
    return Section(
        "provenance", "Where the numbers come from", said, (statements_table(priors, chosen), _sources(sources))
    )


def statements_table(priors: Priors, chosen: list[Statement]) -> Table:
    rows = []
    for statement in chosen:
        low, high = quantile(spread(statement, priors.prior_set), TAILS)
        rows.append({
            "statement": statement.id,
            "says": says(statement),
            "value": statement.value,
            "low": float(low),
            "high": float(high),
            "interval": origin(statement),
            "basis": statement.basis,
            "source": statement.source,
            "locator": statement.locator,
            "verified": statement.verified,
            "changed": priors.origin(statement.id),
            "note": statement.note,
        })  # fmt: skip
    columns = (
        Column("statement", "Statement", "statement"),
        Column("says", "It says"),
        Column("value", "Value", "number"),
        Column("low", "2.5 %", "number"),
        Column("high", "97.5 %", "number"),
        Column("interval", "Interval"),
        Column("basis", "Basis"),
        Column("source", "Source", "source"),
        Column("locator", "Where in it"),
        Column("verified", "Verified", "verified"),
        Column("changed", "Changed by the set"),
        Column("note", "Note"),
    )
    return Table("statements", "Statements", pd.DataFrame(rows), columns, shown=len(rows))


def _sources(frame: pd.DataFrame) -> Table:
    columns = (
        Column("source", "Source", "source"),
        Column("title", "Title"),
        Column("kind", "Kind"),
        Column("year", "Year"),
        Column("where", "Where it was read"),
        Column("statements", "Statements", "whole"),
    )
    return Table("sources", "Sources", frame, columns, shown=len(frame))


def says(statement: Statement) -> str:
    """The quantity as it is written: *what* of … given …"""
    given = f" given {statement.given_text}" if statement.given_text else ""
    return f"{statement.quantity.replace('_', ' ')} of {statement.of}{given}"


def read(statement: Statement) -> str:
    """The same as a person says it.

    >>> from riskmodel.evidence.records import Event, Given
    >>> pain = Event("night_pain", ("present",))
    >>> read(Statement("s", "probability", pain, Given(), "none", 0.4, "seed", "x", verified=True))
    'probability of night pain with none of the conditions'
    """
    given = statement.given_text.replace("=present", "").replace("; ", " and ").replace("=", " ").replace("_", " ")
    of = str(statement.of).replace("=present", "").replace("=", " ").replace("_", " ")
    kind = statement.quantity.replace("_", " ")
    if given == "none":
        return f"{kind} of {of} with none of the conditions"
    return f"{kind} of {of} with {given}" if given else f"{kind} of {of}"


def origin(statement: Statement) -> str:
    """Where the width of a statement's interval comes from."""
    if statement.events is not None or statement.n is not None:
        return f"of n = {statement.n}"
    if statement.low is not None:
        return "stated" if statement.basis != "assumption" else "assumed"
    return f"default for {statement.basis}"
