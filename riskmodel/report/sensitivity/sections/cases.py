"""The cases: how likely, how sure, and what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.inference.scorer import FEWEST_EFFECTIVE
from riskmodel.pages.section import Column, Figure, Section, Table
from riskmodel.report.sensitivity.counts import fragile
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

DRAWN = 40  # cases in the picture


def section(study: Study) -> Section | None:
    if not study.names:
        return None
    posteriors, actions = study.posteriors, study.actions
    said = [
        (
            f"{len(actions)} cases under the policy {words(study.policy)}. The 95 % intervals come from "
            f"{study.spec.draws:,} draws of all statements. For each case, a draw is weighted by the probability that "
            "it gives to the findings of the case."
        ),
        (
            f"{len(fragile(study))} of the cases are fragile: fewer than {percent(study.fragile)} of the weighted "
            "draws give the same urgency and imaging as the stated values."
        ),
    ]
    few = actions[actions["effective"] < FEWEST_EFFECTIVE]
    if len(few):
        said.append(
            f"In {len(few)} of the cases the effective sample size of the weighted draws is below {FEWEST_EFFECTIVE}: "
            "their intervals are rough. More draws make them more precise."
        )
    return Section(
        "cases_section", "Cases: probabilities and actions", tuple(said),
        (actions_table(actions), posteriors_table(posteriors)), (figure(study, posteriors),),
    )  # fmt: skip


def actions_table(actions: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("setting", "Setting", "name"),
        Column("p", "P(any serious), 95 % interval", "percent", interval=("low", "high")),
        Column("leading", "Most probable", "name"),
        Column("most_raised", "Odds raised most", "name"),
        Column("urgency", "Urgency", "name"),
        Column("imaging", "Imaging", "name"),
        Column("tests", "Tests", "name"),
        Column("referral", "Referral", "name"),
        Column("confidence", "Same urgency, share of draws", "percent"),
        Column("same_imaging", "Same imaging", "percent"),
        Column("same_action", "Both the same", "percent"),
        Column("effective", "Effective sample size", "whole"),
    )
    return Table(
        "cases",
        "The action for each case",
        actions,
        columns,
        "The most fragile action comes first. Most probable, and odds raised most by the findings: only among the "
        "serious conditions.",
        shown=40,
    )


def posteriors_table(posteriors: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("condition", "Condition", "name"),
        Column("p", "Probability, 95 % interval", "percent", interval=("low", "high")),
    )
    return Table("posteriors", "Probability of each condition", posteriors, columns)


def figure(study: Study, posteriors: pd.DataFrame) -> Figure:
    names = study.actions["case"].tolist()[:DRAWN]
    outputs = study.serious
    some = posteriors[posteriors["case"].isin(names) & posteriors["condition"].isin(outputs)]

    def draw() -> Canvas:
        from riskmodel.figures.case_panels import case_panels

        return case_panels(some, names, outputs)

    return Figure(
        "posteriors", f"Probability of each serious condition and its 95 % interval, by case ({len(names)} cases)",
        f"Dots with intervals on a log-odds axis: the probability of {words(listed(outputs))} in each of "
        f"{len(names)} cases.",
        draw,
    )  # fmt: skip
