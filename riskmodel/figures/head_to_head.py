"""Policies head to head: serious disease missed against people scanned, one panel a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.axes import GREY
from riskmodel.text import words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

# Marks differ in shape and lightness, so that they can be told apart in grey.
MARKS = "osD^vhX*"
COLOURS = ("#1f5aa6", "#c8661a", "#2f7d32", "#8c1d18", "#4a2377", "#1697a6", "#9a8600", "#222222")


def draw_pathways(table: pd.DataFrame, axes: np.ndarray | None = None) -> np.ndarray:
    """Draw the missed share against the people scanned, one mark a policy and one panel a setting.

    Bars are the 95 % intervals where the table has them. Towards the lower left both are fewer.

    Parameters
    ----------
    table
        what :func:`riskmodel.sensitivity.pathways` gives.
    axes
        one for each setting, in the order of the table; by default a new row of them, four inches each.

    Returns
    -------
    the axes, one dimension.
    """
    settings = list(dict.fromkeys(table["setting"]))
    axes = _blank(len(settings)) if axes is None else axes.ravel()
    policies = list(dict.fromkeys(table["policy"]))
    for ax, setting in zip(axes, settings, strict=True):
        here = table[table["setting"] == setting].set_index(["policy", "measure"])
        for number, policy in enumerate(policies):
            _mark(ax, here.loc[policy], number, policy)
        ax.set_title(words(setting) or "all", fontsize=10)
        ax.set_xlim(0, 1020)
        ax.set_ylim(0, 100)
        ax.grid(color=GREY, linewidth=0.3, alpha=0.5)
        ax.set_xlabel("people scanned per 1,000")
    axes[0].set_ylabel("serious diseases missed, %")
    handles, labels = axes[0].get_legend_handles_labels()
    # Above the panels, where it hides no mark.
    axes[0].figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside upper left", ncols=len(policies))
    return axes


def _mark(ax: Axes, measures: pd.DataFrame, number: int, policy: str) -> None:
    scanned, missed = measures.loc["imaged"], measures.loc["missed"]
    colour = COLOURS[number % len(COLOURS)]
    if scanned["low"] == scanned["low"]:  # not NaN: there are intervals
        ax.hlines(missed["value"], scanned["low"], scanned["high"], color=colour, linewidth=1, alpha=0.6)
        ax.vlines(scanned["value"], missed["low"], missed["high"], color=colour, linewidth=1, alpha=0.6)
    mark = MARKS[number % len(MARKS)]
    ax.plot(
        scanned["value"], missed["value"], mark, color=colour, markersize=7, label=words(policy),
        markeredgecolor="white", markeredgewidth=0.6, linestyle="none",
    )  # fmt: skip


def _blank(panels: int) -> np.ndarray:
    import numpy as np
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(1, panels, figsize=(4 * panels, 4), sharey=True, squeeze=False, layout="constrained")
    return np.asarray(axes[0])
