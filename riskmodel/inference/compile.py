"""A network's tables → a scorer: everything that does not depend on a case is worked out once.

The hidden conditions are enumerated together, and so are the contexts that several variables share (age,
sex). Given those, the other variables fall apart into small groups (each finding; the risk factors of one
condition), and a group's whole contribution for every pattern of evidence on it fits in a small table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from riskmodel.arrays import Array, Bools
from riskmodel.evidence.records import Variable
from riskmodel.inference.lookup import Lookup, Lookups, Tables, product_of_patterns
from riskmodel.inference.scorer import Group, Scorer
from riskmodel.network.network import Network

MOST_ENTRIES = 24_576  # of the tables of groups that are joined: they must stay in the processor's cache


def compile_scorer(
    network: Network,
    variables: Sequence[Variable] | None = None,
    draw: int = 0,
    *,
    join: bool = True,
    mix: bool = True,
) -> Scorer:
    """Compile one draw of a network into a scorer.

    Parameters
    ----------
    variables
        the rows of the evidence arrays, in order; circumstances among them are passed over. By default the
        network's own.
    draw
        which draw of the tables; 0 holds the stated values.
    join
        whether small groups are joined, so that one look-up serves several findings.
    mix
        whether manifestation nodes share the bits of their conditions, see :class:`~riskmodel.inference.parts.Parts`.

    Raises
    ------
    InferenceError
        when the conditions or a group of other variables are too many to enumerate.
    """
    network = network.one_draw(draw)
    lookups = Lookups(network, network.case_variables if variables is None else variables, mix=mix)
    hidden, outer = (
        [_group(lookups, lookup, network.tables) for lookup in each] for each in (lookups.hidden, lookups.outer)
    )
    written = _written(lookups, network.tables)
    return Scorer(
        variables=lookups.variables,
        conditions=tuple(lookups.parts.conditions),
        setting_row=lookups.setting_row,
        context_rows=lookups.context_rows,
        context_states=lookups.context_states,
        condition_rows=lookups.condition_rows,
        inner_static=_group(lookups, lookups.static_inner, network.tables).table[:, 0],
        outer_static=_group(lookups, lookups.static_outer, network.tables).table[:, 0],
        inner=tuple(_group(lookups, lookup, network.tables) for lookup in lookups.inner),
        hidden=join_groups(hidden, join_plan(hidden)) if join else tuple(hidden),
        outer=join_groups(outer, join_plan(outer)) if join else tuple(outer),
        bits=np.array([_output(lookups, name) for name in lookups.order], dtype=np.int64),
        node_bits=np.array(lookups.node_bits, dtype=np.int64),
        occult=lookups.occult(network.tables)[0],
        composites=_composites(network, lookups),
        output_names=(*lookups.parts.conditions, *condition_composites(network)),
        presence=lookups.presence,
        recorded_rows=tuple(written),
        written=tuple(rates[0] for rates in written.values()),
    )


def _written(lookups: Lookups, tables: Tables) -> dict[int, Array]:
    """P(written down | setting, state), (draws, settings or 1, states), by the row of each variable that has it."""
    groups = (*lookups.inner, *lookups.hidden, *lookups.outer)
    rates = {
        row: rate for group in groups for row, rate in zip(group.rows, lookups.written(group, tables), strict=True)
    }
    return {row: rate for row, rate in sorted(rates.items()) if rate is not None}


def _output(lookups: Lookups, name: str) -> int:
    """The row of a condition among the outputs; -1 for a manifestation node with a bit of its own."""
    return lookups.parts.conditions.index(name) if name in lookups.parts.conditions else -1


def condition_composites(network: Network) -> list[str]:
    """The composites all of whose members are conditions, by name: these are outputs."""
    names = {condition.name for condition in network.conditions}
    return [name for name, members in network.composites.items() if set(members) <= names]


def _composites(network: Network, lookups: Lookups) -> Bools:
    """Which bits stand for a member of each composite of conditions."""
    rows = [
        [name in network.composites[composite] for name in lookups.order] for composite in condition_composites(network)
    ]
    return np.array(rows, dtype=bool).reshape(len(rows), len(lookups.order))


def _group(lookups: Lookups, lookup: Lookup, tables: Tables) -> Group:
    """A look-up with its table for one draw, (settings, patterns, [contexts], joint states)."""
    spread = lookups.spread(lookup, tables)
    return Group(
        rows=lookup.rows,
        multipliers=lookup.multipliers,
        table=lookup.sum_allowed(spread, lookups.written(lookup, tables))[0],
        states=spread[0],
        sizes=lookup.sizes,
        skip=lookup.skip,
        start=lookup.start,
    )


def join_plan(groups: Sequence[Group]) -> list[list[int]]:
    """Which small groups are looked up together: positions in the list, a list for each look-up."""
    plan: list[list[int]] = []
    patterns: list[int] = []
    for position, group in enumerate(groups):
        count = group.table.shape[1]
        for i, members in enumerate(plan):
            if patterns[i] * count * group.width <= MOST_ENTRIES and _alike(groups[members[0]], group):
                members.append(position)
                patterns[i] *= count
                break
        else:
            plan.append([position])
            patterns.append(count)
    return plan


def _alike(first: Group, second: Group) -> bool:
    shapes = [(len(group.table), group.width) for group in (first, second)]
    return shapes[0] == shapes[1] and min(first.skip, second.skip) >= 0


def join_groups(groups: Sequence[Group], plan: Sequence[Sequence[int]]) -> tuple[Group, ...]:
    """The groups joined as planned."""
    return tuple(reduce(_joined, (groups[position] for position in members)) for members in plan)


def _joined(first: Group, second: Group) -> Group:
    """Two groups as one: every pattern of the first with every pattern of the second."""
    patterns = second.table.shape[1]
    return Group(
        rows=(*first.rows, *second.rows),
        multipliers=(*(multiplier * patterns for multiplier in first.multipliers), *second.multipliers),
        table=product_of_patterns(first.table, second.table),
        states=product_of_patterns(first.states, second.states),
        sizes=(*first.sizes, *second.sizes),
        skip=first.skip * patterns + second.skip,
        start=first.start * patterns + second.start,
    )
