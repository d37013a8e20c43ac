"""What studies observed beside what the model says: a forest of both, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.axes import GREY, INK, light_grid, new_axes
from riskmodel.figures.rows import name_rows, row_names

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

STUDY, INSIDE, MISSED = INK, "#1f6fc4", "#c4471f"
APART = 0.17  # rows between the study's mark and the model's


def published_tables(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """For each row the study's share (square) and the model's answer (dot), in per cent, with 95 % intervals.

    Parameters
    ----------
    frame
        of :meth:`riskmodel.validation.PublishedValidation.frame`, the rows from above to below, by their
        ``label`` where they have one; a row that is missed is drawn in another colour.
    """
    ax = ax or new_axes(9, 1 + 0.24 * len(frame))
    marks: dict[str, list[tuple[float, ...]]] = {"study": [], "inside": [], "missed": []}
    for y, row in enumerate(frame.to_dict("records")):
        kind = "inside" if row["verdict"] == "inside" else "missed"
        marks["study"].append((y - APART, row["published"], row["published_low"], row["published_high"]))
        marks[kind].append((y + APART, row["model"], row["low"], row["high"]))
    looks = {"study": (STUDY, "s", "study"), "inside": (INSIDE, "o", "model"), "missed": (MISSED, "o", "model, missed")}
    for kind, (colour, marker, label) in looks.items():
        if marks[kind]:
            heights, middle, low, high = zip(*marks[kind], strict=True)
            ax.hlines(heights, [100 * p for p in low], [100 * p for p in high], color=colour, linewidth=1.5)
            ax.plot([100 * p for p in middle], heights, marker, color=colour, markersize=3.5, label=label)
    name_rows(ax, row_names(frame, "id"), hover=list(frame["id"]))
    ax.set_xlim(-1, 101)
    ax.set_xlabel("share, %")
    ax.axvline(0, color=GREY, linewidth=0.5)
    ax.legend(frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=len(looks))
    light_grid(ax)
    return ax
