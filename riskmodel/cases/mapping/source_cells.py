"""The cells of a column of the file as a rule of the mapping reads them: every different text once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases.cells import fold, value_text, whole
from riskmodel.cases.columns import AFFIRMATIVE, NEGATORY, NOT_ASSESSED
from riskmodel.cases.mapping.dates import DateReader
from riskmodel.cases.mapping.quantities import Conversion

if TYPE_CHECKING:
    import pyarrow as pa

YES, NO, BLANK = "yes", "no", ""
UNKNOWN = "not_assessed"  # said of a cell; never read by a recording profile, as a blank may be


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule does not understand a cell, with what is allowed."""

    problem: str


@dataclass(frozen=True, slots=True)
class CodedCells:
    """A column as its different texts and which of them stands in which row: ``texts[codes[row]]``."""

    texts: tuple[str, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.Array, decimal: str = ".") -> CodedCells:
        """A column of texts, numbers, booleans, dates; null is the empty text.

        ``decimal`` is the mark that typed numbers get.
        """
        import pyarrow as pa

        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        numbers = bool(values) and isinstance(values[0], float | Decimal)
        texts = (*(value_text(v).replace(".", decimal) if numbers else value_text(v) for v in values), BLANK)
        codes = encoded.indices.fill_null(len(texts) - 1) if encoded.null_count else encoded.indices
        return cls(texts, np.asarray(codes).astype(np.int64, copy=False))

    def text(self, row: int) -> str:
        """The text of a row."""
        return self.texts[int(self.codes[row])]

    def look_up(self, values: list[int]) -> NDArray[np.int64]:
        """For each row the value of its text."""
        return np.array(values, np.int64)[self.codes]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the file that rules read, with what the mapping says of its cells.

    ``values`` are translated first, then ``missing`` codes are blank, then numbers are converted. ``dates`` reads
    dates, ``decimal`` is the mark of decimal numbers.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    dates: DateReader = field(default_factory=DateReader)
    decimal: str = "."
    unit: str = ""
    conversion: Conversion = field(default_factory=Conversion)

    def read(self, text: str) -> str:
        """What a text stands for: a text, nothing for a blank or a missing code, or ``not_assessed``."""
        text = whole(text)
        if text in self.missing and text not in self.values:
            return BLANK
        text = whole(self.values.get(text, text))
        if text in self.missing:
            return BLANK
        return UNKNOWN if fold(text) in NOT_ASSESSED else text


def truth(text: str) -> str | Refusal:
    """Whether the text of a source says yes, no or nothing.

    >>> truth("1"), truth("False"), truth(""), truth("maybe")
    ('yes', 'no', '', Refusal(problem='neither yes nor no; ...name other words under values in the mapping)'))
    """
    folded = fold(text)
    if folded in AFFIRMATIVE:
        return YES
    if folded in NEGATORY:
        return NO
    if text in (BLANK, UNKNOWN):
        return text
    allowed = "yes, no, 1, 0, true, false, present, absent, positive, negative or blank"
    return Refusal(f"neither yes nor no; allowed: {allowed} (name other words under values in the mapping)")


_TICKED, _UNTICKED = frozenset({"checked", "ticked", "x"}), frozenset({"unchecked", "unticked"})


def tick(text: str) -> str | Refusal:
    """Whether a box is ticked (yes), is not (no), or was not there at all.

    >>> tick("Checked"), tick("0"), tick("")
    ('yes', 'no', '')
    """
    folded = fold(text)
    if folded in _TICKED:
        return YES
    return NO if folded in _UNTICKED else truth(text)


def understood(
    source: SourceColumn, cells: CodedCells, read: Callable[[str], str | Refusal]
) -> tuple[list[str], list[tuple[int, str, str]]]:
    """What ``read`` makes of each different text as the source reads it; and the refused: code, text, and why."""
    readings: list[str] = []
    refused: list[tuple[int, str, str]] = []
    for code, text in enumerate(cells.texts):
        reading = read(source.read(text))
        if isinstance(reading, Refusal):
            refused.append((code, text, reading.problem))
            reading = BLANK
        readings.append(reading)
    return readings, refused
