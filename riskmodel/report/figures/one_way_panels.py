"""What single statements do: bars of changed actions by setting, and tornados of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.report.figures.svg import canvas as new_canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

LOW, HIGH, BAR = "#a8c6e5", "#1f5aa6", "#5b8fc9"  # light for the low end of a range, dark for the high end
EDGE = "#222222"


def changed(frame: pd.DataFrame, settings: Sequence[str]) -> Figure:
    """Bars of the share of people whose action changes, one panel a setting.

    Parameters
    ----------
    frame
        ``statement`` and a column of shares (0 to 1) for each setting, from above to below.
    """
    canvas = new_canvas(10, 0.9 + 0.27 * len(frame))
    axes = canvas.subplots(1, len(settings), sharey=True, sharex=True, squeeze=False)[0]
    for ax, setting in zip(axes, settings, strict=True):
        ax.barh(range(len(frame)), 100 * frame[setting], color=BAR, height=0.7)
        ax.set_title(setting.replace("_", " "))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#8c8c8c", linewidth=0.3, alpha=0.6)
        ax.set_axisbelow(True)
    axes[0].set_yticks(range(len(frame)), frame["statement"], fontsize=8.5)
    axes[0].set_ylim(len(frame) - 0.4, -0.6)
    canvas.supxlabel("% of people whose urgency or imaging changes", fontsize=9.5)
    return canvas


def tornado(frame: pd.DataFrame, target: str, *, odds: bool = False) -> Figure:
    """Bars from the target at the low end of each statement's range to that at the high end.

    Parameters
    ----------
    frame
        ``statement``, its ``value``, ``low`` and ``high``, and the target (a share) ``at_low``, ``stated`` and
        ``at_high``; from above to below.
    odds
        whether the target is not a share but log-odds.
    """
    from matplotlib.patches import Patch

    canvas = new_canvas(10, 1.2 + 0.27 * len(frame))
    ax = canvas.subplots()
    times = 1 if odds else 100
    stated = times * float(frame["stated"].iloc[0])
    rows: list[Any] = list(frame.itertuples())
    for y, row in enumerate(rows):
        for end, colour in ((row.at_low, LOW), (row.at_high, HIGH)):
            ax.barh(y, times * end - stated, left=stated, color=colour, edgecolor=EDGE, linewidth=0.4, height=0.7)
    ax.axvline(stated, color=EDGE, linewidth=0.9)
    names = [f"{row.statement}  {row.value:.3g} ({row.low:.2g} to {row.high:.2g})" for row in rows]
    ax.set_yticks(range(len(frame)), names, fontsize=8.5)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#8c8c8c", linewidth=0.3, alpha=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(target if odds else f"{target}, %")
    ends = [Patch(facecolor=colour, edgecolor=EDGE, linewidth=0.4) for colour in (LOW, HIGH)]
    said = ["at the low end", "at the high end"]
    canvas.legend(ends, said, loc="outside upper right", ncols=2, frameon=False, fontsize=8.5)
    return canvas
