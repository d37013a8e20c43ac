"""What was found, in sentences made from the numbers; the report opens with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.report.sections import pathways
from riskmodel.report.sections.resting import assumed
from riskmodel.report.sections.value import best_study
from riskmodel.text import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskmodel.report.study import Study


def found(study: Study) -> list[str]:
    """The sentences, the most important first; what cannot be said is left out."""
    parts = (resting(study), fragile(study), ask(study), best_study(study), pathways.compared(study))
    return [sentence for sentence in parts if sentence]


def resting(study: Study) -> str:
    frame = study.resting[study.resting["condition"] == study.outputs[-1]]
    each = ", ".join(f"{percent(row.assumption)} in {row.setting}" for row in frame.itertuples())
    verified = percent(float(frame["verified"].mean()))
    return (
        f"{percent(assumed(frame))} of the doubt about {study.outputs[-1].replace('_', ' ')} (variance of the log-odds, "
        f"mean over settings) rests on [[section:rests_on_section|assumption]]: {each}. {verified} rests on statements "
        "verified against their source."
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
    each = [
        f"[[case:{row.case}]] ({row.urgency.replace('_', ' ')}, {percent(row.confidence)})" for row in shaky.head(5).itertuples()
    ]
    more = f" and {len(shaky) - 5} more" if len(shaky) > 5 else ""
    return (
        f"Fragile: in {len(shaky)} of {len(study.names)} cases fewer than {percent(study.fragile)} of the draws give the "
        f"same urgency: {joined(each)}{more}."
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
    most = [name for name in useful["variable"].unique() if counts[name] == counts.iloc[0]]
    best = useful.loc[useful["gain"].idxmax()]
    said = f"The question to ask next is most often {most[0].replace('_', ' ')} ({counts.iloc[0]} of {len(study.names)} cases); "
    return said + (
        f"an answer is worth most in [[case:{best['case']}]], where {best['variable'].replace('_', ' ')} changes the "
        f"[[section:questions|action]] with a probability of {percent(best['change'])}."
    )


def joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


