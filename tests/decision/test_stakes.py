"""The stakes of a policy follow from what its rules mean, however they are worded."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.answers.questions import questions
from riskmodel.decision.stakes import (
    Option,
    best_benefit,
    imaging_stakes,
    option_benefit,
    scan_composites,
    scans,
    stakes,
)
from tests.support.paths import ROOT
from tests.support.small_policy import policy_text, probable, rule, threshold

TEXT = (ROOT / "priors" / "policies" / "consensus.toml").read_text(encoding="utf-8")
STATED = next(rule["when"] for rule in tomllib.loads(TEXT)["rule"] if rule["id"] == "mri_for_infection").strip()
LOOKED = STATED.partition("and ")[2]  # what the rule asks beside the posterior
CASE = pd.DataFrame({"age": [60], "iv_drug_use": ["yes"], "worsening_course": ["yes"]})


def improbable(when: str) -> str:
    """A policy that asks for a blood test at a threshold."""
    bloods = rule("bloods", when, urgency="routine", tests=["esr"])
    return policy_text(["routine"], [], bloods, head=threshold("bloods", 1, 9))


@pytest.fixture(scope="module")
def model() -> rm.Model:
    return rm.load()


def reworded(model: rm.Model, folder: Path, when: str) -> rm.Model:
    """The model under its own policy, with one rule in other words."""
    assert TEXT.count(STATED) == 1
    path = folder / "consensus.toml"
    path.write_text(TEXT.replace(STATED, when.replace("raised(infection)", LOOKED)), encoding="utf-8")
    return model.with_policy(path)


@pytest.mark.parametrize(
    "when",
    [
        "  p( infection )>=threshold(  mri_for_infection )   and raised(infection)",
        "((p(infection) >= threshold(mri_for_infection)) and (raised(infection)))",
        "raised(infection) and p(infection) >= threshold(mri_for_infection)",
        "not (p(infection) < threshold(mri_for_infection)) and raised(infection)",
        "not (not raised(infection) or p(infection) < threshold(mri_for_infection))",
        "not not (not p(infection) < threshold(mri_for_infection)) and raised(infection)",
        "count(p(infection) >= threshold(mri_for_infection), raised(infection)) >= 2",
        "count(p(infection) < threshold(mri_for_infection), not raised(infection)) <= 0",
        "count(raised(infection), p(infection) >= threshold(mri_for_infection)) == 2",
    ],
)
def test_a_reworded_rule_has_the_same_stakes_and_asks_the_same(model, tmp_path, when):
    other = reworded(model, tmp_path, when)
    assert stakes(other.policy) == stakes(model.policy)
    assert scans(other.policy) == scans(model.policy)
    masks = model.code(CASE, setting="primary_care")
    before, after = questions(model.scoring, masks), questions(other.scoring, masks)
    assert before.names == after.names
    assert np.array_equal(before.gain, after.gain)
    assert np.array_equal(before.order, after.order)


@pytest.mark.parametrize(
    "when",
    [
        "p(infection) < threshold(bloods) and raised(infection)",
        "not p(infection) >= threshold(bloods) and raised(infection)",
    ],
)
def test_a_rule_for_the_improbable_is_no_stake(model, tmp_path, when):
    path = tmp_path / "improbable.toml"
    path.write_text(improbable(when), encoding="utf-8")
    assert stakes(model.with_policy(path).policy) == ()
    path.write_text(improbable("p(infection) >= threshold(bloods)"), encoding="utf-8")
    assert [stake.threshold for stake in stakes(model.with_policy(path).policy)] == ["bloods"]


def test_stakes_are_those_of_the_thresholds_that_rules_read() -> None:
    policy = rm.load().policy
    read = {stake.threshold: stake for stake in stakes(policy)}
    assert {"mri_for_infection", "bloods_infection", "ct_for_fracture"} <= set(read)
    assert not {"mri_for_nerve_compression", "rheumatology_inflammatory"} & set(read)  # not serious
    for name, stake in read.items():
        assert (stake.harm, stake.benefit) == (policy.thresholds[name].harm, policy.thresholds[name].benefit)
        rules = [rule for rule in policy.rules if f"p({stake.condition}) >= threshold({name})" in rule.when]
        assert rules, name
    chosen = imaging_stakes(policy)
    assert sorted(s.condition for s in chosen) == ["cauda_equina", "fracture", "infection", "malignancy"]
    assert all(set(s.asks) & set(policy.imaging_tokens) for s in chosen)
    assert stakes(rm.load(policy="clinical_note").policy) == ()


def test_net_benefit_is_nought_at_its_threshold() -> None:
    option = Option(("a",), (0.33,), harm=0.01)
    worth = option_benefit(option, np.array([[0.0, 0.01 / 0.34, 1.0]]), ["a"])
    np.testing.assert_allclose(worth, [-0.01, 0.0, 0.33], atol=1e-15)


THREE = (  # condition, scan, harm, benefit
    ("infection", "mri", 0.01, 1.0),
    ("malignancy", "mri", 0.01, 0.33),
    ("cauda_equina", "mri", 0.02, 1.0),
    ("fracture", "xray", 0.001, 0.04),
)
WHOLE = policy_text(
    ["immediate", "routine"],
    [],
    *(probable(name, name, urgency="immediate", imaging=[scan]) for name, scan, _, _ in THREE),
    head="".join(threshold(name, harm, benefit) for name, _, harm, benefit in THREE),
)


def test_one_scan_is_charged_once(tmp_path: Path) -> None:
    """Three conditions that ask for one MRI: its harm was once charged for each of them."""
    (tmp_path / "three.toml").write_text(WHOLE, encoding="utf-8")
    policy = rm.load(policy=tmp_path / "three.toml").policy
    mri, xray = scans(policy)
    assert [option.conditions for option in mri.options] == [
        ("infection", "malignancy"), ("infection", "malignancy", "cauda_equina"),
    ]  # fmt: skip
    assert [option.harm for option in mri.options] == [0.01, 0.02]
    assert [option.conditions for option in xray.options] == [("fracture",)]
    names = ["infection", "malignancy", "cauda_equina", *scan_composites(policy)]
    low = np.array([[0.008], [0.008], [0.0], [0.016], [0.016]])  # either alone is below its threshold
    assert best_benefit(mri, low, names)[0] == pytest.approx(0.008 + 0.008 * 0.33 - 0.01 * (1 - 0.016))
    assert best_benefit(mri, low, names)[0] > 0
    sure = np.array([[0.0], [0.0], [0.5], [0.0], [0.5]])  # cauda equina alone: its own harm and benefit
    assert best_benefit(mri, sure, names)[0] == pytest.approx(0.5 - 0.02 * 0.5)
