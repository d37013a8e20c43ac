"""Compiled passes over a cohort: the posterior of every row over contexts and joint condition states."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, States

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


class Rows(NamedTuple):
    """Evidence of rows in one setting.

    Attributes
    ----------
    pat_in, pat_out
        (rows, groups): evidence patterns.
    contexts, outcomes
        (rows,): which kind of knowledge of the contexts, and of the conditions, each row has.
    allowed_contexts
        (kinds, context combinations), 0 or 1.
    allowed_states
        (kinds, joint states), 0 or 1.
    """

    pat_in: NDArray[np.int32]
    pat_out: NDArray[np.int32]
    contexts: NDArray[np.int32]
    allowed_contexts: Array
    outcomes: NDArray[np.int32]
    allowed_states: Array

    def part(self, rows: slice) -> Rows:
        by_row = {name: getattr(self, name)[rows] for name in ("pat_in", "pat_out", "contexts", "outcomes")}
        return self._replace(**by_row)


class PieceTables(NamedTuple):
    """The look-up tables in one setting, each kind end to end.

    Attributes
    ----------
    static_in, static_out
        (contexts · inner states), (joint states).
    tables_in, tables_out
        the groups' tables; each begins at its entry of ``first_in`` or ``first_out``.
    skip_in, skip_out
        the pattern that changes nothing, or -1.
    """

    static_in: Array
    static_out: Array
    tables_in: Array
    first_in: States
    skip_in: States
    tables_out: Array
    first_out: States
    skip_out: States


class Counts(NamedTuple):
    """Room for the expected counts of every entry of `PieceTables`."""

    static_in: Array
    static_out: Array
    tables_in: Array
    tables_out: Array


class Slopes(NamedTuple):
    """Derivatives of the log tables, in the order static inner, static outer, inner groups, outer groups.

    Attributes
    ----------
    slopes
        (patterns, states, columns) of each piece, flat; piece p begins at ``first[p]``.
    columns
        the coordinates that each piece depends on; those of piece p from ``column_first[p]`` on.
    """

    slopes: Array
    first: States
    columns: States
    column_first: States


@compiled
def _posterior(row, rows, tables, inner, outer, sums, above):  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912
    """P(evidence) of a row; its posterior weights go into inner (contexts · inner states) and outer (joint)."""
    pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states = rows
    static_in, static_out, tables_in, first_in, skip_in, tables_out, first_out, skip_out = tables
    # As in the scorer: inner tables over contexts and the highest bits of a joint state, outer ones over all of it.
    combos, width, joint = allowed_contexts.shape[1], sums.shape[0], outer.shape[0]
    repeat, block = joint // width, inner.shape[0]
    for a in range(combos):
        weight = allowed_contexts[contexts[row], a]
        for k in range(width):
            inner[a * width + k] = static_in[a * width + k] * weight
    for g in range(first_in.shape[0]):
        if pat_in[row, g] != skip_in[g]:
            at = first_in[g] + pat_in[row, g] * block
            for k in range(block):
                inner[k] *= tables_in[at + k]
    for k in range(joint):
        outer[k] = static_out[k] * allowed_states[outcomes[row], k]
    for g in range(first_out.shape[0]):
        if pat_out[row, g] != skip_out[g]:
            at = first_out[g] + pat_out[row, g] * joint
            for k in range(joint):
                outer[k] *= tables_out[at + k]
    total = 0.0  # an inner state's weight is its sum over contexts, times that of the joint states above it
    for k in range(width):
        sums[k], above[k] = 0.0, 0.0
        for a in range(combos):
            sums[k] += inner[a * width + k]
        for r in range(repeat):
            above[k] += outer[k * repeat + r]
        total += sums[k] * above[k]
    if total <= 0.0:
        return 0.0
    # What remains of each table entry: its own weight, times that of all that goes with it.
    for a in range(combos):
        for k in range(width):
            inner[a * width + k] *= above[k] / total
    for k in range(width):
        for r in range(repeat):
            outer[k * repeat + r] *= sums[k] / total
    return total


@compiled
def expected_counts(weights, rows, tables, counts, evidence):  # type: ignore[no-untyped-def]
    """Add each row's posterior weights to the counts of its patterns; its evidence into ``evidence``."""
    pat_in, pat_out = rows.pat_in, rows.pat_out
    first_in, skip_in, first_out, skip_out = tables.first_in, tables.skip_in, tables.first_out, tables.skip_out
    counts_static_in, counts_static_out, counts_in, counts_out = counts
    block, joint = tables.static_in.shape[0], tables.static_out.shape[0]
    inner, outer = np.empty(block), np.empty(joint)
    width = block // rows.allowed_contexts.shape[1]
    sums, above = np.empty(width), np.empty(width)
    for row in range(weights.shape[0]):
        total = _posterior(row, rows, tables, inner, outer, sums, above)
        evidence[row] = total
        if total == 0.0:
            continue
        weight = weights[row]
        for k in range(block):
            inner[k] *= weight
            counts_static_in[k] += inner[k]
        for g in range(first_in.shape[0]):
            if pat_in[row, g] != skip_in[g]:
                at = first_in[g] + pat_in[row, g] * block
                for k in range(block):
                    counts_in[at + k] += inner[k]
        for k in range(joint):
            outer[k] *= weight
            counts_static_out[k] += outer[k]
        for g in range(first_out.shape[0]):
            if pat_out[row, g] != skip_out[g]:
                at = first_out[g] + pat_out[row, g] * joint
                for k in range(joint):
                    counts_out[at + k] += outer[k]


@compiled
def _add(score, weights, slopes, columns, first, pattern):  # type: ignore[no-untyped-def]
    """Add to a row's score the posterior mean of one piece's log-derivatives, (…, states, columns) laid out flat."""
    states, width = weights.shape[0], columns.shape[0]
    start = first + pattern * states * width
    for k in range(states):
        weight = weights[k]
        if weight > 1e-12:  # hardly any joint state is probable: most of the work is saved
            at = start + k * width
            for i in range(width):
                score[columns[i]] += weight * slopes[at + i]


@compiled
def row_scores(rows, tables, derivatives, scores):  # type: ignore[no-untyped-def]
    """Derivatives of each row's log P(evidence) by the coordinates, into (rows, coordinates)."""
    pat_in, pat_out = rows.pat_in, rows.pat_out
    first_in, skip_in, first_out, skip_out = tables.first_in, tables.skip_in, tables.first_out, tables.skip_out
    slopes, slope_first, columns, column_first = derivatives
    block, joint = tables.static_in.shape[0], tables.static_out.shape[0]
    inner, outer = np.empty(block), np.empty(joint)
    width = block // rows.allowed_contexts.shape[1]
    sums, above = np.empty(width), np.empty(width)
    inner_groups = first_in.shape[0]
    for row in range(scores.shape[0]):
        _posterior(row, rows, tables, inner, outer, sums, above)
        score = scores[row]
        score[:] = 0.0
        _add(score, inner, slopes, columns[column_first[0] : column_first[1]], slope_first[0], 0)
        _add(score, outer, slopes, columns[column_first[1] : column_first[2]], slope_first[1], 0)
        for g in range(inner_groups):
            if pat_in[row, g] != skip_in[g]:
                which = columns[column_first[2 + g] : column_first[3 + g]]
                _add(score, inner, slopes, which, slope_first[2 + g], pat_in[row, g])
        for g in range(first_out.shape[0]):
            if pat_out[row, g] != skip_out[g]:
                p = 2 + inner_groups + g
                which = columns[column_first[p] : column_first[p + 1]]
                _add(score, outer, slopes, which, slope_first[p], pat_out[row, g])
