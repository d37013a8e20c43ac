"""Repeated case ids of large files: 128-bit hashes, the only memory that grows with the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases.coded import CodedBlock
from riskmodel.cases.kernel_read import insert_all, move_all

START = 1 << 16  # places of the first table
FULLEST = 0.85  # a fuller table is replaced
GROWTH = 1.4  # 16 bytes a place: with the old table beside the new one still below 48 bytes a row


class SeenHashes:
    """The hashes of accepted ids in an open table of 16 bytes a place."""

    def __init__(self) -> None:
        self._table = np.zeros((START, 2), np.uint64)
        self._filled = 0

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""
        if block.hashes is None:
            raise TypeError("the compiled engine gives a hash of every id")
        count = block.hashes.shape[1]
        while self._filled + count > FULLEST * len(self._table):
            larger = np.zeros((int(len(self._table) * GROWTH) + count, 2), np.uint64)
            move_all(self._table, larger)
            self._table = larger
        repeated = np.zeros(count, np.bool_)
        self._filled = int(insert_all(self._table, self._filled, block.hashes, repeated))
        return repeated
