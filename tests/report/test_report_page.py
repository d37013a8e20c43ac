"""The page of a report in a real browser, as its reader has it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from riskmodel.cli import commands
from tests.report.test_report import CASES, SMALL, spec_file
from tests.support.browser import CHROMIUM, Browser
from tests.support.explorer_script import shows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
PHONE = 390
PDF_TEXT = shutil.which("pdftotext")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The address of a report that lies alone in its folder, but for the explorer."""
    folder = tmp_path_factory.mktemp("page")
    done = CliRunner().invoke(
        commands, ["report", "-o", str(folder / "out"), "--spec", str(spec_file(folder, SMALL)), "--cases", str(CASES)]
    )
    assert done.exit_code == 0, done.output
    alone = tmp_path_factory.mktemp("alone") / "report.html"
    shutil.copy(folder / "out" / "report.html", alone)
    shutil.copy(folder / "out" / "explorer.html", alone.parent)
    return alone.as_uri()


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
    ground = [int(x) for x in re.findall(r"\d+", browser.run("getComputedStyle(document.body).backgroundColor"))[:3]]
    ink = [int(x) for x in re.findall(r"\d+", browser.run("getComputedStyle(document.body).color"))[:3]]
    assert (sum(ground) < sum(ink)) is dark
    assert contrast(ground, ink) > 7


def test_a_complaint_and_a_request_would_be_seen(browser, tmp_path):
    """The test above can fail."""
    picture = tmp_path / "x.png"
    (tmp_path / "bad.html").write_text(f'<img src="{picture.as_uri()}"><script>console.error("oh"); nobody()</script>')
    browser.open((tmp_path / "bad.html").as_uri())
    assert picture.as_uri() in browser.requests()
    said = " ".join(browser.complaints())
    assert "oh" in said
    assert "nobody is not defined" in said


def contrast(one: list[int], other: list[int]) -> float:
    """The ratio of luminances as the accessibility guidelines define it."""

    def luminance(colour):
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("width", [1200, PHONE])
def test_every_figure_is_drawn_large_enough_to_read(browser, page, width):
    """On a phone it keeps its size and scrolls in its box."""
    browser.open(page, width=width)
    boxes = browser.run(
        "[...document.querySelectorAll('figure svg')].map(s => [s.getBoundingClientRect().width,"
        " s.getBoundingClientRect().height, s.querySelectorAll('path, use').length])"
    )
    assert boxes
    for across, down, parts in boxes:
        assert 600 < across <= 1200
        assert down > 100
        assert parts > 20
    assert set(browser.run("[...document.querySelectorAll('figure')].map(f => f.clientWidth <= innerWidth)")) == {True}


def test_a_phone_scrolls_tables_not_the_page(browser, page):
    browser.open(page, width=PHONE, height=844)
    assert browser.run("document.documentElement.scrollWidth") == PHONE
    wide = browser.run(
        "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth)"
        ".map(s => getComputedStyle(s).overflowX)"
    )
    assert wide
    assert set(wide) == {"auto"}
    assert browser.run("parseFloat(getComputedStyle(document.querySelector('li')).fontSize)") >= 16
    outside = browser.run(
        "[...document.querySelectorAll('h1, h2, p, li, dd, figcaption')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent)"
    )
    assert outside == []


COLUMN = "[...document.querySelectorAll('#t-statements tbody tr')].map(r => r.cells[{}].textContent)"


def test_a_click_sorts_numbers_and_text_and_a_second_turns_them_round(browser, page):
    browser.open(page)
    before = browser.run(COLUMN.format(0))
    value = "#t-statements th:nth-child(3) button"
    browser.click(value)
    numbers = [float(text.split(" (")[0].replace(",", "")) for text in browser.run(COLUMN.format(2))]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) > 20
    browser.click(value)
    assert [float(text.split(" (")[0].replace(",", "")) for text in browser.run(COLUMN.format(2))] == sorted(numbers)
    assert browser.run("document.querySelector('#t-statements th:nth-child(3)').ariaSort") == "ascending"
    browser.click("#t-statements th:nth-child(1) button")
    names = browser.run(COLUMN.format(0))
    assert names == browser.run(f"{COLUMN.format(0)}.sort((a, b) => a.localeCompare(b, 'en'))")
    assert sorted(names) == sorted(before)


def test_percentages_sort_by_value_not_by_letters(browser, page):
    browser.open(page)
    browser.click("#t-posteriors th:nth-child(3) button")
    shown = browser.run("[...document.querySelectorAll('#t-posteriors tbody tr')].map(r => r.cells[2].textContent)")
    shares = [float(text.split("\u00a0%")[0]) for text in shown]
    assert all(" to " in text for text in shown)  # with the interval in the same cell
    assert shares == sorted(shares, reverse=True)


def test_long_tables_open_and_close(browser, page):
    browser.open(page)
    shown = "[...document.querySelectorAll('#t-posteriors tbody tr')].filter(r => r.offsetParent !== null).length"
    few = browser.run(shown)
    assert few == 15
    browser.click("#t-posteriors button.all")
    assert browser.run(shown) == browser.run("document.querySelectorAll('#t-posteriors tbody tr').length") > few
    browser.click("#t-posteriors button.all")
    assert browser.run(shown) == few


def test_every_link_leads_to_something_and_a_click_goes_there(browser, page):
    browser.open(page)
    lost = browser.run(
        "[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))"
        ".filter(h => !h.startsWith('explorer.html') && !document.getElementById(h.slice(1)))"
    )
    assert lost == []
    browser.click("#found a")
    browser.run("new Promise(done => setTimeout(done, 100))")
    top = browser.run("document.getElementById(location.hash.slice(1)).getBoundingClientRect().top")
    assert -1 <= top < 900


def test_a_click_opens_a_case_in_the_explorer(browser, page):
    browser.open(page)
    name = browser.run("document.querySelector('.opened').closest('tr').cells[0].firstChild.textContent.trim()")
    browser.events.clear()
    browser.run("document.querySelector('.opened').click()")
    browser.wait("Page.loadEventFired")
    shows(browser, "#choose-case")
    assert browser.run("document.getElementById('choose-case').selectedOptions[0].textContent").startswith(name)
    assert browser.run("document.querySelectorAll('fieldset.assessed').length") > 0
    assert browser.complaints() == []


WIDE = (
    "[...document.querySelectorAll('.scroll')].map(s => ({wide: s.scrollWidth > s.clientWidth + 1,"
    " hint: s.previousElementSibling?.className === 'hint' && s.previousElementSibling.offsetHeight > 0,"
    " faded: getComputedStyle(s).maskImage !== 'none', of: s.ariaLabel}))"
)


@pytest.mark.parametrize("width", [1280, PHONE])
def test_what_does_not_fit_says_that_it_scrolls(browser, page, width):
    browser.open(page, width=width)
    browser.run("new Promise(done => setTimeout(done, 100))")
    boxes = browser.run(WIDE)
    assert [box["of"] for box in boxes if box["wide"] != box["hint"] or box["wide"] != box["faded"]] == []
    assert [box for box in boxes if box["wide"]]
    browser.run("document.querySelectorAll('.scroll').forEach(s => { s.scrollLeft = s.scrollWidth })")
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert not any(box["faded"] for box in browser.run(WIDE))  # there is no more on the right


def test_most_tables_fit_a_desktop(browser, page):
    browser.open(page, width=1280)
    wide = {box["of"] for box in browser.run(WIDE) if box["wide"]}
    assert len(wide) <= 1, wide  # the statements with all that is stated of them may scroll


def test_figures_are_as_wide_as_the_page_and_their_text_is_text(browser, page):
    browser.open(page, width=1280)
    widths = browser.run("[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect().width)")
    assert set(widths) == {browser.run("document.querySelector('main').clientWidth")}
    found = browser.run(
        "[...document.querySelectorAll('figure svg')].map(s => [s.querySelectorAll('text').length,"
        " s.getAttribute('aria-labelledby').split(' ').map(i => document.getElementById(i).textContent.length)])"
    )
    for texts, (title, description) in found:
        assert texts > 5
        assert title > 10
        assert description > 20


def test_no_two_labels_of_a_figure_touch(browser, page):
    """Ticks and names beside rows, as the browser sets them."""
    browser.open(page, width=1280)
    touching = browser.run(
        "[...document.querySelectorAll('figure svg')].flatMap(s => { const boxes = [...s.querySelectorAll("
        "'[id*=xtick] text, [id*=ytick] text')].map(t => [t.textContent, t.getBoundingClientRect()]);"
        " return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([b, two]) => one.left < two.right - 1 &&"
        " two.left < one.right - 1 && one.top < two.bottom - 4 && two.top < one.bottom - 4)"
        ".map(([b]) => `${s.id}: ${a} / ${b}`)) })"
    )
    assert touching == []
    turned = browser.run("[...document.querySelectorAll('[id*=xtick] text')].map(t => t.getAttribute('transform'))")
    assert not [text for text in turned if not re.search(r"rotate\(-?0[ )]", text)]


def test_print_keeps_every_column_and_its_heading(browser, page, tmp_path):
    browser.open(page, width=1009)  # what a landscape sheet holds between its margins
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    cut = browser.run(
        "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1)"
        ".map(s => `${s.ariaLabel} ${s.scrollWidth} ${s.clientWidth}`)"
    )
    assert cut == []
    browser.call("Emulation.setEmulatedMedia", media="")
    if PDF_TEXT is None:
        pytest.skip("there is no pdftotext on this machine")
    browser.pdf(tmp_path / "report.pdf")
    sheets = subprocess.run(
        [PDF_TEXT, "-layout", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout.split("\f")  # fmt: skip
    first = next(i for i, sheet in enumerate(sheets) if "Quantity" in sheet)
    of_the_table = [sheet for sheet in sheets[first:] if sheet.count("assumption") > 5]
    assert len(of_the_table) > 2
    for sheet in of_the_table:
        assert "Statement" in sheet
        assert "Note" in sheet


def test_prints_black_on_white(browser, page, tmp_path):
    browser.open(page, dark=True)
    browser.call(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("getComputedStyle(document.querySelector('figure svg')).filter") == "none"
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes()[:5] == b"%PDF-"
