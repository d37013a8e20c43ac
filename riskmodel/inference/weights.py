"""Weights of evidence of single observations, worked out once: what leads, what rose and why, and do findings conflict.

A finding's weight for a condition is 10 · log10 of P(finding | condition, setting) / P(finding | not the
condition, setting), in decibans: equal to the rise in the condition's log-odds over its odds given the
setting, with nothing else known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools, Masks, States
from riskmodel.evidence.plain_readings import reading_of
from riskmodel.evidence.records import Variable
from riskmodel.inference.scorer import Posterior, Scorer

TOP = 3  # findings named in a reason
RISE = 1e-9  # one condition stands before another only when larger by more than this share: rounding breaks no tie
NOTHING = 1e-9  # a weight this small, in decibans, says nothing


@dataclass(frozen=True, slots=True)
class Weights:
    """Tables over settings and slots; a slot is one evidence mask of one variable.

    Attributes
    ----------
    first
        (variables,): a variable's first slot, -1 for those that are no evidence (setting, conditions,
        circumstances). Slot = first + mask - 1.
    decibans
        (settings, leaders, slots): weight of the slot's evidence for each serious condition.
    marginal
        (settings, slots): P(the slot's evidence | setting).
    baseline
        (settings, outputs): probability of each output given the setting alone.
    leaders
        rows of the serious conditions among the scorer's outputs, in file order; of all where none is serious.
    flag
        (variables,): the mask of a flag's non-base states, 0 for what is no flag.
    counted
        (variables,): whether the variable counts as assessed (all but setting and conditions).
    silence
        (settings, variables): P(not written down | setting), 1 where no recording profile says.
    reading
        (variables,): the row of the plain reading of a scan that a variable is a part of, -1 for all others.
    """

    first: States
    decibans: Array
    marginal: Array
    baseline: Array
    leaders: States
    flag: Masks
    counted: Bools
    silence: Array
    reading: States

    @property
    def slots(self) -> int:
        return int(self.marginal.shape[1])


@dataclass(frozen=True, slots=True)
class Reasons:
    """For each case: what leads, what rose most and why.

    Attributes
    ----------
    leading
        (cases,): the most probable serious condition, an index into the leaders; -1 when all have probability 0.
    most_raised
        (cases,): the one whose odds rose by the largest factor over its odds given the setting; -1 when none rose.
    slots
        (3, cases): slots of the findings with the largest weight, -1 where there are fewer.
    conditions
        (3, cases): the leader that each weight speaks of.
    assessed
        (cases,): how many variables were assessed.
    ratio
        (cases,): product of P(finding | setting) over P(all findings | setting); blanks that are read count too. A scan
        counts once: a normal one without its parts, and the parts that it shows without "abnormal".
    """

    leading: States
    most_raised: States
    slots: States
    conditions: States
    assessed: States
    ratio: Array


def odds(p: Array) -> Array:
    """P / (1 - p), infinite at 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return p / (1.0 - p)


def compute_weights(scorer: Scorer) -> Weights:
    """Score every single observation in every setting, with nothing else known."""
    variables = scorer.variables
    settings = len(variables[scorer.setting_row].states) if scorer.setting_row >= 0 else 1
    names = {row for group in scorer.groups for row in group.rows} | set(scorer.context_rows)
    first = np.full(len(variables), -1, dtype=np.int64)
    rows: list[int] = []
    masks: list[int] = []
    for row, variable in enumerate(variables):
        if row in names:
            first[row] = len(rows)
            rows += [row] * variable.full_mask
            masks += list(range(1, variable.full_mask + 1))
    evidence = np.concatenate([scorer.blank(len(rows), setting) for setting in range(settings)], axis=1)
    for setting in range(settings):
        evidence[rows, np.arange(len(rows)) + setting * len(rows)] = masks
    single = scorer.posterior(evidence)
    silent = _silent_cases(scorer, settings)
    blank = scorer.posterior(np.concatenate([scorer.blank(1, setting) for setting in range(settings)], axis=1))
    serious = [i for i, name in enumerate(scorer.conditions) if _serious(variables, name)]
    leaders = np.array(serious or range(len(scorer.conditions)), dtype=np.int64)
    base = odds(blank.probability[leaders])  # (leaders, settings)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = odds(single.probability[leaders]).reshape(len(leaders), settings, len(rows)) / base[:, :, None]
        decibans = np.nan_to_num(10.0 * np.log10(rise), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return Weights(
        first=first,
        decibans=np.ascontiguousarray(np.moveaxis(decibans, 1, 0)),
        marginal=(single.evidence.reshape(settings, len(rows)) / blank.evidence[:, None]),
        baseline=np.ascontiguousarray(blank.probability.T),
        leaders=leaders,
        flag=np.array([v.full_mask - 1 if v.is_flag else 0 for v in variables], dtype=np.uint8),
        counted=np.array(
            [row != scorer.setting_row and row not in scorer.condition_rows for row in range(len(variables))]
        ),
        silence=scorer.posterior(silent).evidence.reshape(settings, len(variables)) / blank.evidence[:, None],
        reading=_readings(variables),
    )


def _readings(variables: Sequence[Variable]) -> States:
    """(variables,): the row of the plain reading of each part of a scan, -1 for what is no part."""
    rows, reading = {variable.name: row for row, variable in enumerate(variables)}, reading_of(variables)
    return np.array([rows.get(reading.get(variable.name, ""), -1) for variable in variables], dtype=np.int64)


def _follows(weights: Weights, masks: Masks) -> Bools:
    """(variables, cases): whether an observation follows from another of the same scan."""
    follows = np.zeros(masks.shape, dtype=np.bool_)
    for part in np.flatnonzero(weights.reading >= 0):
        scan = weights.reading[part]
        follows[part] = masks[scan] == 1  # a normal scan shows none of its parts
        follows[scan] |= (masks[part] != 0) & (masks[part] & 1 == 0)  # one that shows a part is abnormal
    return follows


def _silent_cases(scorer: Scorer, settings: int) -> Masks:
    """Of each setting, for each variable, a case of which only a blank is known; nothing, where blanks say nothing."""
    count = len(scorer.variables)
    cases = np.concatenate([scorer.blank(count, setting) for setting in range(settings)], axis=1)
    for row in scorer.recorded_rows:
        cases[row, row::count] = 0
    return cases


def _serious(variables: Sequence[Variable], name: str) -> bool:
    return next(variable.serious for variable in variables if variable.name == name)


def find_reasons(scorer: Scorer, weights: Weights, masks: Masks, posterior: Posterior) -> Reasons:
    """What leads and what rose most in each case, the findings that weigh most, and the conflict ratio.

    Parameters
    ----------
    masks, posterior
        of the same cases: (variables, cases), and what ``scorer`` gives for them.
    """
    count = masks.shape[1]
    setting = scorer.settings(masks)
    most_raised = _most_raised(scorer, weights, masks, posterior, setting)
    assessed = np.zeros(count, dtype=np.int64)
    product = np.ones(count)
    size = np.zeros((len(scorer.variables), count))
    speaks_of = np.zeros((len(scorer.variables), count), dtype=np.int64)
    follows = _follows(weights, masks)
    for row, variable in enumerate(scorer.variables):
        silent = masks[row] == 0
        product = np.where(silent, product * weights.silence[setting, row], product)
        observed = (masks[row] != variable.full_mask) & ~silent
        if weights.counted[row]:
            assessed += observed
        if weights.first[row] < 0:
            continue
        slot = np.where(silent, 0, weights.first[row] + masks[row].astype(np.int64) - 1)
        product = np.where(observed & ~follows[row], product * weights.marginal[setting, slot], product)
        size[row], speaks_of[row] = _size(weights, row, masks[row], setting, slot, most_raised, observed)
    slots, conditions = _top(weights, masks, size, speaks_of)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = product / posterior.findings
    return Reasons(_leading(weights, posterior), most_raised, slots, conditions, assessed, ratio)


def _leading(weights: Weights, posterior: Posterior) -> States:
    best = np.zeros(posterior.evidence.shape)
    leading = np.full(best.shape, -1, dtype=np.int64)
    for i, output in enumerate(weights.leaders):
        p = posterior.probability[output]
        better = p > best * (1.0 + RISE)
        best, leading = np.where(better, p, best), np.where(better, i, leading)
    return leading


def _most_raised(scorer: Scorer, weights: Weights, masks: Masks, posterior: Posterior, setting: States) -> States:
    best = np.ones(masks.shape[1])
    most_raised = np.full(masks.shape[1], -1, dtype=np.int64)
    for i, output in enumerate(weights.leaders):
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = odds(posterior.probability[output]) / odds(weights.baseline[setting, output])
        present = masks[scorer.condition_rows[output]] == 2  # an outcome that is known rose most
        rise = np.where(present, np.inf, rise)
        better = rise > best * (1.0 + RISE)
        best, most_raised = np.where(better, rise, best), np.where(better, i, most_raised)
    return most_raised


def _size(
    weights: Weights,
    row: int,
    mask: Masks,
    setting: States,
    slot: States,
    most_raised: States,
    observed: Bools,
) -> tuple[Array, States]:
    """How much a variable's evidence weighs, and for which leader; 0 where it is not to be named."""
    for_raised = np.abs(weights.decibans[setting, np.maximum(most_raised, 0), slot])
    every = weights.decibans[setting, :, slot]  # (cases, leaders)
    strongest = every.argmax(axis=1)
    is_flag = (mask & ~weights.flag[row] == 0) & (weights.flag[row] != 0)
    without = np.where(is_flag, every[np.arange(len(strongest)), strongest], 0.0)
    size = np.where(observed, np.where(most_raised >= 0, for_raised, without), 0.0)
    return size, np.where(most_raised >= 0, most_raised, strongest)


def _top(weights: Weights, masks: Masks, size: Array, speaks_of: States) -> tuple[States, States]:
    """The largest sizes, earlier variables first among equals."""
    count = masks.shape[1]
    slots = np.full((TOP, count), -1, dtype=np.int64)
    conditions = np.zeros((TOP, count), dtype=np.int64)
    every = np.arange(count)
    size = size.copy()
    for rank in range(TOP):
        row = size.argmax(axis=0)
        counts = size[row, every] > NOTHING
        slots[rank] = np.where(counts, weights.first[row] + masks[row, every].astype(np.int64) - 1, -1)
        conditions[rank] = np.where(counts, speaks_of[row, every], 0)
        size[row, every] = 0.0
    return slots, conditions


def reason_label(scorer: Scorer, weights: Weights, setting: int, leader: int, slot: int) -> str:
    """The text of one finding in a reason: ``fever=present:+11.3``.

    Parameters
    ----------
    setting
        an index into the setting's states.
    leader
        the condition that the weight (in decibans) is for, an index into ``weights.leaders``.
    slot
        which evidence mask of which variable, see `Weights.first`.
    """
    row = int(np.max(np.nonzero((weights.first >= 0) & (weights.first <= slot))[0]))
    variable = scorer.variables[row]
    mask = slot - int(weights.first[row]) + 1
    states = "/".join(state for s, state in enumerate(variable.states) if mask >> s & 1)
    return f"{variable.name}={states}:{weights.decibans[setting, leader, slot]:+.1f}"
