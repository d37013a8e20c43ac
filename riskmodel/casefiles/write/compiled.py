"""Result columns as CSV text, compiled: the same bytes as :mod:`riskmodel.casefiles.write.plain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Integer, Number, OutputColumn, Text
from riskmodel.casefiles.read.block import CodedBlock, TextCells
from riskmodel.casefiles.write.plain import DECIMALS, LARGEST, SCALES, SMALLEST_DECIMAL, Rendered, render_block

NUMBER, INTEGER, TEXT, FLAGS = 0, 1, 2, 3
WIDEST_NUMBER = 24
SPARE = 16  # bytes behind every array that is copied from or into
CHUNK = np.uint64(SPARE)
_SCALES = np.array(SCALES)

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


class Labels:
    """The bytes of all labels of a run's columns, laid out once for each set of label tuples."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[object, NDArray[np.uint8], NDArray[np.int64]]] = {}
        self._plain: dict[int, tuple[object, bool]] = {}

    def of(self, columns: Sequence[OutputColumn]) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[int]]:
        """Bytes, where each label begins (one more at the end), and each column's first label."""
        parts = [self._one(column.labels) for column in columns if isinstance(column, Text | Flags)]
        data = np.concatenate([*(part for part, _ in parts), np.zeros(SPARE, np.uint8)])
        begins, first, base, count = [], [], 0, 0
        for part, begin in parts:
            first.append(count)
            begins.append(begin + base)
            base, count = base + len(part), count + len(begin)
        return data, np.concatenate(begins) if begins else np.zeros(0, np.int64), first

    def plain(self, labels: tuple[str, ...]) -> bool:
        """Whether no label needs quotes."""
        made = self._plain.get(id(labels))
        if made is None or made[0] is not labels:
            made = self._plain[id(labels)] = (labels, not any(set(label) & set(',"\r\n') for label in labels))
        return made[1]

    def _one(self, labels: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        made = self._made.get(id(labels))
        if made is not None and made[0] is labels:
            return made[1], made[2]
        encoded = [label.encode() for label in labels]
        data = np.frombuffer(b"".join(encoded), np.uint8)
        begin = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        self._made[id(labels)] = (labels, data, begin)
        return data, begin


class CompiledRenderer:
    """Renders the blocks of one run, in any thread."""

    def __init__(self) -> None:
        self._labels = Labels()

    def __call__(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> Rendered:
        """The lines of all rows, and where each begins (one entry more than rows)."""
        texts = block.texts
        if not isinstance(texts, TextCells):
            raise TypeError("the compiled renderer takes bytes, not texts")
        rows = texts.starts.shape[1]
        if not self._is_plain(columns):
            return render_block(block, columns)
        labels, begins, first_label = self._labels.of(columns)
        stacked = _stack(columns, rows, labels, begins)
        stacked.order[[isinstance(column, Text | Flags) for column in columns], 2] = first_label
        offsets = np.empty(rows + 1, np.int64)
        out = np.empty(int(_room(texts.lengths, stacked)) + rows + SPARE, np.uint8)
        used = _render(texts.data, texts.starts, texts.lengths, stacked, out, offsets)
        return out[:used], offsets

    def _is_plain(self, columns: Sequence[OutputColumn]) -> bool:
        """Whether no label needs quotes and every number fits; else the plain renderer has its say."""
        for column in columns:
            if isinstance(column, Number) and (np.abs(column.values) > LARGEST).any():
                return False
            if isinstance(column, Text | Flags) and not self._labels.plain(column.labels):
                return False
        return True


class Stacked(NamedTuple):
    """Result columns for the kernel, those of one kind one under the other.

    ``kinds`` and ``order`` have a row a column: what it is, and (its first row in its stack; its rows or decimals, -10
    for a probability; its first label). ``bits`` holds eight labels a byte, the bytes of a row side by side. The bytes
    of all ``labels`` stand in one array; ``begins`` says where each begins.
    """

    kinds: NDArray[np.int64]
    order: NDArray[np.int64]
    numbers: NDArray[np.float64]
    integers: NDArray[np.int64]
    codes: NDArray[np.int32]
    bits: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    begins: NDArray[np.int64]


def _stack(columns: Sequence[OutputColumn], rows: int, labels: NDArray[np.uint8], begins: NDArray[np.int64]) -> Stacked:
    """The columns stacked; the first labels are still to be filled in."""
    kinds, order = np.empty(len(columns), np.int64), np.zeros((len(columns), 3), np.int64)
    numbers: list[NDArray[np.float64]] = []
    integers: list[NDArray[np.int64]] = []
    codes, bits = [], []
    depth = {TEXT: 0, FLAGS: 0}
    for c, column in enumerate(columns):
        if isinstance(column, Number):
            places = -10 if column.style == "probability" else DECIMALS[column.style]
            kinds[c], order[c] = NUMBER, (len(numbers), places, 0)
            numbers.append(column.values)
        elif isinstance(column, Integer):
            kinds[c], order[c] = INTEGER, (len(integers), 0, 0)
            integers.append(column.values)
        elif isinstance(column, Text):
            kinds[c], order[c] = TEXT, (depth[TEXT], len(column.codes), 0)
            depth[TEXT] += len(column.codes)
            codes.append(column.codes)
        else:  # eight labels a byte, the bytes of a row side by side
            packed = np.packbits(column.bits, axis=0, bitorder="little")
            kinds[c], order[c] = FLAGS, (depth[FLAGS], len(packed), 0)
            depth[FLAGS] += len(packed)
            bits.append(packed)
    return Stacked(
        kinds,
        order,
        np.array(numbers, np.float64).reshape(len(numbers), rows),
        np.array(integers, np.int64).reshape(len(integers), rows),
        np.concatenate(codes).astype(np.int32) if codes else np.zeros((0, rows), np.int32),
        np.ascontiguousarray(np.concatenate(bits).T) if bits else np.zeros((rows, 0), np.uint8),
        labels,
        begins,
    )


@compiled
def _room(lengths, columns):  # type: ignore[no-untyped-def]  # noqa: PLR0912, C901
    """Bytes that are surely enough."""
    kinds, order, _, _, codes, bits, _, begins = columns
    total = 0
    for row in range(lengths.shape[1]):
        for column in range(lengths.shape[0]):
            total += lengths[column, row] + 4
    for c in range(kinds.shape[0]):
        first, count, label = order[c]
        if kinds[c] == TEXT:
            for k in range(first, first + count):
                for row in range(codes.shape[1]):
                    code = codes[k, row]
                    total += 1
                    if code >= 0:
                        total += begins[label + code + 1] - begins[label + code]
        elif kinds[c] == FLAGS:
            for row in range(bits.shape[0]):
                total += 1
                for byte in range(count):
                    rest, k = bits[row, first + byte], label + 8 * byte
                    while rest:
                        if rest & 1:
                            total += begins[k + 1] - begins[k] + 1
                        rest >>= 1
                        k += 1
        else:
            total += WIDEST_NUMBER * lengths.shape[1]
    return total


@compiled
def _whole(value, out, at):  # type: ignore[no-untyped-def]
    """A whole number from 0 on."""
    digits = 1
    power = np.int64(10)
    while value >= power and digits < 18:
        power *= 10
        digits += 1
    for k in range(digits):
        out[at + digits - 1 - k] = 48 + value % 10
        value //= 10
    return at + digits


@compiled
def _fixed(value, places, out, at):  # type: ignore[no-untyped-def]
    """Exactly so many digits."""
    for k in range(places):
        out[at + places - 1 - k] = 48 + value % 10
        value //= 10
    return at + places


@compiled
def _decimal(value, places, out, at):  # type: ignore[no-untyped-def]
    digits = np.int64(np.rint(value * _SCALES[places]))
    if digits < 0:
        out[at] = 45
        at += 1
        digits = -digits
    unit = np.int64(_SCALES[places])
    at = _whole(digits // unit, out, at)
    out[at] = 46
    return _fixed(digits % unit, places, out, at + 1)


@compiled
def _scientific(value, out, at):  # type: ignore[no-untyped-def]
    """Six significant digits and an exponent; the scales are those of the plain renderer, so both round alike."""
    if value > 0:
        for power in range(12, _SCALES.shape[0]):
            digits = np.int64(np.rint(value * _SCALES[power]))
            if digits >= 100_000:
                at = _whole(digits // 100_000, out, at)
                out[at] = 46
                at = _fixed(digits % 100_000, 5, out, at + 1)
                out[at], out[at + 1] = 101, 45
                return _fixed(power - 5, 2, out, at + 2) if power - 5 < 100 else _whole(power - 5, out, at + 2)
    return _decimal(0.0, 10, out, at)


@compiled
def _copy(data, first, last, out, at):  # type: ignore[no-untyped-def]
    """Copy data[first:last], sixteen bytes at a time: both arrays have so many to spare behind their end."""
    done = at + last - first
    while at < done:
        for k in range(CHUNK):
            out[np.uint64(at) + k] = data[np.uint64(first) + k]
        at, first = at + 16, first + 16
    return done


@compiled
def _label(labels, first, last, follows, out, at):  # type: ignore[no-untyped-def]
    """One label, with a bar before it where it follows another."""
    if follows:
        out[at] = 124
        at += 1
    return _copy(labels, first, last, out, at)


@compiled
def _text(data, start, length, out, at):  # type: ignore[no-untyped-def]
    """A text from outside: quoted where needed, an apostrophe before what a spreadsheet would run."""
    quote = False
    for k in range(start, start + length):
        byte = data[k]
        if byte in (44, 34, 13, 10):
            quote = True
    formula = False
    if length:
        byte = data[start]
        formula = byte in (61, 43, 45, 64, 9, 13)
        if byte in (43, 45) and length > 1:  # a plain number is none
            k, digits, dots, plain = start + 1, 0, 0, True
            while k < start + length:
                if 48 <= data[k] <= 57:
                    digits += 1
                elif data[k] == 46 and digits and not dots and k + 1 < start + length:
                    dots = 1
                else:
                    plain = False
                k += 1
            if plain and digits:
                formula = False
    if quote:
        out[at] = 34
        at += 1
    if formula:
        out[at] = 39
        at += 1
    at = _copy(data, start, start + length, out, at)
    if quote:
        out[at] = 34
        at += 1
    return at


@compiled
def _render(texts, starts, lengths, columns, out, offsets):  # type: ignore[no-untyped-def]  # noqa: PLR0912, C901
    """Write the lines of all rows into ``out``, where each begins into ``offsets``; returns the bytes written."""
    kinds, order, numbers, integers, codes, bits, labels, begins = columns  # once: attributes cost time in the loop
    at = 0
    for row in range(starts.shape[1]):
        offsets[row] = at
        at = _text(texts, starts[0, row], lengths[0, row], out, at)
        for c in range(kinds.shape[0]):
            out[at] = 44
            at += 1
            first, count, label = order[c]
            if kinds[c] == NUMBER:
                value = numbers[first, row]
                if np.isnan(value):
                    continue
                if count < 0 and value < SMALLEST_DECIMAL:
                    at = _scientific(value, out, at)
                else:
                    at = _decimal(value, abs(count), out, at)
            elif kinds[c] == INTEGER:
                whole = integers[first, row]
                if whole < 0:
                    out[at] = 45
                    at += 1
                    whole = -whole
                at = _whole(whole, out, at)
            elif kinds[c] == TEXT:
                follows = False
                for k in range(first, first + count):
                    which = codes[k, row]
                    if which >= 0:
                        at = _label(labels, begins[label + which], begins[label + which + 1], follows, out, at)
                        follows = True
            else:
                follows = False
                for byte in range(count):
                    rest, which = bits[row, first + byte], label + 8 * byte
                    while rest:
                        if rest & 1:
                            at = _label(labels, begins[which], begins[which + 1], follows, out, at)
                            follows = True
                        rest >>= 1
                        which += 1
        for k in range(1, starts.shape[0]):
            out[at] = 44
            at = _text(texts, starts[k, row], lengths[k, row], out, at + 1)
        out[at] = 10
        at += 1
    offsets[starts.shape[1]] = at
    return at
