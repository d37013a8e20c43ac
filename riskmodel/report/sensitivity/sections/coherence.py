"""Do the statements agree with the network, and with each other?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.evidence.distributions import draw_values
from riskmodel.network.build import build_network
from riskmodel.network.coherence import AuditedStatement, audit, disagreements
from riskmodel.pages.section import Column, Section, Table

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

DRAWS = 300  # for the intervals of what the network implies
NOTABLE = 0.05  # standard deviations; what agrees better is left out
CONFLICT = 1.0


def coherence_section(study: Study) -> Section:
    """Each statement of the register beside what the network implies."""
    priors = study.model.priors
    values = draw_values(priors, min(DRAWS, study.spec.draws), study.rng(3))
    audited = audit(priors, study.model.tables, build_network(priors, values))
    shown = [item for item in audited if item.role != "drives" or abs(item.distance) >= NOTABLE]
    worst = [item for item in shown if abs(item.distance) >= CONFLICT]
    sentences = [
        (
            f"For each of the {len(audited)} statements of the register, including those that the network does not "
            f"use, the network's own value of the same quantity was calculated. {len(worst)} statements are more than "
            f"{CONFLICT:g} standard deviation away from it."
        )
    ]
    if worst:
        names = ", ".join(f"[[statement:{item.statement.id}]] ({item.distance:+.1f})" for item in worst[:3])
        sentences.append(
            f"The largest distances: {names}. The network is not built from these statements; they check it, and they "
            "disagree with the statements from which it is built."
        )
    pairs = pd.DataFrame(
        [
            {
                "first": pair.first.id, "first_value": pair.first.value, "second": pair.second.id,
                "second_value": pair.second.value, "distance": pair.distance, "note": pair.note,
            }
            for pair in disagreements(priors)
        ],
        columns=["first", "first_value", "second", "second_value", "distance", "note"],
    )  # fmt: skip
    return Section(
        "coherence",
        "Agreement of the statements",
        tuple(sentences),
        (_audit(shown), *([_pairs(pairs)] if len(pairs) else [])),
    )


def _audit(shown: list[AuditedStatement]) -> Table:
    rows = [
        {
            "statement": item.statement.id, "role": item.role,
            "stated": item.stated, "stated_low": item.stated_low, "stated_high": item.stated_high,
            "implied": item.implied, "implied_low": item.implied_low, "implied_high": item.implied_high,
            "distance": item.distance, "source": item.statement.source,
        }
        for item in shown
    ]  # fmt: skip
    columns = (
        Column("statement", "Statement", "statement"),
        Column("role", "Role", "name"),
        Column("stated", "Stated, 95 % interval", "number", interval=("stated_low", "stated_high")),
        Column("implied", "Implied by the network", "number", interval=("implied_low", "implied_high")),
        Column("distance", "Distance", "number", 2),
        Column("source", "Source", "source"),
    )
    frame = pd.DataFrame(rows, columns=[name for column in columns for name in column.names])
    note = (
        "Statements from which the network is built, and which it reproduces exactly, are left out. The distance is in "
        "standard deviations of both values together."
    )
    return Table("coherence", "Stated values and values implied by the network", frame, columns, note)


def _pairs(frame: pd.DataFrame) -> Table:
    columns = (
        Column("first", "Statement", "statement"),
        Column("first_value", "Its value", "number"),
        Column("second", "Other statement", "statement"),
        Column("second_value", "Its value", "number"),
        Column("distance", "Distance", "number", 2),
        Column("note", "Note"),
    )
    return Table(
        "disagreements", "Statements about the same quantity that differ, or that use the same data", frame, columns
    )
