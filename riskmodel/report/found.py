"""What was found, in sentences made from the numbers; the report opens with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.report.section import each, mark
from riskmodel.report.sections import pathways
from riskmodel.report.sections.one_way import matter_most
from riskmodel.report.sections.resting import mean
from riskmodel.report.sections.value import best_study
from riskmodel.text import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskmodel.report.study import Study


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
    """What share of the doubt rests on assumption."""
    output = study.outputs[-1]
    frame = study.resting[study.resting["condition"] == output]
    by_setting = {str(setting): mean(own, "assumption") for setting, own in frame.groupby("setting", sort=False)}
    listed = ", ".join(f"{percent(share)} in {setting}" for setting, share in by_setting.items())
    several = len(by_setting) > 1
    return (
        f"{percent(mean(frame, 'assumption'))} of the doubt about {output.replace('_', ' ')} disease (variance of its "
        f"log-odds{', mean over settings' if several else ''}) rests on [[section:rests_on_section|assumption]]"
        f"{f': {listed}' if several else ''}. {percent(mean(frame, 'verified'))} rests on statements verified "
        "against their "
        "source."
    )


def fragile(study: Study) -> str:
    if not study.names:
        return ""
    shaky = study.actions[study.actions["confidence"] < study.fragile]
    if shaky.empty:
        return (
            f"No case's urgency is fragile: at least {percent(study.fragile)} of the draws give the same in "
            f"[[section:cases_section|each of the {len(study.names)}]]."
        )
    some = [
        f"{mark('case', row.case)} ({row.urgency.replace('_', ' ')}, {percent(row.confidence)})"
        for row in each(shaky.head(5))
    ]
    more = f" and {len(shaky) - 5} more" if len(shaky) > 5 else ""
    return (
        f"Fragile: in {len(shaky)} of {len(study.names)} cases fewer than {percent(study.fragile)} of the draws give "
        "the "
        f"same urgency: {joined(some)}{more}."
    )


def ask(study: Study) -> str:
    """Which question to ask next, over the cases."""
    if not study.names:
        return ""
    first = study.next_questions.groupby("case", sort=False).head(1)
    useful = first[first["moves"]]
    if useful.empty:
        return "Nothing left to ask can, by itself, change the action in any case."
    counts = useful["variable"].value_counts()
    most = [str(name) for name in useful["variable"].unique() if counts[name] == counts.iloc[0]]
    said = (
        f"Ask next: most often {' or '.join(words(name) for name in most[:2])} (first in {counts.iloc[0]} of "
        f"{len(study.names)} cases; in {len(useful)} some single answer can change the action)"
    )
    best = useful.iloc[int(useful["gain"].to_numpy().argmax())]
    if best["gain"] <= 0:
        return f"{said}, see [[section:questions|the questions of each case]]."
    return (
        f"{said}. An answer is worth most in {mark('case', best['case'])}, where {words(best['variable'])} changes the "
        f"[[section:questions|action]] with a probability of {percent(best['change'])}."
    )


def words(name: str) -> str:
    return name.replace("_", " ")


def joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
