"""The scorer's arithmetic as compiled passes over the cases of one model.

Where each case's row of each table begins is found before (:mod:`~riskmodel.inference.row_positions`);
:func:`score_cases` multiplies and sums. What it reads is laid out in the tuples below, which stand beside it: compiled
code is kept on disk by the file it comes from, and would not notice a field that moves in another file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Masks, States, end_to_end
from riskmodel.inference.row_positions import Positions, setting_of
from riskmodel.inference.scorer import Group, Scorer

Widths = NDArray[np.uintp]  # (groups,): how many joint states a table tells apart

# No fused multiply-add and no reassociation (numba's default), so that the sums are those of the numpy engine.
compiled = numba.njit(nogil=True, cache=True, error_model="numpy")

# The arithmetic counts no references to arrays (`_nrt`), which cost a fifth of the time: it makes none, and works in a
# `Room` that it is given. A call with arrays costs 25 ns, hence `forceinline`.
UNCOUNTED: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}
uncounted = numba.njit(**UNCOUNTED)
inlined = numba.njit(forceinline=True, **UNCOUNTED)


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
            context_rows=np.array(scorer.context_rows, dtype=np.int64),
            context_states=scorer.context_states,
            condition_rows=np.array(scorer.condition_rows, dtype=np.int64),
            inner_static=end_to_end([scorer.inner_static]).reshape(scorer.inner_static.shape),
            outer_static=end_to_end([scorer.outer_static]).reshape(scorer.outer_static.shape),
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


class Room(NamedTuple):
    """Where the arithmetic of a case is done: (joint states,) each, and (look-ups,) of the rows that it multiplies."""

    product: Array
    joint: Array
    shown: Array
    rest: Array
    scratch: Array
    base: Widths
    starts: Widths
    widths: Widths

    @classmethod
    def of(cls, joint_states: int, look_ups: int) -> Room:
        """For cases of so many joint states and look-ups."""
        product, joint, shown, rest, scratch = (end_to_end([np.zeros(joint_states)]) for _ in range(5))
        base, starts, widths = (np.empty(look_ups, dtype=np.uintp) for _ in range(3))
        return cls(product, joint, shown, rest, scratch, base, starts, widths)


def widths_of(groups: Sequence[Group]) -> Widths:
    """The widths of groups' tables."""
    return np.array([group.width for group in groups], dtype=np.uintp)


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
    start = wider - width
    while start > ZERO:
        for k in range(width):
            values[start + k] = values[k] * static[start + k] * shown[start + k]
        start -= width
    for k in range(width):
        values[k] = values[k] * static[k] * shown[k]


@inlined
def _finish_plain(values, width, wider, static):  # type: ignore[no-untyped-def]
    start = wider - width
    while start > ZERO:
        for k in range(width):
            values[start + k] = values[k] * static[start + k]
        start -= width
    for k in range(width):
        values[k] = values[k] * static[k]


@inlined
def _any_of(values, size, members, total, rest, scratch):  # type: ignore[no-untyped-def]
    """What `scorer._any_of` adds to a total; the lowest bit of `members` is that of the highest condition."""
    for k in range(size):
        rest[k] = values[k]
    half = size
    while members:
        half = half >> ONE
        if members & 1:
            total = total + _tree_sum(rest, half, half, scratch)
        else:
            _fold(rest, half)
        members = members >> 1
    return total


def score_cases(
    masks: Masks, states: JointStates, inner: Factors, hidden: Factors, outer: Factors, results: Results
) -> None:
    """Score cases, (variables, cases), into the results; see `Scorer.posterior`."""
    look_ups = max(len(factors.positions) for factors in (inner, hidden, outer))
    _score_cases(masks, states, inner, hidden, outer, results, Room.of(states.outer_static.shape[1], look_ups))


@uncounted
def _score_cases(masks, states, inner_factors, hidden_factors, outer_factors, results, room):  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0915, C901
    # Fields become locals here: reading them inside the loops costs 4 to 9 % of the time.
    setting_row, context_rows, context_states, condition_rows = states[:4]
    inner_static, outer_static, bits, node_bits, occult, composites, presence = states[4:]
    inner_tables, inner_positions, _ = inner_factors
    probability, evidence, findings = results
    inner_count, hidden_count = inner_positions.shape[0], hidden_factors.positions.shape[0]
    product, joint, shown, rest, scratch, base, starts, widths = room
    combinations = inner_static.shape[1]
    width, joint_states = np.uintp(inner_static.shape[2]), np.uintp(outer_static.shape[1])
    for case in range(masks.shape[1]):
        setting = setting_of(masks[setting_row, case]) if setting_row >= 0 else 0

        # Inner: for each combination of contexts that the evidence allows a product of rows; their sum.
        count = 0
        for g in range(inner_count):
            if inner_positions[g, case] >= 0:
                base[count] = inner_positions[g, case]
                count += 1
        for k in range(width):
            joint[k] = 0.0
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

        # Marginals: the upper half has the highest bit's condition present; then fold it away, and the next. Where that
        # condition is the first of a composite, the composite's other members are looked for in the lower half.
        for o in range(composites.shape[0]):
            probability[presence.shape[0] + o, case] = 0.0
        half = joint_states
        for b in range(bits.shape[0]):
            half = half >> ONE
            present = _tree_sum(joint, half, half, scratch)
            if bits[b] >= 0:
                probability[bits[b], case] = present
            for o in range(composites.shape[0]):
                if composites[o] & ((2 << b) - 1) == 1 << b:
                    present_or = _any_of(joint, half, composites[o] >> (b + 1), present, rest, scratch)
                    probability[presence.shape[0] + o, case] = present_or
            _fold(joint, half)
        total = joint[0]
        evidence[case] = total
        if findings[case] < 0.0:
            findings[case] = total
        for o in range(probability.shape[0]):
            probability[o, case] = probability[o, case] / total  # 0/0, not a number, where evidence is impossible
