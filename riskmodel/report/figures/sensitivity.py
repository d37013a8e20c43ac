"""What answers hang on: tornados, curves, maps over two statements, and Sobol' indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskmodel.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from riskmodel.sensitivity.two_way import TwoWay

INK, GREY = "#222222", "#8c8c8c"
LOW, HIGH, BAR = "#a8c6e5", "#1f5aa6", "#5b8fc9"  # light for the low end of a range, dark for the high end
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)), (0, (8, 2)))
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "oo", "||||")
SMALLEST = 1e-9  # an effect below it is rounding
NEGLIGIBLE = 0.001  # of the variance: groups surely below are not drawn


def tornado(table: pd.DataFrame, ax: Axes | None = None, *, most: int = 15) -> Axes:
    """Bars of a target over each statement's 95 % range, the widest on top.

    Parameters
    ----------
    table
        rows of one target, as :meth:`riskmodel.sensitivity.OneWay.tornado` gives them.
    ax
        where to draw; by default a new figure.
    most
        how many statements to draw.
    """
    from matplotlib.patches import Patch

    some = table[table["effect"] > SMALLEST].head(most)
    if some.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    ax = ax or _new(9, 1.4 + 0.3 * len(some))
    target = str(some["target"].iloc[0])
    times = 1 if target.startswith("log_odds") else 100
    stated = times * float(some["stated"].iloc[0])
    rows: list[Any] = list(some.itertuples())
    for y, row in enumerate(rows):
        for end, colour in ((row.at_low, LOW), (row.at_high, HIGH)):
            ax.barh(y, times * end - stated, left=stated, color=colour, edgecolor=INK, linewidth=0.4, height=0.7)
    ax.axvline(stated, color=INK, linewidth=0.9)
    names = [f"{row.statement}  {row.value:.3g} ({row.low:.2g} to {row.high:.2g}, {row.origin})" for row in rows]
    ax.set_yticks(range(len(some)), names, fontsize="small")
    ax.set_ylim(len(some) - 0.4, -0.6)
    _bare(ax)
    ax.set_xlabel(target if times == 1 else f"{target}, %")
    ends = [Patch(facecolor=colour, edgecolor=INK, linewidth=0.4) for colour in (LOW, HIGH)]
    said = ["at the low end of the range", "at the high end"]
    ax.legend(ends, said, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize="small")
    return ax


def curves(curve: pd.DataFrame, ax: Axes | None = None, *, most: int = 6) -> Axes:
    """A target along each statement's range, for the statements that move it most.

    Parameters
    ----------
    curve
        rows of one target of :attr:`riskmodel.sensitivity.OneWay.curves`.
    most
        how many statements to draw.

    Notes
    -----
    The ranges lie side by side from their low end (0) to their high end (1) on the statement's logit or log scale.
    """
    effect = curve.groupby("statement", sort=False)["at"].agg(np.ptp).sort_values(ascending=False, kind="stable")
    shown = effect[effect > SMALLEST].head(most)
    if shown.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    ax = ax or _new(8, 4.5)
    target = str(curve["target"].iloc[0])
    times = 1 if target.startswith("log_odds") else 100
    for i, name in enumerate(shown.index):
        own = curve[curve["statement"] == name].sort_values("value")
        value = own["value"].to_numpy(dtype=float)
        scale = np.log(value) if value.max() > 1 else np.log(value) - np.log1p(-value)
        place = (scale - scale[0]) / (scale[-1] - scale[0])
        label = f"{name}  {value[0]:.2g} to {value[-1]:.2g}"
        ax.plot(place, times * own["at"], color=INK if i % 2 else HIGH, linestyle=STYLES[i % len(STYLES)], label=label)
    ax.set_xticks([0, 0.5, 1], ["low end", "middle of the 95 % range\n(logit or log scale)", "high end"])
    ax.set_ylabel(target if times == 1 else f"{target}, %")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    _bare(ax, along="y")
    return ax


def two_way(result: TwoWay, ax: Axes | None = None) -> Axes:
    """A map of the posterior over two statements: shades of its log-odds, hatched by action.

    Parameters
    ----------
    result
        of :func:`riskmodel.sensitivity.two_way`.
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax = ax or _new(8.5, 5.5)
    table = result.table
    a, b = np.unique(table["a"]), np.unique(table["b"])
    shape = len(a), len(b)
    shade = table["log_odds"].to_numpy(dtype=float).reshape(shape).T
    drawn = ax.pcolormesh(
        a, b, np.ma.masked_invalid(shade), cmap="Blues", shading="gouraud" if _whole(shade) else "nearest"
    )
    labels, actions = result.labels().to_numpy(), result.actions
    hatches = [HATCHES[i % len(HATCHES)] for i in range(len(actions))]
    for action, hatch in zip(actions, hatches, strict=True):  # one by one: a contour over codes would pass between
        inside = (labels == action).astype(float).reshape(shape).T
        if 0 < inside.mean() < 1:
            ax.contourf(a, b, inside, levels=[0.5, 1.5], hatches=[hatch], colors="none")
            ax.contour(a, b, inside, levels=[0.5], colors=INK, linewidths=1)
    rows: list[Any] = list(result.statements.itertuples())
    ax.plot(rows[0].value, rows[1].value, "o", color="white", markeredgecolor=INK, markersize=8)
    sides: list[tuple[Literal["x", "y"], Any, np.ndarray]] = [("x", rows[0], a), ("y", rows[1], b)]
    for axis, row, scale in sides:
        set_scale, set_label = getattr(ax, f"set_{axis}scale"), getattr(ax, f"set_{axis}label")
        set_scale("log" if scale.max() > 1 or scale.max() < 0.5 else "linear")
        own = getattr(ax, f"{axis}axis")
        if own.get_scale() == "log":
            own.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        own.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
        own.set_minor_formatter(NullFormatter())
        ax.tick_params(axis=axis, which="both", labelsize="small")
        set_label(f"{row.statement}\n(stated {row.value:.3g}; 95 % {row.low:.2g} to {row.high:.2g}, {row.origin})")
    bar = ax.figure.colorbar(drawn, ax=ax)
    ticks = _nice(float(np.nanmin(shade)), float(np.nanmax(shade)))
    bar.set_ticks([_logit(p) for p in ticks], labels=[f"{100 * p:g}" for p in ticks])
    bar.set_label(f"P({result.output}) of {result.case}, % (log-odds scale)")
    keys = [Patch(facecolor="white", edgecolor=INK, hatch=hatch) for hatch in hatches]
    names = [action.replace("_", " ") for action in actions]
    point = ax.plot([], [], "o", color="white", markeredgecolor=INK, markersize=8)[0]
    ax.legend(
        [*keys, point], [*names, "as stated"], loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False,
        fontsize="small",
    )  # fmt: skip
    return ax


def sobol(table: pd.DataFrame, ax: Axes | None = None, *, most: int = 12) -> Axes:
    """First-order and total Sobol' indices with their 95 % intervals, the largest total on top.

    Parameters
    ----------
    table
        of :class:`riskmodel.sensitivity.Sobol`.
    most
        how many groups to draw, of those with a total that may pass .001.
    """
    some = table[table["total_high"] > NEGLIGIBLE].head(most)
    if some.empty:
        raise UsageError("no statement moves this target: there is nothing to draw")
    ax = ax or _new(8, 1.3 + 0.42 * len(some))
    places = np.arange(len(some))
    for kind, up, colour, label in (("first", -0.2, LOW, "first order"), ("total", 0.2, HIGH, "total")):
        ends = [some[kind] - some[f"{kind}_low"], some[f"{kind}_high"] - some[kind]]
        ax.barh(places + up, some[kind], height=0.38, color=colour, edgecolor=INK, linewidth=0.4, label=label)
        ax.errorbar(some[kind], places + up, xerr=ends, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)
    names = [f"{name} ({count})" for name, count in zip(some["name"], some["statements"], strict=True)]
    ax.set_yticks(places, names, fontsize="small")
    ax.set_ylim(len(some) - 0.4, -0.6)
    ax.axvline(0, color=INK, linewidth=0.8)
    _bare(ax)
    ax.set_xlabel("share of the variance, with 95 % interval (in brackets: statements)")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax


def _new(width: float, height: float) -> Axes:
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained").add_subplot()


def _bare(ax: Axes, along: str = "x") -> None:
    ax.spines[["top", "right"]].set_visible(False)
    if along == "x":
        ax.tick_params(axis="y", length=0)
    ax.grid(axis="x" if along == "x" else "y", color=GREY, linewidth=0.3, alpha=0.6)
    ax.set_axisbelow(True)


def _whole(shade: np.ndarray) -> bool:
    return bool(np.isfinite(shade).all())


def _logit(p: float) -> float:
    return float(np.log(p) - np.log1p(-p))


def _nice(low: float, high: float) -> list[float]:
    """Round probabilities between two log-odds; the ends' middle where there is none."""
    steps = [k * 10.0**-e for e in range(9, 1, -1) for k in (1, 2, 5)]
    known = sorted({*steps, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999})
    inside = [p for p in known if low <= _logit(p) <= high]
    if not inside:
        middle = 1 / (1 + np.exp(-(low + high) / 2))
        return [float(f"{middle:.2g}")] if 0 < float(f"{middle:.2g}") < 1 else []
    return inside[:: max(1, len(inside) // 6)]
