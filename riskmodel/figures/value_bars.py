"""The value of perfect information about single statements, sources or bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.axes import INK, light_grid, new_axes
from riskmodel.figures.rows import height, name_rows, row_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BAR = "#7fa9d6"
SHOWN = 15


def value_bars(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw values with their standard errors, the largest at the top.

    Parameters
    ----------
    table
        rows of one setting of what :func:`riskmodel.sensitivity.evppi` gives; the first fifteen are drawn.
    ax
        where to draw; by default a new figure of 8 inches.
    """
    top = table.head(SHOWN)
    by = next(column for column in ("statement", "source", "basis", "read") if column in top)
    names = row_names(top, by)
    ax = ax or new_axes(8, 0.9 + height(names))
    rows = range(len(top))
    ax.barh(rows, top["value"], color=BAR, height=0.7)
    ax.errorbar(top["value"], rows, xerr=top["se"], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
    name_rows(ax, names, hover=[str(name) for name in top[by]])
    ax.axvline(0, color=INK, linewidth=0.8)
    light_grid(ax)
    ax.set_xlabel("value of knowing it exactly, in quality-adjusted life years\nper 1,000 people (± 1 standard error)")
    return ax
