"""A network's tables → a scorer: everything that does not depend on a case is worked out once.

The hidden conditions are enumerated together, and so are the contexts that several variables share (age,
sex). Given those, the other variables fall apart into small groups (each finding; the risk factors of one
condition), and a group's whole contribution for every pattern of evidence on it fits in a small table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Variable
from riskmodel.inference.scorer import Group, Scorer
from riskmodel.network.factors import Array, Factor
from riskmodel.network.tables import Network

SELECTOR = "setting"
MOST_STATES = 1 << 12  # joint states of the conditions
MOST_ENTRIES = 1 << 24  # entries of one group's table


def compile_scorer(network: Network, variables: Sequence[Variable] | None = None, draw: int = 0) -> Scorer:
    """Compile one draw of a network into a scorer.

    Parameters
    ----------
    variables
        the rows of the evidence arrays, in order; circumstances among them are passed over. By default the
        network's own.

    Raises
    ------
    InferenceError
        when the conditions or a group of other variables are too many to enumerate.
    """
    rows = tuple(variables if variables is not None else network.variables)
    network = network.one_draw(draw)
    parts = _Parts(network)
    groups = parts.groups()
    inner = [group for group in groups if parts.has_context(group)]
    outer = [group for group in groups if not parts.has_context(group)]
    static = parts.static()
    inner_static = [factor for factor in static if set(factor.scope) & set(parts.contexts)]
    outer_static = [factor for factor in static if not set(factor.scope) & set(parts.contexts)]
    scopes = [factor.scope for group in inner for factor in parts.factors(group)]
    scopes += [factor.scope for factor in inner_static]
    touched = {name for scope in scopes for name in scope}
    order = [name for name in parts.conditions if name in touched]
    order += [name for name in parts.conditions if name not in touched]
    count = sum(name in touched for name in order)
    index = {variable.name: i for i, variable in enumerate(rows)}
    return Scorer(
        variables=rows,
        conditions=tuple(parts.conditions),
        setting_row=index.get(SELECTOR, -1) if parts.selector else -1,
        context_rows=tuple(index[name] for name in parts.contexts),
        context_states=np.array(list(np.ndindex(*parts.sizes(parts.contexts))), dtype=np.int64).reshape(-1, len(parts.contexts)),
        condition_rows=tuple(index[name] for name in parts.conditions),
        inner_static=parts.dense(inner_static, order[:count], contexts=True),
        outer_static=parts.dense(outer_static, order, contexts=False),
        inner=tuple(parts.compiled(group, order[:count], index, contexts=True) for group in inner),
        outer=tuple(parts.compiled(group, order, index, contexts=False) for group in outer),
        bits=np.array([parts.conditions.index(name) for name in order], dtype=np.int64),
        composites=_composites(network, order),
        output_names=(*parts.conditions, *_condition_composites(network)),
        presence=np.array([[bits[order.index(n)] for bits in np.ndindex(*(2,) * len(order))] for n in parts.conditions]),
    )


def _condition_composites(network: Network) -> list[str]:
    names = {condition.name for condition in network.conditions}
    return [name for name, members in network.composites.items() if set(members) <= names]


def _composites(network: Network, order: Sequence[str]) -> Array:
    """1 for the joint states in which any member of a composite of conditions is present."""
    states = np.array(list(np.ndindex(*(2,) * len(order))), dtype=float).reshape(-1, len(order))
    rows = [
        states[:, [order.index(member) for member in network.composites[name]]].any(axis=1)
        for name in _condition_composites(network)
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(states))


class _Parts:
    """The network taken apart: selector, contexts, conditions, and groups of everything else."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.by_name = {variable.name: variable for variable in network.variables}
        self.conditions = [variable.name for variable in network.conditions]
        wide = [name for name in self.conditions if len(self.by_name[name].states) != 2]
        if wide:
            raise InferenceError(f"{wide[0]}: a condition must have two states")
        if 2 ** len(self.conditions) > MOST_STATES:
            raise InferenceError(f"{len(self.conditions)} conditions are too many to enumerate; at most {int(math.log2(MOST_STATES))}")
        contexts = [v.name for v in network.variables if v.role == "context"]
        self.selector = SELECTOR in contexts and not self.by_name[SELECTOR].parents
        self.contexts = [name for name in contexts if not (self.selector and name == SELECTOR)]
        self.enumerated = {*self.conditions, *contexts}

    def sizes(self, names: Sequence[str]) -> list[int]:
        return [len(self.by_name[name].states) for name in names]

    def groups(self) -> list[tuple[str, ...]]:
        """Variables that are not enumerated, together where one table speaks of several; file order."""
        names = [name for name in self.by_name if name not in self.enumerated]
        group = {name: {name} for name in names}
        for variable in self.network.variables:
            members = [name for name in (*variable.parents, variable.name) if name in group]
            merged = set().union(*(group[name] for name in members)) if members else set()
            for name in merged:
                group[name] = merged
        unique = {id(members): members for members in group.values()}
        return [tuple(name for name in names if name in members) for members in unique.values()]

    def factors(self, group: Sequence[str]) -> list[Factor]:
        members = set(group)
        scopes = [self.network.factor(name) for name in self.by_name]
        return [factor for factor in scopes if members & set(factor.scope)]

    def has_context(self, group: Sequence[str]) -> bool:
        return any(set(self.contexts) & set(factor.scope) for factor in self.factors(group))

    def static(self) -> list[Factor]:
        """Tables that speak of enumerated variables only, the selector's own left out."""
        names = [name for name in self.by_name if not (self.selector and name == SELECTOR)]
        factors = [self.network.factor(name) for name in names]
        return [factor for factor in factors if set(factor.scope) <= self.enumerated]

    def dense(self, factors: Sequence[Factor], conditions: Sequence[str], *, contexts: bool) -> Array:
        """Product of factors spread over (settings, context combinations if asked, joint condition states)."""
        return self._spread(factors, (), conditions, contexts=contexts)[..., 0, :]

    def _spread(self, factors: Sequence[Factor], members: Sequence[str], conditions: Sequence[str], *, contexts: bool) -> Array:
        """(settings, [contexts], group's joint states, joint condition states), by broadcasting products."""
        axes = [SELECTOR] if self.selector else []
        axes += [*self.contexts, *members, *conditions] if contexts else [*members, *conditions]
        total = np.ones([1] * len(axes))
        for factor in factors:
            table = factor.table[0]
            places = [axes.index(name) for name in factor.scope]
            table = np.transpose(table, np.argsort(places))
            shape = [1] * len(axes)
            for place, size in zip(sorted(places), table.shape, strict=True):
                shape[place] = size
            total = total * table.reshape(shape)
        needs_setting = self.selector and total.shape[0] > 1
        full = [total.shape[0] if needs_setting else 1] if self.selector else []
        full += self.sizes(axes[1:] if self.selector else axes)
        total = np.broadcast_to(total, full)
        settings = full[0] if self.selector else 1
        combos = [math.prod(self.sizes(self.contexts))] if contexts else []
        return np.ascontiguousarray(total).reshape(settings, *combos, math.prod(self.sizes(members)), 2 ** len(conditions))

    def compiled(self, group: Sequence[str], conditions: Sequence[str], index: dict[str, int], *, contexts: bool) -> Group:
        """The group's table for every pattern of evidence: (settings, patterns, [contexts], joint states)."""
        sizes = self.sizes(group)
        patterns = [(1 << size) - 1 for size in sizes]
        combos = math.prod(self.sizes(self.contexts)) if contexts else 1
        if math.prod(patterns) * combos * 2 ** len(conditions) > MOST_ENTRIES:
            raise InferenceError(f"{', '.join(group)}: these variables depend on each other and are too many to enumerate")
        factors = self.factors(group)
        spread = self._spread(factors, group, conditions, contexts=contexts)
        states = math.prod(sizes)
        weights = np.ones((1, 1))
        for size in sizes:
            allowed = np.array([[(mask >> s) & 1 for s in range(size)] for mask in range(1, 1 << size)], dtype=float)
            weights = np.einsum("ps,qt->pqst", weights, allowed).reshape(weights.shape[0] * len(allowed), -1)
        spread = np.moveaxis(spread, -2, 0).reshape(states, -1)
        table = np.zeros((len(weights), spread.shape[1]))
        for state in range(states):  # a fixed order of additions
            table += weights[:, state, None] * spread[state]
        settings = table.shape[1] // (combos * 2 ** len(conditions))
        table = table.reshape(len(weights), settings, *([combos] if contexts else []), 2 ** len(conditions))
        barren = all(factor.scope[-1] in group for factor in factors)
        if barren:  # nothing known of it: exactly no change
            table[-1] = 1.0
        multipliers = [math.prod(patterns[i + 1 :]) for i in range(len(patterns))]
        return Group(
            rows=tuple(index[name] for name in group),
            multipliers=tuple(multipliers),
            table=np.ascontiguousarray(np.moveaxis(table, 0, 1)),
            states=np.ascontiguousarray(np.moveaxis(spread.reshape(states, settings, *([combos] if contexts else []), -1), 0, 1)),
            sizes=tuple(sizes),
            skip=len(weights) - 1 if barren else -1,
        )
