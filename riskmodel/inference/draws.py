"""Posteriors of many cases under many draws of the statements.

Each draw is weighted, for each case, by the probability that the draw gives to the case's evidence: so weighted,
the draws are those of the posterior over the statements given this case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer, join_groups, join_plan
from riskmodel.inference.lookup import Lookup, Lookups, product_of_patterns, tables_at_setting
from riskmodel.inference.score_kernel import Factors, JointStates, PackedGroups, Results, score_cases
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


class DrawScorer:
    """All draws of a network, compiled.

    Parameters
    ----------
    variables
        the rows of the evidence arrays, in order; circumstances among them are passed over.
    """

    def __init__(self, network: Network, variables: Sequence[Variable]) -> None:
        self.network = network
        self.progress: Progress | None = None  # told how many draws are done, of how many
        self._lookups = Lookups(network, variables)
        single = compile_scorer(network, variables, join=False)
        self._plan = join_plan(single.outer)
        self.scorer: Scorer = replace(single, outer=join_groups(single.outer, self._plan))
        self._states = JointStates.of(self.scorer)._replace(setting_row=-1)  # the tables are of one setting
        self._groups = [
            PackedGroups.of(groups, every_setting=False) for groups in (self.scorer.inner, self.scorer.outer)
        ]

    @property
    def draws(self) -> int:
        """How many; the first is the stated values."""
        return self.network.draws

    def posterior(self, masks: Masks, setting: int, threads: int = 2) -> DrawPosterior:
        """Every case under every draw.

        Parameters
        ----------
        masks
            (variables, cases), hard or set-valued evidence; all cases present in one setting.
        setting
            which, an index into its states.

        Raises
        ------
        InferenceError
            where the masks are not of this network, see :meth:`riskmodel.inference.scorer.Scorer.check`.
        """
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

        positions = [groups.positions(with_blank, -1) for groups in self._groups]  # the same in every draw

        def chunk(first: int) -> None:
            findings = np.empty(count + 1)  # not asked for
            draws = slice(first, min(first + together, self.draws))
            for k, (states, tables_in, tables_out) in enumerate(self._tables(draws, setting, *needed), start=first):
                inner, outer = Factors(tables_in, positions[0]), Factors(tables_out, positions[1])
                score_cases(with_blank, states, inner, outer, Results(probability[k], evidence[k], findings))

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
    ) -> Iterator[tuple[JointStates, Array, Array]]:
        """What cases look up in each draw, in one setting: static, inner and outer tables; overwritten by the next.

        Groups of which no case knows anything are never looked up, and left out of the work.
        """
        lookups = self._lookups
        tables = tables_at_setting(self.network, setting, draws)

        def table(lookup: Lookup) -> Array:
            return lookups.table(lookup, tables)[:, 0]

        static_in, static_out = table(lookups.static_inner), table(lookups.static_outer)
        groups_in = {g: table(lookups.inner[g]) for g in np.flatnonzero(needed_in)}
        groups_out = {
            g: reduce(product_of_patterns, (table(lookups.outer[member]) for member in self._plan[g]))
            for g in np.flatnonzero(needed_out)
        }
        inner, outer = _room(self.scorer.inner), _room(self.scorer.outer)
        for k in range(draws.stop - draws.start):
            for flat, packed, groups in zip((inner, outer), self._groups, (groups_in, groups_out), strict=True):
                for g, built in groups.items():
                    entries = _of_draw(built, k).ravel()
                    flat[packed.offset[g] : packed.offset[g] + entries.size] = entries
            static = _of_draw(static_in, k), _of_draw(static_out, k)
            yield self._states._replace(inner_static=static[0], outer_static=static[1]), inner, outer


def _room(groups: Sequence[Group]) -> Array:
    """For the tables of groups in one setting, end to end."""
    return np.zeros(sum(group.table[0].size for group in groups))


def _needed(groups: Sequence[Group], masks: Masks) -> list[bool]:
    """Whether any case knows anything of a group; where none does it is never looked up."""
    return [bool((group.pattern(masks) != group.skip).any()) for group in groups]


def _of_draw(table: Array, draw: int) -> Array:
    return np.asarray(table[draw if len(table) > 1 else 0])


def agreement(levels: np.ndarray, point: np.ndarray, evidence: Array) -> Array:
    """The weighted share of draws whose level equals the point's.

    Parameters
    ----------
    levels
        (draws, cases): what each draw gives.
    point
        (cases,): what the stated values give.
    evidence
        (draws, cases): the draws' weights.

    Returns
    -------
    (cases,), in [0, 1].
    """
    return np.asarray(((levels == point) * evidence).sum(axis=0) / evidence.sum(axis=0))
