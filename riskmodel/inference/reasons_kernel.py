"""The reasons of :mod:`riskmodel.inference.weights` as one compiled pass over the cases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskmodel.arrays import Array, Bools, Masks, States
from riskmodel.inference.score_kernel import compiled
from riskmodel.inference.scorer import Scorer
from riskmodel.inference.weights import NOTHING, RISE, TOP, Weights


class WeightArrays(NamedTuple):
    """The fields of `Weights`, and what the scorer knows of its rows.

    Attributes
    ----------
    full
        (variables,): the mask that allows every state.
    """

    setting_row: int
    condition_rows: States
    full: Masks
    first: States
    decibans: Array
    marginal: Array
    baseline: Array
    leaders: States
    flag: Masks
    counted: Bools
    silence: Array
    reading: States

    @classmethod
    def of(cls, scorer: Scorer, weights: Weights) -> WeightArrays:
        full = np.array([variable.full_mask for variable in scorer.variables], dtype=np.uint8)
        fields = (getattr(weights, name) for name in cls._fields[3:])
        return cls(scorer.setting_row, np.array(scorer.condition_rows, dtype=np.int64), full, *fields)


class ReasonArrays(NamedTuple):
    """Room for the fields of `Reasons`."""

    leading: States
    most_raised: States
    slots: States
    conditions: States
    assessed: States
    ratio: Array

    @classmethod
    def room(cls, cases: int) -> ReasonArrays:
        leading, most_raised, assessed = (np.empty(cases, dtype=np.int64) for _ in range(3))
        slots, conditions = np.empty((TOP, cases), dtype=np.int64), np.zeros((TOP, cases), dtype=np.int64)
        return cls(leading, most_raised, slots, conditions, assessed, np.empty(cases))


@compiled
def _show_parts(masks, case, reading, parts, shown):  # type: ignore[no-untyped-def]
    """Whether each scan shows a part of what it can show, so that it is abnormal, into ``shown`` (variables,)."""
    for part in parts:
        shown[reading[part]] = False
    for part in parts:
        if masks[part, case] and not masks[part, case] & 1:
            shown[reading[part]] = True


@compiled
def _lead_and_rise(masks, case, setting, probability, condition_rows, baseline, leaders):  # type: ignore[no-untyped-def]
    """What leads and what rose most: the first in file order, unless another is larger beyond rounding."""
    lead, most, raised, best = -1, 0.0, -1, 1.0
    for i in range(leaders.shape[0]):
        output = leaders[i]
        p, p0 = probability[output, case], baseline[setting, output]
        if p > most * (1.0 + RISE):
            lead, most = i, p
        rise = (p / (1.0 - p)) / (p0 / (1.0 - p0))
        if masks[condition_rows[output], case] == 2:  # known to be present
            rise = np.inf
        if rise > best * (1.0 + RISE):
            raised, best = i, rise
    return lead, raised


@compiled
def find_reasons_of_cases(masks, weights, probability, findings, reasons):  # type: ignore[no-untyped-def]  # noqa: PLR0912, C901
    """Work out the reasons of cases (see `weights.find_reasons`) into the arrays of `ReasonArrays`."""
    setting_row, condition_rows, full, first, decibans, marginal, baseline = weights[:7]
    leaders, flag, counted, silence, reading = weights[7:]
    leading, most_raised, slots, conditions, assessed, ratio = reasons
    parts = np.flatnonzero(reading >= 0)
    shown = np.zeros(masks.shape[0], dtype=np.bool_)
    size, slot_of, speaks_of = np.empty(TOP), np.empty(TOP, dtype=np.int64), np.empty(TOP, dtype=np.int64)
    for case in range(masks.shape[1]):
        setting = 0
        if setting_row >= 0:
            while not (masks[setting_row, case] >> setting) & 1:
                setting += 1
        lead, raised = _lead_and_rise(masks, case, setting, probability, condition_rows, baseline, leaders)
        # The findings that weigh most, kept sorted by insertion: there are TOP of them, and hundreds of slots.
        count, product = 0, 1.0
        _show_parts(masks, case, reading, parts, shown)
        size[:] = 0.0
        slot_of[:] = -1
        speaks_of[:] = 0
        for row in range(masks.shape[0]):
            mask = masks[row, case]
            if mask == full[row]:  # not assessed
                continue
            if mask == 0:  # not written down, and a recording profile reads it
                product = product * silence[setting, row]
                continue
            if counted[row]:
                count += 1
            if first[row] < 0:  # setting, conditions and circumstances are no evidence
                continue
            slot = first[row] + np.int64(mask) - 1
            normal = reading[row] >= 0 and masks[reading[row], case] == 1
            if not normal and not shown[row]:  # else it follows from another observation of the same scan
                product = product * marginal[setting, slot]
            about, weight = raised, 0.0
            if raised >= 0:
                weight = abs(decibans[setting, raised, slot])
            elif (
                flag[row] and not mask & ~flag[row]
            ):  # nothing rose: only a present flag is named, where it weighs most
                about, weight = 0, decibans[setting, 0, slot]
                for i in range(1, leaders.shape[0]):
                    if decibans[setting, i, slot] > weight:
                        about, weight = i, decibans[setting, i, slot]
            if weight <= NOTHING:
                continue
            for rank in range(TOP):
                if weight > size[rank]:  # strictly: earlier variables come first among equals
                    for k in range(TOP - 1, rank, -1):
                        size[k], slot_of[k], speaks_of[k] = size[k - 1], slot_of[k - 1], speaks_of[k - 1]
                    size[rank], slot_of[rank], speaks_of[rank] = weight, slot, about
                    break
        leading[case], most_raised[case] = lead, raised
        assessed[case], ratio[case] = count, product / findings[case]
        for rank in range(TOP):
            slots[rank, case], conditions[rank, case] = slot_of[rank], speaks_of[rank]
