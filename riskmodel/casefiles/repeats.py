"""Repeated case ids: a row counts only when no earlier accepted row has its id."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.casefiles.read.block import CodedBlock

REPEATED = "an earlier row has this case_id; allowed: unique ids (or --allow-repeats)"


class SeenTexts:
    """The ids themselves, for small files."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def repeats(self, block: CodedBlock) -> NDArray[np.bool_]:
        """Which accepted rows repeat an id; the others are remembered."""
        repeated = np.zeros(len(block.rows), np.bool_)
        for row in range(len(block.rows)):
            case_id = block.case_id(row)
            if case_id in self._seen:
                repeated[row] = True
            else:
                self._seen.add(case_id)
        return repeated
