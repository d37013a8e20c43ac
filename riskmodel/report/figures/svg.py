"""Figures as SVG: the same bytes each time, on paper, on a bright and on a dark screen."""

from __future__ import annotations

import io
import re
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
    "svg.fonttype": "path",
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


def draw(make: Callable[[], Canvas], prefix: str) -> str:
    """A figure as an SVG element; ``make`` gives a matplotlib figure.

    Names inside the element begin with the prefix, so that many can stand on one page.
    """
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):  # type: ignore[arg-type]
        canvas = make()
        content = io.BytesIO()
        settled = {"Date": None, "Creator": None}
        canvas.savefig(content, format="svg", dpi=SHADES, metadata=settled, bbox_inches="tight")
    text = METADATA.sub("", HEAD.sub("", content.getvalue().decode()))
    text = IDENTIFIER.sub(lambda found: f"{found[1]}{prefix}-", text)
    return text.strip() + "\n"


def standalone(element: str) -> str:
    """An SVG element as a file of its own, readable on bright and dark ground."""
    start = element.index(">") + 1
    return f'<?xml version="1.0" encoding="utf-8"?>\n{element[:start]}\n{STYLE}{element[start:]}'


def inline(element: str, alt: str, label: str) -> str:
    """The element for a page: as wide as there is room, with what it shows in words for those who do not see it."""
    from html import escape

    return element.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" id="{label}" ', 1)


def canvas(width: float, height: float) -> Canvas:
    """An empty figure of so many inches, whose parts keep out of each other's way."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
