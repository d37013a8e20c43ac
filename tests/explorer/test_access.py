"""The explorer's page for those who hear it, use keys alone, need contrast or large letters, or read it on paper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise

import pytest

from riskmodel.explorer.page import write_explorer
from riskmodel.text import RESEARCH_ONLY
from tests.support.browser import CHROMIUM, Browser
from tests.support.explorer_script import opened, pressed, shows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
CASE = "setting=primary_care&age=63&iv_drug_use=present&fever=present&crp=85&beside=literature&rate.infection=0.01"
USED = {"button", "combobox", "DisclosureTriangle", "link", "radio", "searchbox", "spinbutton"}
NAMED = USED | {"form", "group", "region", "table"}
PDF_TEXT = shutil.which("pdftotext")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(seeds, literature, tmp_path_factory) -> str:
    return write_explorer([seeds, literature], tmp_path_factory.mktemp("page") / "x.html", draws=10).as_uri()


def heard(browser):
    """What a screen reader is given, in its order: role, name and properties."""
    browser.call("Accessibility.enable")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def walk(node):
        if not node.get("ignored"):
            properties = {entry["name"]: entry["value"].get("value") for entry in node.get("properties", [])}
            yield node["role"]["value"], node.get("name", {}).get("value", "").strip(), properties
        for child in node.get("childIds", []):
            yield from walk(by_id[child])

    return list(walk(nodes[0]))


def test_a_screen_reader_is_given_names_headings_and_results(browser, page):
    opened(browser, f"{page}#{CASE}")
    shows(browser, "#questions table")
    tree = heard(browser)
    roles = [role for role, _, _ in tree]
    assert roles.index("banner") < roles.index("main") < roles.index("form")
    unnamed = [(role, tree[i - 1]) for i, (role, name, _) in enumerate(tree) if role in NAMED - {"group"} and not name]
    assert unnamed == []
    levels = [properties["level"] for role, _, properties in tree if role == "heading"]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    headings = [name for role, name, _ in tree if role == "heading"]
    for name in ("The case", "How likely", "Why", "What to ask next", "What speaks for and against"):
        assert any(heading.startswith(name) for heading in headings), name
    assert any(heading.startswith("What to do: ") for heading in headings)
    cells = [name for role, name, _ in tree if role in {"columnheader", "rowheader"}]
    assert "" not in cells
    assert not [name for role, name, _ in tree if role in {"image", "graphics-document"} and not name]
    assert not [name for role, name, _ in tree if role == "DisclosureTriangle" and name[0] in "\u25b8\u25be"]


def test_a_change_is_announced_once_and_whole(browser, page):
    opened(browser, f"{page}#setting=primary_care")
    live = "document.getElementById('summary')"
    assert browser.run(f"[{live}.getAttribute('role'), {live}.ariaLive, {live}.ariaAtomic]") == [
        "status",
        "polite",
        "true",
    ]
    before = browser.run(f"{live}.textContent")
    browser.run("document.querySelector('[data-row] input[name]').form.querySelectorAll('[type=radio]')[2].click()")
    after = browser.run(f"{live}.textContent")
    assert before != after
    assert re.match(r"Urgency: .+\. Most likely of the serious conditions: .+\.$", after)


FOCUS = """
(() => {
  const node = document.activeElement;
  const shown = node.matches("[type=radio]") ? node.nextElementSibling : node;
  const box = shown.getBoundingClientRect();
  const results = document.getElementById("results").contains(node);
  return {
    key: node.id || node.name || `${node.tagName} ${node.textContent.slice(0, 30)}`,
    outline: getComputedStyle(shown).outlineStyle !== "none" && parseFloat(getComputedStyle(shown).outlineWidth) >= 2,
    visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    body: node === document.body, results,
  };
})()
"""


def test_every_control_is_reached_by_tab_and_seen(browser, page):
    opened(browser, f"{page}#{CASE}")
    shows(browser, "#questions table")
    browser.run("document.querySelectorAll('details').forEach((node) => (node.open = true))")
    wanted = browser.run(
        "[...document.querySelectorAll('select, button, summary, input[type=search], input[type=number], a[href]')]"
        ".filter((node) => node.checkVisibility()).length"
        " + new Set([...document.querySelectorAll('input[type=radio]')].map(({ name }) => name)).size"
    )
    seen = []
    for _ in range(wanted + 10):
        pressed(browser, "Tab")
        seen.append(browser.run(FOCUS))
        if seen[-1]["body"]:
            break
    reached = [focus for focus in seen if not focus["body"]]
    assert len(reached) >= wanted
    assert [focus for focus in reached if not focus["outline"]] == []
    assert [focus for focus in reached if not focus["visible"]] == []
    results = [focus["results"] for focus in reached]
    assert results == sorted(results)  # the case first, then the results


def test_a_value_that_cannot_be_is_named_and_not_used(browser, page):
    opened(browser, f"{page}#setting=primary_care")
    age = "document.querySelector('[data-row] input[type=number]')"
    for typed in ("121", "-1", "1e9"):
        browser.run(f"{age}.value = {typed!r}; {age}.dispatchEvent(new Event('input'))")
        assert browser.run(f"{age}.getAttribute('aria-invalid')") == "true"
        alert = browser.run(f"{age}.parentElement.querySelector('[role=alert]').textContent")
        assert alert == "Not used: a number from 0 to 120 is allowed."
    browser.run(f"{age}.value = '40'; {age}.dispatchEvent(new Event('input'))")
    assert browser.run(f"{age}.parentElement.querySelector('[role=alert]').textContent") == ""
    assert browser.run(f"{age}.title") == "0 to 120 years"


def test_what_is_chosen_and_drawn_is_seen_in_the_colours_of_the_system(browser, page):
    opened(browser, f"{page}#{CASE}")
    shows(browser, ".interval")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    ground = "(selector) => getComputedStyle(document.querySelector(selector)).backgroundColor"
    chosen, other, paper, *marks = browser.run(
        f"['.assessed .option:not(.blank) :checked + span', '.assessed .option:not(.blank) :not(:checked) + span',"
        f" 'body', '.interval', '.point', '.for'].map({ground})"
    )
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert chosen != other
    assert not {paper, "rgba(0, 0, 0, 0)"} & set(marks)


@pytest.mark.parametrize("width", [320, 640])
def test_enlarged_nothing_is_cut_off(browser, page, width):
    """As wide as a window of 1,280 at 400 % and 200 %."""
    opened(browser, f"{page}#{CASE}", width=width)
    shows(browser, "#questions table")
    browser.run("document.querySelectorAll('details').forEach((node) => (node.open = true))")
    assert browser.run("document.documentElement.scrollWidth") == width


@pytest.mark.skipif(PDF_TEXT is None, reason="pdftotext is not installed")
def test_on_paper_every_page_says_what_it_is_for(browser, page, tmp_path):
    opened(browser, f"{page}#{CASE}")
    shows(browser, "#questions table")
    browser.pdf(tmp_path / "x.pdf")
    subprocess.run([PDF_TEXT, "-layout", tmp_path / "x.pdf", tmp_path / "x.txt"], check=True)
    pages = (tmp_path / "x.txt").read_text().rstrip("\f").split("\f")
    assert len(pages) > 1
    assert [number for number, text in enumerate(pages) if RESEARCH_ONLY not in text] == []
    whole = " ".join(" ".join(pages).split())
    assert "63 years" in whole
    assert "base rate of infection 1.0 % in place of 0.010 %" in whole.replace("\u00a0", " ")
    assert "mm/h" not in whole  # of what was not assessed nothing is printed
    assert json.dumps(whole).count("not assessed") == 0
