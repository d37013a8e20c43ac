"""What was found, in sentences made from the numbers; the report opens with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.report.section import each, mark, number
from riskmodel.report.sections import pathways
from riskmodel.report.sections.one_way import matter_most
from riskmodel.report.sections.resting import mean, read
from riskmodel.report.sections.value import best_study
from riskmodel.text import listed, percent, words

if TYPE_CHECKING:
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
    apart = ", ".join(f"{percent(share)} in {setting}" for setting, share in by_setting.items())
    several = len(by_setting) > 1
    return (
        f"{percent(mean(frame, 'assumption'))} of the doubt about {words(output)} disease (variance of "
        f"its log-odds{', mean over settings' if several else ''}) rests on "
        f"[[section:rests_on_section|assumption]]{f': {apart}' if several else ''}. "
        f"{percent(read(frame))} rests on numbers read at their source, in full text or as an abstract."
    )


def fragile(study: Study) -> str:
    if not study.names:
        return ""
    shaky = study.actions[study.actions["same_action"] < study.fragile]
    if shaky.empty:
        return (
            f"No case's action is fragile: at least {percent(study.fragile)} of the draws give the same urgency and "
            f"imaging in [[section:cases_section|each of the {len(study.names)}]].{closest(study)}"
        )
    some = [f"{mark('case', row.case)} ({_action(row)}: {percent(row.same_action)})" for row in each(shaky.head(5))]
    more = f" and {len(shaky) - 5} more" if len(shaky) > 5 else ""
    return (
        f"Fragile: in {len(shaky)} of {len(study.names)} cases fewer than {percent(study.fragile)} of the draws give "
        f"the same urgency and imaging: {listed(some)}{more}.{closest(study)}"
    )


def _action(row: Any) -> str:
    return ", ".join(filter(None, [words(row.urgency), row.imaging or "no imaging"]))


def closest(study: Study) -> str:
    """The case whose action the smallest change of one number changes."""
    near = study.flips[study.flips["within"].astype(bool)] if len(study.flips) else study.flips
    if near.empty:
        return ""
    row = near.iloc[int(near["in_sd"].abs().to_numpy().argmin())]
    return (
        f" Nearest to another action is {mark('case', row['case'])}: {row['kind']} turns from {words(row['now'])} to "
        f"{words(row['then'])} where [[statement:{row['statement']}]] is {number(row['flip'])} and not "
        f"{number(row['value'])} ([[section:flips_section|{number(abs(row['in_sd']), 2)} standard deviations]] away)."
    )


def ask(study: Study) -> str:
    """Which question to ask next, over the cases."""
    if not study.names:
        return ""
    open_ = study.next_questions[~study.next_questions["ordered"].astype(bool)]
    first = open_.groupby("case", sort=False).head(1)
    useful = first[first["moves"]]
    if useful.empty:
        return "Nothing left to ask, that is not asked for already, can by itself change the action in any case."
    counts = useful["variable"].value_counts()
    most = [str(name) for name in useful["variable"].unique() if counts[name] == counts.iloc[0]]
    asked = [words(name) for name in most[:2]]
    said = (
        "Ask next, beside the tests that the policy asks for already: most often "
        f"{listed(asked, 'or')} (first in {counts.iloc[0]} of {len(study.names)} cases; in "
        f"{len(useful)} some single answer can change the action)"
    )
    best = useful.iloc[int(useful["gain"].to_numpy().argmax())]
    if best["gain"] <= 0:
        return f"{said}, see [[section:questions|the questions of each case]]."
    return (
        f"{said}. An answer is worth most in {mark('case', best['case'])}: {words(best['variable'])} would change "
        f"the [[section:questions|action]] with a probability of {percent(best['change'])}."
    )
