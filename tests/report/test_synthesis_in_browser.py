"""The page of a synthesis in a real browser: on a desk, on a phone, in the dark, and on paper."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from riskmodel.cli import commands
from tests.support.browser import CHROMIUM, Browser
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PHONE = 390


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("synthesis")
    sheet = ROOT / "tests" / "data" / "sheets" / "revman.csv"
    done = CliRunner().invoke(
        commands,
        ["synthesise", str(sheet), "-o", str(folder / "set.toml"), "--given", "malignancy", "--locator", "table 1",
         "--report", str(folder / "page")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return (folder / "page" / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.mark.parametrize("width", [1200, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_opens_without_complaint_and_asks_for_nothing_else(browser, page, width, dark):
    browser.open(page, width=width, dark=dark)
    assert browser.requests() == [page]
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth") == width


def test_every_link_leads_to_something(browser, page):
    browser.open(page)
    addresses = browser.run("[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
    files = [address for address in addresses if not address.startswith("#")]
    assert set(files) == {"../set.toml"}
    lost = browser.run(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))"
        ".filter(h => !document.getElementById(h.slice(1)))"
    )
    assert lost == []


def test_no_text_of_a_figure_lies_outside_or_on_another(browser, page):
    """Names beside the rows and counts in the columns can all be read."""
    browser.open(page, width=1200)
    figures = browser.run(
        """[...document.querySelectorAll('figure svg')].map(s => {
            const frame = s.getBoundingClientRect();
            const boxes = [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
            const outside = boxes.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1);
            const over = boxes.flatMap(([name, b], i) => boxes.slice(i + 1).filter(([, c]) =>
                b.left < c.right - 2 && c.left < b.right - 2 && b.top < c.bottom - 3 && c.top < b.bottom - 3
            ).map(([other]) => name + ' on ' + other));
            return {id: s.id, texts: boxes.length, outside: outside.map(([name]) => name), over: over};
        })"""
    )
    assert [figure["id"] for figure in figures] == ["f-forest_1", "f-summary_roc_1", "f-without_1", "f-judgements"]
    for figure in figures:
        assert figure["texts"] > 5
        assert figure["outside"] == []
        assert figure["over"] == []
