"""Which case_ids were accepted before: a 128-bit hash of each, the only memory that grows with the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

START = 1 << 16  # places of the first table
FULLEST = 0.85  # a fuller table is replaced
GROWTH = 1.4  # 16 bytes a place: with the old table beside the new one still below 48 bytes a row


class SeenIds:
    """The accepted identifiers of a run, in file order."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def repeats(self, identifiers: Iterable[str], accepted: Iterable[bool]) -> list[int]:
        """Places of the accepted rows whose identifier was accepted before; the others are remembered.

        >>> SeenIds().repeats(["a", "b", "a", "b"], [True, False, True, True])
        [2]
        """
        found = []
        for place, (identifier, is_accepted) in enumerate(zip(identifiers, accepted, strict=True)):
            if not is_accepted:
                continue
            key = hashlib.blake2b(identifier.encode(), digest_size=16).digest()
            if key in self._seen:
                found.append(place)
            else:
                self._seen.add(key)
        return found


class SeenHashes:
    """The same for large files: hashes in an open table of 16 bytes a place."""

    def __init__(self) -> None:
        self._table = np.zeros((START, 2), np.uint64)
        self._filled = 0

    def repeats(self, hashes: NDArray[np.uint64], accepted: NDArray[np.bool_]) -> list[int]:
        """As :meth:`SeenIds.repeats`, from 128-bit hashes of shape (2, rows)."""
        from riskmodel.cases.kernel_read import insert_all, move_all

        while self._filled + hashes.shape[1] > FULLEST * len(self._table):
            larger = np.zeros((int(len(self._table) * GROWTH) + hashes.shape[1], 2), np.uint64)
            move_all(self._table, larger)
            self._table = larger
        repeated = np.zeros(hashes.shape[1], np.bool_)
        self._filled = int(insert_all(self._table, self._filled, hashes, accepted, repeated))
        return [int(place) for place in np.flatnonzero(repeated)]
