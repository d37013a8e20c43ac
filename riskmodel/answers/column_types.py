"""What a scorer hands back for one block of coded rows: named output columns, and rows it refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks

NumberStyle = Literal["probability", "decimal1", "decimal2", "decimal3", "decimal4", "decimal6"]


@dataclass(frozen=True, slots=True)
class Number:
    """Real values, one a row; NaN is an empty cell (null in Parquet).

    ``probability`` writes ten decimals, or six significant digits below 1e-6 (``3.14159e-08``);
    ``decimalK`` writes K decimals. Digits are ``rint(value * 10**k)`` in IEEE double. With a ``floor`` the
    run's summary counts the rows below it.
    """

    name: str
    values: NDArray[np.float64]
    style: NumberStyle = "probability"
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Integer:
    """Whole numbers, one a row."""

    name: str
    values: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """Words taken from ``labels``: row i shows ``labels[codes[:, i]]`` joined by ``|``, -1 skipped.

    ``codes`` is int32 of shape (k, rows); use one ``labels`` tuple for a whole run. ``tally`` asks the
    run's summary to count the rows that show each label.
    """

    name: str
    codes: NDArray[np.int32]
    labels: tuple[str, ...]
    tally: bool = False


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of labels a row: row i shows the labels whose ``bits[:, i]`` is true, joined by ``|``.

    ``bits`` is bool of shape (labels, rows).
    """

    name: str
    bits: NDArray[np.bool_]
    labels: tuple[str, ...]
    tally: bool = False


OutputColumn = Number | Integer | Text | Flags


@dataclass(frozen=True, slots=True)
class Impossible:
    """A row whose evidence has probability zero: the run rejects it.

    ``row`` counts from 0 within the block; ``column`` and ``value`` name the cell to blame where that is known.
    """

    row: int
    problem: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class ScoredBlock:
    """The scorer's answer for one block: every column has one entry for each row it was given.

    The entries of ``impossible`` rows are not looked at. Names and kinds must be those of the first block.
    """

    columns: tuple[OutputColumn, ...]
    impossible: tuple[Impossible, ...] = ()


# Called from several threads at once, also with zero rows; masks are (variables, rows), C-contiguous.
Score = Callable[[Masks], ScoredBlock]
