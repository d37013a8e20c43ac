"""Compiled passes over a cohort: the posterior of every row over contexts and joint condition states."""

from __future__ import annotations

import numba
import numpy as np

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")

# Arguments shared by both passes, of rows in one setting:
#   pat_in, pat_out (rows, groups): evidence patterns; contexts (rows,), allowed_contexts (kinds, contexts);
#   outcomes (rows,), allowed_states (kinds, joint states): what is known, 0 or 1
#   static_in (contexts · inner states), static_out (joint states)
#   tables_in, tables_out: the groups' tables end to end, from first_in and first_out on; skip_in, skip_out


@compiled
def _posterior(  # type: ignore[no-untyped-def]  # noqa: C901, PLR0912, PLR0913
    row, pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states, static_in, static_out,
    tables_in, first_in, skip_in, tables_out, first_out, skip_out, inner, outer, sums, above,
):  # fmt: skip
    """P(evidence) of a row; its posterior weights go into inner (contexts · inner states) and outer (joint)."""
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
    total = 0.0
    for k in range(width):
        sums[k], above[k] = 0.0, 0.0
        for a in range(combos):
            sums[k] += inner[a * width + k]
        for r in range(repeat):
            above[k] += outer[k * repeat + r]
        total += sums[k] * above[k]
    if total <= 0.0:
        return 0.0
    for a in range(combos):
        for k in range(width):
            inner[a * width + k] *= above[k] / total
    for k in range(width):
        for r in range(repeat):
            outer[k * repeat + r] *= sums[k] / total
    return total


@compiled
def expected_counts(  # type: ignore[no-untyped-def]  # noqa: PLR0913
    weights, pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states, static_in, static_out,
    tables_in, first_in, skip_in, tables_out, first_out, skip_out,
    counts_static_in, counts_static_out, counts_in, counts_out, evidence,
):  # fmt: skip
    """Add each row's posterior weights to the counts of its patterns; its evidence into ``evidence``."""
    block, joint = static_in.shape[0], static_out.shape[0]
    inner, outer = np.empty(block), np.empty(joint)
    width = block // allowed_contexts.shape[1]
    sums, above = np.empty(width), np.empty(width)
    for row in range(weights.shape[0]):
        total = _posterior(
            row, pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states, static_in, static_out,
            tables_in, first_in, skip_in, tables_out, first_out, skip_out, inner, outer, sums, above,
        )  # fmt: skip
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
        if weight > 1e-12:
            at = start + k * width
            for i in range(width):
                score[columns[i]] += weight * slopes[at + i]


@compiled
def row_scores(  # type: ignore[no-untyped-def]  # noqa: PLR0913
    pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states, static_in, static_out,
    tables_in, first_in, skip_in, tables_out, first_out, skip_out,
    slopes, slope_first, columns, column_first, scores,
):  # fmt: skip
    """Derivatives of each row's log P(evidence) by the coordinates, into (rows, coordinates).

    Pieces in the order static inner, static outer, inner groups, outer groups.
    """
    block, joint = static_in.shape[0], static_out.shape[0]
    inner, outer = np.empty(block), np.empty(joint)
    width = block // allowed_contexts.shape[1]
    sums, above = np.empty(width), np.empty(width)
    inner_groups = first_in.shape[0]
    for row in range(scores.shape[0]):
        _posterior(
            row, pat_in, pat_out, contexts, allowed_contexts, outcomes, allowed_states, static_in, static_out,
            tables_in, first_in, skip_in, tables_out, first_out, skip_out, inner, outer, sums, above,
        )  # fmt: skip
        score = scores[row]
        score[:] = 0.0
        _add(score, inner, slopes, columns[column_first[0] : column_first[1]], slope_first[0], 0)
        _add(score, outer, slopes, columns[column_first[1] : column_first[2]], slope_first[1], 0)
        for g in range(inner_groups):
            if pat_in[row, g] != skip_in[g]:
                own = columns[column_first[2 + g] : column_first[3 + g]]
                _add(score, inner, slopes, own, slope_first[2 + g], pat_in[row, g])
        for g in range(first_out.shape[0]):
            if pat_out[row, g] != skip_out[g]:
                p = 2 + inner_groups + g
                own = columns[column_first[p] : column_first[p + 1]]
                _add(score, outer, slopes, own, slope_first[p], pat_out[row, g])
