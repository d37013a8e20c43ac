"""A network taken apart for scoring: what is enumerated, and groups of everything else.

Names only; the tables are made in :mod:`riskmodel.inference.lookup`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING
from riskmodel.inference.bit_order import choose_order
from riskmodel.network.network import Network

MOST_STATES = 1 << 12  # joint states of the conditions
MOST_ENTRIES = 1 << 24  # entries of one look-up table


class Parts:
    """The network taken apart: selector, contexts, conditions, and groups of everything else.

    Parameters
    ----------
    mix
        whether manifestation nodes are summed over within the bit of their condition, where that is possible;
        otherwise each has a bit of its own.

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
    mixed
        the condition of each manifestation node that shares its bit.
    bits
        what the bits of a joint state stand for: the conditions, then the manifestation nodes with a bit of their own.

    Raises
    ------
    InferenceError
        where a condition has more than two states, there is none, or what is enumerated is too much.
    """

    def __init__(self, network: Network, *, mix: bool = True) -> None:
        self.by_name = {variable.name: variable for variable in network.variables}
        modelled = [variable for variable in network.variables if variable.role != "recording"]  # not looked up
        self.scopes = {variable.name: (*variable.parents, variable.name) for variable in modelled}
        self.conditions = [variable.name for variable in network.conditions]
        nodes = [variable.name for variable in network.variables if variable.role == "manifestation"]
        wide = [name for name in (*self.conditions, *nodes) if len(self.by_name[name].states) != 2]
        if wide:
            raise InferenceError(f"{wide[0]}: a {self.by_name[wide[0]].role} must have two states")
        if not self.conditions:
            raise InferenceError("the network has no condition to infer")
        contexts = [v.name for v in network.variables if v.role == "context"]
        self.selector = SETTING in contexts and not self.by_name[SETTING].parents
        self.contexts = [name for name in contexts if not (self.selector and name == SETTING)]
        self.enumerated = {*self.conditions, *nodes, *contexts}
        self.mixed: dict[str, str] = {}
        self.mixed = self._mixed([name for name in nodes if mix and _hides(network, name)])
        self.bits = [*self.conditions, *(name for name in nodes if name not in self.mixed)]
        if 2 ** len(self.bits) > MOST_STATES:
            most = int(math.log2(MOST_STATES))
            apart = len(self.bits) - len(self.conditions)
            more = f" and {apart} manifestations with a bit of their own" if apart else ""
            raise InferenceError(f"{len(self.conditions)} conditions{more} are too many to enumerate; at most {most}")
        if math.prod(self.sizes(contexts)) * 2 ** len(self.bits) > MOST_ENTRIES:
            raise InferenceError(f"{', '.join(contexts)}: these contexts are too many to enumerate")

    def _mixed(self, nodes: Collection[str]) -> dict[str, str]:
        """The nodes that can share their condition's bit, and that condition.

        Only look-ups of findings may speak of such a node, and none that also speaks of a context, or of a condition
        whose own node is such: they are multiplied before the nodes are summed over, all others after it.
        """
        static = [name for name in self.static_tables() if self.by_name[name].role != "manifestation"]
        above = {parent for name in static for parent in self.by_name[name].parents}
        mixed = {name: self.by_name[name].parents[0] for name in nodes if name not in above}
        factors = [set().union(*(self.scopes[name] for name in self.tables(group))) for group in self.groups()]
        pending = True
        while pending:
            pending = False
            for spoken in factors:
                inside = spoken & set(mixed)
                if inside and spoken & {*self.contexts, *mixed.values()}:
                    pending = True
                    for name in inside:
                        del mixed[name]
        return mixed

    def speaks_of(self, tables: Collection[str]) -> list[str]:
        """The mixed nodes that any of these CPTs speaks of, in file order."""
        return [name for name in self.mixed if any(name in self.scopes[table] for table in tables)]

    def axes(self, table: str) -> list[str]:
        """What the axes of a CPT stand for in joint states: its scope, a mixed node by the bit it shares."""
        return [self.mixed.get(name, name) for name in self.scopes[table]]

    def sizes(self, names: Sequence[str]) -> list[int]:
        """How many states each variable has."""
        return [len(self.by_name[name].states) for name in names]

    def groups(self) -> list[tuple[str, ...]]:
        """Variables that are not enumerated, together where one CPT speaks of several; file order."""
        names = [name for name in self.scopes if name not in self.enumerated]
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
        """The variables whose CPTs speak of enumerated variables only, the selector and mixed nodes apart."""
        names = [name for name in self.scopes if not (self.selector and name == SETTING) and name not in self.mixed]
        return tuple(name for name in names if set(self.scopes[name]) <= self.enumerated)

    def has_context(self, tables: Collection[str]) -> bool:
        """Whether any of these CPTs speaks of a context."""
        return any(set(self.contexts) & set(self.scopes[name]) for name in tables)

    def order(self) -> tuple[list[str], int]:
        """What the bits stand for, those that any CPT of an inner look-up speaks of last, and how many these are.

        See :mod:`~riskmodel.inference.bit_order`.
        """
        inner = [tables for tables in map(self.tables, self.groups()) if self.has_context(tables)]
        inner += [(name,) for name in self.static_tables() if self.has_context((name,))]
        touched = {other for tables in inner for name in tables for other in self.scopes[name]} & set(self.bits)
        others = [
            self.spoken_bits(tables) for tables in map(self.tables, self.groups()) if not self.has_context(tables)
        ]
        return choose_order(self.bits, touched, others, self.mixed.values()), len(touched)

    def spoken_bits(self, tables: Collection[str]) -> set[str]:
        """What these CPTs speak of that has a bit, mixed nodes by the bit they share."""
        return {name for table in tables for name in self.axes(table)} & set(self.bits)


def _hides(network: Network, node: str) -> bool:
    """Whether a manifestation node has its condition as only parent, and an absent condition is never manifest."""
    parents = network.variable(node).parents
    alone = len(parents) == 1 and network.variable(parents[0]).role == "condition"
    return alone and not network.tables[node][:, 0, 1].any()
