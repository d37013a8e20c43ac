"""The probability of a cohort as a function of the statements, with its exact gradient and information."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.kernel import (
    Counts,
    GroupTables,
    PieceTables,
    Slopes,
    Work,
    evidences,
    expected_counts,
    row_scores,
)
from riskmodel.calibration.likelihood.slopes import TableSlopes, piece_table
from riskmodel.calibration.likelihood.strata import Stratum, strata
from riskmodel.calibration.likelihood.surface import LikelihoodSurface, Point
from riskmodel.errors import InferenceError
from riskmodel.inference.lookup import Lookups, tables_at_setting
from riskmodel.network.build import build_network
from riskmodel.network.network import Network

SILENT = 1e-9  # a score this small is rounding
POINTS_AT_ONCE = 60  # networks built together
ROWS_AT_ONCE = 4_096
THREADS = 2
Result = TypeVar("Result")
STATIC = 3  # pieces that are no groups come first: the static factors, and the occult shares


class Likelihood(LikelihoodSurface):
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
        self.lookups = Lookups(network, coordinates.priors.case_variables).narrowed(masks)
        self.strata = strata(self.lookups, masks, np.ones(masks.shape[1]) if weights is None else weights)
        self.slopes = TableSlopes(coordinates, self.lookups, network, [stratum.setting for stratum in self.strata])

    def at_each(self, x: Array) -> Iterator[Point | None]:
        """The likelihood at points (points, coordinates), one after another; their networks are built at once."""
        try:
            network = self.network(x)
        except InferenceError:  # at one of the points or more
            yield from ([None] if len(x) == 1 else (self.at(row) for row in x))
            return
        for row in range(len(x)):
            yield self._point(x[row], network.one_draw(row))

    def _point(self, x: Array, network: Network) -> Point | None:
        total, tables, counts = 0.0, [], []
        for stratum in self.strata:
            held = tables_at_setting(network, stratum.setting)
            pieces = [piece_table(self.lookups, piece, held)[0] for piece in self.lookups.all]
            evidence, expected = self._expect(stratum, pieces)
            if not np.all(evidence > 0):
                return None
            total += float(stratum.weights @ np.log(evidence))
            tables.append(pieces)
            counts.append(expected)
        return Point(x, total, tables, counts) if np.isfinite(total) else None

    def log_likelihoods(self, x: Array) -> Array:
        """The log likelihood at many points, (points, coordinates); -inf where :meth:`at` is None."""
        parts = [x[start : start + POINTS_AT_ONCE] for start in range(0, len(x), POINTS_AT_ONCE)]
        return np.concatenate([np.empty(0), *(self._log_likelihoods(part) for part in parts)])

    def _log_likelihoods(self, x: Array) -> Array:
        try:
            network = self.network(x)
        except InferenceError:  # at one of the points or more
            return (
                np.full(1, -np.inf)
                if len(x) == 1
                else np.concatenate([self._log_likelihoods(row) for row in x[:, None]])
            )
        total = self._totals(network, len(x))
        return np.where(np.isfinite(total), total, -np.inf)

    def _totals(self, network: Network, points: int) -> Array:
        """The log likelihood of each draw of a network, (points,); infinite or no number where a row is impossible."""
        total = np.zeros(points)
        for stratum in self.strata:
            held = tables_at_setting(network, stratum.setting)
            tables = [piece_table(self.lookups, piece, held) for piece in self.lookups.all]
            for row in range(points):
                evidence = self._evidence(stratum, [table[row if len(table) > 1 else 0] for table in tables])
                total[row] += float(stratum.weights @ np.log(evidence)) if np.all(evidence > 0) else -np.inf
        return total

    def evidence(self, masks: Masks) -> Array:
        """P(evidence | setting) of each row of ``masks`` (variables, rows) at the stated values; 0 where impossible."""
        from riskmodel.inference.compile import compile_scorer
        from riskmodel.inference.compiled import CompiledScorer

        network = build_network(self.coordinates.priors)
        return CompiledScorer(compile_scorer(network, self.lookups.variables)).posterior(masks).evidence

    def strata_at(self, point: Point) -> list[Stratum]:  # noqa: ARG002
        """The rows as they count at a point."""
        return self.strata

    def is_informative(self, point: Point) -> bool:
        """Whether any row depends on any coordinate."""
        each = zip(self.strata_at(point), point.tables, self.slopes.at(point.x), strict=True)
        scores = (rows for parts in each for rows in self._scores(*parts))
        return any(bool(np.any(np.abs(score) > SILENT)) for _, score in scores)

    def _evidence(self, stratum: Stratum, tables: list[Array]) -> Array:
        """P(evidence) of each row."""
        evidence, packed = np.empty(len(stratum.weights)), self._packed(tables)

        def work(piece: slice) -> None:
            part = stratum.evidence.part(piece)
            evidences(part, packed, evidence[piece], Work.room(part, packed))

        self._in_parts(len(evidence), work)
        return evidence

    def _expect(self, stratum: Stratum, tables: list[Array]) -> tuple[Array, list[Array]]:
        """P(evidence) of each row, and the expected counts of each piece."""
        count = len(stratum.weights)
        evidence = np.empty(count)
        packed = self._packed(tables)

        def counts_of(piece: slice) -> Counts:
            counts, work = Counts.room(packed), Work.room(stratum.evidence, packed)
            part = stratum.evidence.part(piece)
            expected_counts(stratum.weights[piece], part, packed, counts, evidence[piece], work)
            return counts

        sums = [np.sum(each, axis=0) for each in zip(*self._in_parts(count, counts_of), strict=True)]
        split = self._by_kind(tables)
        flat = sums[:STATIC]
        for kind, groups in zip(sums[STATIC:], split, strict=True):
            flat += np.split(kind, np.cumsum([table.size for table in groups])[:-1]) if groups else []
        return evidence, [counts.reshape(table.shape) for counts, table in zip(flat, tables, strict=True)]

    def _in_parts(self, count: int, work: Callable[[slice], Result]) -> list[Result]:
        """What some work gives of each part of so many rows, a thread each."""
        bounds = np.linspace(0, count, THREADS + 1).astype(int)
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(work, [slice(*pair) for pair in itertools.pairwise(bounds)]))

    def _by_kind(self, tables: list[Array]) -> list[list[Array]]:
        """The tables of the inner, the hidden and the outer groups."""
        first, kinds = STATIC, []
        for groups in self.lookups.kinds:
            kinds.append(tables[first : first + len(groups)])
            first += len(groups)
        return kinds

    def _packed(self, tables: list[Array]) -> PieceTables:
        """The tables as the compiled passes want them: groups end to end, each kind apart."""
        kinds = []
        for groups, of_kind in zip(self.lookups.kinds, self._by_kind(tables), strict=True):
            first = np.cumsum([0, *(table.size for table in of_kind)], dtype=np.int64)[:-1]
            skip = np.array([group.skip for group in groups], dtype=np.int64)
            flat = np.concatenate([np.empty(0), *(table.ravel() for table in of_kind)])
            width = np.array([self.lookups.states(group) for group in groups], dtype=np.int64)
            kinds.append(GroupTables(flat, first, skip, width))
        node_bits = np.array(self.lookups.node_bits, dtype=np.int64)
        static_in, static_out, occult = (table.ravel() for table in tables[:STATIC])
        inner, hidden, outer = kinds
        return PieceTables(static_in, static_out, occult, inner, hidden, outer, node_bits)

    def gradient(self, point: Point) -> Array:
        """Derivatives of the log likelihood by the coordinates, (coordinates,).

        Expected counts times the derivatives of the log tables (Fisher's identity), so that no row is passed again.
        """
        gradient = np.zeros(self.coordinates.size)
        for counts, pieces in zip(point.counts, self.slopes.at(point.x), strict=True):
            for count, (columns, slopes) in zip(counts, pieces, strict=True):
                gradient[columns] += slopes.reshape(len(columns), count.size) @ count.ravel()
        return gradient

    def information(self, point: Point) -> tuple[Array, Array]:
        """Sums over people of the outer products of their scores, with weights once and squared.

        The first estimates the information of the cohort about the coordinates, (coordinates, coordinates).
        """
        size = self.coordinates.size
        once, squared = np.zeros((size, size)), np.zeros((size, size))
        weighted = any(not np.array_equal(stratum.weights, stratum.squares) for stratum in self.strata)
        for stratum, tables, slopes in zip(self.strata, point.tables, self.slopes.at(point.x), strict=True):
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
            part = stratum.evidence.part(piece)
            row_scores(part, packed, derivatives, scores, Work.room(part, packed))
            return scores

        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(pieces), THREADS):
                at_once = pieces[start : start + THREADS]
                yield from zip(at_once, pool.map(scores_of, at_once), strict=True)
