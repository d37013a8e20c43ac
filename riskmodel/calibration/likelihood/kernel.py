"""Compiled passes over a cohort: the posterior of every row over contexts, joint states and manifestation nodes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Bools, States

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")

Patterns = NDArray[np.int32]


class Rows(NamedTuple):
    """Evidence of rows in one setting.

    Attributes
    ----------
    inner, hidden, outer
        (rows, groups): evidence patterns, by kind of group.
    contexts, outcomes
        (rows,): which kind of knowledge of the contexts, and of the conditions, each row has.
    allowed_contexts
        (kinds, context combinations), 0 or 1.
    allowed_states
        (kinds, joint states), 0 or 1.
    ill
        (joint states,): whether the disease is present that may have decided who was examined.
    tilt
        (rows,): by how much its presence makes it more probable that this outcome was looked for (or was not); 1
        where that says nothing.
    """

    inner: Patterns
    hidden: Patterns
    outer: Patterns
    contexts: NDArray[np.int32]
    allowed_contexts: Array
    outcomes: NDArray[np.int32]
    allowed_states: Array
    ill: Bools
    tilt: Array

    def part(self, rows: slice) -> Rows:
        names = ("inner", "hidden", "outer", "contexts", "outcomes", "tilt")
        by_row = {name: getattr(self, name)[rows] for name in names}
        return self._replace(**by_row)


class GroupTables(NamedTuple):
    """The tables of one kind of groups, end to end.

    Attributes
    ----------
    first
        where each begins.
    skip
        the pattern that changes nothing, or -1.
    width
        how many states a row tells apart: all of an inner one, those of the lowest bits of another.
    """

    tables: Array
    first: States
    skip: States
    width: States


class PieceTables(NamedTuple):
    """The look-up tables in one setting.

    Attributes
    ----------
    static_in, static_out
        (contexts · inner states), (joint states).
    occult
        (nodes · 2): of each manifestation node the occult and the manifest share.
    node_bits
        (nodes,): the place of the bit that each node shares with its condition.
    """

    static_in: Array
    static_out: Array
    occult: Array
    inner: GroupTables
    hidden: GroupTables
    outer: GroupTables
    node_bits: States


class Counts(NamedTuple):
    """Room for the expected counts of every entry of `PieceTables`."""

    static_in: Array
    static_out: Array
    occult: Array
    inner: Array
    hidden: Array
    outer: Array

    @classmethod
    def room(cls, tables: PieceTables) -> Counts:
        groups = (tables.inner.tables, tables.hidden.tables, tables.outer.tables)
        return cls(*(np.zeros(each.size) for each in (*tables[:3], *groups)))


class Work(NamedTuple):
    """Room for the posterior weights of one row.

    Attributes
    ----------
    inner
        (contexts · inner states).
    outer, hidden
        (joint states): of the conditions, and with the manifestation nodes in the place of theirs.
    occult
        (nodes · 2): P(present and occult), P(present and manifest).
    sums, above
        (inner states): sums over contexts, and over the outer joint states of each inner one.
    stages
        (nodes + 1, joint states): the product of the hidden tables, with one node more summed over in each.
    """

    inner: Array
    outer: Array
    hidden: Array
    occult: Array
    sums: Array
    above: Array
    stages: Array

    @classmethod
    def room(cls, rows: Rows, tables: PieceTables) -> Work:
        block, joint, nodes = tables.static_in.size, tables.static_out.size, tables.node_bits.size
        sizes = (block, joint, joint, 2 * nodes, *(block // rows.allowed_contexts.shape[1],) * 2)
        inner, outer, hidden, occult, sums, above = (np.empty(size) for size in sizes)
        return cls(inner, outer, hidden, occult, sums, above, np.empty((nodes + 1, joint)))


class Slopes(NamedTuple):
    """Derivatives of the log tables, in the order static inner, static outer, occult shares, groups by kind.

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
def _times(weights, patterns, groups):  # type: ignore[no-untyped-def]
    """Multiply weights by each group's row of entries."""
    for g in range(groups.first.shape[0]):
        if patterns[g] != groups.skip[g]:
            width = groups.width[g]
            at = groups.first[g] + patterns[g] * width
            for block in range(0, weights.shape[0], width):
                for k in range(width):
                    weights[block + k] *= groups.tables[at + k]


@compiled
def _hide(stages, tables):  # type: ignore[no-untyped-def]
    """Sum over the manifestation nodes one after another, as `Scorer._hidden`: from stages[0] to the last."""
    joint = stages.shape[1]
    for node in range(tables.node_bits.shape[0]):
        before, after = stages[node], stages[node + 1]
        bit = joint >> (tables.node_bits[node] + 1)
        hides, shows = tables.occult[2 * node], tables.occult[2 * node + 1]
        for k in range(joint):
            after[k] = hides * before[k - bit] + shows * before[k] if k & bit else before[k]


@compiled
def _unhide(weights, stages, occult, tables):  # type: ignore[no-untyped-def]
    """What remains of P(evidence) beside each entry of stages[0], from what remains beside the last, in place.

    The posterior weights of the nodes go into ``occult``.
    """
    joint = stages.shape[1]
    for node in range(tables.node_bits.shape[0] - 1, -1, -1):
        before = stages[node]
        bit = joint >> (tables.node_bits[node] + 1)
        hides, shows = tables.occult[2 * node], tables.occult[2 * node + 1]
        occult[2 * node], occult[2 * node + 1] = 0.0, 0.0
        for k in range(joint):
            if k & bit:
                occult[2 * node] += weights[k] * hides * before[k - bit]
                occult[2 * node + 1] += weights[k] * shows * before[k]
                weights[k - bit] += weights[k] * hides
                weights[k] *= shows


@compiled
def _evidence(row, rows, tables, work):  # type: ignore[no-untyped-def]
    """P(evidence) of a row; the weights that it is summed of go into `Work`."""
    inner, outer, _, _, sums, above, stages = work
    # As in the scorer: inner tables over contexts and the lowest bits of a joint state.
    combos, width, joint = rows.allowed_contexts.shape[1], sums.shape[0], outer.shape[0]
    for a in range(combos):
        weight = rows.allowed_contexts[rows.contexts[row], a]
        for k in range(width):
            inner[a * width + k] = tables.static_in[a * width + k] * weight
    _times(inner, rows.inner[row], tables.inner)
    for k in range(joint):
        outer[k] = tables.static_out[k] * rows.allowed_states[rows.outcomes[row], k]
        if rows.ill[k]:
            outer[k] *= rows.tilt[row]
    _times(outer, rows.outer[row], tables.outer)
    stages[0] = 1.0
    _times(stages[0], rows.hidden[row], tables.hidden)
    _hide(stages, tables)
    shown = stages[stages.shape[0] - 1]
    total = 0.0  # an inner state's weight is its sum over contexts, times that of the joint states above it
    for k in range(width):
        sums[k], above[k] = 0.0, 0.0
        for a in range(combos):
            sums[k] += inner[a * width + k]
        for above_k in range(k, joint, width):
            above[k] += outer[above_k] * shown[above_k]
        total += sums[k] * above[k]
    return total


@compiled
def _posterior(row, rows, tables, work):  # type: ignore[no-untyped-def]
    """P(evidence) of a row; its posterior weights go into `Work`."""
    total = _evidence(row, rows, tables, work)
    if total <= 0.0:
        return 0.0
    inner, outer, hidden, occult, sums, above, stages = work
    combos, width, joint = rows.allowed_contexts.shape[1], sums.shape[0], outer.shape[0]
    shown = stages[stages.shape[0] - 1]
    # What remains of each table entry: its own weight, times that of all that goes with it.
    for a in range(combos):
        for k in range(width):
            inner[a * width + k] *= above[k] / total
    for k in range(width):
        for above_k in range(k, joint, width):
            hidden[above_k] = outer[above_k] * sums[k] / total
            outer[above_k] = hidden[above_k] * shown[above_k]
    _unhide(hidden, stages, occult, tables)
    for k in range(joint):
        hidden[k] *= stages[0, k]
    return total


@compiled
def _count(counts, weights, patterns, groups):  # type: ignore[no-untyped-def]
    """Add a row's weights to the counts of each group's pattern."""
    for g in range(groups.first.shape[0]):
        if patterns[g] != groups.skip[g]:
            width = groups.width[g]
            at = groups.first[g] + patterns[g] * width
            for block in range(0, weights.shape[0], width):
                for k in range(width):
                    counts[at + k] += weights[block + k]


@compiled
def expected_counts(weights, rows, tables, counts, evidence, work):  # type: ignore[no-untyped-def]
    """Add each row's posterior weights to the counts of its patterns; its evidence into ``evidence``."""
    for row in range(weights.shape[0]):
        total = _posterior(row, rows, tables, work)
        evidence[row] = total
        if total == 0.0:
            continue
        for part in (work.inner, work.outer, work.hidden, work.occult):
            for k in range(part.shape[0]):
                part[k] *= weights[row]
        for k in range(work.inner.shape[0]):
            counts.static_in[k] += work.inner[k]
        for k in range(work.outer.shape[0]):
            counts.static_out[k] += work.outer[k]
        for k in range(work.occult.shape[0]):
            counts.occult[k] += work.occult[k]
        _count(counts.inner, work.inner, rows.inner[row], tables.inner)
        _count(counts.hidden, work.hidden, rows.hidden[row], tables.hidden)
        _count(counts.outer, work.outer, rows.outer[row], tables.outer)


@compiled
def evidences(rows, tables, evidence, work):  # type: ignore[no-untyped-def]
    """P(evidence) of each row into ``evidence``; 0 where it is impossible."""
    for row in range(evidence.shape[0]):
        evidence[row] = max(_evidence(row, rows, tables, work), 0.0)


@compiled
def ill_shares(rows, tables, evidence, shares, work):  # type: ignore[no-untyped-def]
    """P(evidence) of each row into ``evidence``, and P(ill | evidence) into ``shares``; 0 where it is impossible."""
    for row in range(evidence.shape[0]):
        evidence[row] = _posterior(row, rows, tables, work)
        shares[row] = 0.0
        if evidence[row] > 0.0:
            for k in range(rows.ill.shape[0]):
                if rows.ill[k]:
                    shares[row] += work.outer[k]


@compiled
def _add(score, weights, states, derivatives, piece, pattern):  # type: ignore[no-untyped-def]
    """Add to a row's score the posterior mean of one piece's log-derivatives, (…, states, columns) laid out flat."""
    slopes, first, columns, column_first = derivatives
    which = columns[column_first[piece] : column_first[piece + 1]]
    width = which.shape[0]
    start = first[piece] + pattern * states * width
    for k in range(weights.shape[0]):
        weight = weights[k]
        if weight > 1e-12:  # hardly any joint state is probable: most of the work is saved
            at = start + k % states * width
            for i in range(width):
                score[which[i]] += weight * slopes[at + i]


@compiled
def row_scores(rows, tables, derivatives, scores, work):  # type: ignore[no-untyped-def]
    """Derivatives of each row's log P(evidence) by the coordinates, into (rows, coordinates)."""
    for row in range(scores.shape[0]):
        _posterior(row, rows, tables, work)
        score = scores[row]
        score[:] = 0.0
        for piece, weights in enumerate((work.inner, work.outer, work.occult)):
            _add(score, weights, weights.shape[0], derivatives, piece, 0)
        piece = 3
        for weights, patterns, groups in (
            (work.inner, rows.inner, tables.inner),
            (work.hidden, rows.hidden, tables.hidden),
            (work.outer, rows.outer, tables.outer),
        ):
            for g in range(groups.first.shape[0]):
                if patterns[row, g] != groups.skip[g]:
                    _add(score, weights, groups.width[g], derivatives, piece + g, patterns[row, g])
            piece += groups.first.shape[0]
