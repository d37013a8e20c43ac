"""The summary ROC: studies as points, the mean and its region, and the region of the next setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from riskmodel.errors import UsageError
from riskmodel.figures.axes import GREY, INK, LOW, new_axes, only_lower_axis, without_frame
from riskmodel.figures.forest import MEAN, NEXT, SUMMARY, StudiesTogether

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskmodel.arrays import Array

PAIR = ("sensitivity", "false_positive_rate")
LARGEST = 22.0  # points across, of the largest study
TWO_GATES = ("two_gate", "case_control")
LEAST_RATIO, MOST_RATIO = 0.008, 130.0
RATIO_NAMES = {"positive_likelihood_ratio": "finding present", "negative_likelihood_ratio": "finding absent"}
FEW = 25  # studies, up to which their numbers are written


class PairRegion(Protocol):
    """Of :mod:`riskmodel.synthesis.regions`: a density of pairs on a grid, and the least inside the region."""

    @property
    def false_positive_rate(self) -> Array: ...
    @property
    def sensitivity(self) -> Array: ...
    @property
    def density(self) -> Array: ...
    @property
    def threshold(self) -> float: ...


class PairedStudies(StudiesTogether, Protocol):
    """The same of two-by-two tables, with the regions of the mean and of the next setting."""

    @property
    def of(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def is_pair(self) -> bool: ...
    @property
    def regions(self) -> tuple[PairRegion, PairRegion]: ...


def draw_summary_roc(
    studies: pd.DataFrame,
    together: pd.DataFrame,
    of_mean: PairRegion,
    of_next: PairRegion,
    ax: Axes | None = None,
) -> Axes:
    """Sensitivity over the false-positive rate; a point's area is the number of people.

    Parameters
    ----------
    studies, together
        of :class:`riskmodel.synthesis.finding_studies.FindingStudies`.
    of_mean, of_next
        of :mod:`riskmodel.synthesis.regions`.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ax = ax or new_axes(8.6, 5.2)
    _region(ax, of_next, NEXT, (0, (4, 2)), LOW)
    _region(ax, of_mean, MEAN, "-", None)
    sides = [studies[studies["measure"] == measure].set_index("number") for measure in PAIR]
    people = sides[0]["n"] + sides[1]["n"]
    two_gates = sides[0]["design"].isin(TWO_GATES)
    columns = sides[0].index, sides[0]["study"], sides[1]["share"], sides[0]["share"], people, two_gates
    for number, name, x, y, n, gates in zip(*columns, strict=True):
        size = max(LARGEST * float(n / people.max()) ** 0.5, 3.5)
        mark = "^" if gates else "o"
        look: Any = {"markersize": size, "markerfacecolor": "white", "markeredgecolor": INK, "alpha": 0.85}
        ax.plot(x, y, mark, gid=f"hover.{name}", **look)
        if len(people) <= FEW:
            ax.annotate(str(number), (x, y), ha="center", va="center", fontsize=7.5, color=INK)
    mean = together[together["which"] == "mean"].set_index("measure")["value"]
    ax.plot(mean["false_positive_rate"], mean["sensitivity"], "D", color=MEAN, markersize=7)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="false-positive rate (1 − specificity)", ylabel="sensitivity")
    ax.set_aspect("equal")
    marks = [
        Line2D([], [], marker="o", markerfacecolor="white", markeredgecolor=INK, linestyle="none", markersize=8),
        Line2D([], [], marker="^", markerfacecolor="white", markeredgecolor=INK, linestyle="none", markersize=8),
        Line2D([], [], marker="D", color=MEAN, linewidth=1.6),
        Patch(facecolor=LOW, edgecolor=NEXT, linestyle="--", alpha=0.6),
    ]
    names = ["study, area by people", "the same, two-gate or case-control", "mean, region of 95 %",
             "next setting, region of 95 %"]  # fmt: skip
    shown = [i for i in range(len(marks)) if i != 1 or two_gates.any()]
    handles, texts = [marks[i] for i in shown], [names[i] for i in shown]
    ax.figure.legend(handles, texts, frameon=False, fontsize=8.5, loc="outside lower center", ncols=len(shown))
    return without_frame(ax)


def summary_roc(finding: PairedStudies, ax: Axes | None = None) -> Axes:
    """The summary ROC of one finding of a synthesis, ``synthesis.findings``: see :func:`draw_summary_roc`.

    Raises
    ------
    UsageError
        where its studies are single shares, which have no pair.
    """
    if not finding.is_pair:
        raise UsageError(f"{finding.of} given {finding.given}: shares have no ROC; allowed: two-by-two tables")
    return draw_summary_roc(finding.studies, finding.together, *finding.regions, ax)


def _region(ax: Axes, region: PairRegion, colour: str, dashes: Any, fill: str | None) -> None:
    grid = region.false_positive_rate, region.sensitivity, region.density
    if fill:
        ax.contourf(*grid, levels=[region.threshold, float("inf")], colors=[fill], alpha=0.35)
    lines = ax.contour(*grid, levels=[region.threshold], colors=[colour], linewidths=1.6)
    lines.set_linestyle([dashes])


def draw_likelihood_ratios(ratios: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The likelihood ratios of the mean (diamond) and of the next setting (line in a bar), with 95 % intervals.

    Parameters
    ----------
    ratios
        of :class:`riskmodel.synthesis.finding_studies.FindingStudies`.
    """
    ax = ax or new_axes(6, 2.6)
    names = []
    shown = ratios[ratios["ratio"].isin(RATIO_NAMES)]
    for y, row in enumerate(shown.to_dict("records")):
        low, high = (min(max(row[end], LEAST_RATIO), MOST_RATIO) for end in ("low", "high"))
        if row["which"] == "mean":
            ax.hlines(y, low, high, color=MEAN, linewidth=1.8)
            ax.plot(row["value"], y, "D", color=MEAN, markersize=6)
        else:
            ax.barh(y, high - low, left=low, height=0.34, color=LOW, edgecolor=NEXT, linewidth=0.8)
            ax.plot([row["value"]] * 2, [y - 0.28, y + 0.28], color=NEXT, linewidth=2)
        interval = f"{_ratio(row['value'])} ({_ratio(row['low'])} to {_ratio(row['high'])})"
        names.append(f"{RATIO_NAMES[row['ratio']]}, {SUMMARY[row['which']]}\n{interval}")
    ax.set_xscale("log")
    ax.axvline(1, color=GREY, linewidth=0.9)
    ticks = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(LEAST_RATIO, MOST_RATIO)
    ax.set_yticks(range(len(names)), names, fontsize=8.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("likelihood ratio")
    only_lower_axis(ax)
    return ax


def _ratio(value: float) -> str:
    """A ratio for a label: no more digits than it deserves."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
