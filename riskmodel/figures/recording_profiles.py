"""Cases under several recording profiles: how far a probability moves, and where the action is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from riskmodel.figures.axes import GREY, INK
from riskmodel.figures.case_panels import POINTS, ROOM, SMALLEST, log_odds_axis
from riskmodel.pages.svg import WIDTH
from riskmodel.pages.svg import canvas as new_canvas
from riskmodel.text import words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLOURS = (INK, "#1f6fc4", "#c4471f", "#3a8f4d", "#8a5bb5", "#b08a1f")
MARKERS = ("o", "s", "^", "D", "v", "P")


def recording_profiles(frame: pd.DataFrame) -> Figure:
    """A row a case, a mark a profile; hollow where the action is not that of the first profile.

    Parameters
    ----------
    frame
        columns ``case``, ``profile``, ``p`` (probability) and ``changed`` (empty where the action is the same); the
        cases from above to below, and the profiles, in the order in which they first stand.
    """
    cases, profiles = list(dict.fromkeys(frame["case"])), list(dict.fromkeys(frame["profile"]))
    p = frame["p"].clip(SMALLEST, 1 - SMALLEST)
    picture = new_canvas(WIDTH, 1.3 + 0.26 * len(cases))
    ax = picture.subplots()
    ends = p.groupby(frame["case"]).agg(["min", "max"]).loc[cases]
    ax.hlines(range(len(cases)), ends["min"], ends["max"], color=GREY, linewidth=0.8, zorder=1)
    for number, profile in enumerate(profiles):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        for same in (True, False):
            rows = frame[(frame["profile"] == profile) & ((frame["changed"] == "") == same)]
            at = [cases.index(case) for case in rows["case"]]
            ax.plot(
                p[rows.index], at, marker, color=colour, linestyle="none", zorder=2,
                markersize=6, markeredgewidth=1.6, markerfacecolor=colour if same else "white",
            )  # fmt: skip
    log_odds_axis(ax, float(p.min()), float(p.max()), POINTS * ROOM)
    ax.set_yticks(range(len(cases)), cases)
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", color=GREY, linewidth=0.3, alpha=0.5)
    ax.set_xlabel("probability, % (log-odds scale)")
    picture.legend(handles=_legend(profiles), frameon=False, loc="outside upper left", ncols=len(profiles) + 1)
    return picture


def _legend(profiles: list[str]) -> list[Line2D]:
    styles = zip(profiles, COLOURS * len(profiles), MARKERS * len(profiles), strict=False)
    marks = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=6, label=words(profile))
        for profile, colour, marker in styles
    ]
    ring = Line2D(
        [], [], markerfacecolor="white", markeredgecolor=GREY, marker="o", linestyle="none", markersize=6,
        markeredgewidth=1.6, label=f"hollow: urgency or imaging is not that under {words(profiles[0])}",
    )  # fmt: skip
    return [*marks, ring]
