"""The scorer's arithmetic in one compiled pass, for large files.

The same look-ups, products and sums as :mod:`riskmodel.inference.scorer`, in the same order, so the two
engines agree to the last bit (no fused multiply-add, no reassociation). Importing this loads a compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Masks
from riskmodel.inference.scorer import Group, Posterior, Scorer
from riskmodel.inference.weights import NOTHING, RISE, TOP, Reasons, Weights


@dataclass(frozen=True, slots=True)
class Packed:
    """Groups laid end to end, as a compiled function wants them."""

    rows: NDArray[np.int64]
    multipliers: NDArray[np.int64]
    first: NDArray[np.int64]  # where each group's rows begin; one more at the end
    tables: Array
    offset: NDArray[np.int64]  # where each group's table begins
    setting_stride: NDArray[np.int64]  # 0 where the table is the same in every setting
    skip: NDArray[np.int64]

    @classmethod
    def of(cls, groups: tuple[Group, ...]) -> Packed:
        sizes = [group.table.size for group in groups]
        counts = [len(group.rows) for group in groups]
        strides = [group.table[0].size if group.table.shape[0] > 1 else 0 for group in groups]
        flat = [group.table.ravel() for group in groups]
        return cls(
            np.array([row for group in groups for row in group.rows], dtype=np.int64),
            np.array([m for group in groups for m in group.multipliers], dtype=np.int64),
            np.cumsum([0, *counts], dtype=np.int64),
            np.concatenate(flat) if flat else np.empty(0),
            np.cumsum([0, *sizes], dtype=np.int64)[:-1],
            np.array(strides, dtype=np.int64),
            np.array([group.skip for group in groups], dtype=np.int64),
        )


class CompiledScorer:
    """A scorer whose batches run compiled, without holding the interpreter's lock."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._inner = Packed.of(scorer.inner)
        self._outer = Packed.of(scorer.outer)
        self._context_rows = np.array(scorer.context_rows, dtype=np.int64)
        self._condition_rows = np.array(scorer.condition_rows, dtype=np.int64)

    def score(self, masks: Masks) -> Posterior:
        """As :meth:`riskmodel.inference.scorer.Scorer.score`, hard and set-valued evidence only."""
        scorer, inner, outer = self.scorer, self._inner, self._outer
        scorer.check(masks)
        masks = np.ascontiguousarray(masks)
        count = masks.shape[1]
        probability = np.empty((len(scorer.output_names), count))
        evidence, findings = np.empty(count), np.empty(count)
        _score(
            masks, scorer.setting_row, self._context_rows, scorer.context_states, self._condition_rows,
            scorer.inner_static, scorer.outer_static,
            inner.rows, inner.multipliers, inner.first, inner.tables, inner.offset, inner.setting_stride,
            inner.skip, outer.rows, outer.multipliers, outer.first, outer.tables, outer.offset,
            outer.setting_stride, outer.skip, scorer.bits, scorer.composites, scorer.presence, probability,
            evidence, findings,
        )  # fmt: skip
        return Posterior(probability, evidence, findings)


if TYPE_CHECKING:
    from riskmodel.inference.draws import DrawTables

TILE = 64  # cases whose evidence is fetched together: a cache line of every row

ZERO, ONE = np.uintp(0), np.uintp(1)

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


# Indices are unsigned throughout: a signed one could be negative, and checking for that keeps loops scalar.


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
    pattern = np.int64(0)
    for m in range(first, last):
        pattern += multipliers[m] * (np.int64(case[rows[m]]) - 1)
    return pattern


@compiled
def _score(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0913, PLR0915, C901
    masks, setting_row, context_rows, context_states, condition_rows, inner_static, outer_static,
    i_rows, i_mult, i_first, i_tables, i_offset, i_stride, i_skip,
    o_rows, o_mult, o_first, o_tables, o_offset, o_stride, o_skip,
    bits, composites, presence, probability, evidence, findings,
):  # fmt: skip
    combos = inner_static.shape[1]
    width, joint_states = np.uintp(inner_static.shape[2]), np.uintp(outer_static.shape[1])
    repeat = joint_states // width
    inner_groups = i_offset.shape[0]
    inner, product = np.empty(width), np.empty(width)
    joint, folded, scratch = np.empty(joint_states), np.empty(joint_states), np.empty(joint_states)
    base = np.empty(inner_groups, dtype=np.uintp)
    starts = np.empty(max(inner_groups, o_offset.shape[0]), dtype=np.uintp)
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
        for g in range(inner_groups):
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


def find_reasons_compiled(scorer: Scorer, weights: Weights, masks: Masks, posterior: Posterior) -> Reasons:
    """As :func:`riskmodel.inference.weights.find_reasons`, compiled; the same result to the last bit."""
    masks = np.ascontiguousarray(masks)
    count = masks.shape[1]
    leading, most_raised, assessed = (np.empty(count, dtype=np.int64) for _ in range(3))
    slots, conditions = np.empty((TOP, count), dtype=np.int64), np.zeros((TOP, count), dtype=np.int64)
    ratio = np.empty(count)
    full = np.array([variable.full_mask for variable in scorer.variables], dtype=np.uint8)
    _reasons(
        masks, scorer.setting_row, np.array(scorer.condition_rows, dtype=np.int64), full,
        weights.first, weights.decibans, weights.marginal, weights.baseline, weights.leaders, weights.flag,
        weights.counted, posterior.probability, posterior.findings, leading, most_raised, assessed,
        slots, conditions, ratio,
    )  # fmt: skip
    return Reasons(leading, most_raised, slots, conditions, assessed, ratio)


def packed_groups(scorer: Scorer) -> tuple[Packed, Packed]:
    """The inner and outer groups of a scorer as :func:`score_tables` reads them, the same for every draw."""
    return Packed.of(scorer.inner), Packed.of(scorer.outer)


def score_tables(
    scorer: Scorer,
    packed: tuple[Packed, Packed],
    tables: DrawTables,
    masks: Masks,
    probability: Array,
    evidence: Array,
) -> None:
    """Score cases of one setting with the tables of one draw, into (outputs, cases) and (cases,)."""
    inner, outer = packed
    shift_in, shift_out = _within_setting(scorer.inner), _within_setting(scorer.outer)
    findings = np.empty(masks.shape[1])
    none = np.zeros_like(inner.setting_stride), np.zeros_like(outer.setting_stride)
    _score(
        masks, -1, np.array(scorer.context_rows, dtype=np.int64), scorer.context_states,
        np.array(scorer.condition_rows, dtype=np.int64), tables.inner_static, tables.outer_static,
        inner.rows, inner.multipliers, inner.first, tables.inner, shift_in, none[0], inner.skip,
        outer.rows, outer.multipliers, outer.first, tables.outer, shift_out, none[1], outer.skip,
        scorer.bits, scorer.composites, scorer.presence, probability, evidence, findings,
    )  # fmt: skip


def _within_setting(groups: tuple[Group, ...]) -> NDArray[np.int64]:
    """Where each group's table begins when only one setting is laid out."""
    return np.cumsum([0, *(group.table[0].size for group in groups)], dtype=np.int64)[:-1]


def weighted_intervals(
    probability: Array, weights: Array, tail: float, low: Array, high: Array, mean: Array, effective: Array
) -> None:
    """Weighted quantiles and means of (outputs, cases, draws) under (cases, draws), into (outputs, cases)."""
    _intervals(probability, weights, tail, low, high, mean, effective)


@compiled
def _quantile(values, weights, target):  # type: ignore[no-untyped-def]
    """The smallest value at which the weights up to and including it reach the target; reorders both.

    Quickselect by weight: the part that holds the quantile is partitioned again and again.
    """
    first, last, below = 0, values.shape[0], 0.0
    while last - first > 1:
        a, b, c = values[first], values[(first + last) // 2], values[last - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        less, more, k, weight_less, weight_equal = first, last, first, 0.0, 0.0
        while k < more:
            value, weight = values[k], weights[k]
            if value < pivot:
                values[k], weights[k] = values[less], weights[less]
                values[less], weights[less] = value, weight
                weight_less += weight
                less += 1
                k += 1
            elif value > pivot:
                more -= 1
                values[k], weights[k] = values[more], weights[more]
                values[more], weights[more] = value, weight
            else:
                weight_equal += weight
                k += 1
        if below + weight_less >= target and less > first:
            last = less
        elif below + weight_less + weight_equal >= target or more == last:
            return pivot
        else:
            below += weight_less + weight_equal
            first = more
    return values[first]


@compiled
def _intervals(probability, weights, tail, low, high, mean, effective):  # type: ignore[no-untyped-def]
    outputs, cases, draws = probability.shape
    values, own = np.empty(draws), np.empty(draws)
    for case in range(cases):
        total, squares = 0.0, 0.0
        for k in range(draws):
            total += weights[case, k]
            squares += weights[case, k] * weights[case, k]
        effective[case] = total * total / squares
        for o in range(outputs):
            moment = 0.0
            for k in range(draws):
                values[k], own[k] = probability[o, case, k], weights[case, k]
                moment += values[k] * own[k]
            mean[o, case] = moment / total
            low[o, case] = _quantile(values, own, tail * total)
            high[o, case] = _quantile(values, own, (1.0 - tail) * total)


@compiled
def _reasons(  # type: ignore[no-untyped-def]  # noqa: PLR0912, PLR0913, C901
    masks, setting_row, condition_rows, full, first, decibans, marginal, baseline, leaders, flag,
    counted, probability, findings, leading, most_raised, assessed, slots, conditions, ratio,
):  # fmt: skip
    size, slot_of, speaks_of = np.empty(TOP), np.empty(TOP, dtype=np.int64), np.empty(TOP, dtype=np.int64)
    for case in range(masks.shape[1]):
        setting = 0
        if setting_row >= 0:
            while not (masks[setting_row, case] >> setting) & 1:
                setting += 1
        lead, most, raised, best = -1, 0.0, -1, 1.0
        for i in range(leaders.shape[0]):
            output = leaders[i]
            p, p0 = probability[output, case], baseline[setting, output]
            if p > most * (1.0 + RISE):
                lead, most = i, p
            rise = (p / (1.0 - p)) / (p0 / (1.0 - p0))
            if masks[condition_rows[output], case] == 2:
                rise = np.inf
            if rise > best * (1.0 + RISE):
                raised, best = i, rise
        known, product = 0, 1.0
        size[:] = 0.0
        slot_of[:] = -1
        speaks_of[:] = 0
        for row in range(masks.shape[0]):
            mask = masks[row, case]
            if mask == full[row]:
                continue
            if counted[row]:
                known += 1
            if first[row] < 0:
                continue
            slot = first[row] + np.int64(mask) - 1
            product = product * marginal[setting, slot]
            about, weight = raised, 0.0
            if raised >= 0:
                weight = abs(decibans[setting, raised, slot])
            elif flag[row] and not mask & ~flag[row]:
                about, weight = 0, decibans[setting, 0, slot]
                for i in range(1, leaders.shape[0]):
                    if decibans[setting, i, slot] > weight:
                        about, weight = i, decibans[setting, i, slot]
            if weight <= NOTHING:
                continue
            for place in range(TOP):
                if weight > size[place]:
                    for k in range(TOP - 1, place, -1):
                        size[k], slot_of[k], speaks_of[k] = size[k - 1], slot_of[k - 1], speaks_of[k - 1]
                    size[place], slot_of[place], speaks_of[place] = weight, slot, about
                    break
        leading[case], most_raised[case] = lead, raised
        assessed[case], ratio[case] = known, product / findings[case]
        for place in range(TOP):
            slots[place, case], conditions[place, case] = slot_of[place], speaks_of[place]
