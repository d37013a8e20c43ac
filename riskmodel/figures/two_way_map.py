"""A map of a posterior over two statements, with the regions of each action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from riskmodel.evidence.scale import logit
from riskmodel.figures.axes import INK, new_axes
from riskmodel.figures.rows import row_names
from riskmodel.pages.section import number
from riskmodel.text import target_words, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from riskmodel.sensitivity.two_way import TwoWay

HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "oo", "||||")


def draw_two_way(result: TwoWay, ax: Axes | None = None) -> Axes:
    """A map of the posterior over two statements: shades of its log-odds, hatched by action.

    Parameters
    ----------
    result
        of :func:`riskmodel.sensitivity.two_way`; its statements may have a column ``label`` that names them.
    ax
        where to draw; by default a new figure.
    """
    ax = ax or new_axes(8.5, 5.5)
    table = result.table
    a, b = np.unique(table["a"]), np.unique(table["b"])
    shade = table["log_odds"].to_numpy(dtype=float).reshape(len(a), len(b)).T
    whole = np.isfinite(shade).all()
    drawn = ax.pcolormesh(a, b, np.ma.masked_invalid(shade), cmap="Blues", shading="gouraud" if whole else "nearest")
    _regions(ax, result)
    rows: list[Any] = list(result.statements.itertuples())
    first, second = rows
    point = ax.plot(first.value, second.value, "o", color="white", markeredgecolor=INK, markersize=8)[0]
    names = row_names(result.statements)
    _side(ax, "x", first, names[0], a)
    _side(ax, "y", second, names[1], b)
    _scale(ax, drawn, result, shade)
    _legend(ax, result, point)
    return ax


def _regions(ax: Axes, result: TwoWay) -> None:
    """Hatches and borders, one action by one: a contour over codes would pass between."""
    regions = result.regions
    for action, hatch in zip(result.actions, _hatches(result), strict=True):
        if action not in regions.names:
            continue
        inside = (regions.action == regions.names.index(action)).astype(float).T
        if 0 < inside.mean() < 1:
            ax.contourf(regions.a, regions.b, inside, levels=[0.5, 1.5], hatches=[hatch], colors="none")
            ax.contour(regions.a, regions.b, inside, levels=[0.5], colors=INK, linewidths=1)


def _hatches(result: TwoWay) -> list[str]:
    return [HATCHES[i % len(HATCHES)] for i in range(len(result.actions))]


def _side(ax: Axes, side: Literal["x", "y"], row: Any, name: str, values: np.ndarray) -> None:
    """The scale and the words of one statement."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis = getattr(ax, f"{side}axis")
    getattr(ax, f"set_{side}scale")("log" if values.max() > 1 or values.max() < 0.5 else "linear")
    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: number(value)))
    axis.set_minor_formatter(NullFormatter())
    ax.tick_params(axis=side, which="both", labelsize="small")
    values_text = f"stated {number(row.value)}; 95 % {number(row.low, 2)} to {number(row.high, 2)}, {row.origin}"
    axis.set_label_text(f"{name}\n({values_text})", gid=f"hover.{row.statement}")


def _scale(ax: Axes, drawn: Any, result: TwoWay, shade: np.ndarray) -> None:
    bar = ax.figure.colorbar(drawn, ax=ax)
    ticks = _nice(float(np.nanmin(shade)), float(np.nanmax(shade)))
    bar.set_ticks([float(logit(p)) for p in ticks], labels=[number(100 * p) for p in ticks])
    bar.set_label(f"{target_words(f'p({result.output})')} of {result.case}, % (log-odds scale)")


def _legend(ax: Axes, result: TwoWay, point: Line2D) -> None:
    """Above the map, where it hides nothing."""
    from matplotlib.patches import Patch

    keys = [Patch(facecolor="white", edgecolor=INK, hatch=hatch) for hatch in _hatches(result)]
    names = [words(action) for action in result.actions]
    ax.legend(
        [*keys, point], [*names, "as stated"], loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False,
        fontsize="small",
    )  # fmt: skip


def _nice(low: float, high: float) -> list[float]:
    """Round probabilities between two log-odds; the ends' middle where there is none."""
    steps = [k * 10.0**-e for e in range(9, 1, -1) for k in (1, 2, 5)]
    ticks = sorted({*steps, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999})
    inside = [p for p in ticks if low <= float(logit(p)) <= high]
    if not inside:
        middle = 1 / (1 + np.exp(-(low + high) / 2))
        return [float(f"{middle:.2g}")] if 0 < float(f"{middle:.2g}") < 1 else []
    return inside[:: max(1, len(inside) // 6)]
