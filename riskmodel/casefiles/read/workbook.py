"""Workbooks (Excel, OpenDocument) as tables of cases: one sheet, whose first row that is not blank is the header."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.cell_types import cell_text
from riskmodel.casefiles.read.kinds import OLD_OFFICE
from riskmodel.casefiles.read.plain import Memo
from riskmodel.casefiles.read.sheet_errors import error_cells
from riskmodel.casefiles.read.table import hash_of_file
from riskmodel.errors import CasesError, import_extra, nearest

_ROWS = 1 << 12  # taken at once: their cells are turned into columns while they are in the processor's memory


class WorkbookTable:
    """One sheet of a workbook. Every cell is the text that a CSV would hold: dates as ISO 8601, formulas as values.

    Blank rows are no records. The lines of messages are the rows of the sheet.
    """

    rows: int | None = None

    def __init__(self, path: Path, options: RunOptions) -> None:
        self.name = str(path)
        self._path = path
        self._library = import_extra("python_calamine", "excel", f"{path}: workbooks need")
        try:
            self._book = self._library.CalamineWorkbook.from_path(str(path))
        except self._library.PasswordError:
            raise CasesError(f"{path}: it is protected by a password; save it without one") from None
        except (self._library.CalamineError, OSError) as error:
            old = " (an old Excel workbook or Word document?)" if _is_old(path) else ""
            raise CasesError(f"{path}: not a readable workbook{old}: {error}; save the sheet as CSV (UTF-8)") from None
        sheet = self._chosen(options.sheet)
        if len(self._book.sheet_names) > 1:
            self.name = f"{path}, sheet {sheet.name}"
        self._width = sheet.width
        self._errors = error_cells(path, sheet.name, sheet.start[1] if sheet.start else 0)
        self._rows = self._filled_rows(sheet)
        self.header_lines, self._header = self._read_header()
        self._texts = Memo(cell_text)
        self.schema = pa.schema([(name, pa.large_string()) for name in self._header])

    def _chosen(self, asked: str | None) -> Any:
        """The sheet that is asked for, or the only one that holds anything."""
        names = self._book.sheet_names
        if asked is not None:
            if asked not in names:
                raise CasesError(f"{self.name}: there is no sheet {asked!r}{nearest(asked, names)}; {_listed(names)}")
            return self._open(asked)
        filled = [sheet for sheet in map(self._open, names) if sheet.height]
        if not filled:
            raise CasesError(f"{self.name}: no sheet holds anything; a header is needed")
        if len(filled) > 1:
            several = _listed([sheet.name for sheet in filled])
            raise CasesError(f"{self.name}: say which sheet with --sheet NAME; {several}")
        return filled[0]

    def _open(self, name: str) -> Any:
        try:
            return self._book.get_sheet_by_name(name)
        except (self._library.CalamineError, OSError, ValueError) as error:
            raise CasesError(f"{self.name}, sheet {name}: damaged: {error}") from None

    def _filled_rows(self, sheet: Any) -> Iterator[tuple[int, list[Any]]]:
        """The rows that are not blank, with how many rows of the sheet are above each; errors as their texts."""
        for above, cells in enumerate(sheet.iter_rows()):
            for at, text in self._errors.get(above, ()):
                cells[at] = text
            if cells.count("") < len(cells):
                yield above, cells

    def _read_header(self) -> tuple[int, list[str]]:
        """How many rows of the sheet end with the header, and the names."""
        above, cells = next(self._rows, (0, []))
        names = list(map(cell_text, cells))
        while names and not names[-1]:
            names.pop()
        if not names:
            raise CasesError(f"{self.name}: there is no header")
        return above + 1, names

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        wanted = [self._header.index(name) for name in columns]
        width, before = len(self._header), self.header_lines
        while rows := list(islice(self._rows, _ROWS)):
            if self._width > width:
                self._check_beyond(rows, width)
            by_column = list(zip(*(cells for _, cells in rows), strict=True))
            arrays = [self._array(by_column[at]) for at in wanted]
            above = np.array([above for above, _ in rows], np.int64)
            after = int(above[-1]) + 1
            yield Piece(pa.RecordBatch.from_arrays(arrays, names=list(columns)), above - before, after - before)
            before = after

    def _check_beyond(self, rows: Sequence[tuple[int, list[Any]]], width: int) -> None:
        for above, cells in rows:
            beyond = next((cell for cell in cells[width:] if cell != ""), None)
            if beyond is not None:
                text = cell_text(beyond)
                raise CasesError(f"{self.name}: row {above + 1}: {text!r} stands to the right of the last column name")

    def _array(self, cells: Sequence[Any]) -> Any:
        """Cells of one column as texts; blank ones as null."""
        kinds = set(map(type, cells))
        if kinds == {str}:
            texts: Sequence[Any] = cells
        elif kinds <= {str, float, int}:  # no two of these are equal and read differently
            texts = list(map(self._texts.__getitem__, cells))
        else:
            texts = list(map(cell_text, cells))
        array = pa.array(texts, pa.large_string())
        return pc.if_else(pc.equal(array, ""), None, array)

    def notes(self) -> tuple[str, ...]:
        return ()

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        self._book.close()


def _is_old(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(OLD_OFFICE)) == OLD_OFFICE
    return False


def _listed(names: Sequence[str]) -> str:
    return f"sheets: {', '.join(map(repr, names))}"
