"""The text of one case explained, as a person reads it."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.answers.explanation import STEPS
from riskmodel.text import RESEARCH_ONLY, percent

if TYPE_CHECKING:
    from riskmodel.answers.explanation import ExplainedCase
    from riskmodel.answers.telling import Question

WIDTH = 110
STARTBACK = "risk of lasting disability (STarT Back; a prognosis, which no probability reads)"
CONFLICT = "above 0: the findings are less likely together than if they were independent"
OCCULT = "Probability that a condition, if it is present, shows none of its usual signs (is occult)"
NUMBERS = "Where these numbers come from"
SILENCE = "decibans: change against a blank that says nothing, all others kept as they are"
SILENT = 46  # width of a name
DECIBANS = (
    "likelihood ratio of the finding alone; decibans: 10 times its logarithm (10 = odds times 10, 3 = odds doubled);",
    "if left out: change in decibans if this finding is left out and all others stay",
)


def text_of(case: ExplainedCase) -> str:
    """The whole explanation, in lines of at most some 110 characters."""
    title = f"Case {case.case_id}" if case.case_id else "Case"
    lines = [
        f"{title}, {case.setting or 'no setting'} (policy {case.policy}, model {case.model})",
        *_section("Probability of each condition", _posteriors(case)),
        *_section(
            OCCULT, [", ".join(f"{name} {percent(share)}" for name, share in case.occult)] if case.occult else []
        ),
        *_section(f"Action: {case.urgency}", _action(case), always=True),
        *_section("Rules that fired", [f"{rule.id}: {rule.reason} [{rule.source}]" for rule in case.rules]),
        *_section(
            f"Rules that need more information: {len(case.undetermined)}. Not assessed yet:",
            [", ".join(case.waiting)] if case.undetermined else [],
        ),
        *_section(
            "Explained away",
            [f"{item.rule} would fire if {item.flag} were unknown" for item in case.explained_away],
        ),
        *_section(_about_title(case), _evidence(case)),
        *_section(NUMBERS, _numbers(case)),
        *_section(f"What is not written down says of {case.about}", _silences(case)),
        *_section("Next questions, examinations and tests that can change the action", _steps(case), always=True),
        *_section(
            "Most informative answers and tests (bits; the condition whose probability each can change most)",
            _informative(case),
        ),
        *_section("What the numbers were fitted to", [line for fit in case.fitted for line in wrap(fit, WIDTH)]),
        "",
        *wrap(f"Blanks: {case.blanks}", WIDTH),
        f"Conflict {signed(case.conflict, 2)} ({CONFLICT})",
        RESEARCH_ONLY,
    ]
    return "\n".join(lines)


def _section(title: str, items: list[str], *, always: bool = False) -> list[str]:
    return ["", title, *(f"  {item}" for item in items)] if items or always else []


def _posteriors(case: ExplainedCase) -> list[str]:
    width = max(len(name) for name, _, _ in case.posteriors)
    return [
        f"{name:{width}}  {percent(now):>10}   ({percent(before)} given the setting alone)" + _remark(name, case)
        for name, now, before in case.posteriors
    ]


def _remark(name: str, case: ExplainedCase) -> str:
    remarks = {"most probable serious condition": case.leading, "odds raised most": case.most_raised}
    true = [remark for remark, condition in remarks.items() if name == condition]
    return f"  < {' and '.join(true)}" if true else ""


def _action(case: ExplainedCase) -> list[str]:
    asked = [f"{label}, {within}: {', '.join(tokens)}" for label, tokens, within in case.asked]
    return [*asked, *case.advice, *([f"{STARTBACK}: {case.startback_risk}"] if case.startback_risk else [])]


def _about_title(case: ExplainedCase) -> str:
    if case.most_raised:
        return f"Evidence for and against {case.about}"
    return f"No serious condition became more probable; evidence for and against {case.about}, which fell least"


def _evidence(case: ExplainedCase) -> list[str]:
    lines = [
        f"{f'{item.variable} = {item.states}':38}  {likelihood_ratio(item.weight):>16}  {signed(item.weight):>8}"
        f"  {signed(-item.change):>11}"
        for item in case.observations
    ]
    heads = f"{'':38}  {'likelihood ratio':>16}  {'decibans':>8}  {'if left out':>11}"
    return [heads, *lines, *DECIBANS] if lines else []


def _numbers(case: ExplainedCase) -> list[str]:
    lines = []
    for number in case.most_telling_numbers:
        lines += wrap(number.headline, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        for sentence in number.history:
            lines += wrap(sentence, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return lines


def _silences(case: ExplainedCase) -> list[str]:
    """The blanks that tell most, and all together; none where no blank is read."""
    silent = case.silences
    rows = [(f"{item.variable} not written down", item.change) for item in silent.most_telling(STEPS)]
    rows.append((silent.all_together, silent.change))
    lines = [f"{name:{SILENT}}  {signed(change):>8} decibans" for name, change in rows]
    return [*lines, SILENCE] if silent.each else []


def likelihood_ratio(decibans: float) -> str:
    """The ratio that a weight of evidence stands for: 10 decibans are a likelihood ratio of 10.

    >>> likelihood_ratio(10), likelihood_ratio(-3), likelihood_ratio(11.3)
    ('10', '0.50', '13')
    """
    ratio = 10 ** (decibans / 10)
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:#.2g}"


def _informative(case: ExplainedCase) -> list[str]:
    return [
        f"{question.variable:26}  {question.information:.4f}   {furthest(case, question)}"
        for question in case.most_informative
    ]


def _steps(case: ExplainedCase) -> list[str]:
    """The stop rule, and the steps that can change the action."""
    if not case.next_steps:
        return [str(case.stop)]
    heads = ("worth", "gain", "bits", "P(changes)", "dollars", "hours")
    rows = [
        (
            step.variable,
            (f"{1000 * step.worth:.3f}", f"{1000 * step.gain:.3f}", f"{step.information:.4f}"),
            ("unknown" if math.isnan(step.change) else percent(step.change), f"{step.cost:.0f}", f"{step.hours:.1f}"),
            "" if step.in_time else "  (too late for this urgency)",
        )
        for step in case.next_steps[:STEPS]
    ]
    return [
        str(case.stop),
        f"{'':26}{_columns(heads)}",
        *(f"{name:26}{_columns(before + after)}{late}" for name, before, after, late in rows),
        "gain: net benefit in quality-adjusted life years per 1,000 such people; worth: gain minus cost;",
        "P(changes): probability that the answer changes the action",
    ]


def _columns(cells: tuple[str, ...]) -> str:
    return "".join(f"  {cell:>10}" for cell in cells)


def furthest(case: ExplainedCase, question: Question) -> str:
    """The serious condition whose probability the answer could move furthest, and how far."""
    most = int(np.argmax(question.highest - question.lowest))
    low, high = percent(float(question.lowest[most])), percent(float(question.highest[most]))
    return f"{case.serious[most]} {low} to {high}"


def signed(value: float, places: int = 1) -> str:
    """A number with its sign, and none where it is rounded to nothing.

    >>> signed(11.27), signed(-0.04), signed(-0.61)
    ('+11.3', '0.0', '-0.6')
    """
    rounded = round(value, places)
    return f"{rounded:+.{places}f}" if rounded else f"{0:.{places}f}"
