"""The scored rows of a run as they come in: as CSV, into several places at once, or in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn, Text
from riskmodel.casefiles.options import Engine
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.select_rows import take_coded, take_columns
from riskmodel.casefiles.write.compression import compressed
from riskmodel.casefiles.write.plain import Rendered, Renderer, header_line, number_cells, output_names, render_block
from riskmodel.casefiles.write.words import distinct_words
from riskmodel.outputs.streams import Sink


class RowWriter(Protocol):
    """Takes scored blocks: ``render`` in any thread and order, the rest in file order."""

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        """Once, before any row: the columns of every block."""

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Any:
        """A block in the form that ``write`` takes."""

    def write(self, rendered: Any, repeated: NDArray[np.bool_]) -> None:
        """Take a block, without the rows that repeat an earlier one."""

    def finish(self) -> None:
        """Once, after the last row."""


class ClosableRows(RowWriter, Protocol):
    """A writer that holds something to let go of after an error."""

    def close(self) -> None:
        """Harmless after ``finish``."""


def renderer_of(engine: Engine) -> Renderer:
    """What makes CSV text of a block that an engine has read."""
    if engine == "small":
        return render_block
    from riskmodel.casefiles.write.compiled import CompiledRenderer

    return CompiledRenderer()


class CsvWriter:
    """Rows as CSV text, rendered by either engine; compressed where the name of the output asks for it."""

    def __init__(self, sink: Sink, name: str, renderer: Renderer) -> None:
        self._sink = compressed(sink, name)
        self.render = renderer

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self._sink.write(header_line(columns, kept_names))

    def write(self, rendered: Rendered, repeated: NDArray[np.bool_]) -> None:
        data, offsets = rendered
        with memoryview(data) as view:  # type: ignore[arg-type]  # arrays are buffers from Python 3.12 on
            start = 0
            for row in np.flatnonzero(repeated).tolist():
                self._sink.write(view[start : offsets[row]])
                start = int(offsets[row + 1])
            self._sink.write(view[start : offsets[-1]])

    def finish(self) -> None:
        self._sink.finish()


@dataclass(frozen=True)
class Writers:
    """Any number of writers as one."""

    writers: Sequence[RowWriter]

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        for writer in self.writers:
            writer.begin(columns, kept_names)

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
        return [writer.render(block, columns) for writer in self.writers]

    def write(self, rendered: list[Any], repeated: NDArray[np.bool_]) -> None:
        for writer, part in zip(self.writers, rendered, strict=True):
            writer.write(part, repeated)

    def finish(self) -> None:
        for writer in self.writers:
            writer.finish()


@dataclass
class RowsInMemory:
    """The first rows of a result (``most``; None: all), a dict each, and how many there are.

    Numbers are those of the digits that a file would have, None where its cell is empty; what is joined by bars
    in a file is a list.
    """

    most: int | None = None
    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self._names = output_names(columns, kept_names)

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> tuple[CodedBlock, Sequence[OutputColumn]]:
        return block, columns

    def write(self, rendered: tuple[CodedBlock, Sequence[OutputColumn]], repeated: NDArray[np.bool_]) -> None:
        accepted = np.flatnonzero(~repeated)
        self.count += len(accepted)
        wanted = accepted if self.most is None else accepted[: self.most - len(self.rows)]
        if wanted.size:
            identifiers, *kept = take_coded(rendered[0], wanted).words()
            values = map(plain_values, take_columns(rendered[1], wanted))
            self.rows += [
                dict(zip(self._names, row, strict=True)) for row in zip(identifiers, *values, *kept, strict=True)
            ]

    def finish(self) -> None:
        """All rows have come."""


def plain_values(column: OutputColumn) -> list[Any]:
    """A column as numbers of a file's digits (None for an empty cell), words, and lists where a file has bars."""
    if isinstance(column, Number):
        return [float(digits) if digits else None for digits in number_cells(column)]
    if isinstance(column, Integer):
        return list(column.values.tolist())
    codes, words = distinct_words(column)
    joined = isinstance(column, Flags) or (isinstance(column, Text) and len(column.codes) > 1)
    cells: list[Any] = [word.split("|") if word else [] for word in words] if joined else words
    return [cells[code] for code in codes.tolist()]
