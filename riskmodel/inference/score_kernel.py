"""The scorer's arithmetic as one compiled pass over the cases of one model.

What the passes read is laid out in the tuples below, which stand beside them: compiled code is kept on disk by the
file it comes from, and would not notice a field that moves in another file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numba
import numpy as np

from riskmodel.arrays import Array, States
from riskmodel.inference.scorer import Group, Scorer

TILE = 64  # cases whose evidence is fetched together: a cache line of every row

# No fused multiply-add and no reassociation (numba's default), so that the sums are those of the numpy engine.
compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


class PackedGroups(NamedTuple):
    """Groups laid end to end.

    Attributes
    ----------
    rows, multipliers
        of all groups' members; those of group g from ``first[g]`` to ``first[g + 1]``.
    tables
        the groups' tables, flat; that of group g begins at ``offset[g]``.
    setting_stride
        entries from one setting's table to the next; 0 where the table is the same in every setting.
    skip
        the pattern that changes nothing, or -1.
    """

    rows: States
    multipliers: States
    first: States
    tables: Array
    offset: States
    setting_stride: States
    skip: States

    @classmethod
    def of(cls, groups: Sequence[Group]) -> PackedGroups:
        packed = cls.at_one_setting(groups)
        return packed._replace(
            tables=np.concatenate([packed.tables[:0], *(group.table.ravel() for group in groups)]),
            offset=_starts(group.table.size for group in groups)[:-1],
            setting_stride=_integers(group.table[0].size if len(group.table) > 1 else 0 for group in groups),
        )

    @classmethod
    def at_one_setting(cls, groups: Sequence[Group]) -> PackedGroups:
        """Groups with room for their tables in one setting."""
        ends = _starts(group.table[0].size for group in groups)
        return cls(
            rows=_integers(row for group in groups for row in group.rows),
            multipliers=_integers(multiplier for group in groups for multiplier in group.multipliers),
            first=_starts(len(group.rows) for group in groups),
            tables=np.zeros(ends[-1]),
            offset=ends[:-1],
            setting_stride=np.zeros(len(groups), dtype=np.int64),
            skip=_integers(group.skip for group in groups),
        )


class JointStates(NamedTuple):
    """What is enumerated: the setting, the contexts' combinations and the conditions' joint states (see `Scorer`)."""

    setting_row: int
    context_rows: States
    context_states: States
    condition_rows: States
    inner_static: Array
    outer_static: Array
    bits: States
    composites: Array
    presence: States

    @classmethod
    def of(cls, scorer: Scorer) -> JointStates:
        return cls(
            setting_row=scorer.setting_row,
            context_rows=_integers(scorer.context_rows),
            context_states=scorer.context_states,
            condition_rows=_integers(scorer.condition_rows),
            inner_static=scorer.inner_static,
            outer_static=scorer.outer_static,
            bits=scorer.bits,
            composites=scorer.composites,
            presence=scorer.presence,
        )


class Results(NamedTuple):
    """Room for the fields of a `Posteriors`."""

    probability: Array
    evidence: Array
    findings: Array

    @classmethod
    def room(cls, outputs: int, cases: int) -> Results:
        return cls(np.empty((outputs, cases)), np.empty(cases), np.empty(cases))


def _integers(values: Iterable[int]) -> States:
    return np.array(list(values), dtype=np.int64)


def _starts(sizes: Iterable[int]) -> States:
    """Where each of some pieces laid end to end begins, and where the last ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)


ZERO, ONE = np.uintp(0), np.uintp(1)

# Table indices are unsigned throughout: a signed one could be negative, and checking for that keeps loops scalar.


@compiled
def _fold(values, half):  # type: ignore[no-untyped-def]
    """Add the upper half of values[:2 * half] to the lower."""
    for k in range(half):
        values[k] = values[k] + values[half + k]


@compiled
def _tree_sum(values, start, size, scratch):  # type: ignore[no-untyped-def]
    """Sum of values[start : start + size], a power of two, by halves; as `scorer.tree_sum`."""
    half = size >> ONE
    if half == 0:
        return values[start]
    for k in range(half):
        scratch[k] = values[start + k] + values[start + half + k]
    half = half >> ONE
    while half > 0:
        _fold(scratch, half)
        half = half >> ONE
    return scratch[0]


@compiled
def _times_all(target, size, tables, starts, count):  # type: ignore[no-untyped-def]
    """Multiply the target by `count` tables, one after another; four in a pass where there are so many."""
    done = 0
    while done + 4 <= count:
        a, b, c, d = starts[done], starts[done + 1], starts[done + 2], starts[done + 3]
        for k in range(size):
            target[k] = target[k] * tables[a + k] * tables[b + k] * tables[c + k] * tables[d + k]
        done += 4
    for g in range(done, count):
        a = starts[g]
        for k in range(size):
            target[k] = target[k] * tables[a + k]


@compiled
def _pattern(case, rows, multipliers, first, last):  # type: ignore[no-untyped-def]
    """As `scorer.evidence_pattern`, of one group and one case."""
    pattern = np.int64(0)
    for m in range(first, last):
        pattern += multipliers[m] * (np.int64(case[rows[m]]) - 1)
    return pattern


@compiled
def score_cases(masks, states, inner_groups, outer_groups, results):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915, C901
    """Score cases (see `Scorer.score`) into the results.

    Parameters are masks (variables, cases), `JointStates`, `PackedGroups` twice and `Results`.
    """
    # Fields become locals here: reading them inside the loops costs 4 to 9 % of the time.
    setting_row, context_rows, context_states, condition_rows = states[:4]
    inner_static, outer_static, bits, composites, presence = states[4:]
    i_rows, i_mult, i_first, i_tables, i_offset, i_stride, i_skip = inner_groups
    o_rows, o_mult, o_first, o_tables, o_offset, o_stride, o_skip = outer_groups
    probability, evidence, findings = results
    combos = inner_static.shape[1]
    width, joint_states = np.uintp(inner_static.shape[2]), np.uintp(outer_static.shape[1])
    repeat = joint_states // width
    inner_count = i_offset.shape[0]
    inner, product = np.empty(width), np.empty(width)
    joint, folded, scratch = np.empty(joint_states), np.empty(joint_states), np.empty(joint_states)
    base = np.empty(inner_count, dtype=np.uintp)
    starts = np.empty(max(inner_count, o_offset.shape[0]), dtype=np.uintp)
    tile = np.empty((TILE, masks.shape[0]), dtype=np.uint8)
    for case in range(masks.shape[1]):
        place = case % TILE
        if place == 0:  # rows of evidence lie far apart: fetch a tile of cases at once
            held = min(TILE, masks.shape[1] - case)
            for row in range(masks.shape[0]):
                for k in range(held):
                    tile[k, row] = masks[row, case + k]
        known = tile[place]
        setting = 0
        if setting_row >= 0:
            while not (known[setting_row] >> setting) & 1:
                setting += 1
        groups = 0
        for g in range(inner_count):
            pattern = _pattern(known, i_rows, i_mult, i_first[g], i_first[g + 1])
            if pattern != i_skip[g]:
                base[groups] = i_offset[g] + setting * i_stride[g] + pattern * combos * np.int64(width)
                groups += 1
        inner[:] = 0.0
        prior = inner_static[setting if inner_static.shape[0] > 1 else 0]
        for a in range(combos):
            allowed = True
            for m in range(context_rows.shape[0]):
                if not (known[context_rows[m]] >> context_states[a, m]) & 1:
                    allowed = False
            if not allowed:
                continue
            for k in range(width):
                product[k] = prior[a, k]
            for g in range(groups):
                starts[g] = base[g] + np.uintp(a) * width
            _times_all(product, width, i_tables, starts, groups)
            for k in range(width):
                inner[k] = inner[k] + product[k]
        static = outer_static[setting if outer_static.shape[0] > 1 else 0]
        for k in range(width):
            for r in range(repeat):
                joint[k * repeat + r] = inner[k] * static[k * repeat + r]
        groups = 0
        for g in range(o_offset.shape[0]):
            pattern = _pattern(known, o_rows, o_mult, o_first[g], o_first[g + 1])
            if pattern != o_skip[g]:
                starts[groups] = o_offset[g] + setting * o_stride[g] + pattern * np.int64(joint_states)
                groups += 1
        _times_all(joint, joint_states, o_tables, starts, groups)
        findings[case] = -1.0
        for c in range(condition_rows.shape[0]):
            mask = known[condition_rows[c]]
            if mask != 3:
                if findings[case] < 0.0:
                    findings[case] = _tree_sum(joint, ZERO, joint_states, scratch)
                for k in range(joint_states):
                    joint[k] = joint[k] * ((mask >> presence[c, k]) & 1)
        for k in range(joint_states):
            folded[k] = joint[k]
        half = joint_states
        for b in range(bits.shape[0]):
            half = half >> ONE
            probability[bits[b], case] = _tree_sum(folded, half, half, scratch)
            _fold(folded, half)
        total = folded[0]
        for o in range(composites.shape[0]):
            for k in range(joint_states):
                folded[k] = joint[k] * composites[o, k]
            probability[bits.shape[0] + o, case] = _tree_sum(folded, ZERO, joint_states, scratch)
        evidence[case] = total
        if findings[case] < 0.0:
            findings[case] = total
        for o in range(probability.shape[0]):
            probability[o, case] = probability[o, case] / total
