"""Parquet as a table of cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.table import BATCH, hash_of_file
from riskmodel.errors import CasesError


class ParquetTable:
    """An open Parquet file."""

    header_lines = 0

    def __init__(self, path: Path, options: RunOptions) -> None:  # noqa: ARG002 - every format takes them
        self.name = str(path)
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except OSError as error:
            raise CasesError(f"{path}: {error.strerror or error}") from None
        except pa.ArrowException as error:
            raise CasesError(f"{path}: not a readable Parquet file: {error}") from None
        self.schema = self._file.schema_arrow
        self.rows: int | None = self._file.metadata.num_rows
        self._by_dictionary: list[str] = []

    def use(self, findings: Collection[str], passed_on: Collection[str]) -> None:  # noqa: ARG002
        """Texts of findings are read as they are stored: their different words, and which of them each cell is."""
        texts = (pa.types.is_string, pa.types.is_large_string)
        named = [column.name for column in self.schema if any(test(column.type) for test in texts)]
        self._by_dictionary = [name for name in named if name in findings]

    def before(self, row: int) -> tuple[int, int]:
        """The row groups that end at or before a row, and the rows in them."""
        rows, groups = 0, 0
        while groups < self._file.num_row_groups:
            following = rows + self._file.metadata.row_group(groups).num_rows
            if following > row:
                break
            rows, groups = following, groups + 1
        return groups, rows

    def pieces(self, columns: Sequence[str], skipped: int = 0) -> Iterator[Piece]:
        """All rows in order, without the first row groups if these are to be ``skipped``."""
        if self._by_dictionary:
            self._file.close()
            self._file = pq.ParquetFile(self._path, read_dictionary=self._by_dictionary)
        groups = list(range(skipped, self._file.num_row_groups))
        batches, done = self._file.iter_batches(batch_size=BATCH, row_groups=groups, columns=list(columns)), 0
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise CasesError(f"{self.name}: damaged after row {done}: {error}") from None
            if batch is None:
                return
            done += batch.num_rows
            yield Piece(batch)

    def notes(self) -> tuple[str, ...]:
        return ()

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        self._file.close()
