"""How studies were judged: in each domain of QUADAS-2 how many have a low, unclear or high risk, or no judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.figures.axes import INK, new_axes, only_lower_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Told apart by symbol and hatch, not by colour alone.
LOOKS = {
    "low": ("#a9d3ae", "", "+"),
    "unclear": ("#f1dfa0", "..", "?"),
    "high": ("#e5a193", "//", "−"),
    "not judged": ("#ffffff", "", ""),
}


def draw_judgements(counts: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A bar for each domain, the first on top; symbols and numbers stand in the bars.

    Parameters
    ----------
    counts
        one row a domain, with the columns domain, low, unclear, high and ``not judged`` (numbers of studies).
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    ax = ax or new_axes(9, 1.1 + 0.36 * len(counts))
    for y, row in enumerate(counts.to_dict("records")):
        start = 0
        for judgement, (colour, hatch, symbol) in LOOKS.items():
            size = int(row[judgement])
            if size:
                ax.barh(y, size, left=start, height=0.66, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
                ax.text(start + size / 2, y, f"{symbol} {size}".strip(), ha="center", va="center", fontsize=8.5,
                        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2})  # fmt: skip
            start += size
    ax.set_yticks(range(len(counts)), list(counts["domain"]), fontsize=8.5)
    ax.set_ylim(len(counts) - 0.5, -0.6)
    ax.set_xlabel("studies")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = [Patch(facecolor=colour, hatch=hatch, edgecolor=INK) for colour, hatch, _ in LOOKS.values()]
    names = [f"{symbol} {name}".strip() for name, (_, _, symbol) in LOOKS.items()]
    ax.figure.legend(handles, names, loc="outside lower center", ncols=len(LOOKS), frameon=False, fontsize=8.5)
    only_lower_axis(ax)
    return ax
