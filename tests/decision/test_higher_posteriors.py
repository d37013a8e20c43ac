"""A higher posterior never gets a later time, or less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.monotone import falls_with_posterior
from riskmodel.decision.policy import Policy
from riskmodel.decision.reading.load import load_policy
from riskmodel.evidence.load import priors_root
from tests.decision.test_policy import CONDITIONS, POLICIES, PRIORS, VARIABLES, random_masks, random_posteriors
from tests.support.less import asks_less, lost_in_a_riskier_setting
from tests.support.models import shipped
from tests.support.rules import VOCABULARY
from tests.support.small_policy import policy_text, rule

LIKELY = "p(infection) >= 0.02 and raised(infection, 3) and not p(malignancy) < 0.001"
FALLING = policy_text(
    ["within_24_hours", "routine"],
    ["physiotherapy", "doctor"],
    rule("low", "p(any_serious) < 0.01", urgency="routine", referral=["physiotherapy"]),
    rule("likely", LIKELY, urgency="within_24_hours", imaging=["mri"], imaging_within="routine", referral=["doctor"]),
    rule("broken", "p(fracture) > 0.05", urgency="within_24_hours", imaging=["xray"]),
    head='[supersedes]\nmri = ["xray"]',
)


@pytest.fixture(scope="module")
def falling(tmp_path_factory) -> Policy:
    path: Path = tmp_path_factory.mktemp("falling") / "falling.toml"
    path.write_text(FALLING)
    return load_policy(path, VARIABLES, priors_root(), PRIORS.sources)


@pytest.mark.parametrize(
    ("text", "falls"),
    [
        ("p(infection) >= 0.1", 0),
        ("p(infection) < 0.1", 1),
        ("not p(infection) < 0.1", 0),
        ("raised(infection, 2) or enough", 0),
        ("not raised(infection)", 1),
        ("count(fever, p(infection) > 0.1) >= 1", 0),
        ("count(fever, p(infection) > 0.1) <= 1", 1),
        ("count(fever, raised(infection)) == 1", 1),
        ("count(fever, raised(infection)) == 2", 0),
        ("count(fever, raised(infection)) == 0", 1),
        ("count(fever, raised(infection)) != 0", 0),
        ("count(fever, raised(infection)) != 2", 1),
    ],
)
def test_what_falls_as_a_posterior_rises(text: str, falls: int) -> None:
    node, _ = parse(text, VOCABULARY)
    assert node is not None
    assert len(list(falls_with_posterior(node))) == falls


def decided(policy: Policy, masks: np.ndarray, p: np.ndarray, base: np.ndarray):
    return policy.evaluate(masks, p, base, {name: 1 - np.prod(1 - p, axis=0) for name in policy.composites})


@pytest.mark.parametrize("name", [*POLICIES, "falling"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_raising_posteriors_only_adds(name: str, falling: Policy, seed: int) -> None:
    policy = falling if name == "falling" else POLICIES[name]
    rng = np.random.default_rng(seed)
    masks = random_masks(rng, 256)
    p, base = random_posteriors(rng, 256)
    raised = np.where(rng.random(p.shape) < 0.4, p + (1 - p) * rng.random(p.shape) ** 4, p)
    assert not asks_less(policy, decided(policy, masks, p, base), decided(policy, masks, raised, base)).any()


def test_less_is_seen(falling: Policy) -> None:
    """The comparison itself: lower posteriors do ask for less."""
    rng = np.random.default_rng(1)
    masks = random_masks(rng, 2000)
    p, base = random_posteriors(rng, 2000)
    assert len(CONDITIONS) == len(p)
    assert asks_less(falling, decided(falling, masks, p, base), decided(falling, masks, p / 50, base)).mean() > 0.01


@pytest.mark.slow
def test_consensus_asks_no_less_where_the_risk_is_higher() -> None:
    """Nobody is gated by a high base rate after a full assessment."""
    model = shipped()
    rng = np.random.default_rng(8)
    for setting in model.settings:
        people = simulate(model, 2000, rng, setting=setting, roles=HISTORY)
        assert lost_in_a_riskier_setting(model, people.masks) == {}


@pytest.mark.slow
def test_a_rule_that_a_high_base_rate_gates_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "gated.toml"
    gated = FALLING.replace("p(fracture) > 0.05", "p(fracture) > 0.05 and raised(fracture)")
    path.write_text(gated)
    model = rm.load(policy=path)
    people = simulate(model, 2000, np.random.default_rng(8), setting="spine_clinic", roles=HISTORY)
    assert "broken" in {rule for rule, _, _ in lost_in_a_riskier_setting(model, people.masks)}
