"""The explorer's page in Chromium, opened from disk: time to its answers, and from a change to the new answer."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

import riskmodel as rm
from tests.support.browser import CHROMIUM, Browser

CASE = "#setting=primary_care&age=63&iv_drug_use=present&fever=present&crp=85"
PAGES = (("one prior set, no draws", 1, 0, ""), ("two sets side by side, 100 draws", 2, 100, "&beside=literature"))
TIMES = 15
WATCH = """
window.seen = {};
const marks = { results: ".action", intervals: ".interval", questions: "#questions table" };
new MutationObserver(() => {
  for (const [name, selector] of Object.entries(marks))
    if (!(name in seen) && document.querySelector(selector)) {
      seen[name] = NaN;
      requestAnimationFrame(() => { seen[name] = performance.now(); });
    }
}).observe(document, { childList: true, subtree: true });
"""
CLICK = """
(() => {
  const start = performance.now();
  clicked[%d].click();
  document.body.getBoundingClientRect();
  return performance.now() - start;
})()
"""


def processor(browser: Browser) -> float:
    """Milliseconds that the page's main thread has worked."""
    metrics = browser.call("Performance.getMetrics")["metrics"]
    return next(1000 * metric["value"] for metric in metrics if metric["name"] == "ThreadTime")


def seen(browser: Browser, last: str) -> dict[str, float]:
    """When what was shown, in milliseconds since the page was asked for, once all of it is."""
    while True:
        marks = browser.run("seen")
        if marks.get("questions") and marks.get(last):
            return marks
        time.sleep(0.02)


def opening(browser: Browser, address: str, last: str) -> tuple[dict[str, float], float]:
    """One opening: when what is shown, and the processor's time until all is."""
    browser.open("about:blank")
    before = processor(browser)
    browser.open(address)
    marks = seen(browser, last)
    after = processor(browser)
    return marks, after - before if after > before else after


def changes(browser: Browser) -> tuple[list[float], list[float]]:
    """Of each answer that can be chosen: the time until the page shows the new result, and the processor's."""
    browser.run(
        'window.clicked = [...document.querySelectorAll("input[type=radio]")].filter((i) => i.checkVisibility())'
    )
    walls, worked = [], []
    for number in range(browser.run("clicked.length")):
        before = processor(browser)
        walls.append(browser.run(CLICK % number))
        worked.append(processor(browser) - before)
    return walls, worked


def rows() -> list[list[str]]:
    """A row a page; no rows without Chromium."""
    if CHROMIUM is None:
        return []
    table = []
    for title, sets, draws, beside in PAGES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            models = [rm.load(prior_set) for prior_set in ("seeds", "literature")[:sets]]
            page = rm.write_explorer(models, Path(name) / "explorer.html", draws=draws)
            browser = Browser(Path(name) / "profile")
            try:
                table.append([title, f"{page.stat().st_size / 1e6:.2f} MB", *_measured(browser, page, draws, beside)])
            finally:
                browser.close()
    return table


def _measured(browser: Browser, page: Path, draws: int, beside: str) -> list[str]:
    browser.call("Performance.enable")
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    last = "intervals" if draws else "questions"
    times = [opening(browser, page.as_uri() + CASE + beside, last) for _ in range(TIMES)]
    walls, worked = changes(browser)
    first = [marks["results"] for marks, _ in times]
    whole = [marks[last] for marks, _ in times]
    return [
        f"{np.median(first):.0f} ms (first time {first[0]:.0f})",
        f"{np.median(whole):.0f} ms (first time {whole[0]:.0f})" if draws else "",
        f"{np.median([used for _, used in times]):.0f} ms",
        f"{np.percentile(walls, 50):.0f} and {np.percentile(walls, 95):.0f} ms",
        f"{np.percentile(worked, 50):.0f} and {np.percentile(worked, 95):.0f} ms",
    ]
