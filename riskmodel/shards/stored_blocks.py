"""Scored blocks in a file of their own: everything that a run over the whole file needs of them, exactly.

The file is an Arrow stream. A batch is a block: a column for each array, what is not an array in the batch's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn, Text
from riskmodel.casefiles.options import Reject
from riskmodel.casefiles.read.block import CodedBlock, TextCells
from riskmodel.casefiles.read.blocks import PAD
from riskmodel.casefiles.write.compression import SinkFile
from riskmodel.errors import CasesError
from riskmodel.outputs.streams import Sink

_META = b"block"


class StoredRows:
    """Takes the place of a writer of results, and stores blocks as they are."""

    def __init__(self, sink: Sink) -> None:
        self._sink = pa.PythonFile(SinkFile(sink), mode="w")
        self._writer: Any = None

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        """The file begins with its first block."""

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Any:
        """The block as a batch with metadata."""
        return as_batch(block, columns)

    def write(self, rendered: Any, repeated: NDArray[np.bool_]) -> None:
        if repeated.any():
            raise RuntimeError("shards know nothing of repeats")
        batch, metadata = rendered
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writer = pa.ipc.new_stream(self._sink, batch.schema, options=options)
        self._writer.write_batch(batch, custom_metadata={_META: json.dumps(metadata)})

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.close()


def as_batch(block: CodedBlock, columns: Sequence[OutputColumn]) -> tuple[Any, dict[str, Any]]:
    """A block as arrays of one length, and the rest of it."""
    arrays: dict[str, Any] = {"row": block.rows, "defaulted": block.defaulted}
    if block.lines is not None:
        arrays["line"] = block.lines
    for name, rows in (("mask", block.masks), ("translated", block.translated), ("hash", block.hashes)):
        arrays |= {f"{name}.{at}": row for at, row in enumerate(() if rows is None else rows)}
    listed: list[dict[str, Any]] = []
    for at, column in enumerate(columns):
        values, about = _column(column)
        arrays |= {f"column.{at}.{level}": row for level, row in enumerate(values)}
        listed.append(about)
    texts = _texts(block)
    batch = pa.RecordBatch.from_arrays(
        [*(pa.array(np.ascontiguousarray(array)) for array in arrays.values()), *texts],
        names=[*arrays, *(f"text.{at}" for at in range(len(texts)))],
    )
    return batch, {
        "records": block.records,
        "lines": block.line_count,
        "rejects": [astuple(reject) for reject in block.rejects],
        "prepared": dict(block.prepared),
        "bytes": isinstance(block.texts, TextCells),
        "columns": listed,
    }


def _column(column: OutputColumn) -> tuple[Sequence[NDArray[Any]] | NDArray[Any], dict[str, Any]]:
    """The arrays of a column, and what it is; labels that no row shows are left out where they are not counted."""
    about: dict[str, Any] = {"kind": type(column).__name__, "name": column.name}
    if isinstance(column, Number):
        return [column.values], {**about, "style": column.style, "floor": column.floor}
    if isinstance(column, Integer):
        return [column.values], about
    about |= {"tally": column.tally}
    if isinstance(column, Flags):
        return np.packbits(column.bits, axis=0), {**about, "labels": column.labels}
    if column.tally:
        return column.codes, {**about, "labels": column.labels}
    used, codes = np.unique(column.codes, return_inverse=True)
    first = int(np.searchsorted(used, 0))  # codes below 0 are no label
    small = (codes.reshape(column.codes.shape) - first).astype(np.int32)
    return np.maximum(small, -1), {**about, "labels": [column.labels[code] for code in used[first:]]}


def _texts(block: CodedBlock) -> list[Any]:
    """The texts of a block as arrays of bytes; quotes stay doubled where they are."""
    if not isinstance(block.texts, TextCells):
        return [pa.array(column, pa.large_string()).cast(pa.large_binary()) for column in block.texts]
    from riskmodel.shards.gather import gathered

    arrays = []
    for starts, lengths in zip(block.texts.starts, block.texts.lengths, strict=True):
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        out = gathered(block.texts.data, np.ascontiguousarray(starts), offsets)
        arrays.append(
            pa.Array.from_buffers(pa.large_binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(out)])
        )
    return arrays


def stored_blocks(path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The batches of a file, each with its metadata; none of an empty file.

    Raises
    ------
    CasesError
        where it is not what was written.
    """
    try:
        if not path.stat().st_size:
            return
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
            while True:
                try:
                    batch, metadata = reader.read_next_batch_with_custom_metadata()
                except StopIteration:
                    return
                yield batch, json.loads(metadata[_META])
    except (OSError, pa.ArrowException) as error:
        raise CasesError(f"{path}: damaged: {error}") from None


def as_block(batch: Any, metadata: Mapping[str, Any]) -> tuple[CodedBlock, tuple[OutputColumn, ...]]:
    """What :func:`as_batch` made a batch of."""
    names = batch.schema.names

    def stack(name: str, kind: Any) -> NDArray[Any]:
        rows = [np.asarray(batch.column(f"{name}.{at}")) for at in range(sum(n.startswith(f"{name}.") for n in names))]
        return np.stack(rows) if rows else np.zeros((0, batch.num_rows), kind)

    hashes = stack("hash", np.uint64)
    block = CodedBlock(
        records=metadata["records"],
        line_count=metadata["lines"],
        rows=np.asarray(batch.column("row")),
        lines=np.asarray(batch.column("line")) if "line" in names else None,
        masks=stack("mask", np.uint8),
        texts=_cells([batch.column(name) for name in names if name.startswith("text.")], in_bytes=metadata["bytes"]),
        rejects=[Reject(*reject) for reject in metadata["rejects"]],
        defaulted=batch.column("defaulted").to_numpy(zero_copy_only=False),
        hashes=hashes if len(hashes) else None,
        translated=stack("translated", np.uint32),
        prepared=metadata["prepared"],
    )
    columns = tuple(_restored(about, stack(f"column.{at}", np.int32)) for at, about in enumerate(metadata["columns"]))
    return block, columns


def _restored(about: Mapping[str, Any], values: NDArray[Any]) -> OutputColumn:
    name = about["name"]
    if about["kind"] == "Number":
        return Number(name, values[0], about["style"], about["floor"])
    if about["kind"] == "Integer":
        return Integer(name, values[0])
    labels = tuple(about["labels"])
    if about["kind"] == "Text":
        return Text(name, values, labels, about["tally"])
    bits = np.unpackbits(values.astype(np.uint8), axis=0, count=len(labels)).astype(np.bool_)
    return Flags(name, bits, labels, about["tally"])


def _cells(texts: Sequence[Any], *, in_bytes: bool) -> list[list[str]] | TextCells:
    if not in_bytes:
        return [[cell.decode() for cell in column.to_pylist()] for column in texts]
    parts, starts, lengths, base = [], [], [], 0
    for text in texts:
        offsets = np.frombuffer(text.buffers()[1], np.int64)[: len(text) + 1]
        parts.append(np.frombuffer(text.buffers()[2] or b"", np.uint8)[: offsets[-1]])
        starts.append(offsets[:-1] + base)
        lengths.append(np.diff(offsets))
        base += len(parts[-1])
    return TextCells(np.concatenate([*parts, np.zeros(PAD, np.uint8)]), np.stack(starts), np.stack(lengths))
