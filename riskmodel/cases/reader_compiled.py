"""Reads blocks compiled, for large files; the same rows, rejects and words as the small engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases import kernel_read, tokens
from riskmodel.cases.blocks import Block
from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.coded import CodedBlock, Coder, TextCells, id_problem
from riskmodel.cases.options import Reject
from riskmodel.cases.reader_small import structural_fault
from riskmodel.cases.scored import Masks

MOST_KEYS = 1 << 15  # cell texts kept for a column; beyond it a text is decoded each time it is met
MISSES = 1 << 16  # cells of a block that may be left to Python one by one; more make their rows odd


@dataclass(frozen=True, slots=True)
class _Tables:
    """Known cell texts of all columns, in open tables laid end to end; never changed once made."""

    keys: NDArray[np.uint64]
    masks: NDArray[np.uint8]
    offset: NDArray[np.int64]
    bits: NDArray[np.int64]

    @classmethod
    def of(cls, words: Sequence[dict[bytes, int]]) -> _Tables:
        bits = [max(len(known) * 2, 16).bit_length() for known in words]
        offset = np.cumsum([0, *(1 << b for b in bits)], dtype=np.int64)
        keys = np.zeros((offset[-1], kernel_read.WORDS), np.uint64)
        masks = np.zeros(offset[-1], np.uint8)
        for start, size, known in zip(offset, bits, words, strict=False):
            for text, mask in known.items():
                key = np.frombuffer(text.ljust(kernel_read.LONGEST, b"\0"), np.uint64)
                place = int(kernel_read.slot_of(*key, size))
                while masks[start + place]:
                    place = (place + 1) % (1 << size)
                keys[start + place], masks[start + place] = key, mask
        return cls(keys, masks, offset, np.array(bits, np.int64))


class CompiledReader:
    """The compiled engine: tokenises and codes one block, in any thread."""

    name = "compiled"

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        layout = coder.layout
        texts = (layout.id_field, *layout.kept)
        self._field_row = np.array(layout.rows, np.int64)
        self._field_text = np.full(coder.width, -1, np.int64)
        self._field_text[list(texts)] = range(len(texts))
        self._copies = [texts.index(field) for field in texts]  # a column kept twice is read once
        self._texts = len(texts)
        self._lock = Lock()
        self._words = [_known_words(decoder) for decoder in coder.decoders]
        self._tables = _Tables.of(self._words)
        self._edges, self._edge_first, self._maximum = _whole_edges(coder.decoders)
        self._special = np.zeros(256, np.bool_)
        self._special[[0, kernel_read.NEWLINE, kernel_read.RETURN, kernel_read.QUOTE, kernel_read.COMMA]] = True

    @staticmethod
    def records_end(data: bytearray, start: int, end: int) -> int:
        if data.find(b'"', start, end) < 0:
            return max(data.rfind(b"\n", start, end) + 1, start)
        return int(kernel_read.records_end(np.frombuffer(data, np.uint8), start, end))

    def read(self, block: Block) -> CodedBlock:
        """Tokenise and code one block."""
        coder = self.coder
        fault = structural_fault(block)
        data = np.frombuffer(block.data, np.uint8)
        end = 0 if fault else block.end
        most = int(np.count_nonzero(data[:end] == kernel_read.NEWLINE))
        masks = np.repeat(coder.full[:, None], most, axis=1)
        starts, lines, state = np.empty(most + 1, np.int64), np.empty(most, np.int64), np.empty(most, np.int8)
        text_start, text_length = (np.zeros((self._texts, most), np.int64) for _ in range(2))
        hashes, missed = np.zeros((2, most), np.uint64), np.empty((4, MISSES), np.int64)
        tables = self._tables
        count, misses, line_count = kernel_read.read_block(
            data, end, coder.width, self._field_row, self._field_text, coder.full,
            tables.keys, tables.masks, tables.offset, tables.bits,
            self._edges, self._edge_first, self._maximum, self._special, tokens.MAX_CELL // 4,
            masks, starts, lines, state, text_start, text_length, hashes, missed,
        )  # fmt: skip
        self._decode_missed(block.data, missed[:, :misses], masks, state)
        texts = TextCells(data, text_start[self._copies, :count], text_length[self._copies, :count])
        odd = np.flatnonzero(state[:count])
        kept, rejects = np.ones(count, np.bool_), []
        if odd.size:
            texts, rejects = self._read_odd(block, odd, starts, lines, masks, texts, hashes, kept)
        masks, rows = masks[:, :count], np.arange(count)
        if not kept.all():
            masks, rows, lines, hashes = masks[:, kept], np.flatnonzero(kept), lines[:count][kept], hashes[:, :count][:, kept]
            texts = TextCells(texts.data, texts.starts[:, kept], texts.lengths[:, kept])
        masks = np.ascontiguousarray(masks)
        return CodedBlock(
            count, int(line_count), rows, lines[: len(rows)], masks, texts, rejects, coder.fill_setting(masks), fault,
            hashes[:, : len(rows)],
        )  # fmt: skip

    def _decode_missed(
        self, data: bytearray, missed: NDArray[np.int64], masks: Masks, state: NDArray[np.int8]
    ) -> None:
        """Decode the cells that the tables do not hold, and remember their texts for later blocks."""
        new: dict[tuple[int, bytes], int] = {}
        for record, row, start, stop in missed.T.tolist():
            text = bytes(data[start:stop])
            mask = new.get((row, text))
            if mask is None:
                result = self.coder.decoders[row].decode(text.decode())
                mask = new[row, text] = 0 if isinstance(result, CellProblem) else result
            if mask:
                masks[row, record] = mask
            else:
                state[record] = kernel_read.ODD
        self._remember(new)

    def _remember(self, new: dict[tuple[int, bytes], int]) -> None:
        with self._lock:
            added = False
            for (row, text), mask in new.items():
                known = self._words[row]
                if mask and len(text) <= kernel_read.LONGEST and len(known) < MOST_KEYS and text not in known:
                    known[text] = mask
                    added = True
            if added:
                self._tables = _Tables.of(self._words)

    def _read_odd(
        self,
        block: Block,
        odd: NDArray[np.int64],
        starts: NDArray[np.int64],
        lines: NDArray[np.int64],
        masks: Masks,
        texts: TextCells,
        hashes: NDArray[np.uint64],
        kept: NDArray[np.bool_],
    ) -> tuple[TextCells, list[Reject]]:
        """Read single records in Python; their texts go behind the block's bytes."""
        coder, layout = self.coder, self.coder.layout
        rejects: list[Reject] = []
        extra, base = bytearray(), len(texts.data)
        for record in odd.tolist():
            stop = starts[record + 1] if record + 1 < len(kept) else block.end
            text = _one_record(bytes(block.data[starts[record] : stop]).decode())
            cells = tokens.split_record(text, coder.width)
            if isinstance(cells, tokens.RowFault):
                kept[record] = False
                rejects += coder.explain(record, int(lines[record]), text)
                continue
            coded = [coder.decoders[row].decode(cell) if row >= 0 else 0 for cell, row in zip(cells, layout.rows, strict=True)]
            if any(isinstance(one, CellProblem) for one in coded) or id_problem(cells[layout.id_field]):
                kept[record] = False
                rejects += coder.explain_cells(record, int(lines[record]), cells)
                continue
            for mask, row in zip(coded, layout.rows, strict=True):
                if row >= 0:
                    masks[row, record] = mask
            for place, field in enumerate((layout.id_field, *layout.kept)):
                raw = cells[field].replace('"', '""').encode()
                texts.starts[place, record], texts.lengths[place, record] = base + len(extra), len(raw)
                extra += raw
            raw = np.frombuffer(cells[layout.id_field].replace('"', '""').encode(), np.uint8)
            hashes[:, record] = kernel_read.hash_bytes(raw, 0, len(raw))
        joined = np.concatenate([texts.data, np.frombuffer(bytes(extra), np.uint8)]) if extra else texts.data
        return TextCells(joined, texts.starts, texts.lengths), rejects


def _one_record(text: str) -> str:
    """A record without its line end, and without blank lines behind it."""
    found = tokens.RECORD.match(text)
    if found is None:
        raise RuntimeError("a record with an open quote was taken for a complete one")
    return text[: found.end() - 1].removesuffix("\r")


def _known_words(decoder: CellDecoder) -> dict[bytes, int]:
    """The texts that a column certainly meets: its words, and small whole numbers of a banded variable."""
    texts = [*decoder.words, *(str(number) for number in range(121) if decoder.edges)]
    known = {}
    for text in texts:
        mask = decoder.decode(text)
        if text and len(text.encode()) <= kernel_read.LONGEST and not isinstance(mask, CellProblem):
            known[text.encode()] = mask
    return known


def _whole_edges(decoders: Sequence[CellDecoder]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Band edges of the columns whose numbers the kernel may read itself: whole edges, no mapping."""
    edges: list[int] = []
    first, maximum = [0], []
    for decoder in decoders:
        limits = [*decoder.edges, *([] if decoder.maximum is None else [decoder.maximum])]
        plain = not decoder.rules.values and not decoder.rules.missing and decoder.rules.factor == 1
        if plain and limits and all(limit.denominator == 1 and 0 <= limit < 1 << 40 for limit in limits):
            edges += [int(edge) for edge in decoder.edges]
        first.append(len(edges))
        maximum.append(-1 if decoder.maximum is None else int(decoder.maximum))
    return np.array(edges, np.int64), np.array(first, np.int64), np.array(maximum, np.int64)
