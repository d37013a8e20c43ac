"""The shipped policies: what they ask, and that they are safe."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.decision.actions import Decision
from riskmodel.decision.policy import Policy
from riskmodel.decision.reading.load import load_policy, policy_names
from riskmodel.evidence.load import load_priors, priors_root
from riskmodel.evidence.plain_readings import plain_readings
from tests.support.less import asks_less
from tests.support.paths import DATA
from tests.support.scans import without_contradictions

PRIORS = load_priors("seeds")
VARIABLES = PRIORS.case_variables
READINGS = plain_readings(VARIABLES)
ROW = {variable.name: row for row, variable in enumerate(VARIABLES)}
CONDITIONS = tuple(variable.name for variable in VARIABLES if variable.role == "condition")
SEEDS = ("healthusias", "whitlock_2026", "clinical_note", "acibadem_2026", "general_medicine_2025")
POLICIES = {name: load_policy(name, VARIABLES, priors_root(), PRIORS.sources) for name in policy_names(priors_root())}
CONSENSUS = POLICIES["consensus"]
CASES = tomllib.loads((DATA / "policy_cases.toml").read_text(encoding="utf-8"))["case"]
FIELDS = [field.name for field in fields(Decision)]
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


def to_masks(states: Mapping[str, str], *, absent: bool = False) -> np.ndarray:
    """One case: what is not named is not assessed, or absent where it is a flag and ``absent`` says so."""
    masks = np.array([[variable.full_mask] for variable in VARIABLES], np.uint8)
    if absent:
        for variable in VARIABLES:
            if variable.is_flag:
                masks[ROW[variable.name]] = 1
    for name, state in states.items():
        masks[ROW[name]] = VARIABLES[ROW[name]].mask(*state.split("|"))
    return masks


def random_masks(rng: np.random.Generator, cases: int) -> np.ndarray:
    """Cases with half of the variables known, some of them as sets of states."""
    masks = np.empty((len(VARIABLES), cases), np.uint8)
    for row, variable in enumerate(VARIABLES):
        count = len(variable.states)
        masks[row] = 1 << rng.choice(count, cases, p=[0.6] + [0.4 / (count - 1)] * (count - 1))
        sets = rng.integers(1, variable.full_mask + 1, cases)
        masks[row] = np.where(rng.random(cases) < 0.1, sets, masks[row])
        masks[row][rng.random(cases) < 0.5] = variable.full_mask
    return without_contradictions(VARIABLES, masks)


def random_posteriors(rng: np.random.Generator, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.random((len(CONDITIONS), *shape)) ** 8, np.full((len(CONDITIONS), shape[-1]), 0.002)


def tokens(names: tuple[str, ...], asked: np.ndarray) -> list[str]:
    return [name for name, one in zip(names, asked[:, 0], strict=True) if one]


def one(policy: Policy, states: Mapping[str, str], *, absent: bool = False) -> Decision:
    low = np.full((len(CONDITIONS), 1), 0.0005)
    return policy.evaluate(to_masks(states, absent=absent), low, low)


# ---- cases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    policy = POLICIES[case["policy"]]
    baseline = np.full((len(CONDITIONS), 1), case.get("baseline", 0.0005))
    posterior = baseline.copy()
    for name, value in case.get("posterior", {}).items():
        posterior[CONDITIONS.index(name)] = value
    masks = to_masks(case.get("given", {}), absent=case.get("absent", False))
    decision = policy.evaluate(masks, posterior, baseline)
    fired = tokens(policy.rule_ids, decision.fired)
    assert policy.urgencies[decision.urgency[0]] == case["urgency"], fired
    for kind in ("imaging", "tests", "referral"):
        if kind in case:
            names = {"imaging": "imaging_tokens", "tests": "test_tokens", "referral": "referral_tokens"}[kind]
            assert tokens(getattr(policy, names), getattr(decision, kind)) == case[kind], fired
    assert set(case.get("rules", fired)) <= set(fired)
    assert not set(case.get("not_rules", [])) & set(fired)
    if case.get("rules") == []:
        assert fired == []


def test_otherwise_and_advice() -> None:
    blank = one(CONSENSUS, {})
    assert blank.otherwise[0] == 1
    assert CONSENSUS.advice(blank, 0) == (CONSENSUS.otherwise[1].advice,)
    assert one(CONSENSUS, {}, absent=True).otherwise[0] == 0
    assert one(CONSENSUS, {"fever": "present"}).otherwise[0] == -1
    plain = POLICIES["whitlock_2026"]
    decision = one(plain, {"age": "from_18_to_49"}, absent=True)
    assert plain.advice(decision, 0) == (plain.rules[-1].advice,)


def test_undetermined() -> None:
    blank = tokens(CONSENSUS.rule_ids, one(CONSENSUS, {}).undetermined)
    assert "sacral_sign" in blank
    assert "mri_for_infection" not in blank  # a posterior is always known
    assert "ct_when_mri_unsuitable" not in blank  # no one asks for an MRI
    decision = one(CONSENSUS, {"saddle_anaesthesia": "present", "bowel_dysfunction": "present"})
    assert "ct_when_mri_unsuitable" in tokens(CONSENSUS.rule_ids, decision.undetermined)
    settled = tokens(CONSENSUS.rule_ids, one(CONSENSUS, {"age": "from_70"}, absent=True).undetermined)
    assert settled == [  # what is left reads circumstances
        "shock",
        "severe_pain",
        "pain_that_stops_daily_life",
        "unstable_fracture",
        "start_back",
    ]


def test_no_rule_waits_for_a_result() -> None:
    """What tests to do is asked by rules; a rule that reads a result is not one that lacks information."""
    waiting = tokens(CONSENSUS.rule_ids, one(CONSENSUS, {"iv_drug_use": "present"}).undetermined)
    assert "raised_bloods_with_risk" not in waiting
    known = one(CONSENSUS, {"esr": "over_100"})
    assert "high_bloods_with_risk" in tokens(CONSENSUS.rule_ids, known.undetermined)
    part = one(CONSENSUS, {"mri_tumour": "present"})
    assert "tumour_on_mri_with_nerve_signs" in tokens(CONSENSUS.rule_ids, part.undetermined)
    assert "abnormal_scan_and_cancer" in tokens(CONSENSUS.rule_ids, part.undetermined)


def test_a_cleared_rule_is_neither_fired_nor_undetermined() -> None:
    cancer = {"cancer_history": "other_primary", "mri": "normal"}
    decision = one(CONSENSUS, cancer)
    index = CONSENSUS.rule_ids.index("cancer_history")
    assert not decision.fired[index, 0]
    assert not decision.undetermined[index, 0]


def test_soft_evidence_is_a_full_mask() -> None:
    assert not one(CONSENSUS, {"fever": "absent|present"}).fired.any()


# ---- safety --------------------------------------------------------------------------------------


@every_policy
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_adding_a_flag_never_lowers_what_safety_rules_ask(policy: Policy, seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = random_masks(rng, 256)
    raised = masks.copy()
    for row, variable in enumerate(VARIABLES):
        if variable.is_flag:
            floor = np.array([int(mask).bit_length() - 1 for mask in masks[row]])
            state = rng.integers(floor, len(variable.states))
            raised[row] = np.where(rng.random(256) < 0.2, (1 << state).astype(np.uint8), masks[row])
    before, after = policy.findings_only(masks), policy.findings_only(raised)
    assert not (before.fired & ~after.fired).any()
    assert (after.urgency <= before.urgency).all()
    assert not (before.tests & ~after.tests).any()
    assert not (before.referral & ~after.referral).any()
    assert not (before.imaging & ~after.imaging & ~superseded(policy, after)).any()
    assert not asks_less(policy, before, after).any()  # nor does anything become later


def superseded(policy: Policy, decision: Decision) -> np.ndarray:
    """Where a token is not asked because what supersedes it is."""
    found = np.zeros_like(decision.imaging)
    for stronger, weaker in policy.supersedes.items():
        for token in weaker:
            found[policy.imaging_tokens.index(token)] |= decision.imaging[policy.imaging_tokens.index(stronger)]
    return found


@every_policy
def test_a_policy_only_adds_to_its_safety_rules(policy: Policy) -> None:
    rng = np.random.default_rng(1)
    masks = random_masks(rng, 4000)
    safe, whole = policy.findings_only(masks), policy.evaluate(masks, *random_posteriors(rng, 4000))
    assert not (safe.fired & ~whole.fired).any()
    assert (whole.urgency[safe.otherwise < 0] <= safe.urgency[safe.otherwise < 0]).all()
    assert not (safe.tests & ~whole.tests).any()
    assert not (safe.referral & ~whole.referral).any()
    assert not (safe.imaging & ~whole.imaging & ~superseded(policy, whole)).any()


@every_policy
def test_low_posteriors_cancel_nothing(policy: Policy) -> None:
    masks = random_masks(np.random.default_rng(2), 2000)
    none, base = np.zeros((len(CONDITIONS), 2000)), np.full((len(CONDITIONS), 2000), 0.1)
    safe, whole = policy.findings_only(masks), policy.evaluate(masks, none, base)
    assert not (safe.fired & ~whole.fired).any()


@every_policy
@pytest.mark.parametrize("test", [variable.name for variable in VARIABLES if variable.role == "test"])
def test_a_result_removes_only_that_test(policy: Policy, test: str) -> None:
    """A normal result takes no safety rule away, but for a rule that an MRI clears."""
    masks = random_masks(np.random.default_rng(3), 2000)
    row = ROW[test]
    if VARIABLES[row].form == "any_of":  # its parts are silent: one that is present contradicts a normal scan
        for part in READINGS[test]:
            masks[ROW[part]] = VARIABLES[ROW[part]].full_mask
    masks[row] = VARIABLES[row].full_mask
    known = masks.copy()
    known[row] = 1
    before, after = policy.findings_only(masks), policy.findings_only(known)
    may_clear = np.array([rule.safety and any(it.row == row for it in rule.cleared_by) for rule in policy.rules])
    swaps = np.array([bool(rule.instead_of) for rule in policy.rules])  # they end with what they replace
    assert not (before.fired & ~after.fired)[~may_clear & ~swaps].any()
    assert test == "mri" or not may_clear.any()
    if not may_clear.any():
        assert (after.urgency <= before.urgency).all()
        assert not (before.referral & ~after.referral).any()
    scan = next((reading for reading, parts in READINGS.items() if test in parts), test)  # a part is its scan's result
    asked = after.imaging if scan in policy.imaging_tokens else after.tests
    names = policy.imaging_tokens if scan in policy.imaging_tokens else policy.test_tokens
    assert not asked[names.index(scan)].any()


@every_policy
def test_the_urgency_of_findings_rules_is_monotone_in_every_single_flag(policy: Policy) -> None:
    """Also with rules that are not about safety and the otherwise list, no flag makes a case less urgent."""
    masks = random_masks(np.random.default_rng(4), 500)
    low = np.full((len(CONDITIONS), 500), 0.01)
    before = policy.evaluate(masks, low, low).urgency
    for row, variable in enumerate(VARIABLES):
        if variable.is_flag:
            raised = masks.copy()
            raised[row] = 1 << (len(variable.states) - 1)
            assert (policy.evaluate(raised, low, low).urgency <= before).all(), variable.name


def test_consensus_is_as_urgent_as_each_emergency_of_the_seeds() -> None:
    """What a seed calls immediate, consensus sees within two days, but for an ordinary numb or weak leg."""
    within_48_hours = CONSENSUS.urgencies.index("within_48_hours")
    seen = 0
    for name in SEEDS:
        masks = random_masks(np.random.default_rng(5), 4000)
        at_once = POLICIES[name].findings_only(masks).urgency == 0
        late = at_once & (CONSENSUS.findings_only(masks).urgency > within_48_hours)
        leg = (masks[ROW["leg_numbness"]] == 2) | (masks[ROW["leg_weakness"]] & 1 == 0)  # the one exception
        assert not (late & ~(leg & (name == "general_medicine_2025"))).any(), name
        seen += at_once.sum()
    assert seen > 1000


# ---- engine --------------------------------------------------------------------------------------


@every_policy
def test_result_does_not_depend_on_the_block(policy: Policy) -> None:
    rng = np.random.default_rng(6)
    masks = random_masks(rng, 1000)
    posterior, baseline = random_posteriors(rng, 1000)
    whole = policy.evaluate(masks, posterior, baseline)
    for size in (1, 7, 256):
        for start in range(0, 200, size):
            part = slice(start, start + size)
            piece = policy.evaluate(masks[:, part], posterior[:, part], baseline[:, part])
            for name in FIELDS:
                assert np.array_equal(getattr(piece, name), getattr(whole, name)[..., part])


@every_policy
def test_draws_reuse_the_findings(policy: Policy) -> None:
    rng = np.random.default_rng(7)
    masks = random_masks(rng, 100)
    posterior, baseline = random_posteriors(rng, 5, 100)
    findings = policy.findings(masks)
    together = policy.decide(findings, posterior, baseline)
    assert np.array_equal(policy.urgency(findings, posterior, baseline), together.urgency)
    assert together.fired.shape == (len(policy.rules), 5, 100)
    for draw in range(5):
        single = policy.evaluate(masks, posterior[:, draw], baseline)
        for name in FIELDS:
            assert np.array_equal(getattr(single, name), getattr(together, name)[..., draw, :])


def test_shapes_and_types() -> None:
    masks = random_masks(np.random.default_rng(8), 10)
    decision = CONSENSUS.evaluate(masks, *random_posteriors(np.random.default_rng(8), 10))
    assert decision.urgency.dtype == np.int8
    assert decision.fired.shape == decision.undetermined.shape == (len(CONSENSUS.rules), 10)
    assert decision.imaging.shape == (len(CONSENSUS.imaging_tokens), 10)
    assert not (decision.fired & decision.undetermined).any()
    with pytest.raises(ValueError, match="uint8"):
        CONSENSUS.findings(masks.astype(np.int64))
    with pytest.raises(ValueError, match="one a condition"):
        CONSENSUS.evaluate(masks, np.zeros((2, 10)), np.zeros((2, 10)))


def test_composites(tmp_path: Path) -> None:
    path = tmp_path / "serious.toml"
    path.write_text("""
title = "One rule on a composite"
urgencies = ["routine", "self_care"]
referrals = []
[[rule]]
id = "serious"
when = "p(any_serious) >= 0.5"
urgency = "routine"
imaging = ["mri"]
reason = "Something serious is probable."
source = "assumption"
[[otherwise]]
urgency = "self_care"
reason = "Nothing is."
source = "assumption"
""")
    policy = load_policy(path, VARIABLES, priors_root(), PRIORS.sources)
    assert policy.composites == ("any_serious",)
    low = np.full((len(CONDITIONS), 2), 0.01)
    masks = np.repeat(to_masks({}), 2, axis=1)
    with pytest.raises(ValueError, match="also reads any_serious"):
        policy.evaluate(masks, low, low)
    decision = policy.evaluate(masks, low, low, {"any_serious": np.array([0.4, 0.6])})
    assert decision.urgency.tolist() == [1, 0]
    assert decision.otherwise.tolist() == [0, -1]


def test_an_empty_block() -> None:
    masks = random_masks(np.random.default_rng(9), 5)[:, :0]
    empty = np.zeros((len(CONDITIONS), 0))
    assert CONSENSUS.evaluate(masks, empty, empty).fired.shape == (len(CONSENSUS.rules), 0)
