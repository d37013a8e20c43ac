"""Posteriors of many cases under many draws of the statements, and their credible intervals.

Each draw is weighted, for each case, by the probability that the draw gives to the case's evidence: the
intervals are those of the posterior over the statements given this case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer, join_groups, join_plan
from riskmodel.inference.compiled import packed_groups, score_tables, weighted_intervals
from riskmodel.inference.lookup import Lookup, Lookups, product_of_patterns, tables_at_setting
from riskmodel.inference.scorer import Group, Scorer
from riskmodel.network.network import Network

Progress = Callable[[int, int | None], None]
TABLES_AT_ONCE = 1 << 21  # entries of the tables of draws that are built together
CASES_AT_ONCE = 5_000  # posteriors of so many cases under all draws are held together


@dataclass(frozen=True, slots=True)
class DrawPosterior:
    """Posteriors of some cases in one setting under every draw.

    Attributes
    ----------
    probability
        (outputs, draws, cases): P(present | evidence, draw).
    evidence
        (draws, cases): P(evidence | setting, draw), the weight of the draw for the case.
    baseline
        (outputs, draws): P(present | setting, draw).
    """

    probability: Array
    evidence: Array
    baseline: Array


@dataclass(frozen=True, slots=True)
class Intervals:
    """Credible intervals of each output for each case, from draws weighted by the case's evidence.

    ``low``, ``high`` and ``mean`` have shape (outputs, cases); ``effective`` (cases,) is the number of
    equally weighted draws that would tell as much.
    """

    low: Array
    high: Array
    mean: Array
    effective: Array


class DrawScorer:
    """All draws of a network, compiled."""

    def __init__(self, network: Network, variables: Sequence[Variable]) -> None:
        self.network = network
        self.progress: Progress | None = None  # told how many draws are done, of how many
        self._lookups = Lookups(network, variables)
        single = compile_scorer(network, variables, join=False)
        self._plan = join_plan(single.outer)
        self.scorer: Scorer = replace(single, outer=join_groups(single.outer, self._plan))

    @property
    def draws(self) -> int:
        return self.network.draws

    def score(self, masks: Masks, setting: int, threads: int = 2) -> DrawPosterior:
        """Every case under every draw; all cases present in one setting."""
        scorer = self.scorer
        scorer.check(masks)
        count = masks.shape[1]
        with_blank = np.ascontiguousarray(np.concatenate([masks, scorer.blank(1, setting)], axis=1))
        probability = np.empty((self.draws, len(scorer.output_names), count + 1))
        evidence = np.empty((self.draws, count + 1))
        needed = _needed(scorer.inner, with_blank), _needed(scorer.outer, with_blank)
        groups = zip((*scorer.inner, *scorer.outer), (*needed[0], *needed[1]), strict=True)
        entries = sum(group.table[0].size for group, looked_up in groups if looked_up)
        together = max(1, min(TABLES_AT_ONCE // max(entries, 1), self.draws // (2 * threads)))

        packed = packed_groups(scorer)

        def chunk(first: int) -> None:
            draws = slice(first, min(first + together, self.draws))
            for k, tables in enumerate(self._tables(draws, setting, *needed), start=first):
                score_tables(scorer, packed, tables, with_blank, probability[k], evidence[k])

        with ThreadPoolExecutor(threads) as pool:
            for done, _ in enumerate(pool.map(chunk, range(0, self.draws, together)), start=1):
                if self.progress:
                    self.progress(min(done * together, self.draws), self.draws)
        impossible = evidence == 0
        if impossible.any():  # such draws weigh nothing
            probability[np.broadcast_to(impossible[:, None], probability.shape)] = 0.0
        cases = np.swapaxes(probability, 0, 1)
        return DrawPosterior(cases[:, :, :count], evidence[:, :count], np.ascontiguousarray(cases[:, :, count]))

    def _tables(
        self, draws: slice, setting: int, needed_in: Sequence[bool], needed_out: Sequence[bool]
    ) -> Iterator[DrawTables]:
        """The look-up tables of some draws, in one setting; each is gone when the next is taken.

        Groups of which no case knows anything are never looked up, and left out of the work.
        """
        lookups, size = self._lookups, draws.stop - draws.start
        tables = tables_at_setting(self.network, setting, draws)

        def table(lookup: Lookup) -> Array:
            return lookups.table(lookup, tables)[:, 0]

        inner, outer = table(lookups.static_inner)[:, 0], table(lookups.static_outer)[:, 0]
        groups_in = {place: table(lookups.inner[place]) for place in np.flatnonzero(needed_in).tolist()}
        groups_out = {
            place: reduce(product_of_patterns, (table(lookups.outer[member]) for member in self._plan[place]))
            for place in np.flatnonzero(needed_out).tolist()
        }
        inner, outer = _repeat(inner, size), _repeat(outer, size)
        flat_in, slots_in = _flat(self.scorer.inner)
        flat_out, slots_out = _flat(self.scorer.outer)
        for k in range(size):
            for flat, slots, groups in ((flat_in, slots_in, groups_in), (flat_out, slots_out, groups_out)):
                for place, built in groups.items():
                    flat[slots[place]] = built[k if len(built) > 1 else 0].ravel()
            yield DrawTables(inner[k : k + 1], outer[k : k + 1], flat_in, flat_out)


@dataclass(frozen=True, slots=True)
class DrawTables:
    """The tables of one draw in one setting, as the compiled scorer reads them."""

    inner_static: Array
    outer_static: Array
    inner: Array
    outer: Array


def _needed(groups: Sequence[Group], masks: Masks) -> list[bool]:
    """Whether any case knows anything of a group; where none does it is never looked up."""
    return [bool((group.pattern(masks) != group.skip).any()) for group in groups]


def _flat(groups: Sequence[Group]) -> tuple[Array, list[slice]]:
    """Room for the tables of all groups in one setting, one after the other, and the place of each."""
    ends = np.cumsum([0, *(group.table[0].size for group in groups)])
    return np.zeros(int(ends[-1])), [slice(int(a), int(b)) for a, b in pairwise(ends)]


def _repeat(array: Array, size: int) -> Array:
    return np.broadcast_to(array, (size, *array.shape[1:])) if array.shape[0] != size else array


def intervals(posterior: DrawPosterior, level: float, threads: int = 2) -> Intervals:
    """Weighted quantiles, mean and effective number of draws of each output for each case.

    Parameters
    ----------
    level
        probability that an interval holds, between 0 and 1.
    """
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level}")
    outputs, _, cases = posterior.probability.shape
    low, high, mean = (np.empty((outputs, cases)) for _ in range(3))
    effective = np.empty(cases)

    def some(first: int) -> None:
        last = min(first + 64, cases)
        probability = np.ascontiguousarray(np.moveaxis(posterior.probability[:, :, first:last], 1, 2))
        weights = np.ascontiguousarray(posterior.evidence[:, first:last].T)
        weighted_intervals(
            probability,
            weights,
            (1 - level) / 2,
            low[:, first:last],
            high[:, first:last],
            mean[:, first:last],
            effective[first:last],
        )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(0, cases, 64)))
    return Intervals(low, high, mean, effective)


def agreement(levels: np.ndarray, point: np.ndarray, evidence: Array) -> Array:
    """The weighted share of draws whose level equals the point's: (draws, cases), (cases,), (draws, cases)."""
    return np.asarray(((levels == point) * evidence).sum(axis=0) / evidence.sum(axis=0))
