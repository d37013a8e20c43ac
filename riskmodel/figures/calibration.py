"""How well predicted probabilities agree with what was observed: calibration on log-odds axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.figures.axes import GREY, INK, PALE, new_axes, without_frame
from riskmodel.figures.performance import count_people
from riskmodel.figures.posteriors import LEAST, STATED, TICKS, drawn_log_odds
from riskmodel.text import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_TICKS = 6  # along one side
MARGIN = 0.4  # of the axes, in log-odds
TALLEST = 0.12  # column of the histogram, as a share of the height


def draw_reliability(
    y: np.ndarray,
    p: np.ndarray,
    ax: Axes | None = None,
    *,
    bins: int = 10,
    smooth: bool = True,
    span: tuple[float, float] | None = None,
) -> Axes:
    """Observed frequency against probability, on log-odds axes: bins with 95 % intervals, a smooth curve, a histogram.

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities, (people,).
    bins
        of equally many people.
    smooth
        draw the curve of :func:`riskmodel.metrics.smooth_reliability` with its 95 % band as well.
    span
        the probabilities between which both axes run, as of :func:`reliability_span` for pictures side by side.
    """
    ax = ax or new_axes(6, 5.5)
    from riskmodel.metrics import reliability as binned
    from riskmodel.metrics import smooth_reliability

    table, predicted = binned(y, p, bins), _with_outcome(y, p)
    low, high = (float(end) for end in drawn_log_odds(np.array(span or reliability_span([(y, p)]))))
    if smooth:
        curve = smooth_reliability(y, p)
        x, observed, lower, upper = (
            drawn_log_odds(curve[name].to_numpy()) for name in ("predicted", "observed", "low", "high")
        )
        ax.fill_between(x, lower, upper, color=STATED, alpha=0.15, lw=0, label="95 % band of the curve")
        ax.plot(x, observed, color=STATED, lw=1.6, label="smooth curve")
    _bins(ax, table, low, "deciles of the prediction" if bins == 10 else "bins")
    ax.plot([low, high], [low, high], color=GREY, lw=0.9, ls="--", label="perfect calibration")
    ax.set_xlim(low - MARGIN, high + MARGIN)
    ax.set_ylim(low - MARGIN, high + MARGIN)
    _histogram(ax, drawn_log_odds(predicted))
    _ticks(ax)
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("observed frequency")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    count_people(ax, int(table["n"].sum()), int(table["events"].sum()))
    return without_frame(ax)


def reliability_span(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """The probabilities between which every bin, its interval and 99.8 % of the predictions lie.

    Parameters
    ----------
    pairs
        outcomes and probabilities of each picture.
    """
    from riskmodel.metrics import reliability as binned

    ends: list[float] = []
    for y, p in pairs:
        table = binned(y, p)
        ends += np.quantile(_with_outcome(y, p), [0.001, 0.999]).tolist()
        ends += [*table["predicted"], *table["high"], *table.loc[table["low"] > 0, "low"]]
    return max(min(ends), LEAST), min(max(ends), 1 - LEAST)


def _with_outcome(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The probabilities of the people whose outcome is known."""
    return np.asarray(np.asarray(p, dtype=float)[~np.isnan(np.asarray(y, dtype=float))])


def _bins(ax: Axes, table: pd.DataFrame, floor: float, label: str) -> None:
    """A point and its interval each; where a bin has no events an arrow to 0, which log-odds cannot show."""
    x, high = drawn_log_odds(table["predicted"].to_numpy()), drawn_log_odds(table["high"].to_numpy())
    none = table["events"].to_numpy() == 0
    low = np.where(none, floor, drawn_log_odds(table["low"].to_numpy()))
    ax.vlines(x, low, high, color=INK, lw=1.1)
    ax.plot(x[~none], drawn_log_odds(table["observed"].to_numpy())[~none], "o", color=INK, ms=5, label=label)
    if none.any():
        ax.plot(x[none], low[none], "v", mfc="white", mec=INK, ms=6, label="no events: observed 0")


def _histogram(ax: Axes, x: np.ndarray) -> None:
    """How many people have each prediction, along the floor."""
    counts, edges = np.histogram(x, bins=40, range=ax.get_xlim())
    heights = counts / max(counts.max(), 1) * TALLEST
    at_floor = ax.get_xaxis_transform()
    ax.bar(edges[:-1], heights, np.diff(edges), align="edge", color=PALE, zorder=0, transform=at_floor)


def _ticks(ax: Axes) -> None:
    """Label both log-odds axes in per cent."""
    for limits, ticks in ((ax.get_xlim(), ax.set_xticks), (ax.get_ylim(), ax.set_yticks)):
        shown = [p for p in TICKS if limits[0] <= drawn_log_odds(p) <= limits[1]]
        shown = shown[:: 1 + (len(shown) - 1) // MOST_TICKS]
        ticks([float(drawn_log_odds(p)) for p in shown], [percent(p) for p in shown])
