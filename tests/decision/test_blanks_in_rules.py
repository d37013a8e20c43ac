"""A blank that a recording profile reads is not assessed for every rule, count and question, in all policies."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.answers.questions import askable, questions
from riskmodel.answers.stopping import stop
from riskmodel.arrays import Masks
from riskmodel.decision.actions import Decision
from riskmodel.evidence.plain_readings import is_open, is_reported
from riskmodel.evidence.recording import heard
from tests.support.masks import MODEL, random_cases
from tests.support.models import POLICIES

CASES = 2_000
PROFILE = "positives_only"


def with_blanks(model: rm.Model, count: int, seed: int) -> tuple[Masks, Masks]:
    """Any evidence with blanks that the model's profile reads, and the same with each of them not assessed."""
    rng = np.random.default_rng(seed)
    masks = random_cases(count, rng)
    for row, variable in enumerate(model.variables):
        if variable.blank_tells:
            masks[row, (masks[row] == variable.full_mask) & (rng.random(count) < 0.8)] = 0
    return masks, heard(model.variables, masks)


def same_decision(first: Decision, second: Decision) -> list[str]:
    """The fields of two decisions that differ."""
    pairs = {field.name: (getattr(first, field.name), getattr(second, field.name)) for field in fields(Decision)}
    return [name for name, (a, b) in pairs.items() if not np.array_equal(a, b)]


@pytest.mark.parametrize("name", POLICIES)
def test_every_rule_takes_a_blank_as_not_assessed(name: str) -> None:
    """Whatever the posteriors are: the same rules fire, are cleared, and wait."""
    model = MODEL.with_policy(name).with_recording(PROFILE)
    masks, unread = with_blanks(model, CASES, seed=8)
    assert (masks == 0).mean() > 0.05
    assert (unread > 0).all()
    policy, rng = model.policy, np.random.default_rng(9)
    shape = (len(policy.conditions), CASES)
    posteriors, baseline = rng.random(shape) ** 6, rng.random(shape) ** 9
    composites = {composite: rng.random(CASES) for composite in policy.composites}
    decided = [policy.evaluate(each, posteriors, baseline, composites) for each in (masks, unread)]
    assert same_decision(*decided) == []
    assert decided[0].undetermined.any()
    assert same_decision(policy.findings_only(masks), policy.findings_only(unread)) == []


@pytest.mark.parametrize("name", POLICIES)
def test_a_profile_changes_only_what_reads_a_posterior(name: str) -> None:
    """Of whole answers: rules on findings fire and wait as without the profile, and safety asks for no less."""
    plain = MODEL.with_policy(name)
    model = plain.with_recording(PROFILE)
    masks, unread = with_blanks(model, CASES, seed=3)
    under, without = model.scoring.score(masks), plain.scoring.score(unread)
    possible = without.posterior.evidence > 0
    assert np.array_equal(under.posterior.evidence > 0, possible)
    for r, rule in enumerate(plain.policy.rules):
        if not rule.reads_posterior and not rule.instead_of:  # a swap waits for what others ask
            assert np.array_equal(under.decision.fired[r], without.decision.fired[r]), rule.id
            assert np.array_equal(under.decision.undetermined[r], without.decision.undetermined[r]), rule.id
    assert np.array_equal(under.reasons.assessed, without.reasons.assessed)
    least = plain.policy.findings_only(unread)
    assert (under.decision.urgency <= least.urgency).all()


def test_what_is_blank_can_still_be_asked() -> None:
    model = MODEL.with_recording(PROFILE)
    masks, unread = with_blanks(model, 12, seed=4)
    assert np.array_equal(is_open(model.variables, masks), is_open(model.variables, unread))
    assert np.array_equal(is_reported(model.variables, masks), is_reported(model.variables, unread))
    possible = model.scoring.scorer.posterior(masks).evidence > 0
    masks, unread = masks[:, possible], unread[:, possible]
    asked, as_unknown = questions(model.scoring, masks), questions(model.scoring, unread)
    assert asked.rows == as_unknown.rows == askable(MODEL.scoring)
    assert np.array_equal(asked.open, as_unknown.open)
    silent = masks[list(asked.rows)] == 0
    assert silent.any()
    assert asked.open[silent].all()
    assert (asked.information[silent] > 0).any()
    assert (asked.information[silent] <= 1 + 1e-12).all()


def test_a_blank_is_worth_less_to_ask_than_what_nobody_knows() -> None:
    """Silence has said already that the sign is hardly there, so that the answer tells less."""
    model = MODEL.with_recording(PROFILE)
    scorer, fever = model.scoring.scorer, model.variables.index(model.priors.variable("fever"))
    cases = scorer.blank(2, 2)
    cases[fever, 1] = 0
    asked = questions(model.scoring, cases)
    unknown, blank = asked.information[asked.rows.index(fever)]
    assert 0 < blank < unknown / 3
    assert stop(model.scoring, cases[:, 1:], questions(model.scoring, cases[:, 1:])).left == "one"
