"""Bars of the actions that single statements change, by setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.axes import light_grid
from riskmodel.figures.rows import height, name_rows, row_names
from riskmodel.pages.svg import WIDTH
from riskmodel.pages.svg import canvas as new_canvas
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

BAR = "#5b8fc9"


def changed_actions(frame: pd.DataFrame, settings: Sequence[str]) -> Figure:
    """Bars of the share of people whose action changes, one panel a setting.

    Parameters
    ----------
    frame
        ``statement`` (and ``label``, if they have one) and a column of shares (0 to 1) for each setting, from above
        to below.
    """
    names = row_names(frame)
    canvas = new_canvas(WIDTH, 0.9 + height(names))
    axes = canvas.subplots(1, len(settings), sharey=True, sharex=True, squeeze=False)[0]
    name_rows(axes[0], names, hover=frame["statement"].tolist())
    for ax, setting in zip(axes, settings, strict=True):
        ax.barh(range(len(frame)), 100 * frame[setting], color=BAR, height=0.7)
        ax.set_title(words(setting))
        ax.tick_params(axis="y", length=0)
        light_grid(ax)
    canvas.supxlabel("% of people whose urgency or imaging changes", fontsize=9.5)
    return canvas
