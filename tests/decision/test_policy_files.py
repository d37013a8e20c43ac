"""The policy files: what they state, what they cite, and that they carry their documents whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from riskmodel.decision.language.nodes import Holds, leaves
from riskmodel.decision.policy import Policy
from riskmodel.decision.reading.load import load_policy
from riskmodel.decision.startback import COLUMNS
from tests.decision.test_policy import CONSENSUS, POLICIES, PRIORS, SEEDS, VARIABLES, every_policy
from tests.support.paths import DATA

TABLE = tomllib.loads((DATA / "seed_rules.toml").read_text(encoding="utf-8"))


def test_thresholds_of_consensus_are_computed() -> None:
    harm_and_benefit = {
        "mri_for_infection": (0.01, 1.0),
        "mri_for_malignancy": (0.006, 0.33),
        "mri_for_cauda_equina": (0.015, 1.0),
        "neurology_for_lookalike": (0.001, 0.02),
        "xray_for_fracture": (0.00145, 0.04),
        "ct_for_fracture": (0.015, 0.04),
        "bloods_infection": (0.001, 1.0),
        "bloods_malignancy": (0.001, 0.1),
    }
    for name, (harm, benefit) in harm_and_benefit.items():
        threshold = CONSENSUS.thresholds[name]
        assert (threshold.harm, threshold.benefit) == (harm, benefit)
        assert threshold.value == harm / (harm + benefit)


def test_consensus_posterior_rules_want_raised_odds() -> None:
    for rule in CONSENSUS.rules:
        if rule.reads_posterior:
            condition = re.search(r"p\((\w+)\)", rule.when)
            assert condition is not None
            assert any(threshold in rule.when for threshold in CONSENSUS.thresholds)
            assert f"raised({condition[1]})" in rule.when or rule.id in {
                "abnormal_scan_probably_serious",
                "mri_for_infection",
            }


@every_policy
def test_shared_vocabulary(policy: Policy) -> None:
    assert policy.urgencies == CONSENSUS.urgencies
    assert policy.imaging_tokens[:3] == ("xray", "ct", "mri")
    assert policy.test_tokens == ("esr", "crp", "bladder_scan")
    assert not any(rule.reads_posterior for rule in policy.rules if policy is not CONSENSUS)


@every_policy
def test_every_rule_says_why_and_who_says_so(policy: Policy) -> None:
    for rule in (*policy.rules, *policy.otherwise):
        assert rule.reason.endswith(".")
        assert rule.source in PRIORS.sources
        assert rule.source == policy.name or policy is CONSENSUS
        assert rule.locator or rule.source == "assumption"
    rows = policy.describe()
    assert len(rows) == len(policy.rules) + len(policy.otherwise)
    assert all(set(row) == {"id", "when", "then", "reason", "source"} for row in rows)
    assert "\n" not in "".join(text for row in rows for text in row.values())


def test_circumstances_are_read_by_some_policy() -> None:
    read = {
        VARIABLES[leaf.row].name
        for policy in POLICIES.values()
        for rule in policy.rules
        for leaf in leaves(rule.condition)
        if isinstance(leaf, Holds)
    }
    unread = {variable.name for variable in VARIABLES if variable.role == "circumstance"} - read - set(COLUMNS)
    assert not unread


def lines(text: str) -> set[int]:
    """The line numbers that a locator of one document names."""
    found: set[int] = set()
    for first, last in re.findall(r"\bL(\d+)(?: to L(\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


@pytest.mark.parametrize("name", SEEDS)
def test_every_sentence_that_asks_for_something_has_its_rules(name: str) -> None:
    policy = POLICIES[name]
    mapped: dict[str, set[int]] = {rule.id: set() for rule in policy.rules}
    for entry in TABLE[name]:
        assert set(entry) - {"note"} in ({"at", "says", "rules"}, {"at", "says", "none"}), entry
        assert lines(entry["at"])
        for identifier in entry.get("rules", []):
            mapped[identifier] |= lines(entry["at"])
    for rule in policy.rules:
        assert mapped[rule.id], f"no sentence stands behind {rule.id}"
        assert lines(rule.locator) <= mapped[rule.id], f"{rule.id}: {rule.locator}"


def test_loading_by_path_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "consensus.toml"
    path.write_text(CONSENSUS.text, encoding="utf-8")
    assert load_policy(path, VARIABLES, tmp_path, PRIORS.sources) == CONSENSUS
    assert load_policy(str(path), VARIABLES, tmp_path, PRIORS.sources) == CONSENSUS
