"""Parquet output: numbers as numbers, words as text, in row groups of one size whatever the blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from riskmodel.answers.column_types import OutputColumn
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.arrow_rows import result_arrays, result_schema
from riskmodel.casefiles.write.compression import SinkFile
from riskmodel.errors import OutputError
from riskmodel.outputs.streams import Sink

ROW_GROUP = 1 << 17


class ParquetRows:
    """Rows as Parquet."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self._name = name
        self._writer: Any = None
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._rows = 0

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self._schema = result_schema(columns, kept_names)
        with self._guarded():
            sink = pa.PythonFile(SinkFile(self._sink), mode="w")
            self._writer = pq.ParquetWriter(sink, self._schema, compression="zstd")

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
        return result_arrays(block, columns)

    def write(self, rendered: list[Any], repeated: NDArray[np.bool_]) -> None:
        rows = pa.table(rendered, schema=self._schema)
        self._waiting.append(rows.filter(pa.array(~repeated)) if repeated.any() else rows)
        self._rows += self._waiting[-1].num_rows
        if self._rows >= ROW_GROUP:
            waiting = pa.concat_tables(self._waiting)
            whole = self._rows // ROW_GROUP * ROW_GROUP
            self._write(waiting.slice(0, whole))
            self._waiting = [waiting.slice(whole)]
            self._rows -= whole

    def _write(self, rows: Any) -> None:
        with self._guarded():  # one chunk a row group: pages then depend on the rows alone
            for start in range(0, rows.num_rows, ROW_GROUP):
                self._writer.write_table(rows.slice(start, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)

    def finish(self) -> None:
        if self._rows:
            self._write(pa.concat_tables(self._waiting))
        with self._guarded():
            self._writer.close()
        self._writer = None

    def close(self) -> None:
        """Let go of the writer after an error; what it still holds is thrown away with the file."""
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self._name}: cannot be written: {error.strerror or error}") from None
