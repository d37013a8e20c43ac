"""A target along the range of each statement, and Sobol' indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.figures.axes import HIGH, INK, LOW, SMALLEST_EFFECT, light_grid, new_axes
from riskmodel.figures.rows import height, name_rows, row_names
from riskmodel.text import target_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)), (0, (8, 2)))
NEGLIGIBLE = 0.001  # of the variance: groups surely below are not drawn


def curves(curve: pd.DataFrame, ax: Axes | None = None, *, most: int = 6) -> Axes:
    """A target along each statement's range, for the statements that move it most.

    Parameters
    ----------
    curve
        rows of one target of :attr:`riskmodel.sensitivity.OneWay.curves`.
    most
        how many statements to draw.

    Notes
    -----
    The ranges lie side by side from their low end (0) to their high end (1) on the statement's logit or log scale.
    """
    effect = curve.groupby("statement", sort=False)["at"].agg(np.ptp).sort_values(ascending=False, kind="stable")
    shown = effect[effect > SMALLEST_EFFECT].head(most)
    if shown.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    ax = ax or new_axes(8, 4.5)
    target = str(curve["target"].iloc[0])
    times = 1 if target.startswith("log_odds") else 100
    for i, name in enumerate(shown.index):
        rows = curve[curve["statement"] == name].sort_values("value")
        value = rows["value"].to_numpy(dtype=float)
        scale = np.log(value) if value.max() > 1 else np.log(value) - np.log1p(-value)
        position = (scale - scale[0]) / (scale[-1] - scale[0])
        label, colour = f"{name}  {value[0]:.2g} to {value[-1]:.2g}", INK if i % 2 else HIGH
        ax.plot(position, times * rows["at"], color=colour, linestyle=STYLES[i % len(STYLES)], label=label)
    ax.set_xticks([0, 0.5, 1], ["low end", "middle of the 95 % range\n(logit or log scale)", "high end"])
    ax.set_ylabel(target_words(target) if times == 1 else f"{target_words(target)}, %")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    light_grid(ax, across="y")
    return ax


def draw_sobol(table: pd.DataFrame, ax: Axes | None = None, *, most: int = 12) -> Axes:
    """First-order and total Sobol' indices with their 95 % intervals, the largest total on top.

    Parameters
    ----------
    table
        of :class:`riskmodel.sensitivity.Sobol`.
    most
        how many groups to draw, of those with a total that may pass .001.
    """
    groups = table[table["total_high"] > NEGLIGIBLE].head(most)
    if groups.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    shown = row_names(groups, "name")
    ax = ax or new_axes(8, 1.3 + height(shown))
    heights = np.arange(len(groups))
    for kind, up, colour, label in (("first", -0.2, LOW, "first order"), ("total", 0.2, HIGH, "total")):
        ends = [groups[kind] - groups[f"{kind}_low"], groups[f"{kind}_high"] - groups[kind]]
        ax.barh(heights + up, groups[kind], height=0.38, color=colour, edgecolor=INK, linewidth=0.4, label=label)
        ax.errorbar(groups[kind], heights + up, xerr=ends, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)
    names = [f"{name} ({count})" for name, count in zip(shown, groups["statements"], strict=True)]
    name_rows(ax, names, hover=groups["name"].tolist())
    ax.axvline(0, color=INK, linewidth=0.8)
    light_grid(ax)
    ax.set_xlabel("share of the variance, with 95 % interval (in brackets: number of statements)")
    ax.legend(frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return ax
