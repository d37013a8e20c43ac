"""Columns of labels as Arrow texts, compiled: each row's labels joined by bars."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Text

_BAR = ord("|")


def word_array(column: Text | Flags) -> Any:
    """The words of a column as an Arrow array of texts, the same as :func:`distinct_words` gives.

    >>> word_array(Flags("tests", np.array([[True, False], [True, True]]), ("crp", "esr"))).to_pylist()
    ['crp|esr', 'esr']
    """
    data, begins = _label_bytes(column.labels)
    rows = column.bits.shape[1] if isinstance(column, Flags) else column.codes.shape[1]
    offsets = np.zeros(rows + 1, np.int64)
    if isinstance(column, Flags):
        _flag_lengths(column.bits, begins, offsets)
    else:
        _code_lengths(column.codes, begins, offsets)
    np.cumsum(offsets, out=offsets)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"{column.name}: more than 2 GB of words in one batch")
    out = np.empty(offsets[-1], np.uint8)
    if isinstance(column, Flags):
        _write_flags(column.bits, data, begins, offsets[:-1].copy(), out)
    else:
        _write_codes(column.codes, data, begins, offsets, out)
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


@lru_cache(maxsize=64)
def _label_bytes(labels: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all labels, and where each begins (one more at the end)."""
    encoded = [label.encode() for label in labels]
    return np.frombuffer(b"".join(encoded) or b"\0", np.uint8), np.cumsum([0, *map(len, encoded)], dtype=np.int64)


@njit(nogil=True, cache=True)
def _flag_lengths(bits, begins, offsets):
    """Bytes of each row, at its number plus one: its labels and the bars between them."""
    labels, rows = bits.shape
    for label in range(labels):
        length = begins[label + 1] - begins[label] + 1
        for row in range(rows):
            if bits[label, row]:
                offsets[row + 1] += length
    for row in range(rows):
        if offsets[row + 1] > 0:
            offsets[row + 1] -= 1


@njit(nogil=True, cache=True)
def _write_flags(bits, data, begins, free, out):
    """The labels of each row from where it is ``free`` on; a bar before all but the first."""
    labels, rows = bits.shape
    started = np.zeros(rows, np.bool_)
    for label in range(labels):
        for row in range(rows):
            if bits[label, row]:
                at = free[row]
                if started[row]:
                    out[at] = _BAR
                    at += 1
                started[row] = True
                for byte in range(begins[label], begins[label + 1]):
                    out[at] = data[byte]
                    at += 1
                free[row] = at


@njit(nogil=True, cache=True)
def _code_lengths(codes, begins, offsets):
    """Bytes of each row, at its number plus one: its labels and the bars between them."""
    width, rows = codes.shape
    for row in range(rows):
        total = 0
        for level in range(width):
            code = codes[level, row]
            if code >= 0:
                total += begins[code + 1] - begins[code] + 1
        offsets[row + 1] = max(total - 1, 0)


@njit(nogil=True, cache=True)
def _write_codes(codes, data, begins, offsets, out):
    """The labels of each row."""
    width, rows = codes.shape
    for row in range(rows):
        at, started = offsets[row], False
        for level in range(width):
            code = codes[level, row]
            if code < 0:
                continue
            if started:
                out[at] = _BAR
                at += 1
            started = True
            for byte in range(begins[code], begins[code + 1]):
                out[at] = data[byte]
                at += 1
