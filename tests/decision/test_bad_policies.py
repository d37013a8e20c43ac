"""A zoo of bad policies: each entry of bad_policies.toml spoils a small policy and says what is reported."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from riskmodel.decision.reading.load import load_policy
from riskmodel.errors import PolicyError
from riskmodel.evidence.load import load_priors, priors_root
from tests.support.paths import DATA

ZOO = tomllib.loads((DATA / "bad_policies.toml").read_text(encoding="utf-8"))
PRIORS = load_priors("seeds")


def refused(path: Path) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load_policy(path, PRIORS.case_variables, priors_root(), PRIORS.sources)
    return caught.value


@pytest.mark.parametrize("entry", ZOO["bad"], ids=[entry["name"] for entry in ZOO["bad"]])
def test_bad_policy(entry: dict[str, Any], tmp_path: Path) -> None:
    text = ZOO["base"]
    for find, replace in [(entry["find"], entry["replace"]), *entry.get("also", [])]:
        assert find in text
        text = text.replace(find, replace, 1)
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    error = refused(path)
    for fragment in entry["expect"]:
        assert fragment in str(error)
    assert len(error.problems) == entry.get("problems", 1), str(error)


def test_unspoilt(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(ZOO["base"], encoding="utf-8")
    policy = load_policy(path, PRIORS.case_variables, priors_root(), PRIORS.sources)
    assert policy.rule_ids == ("hot", "likely", "swap")
    assert [rule.safety for rule in policy.rules] == [True, False, False]
    assert policy.thresholds["scan"].value == 0.01


def test_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"no such policy \(did you mean 'consensus'\?\).*acibadem_2026"):
        load_policy("concensus", PRIORS.case_variables, priors_root(), PRIORS.sources)
    assert "cannot be read" in str(refused(tmp_path / "missing.toml"))


def test_the_message_says_that_it_is_the_policy(tmp_path: Path) -> None:
    assert str(refused(tmp_path / "missing.toml")).startswith("1 problem in the policy:")


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b'title = "\xff"')
    assert "is not UTF-8" in str(refused(path))


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("")
    message = str(refused(path))
    for missing in ("'title'", "'urgencies'", "'referrals'", "[[rule]]", "[[otherwise]]"):
        assert missing in message


@pytest.mark.parametrize("text", ["rule = 3", "[rule]\nid = 'x'", "rule = [3]", "threshold = 2", "flags = 'a'"])
def test_wrong_shapes_are_problems_not_bugs(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    assert len(refused(path).problems) > 3


@pytest.mark.parametrize("value", ["3", '""', "[]", "{}", "true", "nan", "-0.0", "[[]]", '["x"]', '"p("', "1979-05-27"])
def test_any_value_of_any_key_is_a_policy_or_problems(value: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    lines = ZOO["base"].splitlines()
    for number, line in enumerate(lines):
        if " = " in line:
            changed = [*lines[:number], f"{line.partition(' = ')[0]} = {value}", *lines[number + 1 :]]
            path.write_text("\n".join(changed), encoding="utf-8")
            with contextlib.suppress(PolicyError):  # and nothing else
                load_policy(path, PRIORS.case_variables, priors_root(), PRIORS.sources)
