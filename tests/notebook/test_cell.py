"""A cell in a real browser: the widget's script, the page in its frame, and Python behind them."""

from __future__ import annotations

import pytest

from tests.support.browser import CHROMIUM, Browser
from tests.support.notebook_cell import Cell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
BARS = "document.querySelectorAll('.hangs .interval').length > 5 && !document.querySelector('.stale')"
STATUS = "document.querySelector('#statements').previousElementSibling"
FIRST = "document.querySelector('.statement')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def shown(cell, name):
    """The probability of a condition that the page shows."""
    row = f"[...document.querySelectorAll('.posteriors tbody tr')].find((r) => r.textContent.startsWith('{name}'))"
    return cell.run(f"{row}.querySelector('.number').textContent")


def test_a_slider_moves_every_part_of_the_page(browser, seeds, tmp_path):
    page = seeds.explore({"fever": "yes", "iv_drug_use": "yes"}, setting="primary_care")
    cell = Cell(browser, page, tmp_path)
    cell.until(BARS)
    assert cell.run(f"{FIRST}.textContent").startswith("P(infection=present | setting=primary_care)")
    slider = f"{FIRST}.querySelector('input[type=range]')"
    for step in (600, 700, 900):  # as a hand drags it: only the last one counts
        cell.run(f"{slider}.value = {step}; {slider}.dispatchEvent(new Event('input'))")
    cell.until("document.querySelector('#moved').textContent && !document.querySelector('.stale')")
    cell.until(BARS)
    assert len([each for each in cell.widget.asked if each["ask"] == "move"]) <= 2
    [(name, value)] = page.moved.items()
    assert name == "base.infection.primary_care"
    exact = page.model.posterior(page.case).iloc[0]
    percent = f"{100 * exact['infection']:.0f}\u00a0%"
    assert shown(cell, "Infection") == percent
    assert f"\u2192 {percent}" in cell.run("document.querySelector('#moved').textContent")
    assert cell.run(f"{STATUS}.textContent") == ""
    answered = [each for each in cell.widget.answers if each["answer"] == "tornado"]
    assert answered[-1]["moved"] == {name: value}

    # A number that cannot be: why, at its slider; the last good one holds.
    number = f"{FIRST}.querySelector('input[type=number]')"
    cell.run(f"{number}.value = '1.5'; {number}.dispatchEvent(new Event('change'))")
    cell.until(f"!{FIRST}.querySelector('.problem').hidden")
    assert "allowed: a probability in [0, 1]" in cell.run(f"{FIRST}.querySelector('.problem').textContent")
    assert float(cell.run(f"{number}.value")) == pytest.approx(value, rel=1e-3)
    assert page.moved == {name: value}

    cell.run("[...document.querySelectorAll('button')].find((b) => b.textContent === 'All as stated').click()")
    cell.until("document.querySelector('#moved').hidden")
    assert page.moved == {}
    before = seeds.posterior(page.case).iloc[0]
    assert shown(cell, "Infection") == f"{100 * before['infection']:.1f}\u00a0%"
    assert browser.complaints() == []


def test_python_and_the_page_follow_each_other(browser, seeds, tmp_path):
    page = seeds.explore({"fever": "yes"}, setting="primary_care")
    cell = Cell(browser, page, tmp_path)
    cell.until(BARS)
    page.case = {"fever": "no", "saddle_anaesthesia": "yes", "setting": "emergency"}
    cell.until("document.querySelector('#choose-setting').value === 'emergency'")
    page.move("find.saddle_anaesthesia.none", 0.03)
    cell.until("document.querySelector('#moved').textContent && !document.querySelector('.stale')")
    cell.until("[...document.querySelectorAll('.statement.is-moved')].length === 1")
    assert shown(cell, "Cauda equina") == f"{100 * page.model.posterior(page.case).iloc[0]['cauda_equina']:.2g}\u00a0%"
    cell.run("document.querySelector('#choose-policy').value = 'whitlock_2026'")
    cell.run("document.querySelector('#choose-policy').dispatchEvent(new Event('change'))")
    for _ in range(100):
        cell.turn()
        if page.model.policy.name == "whitlock_2026":
            break
    assert page.model.policy.name == "whitlock_2026"
    assert page.case["saddle_anaesthesia"] == "present"

    # A profile that reads blanks: its statements have sliders, and page and Python still agree.
    cell.run("document.querySelector('#choose-recording').value = 'chart'")
    cell.run("document.querySelector('#choose-recording').dispatchEvent(new Event('change'))")
    cell.until("document.querySelector('#statements .count').textContent.includes('339')")
    page.move("recorded.chart.findings.present", 0.75)
    cell.until("document.querySelectorAll('.statement.is-moved').length === 2 && !document.querySelector('.stale')")
    assert cell.run(f"{STATUS}.textContent") == ""

    # Base rates that are moved on the page are none of the bars': these go, and say why.
    cell.run("document.querySelector('#what-if details').open = true")
    field = "document.querySelector('#what-if tbody input')"
    cell.until(f"{field} !== null")
    cell.run(f"{field}.value = '5'; {field}.dispatchEvent(new Event('change'))")
    cell.until("document.querySelectorAll('.hangs .interval').length === 0")
    assert "Take the base rates back" in cell.run("document.querySelector('#statements').textContent")
    assert browser.complaints() == []


def test_a_statement_is_looked_for_by_its_words(browser, seeds, tmp_path):
    cell = Cell(browser, seeds.explore({"fever": "yes"}, setting="primary_care"), tmp_path, width=560)
    cell.until(BARS)
    search = "document.querySelector('#statements input[type=search]')"
    cell.run(f"{search}.value = 'fever infection'; {search}.dispatchEvent(new Event('input'))")
    texts = cell.run("[...document.querySelectorAll('.statement .says')].map((each) => each.textContent)")
    assert "P(fever=present | infection=present alone)" in texts
    assert all("fever" in text or "infection" in text for text in texts)
    assert cell.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
