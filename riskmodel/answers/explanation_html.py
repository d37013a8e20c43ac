"""One case explained, as a notebook shows it: aligned tables, and bars for probabilities and weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import isnan, log10
from typing import TYPE_CHECKING

from riskmodel.answers.explanation import STEPS
from riskmodel.answers.explanation_text import (
    CONFLICT,
    NUMBERS,
    OCCULT,
    STARTBACK,
    furthest,
    likelihood_ratio,
    signed,
)
from riskmodel.text import RESEARCH_ONLY, percent, words

if TYPE_CHECKING:
    from riskmodel.answers.explanation import ExplainedCase

LEFT = "text-align:left;padding:.1em .9em .1em 0"
RIGHT = "text-align:right;padding:.1em .9em .1em 0;font-variant-numeric:tabular-nums"
HEAD = "font-weight:bold;margin:.8em 0 .2em"
WIDTH = 160  # pixels of a bar
LEAST = 1e-5  # a probability that gets no bar
FOR, AGAINST, BEFORE = "#8c1d18", "#1f5aa6", "#b8b8b8"


class Picture(str):
    """A drawing, put into a cell as it is; any other text is escaped."""

    __slots__ = ()


def html_of(case: ExplainedCase) -> str:
    """The whole explanation as one ``<div>``."""
    title = f"Case {case.case_id}" if case.case_id else "Case"
    setting = words(case.setting) or "no setting"
    parts = [
        f"<p><b>{escape(title)}</b>, {escape(setting)} (policy {escape(case.policy)}, model {escape(case.model)})</p>",
        _headed("Probability of each condition", _posteriors(case)),
        _headed(OCCULT, _occult(case)),
        _headed(f"Action: {words(case.urgency)}", _action(case)),
        _headed("Rules that fired", _table((), [(rule.id, rule.reason, rule.source) for rule in case.rules], "lll")),
        _headed(_evidence_title(case), _evidence(case)),
        _headed(NUMBERS, _numbers(case)),
        _headed(f"What is not written down says of {words(case.about)}", _silences(case)),
        _headed("Next questions, examinations and tests that can change the action", _steps(case)),
        _headed("Most informative answers and tests", _informative(case)),
        _headed("Explained away", _explained_away(case)),
        _headed(f"Rules that need more information: {len(case.undetermined)}. Not assessed yet:", _waiting(case)),
        _headed("What the numbers were fitted to", "".join(f"<p>{escape(fit)}</p>" for fit in case.fitted)),
        f"<p>Blanks: {escape(case.blanks)}</p>",
        f"<p>Conflict {signed(case.conflict, 2)} ({CONFLICT})</p>",
        f"<p>{RESEARCH_ONLY}</p>",
    ]
    return f"<div>{''.join(parts)}</div>"


def _headed(title: str, content: str) -> str:
    return f'<p style="{HEAD}">{escape(title)}</p>{content}' if content else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """A table of texts and pictures. ``sides``: l or r for each column."""
    styles = [RIGHT if side == "r" else LEFT for side in sides]
    lines = ["".join(_cell(cell, style, "td") for cell, style in zip(row, styles, strict=True)) for row in rows]
    if not lines:
        return ""
    if heads:
        lines.insert(0, "".join(_cell(cell, style, "th") for cell, style in zip(heads, styles, strict=True)))
    return f'<table style="border-collapse:collapse">{"".join(f"<tr>{line}</tr>" for line in lines)}</table>'


def _cell(text: str, style: str, tag: str) -> str:
    return f'<{tag} style="{style}">{text if isinstance(text, Picture) else escape(text)}</{tag}>'


def _posteriors(case: ExplainedCase) -> str:
    rows = []
    for name, now, before in case.posteriors:
        remarks = {"most probable serious condition": case.leading, "odds raised most": case.most_raised}
        remark = ", ".join(text for text, condition in remarks.items() if condition == name)
        rows.append((words(name), percent(now), _log_bar(now, before), percent(before), remark))
    return _table(("", "now", "0.001 % to 100 %, logarithmic; line: setting alone", "setting alone", ""), rows, "lrlrl")


def _log_bar(now: float, before: float) -> Picture:
    """The probability on a logarithmic scale, with a tick where the setting alone puts it."""
    end, tick = _bar_end(now), _bar_end(before)
    return Picture(
        f'<svg width="{WIDTH}" height="12" role="img"><rect width="{WIDTH}" height="12" fill="#f3f3f3"/>'
        f'<rect y="2" width="{end:.1f}" height="8" fill="{FOR}"/>'
        f'<rect x="{max(tick - 1, 0):.1f}" width="2" height="12" fill="#555555"/></svg>'
    )


def _bar_end(p: float) -> float:
    return WIDTH * (1 - log10(max(p, LEAST)) / log10(LEAST))


def _occult(case: ExplainedCase) -> str:
    return _table((), [(words(name), percent(share)) for name, share in case.occult], "lr")


def _action(case: ExplainedCase) -> str:
    rows = [(f"{label}, {words(within)}", ", ".join(map(words, tokens))) for label, tokens, within in case.asked]
    prognosis = [(STARTBACK, case.startback_risk)] if case.startback_risk else []
    return _table((), [*rows, *(("advice", line) for line in case.advice), *prognosis], "ll")


def _evidence_title(case: ExplainedCase) -> str:
    if case.most_raised:
        return f"Evidence for and against {words(case.about)}"
    return f"No serious condition became more probable; evidence for and against {words(case.about)}, which fell least"


def _evidence(case: ExplainedCase) -> str:
    most = max((abs(item.weight) for item in case.observations), default=0.0) or 1.0
    rows = [
        (words(item.variable), words(item.states), signed(item.weight), _sided_bar(item.weight / most),
         likelihood_ratio(item.weight), signed(-item.change))
        for item in case.observations
    ]  # fmt: skip
    heads = ("", "", "decibans", "against | for", "likelihood ratio", "if left out")
    return _table(heads, rows, "llrlrr")


def _numbers(case: ExplainedCase) -> str:
    rows = [
        (number.says, number.number, ". ".join((number.who, *number.history))) for number in case.most_telling_numbers
    ]
    return _table((), rows, "lll")


def _silences(case: ExplainedCase) -> str:
    silent = case.silences
    rows = [(f"{words(item.variable)} not written down", signed(item.change)) for item in silent.most_telling(STEPS)]
    rows.append((silent.all_together, signed(silent.change)))
    return _table(("", "decibans"), rows, "lr") if silent.each else ""


def _sided_bar(share: float) -> Picture:
    """A bar to the right of the middle where the share is positive, to the left where it is negative."""
    middle, length = WIDTH / 2, WIDTH / 2 * min(abs(share), 1.0)
    start, colour = (middle, FOR) if share >= 0 else (middle - length, AGAINST)
    return Picture(
        f'<svg width="{WIDTH}" height="12" role="img"><rect x="{start:.1f}" y="2" width="{length:.1f}" height="8" '
        f'fill="{colour}"/><rect x="{middle - 0.5:.1f}" width="1" height="12" fill="{BEFORE}"/></svg>'
    )


def _steps(case: ExplainedCase) -> str:
    rows = [
        (words(step.variable), f"{1000 * step.worth:.3f}", f"{step.information:.4f}",
         "unknown" if isnan(step.change) else percent(step.change),
         f"{step.cost:.0f}", f"{step.hours:.1f}", "" if step.in_time else "too late for this urgency")
        for step in case.next_steps[:STEPS]
    ]  # fmt: skip
    heads = ("", "worth, life years per 1,000", "bits", "P(changes the action)", "dollars", "hours", "")
    return f"<p>{escape(str(case.stop))}</p>" + _table(heads, rows, "lrrrrrl")


def _informative(case: ExplainedCase) -> str:
    rows = [
        (words(item.variable), f"{item.information:.4f}", words(furthest(case, item))) for item in case.most_informative
    ]
    return _table(("", "bits", "the condition it could move most, and how far"), rows, "lrl")


def _explained_away(case: ExplainedCase) -> str:
    rows = [(item.rule, f"would fire if nothing were known of {words(item.flag)}") for item in case.explained_away]
    return _table((), rows, "ll")


def _waiting(case: ExplainedCase) -> str:
    return f"<p>{escape(', '.join(map(words, case.waiting)))}</p>" if case.undetermined else ""
