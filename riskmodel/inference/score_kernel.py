"""The scorer's arithmetic as compiled passes over the cases of one model.

First :func:`find_positions` looks where each case's row of each table begins, then :func:`score_cases` multiplies and
sums. What they read is laid out in the tuples below, which stand beside them: compiled code is kept on disk by the file
it comes from, and would not notice a field that moves in another file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Masks, States
from riskmodel.inference.scorer import Group, Scorer

NO_ROW = int(np.iinfo(np.int32).min)  # before any row
Widths = NDArray[np.uintp]  # (groups,): how many joint states a table tells apart
Positions = NDArray[np.int32]  # (groups, cases): entries of flat tables; 85,000 in all in the shipped model

# No fused multiply-add and no reassociation (numba's default), so that the sums are those of the numpy engine.
compiled = numba.njit(nogil=True, cache=True, error_model="numpy")
inlined = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=True)  # a call with arrays costs 25 ns


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


class Factors(NamedTuple):
    """What cases look up: the groups' tables end to end, where each case's rows begin in them, and their widths."""

    tables: Array
    positions: Positions
    widths: Widths


class JointStates(NamedTuple):
    """What is enumerated: the setting, the contexts' combinations and the conditions' joint states (see `Scorer`)."""

    setting_row: int
    context_rows: States
    context_states: States
    condition_rows: States
    inner_static: Array
    outer_static: Array
    bits: States
    node_bits: States
    occult: Array
    composites: States
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
            node_bits=scorer.node_bits,
            occult=scorer.occult,
            composites=scorer.composites @ (1 << np.arange(len(scorer.bits))),
            presence=scorer.presence,
        )


class Results(NamedTuple):
    """Room for the fields of `Posterior`."""

    probability: Array
    evidence: Array
    findings: Array

    @classmethod
    def room(cls, outputs: int, cases: int) -> Results:
        return cls(np.empty((outputs, cases)), np.empty(cases), np.empty(cases))


def widths_of(groups: Sequence[Group]) -> Widths:
    """The widths of groups' tables."""
    return np.array([group.width for group in groups], dtype=np.uintp)


def _entries(group: Group) -> int:
    """Of one pattern's row of the table: [contexts ·] joint states."""
    return int(group.table[0, 0].size)


def _integers(values: Iterable[int]) -> States:
    return np.array(list(values), dtype=np.int64)


def _starts(sizes: Iterable[int]) -> States:
    """Where each of these begins when they are laid end to end, and where the last ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)


ZERO, ONE = np.uintp(0), np.uintp(1)

# Table indices are unsigned throughout: a signed one could be negative, and checking for that keeps loops scalar.


@inlined
def _fold(values, half):  # type: ignore[no-untyped-def]
    """Add the upper half of values[:2 * half] to the lower."""
    for k in range(half):
        values[k] = values[k] + values[half + k]


@inlined
def _sum_of_8(values, k):  # type: ignore[no-untyped-def]
    """As `_tree_sum`: loops over so few cost more than the sum."""
    even = (values[k] + values[k + np.uintp(4)]) + (values[k + np.uintp(2)] + values[k + np.uintp(6)])
    odd = (values[k + ONE] + values[k + np.uintp(5)]) + (values[k + np.uintp(3)] + values[k + np.uintp(7)])
    return even + odd


@inlined
def _tree_sum(values, start, size, scratch):  # type: ignore[no-untyped-def]
    """Sum of values[start : start + size], a power of two, by halves; as `scorer.tree_sum`."""
    eight = np.uintp(8)
    if size == ONE:
        return values[start]
    if size == np.uintp(2):
        return values[start] + values[start + ONE]
    if size == np.uintp(4):
        return (values[start] + values[start + np.uintp(2)]) + (values[start + ONE] + values[start + np.uintp(3)])
    if size == eight:
        return _sum_of_8(values, start)
    half = size >> ONE
    for k in range(half):
        scratch[k] = values[start + k] + values[start + half + k]
    while half > eight:
        half = half >> ONE
        _fold(scratch, half)
    return _sum_of_8(scratch, ZERO)


@inlined
def _times_all(target, size, tables, starts, first, count):  # type: ignore[no-untyped-def]
    """Multiply the target by the tables from `first` to `count`, one after another; four or two in a pass."""
    done = first
    while done + 4 <= count:
        a, b, c, d = starts[done], starts[done + 1], starts[done + 2], starts[done + 3]
        for k in range(size):
            target[k] = target[k] * tables[a + k] * tables[b + k] * tables[c + k] * tables[d + k]
        done += 4
    if done + 2 <= count:
        a, b = starts[done], starts[done + 1]
        for k in range(size):
            target[k] = target[k] * tables[a + k] * tables[b + k]
        done += 2
    for g in range(done, count):
        a = starts[g]
        for k in range(size):
            target[k] = target[k] * tables[a + k]


@inlined
def _widen(values, width, wider):  # type: ignore[no-untyped-def]
    """As `scorer._widen`, in place."""
    start = width
    while start < wider:
        for k in range(width):
            values[start + k] = values[k]
        start += width


@inlined
def _look_up(values, width, factors, case, starts, widths):  # type: ignore[no-untyped-def]
    """Multiply values by the rows that a case looks up, widening them where a table is wider; the width they have."""
    tables, positions, width_of = factors
    count = 0
    for g in range(positions.shape[0]):
        if positions[g, case] >= 0:
            starts[count], widths[count] = positions[g, case], width_of[g]
            count += 1
    done = 0
    while done < count:
        if widths[done] > width:
            _widen(values, width, widths[done])
            width = widths[done]
        end = done + 1
        while end < count and widths[end] == width:
            end += 1
        _times_all(values, width, tables, starts, done, end)
        done = end
    return width


@inlined
def _mix(values, size, node_bits, occult):  # type: ignore[no-untyped-def]
    """Sum over the manifestation nodes within their conditions' bits; as `Scorer._hidden`."""
    for node in range(node_bits.shape[0]):
        half = size >> np.uintp(node_bits[node] + 1)
        hides, shows = occult[node, 0], occult[node, 1]
        start = ZERO
        while start < size:
            for k in range(start, start + half):
                values[half + k] = hides * values[k] + shows * values[half + k]
            start += half + half


@inlined
def _finish(values, width, wider, static, shown):  # type: ignore[no-untyped-def]
    """Widen, times the static factor, times what a disease may hide; the lowest block last: all others read it."""
    start = wider
    while start > ZERO:
        start -= width
        for k in range(width):
            values[start + k] = values[k] * static[start + k] * shown[start + k]


@inlined
def _finish_plain(values, width, wider, static):  # type: ignore[no-untyped-def]
    start = wider
    while start > ZERO:
        start -= width
        for k in range(width):
            values[start + k] = values[k] * static[start + k]


@inlined
def _setting_of(mask):  # type: ignore[no-untyped-def]
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
                position[case] += offset[g] + stride[g] * _setting_of(masks[setting_row, case])
            else:
                position[case] += offset[g]


@inlined
def _any_of(values, size, members, rest, scratch):  # type: ignore[no-untyped-def]
    """As `scorer._any_of`; values stay as they are, the lowest bit of `members` is that of the highest condition."""
    for k in range(size):
        rest[k] = values[k]
    total, half = 0.0, size
    while members:
        half = half >> ONE
        if members & 1:
            total = total + _tree_sum(rest, half, half, scratch)
        else:
            _fold(rest, half)
        members = members >> 1
    return total


@compiled
def score_cases(masks, states, inner_factors, hidden_factors, outer_factors, results):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915, C901
    """Score cases (see `Scorer.posterior`) into the results.

    Parameters are masks (variables, cases), `JointStates`, `Factors` three times and `Results`.
    """
    # Fields become locals here: reading them inside the loops costs 4 to 9 % of the time.
    setting_row, context_rows, context_states, condition_rows = states[:4]
    inner_static, outer_static, bits, node_bits, occult, composites, presence = states[4:]
    inner_tables, inner_positions, _ = inner_factors
    probability, evidence, findings = results
    inner_count, hidden_count = inner_positions.shape[0], hidden_factors.positions.shape[0]
    most = max(inner_count, hidden_count, outer_factors.positions.shape[0])
    combinations = inner_static.shape[1]
    width, joint_states = np.uintp(inner_static.shape[2]), np.uintp(outer_static.shape[1])
    product, base = np.empty(width), np.empty(inner_count, dtype=np.uintp)
    joint, shown = np.empty(joint_states), np.empty(joint_states)
    rest, scratch = np.empty(joint_states), np.empty(joint_states)
    starts, widths = np.empty(most, dtype=np.uintp), np.empty(most, dtype=np.uintp)
    for case in range(masks.shape[1]):
        setting = _setting_of(masks[setting_row, case]) if setting_row >= 0 else 0

        # Inner: for each combination of contexts that the evidence allows a product of rows; their sum.
        count = 0
        for g in range(inner_count):
            if inner_positions[g, case] >= 0:
                base[count] = inner_positions[g, case]
                count += 1
        joint[:width] = 0.0
        prior = inner_static[setting if inner_static.shape[0] > 1 else 0]
        for a in range(combinations):
            allowed = True
            for m in range(context_rows.shape[0]):
                if not (masks[context_rows[m], case] >> context_states[a, m]) & 1:
                    allowed = False
            if not allowed:
                continue
            for k in range(width):
                product[k] = prior[a, k]
            for g in range(count):
                starts[g] = base[g] + np.uintp(a) * width
            _times_all(product, width, inner_tables, starts, 0, count)
            for k in range(width):
                joint[k] = joint[k] + product[k]

        # Outer: over as many joint states as the tables tell apart, then over all, times what a disease may hide.
        reached = _look_up(joint, width, outer_factors, case, starts, widths)
        hides = ZERO
        if hidden_count:
            shown[0] = 1.0
            hides = _look_up(shown, ONE, hidden_factors, case, starts, widths)
        static = outer_static[setting if outer_static.shape[0] > 1 else 0]
        if hides > ONE:
            if hides < joint_states:
                _widen(shown, hides, joint_states)
            _mix(shown, joint_states, node_bits, occult)
            _finish(joint, reached, joint_states, static, shown)
        else:
            _finish_plain(joint, reached, joint_states, static)

        # Known conditions leave some joint states only; the evidence without them is wanted too.
        findings[case] = -1.0
        for c in range(condition_rows.shape[0]):
            mask = masks[condition_rows[c], case]
            if mask != 3:  # both states are possible where nothing is known
                if findings[case] < 0.0:
                    findings[case] = _tree_sum(joint, ZERO, joint_states, scratch)
                for k in range(joint_states):
                    joint[k] = joint[k] * ((mask >> presence[c, k]) & 1)

        for o in range(composites.shape[0]):
            probability[presence.shape[0] + o, case] = _any_of(joint, joint_states, composites[o], rest, scratch)
        # Marginals: the upper half has the highest bit's condition present; then fold it away, and the next.
        half = joint_states
        for b in range(bits.shape[0]):
            half = half >> ONE
            if bits[b] >= 0:
                probability[bits[b], case] = _tree_sum(joint, half, half, scratch)
            _fold(joint, half)
        total = joint[0]
        evidence[case] = total
        if findings[case] < 0.0:
            findings[case] = total
        for o in range(probability.shape[0]):
            probability[o, case] = probability[o, case] / total  # 0/0, not a number, where evidence is impossible
