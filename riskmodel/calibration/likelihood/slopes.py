"""Derivatives of the log look-up tables by the coordinates: central differences, many statements at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Bools
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.evidence.recording import used_rates
from riskmodel.evidence.records import Priors, recording_node
from riskmodel.inference.lookup import Lookup, Lookups, Tables, tables_at_setting
from riskmodel.network.build import build_network, in_order
from riskmodel.network.kept import KeptTables
from riskmodel.network.network import Network

SAME = 1e-11  # a table entry that moves by less, relative to itself, has not moved
STEP = 1e-4  # of the central differences, on the logit and log scales
PAIRS_AT_ONCE = 60  # perturbed statements built together


class TableSlopes:
    """The derivatives at the point asked for last, of each piece: the factors of a row's likelihood.

    Parameters
    ----------
    settings
        in which the pieces' tables are wanted.

    Attributes
    ----------
    reached
        for each coordinate the pieces that it can move.
    active
        the coordinates that can move any piece, as far as is known: what is held or clipped at one point may move
        it at another.
    """

    def __init__(self, coordinates: Coordinates, lookups: Lookups, network: Network, settings: Sequence[int]) -> None:
        self.coordinates, self.lookups, self.settings = coordinates, lookups, settings
        self._above = _above(network)
        self.reached = _reached(lookups, self._above, coordinates)
        self.active = np.arange(coordinates.size)
        self._kept = KeptTables()
        self._at_an_edge = np.empty(0, dtype=np.int64)
        self._latest: tuple[bytes, list[list[tuple[NDArray[np.int64], Array]]]] | None = None

    def at(self, x: Array) -> list[list[tuple[NDArray[np.int64], Array]]]:
        """Derivatives of the log tables, by stratum and piece: (which coordinates, (coordinates, patterns, states))."""
        key = x.tobytes()
        if self._latest is None or self._latest[0] != key:
            slopes_by_piece: list[list[list[tuple[NDArray[np.int64], Array]]]] = [
                [[] for _ in self.lookups.all] for _ in self.settings
            ]
            shared = self._shared_pairs()
            for start in range(0, len(shared), PAIRS_AT_ONCE):
                self._add(x, shared[start : start + PAIRS_AT_ONCE], slopes_by_piece)
            every = self.lookups.all
            self._latest = (
                key,
                [[_by_coordinate(*pair, self.lookups) for pair in zip(p, every, strict=True)] for p in slopes_by_piece],
            )
            moving = np.concatenate([self._at_an_edge, *(c for pieces in self._latest[1] for c, _ in pieces)])
            self.active = np.intersect1d(self.active, moving)
        return self._latest[1]

    def _shared_pairs(self) -> NDArray[np.int64]:
        """Which coordinate each pair of perturbed statements moves in each piece, (pairs, pieces); -1 where none.

        Coordinates that reach no piece in common share a pair, for each piece still sees one of them alone (Curtis,
        Powell and Reid, J Inst Math Appl 1974;13:117).
        """
        moves = np.full((len(self.active), len(self.lookups.all)), -1)
        for coordinate in self.active:
            pieces = self.reached[coordinate]
            free = np.argmax(np.all(moves[:, pieces] < 0, axis=1))
            moves[free, pieces] = coordinate
        return moves[np.any(moves >= 0, axis=1)]

    def _add(self, x: Array, moves: NDArray[np.int64], slopes_by_piece: list) -> None:  # type: ignore[type-arg]
        """The slopes of some coordinates, by central differences of the tables."""
        rows = np.repeat(x[None], 1 + 2 * len(moves), axis=0)
        pair = 1 + 2 * np.arange(len(moves))
        for row, coordinates in zip(pair, moves, strict=True):
            together = np.unique(coordinates[coordinates >= 0])
            rows[row, together] += STEP
            rows[row + 1, together] -= STEP
        priors, values = self.coordinates.priors, self.coordinates.values(rows)
        network = build_network(priors, values, hold=True, constant_once=True, kept=self._kept)
        self._at_an_edge = np.union1d(self._at_an_edge, self._movers(network))
        for setting, pieces in zip(self.settings, slopes_by_piece, strict=True):
            tables = tables_at_setting(network, setting)
            changed = changed_draws(tables)
            for piece, parts, columns in zip(self.lookups.all, pieces, moves.T, strict=True):
                touched = np.zeros(len(rows), dtype=bool)
                names = _tables_of(piece, tables)
                for name in names:
                    touched |= changed[name]
                which = np.nonzero(touched[pair] | touched[pair + 1])[0]
                if which.size:
                    up, down = (
                        piece_table(self.lookups, piece, _in_draws(tables, names, pair[which] + k)) for k in (0, 1)
                    )
                    possible = (up > 0) & (down > 0)
                    slopes = np.zeros_like(up)
                    slopes[possible] = np.log(up[possible] / down[possible]) / (2 * STEP)
                    parts.append((columns[which], slopes))

    def _movers(self, network: Network) -> NDArray[np.int64]:
        """The coordinates of tables that have held or clipped entries in any draw."""
        held = {statement.subject for statement in self.coordinates.statements if statement.id in network.held}
        above = set[str]().union(*(self._above.get(name, {name}) for name in held.union(network.clipped)))
        return np.array(
            [
                coordinate
                for block in self.coordinates.blocks
                for coordinate in range(block.first, block.first + block.size)
                if any(self.coordinates.statements[column].subject in above for column in block.columns)
            ],
            dtype=np.int64,
        )


def piece_table(lookups: Lookups, piece: Lookup, tables: Tables) -> Array:
    """A piece's table at one setting, (draws, patterns, states)."""
    table = lookups.table(piece, tables)
    return table.reshape(len(table), piece.patterns, -1)


def _tables_of(piece: Lookup, tables: Collection[str]) -> tuple[str, ...]:
    """The tables that a piece is made of: those it multiplies, and how often its members are written down."""
    nodes = (recording_node(member) for member in piece.members)
    return (*piece.tables, *(node for node in nodes if node in tables))


def _in_draws(tables: Tables, names: tuple[str, ...], rows: NDArray[np.int64]) -> dict[str, Array]:
    """The named tables in some draws."""
    return {name: tables[name][rows] if len(tables[name]) > 1 else tables[name] for name in names}


def _by_coordinate(parts, piece: Lookup, lookups: Lookups) -> tuple[NDArray[np.int64], Array]:  # type: ignore[no-untyped-def]
    """A piece's slopes that were taken in parts, in the coordinates' order."""
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty((0, piece.patterns, lookups.states(piece)))
    which = np.concatenate([which for which, _ in parts])
    order = np.argsort(which)
    return which[order], np.concatenate([slopes for _, slopes in parts])[order]


def changed_draws(tables: Tables) -> dict[str, Bools]:
    """For each table, the draws in which it differs from draw 0."""
    changed = {}
    for name, table in tables.items():
        first = table[:1]
        different = np.abs(table - first) > SAME * np.abs(first)
        changed[name] = np.asarray(different.reshape(len(table), -1).any(axis=1))
    return changed


def _above(network: Network) -> dict[str, set[str]]:
    """For each variable it and all above it, with the groups that it goes together in."""
    above: dict[str, set[str]] = {}
    for variable in in_order(network.variables):
        above[variable.name] = {variable.name}.union(*(above[parent] for parent in variable.parents))
    for group, members in network.groups.items():
        for member in members:
            above[member].add(group)
    return above


def _reached(lookups: Lookups, above: Mapping[str, set[str]], coordinates: Coordinates) -> list[NDArray[np.int64]]:
    """For each coordinate the pieces that it can move: those with a table of its variable, or of one below it."""
    nodes = _recording_nodes(coordinates.priors)
    tables = [_tables_of(piece, above) for piece in lookups.all]
    reached = []
    for block in coordinates.blocks:
        stated = [coordinates.statements[column] for column in block.columns]
        names = set[str]().union(*(nodes.get(s.id, {s.of.variable}) for s in stated))
        pieces = [i for i, held in enumerate(tables) if any(names & above[name] for name in held)]
        reached += [np.array(pieces, dtype=np.int64)] * block.size
    return reached


def _recording_nodes(priors: Priors) -> dict[str, set[str]]:
    """For each rate of the recording profile in use the nodes that it speaks of."""
    nodes: dict[str, set[str]] = {}
    for rates in used_rates(priors):
        for identifier in rates.ids:
            nodes.setdefault(identifier, set()).add(recording_node(rates.variable))
    return nodes
