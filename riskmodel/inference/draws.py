"""Posteriors of many cases under many draws of the statements.

Each draw is weighted, for each case, by the probability that the draw gives to the case's evidence: so weighted,
the draws are those of the posterior over the statements given this case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np

from riskmodel.arrays import Array, Masks, States, end_to_end
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer, join_groups, join_plan
from riskmodel.inference.lookup import Lookup, Lookups, tables_at_setting
from riskmodel.inference.needed_rows import NeededRows
from riskmodel.inference.score_kernel import Factors, JointStates, Results, score_cases, widths_of
from riskmodel.inference.scorer import Scorer
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
        needed = [NeededRows.of(groups, with_blank) for groups in self._kinds]  # the same in every draw
        entries = sum(rows.offset[-1] for rows in needed)  # and before the sum over what patterns allow:
        entries += sum(group.states[0].size for group in scorer.groups if group.rows)
        together = max(1, min(TABLES_AT_ONCE // max(entries, 1), self.draws // (2 * threads)))

        widths = [widths_of(groups) for groups in self._kinds]

        def chunk(first: int) -> None:
            findings = np.empty(count + 1)  # not asked for
            draws = slice(first, min(first + together, self.draws))
            for k, (states, tables) in enumerate(self._tables(draws, setting, needed), start=first):
                kinds = zip(tables, needed, widths, strict=True)
                inner, hidden, outer = (Factors(flat, rows.positions, wide) for flat, rows, wide in kinds)
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
        self, draws: slice, setting: int, needed: Sequence[NeededRows]
    ) -> Iterator[tuple[JointStates, list[Array]]]:
        """What cases look up in one draw after another, in one setting: static factors, and tables by kind.

        Rows that no case looks up are left out of the work.
        """
        lookups = self._lookups
        tables = tables_at_setting(self.network, setting, draws)

        def table(lookup: Lookup) -> Array:
            return lookups.table(lookup, tables)[:, 0]

        static_in, static_out = table(lookups.static_inner), table(lookups.static_outer)
        occult = lookups.occult(tables)
        every_kind = lookups.inner, lookups.hidden, lookups.outer
        built = [
            [
                _rows([kind[member] for member in members], patterns, partial(lookups.table, tables=tables))
                for members, patterns in zip(plan, rows.patterns, strict=True)
                if len(patterns)
            ]
            for kind, plan, rows in zip(every_kind, self._plans, needed, strict=True)
        ]
        for k in range(draws.stop - draws.start):
            kinds = [end_to_end([_of_draw(rows, k) for rows in groups]) for groups in built]
            inner_static, outer_static = _of_draw(static_in, k), _of_draw(static_out, k)
            yield (
                self._states._replace(inner_static=inner_static, outer_static=outer_static, occult=_of_draw(occult, k)),
                kinds,
            )


def _rows(members: Sequence[Lookup], patterns: States, table: Callable[..., Array]) -> Array:
    """Rows of the product of some look-ups in one setting: (draws, patterns, [contexts], joint states)."""
    factors = []
    for member in reversed(members):
        occurring, row = np.unique(patterns % member.patterns, return_inverse=True)
        factors.append(table(member.narrowed(occurring))[:, 0, row])
        patterns = patterns // member.patterns
    return reduce(np.multiply, reversed(factors))


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
