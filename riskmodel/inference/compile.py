"""A network's tables → a scorer: everything that does not depend on a case is worked out once.

The hidden conditions are enumerated together, and so are the contexts that several variables share (age,
sex). Given those, the other variables fall apart into small groups (each finding; the risk factors of one
condition), and a group's whole contribution for every pattern of evidence on it fits in a small table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.records import Variable
from riskmodel.inference.parts import SELECTOR, Parts
from riskmodel.inference.scorer import Group, Scorer
from riskmodel.network.network import Network

MOST_PATTERNS = 64  # of groups that are joined: their table must stay in the processor's cache


def compile_scorer(
    network: Network, variables: Sequence[Variable] | None = None, draw: int = 0, *, join: bool = True
) -> Scorer:
    """Compile one draw of a network into a scorer.

    Parameters
    ----------
    variables
        the rows of the evidence arrays, in order; circumstances among them are passed over. By default the
        network's own.
    join
        whether small groups are joined, so that one look-up serves several findings.

    Raises
    ------
    InferenceError
        when the conditions or a group of other variables are too many to enumerate.
    """
    rows = tuple(variables if variables is not None else network.variables)
    network = network.one_draw(draw)
    parts = Parts(network)
    groups = parts.groups()
    order, count = parts.order(groups)
    inner_static = [factor for factor in parts.static() if set(factor.scope) & set(parts.contexts)]
    outer_static = [factor for factor in parts.static() if not set(factor.scope) & set(parts.contexts)]
    index = {variable.name: i for i, variable in enumerate(rows)}
    contexts = list(np.ndindex(*parts.sizes(parts.contexts)))  # one, empty, where there are no contexts
    outer = [_compiled(parts, group, order, index, contexts=False) for group in groups if not parts.has_context(group)]
    return Scorer(
        variables=rows,
        conditions=tuple(parts.conditions),
        setting_row=index.get(SELECTOR, -1) if parts.selector else -1,
        context_rows=tuple(index[name] for name in parts.contexts),
        context_states=np.array(contexts, dtype=np.int64).reshape(len(contexts), len(parts.contexts)),
        condition_rows=tuple(index[name] for name in parts.conditions),
        inner_static=parts.spread(inner_static, (), order[:count], contexts=True)[0, :, :, 0],
        outer_static=parts.spread(outer_static, (), order, contexts=False)[0, :, 0],
        inner=tuple(
            _compiled(parts, group, order[:count], index, contexts=True) for group in groups if parts.has_context(group)
        ),
        outer=join_groups(outer, join_plan(outer)) if join else tuple(outer),
        bits=np.array([parts.conditions.index(name) for name in order], dtype=np.int64),
        composites=_composites(network, order),
        output_names=(*parts.conditions, *condition_composites(network)),
        presence=np.array(
            [[bits[order.index(n)] for bits in np.ndindex(*(2,) * len(order))] for n in parts.conditions]
        ),
    )


def condition_composites(network: Network) -> list[str]:
    names = {condition.name for condition in network.conditions}
    return [name for name, members in network.composites.items() if set(members) <= names]


def _composites(network: Network, order: Sequence[str]) -> Array:
    """1 for the joint states in which any member of a composite of conditions is present."""
    states = np.array(list(np.ndindex(*(2,) * len(order))), dtype=float).reshape(-1, len(order))
    rows = [
        states[:, [order.index(member) for member in network.composites[name]]].any(axis=1)
        for name in condition_composites(network)
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(states))


def _compiled(
    parts: Parts, group: Sequence[str], conditions: Sequence[str], index: dict[str, int], *, contexts: bool
) -> Group:
    """The group's table for every pattern of evidence: (settings, patterns, [contexts], joint states)."""
    shape = parts.shape(group, len(conditions), contexts=contexts)
    spread = parts.spread(parts.factors(group), group, conditions, contexts=contexts)[0]
    spread = np.moveaxis(spread, -2, 1)  # (settings, joint states of the group, …)
    table = np.zeros((spread.shape[0], len(shape.allowed), *spread.shape[2:]))
    for state in range(spread.shape[1]):  # a fixed order of additions
        weights = shape.allowed[:, state].reshape(1, -1, *(1,) * (spread.ndim - 2))
        table += weights * spread[:, state, None]
    if shape.barren:  # nothing known of it: exactly no change
        table[:, -1] = 1.0
    return Group(
        rows=tuple(index[name] for name in group),
        multipliers=shape.multipliers,
        table=np.ascontiguousarray(table),
        states=np.ascontiguousarray(spread),
        sizes=shape.sizes,
        skip=len(shape.allowed) - 1 if shape.barren else -1,
    )


def join_plan(groups: Sequence[Group]) -> list[list[int]]:
    """Which small groups are looked up together: places in the list, a list for each look-up."""
    plan: list[list[int]] = []
    patterns: list[int] = []
    for place, group in enumerate(groups):
        own = group.table.shape[1]
        for i, members in enumerate(plan):
            if patterns[i] * own <= MOST_PATTERNS and _alike(groups[members[0]], group):
                members.append(place)
                patterns[i] *= own
                break
        else:
            plan.append([place])
            patterns.append(own)
    return plan


def _alike(first: Group, second: Group) -> bool:
    return first.table.shape[0] == second.table.shape[0] and min(first.skip, second.skip) >= 0


def join_groups(groups: Sequence[Group], plan: Sequence[Sequence[int]]) -> tuple[Group, ...]:
    """The groups joined as planned."""
    return tuple(reduce(_joined, (groups[place] for place in members)) for members in plan)


def _joined(first: Group, second: Group) -> Group:
    """Two groups as one: every pattern of the first with every pattern of the second."""
    patterns = second.table.shape[1]
    settings, _, joint = first.table.shape
    return Group(
        rows=(*first.rows, *second.rows),
        multipliers=(*(multiplier * patterns for multiplier in first.multipliers), *second.multipliers),
        table=(first.table[:, :, None] * second.table[:, None]).reshape(settings, -1, joint),
        states=(first.states[:, :, None] * second.states[:, None]).reshape(settings, -1, joint),
        sizes=(*first.sizes, *second.sizes),
        skip=first.skip * patterns + second.skip,
    )
