"""The explorer's page in a real browser, as its reader has it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from riskmodel.cli import commands
from riskmodel.errors import UsageError
from riskmodel.explorer.content import ShownCases
from riskmodel.explorer.page import WEB, bundle, explorer_page, write_explorer
from riskmodel.text import RESEARCH_ONLY
from tests.support.browser import CHROMIUM, Browser
from tests.support.explorer_script import opened, packed_json, page_data, pressed, shows, until

in_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
CASE = "setting=primary_care&age=63&iv_drug_use=present&fever=present&crp=85"
HOSTILE = "</script><script>window.harmed=1</script><img src=x onerror=window.harmed=1>&\"'\u2028"
ENTRIES = ("main", "cell_page")
SMALLEST, LARGEST = 600_000, 1_500_000  # bytes, without and with intervals


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(seeds, literature, tmp_path_factory) -> str:
    """The address of a page with two prior sets and draws, alone in its folder."""
    path = write_explorer([seeds, literature], tmp_path_factory.mktemp("alone") / "explorer.html", draws=100)
    assert path.stat().st_size <= LARGEST
    return path.as_uri()


@pytest.mark.slow
def test_without_draws_it_is_small(seeds, tmp_path):
    assert write_explorer(seeds, tmp_path / "x.html").stat().st_size <= SMALLEST


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_two_modules_give_the_same_name(entry):
    """The modules of a page are laid end to end."""
    text = bundle(entry)
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_every_module_is_in_the_page():
    names = {path.stem for path in WEB.glob("*.js")}
    reached = set(re.findall(r'from "\./(\w+)\.js"', "".join(path.read_text() for path in WEB.glob("*.js")))) | set(
        ENTRIES
    )
    assert names == reached


def test_the_scripts_touch_no_markup_and_no_network():
    text = bundle(*ENTRIES)
    markup = ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(")
    network = ("fetch(", "XMLHttp", "WebSocket", "sendBeacon", "import(")
    storage = ("localStorage", "sessionStorage", "cookie", "indexedDB")
    assert not [word for word in (*markup, *network, *storage) if word in text]


@pytest.mark.slow
def test_the_command_writes_the_page(tmp_path):
    (tmp_path / "cases.csv").write_text("case_id,fever,age\nfirst,yes,40\nsecond,no,70\n")
    done = CliRunner().invoke(
        commands,
        ["explorer", "-o", str(tmp_path / "x.html"), "--cases", str(tmp_path / "cases.csv"), "--setting", "emergency"],
    )
    assert done.exit_code == 0, done.output
    data = page_data(tmp_path / "x.html")
    assert packed_json(data["cases"]["ids"]) == ["first", "second"]
    assert data["start"]["setting"] == "emergency"


@pytest.mark.slow
def test_the_same_model_gives_the_same_bytes(seeds):
    assert explorer_page([seeds], draws=5, seed=3) == explorer_page([seeds], draws=5, seed=3)


@pytest.mark.parametrize("draws", [-1, 100_000])
def test_draws_that_cannot_be_are_refused(seeds, draws):
    with pytest.raises(UsageError, match="draws must lie between 0 and 1000"):
        explorer_page([seeds], draws=draws)


def test_sets_of_other_variables_are_refused(seeds):
    fewer = tuple(variable for variable in seeds.priors.variables if variable.role != "circumstance")
    other = replace(seeds, priors=replace(seeds.priors, variables=fewer))
    with pytest.raises(UsageError, match="has other variables than"):
        explorer_page([seeds, other])


@pytest.mark.slow
@in_browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_opens_without_complaint_and_asks_for_nothing(browser, page, width, dark):
    browser.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    opened(browser, f"{page}#{CASE}", width=width, dark=dark)
    assert browser.requests() == [page]
    assert browser.complaints() == []
    assert browser.run("document.documentElement.scrollWidth") == width
    assert "For research, not for the care of a patient." in browser.run(
        "document.querySelector('.warning').textContent"
    )


@pytest.mark.slow
@in_browser
def test_shows_what_python_says(browser, page, seeds):
    opened(browser, f"{page}#{CASE}")
    case = {"age": 63, "iv_drug_use": "present", "fever": "present", "crp_mg_l": 85}
    scored = seeds.score(case, setting="primary_care").iloc[0]
    said = browser.run("document.getElementById('summary').textContent")
    assert scored["urgency"].replace("_", " ") in said
    assert f"{100 * scored['p_infection']:.0f}\u00a0%" in said


@pytest.mark.slow
@in_browser
def test_a_finding_by_keyboard_alone(browser, page):
    opened(browser, f"{page}#setting=primary_care")
    before = browser.run("document.getElementById('summary').textContent")
    pressed(browser, "/", *"anaesthesia")
    assert browser.run("document.getElementById('hits').textContent") == "1 found"
    pressed(browser, "Enter", "ArrowRight", "ArrowRight")
    until(browser, "location.hash.includes('saddle_anaesthesia=present')")
    assert browser.run("document.getElementById('summary').textContent") != before
    pressed(browser, "Escape")
    assert browser.run("document.activeElement.id") == "results"
    pressed(browser, "/", *"age at", "Enter", *"71", "/")  # the search is reached from a number too
    assert browser.run("document.activeElement.id") == "search"
    until(browser, "location.hash.includes('age=71')")


@pytest.mark.slow
@in_browser
def test_the_search_takes_words_that_end_in_another_way(browser, page):
    opened(browser, f"{page}#setting=primary_care")
    search = "document.getElementById('search')"
    for text, hits in (("Urinary  RETENTION", "1 found"), ("injecting drugs", "1 found"), ("xyzzy", "nothing found")):
        browser.run(f"{search}.value = {text!r}; {search}.dispatchEvent(new Event('input'))")
        assert browser.run("document.getElementById('hits').textContent").startswith(hits)


@pytest.mark.slow
@in_browser
def test_hostile_names_cannot_inject(browser, seeds, tmp_path):
    masks = seeds.scoring.scorer.blank(1)
    hostile = replace(seeds.policy.rules[0], reason=HOSTILE, source=HOSTILE)
    policy = replace(seeds.policy, rules=(hostile, *seeds.policy.rules[1:]), title=HOSTILE)
    model = replace(seeds, policy=policy)
    path = write_explorer(model, tmp_path / "x.html", cases=ShownCases((HOSTILE,), np.asarray(masks)))
    assert "<img" not in path.read_text()
    evil = quote(HOSTILE)
    opened(browser, f"{path.as_uri()}#setting={evil}&fever={evil}&{evil}={evil}&rate.{evil}=0.5&stake.{evil}=1/2")
    assert browser.run("window.harmed") is None
    assert browser.run("document.querySelectorAll('#choose-case option')[1].textContent") == HOSTILE
    picked = "document.getElementById('choose-case')"
    browser.run(f"{picked}.selectedIndex = 1; {picked}.dispatchEvent(new Event('change'))")
    assert browser.run("window.harmed") is None
    assert browser.complaints() == []


@pytest.mark.slow
@in_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_long_texts_and_turned_letters_stay_in_their_place(browser, seeds, tmp_path, width):
    """Ten thousand letters without a space, and letters that turn the direction of what follows."""
    long, turning = "x" * 10_000, "\u202eabc"
    first = replace(seeds.policy.rules[0], reason=turning + long, source=turning, advice=long)
    others = [replace(rule, reason=turning, source=long) for rule in seeds.policy.rules[1:]]
    model = replace(seeds, policy=replace(seeds.policy, rules=(first, *others), title=long))
    masks = np.repeat(model.scoring.scorer.blank(1), 2, axis=1)
    masks[[variable.name for variable in seeds.variables].index("fever")] = 2
    path = write_explorer(model, tmp_path / "x.html", cases=ShownCases((long, turning), masks))
    opened(browser, f"{path.as_uri()}#case={long}", width=width)
    shows(browser, "#questions table")
    assert browser.run("document.querySelectorAll('.reasons li').length") > 0
    assert browser.run("document.documentElement.scrollWidth") == width
    turned = "[...document.querySelectorAll('.reasons span, option')].map((n) => getComputedStyle(n).unicodeBidi)"
    assert set(browser.run(turned)) == {"isolate"}


@pytest.mark.slow
@in_browser
def test_the_address_holds_the_case(browser, page):
    opened(browser, f"{page}#{CASE}")
    choices = {"set=seeds", "policy=consensus", "recording=ignorable"}
    until(browser, "location.hash.includes('policy=')")
    assert set(browser.run("location.hash.slice(1)").split("&")) == {*CASE.split("&"), *choices}
    shown = browser.run("document.querySelector('[data-row] input[type=number]').value")
    assert shown == "63"


def spent(browser) -> float:
    """Milliseconds of processor time that the page's main thread has used."""
    metrics = browser.call("Performance.getMetrics")["metrics"]
    return next(1000 * metric["value"] for metric in metrics if metric["name"] == "ThreadTime")


@pytest.mark.slow
@in_browser
def test_opens_within_half_a_second(browser, page):
    """With two prior sets and all intervals of a hundred draws, from disk: processor time."""
    browser.call("Performance.enable")
    times = []
    for _ in range(3):
        browser.open("about:blank")
        before = spent(browser)
        browser.open(f"{page}#{CASE}&beside=literature")
        shows(browser, ".interval")
        after = spent(browser)
        times.append(after - before if after > before else after)  # a new process begins anew
    assert sorted(times)[1] <= 500, times


@pytest.mark.slow
@in_browser
def test_a_change_is_answered_within_50_milliseconds(browser, page):
    """The 95th percentile over single changes, intervals of a hundred draws and drawing included: processor time."""
    opened(browser, f"{page}#{CASE}")
    shows(browser, ".interval")
    browser.call("Performance.enable")
    browser.run(
        'window.shown = [...document.querySelectorAll("input[type=radio]")].filter((i) => !i.closest("[hidden]"))'
    )
    times = []
    for number in range(browser.run("shown.length")):
        before = spent(browser)
        browser.run(f"shown[{number}].click()")
        times.append(spent(browser) - before)
    assert len(times) > 100
    assert np.percentile(times, 95) <= 50, np.percentile(times, [50, 95, 100])


CONTRAST = """
(() => {
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).slice(0, 3).map((x) => x / 255)
      .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return node.parentElement && numbers(color)[3] === 0 ? ground(node.parentElement) : color;
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!text || !node.checkVisibility() || node.matches("script, option")) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${node.tagName} ${node.className} ${node.textContent.slice(0, 40)}`);
  }
  return poor;
})()
"""


@pytest.mark.slow
@in_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(browser, page, dark):
    """A contrast of 4.5 or more, as WCAG 2 asks for at level AA."""
    opened(browser, f"{page}#{CASE}&beside=literature&rate.infection=0.01", dark=dark)
    shows(browser, "#questions table")
    assert browser.run(CONTRAST) == []


@pytest.mark.slow
@in_browser
def test_what_is_moved_is_shown_and_can_be_taken_back(browser, page):
    opened(browser, f"{page}#{CASE}&rate.infection=0.01")
    row = "[...document.querySelectorAll('.posteriors tbody tr')].find((r) => r.textContent.startsWith('Infection'))"
    assert "1.0\u00a0%" in browser.run(f"{row}.lastElementChild.textContent")
    browser.run("document.querySelector('#what-if details').open = true")
    browser.run("document.querySelector('#what-if button').click()")
    assert "0.010\u00a0%" in browser.run(f"{row}.lastElementChild.textContent")
    until(browser, "!location.hash.includes('rate.')")


@pytest.mark.slow
@in_browser
def test_a_copied_row_scores_the_same(browser, page, seeds):
    """What is copied is a case file."""
    opened(browser, f"{page}#{CASE}&leg_weakness=stable%7Cprogressive")
    shows(browser, ".interval")
    browser.run(
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (t) => { window.copied = t } } })"
    )
    browser.run("[...document.querySelectorAll('button')].find((b) => b.textContent === 'Copy as CSV').click()")
    scored = seeds.score(pd.read_csv(io.StringIO(browser.run("window.copied")), dtype=str)).iloc[0]
    shown = browser.run("document.getElementById('summary').textContent")
    assert f"{100 * scored['p_infection']:.0f}\u00a0%" in shown
    browser.run("[...document.querySelectorAll('button')].find((b) => b.textContent === 'Copy as a sentence').click()")
    assert shown in browser.run("window.copied")
    assert RESEARCH_ONLY in browser.run("window.copied")
