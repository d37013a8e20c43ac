"""The page answers as Python does: posteriors, actions, rules that fire and rules that wait."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from riskmodel.decision.reading.load import policy_names
from riskmodel.explorer.content import ShownCases, content
from riskmodel.explorer.page import as_script_data, bundle
from tests.support.browser import CHROMIUM, Browser
from tests.support.explorer_vectors import vectors

NODE = shutil.which("node")
COMPARE = (Path(__file__).with_name("compare.js")).read_text(encoding="utf-8")
NEAR = 1e-9
MANY = 10_000
AT_ONCE = 1_000


@pytest.mark.slow
def test_a_few_cases_in_node(seeds, tmp_path):
    if NODE is None:
        pytest.skip("there is no node on this machine; the browser's test asks the same")
    result = in_node(seeds, vectors([seeds], ["consensus"], ["ignorable"], 60, 1), tmp_path)
    assert (result["cases"], result["wrong"]) == (60, 0), result["differing"]
    assert result["worst"] < NEAR


@pytest.mark.slow
def test_a_wrong_answer_would_be_seen(seeds, tmp_path):
    if NODE is None:
        pytest.skip("there is no node on this machine")
    cases = vectors([seeds], ["consensus"], ["ignorable"], 4, 2)
    cases[0]["action"]["urgency"] += 1
    for case in cases:
        case["probability"][0] += 1e-8
    result = in_node(seeds, cases, tmp_path)
    assert result["wrong"] == 1
    assert result["worst"] >= 1e-8 - 1e-15


def in_node(model, cases, folder: Path) -> dict:
    (folder / "data.json").write_text(json.dumps([content([model], cases=ShownCases()), cases]))
    (folder / "run.mjs").write_text(
        f"{bundle('model')}\n{COMPARE}\n"
        'import { readFileSync } from "node:fs";\n'
        f"const [data, cases] = JSON.parse(readFileSync({json.dumps(str(folder / 'data.json'))}));\n"
        "console.log(JSON.stringify(compare(await Explorer.open(data), cases)));\n"
    )
    done = subprocess.run([NODE, str(folder / "run.mjs")], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_many_cases_in_a_browser(seeds, literature, tmp_path):
    """Other cases in each run; the seed stands in the message of a failure."""
    seed = secrets.randbits(32)
    recordings = ["ignorable", *seeds.priors.profiles]
    cases = vectors([seeds, literature], list(policy_names(seeds.root)), recordings, MANY, seed)
    data = content([seeds, literature], cases=ShownCases())
    page = tmp_path / "compare.html"
    page.write_text(
        '<!DOCTYPE html><meta charset="utf-8">'
        f'<script type="application/json" id="data">{as_script_data(data)}</script>'
        f'<script type="application/json" id="cases">{as_script_data(cases)}</script>'
        f"<script type=module>{bundle('model')}\n{COMPARE}\n"
        "const of = (id) => JSON.parse(document.getElementById(id).textContent);\n"
        'const cases = of("cases");\n'
        'window.ready = Explorer.open(of("data"));\n'
        "window.asked = async (first, count) => compare(await window.ready, cases.slice(first, first + count));\n"
        "</script>"
    )
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(page.as_uri())
        results = [browser.run(f"asked({first}, {AT_ONCE})") for first in range(0, MANY, AT_ONCE)]
    finally:
        browser.close()
    assert sum(result["cases"] for result in results) == MANY
    assert not [result["differing"] for result in results if result["wrong"]], f"seed {seed}"
    assert max(result["worst"] for result in results) < NEAR, f"seed {seed}"
