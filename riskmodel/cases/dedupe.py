"""Which case_ids were accepted before: a 128-bit hash of each, the only memory that grows with the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


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
