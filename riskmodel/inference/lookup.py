"""A network's look-up tables, for one set of values of its CPTs or many: one builder for all who score.

The scorer (one draw, every setting), the draws (many draws, one setting) and the likelihood of a cohort
(many values of the statements, one setting) multiply, sum and lay out the same CPTs in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.arrays import Array, Masks, States
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING, Variable, recording_node
from riskmodel.inference.bit_order import bits_needed
from riskmodel.inference.parts import MOST_ENTRIES, Parts
from riskmodel.inference.scorer import evidence_pattern
from riskmodel.network.network import Network
from riskmodel.network.recording import written_given

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
    bits
        how many of a joint state's lowest bits the table has.
    rows
        the members' rows in the evidence arrays.
    sizes
        how many states each member has.
    multipliers
        pattern = start + sum of multiplier · (mask - 1).
    blanks
        whether a member's blank (mask 0) has patterns of its own: a recording profile reads it.
    barren
        whether the factor is 1 when nothing is known of any member.
    chosen
        the patterns that have a row, rising; all where it is None.
    """

    members: tuple[str, ...]
    tables: tuple[str, ...]
    inner: bool
    bits: int
    rows: tuple[int, ...]
    sizes: tuple[int, ...]
    multipliers: tuple[int, ...]
    blanks: tuple[bool, ...]
    barren: bool
    chosen: States | None = None

    @property
    def start(self) -> int:
        """The pattern in which every mask would be 1."""
        return sum(multiplier for multiplier, blank in zip(self.multipliers, self.blanks, strict=True) if blank)

    @property
    def counts(self) -> list[int]:
        """How many masks each member can have."""
        return [mask_count(size, blank) for size, blank in zip(self.sizes, self.blanks, strict=True)]

    @property
    def patterns(self) -> int:
        """How many rows the table has: combinations of masks, or those chosen; 1 where the factor is static."""
        return len(self._patterns)

    @property
    def skip(self) -> int:
        """The row that changes nothing, or -1."""
        row = np.nonzero(self._patterns == self._nothing_known)[0]
        return int(row[0]) if self.barren and row.size else -1

    @property
    def _patterns(self) -> States:
        return np.arange(self._nothing_known + 1) if self.chosen is None else self.chosen

    @property
    def _nothing_known(self) -> int:
        return math.prod(self.counts) - 1

    def narrowed(self, patterns: States) -> Lookup:
        """The same with the rows of some patterns alone: one or more, rising and each once."""
        return replace(self, chosen=patterns)

    def pattern(self, masks: Masks) -> States:
        """The evidence pattern of each case, (cases,), of all that there are."""
        return evidence_pattern(self.rows, self.multipliers, masks, self.start)

    def rows_of(self, masks: Masks) -> States:
        """Which row of the table the evidence of each case, (variables, cases), picks."""
        pattern = self.pattern(masks)
        return pattern if self.chosen is None else np.searchsorted(self.chosen, pattern)

    def sum_allowed(self, spread: Array, written: Sequence[Array | None] = ()) -> Array:
        """The look-up table: what `Lookups.spread` gives, summed over the states that each pattern allows.

        Member by member, and for each state after state, so that a row is the same on every processor and whichever
        other rows are chosen.

        Parameters
        ----------
        written
            of each member P(written down | state), (draws, settings or 1, states), where its blank is read.

        Returns
        -------
        (draws, settings, patterns, [contexts], joint condition states)
        """
        table, rows = spread, 1
        wanted = self._patterns
        row = np.zeros(len(wanted), dtype=np.int64)  # of each wanted pattern, by its members so far
        rates = written or [None] * len(self.sizes)
        for size, multiplier, masks, rate in zip(self.sizes, self.multipliers, self.counts, rates, strict=True):
            by_state = table.reshape(*table.shape[:2], rows, size, -1)
            sums = _sums_of_subsets(by_state) if rate is None else _sums_by_recording(by_state, rate)
            table = sums.reshape(*sums.shape[:2], rows * masks, -1)
            kept, row = np.unique(row * masks + wanted // multiplier % masks, return_inverse=True)
            table = table if len(kept) == rows * masks else table[:, :, kept]
            rows = len(kept)
        table = table.reshape(*table.shape[:2], rows, *spread.shape[3:])
        if self.barren:  # exactly no change, where the sums give 1 to rounding
            table[:, :, wanted == self._nothing_known] = 1.0
        return table


def _sums_of_subsets(values: Array) -> Array:
    """Sums over every subset of a variable's states, those of mask m at m - 1: from (…, states, k) to (…, masks, k)."""
    size = values.shape[-2]
    sums = np.empty((*values.shape[:-2], (1 << size) - 1, values.shape[-1]))
    for mask in range(1, 1 << size):
        highest = mask.bit_length() - 1
        lower = mask ^ (1 << highest)
        if lower:
            np.add(sums[..., lower - 1, :], values[..., highest, :], out=sums[..., mask - 1, :])
        else:
            sums[..., mask - 1, :] = values[..., highest, :]
    return sums


def _sums_by_recording(values: Array, written: Array) -> Array:
    """As `_sums_of_subsets`, with the row of a blank before the others: from (…, states, k) to (…, masks + 1, k).

    Each state weighs by P(written down), (draws, settings or 1, states), where a cell names it, and by the rest where
    the cell is blank. Where nothing is known (all states) each weighs 1: somebody wrote that it was not assessed.
    """
    states, full = range(values.shape[-2]), (1 << values.shape[-2]) - 1
    of_state = [(values[..., state, :], written[:, :, state, None, None]) for state in states]
    shape = np.broadcast_shapes(of_state[0][0].shape, of_state[0][1].shape)
    sums = np.empty((*shape[:-1], full + 1, shape[-1]))  # a blank, the sets of states that are named, all states
    sums[..., [0, full], :] = 0.0
    for state, (value, rate) in enumerate(of_state):
        sums[..., 0, :] += value * (1.0 - rate)
        np.multiply(value, rate, out=sums[..., 1 << state, :])
    for mask in range(1, full):
        highest = 1 << (mask.bit_length() - 1)
        if mask != highest:
            np.add(sums[..., mask ^ highest, :], sums[..., highest, :], out=sums[..., mask, :])
    for value, _ in of_state:
        sums[..., full, :] += value
    return sums


def mask_count(size: int, blank: bool) -> int:  # noqa: FBT001 - of a member of a look-up
    """How many masks a variable of so many states can have, that of a blank among them where it is read."""
    return (1 << size) - 1 + blank


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
    hidden
        the look-ups that speak of manifestation nodes: in their tables a condition's bit stands for its node.
    order
        what each bit of a joint state stands for, highest bit first: a condition, or a manifestation node with a bit
        of its own; the last ``inner_count`` are all that inner tables speak of.
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
        narrow_first = sorted(every, key=lambda lookup: lookup.bits)
        self.hidden = [lookup for lookup in narrow_first if parts.speaks_of(lookup.tables)]
        self.outer = [lookup for lookup in narrow_first if not lookup.inner and not parts.speaks_of(lookup.tables)]
        self.shares = self._lookup((), tuple(parts.mixed), inner=False)
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

    @property
    def kinds(self) -> tuple[list[Lookup], list[Lookup], list[Lookup]]:
        """The groups: inner, hidden, outer."""
        return self.inner, self.hidden, self.outer

    @property
    def all(self) -> list[Lookup]:
        """The static factors (inner, outer), the occult shares, then the groups by kind."""
        return [self.static_inner, self.static_outer, self.shares, *self.inner, *self.hidden, *self.outer]

    def narrowed(self, masks: Masks) -> Lookups:
        """The same, its groups with the rows that some cases, (variables, cases), look up."""
        result = copy(self)
        result.inner, result.hidden, result.outer = (
            [group.narrowed(np.unique(group.pattern(masks))) for group in groups] for groups in self.kinds
        )
        return result

    def states(self, lookup: Lookup) -> int:
        """Over how many states a table runs: contexts and joint states of its bits; the two shares of each node."""
        if lookup is self.shares:
            return 2 * len(self.nodes)
        return (len(self.context_states) if lookup.inner else 1) << lookup.bits

    def _lookup(self, members: tuple[str, ...], tables: Sequence[str], *, inner: bool) -> Lookup:
        sizes = self.parts.sizes(members)
        blanks = [recording_node(name) in self.parts.by_name for name in members]
        masks = [mask_count(size, blank) for size, blank in zip(sizes, blanks, strict=True)]
        combinations = math.prod(self.parts.sizes(self.parts.contexts)) if inner else 1
        bits = self._bits(members, tables, inner=inner)
        if math.prod(masks) * combinations << bits > MOST_ENTRIES:
            raise InferenceError(
                f"{', '.join(members)}: these variables depend on each other and are too many to enumerate"
            )
        return Lookup(
            members=members,
            tables=tuple(tables),
            inner=inner,
            bits=bits,
            rows=tuple(self._index[name] for name in members),
            sizes=tuple(sizes),
            multipliers=tuple(math.prod(masks[i + 1 :]) for i in range(len(masks))),
            blanks=tuple(blanks),
            barren=bool(members) and set(tables) <= set(members),
        )

    def _bits(self, members: tuple[str, ...], tables: Sequence[str], *, inner: bool) -> int:
        """How many bits a table has: a static factor all, one that follows the inner tables no fewer than these."""
        if inner or not members:
            return self.inner_count if inner else len(self.order)
        needed = bits_needed(self.order, self.parts.spoken_bits(tables))
        return needed if self.parts.speaks_of(tables) else max(needed, self.inner_count)

    def spread(self, lookup: Lookup, tables: Tables) -> Array:
        """The product of a look-up's CPTs over all that they could speak of, before any evidence.

        Returns
        -------
        (draws, settings or 1, joint states of the members, [context combinations], joint condition states)
        """
        parts = self.parts
        contexts, conditions = parts.contexts if lookup.inner else [], self.order[len(self.order) - lookup.bits :]
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
        if lookup is self.shares:
            occult = self.occult(tables)
            return occult.reshape(len(occult), 1, 1, -1)
        return lookup.sum_allowed(self.spread(lookup, tables), self.written(lookup, tables))

    def written(self, lookup: Lookup, tables: Tables) -> list[Array | None]:
        """P(written down | state) of each member, (draws, settings or 1, states); None where no profile says."""
        return [written_given(name, self.parts.by_name, tables) for name in lookup.members]


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
