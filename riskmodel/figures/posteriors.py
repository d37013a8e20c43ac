"""Posteriors with their intervals, and statements beside what the network implies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.evidence.scale import logit, scale_of
from riskmodel.figures.axes import GREY, INK, new_axes, only_lower_axis
from riskmodel.text import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from riskmodel.network.coherence import AuditedStatement

STATED, IMPLIED = "#1f5aa6", "#8c1d18"
TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
LEAST = 1e-7  # probabilities nearer to 0 or 1 are drawn here


def drawn_log_odds(p: np.ndarray | float) -> np.ndarray:
    """Where probabilities lie on a log-odds axis, which cannot show 0 and 1."""
    return logit(np.clip(p, LEAST, 1 - LEAST))


def probability_axis(ax: Axes) -> None:
    """Label a log-odds axis in probabilities."""
    low, high = ax.get_xlim()
    shown = [p for p in TICKS if low <= drawn_log_odds(p) <= high]
    ax.set_xticks([float(drawn_log_odds(p)) for p in shown], [percent(p) for p in shown])
    ax.set_xlim(low, high)


def posteriors(scored: pd.Series, ax: Axes | None = None, *, thresholds: Mapping[str, float] | None = None) -> Axes:
    """The posteriors of one case with their credible intervals, on a log-odds axis.

    Parameters
    ----------
    scored
        a row of ``model.score(cases, draws=…)``.
    thresholds
        condition → probability from which a policy acts, drawn as a tick of its own.
    """
    ax = ax or new_axes(7.5, 3.8)
    names = [name.removeprefix("p_") for name in scored.index if f"{name}_low" in scored.index]
    if not names:
        raise UsageError("this row has no intervals: score the case with draws=1000")
    for y, name in enumerate(reversed(names)):
        low, point, high = (float(drawn_log_odds(float(scored[f"p_{name}{end}"]))) for end in ("_low", "", "_high"))
        ax.plot([low, high], [y, y], color=INK, lw=1.6, solid_capstyle="butt")
        ax.plot(point, y, "o", color=INK, ms=5)
        if thresholds and name in thresholds:
            at = float(drawn_log_odds(thresholds[name]))
            ax.plot([at, at], [y - 0.32, y + 0.32], color=IMPLIED, lw=1.2)
    ax.set_yticks(range(len(names)), [name.replace("_", " ") for name in reversed(names)])
    ax.margins(y=0.08)
    probability_axis(ax)
    ax.set_xlabel("probability (log-odds scale)")
    ax.set_title(_title(scored), loc="left", fontsize="medium")
    only_lower_axis(ax)
    return ax


def _title(scored: pd.Series) -> str:
    case = f"{scored['case_id']}: " if "case_id" in scored.index else ""
    sure = f", as {percent(float(scored['confidence']))} of the draws" if "confidence" in scored.index else ""
    return f"{case}{str(scored['urgency']).replace('_', ' ')}{sure}"


def stated_and_implied(audited: Sequence[AuditedStatement], ax: Axes | None = None, *, most: int = 12) -> Axes:
    """Statements beside what the network implies of the same quantity, worst disagreement on top.

    Each pair is drawn relative to the stated value, in standard deviations of both together, so that
    probabilities and ratios share one axis; the figures stand at the right.

    Parameters
    ----------
    audited
        of :func:`riskmodel.network.coherence.audit`, worst first.
    most
        how many to draw.
    """
    ax = ax or new_axes(8, 4.5)
    shown = [item for item in audited if item.distance and np.isfinite(item.distance)][:most]
    for y, item in enumerate(reversed(shown)):
        _pair(ax, y, item)
    ax.set_yticks(range(len(shown)), [item.statement.id for item in reversed(shown)], fontsize="small")
    ax.axvline(0, color=GREY, lw=0.8, zorder=0)
    ax.set_xlim(*np.clip(ax.get_xlim(), -8, 8))
    ax.set_xlabel("standard deviations from the stated value (log-odds or log scale)")
    ax.annotate("stated / network", (1.01, 1.0), xycoords="axes fraction", fontsize="x-small", color=GREY, va="bottom")
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2, fontsize="small")
    only_lower_axis(ax)
    return ax


def _pair(ax: Axes, y: int, item: AuditedStatement) -> None:
    stated, implied = (
        scale_of(item.statement).to(np.array(ends))
        for ends in (
            (item.stated_low, item.stated, item.stated_high),
            (item.implied_low, item.implied, item.implied_high),
        )
    )
    unit = abs(implied[1] - stated[1]) / abs(item.distance)
    sides = ((stated, STATED, 0.16, "o", "as stated"), (implied, IMPLIED, -0.16, "s", "as the network implies"))
    for ends, colour, up, marker, label in sides:
        at = (ends - stated[1]) / unit
        ax.plot(at[::2], [y + up, y + up], color=colour, lw=1.6, solid_capstyle="butt")
        ax.plot(at[1], y + up, marker, color=colour, ms=4.5, label=None if y else label)
    ax.annotate(
        f"{item.stated:.3g} / {item.implied:.3g}",
        (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize="x-small", color=INK,
    )  # fmt: skip
