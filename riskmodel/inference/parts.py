"""A network taken apart for scoring: what is enumerated, and groups of everything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.network.elimination import Factor
from riskmodel.network.network import Network

SELECTOR = "setting"
MOST_STATES = 1 << 12  # joint states of the conditions
MOST_ENTRIES = 1 << 24  # entries of one group's table


@dataclass(frozen=True, slots=True)
class Shape:
    """How the patterns of evidence on a group are counted.

    Attributes
    ----------
    sizes
        states of each variable.
    multipliers
        pattern = sum of multiplier · (mask - 1).
    allowed
        (patterns, joint states of the group), 0 or 1: what each pattern allows.
    barren
        whether the group says nothing when nothing of it is known.
    """

    sizes: tuple[int, ...]
    multipliers: tuple[int, ...]
    allowed: Array
    barren: bool


class Parts:
    """The network taken apart: selector, contexts, conditions, and groups of everything else."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.by_name = {variable.name: variable for variable in network.variables}
        self.conditions = [variable.name for variable in network.conditions]
        wide = [name for name in self.conditions if len(self.by_name[name].states) != 2]
        if wide:
            raise InferenceError(f"{wide[0]}: a condition must have two states")
        if 2 ** len(self.conditions) > MOST_STATES:
            most = int(math.log2(MOST_STATES))
            raise InferenceError(f"{len(self.conditions)} conditions are too many to enumerate; at most {most}")
        if not self.conditions:
            raise InferenceError("the network has no condition to infer")
        contexts = [v.name for v in network.variables if v.role == "context"]
        self.selector = SELECTOR in contexts and not self.by_name[SELECTOR].parents
        self.contexts = [name for name in contexts if not (self.selector and name == SELECTOR)]
        self.enumerated = {*self.conditions, *contexts}
        if math.prod(self.sizes(contexts)) * 2 ** len(self.conditions) > MOST_ENTRIES:
            raise InferenceError(f"{', '.join(contexts)}: these contexts are too many to enumerate")

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
        return [self._factor(name) for name in self.by_name if members & set(self._scope(name))]

    def _scope(self, name: str) -> tuple[str, ...]:
        return (*self.by_name[name].parents, name)

    def _factor(self, name: str) -> Factor:
        return Factor(self._scope(name), self.network.tables[name])

    def has_context(self, group: Sequence[str]) -> bool:
        return any(set(self.contexts) & set(factor.scope) for factor in self.factors(group))

    def static(self) -> list[Factor]:
        """Tables that speak of enumerated variables only, the selector's own left out."""
        names = [name for name in self.by_name if not (self.selector and name == SELECTOR)]
        return [self._factor(name) for name in names if set(self._scope(name)) <= self.enumerated]

    def order(self, groups: Sequence[Sequence[str]]) -> tuple[list[str], int]:
        """The conditions, those that any table with a context speaks of first, and how many these are."""
        inner = [factor for group in groups if self.has_context(group) for factor in self.factors(group)]
        inner += [factor for factor in self.static() if set(factor.scope) & set(self.contexts)]
        touched = {name for factor in inner for name in factor.scope}
        first = [name for name in self.conditions if name in touched]
        return [*first, *(name for name in self.conditions if name not in touched)], len(first)

    def shape(self, group: Sequence[str], conditions: int, *, contexts: bool) -> Shape:
        """The patterns of a group; refused where its table would be too large."""
        sizes = self.sizes(group)
        patterns = [(1 << size) - 1 for size in sizes]
        combos = math.prod(self.sizes(self.contexts)) if contexts else 1
        if math.prod(patterns) * combos * 2**conditions > MOST_ENTRIES:
            raise InferenceError(
                f"{', '.join(group)}: these variables depend on each other and are too many to enumerate"
            )
        allowed = np.ones((1, 1))
        for size in sizes:
            own = np.array([[(mask >> s) & 1 for s in range(size)] for mask in range(1, 1 << size)], dtype=float)
            allowed = np.einsum("ps,qt->pqst", allowed, own).reshape(allowed.shape[0] * len(own), -1)
        multipliers = tuple(math.prod(patterns[i + 1 :]) for i in range(len(patterns)))
        barren = all(factor.scope[-1] in group for factor in self.factors(group))
        return Shape(tuple(sizes), multipliers, allowed, barren)

    def spread(
        self, factors: Sequence[Factor], members: Sequence[str], conditions: Sequence[str], *, contexts: bool
    ) -> Array:
        """The product of factors over all that they could speak of.

        Returns
        -------
        (draws, settings or 1, [context combinations], joint states of the members, joint condition states)
        """
        axes = [SELECTOR] if self.selector else []
        axes += [*self.contexts, *members, *conditions] if contexts else [*members, *conditions]
        total = np.ones([1] * (len(axes) + 1))
        for factor in factors:
            places = [axes.index(name) + 1 for name in factor.scope]
            table = np.transpose(factor.table, [0, *(int(i) + 1 for i in np.argsort(places))])
            shape = [table.shape[0], *[1] * len(axes)]
            for place, size in zip(sorted(places), table.shape[1:], strict=True):
                shape[place] = size
            total = total * table.reshape(shape)
        settings = total.shape[1] if self.selector else 1
        full = [total.shape[0], *([settings] if self.selector else [])]
        full += self.sizes(axes[1:] if self.selector else axes)
        combos = [math.prod(self.sizes(self.contexts))] if contexts else []
        total = np.ascontiguousarray(np.broadcast_to(total, full))
        return total.reshape(total.shape[0], settings, *combos, math.prod(self.sizes(members)), 2 ** len(conditions))
