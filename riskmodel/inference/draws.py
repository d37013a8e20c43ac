"""Posteriors of many cases under many draws of the statements.

Each draw is weighted, for each case, by the probability that the draw gives to the case's evidence: so weighted,
the draws are those of the posterior over the statements given this case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain

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
        self._plans = [[[g] for g in range(len(single.inner))], join_plan(single.hidden), join_plan(single.outer)]
        hidden, outer = join_groups(single.hidden, self._plans[1]), join_groups(single.outer, self._plans[2])
        self.scorer: Scorer = replace(single, hidden=hidden, outer=outer)
        self._states = JointStates.of(self.scorer)._replace(setting_row=-1)  # the tables are of one setting
        self._kinds = (self.scorer.inner, self.scorer.hidden, self.scorer.outer)
        self._packed = [PackedGroups.of(groups, every_setting=False) for groups in self._kinds]

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
        needed = [_needed(groups, with_blank) for groups in self._kinds]
        groups = zip(scorer.groups, chain(*needed), strict=True)
        entries = sum(group.table[0].size for group, looked_up in groups if looked_up)
        together = max(1, min(TABLES_AT_ONCE // max(entries, 1), self.draws // (2 * threads)))

        positions = [packed.positions(with_blank, -1) for packed in self._packed]  # the same in every draw

        def chunk(first: int) -> None:
            findings = np.empty(count + 1)  # not asked for
            draws = slice(first, min(first + together, self.draws))
            for k, (states, tables) in enumerate(self._tables(draws, setting, needed), start=first):
                inner, hidden, outer = (Factors(*pair) for pair in zip(tables, positions, strict=True))
                score_cases(with_blank, states, inner, hidden, outer, Results(probability[k], evidence[k], findings))

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
        self, draws: slice, setting: int, needed: Sequence[Sequence[bool]]
    ) -> Iterator[tuple[JointStates, list[Array]]]:
        """What cases look up in each draw, in one setting: static factors, and tables by kind; overwritten by the next.

        Groups of which no case knows anything are never looked up, and left out of the work.
        """
        lookups = self._lookups
        tables = tables_at_setting(self.network, setting, draws)

        def table(lookup: Lookup) -> Array:
            return lookups.table(lookup, tables)[:, 0]

        static_in, static_out = table(lookups.static_inner), table(lookups.static_outer)
        occult = lookups.occult(tables)
        built = [
            {g: reduce(product_of_patterns, (table(kind[member]) for member in plan[g])) for g in np.flatnonzero(which)}
            for kind, plan, which in zip(
                (lookups.inner, lookups.hidden, lookups.outer), self._plans, needed, strict=True
            )
        ]
        rooms = [_room(groups) for groups in self._kinds]
        for k in range(draws.stop - draws.start):
            for flat, packed, groups in zip(rooms, self._packed, built, strict=True):
                for g, of_draws in groups.items():
                    entries = _of_draw(of_draws, k).ravel()
                    flat[packed.offset[g] : packed.offset[g] + entries.size] = entries
            inner_static, outer_static = _of_draw(static_in, k), _of_draw(static_out, k)
            yield (
                self._states._replace(inner_static=inner_static, outer_static=outer_static, occult=_of_draw(occult, k)),
                rooms,
            )


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
