"""From one case to its explanation, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.explanation import ExplainedAway, ExplainedCase, FiredRule, NextStep, Observation
from riskmodel.answers.explanation_html import html_of
from riskmodel.answers.explanation_text import text_of
from riskmodel.answers.numbers_behind import numbers_behind
from riskmodel.answers.occult import occult_if_present
from riskmodel.answers.questions import Questions
from riskmodel.answers.questions import questions as what_each_tells
from riskmodel.answers.scoring import Scored, Scoring
from riskmodel.answers.silence import NO_SILENCE, silences
from riskmodel.answers.stopping import stop
from riskmodel.answers.telling import informative_questions, without_each
from riskmodel.arrays import Masks
from riskmodel.decision.language.nodes import Holds, Prognosis, leaves
from riskmodel.decision.startback import GROUPS, TOTAL_COLUMN, only_group
from riskmodel.errors import InferenceError
from riskmodel.evidence.plain_readings import is_open, is_reported, settled_masks
from riskmodel.evidence.recording import heard
from riskmodel.inference.weights import odds

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways
    from riskmodel.evidence.records import Priors

ASKED = 5  # questions shown
TESTED = 3  # tests shown


class Explanation(ExplainedCase):
    """Everything worth saying of one case; shows itself as text and in a notebook."""

    def __str__(self) -> str:
        return text_of(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_of(self)


def explain_case(
    scoring: Scoring, case: Masks, case_id: str = "", pathways: Pathways | None = None, priors: Priors | None = None
) -> Explanation:
    """Explain one case.

    Parameters
    ----------
    case
        coded evidence of shape (variables, 1).
    pathways
        what questions and tests cost and how long they take; without it they are free and in time.
    priors
        of the scoring: with them the explanation says where the numbers behind it come from.

    Raises
    ------
    InferenceError
        when its evidence has probability zero.
    """
    scored = scoring.score(case)
    prognosis = scoring.prognosis(case)
    if scoring.startback and not prognosis[0]:
        raise InferenceError(f"{case_id}: {scoring.startback.contradiction(case[:, 0])}")
    if not scored.posterior.evidence[0] > 0:
        raise InferenceError(f"{case_id}: {scoring.impossible_pairs.describe(case[:, 0])}")
    scorer, weights, policy = scoring.scorer, scoring.weights, scoring.policy
    setting = int(scorer.settings(case)[0])
    written = heard(scorer.variables, case)
    evidence = [int(i) for i in np.nonzero(weights.first >= 0)[0]]
    assessed = [i for i in evidence if written[i, 0] != scorer.variables[i].full_mask]
    about = _about(scoring, scored, setting)
    decision = scored.decision
    fired = [rule for rule, fires in zip(policy.rules, decision.fired[:, 0], strict=True) if fires]
    is_unknown = is_open(scoring.variables, case)[:, 0]
    unknown = [i for i in evidence if is_unknown[i]]
    tests = [i for i in unknown if scorer.variables[i].role == "test"]
    serious = [int(i) for i in weights.leaders]
    asked = what_each_tells(scoring, case, pathways)
    condition = scorer.conditions[serious[about]] if serious else ""
    observations = _observations(scoring, scored, assessed, about, setting)
    where = scorer.variables[scorer.setting_row].states[setting] if scorer.setting_row >= 0 else ""
    observed = {item.variable: item.states.split(" or ") for item in observations}
    return Explanation(
        case_id=case_id,
        setting=where,
        posteriors=tuple(
            (name, float(scored.posterior.probability[i, 0]), float(weights.baseline[setting, i]))
            for i, name in enumerate(scorer.output_names)
        ),
        occult=tuple(occult_if_present(scorer, case).items()),
        leading=_serious_name(scoring, scored.reasons.leading),
        most_raised=_serious_name(scoring, scored.reasons.most_raised),
        about=condition,
        observations=observations,
        urgency=policy.urgencies[decision.urgency[0]],
        imaging=_named(policy.imaging_tokens, decision.imaging),
        tests=_named(policy.test_tokens, decision.tests),
        referral=_named(policy.referral_tokens, decision.referral),
        imaging_within=_time(scoring, decision.imaging_within),
        tests_within=_time(scoring, decision.tests_within),
        referral_within=_time(scoring, decision.referral_within),
        startback_risk=GROUPS[only_group(prognosis)[0]] if only_group(prognosis)[0] >= 0 else "",
        advice=policy.advice(decision, 0),
        rules=tuple(
            FiredRule(rule.id, " ".join(rule.reason.split()), f"{rule.source} {rule.locator}".strip()) for rule in fired
        ),
        undetermined=_named(policy.rule_ids, decision.undetermined),
        waiting=_waiting(scoring, scored, settled_masks(scoring.variables, written)[:, 0]),
        explained_away=_explained_away(scoring, scored, assessed),
        questions=tuple(informative_questions(scorer, case, [i for i in unknown if i not in tests], serious)[:ASKED]),
        results=tuple(informative_questions(scorer, case, tests, serious)[:TESTED]),
        next_steps=_next_steps(asked),
        stop=stop(scoring, case, asked),
        serious=tuple(scorer.conditions[i] for i in serious),
        conflict=float(np.log10(scored.reasons.ratio[0])),
        policy=policy.name,
        model=scoring.model_hash,
        fitted=scoring.fitted,
        numbers=numbers_behind(priors, condition, where, observed) if priors is not None and condition else (),
        blanks=str(scoring.blanks),
        silences=silences(scoring, case, serious[about]) if serious else NO_SILENCE,
    )


def _named(labels: tuple[str, ...], bits: np.ndarray) -> tuple[str, ...]:
    return tuple(label for label, bit in zip(labels, bits[:, 0], strict=True) if bit)


def _time(scoring: Scoring, level: np.ndarray) -> str:
    return "" if level[0] < 0 else scoring.policy.urgencies[level[0]]


def _serious_name(scoring: Scoring, places: np.ndarray) -> str:
    return "" if places[0] < 0 else scoring.scorer.conditions[scoring.weights.leaders[places[0]]]


def _about(scoring: Scoring, scored: Scored, setting: int) -> int:
    """The most raised condition, or, where none rose, the serious one whose odds fell least."""
    if scored.reasons.most_raised[0] >= 0:
        return int(scored.reasons.most_raised[0])
    leaders = scoring.weights.leaders
    rise = odds(scored.posterior.probability[leaders, 0]) / odds(scoring.weights.baseline[setting, leaders])
    return int(np.argmax(rise))


def _observations(
    scoring: Scoring, scored: Scored, assessed: list[int], about: int, setting: int
) -> tuple[Observation, ...]:
    if not assessed:
        return ()
    scorer, weights = scoring.scorer, scoring.weights
    output = weights.leaders[about]
    without = scorer.posterior(without_each(scorer, scored.masks, assessed)).probability[output]
    with np.errstate(divide="ignore"):
        change = 10 * np.log10(odds(scored.posterior.probability[output, 0]) / odds(without))
    observations = []
    for k, row in enumerate(assessed):
        variable, mask = scorer.variables[row], int(scored.masks[row, 0])
        states = " or ".join(state for s, state in enumerate(variable.states) if mask >> s & 1)
        weight = float(weights.decibans[setting, about, weights.first[row] + mask - 1])
        observations.append(Observation(variable.name, states, weight, float(change[k])))
    return tuple(sorted(observations, key=lambda observation: -abs(observation.weight)))


def _waiting(scoring: Scoring, scored: Scored, case: NDArray[np.uint8]) -> tuple[str, ...]:
    """The variables that keep rules from being determined, those of the most urgent rules first."""
    rules = [
        rule for rule, open_ in zip(scoring.policy.rules, scored.decision.undetermined[:, 0], strict=True) if open_
    ]
    policy = scoring.policy
    reported = is_reported(scoring.variables, scored.masks)[:, 0]
    results = {row for token in policy.imaging_tokens for row in policy.results(token)}
    scans = {row for row in results if not reported[row]}  # asked for, not awaited
    names: dict[str, None] = {}
    for rule in sorted(rules, key=lambda rule: rule.urgency):
        for leaf in leaves(rule.condition):
            if isinstance(leaf, Holds) and leaf.row not in scans:
                mask = int(case[leaf.row])
                if mask & leaf.mask and mask & ~leaf.mask:
                    names[scoring.variables[leaf.row].name] = None
            elif isinstance(leaf, Prognosis) and only_group(scoring.prognosis(scored.masks))[0] < 0:
                names[TOTAL_COLUMN] = None  # one number says as much as nine answers
    return tuple(names)


def _next_steps(asked: Questions) -> tuple[NextStep, ...]:
    """What a single answer to which can change the action, the best first."""
    return tuple(
        NextStep(
            variable=asked.names[question],
            gain=float(asked.gain[question, 0]),
            worth=float(asked.worth[question, 0]),
            information=float(asked.information[question, 0]),
            change=float(asked.change[question, 0]),
            cost=float(asked.cost[question]),
            hours=float(asked.hours[question]),
            in_time=bool(asked.in_time[question, 0]),
        )
        for question in asked.ranked(0)
    )


def _explained_away(scoring: Scoring, scored: Scored, assessed: list[int]) -> tuple[ExplainedAway, ...]:
    """Posterior rules that do not fire, but would with one present flag forgotten."""
    flags = [
        row for row in assessed if scoring.weights.flag[row] and not scored.masks[row, 0] & ~scoring.weights.flag[row]
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
