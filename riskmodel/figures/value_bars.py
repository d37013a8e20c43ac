"""The value of perfect information about single statements, sources or bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.rows import bare, height, name_rows, names_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BAR, INK = "#7fa9d6", "#222222"
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
    some = table.head(SHOWN)
    by = next(column for column in ("statement", "source", "basis", "read") if column in some)
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.figure(figsize=(8, 0.9 + height(names_of(some, by))), layout="constrained").add_subplot()
    places = range(len(some))
    ax.barh(places, some["value"], color=BAR, height=0.7)
    ax.errorbar(some["value"], places, xerr=some["se"], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
    name_rows(ax, names_of(some, by), hover=[str(name) for name in some[by]])
    ax.axvline(0, color=INK, linewidth=0.8)
    bare(ax)
    ax.set_xlabel("value of knowing it exactly, in quality-adjusted life years\nper 1,000 people (± 1 standard error)")
    return ax
