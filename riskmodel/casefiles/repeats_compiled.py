"""Repeated case ids in large files, by a 128-bit hash of each id."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from riskmodel.casefiles.read.block import CodedBlock

PARTS = 64  # tables that grow one at a time, so that growing never needs room for all of them twice
_FIRST = 256
_TOP = np.uint64(58)  # the upper six bits choose one of 64 parts


class SeenHashes:
    """Hashes of the ids seen, 16 bytes each, in open tables of at most three quarters: 21 to 43 bytes a row."""

    def __init__(self) -> None:
        self._tables = [np.zeros((_FIRST, 2), np.uint64) for _ in range(PARTS)]
        self._counts = np.zeros(PARTS, np.int64)

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""
        if block.hashes is None:
            raise TypeError("the compiled reader gives hashes")
        order, bounds = _by_part(block.hashes, PARTS)
        repeated = np.zeros(len(order), np.bool_)
        for part in range(PARTS):
            rows = order[bounds[part] : bounds[part + 1]]
            table = self._tables[part]
            while 4 * (self._counts[part] + len(rows)) > 3 * len(table):
                table = _doubled(table)
                self._tables[part] = table
            self._counts[part] += _insert(table, block.hashes, rows, repeated)
        return repeated


@njit(nogil=True, cache=True)
def _by_part(hashes, parts):
    """Rows ordered by part, file order within each, and where each part begins."""
    rows = hashes.shape[1]
    bounds = np.zeros(parts + 1, np.int64)
    for row in range(rows):
        bounds[np.int64(hashes[0, row] >> _TOP) + 1] += 1
    for part in range(parts):
        bounds[part + 1] += bounds[part]
    order = np.empty(rows, np.int64)
    free = bounds.copy()  # in the order, for the next row of each part
    for row in range(rows):
        top = np.int64(hashes[0, row] >> _TOP)
        order[free[top]] = row
        free[top] += 1
    return order, bounds


@njit(nogil=True, cache=True)
def _insert(table, hashes, rows, repeated):
    """Remember the hashes of some rows; marks those that were there. Returns how many were new."""
    wrap = np.uint64(len(table) - 1)
    new = 0
    for row in rows:
        first, second = hashes[0, row], hashes[1, row] | np.uint64(1)  # zero marks an empty entry
        slot = np.int64(first & wrap)
        while table[slot, 1] != 0:
            if table[slot, 0] == first and table[slot, 1] == second:
                repeated[row] = True
                break
            slot = np.int64(np.uint64(slot + 1) & wrap)
        else:
            table[slot, 0], table[slot, 1] = first, second
            new += 1
    return new


@njit(nogil=True, cache=True)
def _doubled(table):
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
