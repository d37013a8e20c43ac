"""The page answers as Python does: posteriors, actions, rules that fire and rules that wait, and what to ask next."""

from __future__ import annotations

import secrets

import numpy as np
import pytest

from riskmodel.decision.reading.load import policy_names
from riskmodel.explorer.content import ShownCases, content
from tests.support.browser import CHROMIUM, Browser
from tests.support.explorer_script import NODE, in_node, open_page
from tests.support.explorer_vectors import vectors, with_questions

pytestmark = pytest.mark.slow
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node on this machine; a browser is asked the same")
NEAR = 1e-9
MANY = 10_000
AT_ONCE = 1_000
QUESTIONS = 60  # cases; each has some forty questions


@pytest.fixture(scope="module")
def data(seeds, literature):
    return content([seeds, literature], cases=ShownCases())


@needs_node
def test_a_few_cases(seeds, data, tmp_path):
    cases = vectors([seeds], ["consensus"], ["ignorable"], 60, 1)
    result = in_node(data, "compare(explorer, given)", cases, tmp_path)
    assert (result["cases"], result["wrong"]) == (60, 0), result["differing"]
    assert result["worst"] < NEAR


@needs_node
def test_a_wrong_answer_would_be_seen(seeds, data, tmp_path):
    cases = vectors([seeds], ["consensus"], ["ignorable"], 40, 2)
    cases = [case for case in cases if case["evidence"] > 0][:4]
    cases[0]["action"]["urgency"] += 1
    for case in cases:
        case["probability"][0] += 1e-8
    result = in_node(data, "compare(explorer, given)", cases, tmp_path)
    assert result["wrong"] == 1
    assert result["worst"] >= 1e-8 - 1e-15


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_many_cases_in_a_browser(seeds, literature, data, tmp_path):
    """Other cases in each run; the seed stands in the message of a failure."""
    seed = secrets.randbits(32)
    models, policies = [seeds, literature], list(policy_names(seeds.root))
    cases = vectors(models, policies, ["ignorable", *seeds.priors.profiles], MANY, seed)
    possible = [case for case in cases if case["evidence"] > 0]
    assert len(possible) > MANY / 3
    some_of_each = [possible[i] for i in np.linspace(0, len(possible) - 1, QUESTIONS).astype(int)]
    asked = with_questions(models, some_of_each)
    browser = Browser(tmp_path / "profile")
    try:
        open_page(browser, data, [cases, asked], tmp_path)
        results = [
            browser.run(f"ready.then(({{explorer, given}}) => compare(explorer, given[0].slice({k}, {k + AT_ONCE})))")
            for k in range(0, MANY, AT_ONCE)
        ]
        results.append(browser.run("ready.then(({explorer, given}) => compareQuestions(explorer, given[1]))"))
    finally:
        browser.close()
    assert sum(result["cases"] for result in results) == MANY + QUESTIONS
    assert not [result["differing"] for result in results if result["wrong"]], f"seed {seed}"
    assert max(result["worst"] for result in results) < NEAR, f"seed {seed}"


@needs_node
def test_questions(seeds, data, tmp_path):
    cases = with_questions([seeds], vectors([seeds], ["consensus", "whitlock_2026"], ["chart"], 40, 3))
    result = in_node(data, "compareQuestions(explorer, given)", cases, tmp_path)
    assert result["cases"] > 10
    assert result["wrong"] == 0, result["differing"]
    assert result["worst"] < NEAR
