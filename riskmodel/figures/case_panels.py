"""Probabilities with their intervals, one panel a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.scale import logit
from riskmodel.figures.axes import GREY
from riskmodel.pages.svg import WIDTH
from riskmodel.pages.svg import canvas as new_canvas
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTER, GAP = 5.2, 7.0  # points: a digit of a tick's label, and between two labels
POINTS, ROOM = 72 * WIDTH, 0.8  # of the whole figure, and the part of it that its panels have
MARK, BAR = "#1f6fc4", "#7fa9d6"
TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99)
SMALLEST = 1e-7


def case_panels(frame: pd.DataFrame, names: Sequence[str], outputs: Sequence[str]) -> Figure:
    """Dots and bars for each case, one panel an output, on one log-odds axis.

    Parameters
    ----------
    frame
        columns ``case``, ``condition``, ``p``, ``low`` and ``high`` (probabilities).
    names, outputs
        the cases from above to below, and the panels from left to right.
    """
    low, high = float(frame["low"].min()), float(frame["high"].max())
    canvas = new_canvas(WIDTH, 1.1 + 0.26 * len(names))
    axes = canvas.subplots(1, len(outputs), sharey=True, sharex=True, squeeze=False)[0]
    for ax, output in zip(axes, outputs, strict=True):
        panel(ax, frame[frame["condition"] == output].set_index("case").loc[list(names)])
        log_odds_axis(ax, low, high, POINTS * ROOM / len(outputs))
        ax.set_title(words(output))
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    canvas.supxlabel("probability, % (log-odds scale)", fontsize=9.5)
    return canvas


def panel(ax: Axes, frame: pd.DataFrame) -> Axes:
    """One condition: rows of the frame from above to below."""
    rows = range(len(frame))
    low, middle, high = (frame[name].clip(SMALLEST, 1 - SMALLEST) for name in ("low", "p", "high"))
    ax.hlines(rows, low, high, color=BAR, linewidth=3)
    ax.plot(middle, rows, "o", color=MARK, markersize=4.5)
    ax.grid(axis="y", color=GREY, linewidth=0.3, alpha=0.5)
    ax.tick_params(axis="y", length=0)
    return ax


def log_odds_axis(ax: Axes, low: float, high: float, points: float) -> None:
    """Probabilities on the horizontal axis by their log-odds, with ticks that a person reads.

    Parameters
    ----------
    points
        how wide the axis is: ticks whose labels would touch are left out.
    """
    ax.set_xscale("logit")
    low, high = max(low / 1.5, SMALLEST), min(1 - (1 - high) / 1.5, 1 - SMALLEST)
    ax.set_xlim(low, high)
    ticks = apart([tick for tick in TICKS if low <= tick <= high], low, high, points)
    ax.set_xticks(ticks, [f"{100 * tick:g}" for tick in ticks], fontsize=8)
    ax.set_xticks([], minor=True)


def apart(ticks: Sequence[float], low: float, high: float, points: float) -> list[float]:
    """The ticks whose labels do not touch on a log-odds axis of so many points, the middle of them always.

    >>> apart([0.001, 0.01, 0.1, 0.5], 0.0005, 0.6, 300), apart([0.001, 0.01, 0.1, 0.5], 0.0005, 0.6, 40)
    ([0.001, 0.01, 0.1, 0.5], [0.001, 0.1])
    """
    if not ticks:
        return []
    a_unit = points / (logit(high) - logit(low))
    kept = [ticks[len(ticks) // 2]]
    for tick in (*reversed(ticks[: len(ticks) // 2]), *ticks[len(ticks) // 2 + 1 :]):
        nearest = min(kept, key=lambda other: abs(logit(other) - logit(tick)))
        if a_unit * abs(logit(nearest) - logit(tick)) >= LETTER * (_letters(nearest) + _letters(tick)) / 2 + GAP:
            kept.append(tick)
    return sorted(kept)


def _letters(tick: float) -> int:
    return len(f"{100 * tick:g}")
