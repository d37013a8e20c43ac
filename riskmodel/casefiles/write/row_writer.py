"""The output of a run as rows come in: CSV, or Parquet in its own module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import OutputColumn
from riskmodel.casefiles.read.block import CodedBlock, TextCells
from riskmodel.casefiles.write.compression import GzipSink, ZstdSink
from riskmodel.casefiles.write.plain import header_line, render_rows
from riskmodel.outputs.streams import Sink

Rendered = tuple[bytes | NDArray[np.uint8], NDArray[np.int64]]
Renderer = Callable[[CodedBlock, Sequence[OutputColumn]], Rendered]


class RowWriter(Protocol):
    """Takes scored blocks: ``render`` in any thread and order, the rest in file order."""

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None: ...

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Any: ...

    def write(self, rendered: Any, repeated: NDArray[np.bool_]) -> None: ...

    def finish(self) -> None: ...


def render_small(block: CodedBlock, columns: Sequence[OutputColumn]) -> Rendered:
    if isinstance(block.texts, TextCells):
        raise TypeError("the plain renderer takes texts, not bytes")
    return render_rows(block.texts, columns)


@dataclass(slots=True)
class CsvWriter:
    """Rows as CSV text, rendered by either engine."""

    sink: Sink
    renderer: Renderer

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self.sink.write(header_line(columns, kept_names))

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Rendered:
        return self.renderer(block, columns)

    def write(self, rendered: Rendered, repeated: NDArray[np.bool_]) -> None:
        data, offsets = rendered
        with memoryview(data) as view:  # type: ignore[arg-type]  # arrays are buffers from Python 3.12 on
            start = 0
            for row in np.flatnonzero(repeated).tolist():
                self.sink.write(view[start : offsets[row]])
                start = int(offsets[row + 1])
            self.sink.write(view[start : offsets[-1]])

    def finish(self) -> None:
        if isinstance(self.sink, GzipSink):
            self.sink.finish()


def compressed(sink: Sink, name: str) -> Sink:
    """The sink itself, or a compressor before it where the name of the output asks for one."""
    suffix = name.rpartition(".")[2].lower()
    if suffix == "gz":
        return GzipSink(sink)
    return ZstdSink(sink) if suffix == "zst" else sink
