"""Figures as SVG: the same bytes each time, on paper, on a bright and on a dark screen."""

from __future__ import annotations

import io
import re
from html import escape, unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure as Canvas

INK = "#222222"
# In the dark every colour gives way to its light counterpart of the same hue.
DARK = "filter:invert(0.9) hue-rotate(180deg)"
STYLE = f"<style>@media screen and (prefers-color-scheme:dark){{svg{{background:#16181c}}svg>g{{{DARK}}}}}</style>"
SETTINGS = {
    "svg.hashsalt": "riskmodel",
    "svg.fonttype": "none",  # text stays text: it can be searched, read out and copied
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],  # the second is as wide as the first, with which room is made
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "legend.facecolor": "none",
    "legend.framealpha": 0.0,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9.5,
}
SHADES = 50  # dots per inch of smooth shading, the only part that is not drawn in lines
IDENTIFIER = re.compile(r'(\bid="|xlink:href="#|url\(#)')
HEAD = re.compile(r"<\?xml.*?(?=<svg)", re.DOTALL)
METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
HOVER = re.compile(r'(<g id="hover\.([^"]+)">)')
WIDTH = 12.0  # inches, the page's: every figure is as wide, so that letters are of one size in all


def draw(make: Callable[[], Canvas], prefix: str, title: str = "", description: str = "") -> str:
    """A figure as an SVG element; ``make`` gives a matplotlib figure.

    Names inside the element begin with the prefix, so that many can stand on one page. A part with the gid
    ``hover.NAME`` shows the name to a pointer that rests on it.
    """
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type]
        canvas = make()
        content = io.BytesIO()
        settled = {"Date": None, "Creator": None}
        canvas.savefig(content, format="svg", dpi=SHADES, metadata=settled)
    text = METADATA.sub("", HEAD.sub("", content.getvalue().decode()))
    text = HOVER.sub(_hover(), text)
    text = IDENTIFIER.sub(lambda match: f"{match[1]}{prefix}-", text)
    return _described(text.strip() + "\n", prefix, title, description)


def _hover() -> Callable[[re.Match[str]], str]:
    """One part may be drawn more than once: only names of their own are kept as identifiers."""
    count = iter(range(1_000_000))
    return lambda match: f'<g id="hover_{next(count)}"><title>{escape(unescape(match[2]))}</title>'


def _described(element: str, prefix: str, title: str, description: str) -> str:
    """The element with its title and what it shows in words, for those who do not see it."""
    start = element.index(">") + 1
    named = f'role="img" aria-labelledby="{prefix}-title {prefix}-desc"'
    head = element[:start].replace("<svg ", f"<svg {named} ", 1)
    texts = f'<title id="{prefix}-title">{escape(title)}</title>\n<desc id="{prefix}-desc">{escape(description)}</desc>'
    return f"{head}\n{texts}{element[start:]}"


def standalone(element: str) -> str:
    """An SVG element as a file of its own, readable on bright and dark ground."""
    start = element.index(">") + 1
    return f'<?xml version="1.0" encoding="utf-8"?>\n{element[:start]}\n{STYLE}{element[start:]}'


def inline(element: str, label: str) -> str:
    """The element for a page, with an identifier to link to."""
    return element.replace("<svg ", f'<svg id="{label}" ', 1)


def canvas(width: float, height: float) -> Canvas:
    """An empty figure of so many inches, whose parts keep out of each other's way."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
