"""How good the predictions are: reliability, decision curves, receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.report.figures.posteriors import GREY, IMPLIED, INK, PALE, STATED, log_odds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_TICKS = 6  # along one side
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


def reliability(
    y: np.ndarray, p: np.ndarray, ax: Axes, *, bins: int = 10, smooth: bool = True, resamples: int = 100
) -> Axes:
    """Observed frequency against probability, on log-odds axes: bins with 95 % intervals, a smooth curve, a histogram.

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities.
    bins
        of equally many people.
    smooth
        draw the smooth curve with its bootstrap band (``resamples``) as well.
    """
    from riskmodel.metrics import reliability as binned
    from riskmodel.metrics import smooth_reliability

    found = binned(y, p, bins)
    known = ~np.isnan(np.asarray(y, dtype=float))
    least = max(float(np.min(np.asarray(p)[known])), 1e-5)
    low, high = float(log_odds(least)), float(log_odds(min(float(np.quantile(np.asarray(p)[known], 0.999)), 0.999)))
    if smooth:
        line = smooth_reliability(y, p, resamples=resamples)
        x = log_odds(line["predicted"].to_numpy())
        lower, upper = [log_odds(np.clip(line[end].to_numpy(), least / 3, 1)) for end in ("low", "high")]
        ax.fill_between(x, lower, upper, color=STATED, alpha=0.15, lw=0)
        ax.plot(x, log_odds(np.clip(line["observed"].to_numpy(), least / 3, 1)), color=STATED, lw=1.6, label="smooth")
    x, at = log_odds(found["predicted"].to_numpy()), log_odds(np.clip(found["observed"].to_numpy(), least / 3, 1))
    floor, ceiling = [log_odds(np.clip(found[end].to_numpy(), least / 3, 1)) for end in ("low", "high")]
    ax.vlines(x, floor, ceiling, color=INK, lw=1.1)
    none = found["events"].to_numpy() == 0
    ax.plot(x[~none], at[~none], "o", color=INK, ms=5, label="tenths of the people" if bins == 10 else "bins")
    ax.plot(
        x[none], at[none], "o", mfc="white", mec=INK, ms=5, label="nobody in the bin has it" if none.any() else None
    )
    ax.plot([low, high], [low, high], color=GREY, lw=0.9, ls="--", label="perfect")
    ax.set_xlim(low - 0.2, high + 0.2)
    ax.set_ylim(float(log_odds(least / 3)), max(high, float(np.max(ceiling))) + 0.2)
    _histogram(ax, log_odds(np.clip(np.asarray(p)[known], least, 1)))
    _probabilities(ax)
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("observed frequency")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    _people(ax, int(found["n"].sum()), int(found["events"].sum()))
    return _plain(ax)


def _people(ax: Axes, n: int, events: int) -> None:
    """Of how many a picture is, and a warning where that is too few to tell."""
    from riskmodel.metrics.summary import warn

    warning = warn(n, events)
    text = f"{n:,} people, {events:,} with it" + (f": {warning}" if warning else "")
    ax.annotate(
        text, (1, 1.01), xycoords="axes fraction", ha="right", va="bottom", fontsize="x-small",
        color=IMPLIED if warning else GREY,
    )  # fmt: skip


def _histogram(ax: Axes, x: np.ndarray) -> None:
    """How many people have each prediction, along the floor."""
    low, high = ax.get_xlim()
    floor, top = ax.get_ylim()
    counts, edges = np.histogram(x, bins=40, range=(low, high))
    heights = counts / max(counts.max(), 1) * 0.12 * (top - floor)
    ax.bar(edges[:-1], heights, np.diff(edges), bottom=floor, align="edge", color=PALE, zorder=0)
    ax.set_ylim(floor, top)


def decision_curve(table: pd.DataFrame, ax: Axes, *, per: int = 1000) -> Axes:
    """Net benefit over thresholds, one line a strategy.

    Parameters
    ----------
    table
        of :func:`riskmodel.metrics.decision_curve`.
    per
        so many people.
    """
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
    _people(ax, int(table["n"].iloc[0]), int(table["events"].iloc[0]))
    ax.legend(edgecolor="none", framealpha=0.85, fontsize="small", loc="lower left", ncols=2)
    return _plain(ax)


def roc(y: np.ndarray, p: np.ndarray, ax: Axes, *, label: str = "", points: Mapping[str, float] | None = None) -> Axes:
    """The receiver operating characteristic, with its area; call again on the same axes for another line.

    Parameters
    ----------
    points
        name → threshold, marked on the curve.
    """
    from riskmodel.metrics import PROBABILITY_METRICS
    from riskmodel.metrics import roc as curve
    from riskmodel.metrics.summary import checked

    known, predicted = checked(y, p)
    area = PROBABILITY_METRICS["auc"](known, predicted, np.ones(len(known)))
    drawn = sum(line.get_gid() == "roc" for line in ax.lines)
    colour, dashes = LINES[drawn % len(LINES)]
    line = curve(y, p)
    ax.plot(
        line["fpr"], line["tpr"], color=colour, ls=dashes, lw=1.6, gid="roc", label=f"{label} AUC {area:.2f}".strip()
    )
    for name, threshold in (points or {}).items():
        x, at = (float((predicted[known == outcome] >= threshold).mean()) for outcome in (0, 1))
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
    return _plain(ax)


def on_one_scale(axes: Iterable[Axes]) -> None:
    """Give log-odds pictures the same limits, so that they can be compared by eye."""
    axes = list(axes)
    for get, put in (("get_xlim", "set_xlim"), ("get_ylim", "set_ylim")):
        ends = np.array([getattr(ax, get)() for ax in axes])
        for ax in axes:
            getattr(ax, put)(ends[:, 0].min(), ends[:, 1].max())
    for ax in axes:
        _probabilities(ax)


def _probabilities(ax: Axes) -> None:
    """Label two log-odds axes in per cent."""
    from riskmodel.report.figures.posteriors import TICKS
    from riskmodel.text import percent

    for limits, ticks in ((ax.get_xlim(), ax.set_xticks), (ax.get_ylim(), ax.set_yticks)):
        shown = [p for p in TICKS if limits[0] <= log_odds(p) <= limits[1]]
        shown = shown[:: 1 + (len(shown) - 1) // MOST_TICKS]
        ticks([float(log_odds(p)) for p in shown], [percent(p) for p in shown])


def _plain(ax: Axes) -> Axes:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.set_axisbelow(True)
    return ax
