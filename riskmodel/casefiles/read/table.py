"""A table of any format but CSV as an open case file: what a format gives, and how its rows become blocks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from riskmodel.casefiles.options import SMALL_RECORDS, RunOptions
from riskmodel.casefiles.read.batch_coder import BatchCoder, Piece
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.evidence.records import Variable

BATCH = 1 << 15  # rows coded at once


class OpenTable(Protocol):
    """An open table: one module of this folder a format.

    Attributes
    ----------
    name
        what messages call it.
    schema
        the Arrow schema of its columns.
    rows
        how many there are, None where that would have to be counted.
    header_lines
        lines above the first row, where the format has lines.
    """

    name: str
    schema: Any
    rows: int | None
    header_lines: int

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """All rows in order, with at least these columns. CasesError where the table is damaged."""

    def notes(self) -> tuple[str, ...]:
        """What is to be said of how its cells were read, once all have been."""

    def sha256(self) -> str:
        """The hash of the file's bytes, empty where there is no file."""

    def close(self) -> None:
        """Let go of the file."""


@runtime_checkable
class KnowsUse(Protocol):
    """A table that reads a column by what it is for."""

    def use(self, findings: Collection[str], passed_on: Collection[str]) -> None:
        """Columns that are coded as they are, and those that are no findings: an identifier, what is only kept."""


class TableReader:
    """An open table as a `CaseReader`; only the columns that are needed are read."""

    def __init__(self, table: OpenTable, variables: Sequence[Variable], options: RunOptions) -> None:
        self.name = table.name
        self.table = table
        self.header_lines = table.header_lines
        self._batches = BatchCoder.of(table.schema, variables, options, table.name)
        self.coder = self._batches.coder
        if isinstance(table, KnowsUse):
            table.use(self._batches.findings, self._batches.passed_on)
        self._pieces: Iterable[Piece] = table.pieces(self._batches.needed)
        rows = table.rows
        if rows is None and options.engine == "auto":
            rows = self._look_ahead()
        small = options.engine == "small" or (options.engine == "auto" and rows is not None and rows <= SMALL_RECORDS)
        self.engine: Literal["small", "compiled"] = "small" if small else "compiled"
        self._batches.compiled = not small
        self._done = 0

    def _look_ahead(self) -> int:
        """Rows that there are, of a table that does not know, or more than a small one has."""
        pieces, ahead, rows = iter(self._pieces), [], 0
        while rows <= SMALL_RECORDS and (piece := next(pieces, None)) is not None:
            ahead.append(piece)
            rows += piece.batch.num_rows
        self._pieces = chain(ahead, pieces)
        return rows

    def items(self) -> Iterator[Piece]:
        for piece in self._pieces:
            self._done += piece.batch.num_rows
            yield piece

    def read(self, item: Piece) -> CodedBlock:
        return self._batches.code(item)

    def reread(self, item: Piece, variables: Sequence[Variable]) -> CodedBlock:
        return self._batches.under(variables).code(item)

    def progress(self) -> tuple[int, int | None]:
        return self._done, self.table.rows

    def notes(self) -> tuple[str, ...]:
        return self.table.notes()

    def sha256(self) -> str:
        return self.table.sha256()


def slices(batches: Iterable[Any]) -> Iterator[Piece]:
    """Record batches of any size as pieces of at most ``BATCH`` rows."""
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH):
            yield Piece(batch.slice(start, BATCH))


def opened_bytes(path: Path) -> io.BufferedReader:
    """The bytes of a file, decompressed where its name says so."""
    import pyarrow as pa

    return io.BufferedReader(pa.input_stream(str(path), compression="detect"))


def hash_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
