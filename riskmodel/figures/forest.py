"""Studies of a synthesis as a forest: each with its counts, and below them the mean and the next setting."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Protocol

from riskmodel.figures.axes import GREY, INK, LOW, only_lower_axis
from riskmodel.text import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

SHRUNKEN, MEAN, NEXT = "#8c8c8c", "#c4471f", "#1f5aa6"
ROW, HEAD = 0.27, 1.35  # inches of a row, and of what stands above and below the rows
APART = 0.2  # rows between a study's share and its estimate in the light of the others
WIDTH = 12.0
NARROW = 60  # letters below a panel
FIGURE_SPACE = "\u2007"  # as wide as a digit; beside it others run together in a browser
GAP = 2 * FIGURE_SPACE  # between a name and its number
MEASURES = {"sensitivity": "sensitivity", "false_positive_rate": "false-positive rate", "rate": "share"}
SUMMARY = {"mean": "mean", "next": "next setting"}


class StudiesTogether(Protocol):
    """Of :class:`riskmodel.synthesis.finding_studies.FindingStudies`: its studies, and what they say together."""

    @property
    def studies(self) -> pd.DataFrame: ...
    @property
    def together(self) -> pd.DataFrame: ...


def draw_forest(
    studies: pd.DataFrame,
    together: pd.DataFrame,
    axes: np.ndarray | None = None,
    replaced: Mapping[str, str] | None = None,
) -> np.ndarray:
    """A panel a measure: squares are the studies' shares with exact intervals, grey dots the same in their light.

    Parameters
    ----------
    studies, together
        of :class:`riskmodel.synthesis.finding_studies.FindingStudies`, the studies from above to below.
    axes
        one for each measure; by default a new row of them.
    replaced
        for each measure what it stands in place of in a model, written below its axis.

    Returns
    -------
    the axes, one dimension.
    """
    import numpy as np

    measures = list(dict.fromkeys(studies["measure"]))
    numbers = list(dict.fromkeys(studies["number"]))
    axes = _blank(len(measures), len(numbers)) if axes is None else np.atleast_1d(axes)
    for ax, measure in zip(axes, measures, strict=True):
        rows = studies[studies["measure"] == measure]
        _studies(ax, rows)
        _together(ax, together[together["measure"] == measure], len(numbers))
        ax.set_ylim(len(numbers) + 1.9, -1.4)
        _counts(ax, rows, together[together["measure"] == measure])
        ax.set_title(MEASURES[measure], fontsize=10, loc="left")
        before = (replaced or {}).get(measure, "")
        ax.set_xlabel("\n".join(["%", *lines_below(before)]), fontsize=8.5, color=INK)
        _limits(ax, rows, together[together["measure"] == measure])
        only_lower_axis(ax)
    _names(axes, studies[studies["measure"] == measures[0]])
    axes[0].figure.legend(*_legend(axes[0]), loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)
    return axes


def forest(finding: StudiesTogether, axes: np.ndarray | None = None) -> np.ndarray:
    """The studies of one finding of a synthesis, ``synthesis.findings``, as a forest: see :func:`draw_forest`."""
    return draw_forest(finding.studies, finding.together, axes)


def lines_below(replaced: str) -> list[str]:
    """What a measure stands in place of, in lines below its axis; none where that is nothing."""
    return wrap(f"in place of {replaced}", NARROW, break_on_hyphens=False) if replaced else []


def _studies(ax: Axes, rows: pd.DataFrame) -> None:
    for y, row in enumerate(rows.to_dict("records")):
        size = 3 + 4 * (row["n"] / rows["n"].max()) ** 0.5
        ax.hlines(y - APART, 100 * row["low"], 100 * row["high"], color=INK, linewidth=1.1)
        if row["n"]:
            ax.plot(100 * row["share"], y - APART, "s", color=INK, markersize=size, gid=f"hover.{row['study']}")
        ends = 100 * row["shrunken_low"], 100 * row["shrunken_high"]
        ax.hlines(y + APART, *ends, color=SHRUNKEN, linewidth=1.1)
        ax.plot(100 * row["shrunken"], y + APART, "o", color="white", markeredgecolor=SHRUNKEN, markersize=4)


def _together(ax: Axes, rows: pd.DataFrame, studies: int) -> None:
    from matplotlib.patches import Polygon, Rectangle

    value, low, high = ends_of(rows, "mean")
    y = studies + 0.3
    corners = [(low, y), (value, y - 0.3), (high, y), (value, y + 0.3)]
    ax.add_patch(Polygon(corners, facecolor=MEAN, edgecolor=MEAN, linewidth=0.8))
    ax.axvline(value, color=MEAN, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    value, low, high = ends_of(rows, "next")
    y = studies + 1.3
    ax.add_patch(Rectangle((low, y - 0.16), high - low, 0.32, facecolor=LOW, edgecolor=NEXT, linewidth=0.8))
    ax.vlines(value, y - 0.3, y + 0.3, color=NEXT, linewidth=2)
    ax.axhline(studies - 0.35, color=GREY, linewidth=0.6)


def ends_of(together: pd.DataFrame, which: str) -> tuple[float, float, float]:
    """Value and interval of the mean or the next setting, in per cent."""
    row = together[together["which"] == which].iloc[0]
    return 100 * float(row["value"]), 100 * float(row["low"]), 100 * float(row["high"])


def _counts(ax: Axes, rows: pd.DataFrame, together: pd.DataFrame) -> None:
    """On the right of a panel, as names of another axis: the counts, and the share with its interval."""
    lines = [("n/N", "% (95 %)")]
    for row in rows.to_dict("records"):
        shown = _interval(row["share"], row["low"], row["high"]) if row["n"] else ""
        lines.append((f"{row['events']:,}/{row['n']:,}", shown))
    lines += [("", _interval(row["value"], row["low"], row["high"])) for row in together.to_dict("records")]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[text.rjust(width, FIGURE_SPACE) for text, width in zip(line, widths, strict=True)] for line in lines]
    texts = [(2 * GAP).join(line) for line in padded]
    right = ax.twinx()
    right.set_ylim(ax.get_ylim())
    right.set_yticks([-1, *range(len(rows)), len(rows) + 0.3, len(rows) + 1.3], texts, fontsize=8.5)
    right.tick_params(axis="y", length=0)
    right.spines[["top", "right", "left", "bottom"]].set_visible(False)
    for label, colour in zip(right.get_yticklabels(), [GREY, *[INK] * len(rows), MEAN, NEXT], strict=True):
        label.set_color(colour)


def _interval(value: float, low: float, high: float) -> str:
    """In per cent, with the digits that the value deserves.

    >>> _interval(0.641, 0.412, 0.868), _interval(0, 0, 0.048), _interval(0.0033, 0.0001, 0.02)
    ('64 (41–87)', '0.0 (0.0–4.8)', '0.33 (0.01–2.00)')
    """
    digits = sum(max(value, high / 4) < edge for edge in (0.1, 0.01, 0.001))
    return f"{100 * value:.{digits}f} ({100 * low:.{digits}f}–{100 * high:.{digits}f})"


def _limits(ax: Axes, rows: pd.DataFrame, together: pd.DataFrame) -> None:
    """From 0, to 100 or to where everything but the widest intervals ends, so that small rates can be told apart."""
    highest = max(float(rows["high"].max()), float(together["high"].max()))
    ax.set_xlim(-1, 101) if highest > 0.5 else ax.set_xlim(-0.5 * highest, 106 * highest)


def _names(axes: np.ndarray, rows: pd.DataFrame) -> None:
    labels = zip(rows["study"], rows["setting"], rows["number"], strict=True)
    names = [f"{', '.join(filter(None, [study, words(setting)]))}{GAP}{number}" for study, setting, number in labels]
    positions = [*range(len(names)), len(names) + 0.3, len(names) + 1.3]
    for ax in axes:
        ax.set_yticks(positions, [""] * len(positions))
    axes[0].set_yticks(positions, [*names, *SUMMARY.values()], fontsize=8.5)


def _legend(ax: Axes) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    del ax
    marks = [
        Line2D([], [], color=INK, marker="s", markersize=5, linewidth=1.1),
        Line2D([], [], color=SHRUNKEN, marker="o", markerfacecolor="white", markersize=4, linewidth=1.1),
        Line2D([], [], color=MEAN, marker="D", linestyle="none", markersize=6),
        Patch(facecolor=LOW, edgecolor=NEXT),
    ]
    return marks, ["study, exact interval", "study in the light of the others", "mean", "next setting"]


def _blank(panels: int, studies: int) -> np.ndarray:
    import numpy as np
    from matplotlib import pyplot as plt

    height = HEAD + ROW * (studies + 2)
    width = WIDTH if panels > 1 else 0.75 * WIDTH
    _, axes = plt.subplots(1, panels, figsize=(width, height), squeeze=False, layout="constrained")
    return np.asarray(axes[0])
