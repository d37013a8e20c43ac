"""An Excel workbook as output: one sheet, numbers as numbers, and every text as a text, never as a formula."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Integer, Number, OutputColumn
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.compression import SinkFile
from riskmodel.casefiles.write.plain import column_texts, number_cells, output_names
from riskmodel.errors import OutputError, import_extra
from riskmodel.outputs.streams import Sink

MOST_ROWS = 1_048_576  # of a sheet, the header's among them
LONGEST_TEXT = 32_767  # characters of a cell
_MADE = datetime.datetime(1980, 1, 1)


class WorkbookRows:
    """Rows as a sheet, with the digits of a CSV. They go to a temporary file as they come: memory stays small."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._name = name
        library = import_extra("xlsxwriter", "excel", f"{name}: writing a workbook needs")
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book: Any = library.Workbook(SinkFile(sink), {"constant_memory": True, **plain})
        self._book.set_properties({"created": _MADE})
        self._sheet: Any = self._book.add_worksheet("scored")
        self._row = 0

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self._sheet.freeze_panes(1, 1)
        self._append(output_names(columns, kept_names))

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Sequence[Any]]:
        """The cells of each column."""
        identifiers, *kept = block.words()
        return [identifiers, *map(_cells, columns), *kept]

    def write(self, rendered: list[Sequence[Any]], repeated: NDArray[np.bool_]) -> None:
        rows = int(np.count_nonzero(~repeated))
        if self._row + rows > MOST_ROWS:
            raise OutputError(
                f"{self._name}: a sheet holds {MOST_ROWS:,} rows, and there are more; write .csv, .parquet or .arrow"
            )
        for cells, again in zip(zip(*rendered, strict=True), repeated.tolist(), strict=True):
            if not again:
                self._append(cells)

    def _append(self, cells: Sequence[Any]) -> None:
        for at, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if not isinstance(cell, str):
                self._sheet.write_number(self._row, at, cell)
                continue
            if len(cell) > LONGEST_TEXT:
                long = f"a text of {len(cell):,} characters; a cell of a workbook holds {LONGEST_TEXT:,}"
                raise OutputError(f"{self._name}: case {cells[0]}: {long}: write .csv, .parquet or .arrow")
            self._sheet.write_string(self._row, at, cell)
        self._row += 1

    def finish(self) -> None:
        try:
            self._book.close()
        except OSError as error:
            raise OutputError(f"{self._name}: cannot be written: {error.strerror or error}") from None
        self._book = None

    def close(self) -> None:
        """Let go of the temporary files after an error; what was written is thrown away with the file."""
        if self._book is not None:
            with contextlib.suppress(Exception):
                self._book.close()


def _cells(column: OutputColumn) -> Sequence[Any]:
    if isinstance(column, Number):
        return [float(digits) if digits else None for digits in number_cells(column)]
    if isinstance(column, Integer):
        return list(column.values.tolist())
    return column_texts(column)
