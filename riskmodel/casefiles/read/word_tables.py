"""Tables from the bytes of a cell to its entry, for the compiled reader: known words first, others learned.

An entry is the mask of the cell, a bit for a good cell and, above these, what the mapping did; 0 for a bad one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from riskmodel.casefiles.read import compiled_kernel as kernel
from riskmodel.casefiles.read.block import Coder
from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.columns import NOT_ASSESSED
from riskmodel.evidence.records import MAX_STATES

_MOST_WORDS = 4096  # learned for one variable; further ones are decoded each time they come
_WORD = 8
_MASK64 = (1 << 64) - 1
_MULTIPLIERS = [int(m) | 1 for m in np.random.default_rng(1).integers(1 << 62, 1 << 63, 16)]
_NEVER = np.iinfo(np.int64).max


class Tables:
    """What the kernel needs to know of each field, and the words of each variable.

    ``current`` is a snapshot that is replaced, never changed, when words are learned.
    """

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        self._lock = threading.Lock()
        self._words = [seeds(decoder) for decoder in coder.decoders]
        self._fresh = 0
        self._bands = _whole_edges(coder.decoders)
        self.current = self._build()

    def decode(self, variable: int, key: bytes) -> int:
        """The entry of a cell the kernel did not know; learned for the next block."""
        words = self._words[variable]
        entry = words.get(key)
        if entry is None:
            entry = entry_of(self.coder.decoders[variable], key.decode().replace('""', '"'))
            if len(words) < _MOST_WORDS and len(key) <= _WORD * kernel.LONG_WORDS and b'"' not in key:
                with self._lock:
                    words[key] = entry
                    self._fresh += 1
        return entry

    def refresh(self) -> None:
        """Take learned words into the tables, when there are enough to be worth it."""
        with self._lock:
            if self._fresh and self._fresh * 16 >= sum(map(len, self._words)) // len(self._words):
                self._fresh = 0
                self.current = self._build()

    def _build(self) -> kernel.CellTables:
        layout = self.coder.layout
        plan = np.zeros((len(layout.names), kernel.TRANSLATED + 1), np.int64)
        for slot, field in enumerate(layout.kept, 1):
            plan[field, kernel.KEPT] = slot
        keys: list[NDArray[np.uint64]] = []
        entries: list[NDArray[np.uint32]] = []
        long_keys: list[NDArray[np.uint64]] = []
        long_entries: list[NDArray[np.uint32]] = []
        base = long_base = 0
        for field, row in enumerate(layout.rows):
            if row < 0:
                continue
            words = self._words[row]
            multiplier, shift, field_keys, field_entries = _short_table(words)
            field_long, field_long_entries = _long_table(words)
            number = self._bands[0][row, 0] != _NEVER
            plan[field, kernel.KIND] = kernel.NUMBERS if number else kernel.WORDS
            plan[field, kernel.VARIABLE] = row
            plan[field, kernel.BASE] = base
            plan[field, kernel.SHIFT] = shift
            plan[field, kernel.MULTIPLIER] = multiplier
            plan[field, kernel.LONG_BASE] = long_base
            plan[field, kernel.LONG_MASK] = len(field_long) - 1
            plan[field, kernel.TRANSLATED] = self.coder.slots.get(row, -1) + 1
            keys.append(field_keys)
            entries.append(field_entries)
            long_keys.append(field_long)
            long_entries.append(field_long_entries)
            base += len(field_keys)
            long_base += len(field_long)
        arrays = (
            np.concatenate(parts) if parts else empty
            for parts, empty in (
                (keys, np.zeros(1, np.uint64)),
                (entries, np.zeros(1, np.uint32)),
                (long_keys, np.zeros((1, kernel.LONG_WORDS + 1), np.uint64)),
                (long_entries, np.zeros(1, np.uint32)),
            )
        )
        return kernel.CellTables._make([plan, *arrays, *self._bands])


def entry_of(decoder: CellDecoder, text: str) -> int:
    """The mask of a cell with what the mapping did to it, 0 when it is bad."""
    mask = decoder.decode(text)
    return 0 if isinstance(mask, CellProblem) else kernel.GOOD | mask | decoder.translation(text) << kernel.MASK_BITS


def seeds(decoder: CellDecoder) -> dict[bytes, int]:
    """The words a column knows, in the usual cases of letters, with their entries (0 for a bad blank)."""
    words: Iterable[str] = [*decoder.words, *NOT_ASSESSED]
    texts = {"", *decoder.rules.values, *decoder.rules.missing}
    for word in words:
        texts |= {word, word.lower(), word.upper(), word.capitalize()}
    texts |= {f"{text}.0" for text in texts if text.isdigit()}
    entries = {}
    for text in texts:
        entry = entry_of(decoder, text)
        fits = len(text.encode()) <= _WORD * kernel.LONG_WORDS and '"' not in text and "\0" not in text
        if text == "" or (fits and entry):
            entries[text.encode()] = entry
    return entries


def _whole_edges(decoders: list[CellDecoder]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Band edges and maxima of the variables whose numbers the kernel may read itself."""
    edges = np.full((len(decoders), MAX_STATES), _NEVER, np.int64)
    maxima = np.full(len(decoders), _NEVER, np.int64)
    for row, decoder in enumerate(decoders):
        limits = [*decoder.edges, *([] if decoder.maximum is None else [decoder.maximum])]
        mapped = [*decoder.rules.values, *decoder.rules.missing]
        whole = all(limit.denominator == 1 and 0 <= limit < 10**15 for limit in limits)
        if decoder.edges and whole and decoder.rules.factor == 1 and not any(text[:1].isdigit() for text in mapped):
            edges[row, : len(decoder.edges)] = [int(edge) for edge in decoder.edges]
            if decoder.maximum is not None:
                maxima[row] = int(decoder.maximum)
    return edges, maxima


def _short_table(words: dict[bytes, int]) -> tuple[int, int, NDArray[np.uint64], NDArray[np.uint32]]:
    """A table of the words of at most eight bytes, under the multiplier that scatters them best."""
    short = {int.from_bytes(word, "little"): entry for word, entry in words.items() if len(word) <= _WORD}
    bits = max(4, (4 * len(short)).bit_length())
    shift = 64 - bits

    def distinct(multiplier: int) -> int:
        return len({(key * multiplier & _MASK64) >> shift for key in short})

    best = max(_MULTIPLIERS if len(short) < 256 else _MULTIPLIERS[:1], key=distinct)
    size = (1 << bits) + len(short) + 1
    keys, entries = np.full(size, kernel.NO_KEY, np.uint64), np.zeros(size, np.uint32)
    for key, entry in short.items():
        slot = (key * best & _MASK64) >> shift
        while keys[slot] != kernel.NO_KEY:
            slot += 1
        keys[slot], entries[slot] = key, entry
    return best, shift, keys, entries


def _long_table(words: dict[bytes, int]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """A table of the longer words: four words of content and the length, 0 where empty."""
    long = {word: entry for word, entry in words.items() if len(word) > _WORD}
    size = 1 << max(3, (3 * len(long)).bit_length())
    keys, entries = np.zeros((size, kernel.LONG_WORDS + 1), np.uint64), np.zeros(size, np.uint32)
    text = np.zeros(_WORD * (kernel.LONG_WORDS + 1), np.uint8)
    for word, entry in long.items():
        text[:] = 0
        text[: len(word)] = np.frombuffer(word, np.uint8)
        slot = int(kernel.hash_words(text.ctypes.data, 0, len(word))) & (size - 1)
        while keys[slot, kernel.LONG_WORDS]:
            slot = (slot + 1) & (size - 1)
        keys[slot, : kernel.LONG_WORDS] = text.view(np.uint64)[: kernel.LONG_WORDS]
        keys[slot, kernel.LONG_WORDS], entries[slot] = len(word), entry
    return keys, entries
