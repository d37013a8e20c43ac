"""What is worth knowing: the next question for each case, and the next study for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.decision.stakes import imaging_stakes
from riskmodel.report.section import Column, Figure, Section, Table, each, number
from riskmodel.report.sections.provenance import read
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from riskmodel.report.study import Study

UNIT = "quality-adjusted life years per 1,000 people"
BY = ("statement", "source", "basis")
DRAWN = 12


def questions(study: Study) -> Section | None:
    """The next question for each case."""
    if not study.names:
        return None
    changing = study.next_questions[study.next_questions["moves"]]["case"].nunique()
    said = [
        (
            "For each case and each thing not yet asked, examined or tested: what the answer is expected to add to "
            "the net benefit of the decision to scan or not, how likely it is to change the action (urgency, imaging "
            "or referral), and what it costs."
        ),
        (
            f"In {changing} of {len(study.names)} cases some single answer can change the action; where the gain is "
            "0, to an action of the same net benefit."
        ),
    ]
    columns = (
        Column("case", "Case", "case"),
        Column("variable", "Ask or test"),
        Column("way", "How"),
        Column("ordered", "Asked for already"),
        Column("gain", "Gain in QALY per 1,000 such people", "number"),
        Column("change", "The action changes", "percent"),
        Column("information", "Tells about the serious conditions, bits", "number"),
        Column("cost", "Cost in dollars", "number"),
        Column("hours", "Hours", "number"),
        Column("in_time", "In time"),
    )
    frame = study.next_questions.assign(
        gain=1000 * study.next_questions["gain"],
        in_time=study.next_questions["in_time"].map({True: "yes", False: "no"}),
        ordered=study.next_questions["ordered"].map({True: "yes", False: ""}),
    )
    best = frame.groupby("case", sort=False).head(3)
    asked = Table(
        "next_questions", "What to ask next: the three best questions of each case", best, columns,
        "First what can change the action, by the gain less the cost. Asked for already: by the policy, in this "
        "case. Cost and hours are assumptions. In time: before the present urgency wants the case seen to. No "
        "probability of "
        "change is given of circumstances, of which the network has none.", shown=40,
    )  # fmt: skip
    return Section("questions", "What to ask next", tuple(said), (asked,))


def studies(study: Study) -> Section | None:
    """The value of perfect information: which study to do next."""
    if study.value is None:
        return None
    perfect = study.value.evpi()
    total = perfect[perfect["condition"] == "all"]
    settings = "; ".join(f"{row.setting} {number(row.value)} (± {number(row.se, 1)})" for row in each(total))
    stakes = "; ".join(
        f"{words(stake.condition)} {number(1000 * stake.benefit)} and {number(1000 * stake.harm)}"
        for stake in imaging_stakes(study.model.policy)
    )
    said = (
        (
            "The expected value of perfect information is what knowing every statement exactly would add to the net "
            f"benefit of the decisions to scan, in {UNIT} seen once (± one standard error): {settings}. It is worked "
            f"out from {study.spec.value.people:,} simulated people of each setting under {len(study.value.values):,} "
            "draws; the decision on each condition counts by itself."
        ),
        (
            "Net benefit weighs what a scan in time gains of those who have the condition against what a scan in vain "
            f"loses of those who have not; in {UNIT}, as the thresholds of {study.policy} state them: {stakes}."
        ),
        (
            "Below, the part of it that knowing one statement, all statements of one source, or of one basis would "
            "give (regression on the draws; each draw is decided by a fit that has not seen it). Such an estimate "
            "errs on the low side, the more the larger the group, and one that comes out below 0 is given as 0. The "
            "parts do not add up. A value within two standard errors of 0 is no value shown."
        ),
    )
    tables = [_perfect(perfect), *(_partial(study, by) for by in BY)]
    return Section("value", "Which study to do next", said, tuple(tables), (_figure(study),))


def _perfect(frame: pd.DataFrame) -> Table:
    columns = (
        Column("setting", "Setting"),
        Column("condition", "Decision about"),
        Column("value", "Value", "number"),
        Column("se", "Standard error", "number", 2),
    )
    return Table("evpi", f"Expected value of perfect information, {UNIT}", frame, columns, shown=len(frame))


def _partial(study: Study, by: str) -> Table:
    frame = study.partial[by]
    link = by if by in ("statement", "source") else "text"
    columns = (
        Column(by, by.capitalize(), link),  # type: ignore[arg-type]
        Column("setting", "Setting"),
        Column("value", "Value", "number"),
        Column("se", "Standard error", "number", 2),
        Column("share", "Share of perfect information", "percent"),
        Column("statements", "Statements", "whole"),
    )
    kept = columns if by != "statement" else columns[:-1]
    return Table(f"evppi_by_{by}", f"Value of perfect information by {by}, {UNIT}", frame, kept)


def _figure(study: Study) -> Figure:
    setting = study.main_setting
    frame = study.partial["statement"]
    some = frame[frame["setting"] == setting].head(DRAWN)

    def draw() -> Canvas:
        from riskmodel.report.figures import value_bars
        from riskmodel.report.figures.svg import canvas

        drawn = canvas(8, 0.9 + 0.3 * len(some))
        value_bars(some, drawn.subplots())
        return drawn

    names = ", ".join(some["statement"].head(3))
    return Figure(
        "value", f"Value of knowing one statement exactly, {UNIT}, in {setting}, with standard errors",
        f"Bars with standard errors: the value of perfect information of the {len(some)} statements with the most, "
        f"in {setting}. The first three are {names}.", draw,
    )  # fmt: skip


def best_study(study: Study) -> str:
    """One sentence: which study to do next."""
    if study.value is None:
        return ""
    total = study.value.evpi()
    top = study.partial["statement"]
    top = top[top["setting"] == study.main_setting]
    clear = top[(top["value"] > 2 * top["se"]) & (top["value"] > 0)]
    whole = float(total[(total["setting"] == study.main_setting) & (total["condition"] == "all")]["value"].iloc[0])
    if clear.empty:
        return (
            f"No single statement is shown to be worth a study by itself in {study.main_setting}: none has a value "
            f"of perfect information beyond two standard errors ([[section:value|{number(whole)} {UNIT} for all "
            "together]])."
        )
    first = clear.iloc[0]
    rest = clear.iloc[1:3]
    apart = [row.value + row.se < first["value"] - first["se"] for row in each(rest)]
    then = ""
    if len(rest):
        names = listed([f"[[statement:{name}]]" for name in rest["statement"]])
        then = f"; next {'comes' if len(rest) == 1 else 'come'} {names}{'' if all(apart) else ', not clearly behind'}"
    return (
        f"For {study.main_setting}, the study to do next is of the "
        f"{read(study.model.priors.statement(first['statement']))} ([[statement:{first['statement']}]]): knowing it "
        f"exactly would be worth {number(first['value'], 2)} {UNIT} (standard error {number(first['se'], 1)}), "
        f"{percent(first['share'])} of what [[section:value|knowing everything]] would{then}."
    )
