"""Credible intervals of posteriors, from draws that are weighted by each case's evidence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.inference.draws import DrawPosterior
from riskmodel.inference.score_kernel import compiled

CASES_AT_ONCE = 64  # their draws, laid out by case, stay in the processor's cache


class Intervals(NamedTuple):
    """Credible intervals of each output for each case, from draws weighted by the case's evidence.

    ``low``, ``high`` and ``mean`` have shape (outputs, cases); ``effective`` (cases,) is the number of
    equally weighted draws that would tell as much.
    """

    low: Array
    high: Array
    mean: Array
    effective: Array


def intervals(posterior: DrawPosterior, level: float, threads: int = 2) -> Intervals:
    """Weighted quantiles, mean and effective number of draws of each output for each case.

    Parameters
    ----------
    level
        probability that an interval holds, between 0 and 1; its ends are quantiles (1 - level) / 2 from each side.

    Raises
    ------
    UsageError
        where the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level}")
    outputs, _, cases = posterior.probability.shape
    low, high, mean = (np.empty((outputs, cases)) for _ in range(3))
    result = Intervals(low, high, mean, np.empty(cases))

    def fill(first: int) -> None:
        rows = slice(first, first + CASES_AT_ONCE)
        probability = np.ascontiguousarray(np.moveaxis(posterior.probability[:, :, rows], 1, 2))
        weights = np.ascontiguousarray(posterior.evidence[:, rows].T)
        _summarise(probability, weights, (1 - level) / 2, Intervals(*(field[..., rows] for field in result)))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(0, cases, CASES_AT_ONCE)))
    return result


@compiled
def _quantile(values, weights, target):  # type: ignore[no-untyped-def]
    """The smallest value at which the weights up to and including it reach the target; reorders both.

    Quickselect by weight: the part that holds the quantile is partitioned again and again.
    """
    first, last, below = 0, values.shape[0], 0.0
    while last - first > 1:
        a, b, c = values[first], values[(first + last) // 2], values[last - 1]
        pivot = max(min(a, b), min(max(a, b), c))  # the median of three: no worst case for sorted draws
        less, more, k, weight_less, weight_equal = first, last, first, 0.0, 0.0
        while k < more:  # less than the pivot to the front, more to the back, equal ones stay between
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
        if below + weight_less >= target and less > first:  # rounding must not send the search where there is nothing
            last = less
        elif below + weight_less + weight_equal >= target or more == last:
            return pivot
        else:
            below += weight_less + weight_equal
            first = more
    return values[first]


@compiled
def _summarise(probability, weights, tail, intervals):  # type: ignore[no-untyped-def]
    """Weighted quantiles and means of (outputs, cases, draws) under (cases, draws), into the intervals' arrays."""
    low, high, mean, effective = intervals
    outputs, cases, draws = probability.shape
    values, weight_of = np.empty(draws), np.empty(draws)
    for case in range(cases):
        total, squares = 0.0, 0.0
        for k in range(draws):
            total += weights[case, k]
            squares += weights[case, k] * weights[case, k]
        effective[case] = total * total / squares
        for o in range(outputs):
            moment = 0.0
            for k in range(draws):
                values[k], weight_of[k] = probability[o, case, k], weights[case, k]
                moment += values[k] * weight_of[k]
            mean[o, case] = moment / total
            low[o, case] = _quantile(values, weight_of, tail * total)
            high[o, case] = _quantile(values, weight_of, (1.0 - tail) * total)
