"""A network's look-up tables, for one set of values of its CPTs or many: one builder for all who score.

The scorer (one draw, every setting), the draws (many draws, one setting) and the likelihood of a cohort
(many values of the statements, one setting) multiply, sum and lay out the same CPTs in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, States
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.inference.parts import MOST_ENTRIES, Parts
from riskmodel.network.network import Network

Tables = Mapping[str, Array]  # variable → its CPT: (draws or 1, settings or 1 if it depends on them, …)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One factor of P(evidence, contexts, conditions): a row of a table for every pattern of evidence.

    Attributes
    ----------
    members
        the variables whose evidence picks the row; none where the factor is static.
    tables
        the variables whose CPTs are multiplied.
    inner
        whether any of these speaks of a context.
    rows
        the members' rows in the evidence arrays.
    sizes
        how many states each member has.
    multipliers
        pattern = sum of multiplier · (mask - 1).
    allowed
        (patterns, joint states of the members), 0 or 1: what each pattern allows.
    barren
        whether the factor is 1 when nothing is known of any member.
    """

    members: tuple[str, ...]
    tables: tuple[str, ...]
    inner: bool
    rows: tuple[int, ...]
    sizes: tuple[int, ...]
    multipliers: tuple[int, ...]
    allowed: Array
    barren: bool

    @property
    def patterns(self) -> int:
        """How many combinations of masks the members can have; 1 where the factor is static."""
        return len(self.allowed)

    @property
    def skip(self) -> int:
        """The pattern that changes nothing, or -1."""
        return self.patterns - 1 if self.barren else -1

    def sum_allowed(self, spread: Array, *, in_order: bool = False) -> Array:
        """The look-up table: what `Lookups.spread` gives, summed over the states that each pattern allows.

        Parameters
        ----------
        in_order
            add state after state, so that the sums are the same on every processor; otherwise a matrix product
            does it, which is faster and may differ in the last bit.

        Returns
        -------
        (draws, settings, patterns, [contexts], joint condition states)
        """
        flat = spread.reshape(*spread.shape[:3], -1)
        if in_order:
            table = np.zeros((*flat.shape[:2], self.patterns, flat.shape[3]))
            for state, weights in enumerate(self.allowed.T):
                table += weights[:, None] * flat[:, :, state, None]
        else:
            table = np.matmul(self.allowed, flat)
        if self.barren:  # exactly no change, where the sums give 1 to rounding
            table[:, :, -1] = 1.0
        return table.reshape(*spread.shape[:2], self.patterns, *spread.shape[3:])


class Lookups:
    """How a network falls into look-ups, and their tables for any values of its CPTs.

    Parameters
    ----------
    variables
        the rows of the evidence arrays, in order.
    mix
        see :class:`~riskmodel.inference.parts.Parts`.

    Attributes
    ----------
    all
        the two static factors (inner, outer), then the inner groups, the hidden and the outer ones.
    hidden
        the look-ups that speak of manifestation nodes: in their tables a condition's bit stands for its node.
    order
        what each bit of a joint state stands for, highest bit first: a condition, or a manifestation node with a bit
        of its own; the first ``inner_count`` are all that inner tables speak of.
    nodes
        the manifestation nodes that share a bit with their condition.
    node_bits
        (nodes,): the place of that bit in ``order``.
    context_states
        (combinations, contexts): the states of each combination; one combination where there are no contexts.
    presence
        (conditions, joint states): 1 where the condition is present.

    Raises
    ------
    InferenceError
        when the conditions or a group of other variables are too many to enumerate.
    """

    def __init__(self, network: Network, variables: Sequence[Variable], *, mix: bool = True) -> None:
        self.parts = parts = Parts(network, mix=mix)
        self.variables = tuple(variables)
        self._index = {variable.name: i for i, variable in enumerate(variables)}
        self.order, self.inner_count = parts.order()
        static = parts.static_tables()
        self.static_inner = self._lookup((), [name for name in static if parts.has_context((name,))], inner=True)
        self.static_outer = self._lookup((), [name for name in static if not parts.has_context((name,))], inner=False)
        groups = [(group, parts.tables(group)) for group in parts.groups()]
        every = [self._lookup(group, tables, inner=parts.has_context(tables)) for group, tables in groups]
        self.inner = [lookup for lookup in every if lookup.inner]
        self.hidden = [lookup for lookup in every if parts.speaks_of(lookup.tables)]
        self.outer = [lookup for lookup in every if not lookup.inner and not parts.speaks_of(lookup.tables)]
        self.all = [self.static_inner, self.static_outer, *self.inner, *self.hidden, *self.outer]
        self.nodes = tuple(parts.mixed)
        self.node_bits = tuple(self.order.index(condition) for condition in parts.mixed.values())
        self.setting_row = self._index.get(SETTING, -1) if parts.selector else -1
        self.context_rows = tuple(self._index[name] for name in parts.contexts)
        self.condition_rows = tuple(self._index[name] for name in parts.conditions)
        combinations = list(np.ndindex(*parts.sizes(parts.contexts)))
        self.context_states: States = np.array(combinations, dtype=np.int64).reshape(
            len(combinations), len(parts.contexts)
        )
        joint = np.array(list(np.ndindex(*(2,) * len(self.order))))
        self.presence: States = np.ascontiguousarray(joint[:, [self.order.index(name) for name in parts.conditions]].T)

    def states(self, lookup: Lookup) -> int:
        """Over how many states a table runs: contexts and inner joint states, or all joint states."""
        return len(self.context_states) << self.inner_count if lookup.inner else 1 << len(self.order)

    def _lookup(self, members: tuple[str, ...], tables: Sequence[str], *, inner: bool) -> Lookup:
        sizes = self.parts.sizes(members)
        masks = [(1 << size) - 1 for size in sizes]
        combinations = math.prod(self.parts.sizes(self.parts.contexts)) if inner else 1
        if math.prod(masks) * combinations << (self.inner_count if inner else len(self.order)) > MOST_ENTRIES:
            raise InferenceError(
                f"{', '.join(members)}: these variables depend on each other and are too many to enumerate"
            )
        allowed = np.ones((1, 1))
        for size in sizes:
            each = np.array([[(mask >> s) & 1 for s in range(size)] for mask in range(1, 1 << size)], dtype=float)
            allowed = np.kron(allowed, each)
        return Lookup(
            members=members,
            tables=tuple(tables),
            inner=inner,
            rows=tuple(self._index[name] for name in members),
            sizes=tuple(sizes),
            multipliers=tuple(math.prod(masks[i + 1 :]) for i in range(len(masks))),
            allowed=allowed,
            barren=bool(members) and set(tables) <= set(members),
        )

    def spread(self, lookup: Lookup, tables: Tables) -> Array:
        """The product of a look-up's CPTs over all that they could speak of, before any evidence.

        Returns
        -------
        (draws, settings or 1, joint states of the members, [context combinations], joint condition states)
        """
        parts = self.parts
        contexts, conditions = (parts.contexts, self.order[: self.inner_count]) if lookup.inner else ([], self.order)
        axes = [SETTING] * parts.selector + [*lookup.members, *contexts, *conditions]
        product = np.ones([1] * (1 + len(axes)))
        for name in lookup.tables:
            scope, table = parts.axes(name), tables[name]
            size = dict(zip(scope, table.shape[1:], strict=True))
            by_axis = np.transpose(table, [0, *(1 + scope.index(axis) for axis in axes if axis in size)])
            product = product * by_axis.reshape(len(table), *(size.get(axis, 1) for axis in axes))
        settings = product.shape[1] if parts.selector else 1
        selected = [len(product), *([settings] * parts.selector)]
        full = np.broadcast_to(product, [*selected, *parts.sizes(axes[parts.selector :])])
        combinations = [len(self.context_states)] if lookup.inner else []
        shape = (len(product), settings, math.prod(lookup.sizes), *combinations, 2 ** len(conditions))
        return np.ascontiguousarray(full).reshape(shape)

    def occult(self, tables: Tables) -> Array:
        """The occult and the manifest share of each node, which make exactly 1: (draws, nodes, 2)."""
        if not self.nodes:
            return np.empty((1, 0, 2))
        shares = np.stack(np.broadcast_arrays(*(tables[name][:, 1, 0] for name in self.nodes)), axis=1)
        return np.stack([shares, 1.0 - shares], axis=-1)

    def table(self, lookup: Lookup, tables: Tables) -> Array:
        """A look-up's table: (draws, settings, patterns, [contexts], joint condition states)."""
        return lookup.sum_allowed(self.spread(lookup, tables))


def product_of_patterns(first: Array, second: Array) -> Array:
    """Every pattern of one table with every pattern of another: two (…, patterns, states) as one."""
    product = first[..., :, None, :] * second[..., None, :, :]
    return product.reshape(*product.shape[:-3], -1, product.shape[-1])


def tables_at_setting(network: Network, setting: int, draws: slice = slice(None)) -> dict[str, Array]:
    """Every CPT in some draws with the setting held at one state (which stays as an axis of length 1)."""
    tables = {}
    for variable in network.variables:
        table = network.tables[variable.name]
        table = table[draws] if len(table) > 1 else table
        if SETTING in variable.parents:
            table = table.take([setting], axis=1 + variable.parents.index(SETTING))
        tables[variable.name] = table
    return tables
