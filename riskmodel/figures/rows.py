"""Rows of a chart that stand for statements: their names in words, the identifier for a pointer."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

LETTERS = 62  # of a line beside a chart
ROW = 0.36  # inches of a row with two lines


def row_names(table: pd.DataFrame, column: str = "statement") -> list[str]:
    """The labels of a table's rows where it has them, else their identifiers."""
    return [str(name) for name in table["label" if "label" in table else column]]


def name_rows(ax: Axes, names: Sequence[str], below: Sequence[str] = (), *, hover: Sequence[str] = ()) -> None:
    """Write the names beside the rows, the first on top; under each what it says, and on hover an identifier."""
    texts = ["\n".join(wrap(name, LETTERS)) for name in names]
    if below:
        texts = [f"{text}\n{more}" for text, more in zip(texts, below, strict=True)]
    ax.set_yticks(range(len(texts)), texts, fontsize=8.5)
    ax.set_ylim(len(texts) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    for tick, name in zip(ax.get_yticklabels(), hover, strict=False):
        tick.set_gid(f"hover.{name}")


def height(names: Sequence[str], *, lines: int = 0) -> float:
    """Inches that rows with these names take, with so many lines more under each."""
    counts = [len(wrap(name, LETTERS)) for name in names] or [1]
    between = (max(counts) + min(counts)) / 2 + lines  # lines from the middle of one row to that of the next
    return max(0.3, 0.14 * between + 0.08) * len(names)
