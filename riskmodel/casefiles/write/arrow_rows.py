"""Scored blocks as Arrow: numbers as numbers, words as text; what Parquet, Arrow and record batches out are made of.

A file is written in groups of one size, whatever the blocks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskmodel.answers.column_types import Integer, Number, OutputColumn
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.compression import SinkFile
from riskmodel.casefiles.write.plain import output_names
from riskmodel.casefiles.write.words import distinct_words
from riskmodel.errors import OutputError
from riskmodel.outputs.streams import Sink

GROUP = 1 << 17  # rows


def result_schema(columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> Any:
    """The Arrow schema of a result: numbers are doubles, counts whole, all else text."""
    names = output_names(columns, kept_names)
    kinds = [pa.string(), *map(_kind, columns), *(pa.string() for _ in kept_names)]
    return pa.schema(list(zip(names, kinds, strict=True)))


def result_arrays(block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
    """One Arrow array a column of the result. Texts are as they are: no spreadsheet reads them."""
    identifiers, *kept = (pa.array(words, pa.string()) for words in block.words())
    return [identifiers, *map(arrow_array, columns), *kept]


def _kind(column: OutputColumn) -> Any:
    if isinstance(column, Number):
        return pa.float64()
    return pa.int64() if isinstance(column, Integer) else pa.string()


def arrow_array(column: OutputColumn) -> Any:
    """A column as an Arrow array; NaN is null, no word is an empty text as in CSV."""
    if isinstance(column, Number):
        return pa.array(np.ascontiguousarray(column.values), pa.float64(), from_pandas=True)
    if isinstance(column, Integer):
        return pa.array(np.ascontiguousarray(column.values), pa.int64())
    codes, words = distinct_words(column)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string())).cast(pa.string())


class ArrowRows:
    """Rows as a file in a format of the Arrow family, written in groups of one size."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self._name = name
        self._writer: Any = None
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._rows = 0

    def open_writer(self, file: Any, schema: Any) -> Any:
        """A writer of the format, with ``close``."""
        return pa.ipc.new_file(file, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))

    def write_group(self, writer: Any, group: Any) -> None:
        """Write a table of one chunk a column."""
        writer.write_table(group)

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self._schema = result_schema(columns, kept_names)
        with self._guarded():
            self._writer = self.open_writer(pa.PythonFile(SinkFile(self._sink), mode="w"), self._schema)

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
        return result_arrays(block, columns)

    def write(self, rendered: list[Any], repeated: NDArray[np.bool_]) -> None:
        rows = pa.table(rendered, schema=self._schema)
        self._waiting.append(rows.filter(pa.array(~repeated)) if repeated.any() else rows)
        self._rows += self._waiting[-1].num_rows
        if self._rows >= GROUP:
            waiting = pa.concat_tables(self._waiting)
            whole = self._rows // GROUP * GROUP
            self._write(waiting.slice(0, whole))
            self._waiting = [waiting.slice(whole)]
            self._rows -= whole

    def _write(self, rows: Any) -> None:
        with self._guarded():  # one chunk a group: the bytes then depend on the rows alone
            for start in range(0, rows.num_rows, GROUP):
                self.write_group(self._writer, rows.slice(start, GROUP).combine_chunks())

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
