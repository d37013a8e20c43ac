"""The first sections of a report card: who the people are, what is known of them, and what was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table
from riskmodel.text import percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.card_of import Validation

FOR_THE_AUTHOR = (
    "what the model is meant for and who would use it",
    "where and when the people were recruited, who was eligible, and how many were not included",
    "how and by whom the outcomes were determined, and whether blind to the findings",
    "how the findings were asked for or measured, where that differs from the codebook",
    "treatment received between the findings and the outcome, and how much time lay between them",
    "how this cohort differs from those that the prior's sources studied",
    "why the cohort is as large as it is",
    "the study's registration, protocol, ethics approval and funding, and where its data and code are to be had",
)


# ---- of whom ------------------------------------------------------------------------------------------


def population(v: Validation) -> Section:
    rows = []
    for row, variable in enumerate(v.fitted.parent.variables):
        if variable.role == "context":
            rows += [
                {"what": variable.name, "state": state, "people": int((v.masks[row] == 1 << s).sum())}
                for s, state in enumerate(variable.states)
            ]
            blank = v.masks.shape[1] - sum(int((v.masks[row] == 1 << s).sum()) for s in range(len(variable.states)))
            rows.append({"what": variable.name, "state": "not assessed", "people": blank})
    frame = pd.DataFrame(rows).assign(share=lambda table: table["people"] / v.masks.shape[1])
    columns = (
        Column("what", "Variable"), Column("state", "State"), Column("people", "People", "whole"),
        Column("share", "Share", "percent"),
    )  # fmt: skip
    asked = "; ".join(FOR_THE_AUTHOR)
    said = (f"{v.masks.shape[1]:,} people.", f"Not in the data, and for the author to add: {asked}.")
    return Section(
        "population",
        "Source of data and population",
        said,
        (Table("population", "Who they are", frame, columns, shown=20),),
    )


def outcomes(v: Validation) -> Section:
    rows = []
    for name in v.before.outcomes:
        y = v.before.outcomes[name]
        known, present = int(y.notna().sum()), int((y == 1).sum())
        rows.append({"condition": str(name), "known": known, "present": present,
                     "share": present / known if known else np.nan,
                     "expected": float(v.before.probabilities[name][y.notna()].mean()),
                     "after": float(v.after.probabilities[name][y.notna()].mean())})  # fmt: skip
    columns = (
        Column("condition", "Outcome"), Column("known", "Known", "whole"), Column("present", "Present", "whole"),
        Column("share", "Share of the known", "percent"), Column("expected", "Expected before", "percent"),
        Column("after", "Expected after", "percent"),
    )  # fmt: skip
    how = {
        "ignorable": "People without an outcome were used as well: right where whether an outcome is known "
        "depends only on what is recorded (missing at random).",
        "weighted": "Only people with an outcome were used, each weighed for all those like them by a logistic "
        "model of who has one.",
        "complete": "Only people with an outcome were used, as they are: biased where findings decided who has one.",
    }
    measured = (
        "Performance is measured in the people whose outcome is known; where the findings decided who that is, it is "
        "not the performance in everyone. One outcome out of several counts as known where all of them are. A "
        "prediction is made from risk factors, findings and tests; no outcome enters it."
    )
    said = (how[v.fitted.origin.outcomes], measured)
    return Section(
        "outcomes", "Outcomes", said, (Table("outcomes", "Outcomes in the cohort", pd.DataFrame(rows), columns),)
    )


def missing(v: Validation) -> Section:
    people, rows = v.masks.shape[1], []
    for row, variable in enumerate(v.fitted.parent.variables):
        if variable.role in ("risk_factor", "finding", "test"):
            known = v.masks[row] != variable.full_mask
            beyond = (v.masks[row] & 1) == 0
            rows.append(
                {
                    "variable": variable.name,
                    "role": words(variable.role),
                    "assessed": float(known.mean()),
                    "present": float(beyond.sum() / known.sum()) if known.any() else np.nan,
                }
            )
    frame = pd.DataFrame(rows)
    columns = (
        Column("variable", "Predictor"), Column("role", "Role"), Column("assessed", "Assessed in", "percent"),
        Column("present", "Beyond its base state, of those", "percent"),
    )  # fmt: skip
    empty = int((frame["assessed"] == 0).sum())
    blank = percent(float(1 - frame["assessed"].mean()))
    said = (
        (
            "Predictors are those of the network. Nobody was left out for a blank cell: what is missing in a person "
            f"is summed over by exact inference. {empty} of {len(frame)} predictors were assessed in nobody; {blank} "
            f"of all cells of the {people:,} people are blank."
        ),
    )
    return Section(
        "missing",
        "Predictors and missing data",
        said,
        (Table("predictors", "How often each was assessed", frame, columns, shown=40),),
    )


# ---- the model ------------------------------------------------------------------------------------------


def model(v: Validation) -> Section:
    table = v.fitted.table.sort_values("shift", key=np.abs, ascending=False, kind="stable")
    columns = (
        Column("statement", "Statement", "statement"), Column("says", "It says"), Column("prior", "Before", "number"),
        Column("prior_low", "low", "number"), Column("prior_high", "high", "number"),
        Column("posterior", "After", "number"), Column("low", "low", "number"), Column("high", "high", "number"),
        Column("shift", "Shift, prior sd", "number", 2), Column("verdict", "Verdict"),
    )  # fmt: skip
    said = (
        (
            "A Bayesian network whose tables are computed from statements with sources. The fit takes the most "
            "probable values of the statements given the cohort, with each statement's own distribution as its "
            "prior; 95 % intervals are Laplace's. The network's form is not learnt."
        ),
    )

    def draw() -> Canvas:
        from riskmodel.report.figures import shifts
        from riskmodel.report.figures.svg import canvas

        drawn = canvas(9, 6.5)
        shifts(v.fitted.table, drawn.subplots(), most=20)
        return drawn

    figures: tuple[Figure, ...] = ()
    if (table["verdict"] != "unchanged").any():
        alt = "Forest of the statements that moved most, in standard deviations of each prior, with 95 % intervals."
        figures = (Figure("shifts", "What moved, in standard deviations of each prior", alt, draw),)
    return Section(
        "model",
        "The model before and after",
        said,
        (Table("statements", "Statements learnt", table, columns),),
        figures,
    )


def limits(v: Validation) -> Section:
    said = [
        (
            "Cross-validation within one cohort is not an external validation: other places differ in base rates, in "
            "who is seen, and in how findings are recorded."
        ),
        (
            "The network's form, which findings depend on which conditions and that most are independent given them, "
            "was not tested by the fit."
        ),
        (
            "Intervals of the statements are Laplace's, each alone; where two statements are learnt from the same "
            "people their errors go together, and the written set draws them independently."
        ),
        *v.fitted.notes,
    ]
    if not v.fitted.converged:
        said.insert(0, f"The fit did not converge: {v.fitted.why}.")
    return Section("limits", "Limits", tuple(said))
