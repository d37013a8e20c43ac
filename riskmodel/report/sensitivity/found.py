"""What was found, in sentences made from the numbers; the report opens with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.pages.section import each, mark, number
from riskmodel.report.sensitivity import counts
from riskmodel.report.sensitivity.sections import pathways
from riskmodel.report.sensitivity.sections.one_way import matter_most
from riskmodel.report.sensitivity.sections.rests_on import mean, read
from riskmodel.report.sensitivity.sections.value import best_study
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study


def found(study: Study) -> list[str]:
    """The sentences, the most important first; what cannot be said is left out."""
    parts = (
        matter_most(study),
        resting(study),
        fragile(study),
        ask(study),
        best_study(study),
        pathways.compared(study),
    )
    return [sentence for sentence in parts if sentence]


def resting(study: Study) -> str:
    """What share of the uncertainty comes from assumptions."""
    output = study.outputs[-1]
    frame = study.resting[study.resting["condition"] == output]
    by_setting = {str(setting): mean(own, "assumption") for setting, own in frame.groupby("setting", sort=False)}
    apart = listed([f"{percent(share)} in {words(setting)}" for setting, share in by_setting.items()])
    return (
        f"{percent(mean(frame, 'assumption'))} of the uncertainty in P({words(output)} disease) comes from "
        f"[[section:rests_on_section|numbers that the project assumed]]"
        f"{f' (mean over settings; {apart})' if len(by_setting) > 1 else ''}; {percent(read(frame))} comes from "
        "numbers that were read at their source, in full text or as an abstract."
    )


def fragile(study: Study) -> str:
    if not study.names:
        return ""
    cases = counts.fragile(study)
    if cases.empty:
        return (
            f"None of the [[section:cases_section|{len(study.names)} cases]] is fragile: in each, at least "
            f"{percent(study.fragile)} of the draws give the same urgency and imaging.{closest(study)}"
        )
    some = [f"{mark('case', row.case)} ({_action(row)}: {percent(row.same_action)})" for row in each(cases.head(5))]
    if len(cases) > len(some):
        some.append(f"{len(cases) - len(some)} more")
    return (
        f"{len(cases)} of {len(study.names)} cases are [[section:cases_section|fragile]]: fewer than "
        f"{percent(study.fragile)} of the draws give the same urgency and imaging. These are {listed(some)}."
        f"{closest(study)}"
    )


def _action(row: Any) -> str:
    return words(", ".join([row.urgency, row.imaging or "no imaging"]))


def closest(study: Study) -> str:
    """The case whose action the smallest change of one number changes."""
    near = counts.flips_within(study)
    if near.empty:
        return ""
    row = near.iloc[int(near["in_sd"].abs().to_numpy().argmin())]
    return (
        f" The case closest to another action is {mark('case', row['case'])}: its {row['kind']} changes from "
        f"{words(row['now'])} to {words(row['then'])} if [[statement:{row['statement']}]] is {number(row['flip'])} "
        f"instead of {number(row['value'])}, a change of "
        f"[[section:flips_section|{number(abs(row['in_sd']), 2)} standard deviations]]."
    )


def ask(study: Study) -> str:
    """Which question to ask next, over the cases."""
    if not study.names:
        return ""
    first = counts.open_answers(study).groupby("case", sort=False).head(1)
    if first.empty:
        return "In no case can one more answer change the action, except answers that the policy asks for already."
    often = first["variable"].value_counts()
    most = [str(name) for name in first["variable"].unique() if often[name] == often.iloc[0]]
    said = (
        f"In {len(first)} of {len(study.names)} cases one more answer, which the policy does not ask for already, can "
        f"change the action. The [[section:questions|best next question]] is most often about "
        f"{listed([words(name) for name in most[:2]], 'or')} ({often.iloc[0]} cases{' each' if len(most) > 1 else ''})."
    )
    best = first.iloc[int(first["gain"].to_numpy().argmax())]
    if best["gain"] <= 0:
        return said
    return (
        f"{said} The most valuable answer is that about {words(best['variable'])} in {mark('case', best['case'])}: it "
        f"changes the action with a probability of {percent(best['change'])}."
    )
