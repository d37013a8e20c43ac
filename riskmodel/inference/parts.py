"""A network taken apart for scoring: what is enumerated, and groups of everything else.

Names only; the tables are made in :mod:`riskmodel.inference.lookup`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING
from riskmodel.network.network import Network

MOST_STATES = 1 << 12  # joint states of the conditions
MOST_ENTRIES = 1 << 24  # entries of one look-up table


class Parts:
    """The network taken apart: selector, contexts, conditions, and groups of everything else.

    Attributes
    ----------
    scopes
        of each variable's CPT: its parents, then itself.
    selector
        whether there is a setting, which picks tables and is never summed over.
    contexts
        variables with role context, the selector apart.
    conditions
        in file order; each has two states.

    Raises
    ------
    InferenceError
        where a condition has more than two states, there is none, or what is enumerated is too much.
    """

    def __init__(self, network: Network) -> None:
        self.by_name = {variable.name: variable for variable in network.variables}
        self.scopes = {variable.name: (*variable.parents, variable.name) for variable in network.variables}
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
        self.selector = SETTING in contexts and not self.by_name[SETTING].parents
        self.contexts = [name for name in contexts if not (self.selector and name == SETTING)]
        self.enumerated = {*self.conditions, *contexts}
        if math.prod(self.sizes(contexts)) * 2 ** len(self.conditions) > MOST_ENTRIES:
            raise InferenceError(f"{', '.join(contexts)}: these contexts are too many to enumerate")

    def sizes(self, names: Sequence[str]) -> list[int]:
        """How many states each variable has."""
        return [len(self.by_name[name].states) for name in names]

    def groups(self) -> list[tuple[str, ...]]:
        """Variables that are not enumerated, together where one CPT speaks of several; file order."""
        names = [name for name in self.by_name if name not in self.enumerated]
        group = {name: {name} for name in names}
        for scope in self.scopes.values():
            members = [name for name in scope if name in group]
            merged = set().union(*(group[name] for name in members)) if members else set()
            for name in merged:
                group[name] = merged
        unique = {id(members): members for members in group.values()}
        return [tuple(name for name in names if name in members) for members in unique.values()]

    def tables(self, group: Collection[str]) -> tuple[str, ...]:
        """The variables whose CPTs speak of any member of a group."""
        return tuple(name for name, scope in self.scopes.items() if set(group) & set(scope))

    def static_tables(self) -> tuple[str, ...]:
        """The variables whose CPTs speak of enumerated variables only, the selector apart."""
        names = [name for name in self.scopes if not (self.selector and name == SETTING)]
        return tuple(name for name in names if set(self.scopes[name]) <= self.enumerated)

    def has_context(self, tables: Collection[str]) -> bool:
        """Whether any of these CPTs speaks of a context."""
        return any(set(self.contexts) & set(self.scopes[name]) for name in tables)

    def order(self) -> tuple[list[str], int]:
        """The conditions, those that any CPT of an inner look-up speaks of first, and how many these are."""
        inner = [tables for tables in map(self.tables, self.groups()) if self.has_context(tables)]
        inner += [(name,) for name in self.static_tables() if self.has_context((name,))]
        touched = {other for tables in inner for name in tables for other in self.scopes[name]}
        first = [name for name in self.conditions if name in touched]
        return [*first, *(name for name in self.conditions if name not in touched)], len(first)
