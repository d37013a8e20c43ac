"""Result columns as CSV text, in plain Python; the compiled renderer writes the same bytes.

Cells are quoted only where they must be. A text of the case file that a spreadsheet would run as a
formula (it begins with = + - @, a tab or a carriage return, and is no number) gets an apostrophe before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn, Text
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.words import distinct_words
from riskmodel.cases.columns import CASE_ID
from riskmodel.errors import UsageError

SCALES = tuple(float(f"1e{power}") for power in range(306))  # shared, so that both renderers round alike
SMALLEST_DECIMAL = 1e-6  # below it a probability is written with six significant digits
DECIMALS = {"probability": 10, "decimal1": 1, "decimal2": 2, "decimal3": 3, "decimal4": 4, "decimal6": 6}
LARGEST = 9e8  # beyond it the digits of the ten-decimal style leave 64 bits
Rendered = tuple[bytes | NDArray[np.uint8], NDArray[np.int64]]
Renderer = Callable[[CodedBlock, Sequence[OutputColumn]], Rendered]

_SPECIAL = re.compile(r'[",\r\n]')
_FORMULA = tuple("=+-@\t\r")
_PLAIN_NUMBER = re.compile(r"[+-][0-9]+(?:\.[0-9]+)?")


def cell(text: str) -> str:
    """A text as a CSV cell.

    >>> cell("a,b"), cell("-5"), cell("=1+1")
    ('"a,b"', '-5', "'=1+1")
    """
    if text.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def quoted(text: str) -> str:
    """A text of the program's own as a CSV cell: quoted where needed, never changed."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def line(texts: Iterable[str]) -> str:
    """Texts from outside as one line of CSV."""
    return ",".join(map(cell, texts)) + "\n"


def number_cells(column: Number) -> list[str]:
    """The digits of a number column; an empty text for NaN.

    >>> number_cells(Number("p", np.array([0.25, 3.14159265e-8, 0.0, np.nan])))
    ['0.2500000000', '3.14159e-08', '0.0000000000', '']
    """
    places = DECIMALS[column.style]
    values = np.asarray(column.values, np.float64)
    blank = np.isnan(values)
    if (np.abs(values) > LARGEST).any():
        raise UsageError(f"{column.name}: a number beyond {LARGEST:.0e} cannot be written")
    digits = np.rint(np.where(blank, 0.0, values) * SCALES[places]).astype(np.int64).tolist()
    cells = [_decimal(number, places) for number in digits]
    if column.style == "probability":
        small = np.flatnonzero((values < SMALLEST_DECIMAL) & ~blank)
        for row in small.tolist():
            cells[row] = _scientific(float(values[row]))
    for row in np.flatnonzero(blank).tolist():
        cells[row] = ""
    return cells


def _decimal(digits: int, places: int) -> str:
    text = f"{abs(digits):0{places + 1}d}"
    return f"{'-' if digits < 0 else ''}{text[:-places]}.{text[-places:]}"


def _scientific(value: float) -> str:
    if value <= 0:
        return "0.0000000000"
    for power in range(12, len(SCALES)):
        digits = int(np.rint(value * SCALES[power]))
        if digits >= 100_000:
            return f"{digits // 100_000}.{digits % 100_000:05d}e-{power - 5:02d}"
    return "0.0000000000"


def column_texts(column: Text | Flags) -> list[str]:
    """The labels of each row joined by ``|``, not yet quoted."""
    codes, words = distinct_words(column)
    return [words[code] for code in codes.tolist()]


def word_cells(column: Text | Flags) -> list[str]:
    """The labels of each row joined by ``|``."""
    codes, words = distinct_words(column)
    cells = list(map(quoted, words))
    return [cells[code] for code in codes.tolist()]


def column_cells(column: OutputColumn) -> list[str]:
    """The cells of a column of any kind."""
    if isinstance(column, Number):
        return number_cells(column)
    if isinstance(column, Integer):
        return list(map(str, column.values.tolist()))
    return word_cells(column)


def header_line(columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> bytes:
    """The header of the output; kept columns come last, under their own names."""
    names = output_names(columns, kept_names)
    first_kept = len(names) - len(kept_names)
    return (",".join([*map(quoted, names[:first_kept]), *map(cell, names[first_kept:])]) + "\n").encode()


def output_names(columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> list[str]:
    """All column names of the output, each once.

    >>> output_names([], ["case_id"])
    Traceback (most recent call last):
    ...
    riskmodel.errors.UsageError: column 'case_id' cannot be kept: the output has a column of that name
    """
    names = [CASE_ID, *(column.name for column in columns)]
    for name in kept_names:
        if name in names:
            raise UsageError(f"column {name!r} cannot be kept: the output has a column of that name")
        names.append(name)
    return names


def render_block(block: CodedBlock, columns: Sequence[OutputColumn]) -> Rendered:
    """The lines of a block, and where each begins."""
    return render_rows(block.words(), columns)


def render_rows(texts: Sequence[Sequence[str]], columns: Sequence[OutputColumn]) -> tuple[bytes, NDArray[np.int64]]:
    """The lines of all rows, and where each begins (one entry more than rows)."""
    identifiers, *kept = ([cell(text) for text in column] for column in texts)
    rendered = [identifiers, *map(column_cells, columns), *kept]
    lines = [(",".join(cells) + "\n").encode() for cells in zip(*rendered, strict=True)]
    offsets = np.zeros(len(lines) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)), out=offsets[1:])
    return b"".join(lines), offsets
