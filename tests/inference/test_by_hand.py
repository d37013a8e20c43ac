"""Posteriors and rules worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import simulate
from riskmodel.decision.policy import Policy
from riskmodel.evidence.load import load_priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.scorer import Scorer
from riskmodel.inference.weights import compute_weights, find_reasons
from riskmodel.network.build import build_network
from tests.support.masks import MODEL, ROUNDING, ROW, SCORER, SERIOUS, case, odds, settings_of_network
from tests.support.small_policy import policy_text, probable, rule, threshold
from tests.support.tabular import numbered, write_folder

# ---- findings that say nothing, and findings worked out by hand ------------------------------------


def test_an_uninformative_finding_changes_nothing() -> None:
    """Fever as common with each condition as without, and tied to no other sign: neither state moves any posterior."""
    common = MODEL.statement("find.fever.none").value
    model = MODEL.with_statement("dependence.constitutional", value=0.0, low=0.0, high=0.0)
    for condition in ("infection", "malignancy", "nonspinal_serious"):
        model = model.with_statement(f"find.fever.{condition}", value=common, low=common / 2, high=common * 2)
    scorer = model.scoring.scorer
    masks = simulate(model, 300, np.random.default_rng(7), setting="primary_care", missing=0.4).masks
    without, present, absent = masks.copy(), masks.copy(), masks.copy()
    without[ROW["fever"]], absent[ROW["fever"]], present[ROW["fever"]] = 3, 1, 2
    expected = scorer.posterior(without).probability
    for known in (absent, present):
        np.testing.assert_allclose(scorer.posterior(known).probability, expected, rtol=ROUNDING)
    weights = model.scoring.weights
    assert np.abs(weights.decibans[:, :, weights.first[ROW["fever"]] :][:, :, :3]).max() < 1e-11
    lone = model.score(pd.DataFrame({"case_id": ["fever"], "fever": ["yes"]}), setting="primary_care").iloc[0]
    assert (lone["most_raised"], lone["reason"]) == ("", "")


TOY = """
[[variable]]
name = "infection"
role = "condition"
serious = true
states = ["absent", "present"]
definition = "Spinal infection."

[[variable]]
name = "fever"
role = "finding"
states = ["absent", "present"]
parents = ["infection"]
definition = "Fever."
"""


def toy(folder: Path, network: str, statements: Mapping[tuple[str, str], float]) -> Scorer:
    """The scorer of a network written out in a folder; statements by (of, given)."""
    priors = load_priors("seeds", write_folder(folder, network, numbered(statements)))
    return compile_scorer(build_network(priors), priors.case_variables)


def test_bayes_rule_by_hand_on_two_states(tmp_path: Path) -> None:
    """One infection in a hundred; fever in 67 % of infections and in 5 % of the others."""
    scorer = toy(
        tmp_path,
        TOY,
        {
            ("infection=present", ""): 0.01,
            ("fever=present", "none"): 0.05,
            ("fever=present", "infection=present alone"): 0.67,
        },
    )
    masks = np.array([[3, 3, 3], [3, 1, 2]], np.uint8)  # fever not assessed, absent, present
    by_hand = [
        0.01,
        0.01 * 0.33 / (0.01 * 0.33 + 0.99 * 0.95),
        0.01 * 0.67 / (0.01 * 0.67 + 0.99 * 0.05),
    ]
    posterior = scorer.posterior(masks)
    np.testing.assert_allclose(posterior.probability[0], by_hand, rtol=1e-14)
    np.testing.assert_allclose(posterior.evidence[1:], [1 - 0.0562, 0.0562], rtol=1e-14)
    assert round(by_hand[2], 4) == 0.1192


@settings_of_network
def test_bayes_rule_in_odds_on_the_shipped_network(setting: str) -> None:
    """With the other conditions known to be absent, fever multiplies the odds of infection by .67 / .05."""
    ill, well = MODEL.statement("find.fever.infection").value, MODEL.statement("find.fever.none").value
    others = {name: "absent" for name in SCORER.conditions if name != "infection"}
    before, present, absent = (
        float(SCORER.posterior(case(setting, **others, **fever)).probability[0, 0])
        for fever in ({}, {"fever": "present"}, {"fever": "absent"})
    )
    assert SCORER.conditions[0] == "infection"
    assert odds(present) / odds(before) == pytest.approx(ill / well, rel=1e-12)
    assert odds(absent) / odds(before) == pytest.approx((1 - ill) / (1 - well), rel=1e-12)
    assert ill / well == pytest.approx(13.4)


THRESHOLDS = policy_text(
    ["immediate", "routine"],
    ["doctor"],
    probable("infection", "possible", urgency="immediate", referral=["doctor"]),
    rule("risen", "raised(malignancy)", urgency="immediate"),
    head=threshold("possible", 1, 49),
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    path = tmp_path_factory.mktemp("rules") / "thresholds.toml"
    path.write_text(THRESHOLDS, encoding="utf-8")
    return MODEL.with_policy(path).policy


def fires(policy: Policy, rule: str, condition: str, p: float, base: float) -> bool:
    """Whether a rule fires at a posterior and a base rate of one condition."""
    posterior = np.zeros((len(SCORER.conditions), 1))
    baseline = np.full_like(posterior, 0.5)
    posterior[SCORER.conditions.index(condition)] = p
    baseline[SCORER.conditions.index(condition)] = base
    decision = policy.evaluate(case(), posterior, baseline)
    return bool(decision.fired[policy.rule_ids.index(rule), 0])


# ---- exactly at a threshold, exactly equal ---------------------------------------------------------


def test_a_threshold_is_reached_when_equal(policy: Policy) -> None:
    threshold = policy.thresholds["possible"].value
    assert threshold == 0.02
    assert fires(policy, "possible", "infection", threshold, 1e-4)
    assert not fires(policy, "possible", "infection", np.nextafter(threshold, 0), 1e-4)


@pytest.mark.parametrize("base", [0.02, 0.1, 0.3, 0.7])
def test_raised_means_twice_the_odds(policy: Policy, base: float) -> None:
    twice = 2 * base / (1 + base)  # the probability whose odds are twice those of the base rate
    assert odds(twice) == pytest.approx(2 * odds(base))
    assert fires(policy, "risen", "malignancy", twice * (1 + 1e-12), base)
    assert not fires(policy, "risen", "malignancy", twice * (1 - 1e-12), base)


@pytest.mark.parametrize("base", [0.0, 0.4, 1.0])
def test_what_did_not_rise_is_not_raised(policy: Policy, base: float) -> None:
    assert not fires(policy, "risen", "malignancy", base, base)


@pytest.mark.parametrize("first", range(4))
def test_ties_of_known_outcomes_are_led_by_the_first(first: int) -> None:
    frame = pd.DataFrame([{"case_id": "x"} | dict.fromkeys(SERIOUS[first:], "yes")])
    row = MODEL.score(frame, setting="primary_care", known_outcomes=True).iloc[0]
    assert (row["leading"], row["most_raised"]) == (SERIOUS[first], SERIOUS[first])


def test_ties_of_equal_rises_are_led_by_the_first(tmp_path: Path) -> None:
    """Four conditions alike in every number, and a finding that speaks for all of them alike."""
    condition, finding = TOY.split("\n\n")
    network = "".join(condition.replace('"infection"', f'"{name}"') + "\n\n" for name in SERIOUS)
    network += finding.replace('["infection"]', str(list(SERIOUS)).replace("'", '"'))
    statements = {(f"{name}=present", ""): 0.125 for name in SERIOUS}
    statements |= {("fever=present", f"{name}=present alone"): 0.5 for name in SERIOUS}
    scorer = toy(tmp_path, network, {**statements, ("fever=present", "none"): 0.25})
    masks = np.array([[3]] * 4 + [[2]], np.uint8)
    posterior = scorer.posterior(masks)
    assert len(set(posterior.probability[:4, 0])) == 1
    reasons = find_reasons(scorer, compute_weights(scorer), masks, posterior)
    for places in (reasons.leading, reasons.most_raised):
        assert scorer.conditions[places[0]] == "infection"
