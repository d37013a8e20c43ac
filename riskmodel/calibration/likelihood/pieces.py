"""The scorer's look-up tables for many values of the statements, one piece at a time.

A piece is one factor of a row's likelihood: what the conditions have of each other (static), or a group of
variables whose evidence is looked up together. The tables are those of :mod:`riskmodel.inference.draws`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array
from riskmodel.evidence.records import Variable
from riskmodel.inference.parts import SELECTOR, Parts, Shape
from riskmodel.network.elimination import Factor
from riskmodel.network.network import Network

SAME = 1e-11  # a table entry that moves by less, relative to itself, has not moved


@dataclass(frozen=True, slots=True)
class Piece:
    """One factor of the likelihood.

    Attributes
    ----------
    group
        the variables whose evidence is looked up; empty in a static piece.
    tables
        the variables whose tables it is made of.
    inner
        whether it depends on the contexts.
    rows
        the group's rows in the evidence arrays.
    shape
        how evidence patterns are counted; None in a static piece.
    """

    group: tuple[str, ...]
    tables: tuple[str, ...]
    inner: bool
    rows: tuple[int, ...]
    shape: Shape | None

    @property
    def patterns(self) -> int:
        return len(self.shape.allowed) if self.shape else 1

    @property
    def skip(self) -> int:
        """The pattern that changes nothing, or -1."""
        return self.patterns - 1 if self.shape and self.shape.barren else -1


class Layout:
    """How a network falls into pieces: static inner, static outer, inner groups, outer groups, in this order."""

    def __init__(self, network: Network, variables: Sequence[Variable]) -> None:
        parts = Parts(network.one_draw(0))
        self.parts = parts
        self.variables = tuple(variables)
        index = {variable.name: i for i, variable in enumerate(variables)}
        groups = parts.groups()
        self.order, self.inner_count = parts.order(groups)
        contexts = set(parts.contexts)
        static = [factor.scope for factor in parts.static()]
        self.pieces = [
            Piece((), tuple(s[-1] for s in static if contexts & set(s)), inner=True, rows=(), shape=None),
            Piece((), tuple(s[-1] for s in static if not contexts & set(s)), inner=False, rows=(), shape=None),
        ]
        for inner in (True, False):
            for group in groups:
                if parts.has_context(group) == inner:
                    count = self.inner_count if inner else len(self.order)
                    names = tuple(factor.scope[-1] for factor in parts.factors(group))
                    rows = tuple(index[name] for name in group)
                    shape = parts.shape(group, count, contexts=inner)
                    self.pieces.append(Piece(group, names, inner=inner, rows=rows, shape=shape))
        self.scopes = {v.name: (*v.parents, v.name) for v in network.variables}
        self.setting_row = index.get(SELECTOR, -1) if parts.selector else -1
        self.context_rows = [index[name] for name in parts.contexts]
        sizes = parts.sizes(parts.contexts)
        contexts_of = list(np.ndindex(*sizes))  # one, empty, where there are no contexts
        self.context_states = np.array(contexts_of, dtype=np.int64).reshape(len(contexts_of), len(sizes))
        self.condition_rows = [index[name] for name in parts.conditions]
        joint = list(np.ndindex(*(2,) * len(self.order)))
        self.presence = np.array([[bits[self.order.index(n)] for bits in joint] for n in parts.conditions])

    @property
    def inner_groups(self) -> list[Piece]:
        return [piece for piece in self.pieces[2:] if piece.inner]

    @property
    def outer_groups(self) -> list[Piece]:
        return [piece for piece in self.pieces[2:] if not piece.inner]

    def states(self, piece: int) -> int:
        """Over how many states a piece's table runs: contexts and inner joint states, or all joint states."""
        inner = self.pieces[piece].inner
        return len(self.context_states) << self.inner_count if inner else 1 << len(self.order)

    def patterns(self, piece: Piece, masks: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The evidence pattern of each row."""
        total = np.zeros(masks.shape[1], dtype=np.int32)
        assert piece.shape is not None  # noqa: S101 - only groups have patterns
        for row, multiplier in zip(piece.rows, piece.shape.multipliers, strict=True):
            total += np.int32(multiplier) * (masks[row].astype(np.int32) - 1)
        return total

    def build(self, piece: Piece, tables: dict[str, Array]) -> Array:
        """A piece's table, (draws, patterns, states), from tables at one setting (see :func:`at_setting`)."""
        factors = [Factor(self.scopes[name], tables[name]) for name in piece.tables]
        order = self.order[: self.inner_count] if piece.inner else self.order
        spread = self.parts.spread(factors, piece.group, order, contexts=piece.inner)[:, 0]
        if piece.shape is None:
            return np.ascontiguousarray(spread).reshape(len(spread), 1, -1)
        spread = np.moveaxis(spread, -2, 1)
        flat = np.ascontiguousarray(spread).reshape(len(spread), spread.shape[1], -1)
        table: Array = np.matmul(piece.shape.allowed, flat)
        if piece.shape.barren:
            table[:, -1] = 1.0
        return table


def at_setting(network: Network, setting: int) -> dict[str, Array]:
    """Every table with the setting held at one state (which stays as an axis of length 1)."""
    tables = {}
    for variable in network.variables:
        table = network.tables[variable.name]
        if SELECTOR in variable.parents:
            table = table.take([setting], axis=1 + variable.parents.index(SELECTOR))
        tables[variable.name] = table
    return tables


def moved(tables: dict[str, Array]) -> dict[str, NDArray[np.bool_]]:
    """For each table, the draws in which it differs from draw 0."""
    found = {}
    for name, table in tables.items():
        first = table[:1]
        different = np.abs(table - first) > SAME * np.abs(first)
        found[name] = np.asarray(different.reshape(len(table), -1).any(axis=1))
    return found
