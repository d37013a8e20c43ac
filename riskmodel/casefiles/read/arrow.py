"""Arrow as a table of cases: files (Feather among them), streams, and batches in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.kinds import ARROW_FILE
from riskmodel.casefiles.read.table import hash_of_file, slices
from riskmodel.errors import CasesError


class ArrowTable:
    """An open file in Arrow's format for files (Feather, version 2) or for streams."""

    header_lines = 0

    def __init__(self, path: Path, options: RunOptions) -> None:  # noqa: ARG002 - every format takes them
        self.name = str(path)
        self._path = path
        try:
            self._source = pa.memory_map(str(path))
            self._is_file = self._source.read(len(ARROW_FILE)) == ARROW_FILE
            reader = self._open()
        except OSError as error:
            raise CasesError(f"{path}: {error.strerror or f'not a readable Arrow file: {error}'}") from None
        except pa.ArrowException as error:
            raise CasesError(f"{path}: not a readable Arrow file: {error}") from None
        self.schema = reader.schema
        self.rows: int | None = None

    def _open(self, columns: Sequence[str] | None = None) -> Any:
        fields = None if columns is None else [self.schema.get_field_index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        self._source.seek(0)
        return (pa.ipc.open_file if self._is_file else pa.ipc.open_stream)(self._source, options=options)

    def _batches(self, columns: Sequence[str]) -> Iterator[Any]:
        reader = self._open(columns)
        if self._is_file:
            yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            yield from reader

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        done = 0
        try:
            for piece in slices(self._batches(columns)):
                yield piece
                done += piece.batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise CasesError(f"{self.name}: damaged after row {done}: {error}") from None

    def notes(self) -> tuple[str, ...]:
        return ()

    def sha256(self) -> str:
        return hash_of_file(self._path)

    def close(self) -> None:
        self._source.close()


class BatchTable:
    """Record batches that come from elsewhere: a frame, or an engine that runs on many machines."""

    header_lines = 0
    rows: int | None = None

    def __init__(self, batches: Iterable[Any], schema: Any, name: str) -> None:
        self.name = name
        self.schema = schema
        self._batches = batches

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        for piece in slices(self._batches):
            if piece.batch.schema.names != self.schema.names:
                raise CasesError(f"{self.name}: the columns changed from one batch to the next")
            yield Piece(piece.batch.select(list(columns)))

    def notes(self) -> tuple[str, ...]:
        return ()

    def sha256(self) -> str:
        return ""

    def close(self) -> None:
        """The batches are the caller's."""
