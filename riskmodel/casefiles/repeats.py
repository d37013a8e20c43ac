"""Repeated case ids: a row counts only when no earlier accepted row has its id."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskmodel.casefiles.options import Engine
from riskmodel.casefiles.read.block import CodedBlock

REPEATED = "an earlier row has this case_id; allowed: unique ids (or --allow-repeats)"


class SeenIds(Protocol):
    """Remembers the ids of accepted rows."""

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""


def seen_ids(engine: Engine) -> SeenIds:
    """A memory of ids that fits what an engine reads."""
    if engine == "small":
        return SeenTexts()
    from riskmodel.casefiles.repeats_compiled import SeenHashes

    return SeenHashes()


class SeenTexts:
    """The ids themselves, for small files."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""
        repeated = np.zeros(len(block.rows), np.bool_)
        for row, case_id in enumerate(block.words()[0]):
            if case_id in self._seen:
                repeated[row] = True
            else:
                self._seen.add(case_id)
        return repeated
