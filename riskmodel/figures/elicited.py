"""A belief as the distribution it became."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel.figures.axes import INK, PALE, new_axes
from riskmodel.figures.posteriors import IMPLIED, STATED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskmodel.evidence.elicitation import Elicitation

POINTS = 400


def elicited(elicitation: Elicitation, ax: Axes | None = None) -> Axes:
    """The density of an elicited distribution, its 95 % interval, and what was said.

    Parameters
    ----------
    elicitation
        of :func:`riskmodel.elicit`.
    """
    ax = ax or new_axes(7, 3.6)
    shares = np.linspace(0.002, 0.998, POINTS)
    values = elicitation.quantiles(shares)
    density = np.gradient(shares, values)
    ax.fill_between(values, density, color=STATED, alpha=0.18, lw=0)
    ax.plot(values, density, color=STATED, lw=1.6)
    inside = (values >= elicitation.low) & (values <= elicitation.high)
    ax.fill_between(values[inside], density[inside], color=STATED, alpha=0.18, lw=0)
    top = float(density.max())
    ax.plot([elicitation.low, elicitation.high], [-0.07 * top] * 2, color=INK, lw=2, solid_capstyle="butt")
    ax.plot(elicitation.value, -0.07 * top, "o", color=INK, ms=5)
    marks = [number for name, number in elicitation.stated if name != "certainty"]
    ax.plot(marks, [-0.2 * top] * len(marks), "|", color=IMPLIED, ms=11, mew=1.6)
    ax.annotate("fitted", (elicitation.high, -0.07 * top), xytext=(6, 0), textcoords="offset points", va="center",
                fontsize="small", color=INK)  # fmt: skip
    ax.annotate("said", (marks[-1], -0.2 * top), xytext=(6, 0), textcoords="offset points", va="center",
                fontsize="small", color=IMPLIED)  # fmt: skip
    ax.axhline(0, color=PALE, lw=0.8)
    if elicitation.kind == "ratio":
        ax.set_xscale("log")
    ax.set_yticks([])
    ax.set_xlabel(elicitation.kind)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax
