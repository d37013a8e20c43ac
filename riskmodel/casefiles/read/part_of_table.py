"""A part of a table: the rows between two of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from riskmodel.casefiles.options import Part
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.parquet import ParquetTable
from riskmodel.casefiles.read.table import KnowsUse, OpenTable


class PartOfTable:
    """A table that has no more rows than a part of another; row groups of Parquet that lie before it are not read."""

    def __init__(self, table: OpenTable, part: Part) -> None:
        self._table = table
        self._part = part
        self.name = table.name
        self.schema = table.schema
        self.rows: int | None = part.stop - part.start
        self.header_lines = table.header_lines

    def use(self, findings: Collection[str], passed_on: Collection[str]) -> None:
        """What the columns are for."""
        if isinstance(self._table, KnowsUse):
            self._table.use(findings, passed_on)

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """The rows of the part in order."""
        start, stop, done = self._part.start, self._part.stop, 0
        if start == stop:
            return
        if isinstance(self._table, ParquetTable):
            groups, done = self._table.before(start)
            pieces = self._table.pieces(columns, groups)
        else:
            pieces = self._table.pieces(columns)
        for piece in pieces:
            count = piece.batch.num_rows
            first, end = max(start - done, 0), min(stop - done, count)
            if first < end:
                yield Piece(piece.batch.slice(first, end - first))
            done += count
            if done >= stop:
                return

    def notes(self) -> tuple[str, ...]:
        return self._table.notes()

    def sha256(self) -> str:
        return self._table.sha256()

    def close(self) -> None:
        self._table.close()
