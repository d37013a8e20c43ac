"""A review's extraction sheet as it comes: from the bytes of a file, or a frame, to columns and rows of texts."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import Problems, StudiesError, UsageError
from riskmodel.synthesis.sheet_columns import meaning_of

if TYPE_CHECKING:
    import pandas as pd

OTHER_FILES = (
    (b"PK\x03\x04", "is an Excel workbook or another packed file", "in Excel: File, Save as, CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "in Excel: File, Save as, CSV UTF-8"),
    (b"%PDF", "is a PDF", "copied into a spreadsheet and saved as CSV"),
    (b"<", "is XML or HTML, such as RevMan's own file", "in RevMan: the data table, exported as CSV"),
)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # Excel writes and reads such a first line
LINES_ABOVE = 10  # in which the names of the columns are looked for
NAMES_ENOUGH = 3  # columns with a meaning make a line of names


@dataclass(frozen=True, slots=True)
class SheetReading:
    """What a sheet says and what it was read as, where this is not the same letter by letter.

    ``column`` as the sheet names it, or empty for the sheet or the row as a whole; ``row`` empty for the whole column;
    ``received`` empty for a blank; ``read_as`` empty for what is not used.
    """

    column: str
    row: str
    received: str
    read_as: str


@dataclass(frozen=True, slots=True)
class SheetCells:
    """Columns as they are named in the sheet, and rows under what each is called (line 3, row 2)."""

    file: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    readings: list[SheetReading] = field(default_factory=list)


def sheet_cells(table: str | Path | pd.DataFrame) -> SheetCells:
    """The cells of a file or a frame, without what is blank all over.

    Raises
    ------
    StudiesError
        for a file that cannot be read, or is no table.
    UsageError
        for what is neither.
    """
    import pandas as pd

    if not isinstance(table, (str, Path, pd.DataFrame)):
        raise UsageError(f"studies are the path of a CSV file or a pandas frame, not a {type(table).__name__}")
    if isinstance(table, pd.DataFrame):
        rows = [
            (f"row {index}", tuple(_text(value) for value in row))
            for index, row in zip(table.index, table.itertuples(index=False, name=None), strict=True)
        ]
        return _without_blanks(SheetCells("studies", tuple(str(name).strip() for name in table.columns), tuple(rows)))
    return _file_cells(Path(table))


def _text(value: object) -> str:
    import pandas as pd

    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():  # pandas makes floats of whole numbers beside blanks
        return str(int(value))
    return str(value).strip()


def _file_cells(path: Path) -> SheetCells:
    problems, readings = Problems(file=str(path)), list[SheetReading]()
    text = _decoded(path, problems, readings)
    try:
        first, separator = _dialect(text, readings)
        records = [
            (f"line {number}", tuple(cell.strip() for cell in cells))
            for number, cells in _records(text, separator, first)
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        problems.note("", f"is no table: {error}", "a CSV file")
        raise StudiesError(problems.listed) from error
    if not records:
        problems.note("", "the file is empty", "a first line with the names of the columns: study, tp, fp, fn, tn …")
        raise StudiesError(problems.listed)
    at = _line_of_names([cells for _, cells in records])
    for label, cells in records[:at]:
        readings.append(SheetReading("", label, " ".join(filter(None, cells)), "a line above the names of the columns"))
    names, rows = records[at][1], []
    for label, cells in records[at + 1 :]:
        if any(cells[len(names) :]):
            problems.at(label).note("", f"{len(cells)} cells", f"as many cells as there are columns: {len(names)}")
        rows.append((label, (*cells[: len(names)], *[""] * (len(names) - len(cells)))))
    if problems.listed:
        raise StudiesError(problems.listed)
    return _without_blanks(SheetCells(str(path), names, tuple(rows), readings))


def _decoded(path: Path, problems: Problems, readings: list[SheetReading]) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.note("", f"cannot be read: {error.strerror}", "a CSV file")
        raise StudiesError(problems.listed) from error
    for start, received, allowed in OTHER_FILES:
        if content.lstrip(codecs.BOM_UTF8).startswith(start):
            problems.note("", received, f"a CSV file ({allowed})")
            raise StudiesError(problems.listed)
    if content.startswith(UTF_16):
        readings.append(SheetReading("", "", "the file", "UTF-16"))
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        received = f"byte {error.start} is not UTF-8"
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        problems.note("", f"{received}, and byte {error.start} not Windows-1252", "a CSV file saved as UTF-8")
        raise StudiesError(problems.listed) from error
    readings.append(SheetReading("", "", f"the file ({received})", "Windows-1252"))
    return text


def _dialect(text: str, readings: list[SheetReading]) -> tuple[int, str]:
    """How many lines come before the table, and what separates its cells."""
    head = text.lstrip().partition("\n")[0].strip()
    stated = SEPARATOR_LINE.fullmatch(head)
    if stated:
        return 1, stated[1]
    counts = {separator: _most_cells(text, separator) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda each: counts[each])
    if separator != ",":
        readings.append(SheetReading("", "", "the file", f"cells separated by {SEPARATORS[separator]}"))
    return 0, separator


def _most_cells(text: str, separator: str) -> tuple[int, int]:
    """Of the first lines: the most cells with a meaning as the name of a column, and the most cells."""
    lines = [cells for (_, cells), _ in zip(_records(text, separator, 0), range(LINES_ABOVE), strict=False)]
    return max(map(_meanings, lines), default=0), max(map(len, lines), default=0)


def _meanings(cells: Sequence[str]) -> int:
    return len({meaning for cell in cells if (meaning := meaning_of(cell))})


def _line_of_names(records: Sequence[Sequence[str]]) -> int:
    """The first line that reads like names of columns; without one, the first line."""
    return next((i for i, cells in enumerate(records[:LINES_ABOVE]) if _meanings(cells) >= NAMES_ENOUGH), 0)


def _records(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The number of each record's first line, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    for number, cells in enumerate(reader):
        if number >= skipped:
            yield start, cells
        start = reader.line_num + 1


def _without_blanks(sheet: SheetCells) -> SheetCells:
    """Without blank rows, and without columns that have neither a name nor a cell; numbers of rows are told."""
    rows = [(label, cells) for label, cells in sheet.rows if any(cells)]
    kept = []
    for i, name in enumerate(sheet.names):
        cells = [row[i] for _, row in rows]
        if name or any(cells):
            kept.append(i)
        if not name and rows and cells == [str(number) for number in range(1, len(rows) + 1)]:
            kept.remove(i)
            unnamed = f"column {i + 1}, which has no name,"
            sheet.readings.append(SheetReading("", "", unnamed, "the numbers of the rows, left out"))
    names = tuple(sheet.names[i] for i in kept)
    return SheetCells(
        sheet.file, names, tuple((label, tuple(cells[i] for i in kept)) for label, cells in rows), sheet.readings
    )


def reading_lines(readings: Sequence[SheetReading]) -> list[str]:
    """The readings in few lines: those of a column stand together.

    >>> reading_lines([SheetReading("TP", "", "TP", "tp"), SheetReading("age", "", "age", ""),
    ...                SheetReading("design", "line 2", "Two-gate", "two_gate"),
    ...                SheetReading("design", "line 3", "Two-gate", "two_gate"),
    ...                SheetReading("tn", "line 3", "1,204", "1204")])
    ["columns: 'TP' as tp", "columns not used: 'age'", "design: 'Two-gate' as two_gate (2 rows)", \
"tn: '1,204' as 1204 (line 3)"]
    """
    columns = [f"{r.column!r} as {r.read_as}" for r in readings if r.column and not r.row and r.read_as]
    unused = [repr(r.column) for r in readings if r.column and not r.row and not r.read_as]
    lines = [f"{r.received} as {r.read_as}" for r in readings if not r.column and not r.row]
    lines += [f"columns: {', '.join(columns)}"] if columns else []
    lines += [f"columns not used: {', '.join(unused)}"] if unused else []
    cells: dict[str, dict[tuple[str, str], list[str]]] = {}
    for r in readings:
        if r.row:
            cells.setdefault(r.column, {}).setdefault((r.received, r.read_as), []).append(r.row)
    for column, alike in cells.items():
        parts = [
            f"{repr(received) if received else 'blank'} as {read_as} "
            f"({rows[0] if len(rows) == 1 else f'{len(rows)} rows'})"
            for (received, read_as), rows in alike.items()
        ]
        lines += [f"{column}: {'; '.join(parts)}"] if column else parts
    return lines
