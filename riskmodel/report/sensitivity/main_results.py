"""The main results in sentences made from the numbers; the report opens with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.pages.section import each, mark
from riskmodel.report.sensitivity.sections.cases import FRAGILE, fragile_cases
from riskmodel.report.sensitivity.sections.flips import nearest_flip
from riskmodel.report.sensitivity.sections.next_questions import best_question
from riskmodel.report.sensitivity.sections.one_way import most_important_statements
from riskmodel.report.sensitivity.sections.pathways import policy_among_others
from riskmodel.report.sensitivity.sections.rests_on import share_of_assumptions
from riskmodel.report.sensitivity.sections.value import best_study
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

MOST_NAMED = 5  # cases


def main_results(study: Study) -> list[str]:
    """The sentences, the most important first; what cannot be said is left out."""
    sentences = (
        most_important_statements(study),
        share_of_assumptions(study),
        _fragile(study),
        best_question(study),
        best_study(study),
        policy_among_others(study),
    )
    return [sentence for sentence in sentences if sentence]


def _fragile(study: Study) -> str:
    if not study.names:
        return ""
    cases = fragile_cases(study)
    if cases.empty:
        return (
            f"None of the [[section:cases_section|{len(study.names)} cases]] is fragile: in each, at least "
            f"{percent(FRAGILE)} of the draws give the same urgency and imaging.{nearest_flip(study)}"
        )
    named = [
        f"{mark('case', row.case)} ({_action(row)}: {percent(row.same_action)})" for row in each(cases.head(MOST_NAMED))
    ]
    if len(cases) > len(named):
        named.append(f"{len(cases) - len(named)} more")
    are, these = ("is", "This is") if len(cases) == 1 else ("are", "These are")
    return (
        f"{len(cases)} of {len(study.names)} cases {are} [[section:cases_section|fragile]]: fewer than "
        f"{percent(FRAGILE)} of the draws give the same urgency and imaging. {these} {listed(named)}."
        f"{nearest_flip(study)}"
    )


def _action(row: Any) -> str:
    return words(", ".join([row.urgency, row.imaging or "no imaging"]))
