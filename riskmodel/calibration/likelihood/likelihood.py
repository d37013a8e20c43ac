"""The probability of a cohort as a function of the statements, with its exact gradient and information."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Bools, Masks
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.kernel import Counts, PieceTables, Slopes, expected_counts, row_scores
from riskmodel.calibration.likelihood.strata import Stratum, strata
from riskmodel.errors import InferenceError
from riskmodel.inference.lookup import Lookup, Lookups, Tables, tables_at_setting
from riskmodel.network.build import build_network, in_order
from riskmodel.network.network import Network

SILENT = 1e-9  # a score this small is rounding
SAME = 1e-11  # a table entry that moves by less, relative to itself, has not moved
STEP = 1e-4  # of the central differences, on the logit and log scales
PAIRS_AT_ONCE = 60  # perturbed statements built together
ROWS_AT_ONCE = 4_096
THREADS = 2


@dataclass(frozen=True)
class Point:
    """The likelihood at one point: its log, and the expected counts of every table entry, by stratum and piece."""

    x: Array
    log_likelihood: float
    tables: list[list[Array]]
    counts: list[list[Array]] = field(repr=False)


class Likelihood:
    """P(findings and known outcomes | setting) of all rows, over the learnt statements.

    Parameters
    ----------
    masks
        coded evidence, outcomes included, (variables, rows).
    weights
        (rows,): how much each row counts.
    """

    def __init__(self, coordinates: Coordinates, masks: Masks, weights: Array | None = None) -> None:
        self.coordinates = coordinates
        network = build_network(coordinates.priors)
        self.lookups = Lookups(network, coordinates.priors.variables)
        self.reached = _reached(self.lookups, network, coordinates)
        self.strata = strata(self.lookups, masks, np.ones(masks.shape[1]) if weights is None else weights)
        self.active = np.arange(coordinates.size)
        self._slopes: tuple[bytes, list[list[tuple[NDArray[np.int64], Array]]]] | None = None

    @property
    def people(self) -> float:
        return float(sum(stratum.weights.sum() for stratum in self.strata))

    def at(self, x: Array) -> Point | None:
        """The likelihood at a point, or None where the statements cannot hold together or a row is impossible."""
        return next(self.at_each(x[None]))

    def at_each(self, x: Array) -> Iterator[Point | None]:
        """As :meth:`at`, of several points (points, coordinates): one after another, their networks built at once."""
        try:
            network = build_network(self.coordinates.priors, self.coordinates.values(x))
        except InferenceError:  # at one of the points or more
            network = None
        if len(x) > 1 and (network is None or network.held):  # a ratio beyond reach is refused in draw 0 alone
            yield from (self.at(row) for row in x)
            return
        for row in range(len(x)):
            yield None if network is None else self._point(x[row], network.one_draw(row))

    def _point(self, x: Array, network: Network) -> Point | None:
        total, tables, counts = 0.0, [], []
        for stratum in self.strata:
            held = tables_at_setting(network, stratum.setting)
            pieces = [self._table(piece, held)[0] for piece in self.lookups.all]
            evidence, expected = self._expect(stratum, pieces)
            if not np.all(evidence > 0):
                return None
            total += float(stratum.weights @ np.log(evidence))
            tables.append(pieces)
            counts.append(expected)
        return Point(x, total, tables, counts) if np.isfinite(total) else None

    def log_likelihoods(self, x: Array) -> Array:
        """The log likelihood at many points, (points, coordinates); -inf where :meth:`at` is None."""
        parts = [x[start : start + PAIRS_AT_ONCE] for start in range(0, len(x), PAIRS_AT_ONCE)]
        return np.concatenate([np.empty(0), *(self._log_likelihoods(part) for part in parts)])

    def _log_likelihoods(self, x: Array) -> Array:
        try:
            network = build_network(self.coordinates.priors, self.coordinates.values(x))
        except InferenceError:  # at one of the points or more
            return (
                np.full(1, -np.inf)
                if len(x) == 1
                else np.concatenate([self._log_likelihoods(row) for row in x[:, None]])
            )
        total = np.zeros(len(x))
        for stratum in self.strata:
            held = tables_at_setting(network, stratum.setting)
            tables = [self._table(piece, held) for piece in self.lookups.all]
            for row in range(len(x)):
                evidence, _ = self._expect(stratum, [table[row if len(table) > 1 else 0] for table in tables])
                total[row] += float(stratum.weights @ np.log(evidence)) if np.all(evidence > 0) else -np.inf
        return np.where(np.isfinite(total), total, -np.inf)

    def evidence(self, masks: Masks) -> Array:
        """P(evidence | setting) of each row of ``masks`` (variables, rows) at the stated values; 0 where impossible."""
        from riskmodel.inference.compile import compile_scorer
        from riskmodel.inference.compiled import CompiledScorer

        network = build_network(self.coordinates.priors)
        return CompiledScorer(compile_scorer(network, self.lookups.variables)).score(masks).evidence

    def is_informative(self, point: Point) -> bool:
        """Whether any row depends on any coordinate."""
        each = zip(self.strata, point.tables, self.slopes(point.x), strict=True)
        scores = (rows for parts in each for rows in self._scores(*parts))
        return any(bool(np.any(np.abs(score) > SILENT)) for _, score in scores)

    def _table(self, piece: Lookup, tables: Tables) -> Array:
        """A piece's table at one setting, (draws, patterns, states)."""
        table = self.lookups.table(piece, tables)
        return table.reshape(len(table), piece.patterns, -1)

    def _expect(self, stratum: Stratum, tables: list[Array]) -> tuple[Array, list[Array]]:
        """P(evidence) of each row, and the expected counts of each piece."""
        count = len(stratum.weights)
        evidence = np.empty(count)
        packed = self._packed(tables)
        bounds = np.linspace(0, count, THREADS + 1).astype(int)

        def counts_of(k: int) -> Counts:
            piece = slice(bounds[k], bounds[k + 1])
            counts = Counts(*(np.zeros(getattr(packed, name).size) for name in Counts._fields))
            expected_counts(stratum.weights[piece], stratum.evidence.part(piece), packed, counts, evidence[piece])
            return counts

        with ThreadPoolExecutor(THREADS) as pool:
            parts = list(pool.map(counts_of, range(THREADS)))
        static_in, static_out, inner, outer = (np.sum([part[i] for part in parts], axis=0) for i in range(4))
        flat = [static_in, static_out, *self._unpacked(tables, inner, outer)]
        return evidence, [counts.reshape(table.shape) for counts, table in zip(flat, tables, strict=True)]

    def _packed(self, tables: list[Array]) -> PieceTables:
        """The tables as the compiled passes want them: groups end to end, inner and outer apart."""
        inner, outer = self.lookups.inner, self.lookups.outer
        result: list[np.ndarray] = [tables[0].ravel(), tables[1].ravel()]
        for groups, group_tables in ((inner, tables[2 : 2 + len(inner)]), (outer, tables[2 + len(inner) :])):
            first = np.cumsum([0, *(table.size for table in group_tables)], dtype=np.int64)[:-1]
            skip = np.array([group.skip for group in groups], dtype=np.int64)
            result += [np.concatenate([np.empty(0), *(table.ravel() for table in group_tables)]), first, skip]
        return PieceTables(*result)

    def _unpacked(self, tables: list[Array], inner: Array, outer: Array) -> list[Array]:
        """Counts that lie end to end, as one array a group."""
        split = 2 + len(self.lookups.inner)
        result: list[Array] = []
        for flat, group_tables in ((inner, tables[2:split]), (outer, tables[split:])):
            result += np.split(flat, np.cumsum([table.size for table in group_tables])[:-1]) if group_tables else []
        return result

    def gradient(self, point: Point) -> Array:
        """Derivatives of the log likelihood by the coordinates, (coordinates,).

        Expected counts times the derivatives of the log tables (Fisher's identity), so that no row is passed again.
        """
        gradient = np.zeros(self.coordinates.size)
        for counts, pieces in zip(point.counts, self.slopes(point.x), strict=True):
            for count, (columns, slopes) in zip(counts, pieces, strict=True):
                gradient[columns] += slopes.reshape(len(columns), count.size) @ count.ravel()
        return gradient

    def slopes(self, x: Array) -> list[list[tuple[NDArray[np.int64], Array]]]:
        """Derivatives of the log tables, by stratum and piece: (which coordinates, (coordinates, patterns, states))."""
        key = x.tobytes()
        if self._slopes is None or self._slopes[0] != key:
            slopes_by_piece: list[list[list[tuple[NDArray[np.int64], Array]]]] = [
                [[] for _ in self.lookups.all] for _ in self.strata
            ]
            shared = self._shared_pairs()
            for start in range(0, len(shared), PAIRS_AT_ONCE):
                self._add_slopes(x, shared[start : start + PAIRS_AT_ONCE], slopes_by_piece)
            every = self.lookups.all
            self._slopes = (
                key,
                [[_by_coordinate(*pair, self.lookups) for pair in zip(p, every, strict=True)] for p in slopes_by_piece],
            )
            self.active = np.unique(
                np.concatenate([self.active[:0], *(c for pieces in self._slopes[1] for c, _ in pieces)])
            )
        return self._slopes[1]

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

    def _add_slopes(self, x: Array, moves: NDArray[np.int64], slopes_by_piece: list) -> None:  # type: ignore[type-arg]
        """The slopes of some coordinates, by central differences of the tables."""
        rows = np.repeat(x[None], 1 + 2 * len(moves), axis=0)
        pair = 1 + 2 * np.arange(len(moves))
        for row, coordinates in zip(pair, moves, strict=True):
            together = np.unique(coordinates[coordinates >= 0])
            rows[row, together] += STEP
            rows[row + 1, together] -= STEP
        network = build_network(self.coordinates.priors, self.coordinates.values(rows))
        for stratum, pieces in zip(self.strata, slopes_by_piece, strict=True):
            tables = tables_at_setting(network, stratum.setting)
            changed = changed_draws(tables)
            for piece, parts, columns in zip(self.lookups.all, pieces, moves.T, strict=True):
                touched = np.zeros(len(rows), dtype=bool)
                for name in piece.tables:
                    touched |= changed[name]
                which = np.nonzero(touched[pair] | touched[pair + 1])[0]
                if which.size:
                    up, down = (self._table(piece, _in_draws(tables, piece.tables, pair[which] + k)) for k in (0, 1))
                    possible = (up > 0) & (down > 0)
                    slopes = np.zeros_like(up)
                    slopes[possible] = np.log(up[possible] / down[possible]) / (2 * STEP)
                    parts.append((columns[which], slopes))

    def information(self, point: Point) -> tuple[Array, Array]:
        """Sums over people of the outer products of their scores, with weights once and squared.

        The first estimates the information of the cohort about the coordinates, (coordinates, coordinates).
        """
        size = self.coordinates.size
        once, squared = np.zeros((size, size)), np.zeros((size, size))
        weighted = any(not np.array_equal(stratum.weights, stratum.squares) for stratum in self.strata)
        for stratum, tables, slopes in zip(self.strata, point.tables, self.slopes(point.x), strict=True):
            for piece, scores in self._scores(stratum, tables, slopes):
                once += scores.T @ (scores * stratum.weights[piece, None])
                if weighted:
                    squared += scores.T @ (scores * stratum.squares[piece, None])
        return once, squared if weighted else once

    def _scores(self, stratum: Stratum, tables: list[Array], slopes):  # type: ignore[no-untyped-def]
        """The scores of some rows at a time: (which rows, (rows, coordinates))."""
        packed = self._packed(tables)
        flat = [np.ascontiguousarray(np.moveaxis(derivative, 0, -1)).ravel() for _, derivative in slopes]
        slope_first = np.cumsum([0, *(len(derivative) for derivative in flat)], dtype=np.int64)
        columns = np.concatenate([which for which, _ in slopes])
        column_first = np.cumsum([0, *(len(which) for which, _ in slopes)], dtype=np.int64)
        derivatives = Slopes(np.concatenate(flat), slope_first, columns, column_first)
        pieces = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(stratum.weights), ROWS_AT_ONCE)]

        def scores_of(piece: slice) -> Array:
            scores = np.empty((len(stratum.weights[piece]), self.coordinates.size))
            row_scores(stratum.evidence.part(piece), packed, derivatives, scores)
            return scores

        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(pieces), THREADS):
                at_once = pieces[start : start + THREADS]
                yield from zip(at_once, pool.map(scores_of, at_once), strict=True)


def _in_draws(tables: Tables, names: tuple[str, ...], rows: NDArray[np.int64]) -> dict[str, Array]:
    """The named tables in some draws."""
    return {name: tables[name][rows] if len(tables[name]) > 1 else tables[name] for name in names}


def _by_coordinate(parts, piece: Lookup, lookups: Lookups) -> tuple[NDArray[np.int64], Array]:  # type: ignore[no-untyped-def]
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


def _reached(lookups: Lookups, network: Network, coordinates: Coordinates) -> list[NDArray[np.int64]]:
    """For each coordinate the pieces that it can move: those with a table of its variable, or of one below it."""
    above: dict[str, set[str]] = {}
    for variable in in_order(network.variables):
        above[variable.name] = {variable.name}.union(*(above[parent] for parent in variable.parents))
    for group, members in network.groups.items():
        for member in members:
            above[member].add(group)
    reached = []
    for block in coordinates.blocks:
        names = {coordinates.statements[column].of.variable for column in block.columns}
        pieces = [i for i, piece in enumerate(lookups.all) if any(names & above[name] for name in piece.tables)]
        reached += [np.array(pieces, dtype=np.int64)] * block.size
    return reached
