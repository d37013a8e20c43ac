"""Repeated case ids in large files, by a 128-bit hash of each id."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.cases import dedupe_kernel as kernel

PARTS = 64  # tables that grow one at a time, so that growing never needs room for all of them twice
_FIRST = 256


class SeenHashes:
    """Hashes of the ids seen, 16 bytes each, in open tables of at most three quarters: 21 to 43 bytes a row."""

    def __init__(self) -> None:
        self._tables = [np.zeros((_FIRST, 2), np.uint64) for _ in range(PARTS)]
        self._counts = np.zeros(PARTS, np.int64)

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""
        if block.hashes is None:
            raise TypeError("the compiled reader gives hashes")
        order, bounds = kernel.by_part(block.hashes, PARTS)
        repeated = np.zeros(len(order), np.bool_)
        for part in range(PARTS):
            rows = order[bounds[part] : bounds[part + 1]]
            table = self._tables[part]
            while 4 * (self._counts[part] + len(rows)) > 3 * len(table):
                table = kernel.grown(table)
                self._tables[part] = table
            self._counts[part] += kernel.insert(table, block.hashes, rows, repeated)
        return repeated
