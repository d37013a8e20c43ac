"""How good the predictions are: decision curves, receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.figures.axes import GREY, INK, new_axes, without_frame
from riskmodel.figures.posteriors import IMPLIED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Told apart in grey by dashes and in colour by hue.
LINES = (
    ("#1f5aa6", "-"),
    ("#c8661a", (0, (5, 1.5))),
    ("#2f7d32", (0, (1.5, 1))),
    ("#4a2377", (0, (4, 1, 1, 1))),
    ("#1697a6", "-"),
    ("#9a8600", (0, (5, 1.5))),
    ("#8c1d18", (0, (1.5, 1))),
)


def count_people(ax: Axes, n: int, events: int) -> None:
    """Of how many a picture is, and a warning where that is too few to tell."""
    from riskmodel.metrics.summary import warning_of_few

    warning = warning_of_few(n, events)
    text = f"{n:,} people, {events:,} with it" + (f": {warning}" if warning else "")
    ax.annotate(
        text, (1, 1.01), xycoords="axes fraction", ha="right", va="bottom", fontsize="x-small",
        color=IMPLIED if warning else GREY,
    )  # fmt: skip


def draw_decision_curve(table: pd.DataFrame, ax: Axes | None = None, *, per: int = 1000) -> Axes:
    """Net benefit over thresholds, one line a strategy.

    Parameters
    ----------
    table
        of :func:`riskmodel.metrics.decision_curve`.
    per
        so many people.
    """
    ax = ax or new_axes(7, 4.2)
    styles = iter(LINES)
    for name, part in table.groupby("strategy", sort=False):
        fixed: Mapping[str, tuple[str, object]] = {
            "act on everyone": (GREY, "-"),
            "act on nobody": (INK, (0, (1, 2))),
            "model": (IMPLIED, "-"),
        }
        colour, dashes = fixed.get(str(name)) or next(styles)
        ax.plot(
            part["threshold"], per * part["net_benefit"],
            color=colour, ls=dashes, label=str(name), lw=2.2 if name == "model" else 1.3,
            zorder=3 if name == "model" else 2,
        )  # fmt: skip
        if part["low"].notna().all() and name == "model":
            ax.fill_between(part["threshold"], per * part["low"], per * part["high"], color=colour, alpha=0.12, lw=0)
    best = per * float(table.loc[table["strategy"] == "model", "net_benefit"].max())
    ax.set_ylim(-0.35 * best, 1.15 * best)
    ax.set_xscale("log")
    ticks = [t for t in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if t >= table["threshold"].min() * 0.99]
    ax.set_xticks(ticks, [f"{100 * t:g} %" for t in ticks])
    ax.minorticks_off()
    ax.set_xlim(table["threshold"].min(), table["threshold"].max())
    ax.set_xlabel("threshold probability: act from here on")
    ax.set_ylabel(f"net benefit, true positives per {per:,} people")
    count_people(ax, int(table["n"].iloc[0]), int(table["events"].iloc[0]))
    ax.legend(edgecolor="none", framealpha=0.85, fontsize="small", loc="lower left", ncols=2)
    return without_frame(ax)


def draw_roc(
    y: np.ndarray, p: np.ndarray, ax: Axes | None = None, *, label: str = "", points: Mapping[str, float] | None = None
) -> Axes:
    """The receiver operating characteristic, with its area; call again on the same axes for another line.

    Parameters
    ----------
    points
        name → threshold, marked on the curve.
    """
    ax = ax or new_axes(5, 5)
    from riskmodel.metrics import PROBABILITY_METRICS
    from riskmodel.metrics import roc as curve
    from riskmodel.metrics.summary import with_known_outcome

    observed, predicted = with_known_outcome(y, p)
    area = PROBABILITY_METRICS["auc"](observed, predicted, np.ones(len(observed)))
    drawn = sum(line.get_gid() == "roc" for line in ax.lines)
    colour, dashes = LINES[drawn % len(LINES)]
    line = curve(y, p)
    ax.plot(
        line["fpr"], line["tpr"], color=colour, ls=dashes, lw=1.6, gid="roc", label=f"{label} AUC {area:.2f}".strip()
    )
    for name, threshold in (points or {}).items():
        x, at = (float((predicted[observed == outcome] >= threshold).mean()) for outcome in (0, 1))
        ax.plot(x, at, "o", color=colour, ms=5)
        ax.annotate(
            f"{name}: {100 * threshold:.2g} %", (x, at), xytext=(6, -10), textcoords="offset points", fontsize="small"
        )
    if not drawn:
        ax.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls="--", zorder=0)
        ax.set_xlabel("1 − specificity")
        ax.set_ylabel("sensitivity")
        ax.set_aspect("equal")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return without_frame(ax)
