"""Text that is separated by semicolons, tabs or vertical bars: what spreadsheets write where 0,5 is a half."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.kinds import LOOKED_AT
from riskmodel.casefiles.read.separators import STATED, separator_of
from riskmodel.casefiles.read.table import hash_of_file, opened_bytes
from riskmodel.casefiles.read.tokens import MAX_CELL
from riskmodel.cases.cells import excerpt
from riskmodel.cases.header import OTHER_SEPARATORS
from riskmodel.cases.preparation import CellFault
from riskmodel.errors import CasesError

ROWS = 1 << 15  # read at once
_LONGEST_HEADER = 1 << 20


class SeparatedTable:
    """An open text file whose header is separated otherwise than by commas; every cell is a text."""

    rows: int | None = None

    def __init__(self, path: Path, options: RunOptions) -> None:  # noqa: ARG002 - every format takes them
        self.name = str(path)
        self._path = path
        try:
            self._file = io.TextIOWrapper(opened_bytes(path), encoding="utf-8-sig", newline="")
            first = self._file.readline(_LONGEST_HEADER)
        except UnicodeDecodeError as error:
            raise self._not_utf_8(error) from None
        except OSError as error:
            raise CasesError(f"{path}: {error.strerror or error}") from None
        stated = STATED.fullmatch(first)
        self._above = int(stated is not None)
        self._separator = stated[1] if stated else separator_of(first)
        header = self._file.readline(_LONGEST_HEADER) if stated else first
        self._rows = csv.reader(self._file, delimiter=self._separator, strict=True)
        try:
            names = next(csv.reader([header], delimiter=self._separator, strict=True), [])
        except csv.Error as error:
            raise CasesError(f"{self.name}: header: {error}") from None
        self.header_lines = self._above + 1
        self.schema = pa.schema([pa.field(name, pa.string()) for name in names])

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        wanted = [self.schema.names.index(name) for name in columns]
        lines, cells, faults = [], [], []  # type: ignore[var-annotated]
        before = 0
        for line, row in self._records():
            if fault := self._fault(row, len(cells)):
                faults.append(fault)
            lines.append(line - before)
            cells.append([row[at] if at < len(row) else "" for at in wanted])
            if len(cells) == ROWS:
                yield self._piece(columns, cells, lines, self._rows.line_num - before, faults)
                lines, cells, faults, before = [], [], [], self._rows.line_num
        if cells:
            yield self._piece(columns, cells, lines, self._rows.line_num - before, faults)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, each with the number of lines of the table before it."""
        line = 0
        try:
            for row in self._rows:
                if row:
                    yield line, row
                line = self._rows.line_num
        except csv.Error as error:
            raise CasesError(f"{self.name}: line {self.header_lines + line + 1}: {error}") from None
        except UnicodeDecodeError as error:
            raise self._not_utf_8(error) from None
        except (EOFError, OSError) as error:
            raise CasesError(f"{self.name}: damaged after line {self.header_lines + line}: {error}") from None

    def _fault(self, row: list[str], at: int) -> CellFault | None:
        """What is wrong with a row as a whole."""
        if len(row) != len(self.schema):
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            return CellFault(at, "", "", f"{fields}, where the header has {len(self.schema)}")
        for name, cell in zip(self.schema.names, row, strict=True):
            if "\0" in cell:
                return CellFault(at, name, excerpt(cell), "a NUL character in the row")
            if len(cell) > MAX_CELL:
                return CellFault(at, name, excerpt(cell), f"a cell of more than {MAX_CELL} characters")
        return None

    @staticmethod
    def _piece(
        columns: Sequence[str], cells: list[list[str]], lines: list[int], line_count: int, faults: list[CellFault]
    ) -> Piece:
        arrays = [pa.array([row[at] or None for row in cells], pa.string()) for at in range(len(columns))]
        schema = pa.schema([pa.field(name, pa.string()) for name in columns])
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        return Piece(batch, np.array(lines, np.int64), line_count, tuple(faults))

    def _not_utf_8(self, error: UnicodeDecodeError) -> CasesError:
        byte = f"{error.object[error.start]:#04x}"
        return CasesError(f"{self.name}: not text in UTF-8 (byte {byte}); in Excel: File, Save as, CSV UTF-8")

    def notes(self) -> tuple[str, ...]:
        return (f"its fields are separated by {OTHER_SEPARATORS.get(self._separator, repr(self._separator))}",)

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        self._file.close()


def begins(path: Path) -> bytes:
    """The first bytes of a compressed file, decompressed; none where that cannot be done."""
    try:
        with opened_bytes(path) as file:
            return bytes(file.peek(LOOKED_AT)[:LOOKED_AT])
    except (OSError, EOFError):
        return b""
