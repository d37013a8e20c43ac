"""What to ask next: what each answer could change, and what it is worth, for many cases at once.

The choice is that of :func:`riskmodel.decision.stakes.scans`: each scan, or not.
A question is worth asking for what its answers add to the net benefit of the better choice, less what it costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.scoring import Scoring
from riskmodel.answers.telling import information_in_bits
from riskmodel.arrays import Array, Bools, Masks
from riskmodel.decision.actions import Decision, differs
from riskmodel.decision.stakes import best_benefit, scan_composites, scans
from riskmodel.evidence.plain_readings import is_open
from riskmodel.inference.scorer import Posterior, Scorer
from riskmodel.inference.silence import as_answers
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways

Score = Callable[[Masks], Posterior]

COLUMNS_AT_ONCE = 200_000  # what-ifs scored together: bounds memory to some 50 MB
SAME = 1e-15  # gains of so little are rounding
ROLES = ("context", "risk_factor", "finding", "test", "circumstance")


@dataclass(frozen=True, eq=False, repr=False)
class Questions(Shown):
    """What could be asked of some cases; arrays of shape (variables that can be asked for, cases).

    Attributes
    ----------
    rows
        the variables' rows in the evidence.
    open
        where the variable was not assessed; elsewhere the others mean nothing.
    gain
        expected rise of the net benefit of the better choice, in quality-adjusted life years; never below 0,
        and 0 of a circumstance, which says nothing of the conditions.
    worth
        the gain less the cost, at what a life year is taken to be worth; the gain itself without pathways.
    information
        mutual information with the serious conditions, in bits, summed over them.
    change
        P(the answer changes urgency, imaging or referral, or a time); NaN of a circumstance, for which there is no
        number.
    moves
        whether any possible answer changes them.
    in_time
        whether the answer is there before the present urgency wants the case seen to.
    cost, hours
        (variables,): dollars and hours of asking.
    order
        places in ``rows``, the best question first. Of those that can change the action and are in time, the one
        that is worth most; where none is worth its cost, the one most likely to change the action; among equals
        the one that tells most.
    """

    rows: tuple[int, ...]
    names: tuple[str, ...]
    open: Bools
    gain: Array
    worth: Array
    information: Array
    change: Array
    moves: Bools
    in_time: Bools
    cost: Array
    hours: Array
    order: NDArray[np.int64]

    def sheet(self) -> Sheet:
        return Sheet("What to ask next", {"cases": self.gain.shape[1], "questions and tests": len(self.names)})

    @property
    def best(self) -> NDArray[np.int64]:
        """The place in ``rows`` of the next best question, -1 where no single answer changes the action; (cases,)."""
        if not len(self.order):
            return np.full(self.open.shape[1], -1)
        first = self.order[0]
        can = (self.open & self.moves)[first, np.arange(len(first))]
        return np.where(can, first, -1)

    def ranked(self, case: int) -> list[int]:
        """The places in ``rows`` of what a single answer to which can change the action of a case, the best first."""
        can = self.open[:, case] & self.moves[:, case]
        return [int(question) for question in self.order[:, case] if can[question]]


def scan_scorer(scoring: Scoring) -> Scorer:
    """The scorer with what the net benefits of the policy's scans need beside its own outputs."""
    return scoring.scorer.with_composites(scan_composites(scoring.policy))


def questions(
    scoring: Scoring, masks: Masks, pathways: Pathways | None = None, score: Score | None = None
) -> Questions:
    """What each variable not yet assessed would tell and change.

    Scans are not among them: they are what the choice is about. What a scan shows is, once it is done.

    Parameters
    ----------
    masks
        evidence, shape (variables, cases); none of it impossible.
    pathways
        costs and times; without them every question is free and in time.
    score
        gives posteriors of :func:`scan_scorer`; by default in numpy.
    """
    score = score or scan_scorer(scoring).posterior
    rows = askable(scoring)
    per_case = sum(len(scoring.variables[row].states) for row in rows) or 1
    step = max(COLUMNS_AT_ONCE // per_case, 1)
    starts = range(0, max(masks.shape[1], 1), step)
    parts = [_batch(scoring, masks[:, start : start + step], rows, pathways, score) for start in starts]
    if len(parts) == 1:
        return parts[0]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
        for name in ("open", "gain", "worth", "information", "change", "moves", "in_time", "order")
    }
    return Questions(rows, parts[0].names, cost=parts[0].cost, hours=parts[0].hours, **joined)


def askable(scoring: Scoring) -> tuple[int, ...]:
    """The rows of what can be asked, examined or tested: all but the setting, conditions, scans and questionnaires."""
    several = scoring.startback.all if scoring.startback else ()
    kept = [row for row, v in enumerate(scoring.variables) if v.role in ROLES and row not in several]
    scans = scoring.policy.imaging_tokens
    return tuple(r for r in kept if r != scoring.scorer.setting_row and scoring.variables[r].name not in scans)


def ask_next(scoring: Scoring, masks: Masks, pathways: Pathways | None = None, score: Score | None = None) -> list[str]:
    """The name of the next best question of each case; empty where no single answer can change the action."""
    asked = questions(scoring, masks, pathways, score)
    return [asked.names[question] if question >= 0 else "" for question in asked.best]


def _batch(scoring: Scoring, masks: Masks, rows: tuple[int, ...], pathways: Pathways | None, score: Score) -> Questions:
    variables, cases, count = scoring.variables, masks.shape[1], len(rows)
    names = tuple(variables[row].name for row in rows)
    unknown = is_open(variables, masks)[list(rows)]
    pairs = [(q, s) for q, row in enumerate(rows) for s in range(len(variables[row].states))]
    owner, state = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    pair, case = np.nonzero(unknown[owner])
    what_if = np.ascontiguousarray(masks[:, case])
    what_if[np.array(rows)[owner[pair]], np.arange(len(case))] = 1 << state[pair]
    now, after = score(masks), as_answers(scoring.scorer, masks[:, case], what_if, score(what_if))
    inside = np.array([variables[row].in_network for row in rows])[owner[pair]]
    share = np.where(inside, after.evidence / now.evidence[case], 1.0)
    possible = after.evidence > 0
    cell = owner[pair] * cases + case

    def total(values: Array) -> Array:
        weighed = np.where(possible & inside, values * share, 0.0)
        return np.asarray(np.bincount(cell, weighed, count * cases), dtype=float).reshape(count, cases)

    gain = total(_value(scoring, after) - _value(scoring, now)[case])
    leaders = [int(row) for row in scoring.weights.leaders]
    information = information_in_bits(now, after, case, cell, count * cases, leaders).reshape(count, cases)
    before, then = _decide(scoring, masks, now), _decide(scoring, what_if, after)
    changed = differs(before, then, case) & possible
    moves = np.bincount(cell, changed, count * cases).reshape(count, cases) > 0
    circumstance = np.array([not variables[row].in_network for row in rows])[:, None]
    change = np.where(circumstance, np.nan, total(changed.astype(float)))
    cost, hours, price = _costs(names, pathways)
    gain = np.where(np.abs(gain) > SAME, np.maximum(gain, 0.0), 0.0)
    worth = gain - (cost / price)[:, None]
    in_time = hours[:, None] <= _hours_left(scoring, before, pathways)
    keys = (in_time, np.maximum(worth, 0.0), np.nan_to_num(change), information)
    order = np.lexsort([*reversed(keys), unknown & moves], axis=0)[::-1] if count else np.empty((0, cases), int)
    return Questions(rows, names, unknown, gain, worth, information, change, moves, in_time, cost, hours, order)


def _decide(scoring: Scoring, masks: Masks, posterior: Posterior) -> Decision:
    """What the policy does, which reads the scorer's own outputs only."""
    return scoring.decide(
        masks, replace(posterior, probability=posterior.probability[: len(scoring.scorer.output_names)])
    )


def _value(scoring: Scoring, posterior: Posterior) -> Array:
    """Net benefit of the better of scanning and not scanning, summed over the scans."""
    names = scan_scorer(scoring).output_names
    total = np.zeros(len(posterior.evidence))
    for scan in scans(scoring.policy):
        total += np.nan_to_num(best_benefit(scan, posterior.probability, names), nan=0.0)
    return total


def _costs(names: tuple[str, ...], pathways: Pathways | None) -> tuple[Array, Array, float]:
    if pathways is None:
        return np.zeros(len(names)), np.zeros(len(names)), 1.0
    cost, hours = (np.array([pathways.of(kind, name) for name in names]) for kind in ("cost", "hours"))
    return cost, hours, pathways.value("worth.qaly")


def _hours_left(scoring: Scoring, decision: Decision, pathways: Pathways | None) -> Array:
    """Until the present urgency wants the case seen to."""
    if pathways is None:
        return np.full(len(decision.urgency), np.inf)
    pathways.require([f"wait.{name}" for name in scoring.policy.urgencies])
    waits = np.array([24 * pathways.value(f"wait.{name}") for name in scoring.policy.urgencies])
    return np.asarray(waits[decision.urgency])
