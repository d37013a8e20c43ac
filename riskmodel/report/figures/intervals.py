"""Pictures of intervals: one case's posteriors, and statements beside what the network implies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.sensitivity.coherence import Audited
from riskmodel.text import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

INK, GREY, PALE = "#222222", "#8c8c8c", "#dcdcdc"
STATED, IMPLIED, THRESHOLD = "#1f5aa6", "#8c1d18", "#8c1d18"
TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
SMALLEST = 1e-9
APART = 0.15  # of a row, between the two marks of a statement


def log_odds(probability: Any) -> np.ndarray:
    """Natural log-odds of probabilities, kept inside (0, 1)."""
    p = np.clip(np.asarray(probability, dtype=float), SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p) - np.log1p(-p))


def posteriors(scored: pd.Series, ax: Axes | None = None, thresholds: Mapping[str, float] | None = None) -> Axes:
    """The posteriors of one case with their intervals, on a log-odds axis.

    Parameters
    ----------
    scored
        a row of ``model.score(cases, draws=…)``.
    thresholds
        condition → probability from which something is done, drawn as a short upright line.

    Raises
    ------
    UsageError
        when the row has no intervals.
    """
    names = [str(column)[2:-4] for column in scored.index if str(column).startswith("p_") and str(column).endswith("_low")]
    if not names:
        raise UsageError("there are no intervals to draw; score with draws, for example model.score(cases, draws=1000)")
    ax = _new((7, 4)) if ax is None else ax
    for row, name in enumerate(names):
        y = len(names) - 1 - row
        ends = scored[[f"p_{name}_low", f"p_{name}_high"]].to_numpy(float)
        ax.plot(log_odds(ends), [y, y], color=INK, linewidth=1.8)
    for row, name in enumerate(names):
        y = len(names) - 1 - row
        ax.plot(log_odds([scored[f"p_{name}"]]), [y], "o", color=INK, markersize=6)
        if thresholds and name in thresholds:
            ax.vlines(log_odds([thresholds[name]]), y - 0.35, y + 0.35, color=THRESHOLD, linewidth=1.4)
    _probability_axis(ax, names, scored)
    ax.set_yticks(range(len(names)), [name.replace("_", " ") for name in reversed(names)])
    title = f"{scored['urgency'].replace('_', ' ')}, as {percent(float(scored['confidence']))} of the draws"
    ax.set_title(f"{scored['case_id']}: {title}" if scored.get("case_id") else title, loc="left", fontsize=10.5)
    return ax


def _probability_axis(ax: Axes, names: Sequence[str], scored: pd.Series) -> None:
    """Ticks in per cent at round probabilities, and a little room on both sides."""
    low = float(log_odds([scored[f"p_{name}_low"] for name in names]).min())
    high = float(log_odds([scored[f"p_{name}_high"] for name in names]).max())
    ax.set_xlim(low - 0.4, high + 0.4)
    ticks = [tick for tick in TICKS if low - 0.4 <= float(log_odds(tick)) <= high + 0.4]
    ax.set_xticks([float(log_odds(tick)) for tick in ticks], [percent(tick) for tick in ticks])
    ax.grid(axis="x", color=PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel("probability (log-odds scale)")
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def stated_and_implied(found: Sequence[Audited], ax: Axes | None = None, most: int = 12) -> Axes:
    """Statements beside what the network implies, in standard deviations from the stated value.

    Parameters
    ----------
    found
        of :func:`riskmodel.sensitivity.coherence.audit`, worst disagreement first.
    most
        how many are drawn.
    """
    ax = _new((8, 0.9 + 0.42 * most)) if ax is None else ax
    shown = list(reversed(found[:most]))
    for y, item in enumerate(shown):
        stated, implied = _deviations(item)
        ax.plot(stated[[0, 2]], [y + APART, y + APART], color=STATED, linewidth=1.8)
        ax.plot(stated[[1]], [y + APART], "o", color=STATED, markersize=5, label="as stated" if not y else None)
        ax.plot(implied[[0, 2]], [y - APART, y - APART], color=IMPLIED, linewidth=1.8)
        label = "as the network implies" if not y else None
        ax.plot(implied[[1]], [y - APART], "s", color=IMPLIED, markersize=5, label=label)
        _beside(ax, y, f"{item.stated:.3g} / {item.implied:.3g}", INK)
    _beside(ax, len(shown) - 0.15, "stated / network", GREY)
    ax.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    ax.set_yticks(range(len(shown)), [item.statement.id for item in shown], fontsize=8.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.set_xlabel("standard deviations from the stated value (log-odds or log scale)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.04), ncols=2, frameon=False, fontsize=9)
    return ax


def _deviations(item: Audited) -> tuple[np.ndarray, np.ndarray]:
    """Low, point and high as stated and as implied, in standard deviations of the two together.

    The unit is the one in which the distance of the audit is counted, so the implied point stands at it.
    """
    from riskmodel.sensitivity.coherence import to_scale

    stated = to_scale(item.statement, np.array([item.stated_low, item.stated, item.stated_high]))
    implied = to_scale(item.statement, np.array([item.implied_low, item.implied, item.implied_high]))
    gap = float(implied[1] - stated[1])
    unit = gap / item.distance if item.distance else float(stated[2] - stated[0]) / 3.92 or 1.0
    return (stated - stated[1]) / unit, (implied - stated[1]) / unit


def _beside(ax: Axes, y: float, text: str, colour: str) -> None:
    ax.text(1.01, y, text, transform=ax.get_yaxis_transform(), fontsize=7.5, color=colour, va="center")


def _new(size: tuple[float, float]) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1]
