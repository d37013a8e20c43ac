"""Probabilities with their intervals, one panel a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.report.figures.svg import canvas as new_canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    canvas = new_canvas(10, 1.1 + 0.24 * len(names))
    axes = canvas.subplots(1, len(outputs), sharey=True, sharex=True, squeeze=False)[0]
    for ax, output in zip(axes, outputs, strict=True):
        panel(ax, frame[frame["condition"] == output].set_index("case").loc[list(names)])
        log_odds_axis(ax, low, high)
        ax.set_title(output.replace("_", " "))
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    canvas.supxlabel("probability, log-odds scale", fontsize=9.5)
    return canvas


def panel(ax: Axes, frame: pd.DataFrame) -> Axes:
    """One condition: rows of the frame from above to below."""
    rows = range(len(frame))
    low, middle, high = (frame[name].clip(SMALLEST, 1 - SMALLEST) for name in ("low", "p", "high"))
    ax.hlines(rows, low, high, color=BAR, linewidth=3)
    ax.plot(middle, rows, "o", color=MARK, markersize=4.5)
    ax.grid(axis="y", color="#8c8c8c", linewidth=0.3, alpha=0.5)
    ax.tick_params(axis="y", length=0)
    return ax


def log_odds_axis(ax: Axes, low: float, high: float) -> None:
    """Probabilities on the horizontal axis by their log-odds, with ticks that a person reads."""
    ax.set_xscale("logit")
    low, high = max(low / 1.5, SMALLEST), min(1 - (1 - high) / 1.5, 1 - SMALLEST)
    ax.set_xlim(low, high)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    ax.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks], fontsize=8, rotation=45)
    ax.set_xticks([], minor=True)
