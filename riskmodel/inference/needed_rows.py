"""The rows of groups' tables that some cases look up: under many draws only these are built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks, States
from riskmodel.inference.scorer import Group


@dataclass(frozen=True, slots=True)
class NeededRows:
    """Tables of groups in one setting, laid end to end with the rows of the patterns that occur.

    Attributes
    ----------
    patterns
        of each group those that occur in any case, rising; none where no case knows anything of it.
    offset
        where each group's rows begin, and where the last end.
    positions
        (groups, cases): where each case's row begins, or -1 where it changes nothing.
    """

    patterns: tuple[States, ...]
    offset: tuple[int, ...]
    positions: NDArray[np.int32]

    @classmethod
    def of(cls, groups: Sequence[Group], masks: Masks) -> NeededRows:
        """What cases, (variables, cases), look up of groups."""
        positions = np.full((len(groups), masks.shape[1]), -1, dtype=np.int32)
        patterns, offset = [], [0]
        for group, position in zip(groups, positions, strict=True):
            pattern = group.pattern(masks)
            is_known = pattern != group.skip
            occurring, row = np.unique(pattern[is_known], return_inverse=True)
            entries = int(group.table[0, 0].size)
            position[is_known] = offset[-1] + row * entries
            patterns.append(occurring)
            offset.append(offset[-1] + len(occurring) * entries)
        return cls(tuple(patterns), tuple(offset), positions)
