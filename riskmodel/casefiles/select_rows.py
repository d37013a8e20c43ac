"""Checks of what a scorer hands back, and taking rows out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn, ScoredBlock, Text
from riskmodel.casefiles.read.block import CodedBlock, TextCells

Shape = tuple[tuple[str, str, str], ...]


def shape_of(columns: Sequence[OutputColumn]) -> Shape:
    """Names, kinds and styles: what must not change from block to block."""
    return tuple(
        (column.name, type(column).__name__, column.style if isinstance(column, Number) else "") for column in columns
    )


def check_columns(columns: Sequence[OutputColumn], rows: int) -> None:
    """A column of the wrong length or type, or a code without a label, is a bug of the scorer: say which."""
    for column in columns:
        if isinstance(column, Number | Integer):
            wanted = np.float64 if isinstance(column, Number) else np.int64
            good = column.values.shape == (rows,) and column.values.dtype == wanted
        elif isinstance(column, Text):
            good = column.codes.ndim == 2 and column.codes.shape[1] == rows and column.codes.dtype == np.int32
            good = good and bool(column.codes.max(initial=-1) < len(column.labels))
        else:
            good = column.bits.shape == (len(column.labels), rows) and column.bits.dtype == np.bool_
        if not good:
            raise ValueError(f"output column {column.name}: wrong shape, type or code for {rows} rows")


def take_columns(columns: Sequence[OutputColumn], rows: NDArray[np.int64]) -> tuple[OutputColumn, ...]:
    """The same columns with only some rows."""
    return tuple(_take(column, rows) for column in columns)


def _take(column: OutputColumn, rows: NDArray[np.int64]) -> OutputColumn:
    if isinstance(column, Text):
        return replace(column, codes=column.codes[:, rows])
    if isinstance(column, Flags):
        return replace(column, bits=column.bits[:, rows])
    if isinstance(column, Number):
        return replace(column, values=column.values[rows])
    return replace(column, values=column.values[rows])


def take_coded(block: CodedBlock, rows: NDArray[np.int64]) -> CodedBlock:
    """The same block with only some of its accepted rows."""
    texts = block.texts
    if isinstance(texts, TextCells):
        texts = TextCells(texts.data, texts.starts[:, rows], texts.lengths[:, rows])
    else:
        texts = [[column[row] for row in rows.tolist()] for column in texts]
    return replace(
        block,
        rows=block.rows[rows],
        lines=None if block.lines is None else block.lines[rows],
        masks=np.ascontiguousarray(block.masks[:, rows]),
        texts=texts,
        defaulted=block.defaulted[rows],
        hashes=None if block.hashes is None else block.hashes[:, rows],
        translated=block.translated[:, rows] if len(block.translated) else block.translated,
    )


def without_impossible(block: CodedBlock, scored: ScoredBlock) -> tuple[CodedBlock, tuple[OutputColumn, ...]]:
    """Move the rows that the scorer refused from the accepted to the rejected ones."""
    if not scored.impossible:
        return block, scored.columns
    refused = {entry.row: entry for entry in scored.impossible}
    entries = [refused[row] for row in sorted(refused)]
    impossible = [block.reject(entry.row, entry.column, entry.value, entry.problem) for entry in entries]
    keep = np.setdiff1d(np.arange(len(block.rows)), np.fromiter(refused, np.int64, len(refused)))
    rejects = sorted([*block.rejects, *impossible], key=lambda reject: reject.record)
    return replace(take_coded(block, keep), rejects=rejects), take_columns(scored.columns, keep)
