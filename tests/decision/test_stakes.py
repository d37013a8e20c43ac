"""The stakes of a policy follow from what its rules mean, however they are worded."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.answers.questions import questions
from riskmodel.decision.stakes import scans, stakes
from tests.support.paths import ROOT
from tests.support.small_policy import policy_text, rule

TEXT = (ROOT / "priors" / "policies" / "consensus.toml").read_text(encoding="utf-8")
STATED = next(rule["when"] for rule in tomllib.loads(TEXT)["rule"] if rule["id"] == "mri_for_infection").strip()
LOOKED = STATED.partition("and ")[2]  # what the rule asks beside the posterior
CASE = pd.DataFrame({"age": [60], "iv_drug_use": ["yes"], "worsening_course": ["yes"]})


def improbable(when: str) -> str:
    """A policy that asks for a blood test at a threshold."""
    bloods = rule("bloods", when, urgency="routine", tests=["esr"])
    return policy_text(["routine"], [], bloods, head="threshold.bloods = { harm = 1, benefit = 9 }")


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
