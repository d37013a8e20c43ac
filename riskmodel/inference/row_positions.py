"""Where each case's row of each table begins: found for all cases before the scorer's arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks, States
from riskmodel.inference.scorer import Group

NO_ROW = int(np.iinfo(np.int32).min)  # before any row
Positions = NDArray[np.int32]  # (groups, cases): entries of flat tables; 85,000 in all in the shipped model

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
inlined = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=True)


class PackedGroups(NamedTuple):
    """Where the rows of groups' tables begin, when these are laid end to end.

    Attributes
    ----------
    rows, multipliers
        of all groups' members, those of group g from ``first[g]`` to ``first[g + 1]``; the multipliers count entries.
    offset
        where the row begins in the group's table in which every mask would be 1.
    setting_stride
        entries from one setting's table to the next; 0 where the table is the same in every setting.
    skip
        entries from that row to the one that changes nothing, or `NO_ROW`.
    """

    rows: States
    multipliers: States
    first: States
    offset: States
    setting_stride: States
    skip: States

    @classmethod
    def of(cls, groups: Sequence[Group], *, every_setting: bool = True) -> PackedGroups:
        """Groups whose tables are laid out for every setting, or for one."""
        settings = [len(group.table) if every_setting else 1 for group in groups]
        return cls(
            rows=_integers(row for group in groups for row in group.rows),
            multipliers=_integers(multiplier * _entries(group) for group in groups for multiplier in group.multipliers),
            first=_starts(len(group.rows) for group in groups),
            offset=_starts(count * group.table[0].size for count, group in zip(settings, groups, strict=True))[:-1]
            + _integers(group.start * _entries(group) for group in groups),
            setting_stride=_integers(
                group.table[0].size * (count > 1) for count, group in zip(settings, groups, strict=True)
            ),
            skip=_integers(
                (group.skip - group.start) * _entries(group) if group.skip >= 0 else NO_ROW for group in groups
            ),
        )

    def positions(self, masks: Masks, setting_row: int) -> Positions:
        """Where each case's row of each group's table begins, or -1 where it changes nothing; (groups, cases)."""
        positions = np.empty((len(self.offset), masks.shape[1]), dtype=np.int32)
        _find_positions(masks, setting_row, self, positions)
        return positions


def _entries(group: Group) -> int:
    """Of one pattern's row of the table: [contexts ·] joint states."""
    return int(group.table[0, 0].size)


def _integers(values: Iterable[int]) -> States:
    return np.array(list(values), dtype=np.int64)


def _starts(sizes: Iterable[int]) -> States:
    """Where each of these begins when they are laid end to end, and where the last ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)


@inlined
def setting_of(mask):  # type: ignore[no-untyped-def]
    """The index of the only bit that is set."""
    setting = 0
    while not (mask >> setting) & 1:
        setting += 1
    return setting


@compiled
def _find_positions(masks, setting_row, groups, positions):  # type: ignore[no-untyped-def]
    """See `PackedGroups.positions`. Cases run innermost: a pattern is a sum over rows that lie far apart."""
    rows, multipliers, first, offset, stride, skip = groups
    for g in range(offset.shape[0]):
        position = positions[g]
        position[:] = 0
        for m in range(first[g], first[g + 1]):
            row, multiplier = masks[rows[m]], multipliers[m]
            for case in range(masks.shape[1]):
                position[case] += multiplier * (np.int64(row[case]) - 1)
        for case in range(masks.shape[1]):
            if position[case] == skip[g]:
                position[case] = -1
            elif stride[g]:
                position[case] += offset[g] + stride[g] * setting_of(masks[setting_row, case])
            else:
                position[case] += offset[g]
