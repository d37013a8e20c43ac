"""Where records end, compiled: a block of bytes is cut after its last complete record."""

# mypy: ignore-errors
# Functions of the compiler: it gives them their types, which mypy cannot see.
from __future__ import annotations

import numpy as np
from numba import njit

from riskmodel.casefiles.read.compiled_kernel import COMMA, LF, QUOTE
from riskmodel.casefiles.read.machine_words import equal, load8, load64, trailing_zeros


@njit(nogil=True, cache=True)
def quoted_field_within(base, start, end):
    """Where the closing quote of the field at ``start`` is, or ``end``."""
    at = start + 1
    while at < end:
        marks = equal(load64(base + at), QUOTE)
        if marks == 0:
            at += 8
            continue
        at += trailing_zeros(marks) >> 3
        if at >= end:
            break
        if load8(base + at + 1) != QUOTE or at + 1 >= end:
            return at
        at += 2
    return end


@njit(nogil=True, cache=True)
def field_end_within(base, start, end):
    """The next comma or LF, or ``end``."""
    at = start
    while at < end:
        word = load64(base + at)
        marks = equal(word, COMMA) | equal(word, LF)
        if marks != 0:
            return min(at + (trailing_zeros(marks) >> 3), end)
        at += 8
    return end


@njit(nogil=True, cache=True)
def last_record_end(data, start, end):
    """Where the last complete record of ``data[start:end]`` ends; what follows is padding."""
    base = np.int64(data.ctypes.data)
    complete = start
    at = start
    while at < end:
        if load8(base + at) == QUOTE:
            at = quoted_field_within(base, at, end)
            if at >= end:
                break
            at += 1
        at = field_end_within(base, at, end)
        if at >= end:
            break
        if load8(base + at) == LF:
            complete = at + 1
        at += 1
    return complete
