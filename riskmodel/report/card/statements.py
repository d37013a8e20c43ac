"""The section of a report card on the model itself: every statement before and after the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.sensitivity.sections.provenance import quantity_words
from riskmodel.sensitivity.ranges import ranges

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.card.validation import ValidatedFit

NOT_LEARNT = "not learnt"
INFORMED = {
    "moved": "its source and the cohort",
    "contradicted": "its source and the cohort, which contradict each other",
    "unchanged": "its source alone: the cohort says nothing about it",
    NOT_LEARNT: "its source alone: it was not to be learnt",
}


def model(v: ValidatedFit) -> Section:
    """The model before and after the fit, statement by statement."""
    parent = v.fitted.parent
    sentences = (
        (
            "The model is a Bayesian network of "
            f"{len(parent.tables.variables)} variables, whose tables are computed from "
            f"{len(parent.priors.selected)} statements with sources. Which variable depends on which is given and was "
            "not learnt. The fit takes the most probable values of the statements given the cohort, with each "
            "statement's own distribution as its prior; its 95 % intervals come from the Laplace approximation. There "
            "is no tuning parameter but the weight of the priors, and nothing is done about rare outcomes: no "
            "resampling and no weighing by outcome."
        ),
        (
            "The table holds every statement that the network is made of, learnt or not, so that it is the whole model "
            "after the fit."
        ),
    )
    return Section("model", "The model before and after", sentences, _tables(v), _figures(v))


def statements(v: ValidatedFit) -> pd.DataFrame:
    """Every statement that drives the network, before and after the fit.

    Returns
    -------
    one row a statement, what moved most first: statement, says, prior, prior_low, prior_high, posterior, low, high (of
    95 % intervals), shift (in prior standard deviations), n_informing, share (of
    the variance before, which the cohort took away), verdict, informed (by what), basis, source,
    read, locator, fitted (of the number before the fit).
    """
    priors = v.fitted.parent.priors
    before = ranges(priors).set_index("statement")
    learnt = v.fitted.table.set_index("statement")
    rows = []
    for name, stated in before.iterrows():
        statement = priors.statement(str(name))
        row = {
            "statement": str(name),
            "says": quantity_words(statement),
            "prior": stated["value"], "prior_low": stated["low"], "prior_high": stated["high"],
            "posterior": stated["value"], "low": stated["low"], "high": stated["high"],
            "shift": np.nan, "n_informing": np.nan, "share": np.nan, "verdict": NOT_LEARNT,
        }  # fmt: skip
        if name in learnt.index:
            fitted = learnt.loc[str(name)]
            row |= {key: fitted[key] for key in row if key in fitted.index and key != "says"}
        row["informed"] = INFORMED[str(row["verdict"])]
        rows.append({
            **row, "basis": statement.basis, "source": statement.source, "read": statement.read,
            "locator": statement.locator, "fitted": stated["fitted"],
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.sort_values("shift", key=lambda column: -column.abs(), kind="stable", ignore_index=True)


def _tables(v: ValidatedFit) -> tuple[Table, Table]:
    frame = statements(v)
    values = (
        Column("statement", "Statement", "statement"),
        Column("prior", "Before", "number"), Column("prior_low", "2.5 %", "number"),
        Column("prior_high", "97.5 %", "number"),
        Column("posterior", "After", "number"), Column("low", "2.5 %", "number"), Column("high", "97.5 %", "number"),
        Column("shift", "Shift", "number", 2), Column("n_informing", "People", "number", 2),
        Column("share", "Told", "percent"),
    )  # fmt: skip
    sources = (
        Column("statement", "Statement", "statement"), Column("says", "It says"),
        Column("informed", "What informs it now"), Column("basis", "Basis before"), Column("source", "Source before"),
        Column("read", "How it was read", "read"), Column("locator", "Where in it"),
        Column("fitted", "What had informed it before"),
    )  # fmt: skip
    note = (
        "Shift: in standard deviations of the prior. People: how many, counted for this statement alone, would have "
        "told as much as the cohort did. Told: the share of the statement's variance that the cohort took away. All "
        "three are blank where the statement was not to be learnt."
    )
    return (
        Table("statements", "Every statement before and after, with 95 % intervals", frame, values, note=note),
        Table("statement_sources", "What each statement rests on", frame, sources, shown=5),
    )


def _figures(v: ValidatedFit) -> tuple[Figure, ...]:
    def draw() -> Canvas:
        from riskmodel.figures import shifts
        from riskmodel.pages.svg import canvas

        drawn = canvas(9, 6.5)
        shifts(v.fitted.table, drawn.subplots(), most=20)
        return drawn

    if (v.fitted.table["verdict"] == "unchanged").all():
        return ()
    alt = "Forest of the statements that moved most, in standard deviations of each prior, with 95 % intervals."
    return (Figure("shifts", "The statements that moved most, in standard deviations of each prior", alt, draw),)
