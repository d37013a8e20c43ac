"""One case explained for a person: what is likely, why, what to do, and what to ask next."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np

from riskmodel.errors import InferenceError
from riskmodel.inference.explain import Question, next_questions, without_each
from riskmodel.inference.scorer import Masks
from riskmodel.inference.weights import odds
from riskmodel.scoring import Scored, Scoring

ASKED = 5  # questions shown
RESEARCH_ONLY = "For research, not for the care of a patient."


@dataclass(frozen=True, slots=True)
class Observation:
    """One assessed variable of the case, and what it says about the leading condition.

    ``weight``: weight of evidence on its own, in decibans. ``change``: by how much the condition's log-odds
    would fall, in decibans, if it were forgotten while everything else is kept.
    """

    variable: str
    states: str
    weight: float
    change: float


@dataclass(frozen=True, slots=True)
class FiredRule:
    id: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class ExplainedAway:
    """A posterior rule that would fire if a present flag were forgotten: that flag explains the others."""

    rule: str
    flag: str


@dataclass(frozen=True)
class Explanation:
    """Everything worth saying of one case; shows itself as text and in a notebook."""

    case_id: str
    setting: str
    posteriors: tuple[tuple[str, float, float], ...]  # condition, P(present | evidence), P(present | setting)
    leading: str
    about: str  # the condition that the observations speak of
    observations: tuple[Observation, ...]
    urgency: str
    imaging: tuple[str, ...]
    tests: tuple[str, ...]
    referral: tuple[str, ...]
    advice: tuple[str, ...]
    rules: tuple[FiredRule, ...]
    undetermined: tuple[str, ...]
    explained_away: tuple[ExplainedAway, ...]
    questions: tuple[Question, ...]
    serious: tuple[str, ...]
    conflict: float
    policy: str
    model: str

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def explain_case(scoring: Scoring, case: Masks, case_id: str = "") -> Explanation:
    """Explain one case.

    Parameters
    ----------
    case
        coded evidence of shape (variables, 1).

    Raises
    ------
    InferenceError
        when its evidence has probability zero.
    """
    scored = scoring.score(case)
    if not scored.posterior.evidence[0] > 0:
        pair = scoring.impossible_pairs.find(case[:, 0])
        raise InferenceError(
            f"{case_id}: {' and '.join(pair) if pair else 'its findings'} together have probability zero"
        )
    scorer, weights, policy = scoring.scorer, scoring.weights, scoring.policy
    setting = int(scorer.settings(case)[0])
    known = [i for i in np.nonzero(weights.first >= 0)[0] if case[i, 0] != scorer.variables[i].full_mask]
    about = _about(scoring, scored, setting)
    decision = scored.decision
    fired = [rule for rule, fires in zip(policy.rules, decision.fired[:, 0], strict=True) if fires]
    askable = [int(i) for i in np.nonzero(weights.first >= 0)[0] if i not in known]
    serious = [int(i) for i in weights.leaders]
    return Explanation(
        case_id=case_id,
        setting=scorer.variables[scorer.setting_row].states[setting] if scorer.setting_row >= 0 else "",
        posteriors=tuple(
            (name, float(scored.posterior.probability[i, 0]), float(weights.baseline[setting, i]))
            for i, name in enumerate(scorer.output_names)
        ),
        leading=""
        if scored.reasons.leading[0] < 0
        else scorer.conditions[serious[scored.reasons.leading[0]]],
        about=scorer.conditions[serious[about]] if serious else "",
        observations=_observations(scoring, scored, known, about, setting),
        urgency=policy.urgencies[decision.urgency[0]],
        imaging=_named(policy.imaging_tokens, decision.imaging),
        tests=_named(policy.test_tokens, decision.tests),
        referral=_named(policy.referral_tokens, decision.referral),
        advice=policy.advice(decision, 0),
        rules=tuple(
            FiredRule(rule.id, " ".join(rule.reason.split()), f"{rule.source} {rule.locator}".strip())
            for rule in fired
        ),
        undetermined=_named(policy.rule_ids, decision.undetermined),
        explained_away=_explained_away(scoring, scored, known),
        questions=tuple(next_questions(scorer, case, askable, serious)[:ASKED]),
        serious=tuple(scorer.conditions[i] for i in serious),
        conflict=float(np.log10(scored.reasons.ratio[0])),
        policy=policy.name,
        model=scoring.model_hash,
    )


def _named(labels: tuple[str, ...], bits: np.ndarray) -> tuple[str, ...]:
    return tuple(label for label, bit in zip(labels, bits[:, 0], strict=True) if bit)


def _about(scoring: Scoring, scored: Scored, setting: int) -> int:
    """The leading condition, or, where none leads, the serious one whose odds fell least."""
    if scored.reasons.leading[0] >= 0:
        return int(scored.reasons.leading[0])
    leaders = scoring.weights.leaders
    rise = odds(scored.posterior.probability[leaders, 0]) / odds(scoring.weights.baseline[setting, leaders])
    return int(np.argmax(rise)) if len(leaders) else 0


def _observations(
    scoring: Scoring, scored: Scored, known: list[int], about: int, setting: int
) -> tuple[Observation, ...]:
    if not known or not len(scoring.weights.leaders):
        return ()
    scorer, weights = scoring.scorer, scoring.weights
    output = weights.leaders[about]
    left = scorer.score(without_each(scorer, scored.masks, known)).probability[output]
    with np.errstate(divide="ignore"):
        change = 10 * np.log10(odds(scored.posterior.probability[output, 0]) / odds(left))
    found = []
    for k, row in enumerate(known):
        variable, mask = scorer.variables[row], int(scored.masks[row, 0])
        states = " or ".join(state for s, state in enumerate(variable.states) if mask >> s & 1)
        weight = float(weights.decibans[setting, about, weights.first[row] + mask - 1])
        found.append(Observation(variable.name, states, weight, float(change[k])))
    return tuple(sorted(found, key=lambda observation: -abs(observation.weight)))


def _explained_away(scoring: Scoring, scored: Scored, known: list[int]) -> tuple[ExplainedAway, ...]:
    """Posterior rules that do not fire, but would with one present flag forgotten."""
    flags = [
        row
        for row in known
        if scoring.weights.flag[row] and not scored.masks[row, 0] & ~scoring.weights.flag[row]
    ]
    if not flags:
        return ()
    less = scoring.score(without_each(scoring.scorer, scored.masks, flags)).decision.fired
    return tuple(
        ExplainedAway(rule.id, scoring.variables[row].name)
        for r, rule in enumerate(scoring.policy.rules)
        if rule.reads_posterior and not scored.decision.fired[r, 0]
        for k, row in enumerate(flags)
        if less[r, k]
    )


def percent(p: float) -> str:
    """A probability as a person reads it: two significant digits below 10 %.

    >>> percent(0.3651), percent(0.0123), percent(0.00004)
    ('37 %', '1.2 %', '0.0040 %')
    """
    share = 100 * p
    if share == 0 or share >= 99.95:
        return f"{share:.0f} %" if share == 0 or p == 1 else f"{share:.2f} %"
    digits = 0 if share >= 10 else 1 - int(np.floor(np.log10(share)))
    return f"{share:.{max(digits, 0)}f} %"


def _lines(case: Explanation) -> list[str]:
    title = f"Case {case.case_id}" if case.case_id else "Case"
    lines = [
        f"{title}, {case.setting or 'no setting'} (policy {case.policy}, model {case.model})",
        "",
        "Probability of each condition",
    ]
    width = max(len(name) for name, _, _ in case.posteriors)
    for name, now, before in case.posteriors:
        mark = "  < leads" if name == case.leading else ""
        lines.append(
            f"  {name:{width}}  {percent(now):>10}   ({percent(before)} given the setting alone){mark}"
        )
    lines += ["", f"Action: {case.urgency}"]
    for label, tokens in (("imaging", case.imaging), ("tests", case.tests), ("referral", case.referral)):
        if tokens:
            lines.append(f"  {label}: {', '.join(tokens)}")
    lines += [f"  {advice}" for advice in case.advice]
    lines += _section(
        "Rules that fired", [f"{rule.id}: {rule.reason} [{rule.source}]" for rule in case.rules]
    )
    lines += _section(
        "Not determined (something they read was not assessed)",
        [", ".join(case.undetermined)] if case.undetermined else [],
    )
    lines += _section(
        "Explained away", [f"{item.rule} would fire without {item.flag}" for item in case.explained_away]
    )
    if case.observations:
        lines += [
            "",
            f"For and against {case.about}, in decibans (10 = odds times ten)",
            f"  {'':38}  {'on its own':>10}  {'left out':>10}",
        ]
        lines += [
            f"  {f'{item.variable} = {item.states}':38}  {item.weight:>+10.1f}  {-item.change:>+10.1f}"
            for item in case.observations
        ]
    if case.questions:
        lines += [
            "",
            "What to ask next (bits told about the serious conditions; lowest and highest each could become)",
        ]
        lines += [
            f"  {question.variable:26}  {question.information:.4f}   {_ranges(case, question)}"
            for question in case.questions
        ]
    lines += [
        "",
        f"Conflict {case.conflict:+.2f} (above 0: the findings fit together worse than if unrelated)",
        RESEARCH_ONLY,
    ]
    return lines


def _section(title: str, items: list[str]) -> list[str]:
    return ["", title, *(f"  {item}" for item in items)] if items else []


def _ranges(case: Explanation, question: Question) -> str:
    """The condition that the question could move furthest, and how far."""
    spread = odds(question.highest) / odds(question.lowest)
    furthest = int(np.argmax(np.nan_to_num(spread, nan=0.0, posinf=1e300)))
    low, high = percent(float(question.lowest[furthest])), percent(float(question.highest[furthest]))
    return f"{case.serious[furthest]} {low} to {high}"
