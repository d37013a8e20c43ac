"""People with a story, what was found, and what the program must answer: see ``tests/clinical_cases/README.md``."""

from __future__ import annotations

import csv
import tomllib
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import riskmodel as rm
from tests.support.models import POLICIES
from tests.support.paths import ROOT, TESTS

if TYPE_CHECKING:
    from riskmodel.model import Model

PUBLISHED = ROOT / "notebooks" / "data" / "published_cases.csv"
CASE_KEYS = {"id", "story", "setting", "others", "findings", "expect", "file"}
EXPECT_KEYS = {
    *("leading", "most_raised", "urgency", "imaging", "tests", "referral", "rules", "silent", "probability", "why"),
}
NEVER_FIRES: dict[tuple[str, str], str] = {}  # (policy, rule) → why no case can make it fire


def read_cases() -> list[dict[str, Any]]:
    found = []
    for path in sorted((TESTS / "clinical_cases").glob("*.toml")):
        with path.open("rb") as file:
            found += [{"file": path.name, **case} for case in tomllib.load(file)["case"]]
    return found


CASES = read_cases()
QUESTIONS = [(case["id"], policy) for case in CASES for policy in case["expect"]]


def cells(model: Model, case: dict[str, Any]) -> dict[str, str]:
    """The row of a case file: what was found, and, where the case says so, every other flag absent."""
    flags = {v.column: v.states[0] for v in model.variables if v.is_flag}
    row = flags if case.get("others") == "absent" else {}
    return (
        {"case_id": case["id"], "setting": case["setting"]}
        | row
        | {column: str(value) for column, value in case["findings"].items()}
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return rm.load()


@pytest.fixture(scope="module")
def scored(model: Model) -> dict[str, pd.DataFrame]:
    """Every case under every policy, by case."""
    frame = pd.DataFrame([cells(model, case) for case in CASES])
    return {name: model.with_policy(name).score(frame).set_index("case_id") for name in POLICIES}


def split(text: str) -> set[str]:
    return set(filter(None, text.split("|")))


def differences(expected: dict[str, Any], row: pd.Series) -> list[str]:
    """What the answer says otherwise than expected, one line each."""
    found = [
        f"{key}: expected {expected[key]!r}, got {row[key]!r}"
        for key in ("leading", "most_raised", "urgency")
        if key in expected and row[key] != expected[key]
    ]
    found += [
        f"{key}: expected exactly {sorted(expected[key])}, got {sorted(split(row[key]))}"
        for key in ("imaging", "tests")
        if key in expected and split(row[key]) != set(expected[key])
    ]
    found += [
        f"{key}: {sorted(missing)} missing, got {sorted(split(row[key]))}"
        for key in ("referral", "rules")
        if (missing := set(expected.get(key, ())) - split(row[key]))
    ]
    if spoke := set(expected.get("silent", ())) & split(row["rules"]):
        found.append(f"silent: {sorted(spoke)} fired")
    for condition, (low, high) in expected.get("probability", {}).items():
        value = float(row[f"p_{condition}"])
        if not low <= value <= high:
            found.append(f"probability: {condition} expected in [{low}, {high}], got {value:.5f}")
    return found


@pytest.mark.parametrize(("identifier", "policy"), QUESTIONS)
def test_case(identifier: str, policy: str, scored: dict[str, pd.DataFrame]) -> None:
    case = next(case for case in CASES if case["id"] == identifier)
    expected = case["expect"][policy]
    row = scored[policy].loc[identifier]
    if found := differences(expected, row):
        lines = [
            f"{case['file']}, {identifier}, policy {policy}",
            case["story"],
            f"findings: {case['findings']}",
            *found,
            f"rules: {row['rules']}",
            f"reason: {row['reason']}",
            f"expected because: {expected['why']}",
        ]
        pytest.fail("\n  ".join(lines), pytrace=False)


@pytest.mark.slow
def test_cases_say_what_they_mean(model: Model) -> None:
    """No misspelt key, no repeated id, no rule, token or condition that does not exist."""
    problems = []
    seen: set[str] = set()
    for case in CASES:
        where = f"{case['file']}, {case.get('id')}"
        if missing := {"id", "story", "setting", "findings", "expect"} - set(case):
            problems.append(f"{where}: no {sorted(missing)}")
            continue
        if unknown := set(case) - CASE_KEYS:
            problems.append(f"{where}: unknown {sorted(unknown)}")
        if case["id"] in seen:
            problems.append(f"{where}: the id is used twice")
        if "\n" in case["story"] or not case["expect"] or case.get("others", "absent") != "absent":
            problems.append(f"{where}: a one-line story, an expectation, and only others = absent")
        seen.add(case["id"])
        for policy, expected in case["expect"].items():
            wrong = unknown_words(model, policy, expected)
            problems += [f"{where}, {policy}: {problem}" for problem in wrong]
    assert not problems, "\n".join(problems)


def unknown_words(model: Model, policy: str, expected: dict[str, Any]) -> list[str]:
    if policy not in POLICIES:
        return ["no such policy"]
    known = model.with_policy(policy).policy
    allowed = {
        "imaging": known.imaging_tokens,
        "tests": known.test_tokens,
        "referral": known.referral_tokens,
        "rules": known.rule_ids,
        "silent": known.rule_ids,
        "probability": model.scoring.scorer.output_names,
    }
    found = [f"unknown key {key!r}" for key in set(expected) - EXPECT_KEYS]
    found += [f"no {key!r}" for key in {"why", "imaging"} - set(expected)]
    for key, words in allowed.items():
        found += [f"{key}: unknown {word!r}" for word in expected.get(key, ()) if word not in words]
    if expected.get("urgency", "routine") not in known.urgencies:
        found.append(f"unknown urgency {expected['urgency']!r}")
    return found


@pytest.mark.parametrize("policy", POLICIES)
def test_every_rule_fires_in_a_case_of_its_policy(policy: str, model: Model, scored: dict[str, pd.DataFrame]) -> None:
    asked = [case["id"] for case in CASES if policy in case["expect"]]
    fired = {rule for rules in scored[policy].loc[asked, "rules"] for rule in split(rules)}
    silent = set(model.with_policy(policy).policy.rule_ids) - fired
    assert silent == {rule for name, rule in NEVER_FIRES if name == policy}


def test_published_cases_are_those_of_the_example_file(model: Model) -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        rows = {row["case_id"]: {k: v for k, v in row.items() if v} for row in csv.DictReader(file)}
    cases = {case["id"]: cells(model, case) for case in CASES if case["file"] == "published.toml"}
    assert len(rows) == 8
    assert rows == {identifier: cases[identifier] for identifier in rows}
