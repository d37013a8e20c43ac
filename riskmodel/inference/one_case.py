"""One case under many values of the tables: for those who wait, without a compiler and only what changed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from riskmodel.arrays import Array, Masks, States
from riskmodel.evidence.records import Variable, recording_node
from riskmodel.inference.compile import condition_composites
from riskmodel.inference.lookup import Lookup, Lookups, tables_at_setting
from riskmodel.network.network import Network


@dataclass(frozen=True, slots=True)
class _Made:
    """A group's factor of the case, and what it was made of."""

    tables: tuple[Array, ...]
    how: tuple[object, ...]
    factor: Array

    def holds(self, tables: Sequence[Array], how: tuple[object, ...]) -> bool:
        """Whether the same would be made again."""
        return self.how == how and all(last is now for last, now in zip(self.tables, tables, strict=True))


@dataclass
class OneCase:
    """Posteriors of a single case under all draws of a network; factors of unchanged tables are taken again.

    Parameters
    ----------
    variables
        the rows of the evidence, in order.
    """

    variables: Sequence[Variable]
    _made: dict[tuple[str, ...], _Made] = field(default_factory=dict)

    def posterior(self, network: Network, masks: Masks, setting: int) -> Array:
        """P(present | evidence) of each condition, then of each composite of conditions: (outputs, draws).

        Parameters
        ----------
        masks
            (variables, 1).
        setting
            of the case, an index into its states.

        Returns
        -------
        NaN in draws that make the evidence impossible.
        """
        lookups = Lookups(network, self.variables)
        tables = tables_at_setting(network, setting)

        def factor(lookup: Lookup) -> Array:
            """(draws or 1, [contexts], width)."""
            pattern = lookup.pattern(masks)
            spoken = (*lookup.tables, *(recording_node(name) for name in lookup.members))
            used = {name: network.tables[name] for name in spoken if name in network.tables}
            how = (setting, int(pattern[0]), tuple(lookups.order), lookup.bits, tuple(used))
            last = self._made.get(lookup.tables)
            if last is None or not last.holds(tuple(used.values()), how):
                table = lookups.table(lookup.narrowed(pattern) if lookup.members else lookup, tables)
                last = self._made[lookup.tables] = _Made(tuple(used.values()), how, table[:, 0, 0])
            return last.factor

        joint = self._inner(lookups, masks, factor(lookups.static_inner), [factor(group) for group in lookups.inner])
        for group in lookups.outer:
            joint = _times(joint, factor(group))
        joint = _times(joint, factor(lookups.static_outer))
        if lookups.hidden:
            joint = joint * self._hidden(lookups, tables, [factor(group) for group in lookups.hidden])
        for presence, row in zip(lookups.presence, lookups.condition_rows, strict=True):
            joint = joint * _allowed(masks[row, 0], 2)[presence]
        present = [states == 1 for states in lookups.presence]
        number = {name: c for c, name in enumerate(lookups.parts.conditions)}
        for composite in condition_composites(network):
            members = [present[number[name]] for name in network.composites[composite]]
            present.append(np.logical_or.reduce(members))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((np.array(present, dtype=float) @ joint.T) / joint.sum(axis=1))

    def _inner(self, lookups: Lookups, masks: Masks, static: Array, factors: Sequence[Array]) -> Array:
        """Summed over the contexts that the evidence allows: (draws, inner joint states)."""
        product = static
        for factor in factors:
            product = product * factor
        sizes = [len(self.variables[row].states) for row in lookups.context_rows]
        weight = np.ones(len(lookups.context_states))
        for column, (row, size) in enumerate(zip(lookups.context_rows, sizes, strict=True)):
            weight = weight * _allowed(masks[row, 0], size)[lookups.context_states[:, column]]
        return np.asarray(np.einsum("dcw,c->dw", product, weight))

    def _hidden(self, lookups: Lookups, tables: dict[str, Array], factors: Sequence[Array]) -> Array:
        """P(what a disease may hide | joint state): see :meth:`riskmodel.inference.scorer.Scorer.posterior`."""
        product = np.ones((1, 1 << len(lookups.order)))
        for factor in factors:
            product = _times(product, factor)
        occult = lookups.occult(tables)
        for node, bit in enumerate(lookups.node_bits):
            pairs = np.broadcast_to(product, (max(len(product), len(occult)), product.shape[1])).copy()
            pairs = pairs.reshape(len(pairs), 1 << bit, 2, -1)
            share, rest = (occult[:, node, state][:, None, None] for state in (0, 1))
            pairs[:, :, 1] = share * pairs[:, :, 0] + rest * pairs[:, :, 1]
            product = pairs.reshape(len(pairs), -1)
        return product


def _times(joint: Array, factor: Array) -> Array:
    """The product; who has fewer joint states has those of the lowest bits."""
    width = max(joint.shape[1], factor.shape[1])
    first, second = (np.tile(each, (1, width // each.shape[1])) for each in (joint, factor))
    return np.asarray(first * second)


def _allowed(mask: np.uint8, states: int) -> Array:
    """1 for each state that evidence allows, 0 for the others; a blank that says nothing of a state allows all."""
    bits: States = (int(mask) or (1 << states) - 1) >> np.arange(states)
    return (bits & 1).astype(float)
