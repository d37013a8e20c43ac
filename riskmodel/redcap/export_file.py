"""An export in: from bytes, or a frame, to a table of texts with the line of each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskmodel.cases.cells import value_text
from riskmodel.errors import CasesError

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = (",", ";", "\t", "|", "^")  # REDCap lets one choose
_WRITTEN_IN = "UTF-8, in which REDCap writes exports (in Excel: save as CSV UTF-8)"


@dataclass(frozen=True, slots=True)
class ExportTable:
    """The cells of an export as texts, row by row; ``lines`` are those of the file (of a frame, rows from 1)."""

    file: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    sha256: str = ""

    def column(self, at: int) -> list[str]:
        return [row[at] for row in self.rows]


def parse_export(content: bytes, file: str = "export") -> ExportTable:
    r"""The table of an export, from its bytes; cells are separated as the first line shows.

    Raises
    ------
    CasesError
        where it is no CSV in UTF-8, or a row has another number of cells than the header.

    Examples
    --------
    >>> table = parse_export(b"record_id,note\n1,\"two\nlines\"\n2,\n")
    >>> table.rows, table.lines
    ([['1', 'two\nlines'], ['2', '']], [2, 4])
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CasesError(f"{file}: UTF-16; allowed: {_WRITTEN_IN}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = f"byte 0x{content[error.start]:02x} is not UTF-8 (Latin-1?)"
        raise CasesError(f"{file}: line {line}: {wrong}; allowed: {_WRITTEN_IN}") from None
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    names: tuple[str, ...] = ()
    rows, lines, start = [], [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not names:
                names = tuple(cells)
            elif cells and len(cells) != len(names):
                raise CasesError(f"{file}: line {start}: {len(cells)} cells, where the header has {len(names)}")
            elif cells:
                rows.append(cells)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise CasesError(f"{file}: line {start}: not CSV: {error}") from None
    if not names:
        raise CasesError(f"{file}: an empty file; allowed: an export of records as CSV")
    return ExportTable(file, names, rows, lines)


def table_of_frame(frame: pd.DataFrame) -> ExportTable:
    """A frame as the table of an export; numbers as an export writes them."""
    columns = [[value_text(value) for value in frame.iloc[:, at].astype(object)] for at in range(frame.shape[1])]
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    return ExportTable("export", tuple(map(str, frame.columns)), rows, range(1, len(frame) + 1))
