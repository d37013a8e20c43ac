"""The value of information: which study to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from riskmodel.decision.stakes import imaging_stakes
from riskmodel.pages.section import Column, Figure, Section, Table, each, number
from riskmodel.report.sensitivity.labels import labelled
from riskmodel.report.sensitivity.study import once
from riskmodel.text import listed, percent, words
from riskmodel.value.choices import ALL
from riskmodel.value.study import ValueStudy

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.sensitivity.study import Study

UNIT = "quality-adjusted life years per 1,000 people"
BY: tuple[Literal["statement", "question", "source", "basis"], ...] = ("statement", "question", "source", "basis")
DRAWN = 12
FEWEST_DRAWS = 50


@once
def value_study(study: Study) -> ValueStudy | None:
    """People and draws for the value of information; None under a policy without thresholds on imaging."""
    if not imaging_stakes(study.model.policy):
        return None
    asked, draws = study.spec.value, max(study.spec.draws, FEWEST_DRAWS)
    return ValueStudy.of(study.model, people=asked.people, draws=draws, seed=study.spec.seed, settings=study.settings)


@once
def partial_values(study: Study) -> dict[str, pd.DataFrame]:
    """The value of perfect information about each statement, question, source and basis."""
    value = value_study(study)
    return {by: value.evppi(by) for by in BY} if value else {}


def value_section(study: Study) -> Section | None:
    """The value of perfect information; nothing under a policy without thresholds on imaging."""
    value = value_study(study)
    if value is None:
        return None
    perfect = value.evpi()
    total = perfect[perfect["scan"] == ALL]
    settings = "; ".join(f"{words(row.setting)} {number(row.value)} (± {number(row.se, 1)})" for row in each(total))
    stakes = "; ".join(
        f"{words(stake.condition)} {number(1000 * stake.benefit)} and {number(1000 * stake.harm)}"
        for stake in imaging_stakes(study.model.policy)
    )
    sentences = (
        (
            "The expected value of perfect information is the gain in net benefit of the decisions to scan if every "
            f"statement were known exactly, in {UNIT} seen once (± one standard error): {settings}. It was calculated "
            f"from {study.spec.value.people:,} simulated people of each setting and {len(value.values):,} draws; "
            "the decision about each scan counts separately. A scan that several conditions ask for is one decision, "
            "and its harm is counted once."
        ),
        (
            "Net benefit is the benefit of a timely scan for people with the condition minus the harm of an "
            f"unnecessary scan for people without it. Benefit and harm in {UNIT}, as the thresholds of the policy "
            f"{words(study.policy)} state them: {stakes}."
        ),
        (
            "The tables below give the part of this value for single statements, for all statements that one study "
            "could answer (one finding in one condition), for all of one source, and for all of one basis. What is "
            "known of a group is summed up by what each of its statements does to the log-odds by itself. The standard "
            "error includes how much such a sum misses of the value of perfect information. The parts do not add up to "
            "the whole. A value less than two standard errors above 0 is not evidence of any value."
        ),
    )
    tables = [_perfect(perfect), *(_partial(study, by) for by in BY)]
    return Section("value", "Value of a further study", sentences, tuple(tables), (_figure(study),))


def _perfect(frame: pd.DataFrame) -> Table:
    columns = (
        Column("setting", "Setting", "name"),
        Column("scan", "Decision about", "name"),
        Column("value", "Value", "number"),
        Column("se", "Standard error", "number", 2),
    )
    return Table("evpi", f"Expected value of perfect information, {UNIT}", frame, columns, shown=len(frame))


def _partial(study: Study, by: str) -> Table:
    frame = partial_values(study)[by]
    link = by if by in ("statement", "source") else "text"
    columns = (
        Column(by, by.capitalize(), link),  # type: ignore[arg-type]
        Column("setting", "Setting", "name"),
        Column("value", "Value", "number"),
        Column("se", "Standard error", "number", 2),
        Column("share", "Share of perfect information", "percent"),
        Column("statements", "Statements", "whole"),
    )
    kept = columns if by != "statement" else columns[:-1]
    warnings = [f"{words(row.setting)}: {row.warning}." for row in each(frame[frame["warning"] != ""])]
    note = " ".join(dict.fromkeys(warnings))
    return Table(f"evppi_by_{by}", f"Value of perfect information by {by}, {UNIT}", frame, kept, note)


def _figure(study: Study) -> Figure:
    setting = study.main_setting
    frame = partial_values(study)["statement"]
    top = labelled(frame[frame["setting"] == setting].head(DRAWN), study.model.priors)

    def draw() -> Canvas:
        from riskmodel.figures import value_bars
        from riskmodel.figures.rows import height
        from riskmodel.pages.svg import WIDTH, canvas

        drawn = canvas(WIDTH, 0.9 + height(top["label"].tolist()))
        value_bars(top, drawn.subplots())
        return drawn

    names = "; ".join(top["label"].head(3))
    return Figure(
        "value", f"Value of knowing one statement exactly in {words(setting)}, {UNIT}, with standard errors",
        f"Bars with standard errors: the {len(top)} statements with the highest value of perfect information in "
        f"{words(setting)}. The first three are {names}.", draw,
    )  # fmt: skip


def best_study(study: Study) -> str:
    """One sentence: which study to do next."""
    value = value_study(study)
    if value is None:
        return ""
    total = value.evpi()
    top = partial_values(study)["statement"]
    top = top[top["setting"] == study.main_setting]
    clear = top[(top["value"] > 2 * top["se"]) & (top["value"] > 0)]
    whole = float(total[(total["setting"] == study.main_setting) & (total["scan"] == ALL)]["value"].iloc[0])
    if clear.empty:
        return (
            f"In {words(study.main_setting)}, no single statement has a value of perfect information more than two "
            f"standard errors above 0, so that no study of one statement stands out. All statements together: "
            f"[[section:value|{number(whole)} {UNIT}]]."
        )
    first = clear.iloc[0]
    rest = clear.iloc[1:3]
    apart = [row.value + row.se < first["value"] - first["se"] for row in each(rest)]
    then = ""
    if len(rest):
        names = listed([f"[[statement:{name}]]" for name in rest["statement"]])
        order = "next" if all(apart) else "next, and not clearly lower"
        then = f" Then {'comes' if len(rest) == 1 else 'come'} ({order}) {names}."
    return (
        f"In {words(study.main_setting)}, a further study has the highest value if it is about "
        f"[[statement:{first['statement']}]]. Perfect information on it is worth {number(first['value'], 2)} {UNIT} "
        f"(standard error {number(first['se'], 1)}), {percent(first['share'])} of the value of "
        f"[[section:value|perfect information on all statements]].{then}"
    )
