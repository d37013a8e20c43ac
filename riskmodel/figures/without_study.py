"""What a synthesis says without each of its studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskmodel.errors import UsageError
from riskmodel.figures.axes import LOW, only_lower_axis
from riskmodel.figures.forest import GAP, HEAD, MEAN, MEASURES, NEXT, ROW, WIDTH, StudiesTogether, ends_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes


class StudiesLeftOut(StudiesTogether, Protocol):
    """The same, with the results without each study."""

    @property
    def influence(self) -> pd.DataFrame: ...


def without_study(finding: StudiesLeftOut, axes: np.ndarray | None = None) -> np.ndarray:
    """One finding of a synthesis, ``synthesis.findings``, without each of its studies: see :func:`draw_influence`.

    Raises
    ------
    UsageError
        where there is only one study.
    """
    if finding.influence.empty:
        raise UsageError("with one study there is none to leave out: there is nothing to draw")
    return draw_influence(finding.influence, finding.together, axes)


def draw_influence(influence: pd.DataFrame, together: pd.DataFrame, axes: np.ndarray | None = None) -> np.ndarray:
    """A panel a measure: for each study left out the mean (dot) and the next setting (bar), with 95 % intervals.

    Parameters
    ----------
    influence, together
        of :class:`riskmodel.synthesis.finding_studies.FindingStudies`; lines and the shade are with all studies.
    axes
        one for each measure; by default a new row of them.

    Returns
    -------
    the axes, one dimension.
    """
    import numpy as np
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    measures = list(dict.fromkeys(influence["measure"]))
    studies = influence[influence["measure"] == measures[0]]
    if axes is None:
        size = (WIDTH if len(measures) > 1 else 0.75 * WIDTH, HEAD + ROW * len(studies))
        _, axes = plt.subplots(1, len(measures), figsize=size, squeeze=False, layout="constrained")
    axes = np.atleast_1d(axes).ravel()
    for ax, measure in zip(axes, measures, strict=True):
        _panel(ax, influence[influence["measure"] == measure], together[together["measure"] == measure])
        ax.set_title(MEASURES[measure], fontsize=10, loc="left")
        ax.set_xlabel("%")
        ax.set_yticks(range(len(studies)), [""] * len(studies))
        ax.set_ylim(len(studies) - 0.4, -0.6)
    names = [f"without {study}{GAP}{number}" for study, number in zip(studies["study"], studies["number"], strict=True)]
    axes[0].set_yticks(range(len(names)), names, fontsize=8.5)
    marks = [Line2D([], [], color=MEAN, marker="o", markersize=4), Patch(facecolor=LOW, edgecolor=NEXT),
             Line2D([], [], color=MEAN, linestyle=(0, (4, 3)), linewidth=0.8)]  # fmt: skip
    meanings = [
        "mean without the study",
        "next setting without it",
        "mean of all studies, and ends of the next setting",
    ]
    axes[0].figure.legend(marks, meanings, loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
    return axes


def _panel(ax: Axes, rows: pd.DataFrame, together: pd.DataFrame) -> None:
    for y, row in enumerate(rows.to_dict("records")):
        low, high = 100 * row["next_low"], 100 * row["next_high"]
        ax.barh(y, high - low, left=low, height=0.36, color=LOW, edgecolor=NEXT, linewidth=0.6)
        ax.hlines(y, 100 * row["low"], 100 * row["high"], color=MEAN, linewidth=1.8)
        ax.plot(100 * row["value"], y, "o", color=MEAN, markersize=4.5, gid=f"hover.{row['study']}")
    ax.axvline(ends_of(together, "mean")[0], color=MEAN, linewidth=0.8, linestyle=(0, (4, 3)))
    for end in ends_of(together, "next")[1:]:
        ax.axvline(end, color=NEXT, linewidth=0.8, linestyle=(0, (1, 2)))
    highest = max(float(rows["next_high"].max()), float(together["high"].max()))
    ax.set_xlim(-1, 101) if highest > 0.5 else ax.set_xlim(-0.5 * highest, 106 * highest)
    only_lower_axis(ax)
