"""The tables of findings that go together more than their conditions explain: a mixture of two joint distributions.

P(findings | conditions) = s · P(all share one uniform threshold) + (1 - s) · product of P(finding | conditions), with
the group's strength s. Sharing a threshold (comonotone) is as correlated as the findings' rates allow. Every finding's
own table, so every statement on it, is unchanged. In the network the group becomes a chain: each finding gets the
earlier ones of its group as further parents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.records import Variable
from riskmodel.network.elimination import Factor, multiply_out

Tables = dict[str, Array]


def with_dependence(
    variables: Sequence[Variable], tables: Mapping[str, Array], group: Sequence[str], strength: Array
) -> tuple[tuple[Variable, ...], Tables]:
    """The variables and tables with one group made dependent.

    Parameters
    ----------
    tables
        for each variable (draws, parents …, states).
    group
        findings in file order; none may be a parent of another.
    strength
        (draws,), 0 to 1. Where it is 0 in every draw nothing is changed, to the last bit.
    """
    if not np.any(strength):
        return tuple(variables), dict(tables)
    by_name = {variable.name: variable for variable in variables}
    order = [variable.name for variable in variables]
    result = dict(tables)
    changed: dict[str, Variable] = {}
    for i in range(1, len(group)):
        members = [by_name[name] for name in group[: i + 1]]
        parents = sorted({parent for member in members for parent in member.parents}, key=order.index)
        sizes = [len(by_name[parent].states) for parent in parents]
        spread = [_spread(member, tables[member.name], parents, sizes) for member in members]
        joint = _joint(spread, strength)
        earlier = joint.sum(axis=-1, keepdims=True)
        alone = spread[-1].reshape(*spread[-1].shape[:-1], *(1,) * i, spread[-1].shape[-1])
        possible = earlier > 0
        table = np.where(possible, joint / np.where(possible, earlier, 1.0), alone)
        table /= table.sum(axis=-1, keepdims=True)
        name = group[i]
        result[name] = table
        changed[name] = replace(by_name[name], parents=(*parents, *group[:i]))
    return tuple(changed.get(variable.name, variable) for variable in variables), result


def _spread(member: Variable, table: Array, parents: Sequence[str], sizes: Sequence[int]) -> Array:
    """A finding's own table over the parents of the whole group: (draws, parents …, states)."""
    axes = [parents.index(parent) for parent in member.parents]
    table = np.transpose(table, [0, *(1 + int(i) for i in np.argsort(axes)), table.ndim - 1])
    shape = [1] * len(parents)
    for axis in axes:
        shape[axis] = sizes[axis]
    full = (table.shape[0], *sizes, table.shape[-1])
    return np.broadcast_to(table.reshape(table.shape[0], *shape, table.shape[-1]), full)


def _joint(spread: Sequence[Array], strength: Array) -> Array:
    """The members' joint distribution: (draws, parents …, states of each member …)."""
    count = len(spread)
    lead = spread[0].ndim - 1

    def along(values: Array, member: int) -> Array:
        shape = [1] * count
        shape[member] = values.shape[-1]
        return values.reshape(*values.shape[:-1], *shape)

    independent, top, bottom = 1.0, np.inf, -np.inf
    for member, table in enumerate(spread):
        upper = np.minimum(np.cumsum(table, axis=-1), 1.0)
        upper[..., -1] = 1.0
        lower = np.concatenate([np.zeros_like(upper[..., :1]), upper[..., :-1]], axis=-1)
        independent = independent * along(table, member)  # type: ignore[assignment]
        top, bottom = np.minimum(top, along(upper, member)), np.maximum(bottom, along(lower, member))  # type: ignore[assignment]
    shared = np.maximum(top - bottom, 0.0)
    weight = strength.reshape(-1, *(1,) * (lead - 1 + count))
    return weight * shared + (1 - weight) * independent  # type: ignore[no-any-return]


def implied_strength(factors: Sequence[Factor], group: Sequence[str]) -> Array:
    """The strength that the tables of a group's findings show, (draws,); NaN where none could show.

    How far the joint distribution lies on the way from independent to sharing one threshold, over all
    combinations of the parents.
    """
    names = {name: i for i, name in enumerate(dict.fromkeys(n for f in factors for n in f.scope), start=1)}
    product = multiply_out(factors, None, names)
    parents = [name for name in product.scope if name not in group]
    order = [product.scope.index(name) + 1 for name in (*parents, *group)]
    joint = np.transpose(product.table, [0, *order])
    first = 1 + len(parents)
    members = [joint.sum(axis=tuple(first + j for j in range(len(group)) if j != i)) for i in range(len(group))]
    draws = len(joint)
    independent, shared = _joint(members, np.zeros(draws)), _joint(members, np.ones(draws))
    way = (shared - independent).reshape(draws, -1)
    with np.errstate(invalid="ignore"):
        strength: Array = ((joint - independent).reshape(draws, -1) * way).sum(axis=1) / (way**2).sum(axis=1)
    return strength
