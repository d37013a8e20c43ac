"""What all pictures share: axes for those that are given none, colours, and light grid lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY, PALE = "#222222", "#8c8c8c", "#dcdcdc"
LOW, HIGH = "#a8c6e5", "#1f5aa6"  # light for the low end of a range, dark for the high end
SMALLEST_EFFECT = 1e-9  # below it an effect is rounding


def new_axes(width: float, height: float) -> Axes:
    """The axes of a new figure; sizes in inches."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def light_grid(ax: Axes, across: Literal["x", "y"] = "x") -> None:
    """Only the axes on the left and below, with light lines across the axis of values."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=across, color=GREY, linewidth=0.3, alpha=0.6)
    ax.set_axisbelow(True)


def only_lower_axis(ax: Axes) -> None:
    """Only the axis below, for charts whose rows are names."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=PALE, lw=0.6)
    ax.set_axisbelow(True)


def without_frame(ax: Axes) -> Axes:
    """Without the lines above and on the right."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax
