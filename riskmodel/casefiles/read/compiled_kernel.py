"""The compiled tokeniser: bytes of whole records to masks, ids and the places of passed-on texts.

It knows the grammar of ``tokens`` and looks cells up in tables. Whatever it cannot decide it leaves to
Python: a cell it does not know is a miss, a record it refuses is explained there.
"""

# mypy: ignore-errors
# Functions of the compiler: it gives them their types, which mypy cannot see.
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from riskmodel.casefiles.read.machine_words import (
    below,
    digits_value,
    equal,
    first_bytes,
    load8,
    load64,
    trailing_zeros,
)
from riskmodel.casefiles.read.tokens import MAX_CELL
from riskmodel.evidence.records import MAX_STATES

COMMA, QUOTE, LF, CR = 0x2C, 0x22, 0x0A, 0x0D
AFTER_COMMA = COMMA + 1  # every byte that can end or spoil an unquoted field lies below
LONGEST_NUMBER = 32
LONG_WORDS = 4  # longer cells than these words hold are left to Python

# What a field is for.
IGNORED, WORDS, NUMBERS = 0, 1, 2
# Columns of the plan, one row a field.
KIND, VARIABLE, KEPT, BASE, SHIFT, MULTIPLIER, LONG_BASE, LONG_MASK, TRANSLATED = range(9)
# What the state of a call holds.
POSITION, ROW, LINE, MISSES = range(4)
_K1, _K2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(32)
UNKNOWN = -1
GOOD = 1 << 8  # in an entry of the tables of words: the cell was understood, also where its mask is 0 (a blank)
MASK_BITS = 9  # of an entry, that one included; above them what the mapping did to the cell
NO_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)  # marks an empty entry: no UTF-8 has these bytes


class CellTables(NamedTuple):
    """What cells are looked up in: the plan, a row a field, says where each field's part of the tables begins.

    ``entries`` belong to ``keys``, the bytes of short words, ``long_entries`` to ``long_keys``; ``edges`` (variables,
    states) and ``maxima`` (variables) bound the bands of numbers.
    """

    plan: NDArray[np.int64]
    keys: NDArray[np.uint64]
    entries: NDArray[np.uint32]
    long_keys: NDArray[np.uint64]
    long_entries: NDArray[np.uint32]
    edges: NDArray[np.int64]
    maxima: NDArray[np.int64]


class ParsedRows(NamedTuple):
    """What is told of each row; the last axis is the row.

    ``spans``: where a record begins and ends, and the lines before it. ``starts`` and ``lengths``: of the id and the
    kept texts. ``hashes``: 128 bits of the id. ``translated``: what the mapping did.
    """

    masks: NDArray[np.uint8]
    bad: NDArray[np.bool_]
    spans: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    translated: NDArray[np.uint32]


@njit(nogil=True, cache=True)
def quoted_field(base, start):
    """Where the closing quote of the field at ``start`` is, line breaks inside, and whether NUL is."""
    at = start + 1
    lines = 0
    nul = False
    while True:
        word = load64(base + at)
        marks = equal(word, QUOTE) | below(word, 0x20)  # quotes, and the controls that LF and NUL are among
        if marks == 0:
            at += 8
            continue
        at += trailing_zeros(marks) >> 3
        byte = load8(base + at)
        if byte == QUOTE:
            if load8(base + at + 1) != QUOTE:
                return at, lines, nul
            at += 1
        elif byte == LF:
            lines += 1
        elif byte == 0:
            nul = True
        at += 1


@njit(nogil=True, cache=True)
def unquoted_end(base, start):
    """Where an unquoted field ends (comma, LF, or the CR of CRLF), and whether something spoils it."""
    at = start
    bad = False
    while True:
        word = load64(base + at)
        marks = below(word, AFTER_COMMA)
        if marks == 0:
            at += 8
            continue
        at += trailing_zeros(marks) >> 3
        byte = load8(base + at)
        if byte in (COMMA, LF):
            return at, bad
        if byte == CR:
            if load8(base + at + 1) == LF:
                return at, bad
            bad = True
        elif byte in (QUOTE, 0):
            bad = True
        at += 1


@njit(nogil=True, cache=True)
def hash_text(base, start, length):
    """128 bits of a text."""
    first, second = np.uint64(length) * _K1, np.uint64(length) ^ _K2
    at, rest = base + start, length
    while rest > 0:
        word = load64(at)
        if rest < 8:
            word = first_bytes(word, rest)
        first = (first ^ word) * _K1
        first ^= first >> _SHIFT
        second = (second ^ (word >> np.uint64(29) | word << np.uint64(35))) * _K2
        second ^= second >> _SHIFT
        at += 8
        rest -= 8
    first = (first ^ (second >> np.uint64(31))) * _K2
    second = (second ^ (first >> np.uint64(33))) * _K1
    return first ^ (first >> np.uint64(29)), second ^ (second >> np.uint64(32))


@njit(nogil=True, cache=True)
def hash_texts(data, starts, lengths, hashes):
    """The hashes of many texts."""
    base = np.int64(data.ctypes.data)
    for row in range(len(starts)):
        hashes[0, row], hashes[1, row] = hash_text(base, starts[row], lengths[row])


@njit(nogil=True, cache=True)
def hash_words(base, start, length):
    """The place of a long cell in its table, before masking."""
    mixed = np.uint64(length)
    for offset in range(0, length, 8):
        word = load64(base + start + offset)
        if length - offset < 8:
            word = first_bytes(word, length - offset)
        mixed = (mixed ^ word) * _K1
        mixed ^= mixed >> _SHIFT
    return mixed


@njit(nogil=True, cache=True)
def find_long(base, start, length, plan, field, long_keys, long_entries):
    """The entry of a cell of more than eight bytes, 0 if it is known to be bad, or UNKNOWN."""
    if length > 8 * LONG_WORDS:
        return UNKNOWN
    wrap = plan[field, LONG_MASK]
    slot = np.int64(hash_words(base, start, length) & np.uint64(wrap))
    while True:
        entry = plan[field, LONG_BASE] + slot
        if long_keys[entry, LONG_WORDS] == 0:
            return UNKNOWN
        if long_keys[entry, LONG_WORDS] == np.uint64(length):
            same = True
            for index in range(LONG_WORDS):
                rest = length - 8 * index
                if rest <= 0:
                    break
                word = load64(base + start + 8 * index)
                if rest < 8:
                    word = first_bytes(word, rest)
                same &= word == long_keys[entry, index]
            if same:
                return np.int64(long_entries[entry])
        slot = (slot + 1) & wrap


@njit(nogil=True, cache=True)
def find_short(key, plan, field, keys, entries):
    """The entry of a cell of at most eight bytes, 0 if it is known to be bad, or UNKNOWN."""
    at = np.int64((key * np.uint64(plan[field, MULTIPLIER])) >> np.uint64(plan[field, SHIFT]))
    entry = plan[field, BASE] + at
    while keys[entry] != key:
        if keys[entry] == NO_KEY:
            return UNKNOWN
        entry += 1  # each table ends with an empty entry
    return np.int64(entries[entry])


@njit(nogil=True, cache=True)
def band_of(whole, more, variable, edges, maxima):
    """The band of a number with that whole part (``more``: and a fraction), 0 outside the limits."""
    maximum = maxima[variable]
    if whole < edges[variable, 0] or whole > maximum or (whole == maximum and more):
        return 0
    band = 0
    for index in range(1, MAX_STATES):
        band += whole >= edges[variable, index]
    return 1 << band


@njit(nogil=True, cache=True)
def find_number(base, start, length, variable, edges, maxima):
    """The mask of a plain decimal where edges and maximum are whole numbers, 0 outside, or UNKNOWN."""
    whole, at = 0, 0
    while at < length < LONGEST_NUMBER:
        digit = np.int64(load8(base + start + at)) - 48
        if digit < 0 or digit > 9:
            break
        whole = whole * 10 + digit
        at += 1
    if at == 0 or at > 15:
        return UNKNOWN
    rest = False
    if at < length:
        if load8(base + start + at) != 0x2E or at + 1 == length:
            return UNKNOWN
        for after in range(at + 1, length):
            digit = np.int64(load8(base + start + after)) - 48
            if digit < 0 or digit > 9:
                return UNKNOWN
            rest |= digit > 0
    return band_of(whole, rest, variable, edges, maxima)


@njit(nogil=True, cache=True)
def blank_or_broken(base, start, length):
    """Whether an id is blank (spaces and tabs) or holds a line break."""
    blank = True
    for at in range(start, start + length):
        byte = load8(base + at)
        if byte in (LF, CR):
            return True
        blank &= byte in (0x20, 0x09)
    return blank


@njit(nogil=True, cache=True)
def parse_records(  # noqa: C901, PLR0912, PLR0915 - one pass, all of whose state stays in registers
    data, end, state, id_field, tables, rows, misses
):
    """Parse records from ``state`` on, until the end of the block or until ``rows`` or ``misses`` is full."""
    # unpacked once: an attribute read in the loop costs up to a tenth of the time
    plan, keys, entries, long_keys, long_entries, edges, maxima = tables
    masks, bad_rows, spans, starts, lengths, hashes, translated = rows
    base = np.int64(data.ctypes.data)
    width = len(plan)
    at, row, line, missed = state[POSITION], state[ROW], state[LINE], state[MISSES]
    # every field of a row may be a miss: a row is begun only where all of them would fit
    while at < end and row < len(bad_rows) and missed + width <= len(misses):
        byte = load8(base + at)
        if byte == LF or (byte == CR and load8(base + at + 1) == LF):
            at += 1 + (byte == CR)
            line += 1
            continue
        spans[0, row] = at
        spans[2, row] = line
        bad = False
        field = 0
        while True:
            start = at
            # most cells are unquoted and end within eight bytes: one load finds the comma
            word = load64(base + at)
            marks = below(word, AFTER_COMMA)
            shift = np.int64(0)
            if marks != 0:
                shift = trailing_zeros(marks) >> 3
                at += shift
                byte = load8(base + at)
            content, length = start, shift
            if marks == 0 or byte != COMMA:
                if load8(base + start) == QUOTE:
                    close, breaks, nul = quoted_field(base, start)
                    line += breaks
                    content, length = start + 1, close - start - 1
                    at, spoilt = unquoted_end(base, close + 1)
                    bad |= nul or spoilt or at != close + 1
                else:
                    at, spoilt = unquoted_end(base, start)
                    length = at - start
                    bad |= spoilt
                bad |= at - start > MAX_CELL
                byte = load8(base + at)
                if length <= 8:
                    word = load64(base + content)
            if field < width:
                kind = plan[field, KIND]
                if kind != IGNORED:
                    variable = plan[field, VARIABLE]
                    mask = np.int64(UNKNOWN)
                    if kind == NUMBERS and length > 0:
                        whole = digits_value(word, length) if length <= 8 else -1  # all eight digits at once
                        if whole >= 0:
                            mask = band_of(whole, False, variable, edges, maxima)  # noqa: FBT003 - compiled, by position
                        else:
                            mask = find_number(base, content, length, variable, edges, maxima)
                    if mask == UNKNOWN:
                        if length <= 8:
                            mask = find_short(first_bytes(word, length), plan, field, keys, entries)
                        else:
                            mask = find_long(base, content, length, plan, field, long_keys, long_entries)
                    if mask == UNKNOWN and not bad:  # Python decodes it, and the next block's tables know it
                        misses[missed, 0] = row
                        misses[missed, 1] = variable
                        misses[missed, 2] = content
                        misses[missed, 3] = length
                        missed += 1
                    bad |= mask == 0
                    masks[variable, row] = mask & 255
                    slot = plan[field, TRANSLATED]
                    if slot > 0:
                        translated[slot - 1, row] = max(mask, 0) >> MASK_BITS
                if field == id_field:
                    starts[0, row] = content
                    lengths[0, row] = length
                    bad |= blank_or_broken(base, content, length)
                    hashes[0, row], hashes[1, row] = hash_text(base, content, length)
                slot = plan[field, KEPT]
                if slot > 0:
                    starts[slot, row] = content
                    lengths[slot, row] = length
            field += 1
            if byte != COMMA:
                break
            at += 1
        spans[1, row] = at
        bad_rows[row] = bad or field != width
        at += 1 + (byte == CR)
        line += 1
        row += 1
    state[POSITION], state[ROW], state[LINE], state[MISSES] = at, row, line, missed


@njit(nogil=True, cache=True)
def gather_texts(data, starts, lengths, offsets, gathered):
    """Copy texts one after the other; ``gathered`` has eight bytes more than they take."""
    for row in range(len(starts)):
        start, target = starts[row], offsets[row]
        for byte in range(lengths[row]):
            gathered[target + byte] = data[start + byte]
