"""One compiled pass over a block of bytes: records, fields, and the mask of every cell it knows.

It reads what is plain: cells without line breaks or doubled quotes where a state is expected. Any record that
is not, or may be faulty, is left to Python, which decides with the words and messages of the small engine.
Importing this loads a compiler.
"""

# mypy: ignore-errors
# Functions of the compiler: it gives them their types, which mypy cannot see.
from __future__ import annotations

import numba
import numpy as np

WORDS = 3  # a cell is looked up by its first 24 bytes; a longer one is left to Python
LONGEST = 8 * WORDS
PLAIN, ODD = 0, 1  # what became of a record
COMMA, NEWLINE, RETURN, QUOTE, DOT, ZERO, NINE, SPACE, TAB = 44, 10, 13, 34, 46, 48, 57, 32, 9

# Eight bytes at once: which are below '-' (0x2d), and the place of the lowest of them.
BELOW, HIGH_BITS = np.uint64(0x2D2D2D2D2D2D2D2D), np.uint64(0x8080808080808080)
PLACES, ONE, SEVEN, TO_TOP = np.uint64(0x0001020304050607), np.uint64(1), np.uint64(7), np.uint64(56)

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


@compiled
def records_end(data, start, end):
    """Where the last complete record of data[start:end] ends; quotes may hide line ends."""
    last, i = start, start
    while i < end:
        if data[i] == QUOTE:  # at the start of a field
            i += 1
            while i < end:
                if data[i] != QUOTE:
                    i += 1
                elif i + 1 < end and data[i + 1] == QUOTE:
                    i += 2
                else:
                    break
            i += 1
        while i < end and data[i] != COMMA and data[i] != NEWLINE:
            i += 1
        if i < end and data[i] == NEWLINE:
            last = i + 1
        i += 1
    return last


@compiled
def slot_of(w0, w1, w2, bits):
    """Where the search for a key begins in a table of 2**bits places."""
    h = w0 * np.uint64(0x9E3779B97F4A7C15)
    if w1:
        h ^= w1 * np.uint64(0xC2B2AE3D27D4EB4F) ^ w2 * np.uint64(0x165667B19E3779F9)
        h *= np.uint64(0xBF58476D1CE4E5B9)
    return (h ^ (h >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93) >> (np.uint64(64) - bits)


@compiled
def look_up(keys, masks, offset, bits, w0, w1, w2):
    """The mask of a key, 0 where the table does not hold it; offset and bits unsigned."""
    last = (ONE << bits) - ONE
    place = slot_of(w0, w1, w2, bits)
    while True:
        at = offset + place
        if keys[at, 0] == w0 and keys[at, 1] == w1 and keys[at, 2] == w2:
            return masks[at]  # 0 in a free place, whose key is 0: no text begins with NUL
        if masks[at] == 0:
            return np.uint8(0)
        place = (place + ONE) & last


@compiled
def _number(data, start, end, edges, first, last, maximum):
    """The mask of plain decimals in bands with whole edges, 0 for anything else."""
    if end - start > 15 or data[start] < ZERO or data[start] > NINE:
        return np.uint8(0)
    whole, i = 0, start
    while i < end and ZERO <= data[i] <= NINE:
        whole = whole * 10 + np.int64(data[i]) - ZERO
        i += 1
    if i - start > 1 and data[start] == ZERO:
        return np.uint8(0)
    fraction = False
    if i < end:
        if data[i] != DOT or i + 1 == end:
            return np.uint8(0)
        i += 1
        while i < end:
            if data[i] < ZERO or data[i] > NINE:
                return np.uint8(0)
            fraction = fraction or data[i] != ZERO
            i += 1
    if whole < edges[first] or (maximum >= 0 and (whole > maximum or (whole == maximum and fraction))):
        return np.uint8(0)
    band = 0
    for k in range(first + 1, last):
        if whole >= edges[k]:
            band = k - first
    return np.uint8(1 << band)


@compiled
def _mix(h, w, k):
    h = (h ^ w) * k
    return h ^ (h >> np.uint64(32))


@compiled
def hash_bytes(data, start, end):
    """128 bits of a text, as two numbers."""
    a = np.uint64(0x243F6A8885A308D3) ^ np.uint64(end - start)
    b = np.uint64(0x13198A2E03707344) + np.uint64(end - start)
    i = start
    while i < end:
        word = np.uint64(0)
        for k in range(min(8, end - i)):
            word |= np.uint64(data[i + k]) << np.uint64(8 * k)
        a = _mix(a, word, np.uint64(0x9FB21C651E98DF25))
        b = _mix(b, word ^ (b >> np.uint64(7)), np.uint64(0xD6E8FEB86659FD93))
        i += 8
    a = _mix(a, a >> np.uint64(29), np.uint64(0xBF58476D1CE4E5B9))
    b = _mix(b, b >> np.uint64(31), np.uint64(0x94D049BB133111EB))
    return a, b


@compiled
def read_block(  # noqa: PLR0912, PLR0913, PLR0915, C901
    data, words, end, width, field_row, field_text, full, keys, key_masks, key_offset, key_bits,
    edges, edge_first, maximum, special, longest_cell,
    masks, starts, lines, state, text_start, text_length, hashes, missed,
):  # fmt: skip
    """Read the records of data[:end]; returns how many there are, how many cells were missed, and lines."""
    record, misses, line, i = 0, 0, 0, 0
    while i < end:
        if data[i] == NEWLINE:
            i, line = i + 1, line + 1
            continue
        if data[i] == RETURN and data[i + 1] == NEWLINE:
            i, line = i + 2, line + 1
            continue
        starts[record], lines[record] = i, line
        odd, field, first_miss = False, 0, misses
        while True:
            start, quoted, w0, w1, w2 = i, data[i] == QUOTE, np.uint64(0), np.uint64(0), np.uint64(0)
            inside_break, inside_quote = False, False
            if data[i] == COMMA:
                stop = i
            elif quoted:
                start = i + 1
                i = start
                while i < end:
                    byte = data[i]
                    if byte == QUOTE:
                        if data[i + 1] != QUOTE:
                            break
                        inside_quote = True
                        i += 1
                    elif byte == NEWLINE:
                        inside_break = True
                        line += 1
                    elif byte == RETURN:
                        inside_break = True
                    elif byte == 0:
                        odd = True
                    i += 1
                stop = i
                i += 1
                if data[i] == RETURN and data[i + 1] == NEWLINE:
                    i += 1
                while data[i] != COMMA and data[i] != NEWLINE:
                    odd = True
                    i += 1
                for k in range(start, min(stop, start + LONGEST)):
                    at = k - start
                    if at < 8:
                        w0 |= np.uint64(data[k]) << np.uint64(8 * at)
                    elif at < 16:
                        w1 |= np.uint64(data[k]) << np.uint64(8 * at - 64)
                    else:
                        w2 |= np.uint64(data[k]) << np.uint64(8 * at - 128)
            else:
                filled = 0
                while True:  # eight bytes at a time
                    word = words[i]
                    low = (word - BELOW) & ~word & HIGH_BITS
                    taken = np.int64(8)
                    if low:  # a byte below '-': nearly always one that ends the cell
                        low &= ~low + ONE
                        taken = np.int64(((low >> SEVEN) * PLACES) >> TO_TOP)
                        if not special[data[i + taken]]:
                            taken += 1
                        if taken < 8:
                            word &= (ONE << np.uint64(8 * taken)) - ONE
                    offset = i - start
                    if filled == 0:
                        w0 = word
                    elif filled == 1 and offset == 8:
                        w1 = word
                    elif filled == 2 and offset == 16:
                        w2 = word
                    elif offset < LONGEST:  # a cell taken in odd pieces: put together byte by byte below
                        filled = 9
                    filled += 1
                    i += taken
                    if special[data[i]]:
                        break
                    if taken < 8:
                        filled = 9
                if filled >= 9:
                    w0, w1, w2 = np.uint64(0), np.uint64(0), np.uint64(0)
                    for k in range(start, min(i, start + LONGEST)):
                        at = k - start
                        if at < 8:
                            w0 |= np.uint64(data[k]) << np.uint64(8 * at)
                        elif at < 16:
                            w1 |= np.uint64(data[k]) << np.uint64(8 * at - 64)
                        else:
                            w2 |= np.uint64(data[k]) << np.uint64(8 * at - 128)
                stop = i
                if data[i] == RETURN and data[i + 1] == NEWLINE:
                    i += 1
                while data[i] != COMMA and data[i] != NEWLINE:
                    odd = True
                    i += 1
            if stop - start > longest_cell:
                odd = True
            if field < width:
                row, text = field_row[field], field_text[field]
                if text >= 0:
                    text_start[text, record], text_length[text, record] = start, stop - start
                    if text == 0:
                        if stop == start or data[start] == SPACE or data[start] == TAB or inside_break:
                            odd = True
                        hashes[0, record], hashes[1, record] = hash_bytes(data, start, stop)
                if row >= 0:
                    mask = full[row]
                    if inside_break or inside_quote:
                        odd = True
                    elif stop > start:
                        mask = np.uint8(0)
                        if stop - start <= LONGEST:
                            mask = look_up(keys, key_masks, key_offset[row], key_bits[row], w0, w1, w2)
                        if mask == 0 and edge_first[row + 1] > edge_first[row]:
                            mask = _number(data, start, stop, edges, edge_first[row], edge_first[row + 1], maximum[row])
                        if mask == 0:
                            if misses < missed.shape[1]:
                                missed[0, misses], missed[1, misses] = record, row
                                missed[2, misses], missed[3, misses] = start, stop
                                misses += 1
                            else:
                                odd = True
                    masks[row, record] = mask
            field += 1
            ended = data[i] == NEWLINE
            i += 1
            if ended:
                break
        line += 1
        if field != width:
            odd = True
        if odd:
            misses = first_miss
        state[record] = ODD if odd else PLAIN
        record += 1
    starts[record] = i
    return record, misses, line


@compiled
def insert_all(table, filled, hashes, repeated):
    """Add hashes to an open table; marks those that were there. Returns how many are in it.

    A place is free while both of its numbers are 0 (a hash of 0 counts as 1).
    """
    size = table.shape[0]
    for row in range(hashes.shape[1]):
        a, b = max(hashes[0, row], np.uint64(1)), hashes[1, row]
        place = np.int64(a % np.uint64(size))
        while table[place, 0] != 0:
            if table[place, 0] == a and table[place, 1] == b:
                repeated[row] = True
                break
            place += 1
            if place == size:
                place = 0
        else:
            table[place, 0], table[place, 1] = a, b
            filled += 1
    return filled


@compiled
def move_all(old, new):
    """Copy every hash of one table into a larger one."""
    size = new.shape[0]
    for i in range(old.shape[0]):
        if old[i, 0] != 0:
            place = np.int64(old[i, 0] % np.uint64(size))
            while new[place, 0] != 0:
                place += 1
                if place == size:
                    place = 0
            new[place, 0], new[place, 1] = old[i, 0], old[i, 1]
