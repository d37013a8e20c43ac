"""Open tables of 128-bit hashes."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

_TOP = np.uint64(58)  # the upper six bits choose one of 64 parts


@njit(nogil=True, cache=True)
def by_part(hashes, parts):
    """Rows ordered by part, file order within each, and where each part begins."""
    rows = hashes.shape[1]
    bounds = np.zeros(parts + 1, np.int64)
    for row in range(rows):
        bounds[np.int64(hashes[0, row] >> _TOP) + 1] += 1
    for part in range(parts):
        bounds[part + 1] += bounds[part]
    order = np.empty(rows, np.int64)
    here = bounds.copy()
    for row in range(rows):
        own = np.int64(hashes[0, row] >> _TOP)
        order[here[own]] = row
        here[own] += 1
    return order, bounds


@njit(nogil=True, cache=True)
def insert(table, hashes, rows, repeated):
    """Remember the hashes of some rows; marks those that were there. Returns how many were new."""
    wrap = np.uint64(len(table) - 1)
    new = 0
    for row in rows:
        one, two = hashes[0, row], hashes[1, row] | np.uint64(1)  # zero marks an empty entry
        slot = np.int64(one & wrap)
        while table[slot, 1] != 0:
            if table[slot, 0] == one and table[slot, 1] == two:
                repeated[row] = True
                break
            slot = np.int64(np.uint64(slot + 1) & wrap)
        else:
            table[slot, 0], table[slot, 1] = one, two
            new += 1
    return new


@njit(nogil=True, cache=True)
def grown(table):
    """The same hashes in a table of twice the size."""
    more = np.zeros((2 * len(table), 2), np.uint64)
    wrap = np.uint64(len(more) - 1)
    for old in range(len(table)):
        if table[old, 1] != 0:
            slot = np.int64(table[old, 0] & wrap)
            while more[slot, 1] != 0:
                slot = np.int64(np.uint64(slot + 1) & wrap)
            more[slot, 0], more[slot, 1] = table[old, 0], table[old, 1]
    return more
