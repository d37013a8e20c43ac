"""A target over the range of each statement, the widest range of it on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.errors import UsageError
from riskmodel.figures.axes import HIGH, INK, LOW, SMALLEST_EFFECT, light_grid, new_axes
from riskmodel.figures.rows import height, name_rows, row_names
from riskmodel.pages.section import number
from riskmodel.text import target_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MARGIN = 0.04  # of the width, on both sides of the bars
NEAR_ZERO = 0.5  # of the bars' width: an axis that would start within it from 0 starts at 0


def tornado(table: pd.DataFrame, ax: Axes | None = None, *, most: int = 15) -> Axes:
    """Bars of a target over each statement's 95 % range, the widest on top.

    The light bar ends where the target lies at the low end of the statement's range, the dark bar at the high end;
    both begin at the stated value. Where both ends move the target the same way, the bars share the row.

    Parameters
    ----------
    table
        rows of one target, as :meth:`riskmodel.sensitivity.OneWay.tornado` gives them; a column ``label``, if there
        is one, names the statements.
    ax
        where to draw; by default a new figure.
    most
        how many statements to draw.

    Raises
    ------
    UsageError
        when no statement moves the target.
    """
    shown = table[table["effect"] > SMALLEST_EFFECT].head(most)
    if shown.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    names = row_names(shown)
    ax = ax or new_axes(9, 1.2 + height(names, lines=1))
    target = str(shown["target"].iloc[0])
    odds = target.startswith("log_odds")
    times = 1 if odds else 100
    stated = times * float(shown["stated"].iloc[0])
    rows: list[Any] = list(shown.itertuples())
    for y, row in enumerate(rows):
        _bars(ax, y, times * row.at_low, times * row.at_high, stated)
    ax.axvline(stated, color=INK, linewidth=0.9)
    ranges = [f"{number(row.value)} ({number(row.low, 2)} to {number(row.high, 2)}, {row.origin})" for row in rows]
    name_rows(ax, names, ranges, hover=shown["statement"].tolist())
    light_grid(ax)
    ax.set_xlim(*axis_limits(times * shown[["at_low", "at_high"]].to_numpy(), stated, odds=odds))
    if not odds:
        ax.ticklabel_format(axis="x", useOffset=False)
    ax.set_xlabel(target_words(target) if odds else f"{target_words(target)}, %")
    _legend(ax)
    return ax


def _bars(ax: Axes, y: int, low: float, high: float, stated: float) -> None:
    same_side = (low - stated) * (high - stated) > 0
    for end, colour, up in ((low, LOW, -1), (high, HIGH, 1)):
        middle, thick = (y + 0.175 * up, 0.35) if same_side else (y, 0.7)
        ax.barh(middle, end - stated, left=stated, color=colour, edgecolor=INK, linewidth=0.4, height=thick)


def axis_limits(ends: Any, stated: float, *, odds: bool = False) -> tuple[float, float]:
    """Where the axis starts and ends: around the bars, and for a share at 0 where that is near.

    >>> axis_limits([[0.2, 0.9]], 0.5), axis_limits([[20.0, 24.0]], 22.0), axis_limits([[2.0, 3.0]], 2.0, odds=True)
    ((0.0, 0.936), (19.84, 24.16), (1.96, 3.04))
    """
    lowest, highest = min(float(_flat(ends).min()), stated), max(float(_flat(ends).max()), stated)
    width = highest - lowest
    low, high = lowest - MARGIN * width, highest + MARGIN * width
    if odds:
        return low, high
    if lowest <= NEAR_ZERO * width:
        return 0.0, min(highest * (1 + MARGIN), 100.0)
    return max(low, 0.0), min(high, 100.0)


def _flat(ends: Any) -> Any:
    import numpy as np

    return np.asarray(ends, dtype=float)


def _legend(ax: Axes) -> None:
    from matplotlib.patches import Patch

    ends = [Patch(facecolor=colour, edgecolor=INK, linewidth=0.4) for colour in (LOW, HIGH)]
    meanings = ["statement at the low end of its range", "at the high end (no bar: no change at that end)"]
    ax.legend(ends, meanings, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=8.5)
