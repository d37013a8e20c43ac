"""What a fit moved: prior and posterior of each statement, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel.evidence.scale import Z95
from riskmodel.figures.axes import GREY, INK, new_axes, only_lower_axis
from riskmodel.figures.posteriors import IMPLIED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BEYOND = 2.0  # prior standard deviations: the data contradict the statement


def shifts(table: pd.DataFrame, ax: Axes | None = None, *, most: int = 20) -> Axes:
    """A forest of statements, largest shift on top, in standard deviations of each prior.

    Parameters
    ----------
    table
        of a :class:`riskmodel.calibration.Calibration`.
    most
        how many statements to draw; unchanged ones are left out.
    """
    ax = ax or new_axes(8, 5)
    moved = table[table["verdict"] != "unchanged"]
    order = moved["shift"].abs().sort_values(ascending=False, kind="stable").index[:most]
    shown = moved.loc[order].iloc[::-1]
    ax.axvspan(-Z95, Z95, color=GREY, alpha=0.12, lw=0, label="prior, 95 %")
    ax.axvline(0, color=GREY, lw=0.8)
    for y, row in enumerate(shown.to_dict("records")):
        colour = IMPLIED if abs(row["shift"]) > BEYOND else INK
        ax.plot([row["shift_low"], row["shift_high"]], [y, y], color=colour, lw=1.6, solid_capstyle="butt")
        ax.plot(row["shift"], y, "s" if abs(row["shift"]) > BEYOND else "o", color=colour, ms=5)
        ax.annotate(
            f"{row['prior']:.3g} → {row['posterior']:.3g}", (1.01, y), xycoords=("axes fraction", "data"),
            va="center", fontsize="x-small", color=colour,
        )  # fmt: skip
    ax.set_yticks(range(len(shown)), shown["statement"], fontsize="small")
    reach = max(3.0, *(abs(value) for line in ax.lines[1:] for value in np.atleast_1d(line.get_xdata())), 0.0)
    ax.set_xlim(-1.05 * min(reach, 12), 1.05 * min(reach, 12))
    ax.set_xlabel("shift in prior standard deviations, with its 95 % interval")
    ax.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 1.08))
    only_lower_axis(ax)
    return ax
