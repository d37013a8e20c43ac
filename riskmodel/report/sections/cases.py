"""The cases: how likely, how sure, and what is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.report.section import Column, Figure, Section, Table
from riskmodel.text import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study

DRAWN = 40  # cases in the picture


def section(study: Study) -> Section | None:
    if not study.names:
        return None
    posteriors, actions = study.posteriors, study.actions
    shaky = actions[actions["same_action"] < study.fragile]
    said = [
        (
            f"{len(actions)} cases under the policy {study.policy}, with 95 % intervals from {study.spec.draws:,} "
            "draws of all statements, weighted for each case by the probability that a draw gives to its findings."
        ),
        (
            f"In {len(shaky)} of them fewer than {percent(study.fragile)} of the draws give the urgency and imaging "
            "that the stated values give."
        ),
    ]
    few = actions[actions["effective"] < 100]
    if len(few):
        said.append(
            f"In {len(few)} the draws are as good as fewer than 100: their intervals are rough, and more draws would "
            "help."
        )
    return Section(
        "cases_section", "The cases, and how sure their answers are", tuple(said),
        (actions_table(actions), posteriors_table(posteriors)), (figure(study, posteriors),),
    )  # fmt: skip


def actions_table(actions: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("setting", "Setting"),
        Column("p", "Any serious", "percent"),
        Column("low", "2.5 %", "percent"),
        Column("high", "97.5 %", "percent"),
        Column("leading", "Most probable"),
        Column("most_raised", "Odds rose most"),
        Column("urgency", "Urgency"),
        Column("imaging", "Imaging"),
        Column("tests", "Tests"),
        Column("referral", "Referral"),
        Column("confidence", "Draws with this urgency", "percent"),
        Column("same_imaging", "With this imaging", "percent"),
        Column("same_action", "With both", "percent"),
        Column("effective", "Effective draws", "whole"),
    )
    return Table(
        "cases",
        "What is done about each case",
        actions,
        columns,
        "The least sure first. Most probable, and whose odds the findings raised most: among the serious conditions.",
        shown=40,
    )


def posteriors_table(posteriors: pd.DataFrame) -> Table:
    columns = (
        Column("case", "Case", "case"),
        Column("condition", "Condition"),
        Column("p", "Probability", "percent"),
        Column("low", "2.5 %", "percent"),
        Column("high", "97.5 %", "percent"),
    )
    return Table("posteriors", "Probability of each condition", posteriors, columns)


def figure(study: Study, posteriors: pd.DataFrame) -> Figure:
    names = study.actions["case"].tolist()[:DRAWN]
    outputs = study.serious
    some = posteriors[posteriors["case"].isin(names) & posteriors["condition"].isin(outputs)]

    def draw() -> Canvas:
        from riskmodel.report.figures.case_panels import case_panels

        return case_panels(some, names, outputs)

    return Figure(
        "posteriors", f"Probability of each serious condition and its 95 % interval, by case ({len(names)} cases)",
        f"Dots with intervals on a log-odds axis: the probability of {', '.join(outputs)} in each of {len(names)} "
        "cases.",
        draw,
    )  # fmt: skip
