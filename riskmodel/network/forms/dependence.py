"""The tables of findings that go together more than their conditions explain.

A group's findings have a joint distribution with a stated correlation (:mod:`~riskmodel.network.forms.normal_factor`).
Every finding's own table, so every statement on it, is unchanged. In the network the group becomes a chain: each
finding gets the earlier ones of its group as further parents, and the conditions that have a correlation of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.evidence.limits import MOST_CORRELATED
from riskmodel.evidence.records import Variable, acting_node
from riskmodel.network.forms.building import Valued
from riskmodel.network.forms.normal_factor import joint_distribution

Tables = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Correlations:
    """The correlation of a group's findings in each draw, 0 to 1; above 0.99 it is held there.

    Attributes
    ----------
    none
        (draws,): where no condition is present that has a correlation of its own.
    given
        by the node of a condition (its manifestation, where findings of the group come from that): the correlation,
        (draws,), where it alone is present. Where several are, the mean of theirs holds.
    held
        by the id of a statement, (draws,): 1 in the draws in which it was above 0.99.
    """

    none: Array
    given: Mapping[str, Array] = field(default_factory=dict)
    held: Mapping[str, Ints] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Sequence[Valued], members: Sequence[Variable]) -> Correlations:
        """Those that the statements on a group say."""
        above = {parent for member in members for parent in member.parents}
        nodes = {
            acting_node(event.variable, above): values for each, values in statements for event in each.given.events
        }
        none = next(values for statement, values in statements if not statement.given.events)
        beyond = {statement.id: (values > MOST_CORRELATED).astype(np.int64) for statement, values in statements}
        return cls(none, nodes, {identifier: draws for identifier, draws in beyond.items() if draws.any()})

    def over(self, parents: Sequence[str]) -> Array:
        """At each combination of parents: (draws, 2 or 1 for each, as the correlation depends on it or not)."""
        ones = (1,) * len(parents)
        total: Array = np.zeros((1, *ones))
        count: Array = np.zeros((1, *ones))
        for name, values in self.given.items():
            axis = 1 + parents.index(name)
            present = np.moveaxis(np.array([0.0, 1.0]).reshape(*ones, 2), -1, axis)
            total = total + present * np.minimum(values, MOST_CORRELATED).reshape(-1, *ones)
            count = count + present
        none = np.minimum(self.none, MOST_CORRELATED).reshape(-1, *ones)
        return np.where(count > 0, total / np.maximum(count, 1.0), none)


def with_dependence(
    variables: Sequence[Variable], tables: Mapping[str, Array], group: Sequence[str], correlations: Correlations
) -> tuple[tuple[Variable, ...], Tables]:
    """The variables and tables with one group made dependent.

    Parameters
    ----------
    tables
        for each variable (draws, parents …, states).
    group
        findings in file order; none may be a parent of another.
    correlations
        where they are 0 in every draw nothing is changed, to the last bit.
    """
    if not any(map(np.any, (correlations.none, *correlations.given.values()))):
        return tuple(variables), dict(tables)
    by_name = {variable.name: variable for variable in variables}
    order = [variable.name for variable in variables]
    members = [by_name[name] for name in group]
    parents = sorted({parent for member in members for parent in member.parents}, key=order.index)
    spread = [_spread(member, tables[member.name], parents) for member in members]
    correlation = correlations.over(parents)
    joint = joint_distribution(spread, correlation)
    result = dict(tables)
    changed: dict[str, Variable] = {}
    for i in range(len(group) - 1, 0, -1):
        above = {parent for member in members[: i + 1] for parent in member.parents} | set(correlations.given)
        table = _after_earlier(joint, spread[i], correlation)
        for axis, parent in enumerate(parents, start=1):
            if parent not in above:  # nothing differs along it
                table = table.take([0], axis=axis)
        kept = [parent for parent in parents if parent in above]
        states = [len(by_name[name].states) for name in (*kept, *group[: i + 1])]
        result[group[i]] = np.ascontiguousarray(table).reshape(len(table), *states)
        changed[group[i]] = replace(members[i], parents=(*kept, *group[:i]))
        joint = _total(joint)
    return tuple(changed.get(variable.name, variable) for variable in variables), result


def _after_earlier(joint: Array, alone: Array, correlation: Array) -> Array:
    """P(last member | parents, the earlier ones) from the joint; its own table where there is no correlation."""
    earlier = _total(joint)[..., None]
    if np.all(earlier > 0) and np.all(correlation > 0):
        return np.asarray(joint / earlier)
    between = (1,) * (joint.ndim - alone.ndim)
    alone = alone.reshape(*alone.shape[:-1], *between, alone.shape[-1])
    chained = (earlier > 0) & (correlation > 0).reshape(*correlation.shape, *between, 1)
    return np.where(chained, joint / np.where(chained, earlier, 1.0), alone)


def _total(table: Array) -> Array:
    """The sum over the last axis, which is short: state after state is faster."""
    total = table[..., 0].copy()
    for state in range(1, table.shape[-1]):
        total += table[..., state]
    return total


def _spread(member: Variable, table: Array, parents: Sequence[str]) -> Array:
    """A finding's own table on the axes of the whole group's parents, of length 1 where it is not theirs."""
    axes = [parents.index(parent) for parent in member.parents]
    table = np.transpose(table, [0, *(1 + int(i) for i in np.argsort(axes)), table.ndim - 1])
    sizes = iter(table.shape[1:-1])
    shape = [next(sizes) if parent in member.parents else 1 for parent in parents]
    return table.reshape(len(table), *shape, table.shape[-1])
