"""Following a policy: what it asks for is done, it gets the results, and it decides again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Array, Bools, Masks
from riskmodel.decision.actions import Decision, Levels
from riskmodel.decision.costs import Pathways
from riskmodel.decision.policy import Policy
from riskmodel.inference.scorer import Posterior

Score = Callable[[Masks], Posterior]

DAY = 24.0  # hours
NEVER = np.inf


@dataclass(frozen=True, eq=False)
class People:
    """People whose truth is known, and what history and examination say of them.

    Attributes
    ----------
    states
        variable → state index of each person, conditions and tests included; shape (people,).
    masks
        evidence at the first decision, (variables, people).
    draw
        (people,): under which draw of the statements and of the numbers on pathways each lives.
    weight
        (people,): share of all people of that draw for whom each stands.
    luck
        (people,): uniform numbers that decide on an MRI in the emergency department; the same for every policy.
    """

    states: Mapping[str, NDArray[np.int64]]
    masks: Masks
    draw: NDArray[np.int64]
    weight: Array
    luck: Array

    def has(self, condition: str) -> Bools:
        return np.asarray(self.states[condition] > 0)


@dataclass(frozen=True, eq=False)
class Followed:
    """What became of people under one policy.

    Attributes
    ----------
    done
        test or scan → day on which its result is there, infinite where it is not done; (people,).
    emergency
        day of the visit to an emergency department, infinite without one; (people,).
    visit
        whether any other referral was made; (people,).
    rounds
        how many decisions were made on whoever needed most.
    """

    done: Mapping[str, Array]
    emergency: Array
    visit: Bools
    rounds: int


def follow_policy(
    scoring: Scoring, score: Score, people: People, numbers: Mapping[str, Array], pathways: Pathways
) -> Followed:
    """Follow everyone until the policy asks for no further test.

    Imaging, tests and referrals of one decision are each carried out after the wait of their time; the next decision
    is made when the last of the results is there. A visit to an emergency department may add a scan of its own, on the
    day of the visit. Where one of several scans will do, the first that the policy names is done.

    Parameters
    ----------
    numbers
        each number on pathways under every draw, as :meth:`Pathways.draw` gives them.
    pathways
        says which referrals are a visit to an emergency department, and what scan some get there.
    """
    policy, count = scoring.policy, people.masks.shape[1]
    tokens = policy.investigations
    done = {token: np.full(count, NEVER) for token in tokens}
    visited, visit, day = np.full(count, NEVER), np.zeros(count, np.bool_), np.zeros(count)
    to_emergency = np.isin(policy.referral_tokens, pathways.emergency)
    masks, members = people.masks.copy(), np.arange(count)
    rounds = 0
    while True:  # each round but the last does a test that was not done: there are only so many
        rounds += 1
        decision = scoring.decide(masks[:, members], score(np.ascontiguousarray(masks[:, members])))
        wait = _Wait(policy.urgencies, numbers, people.draw[members])
        referred = day[members] + wait(decision.referral_within)
        first = decision.referral[to_emergency].any(axis=0) & np.isinf(visited[members])
        visited[members[first]] = referred[first]
        visit[members] |= decision.referral[~to_emergency].any(axis=0)
        acted = _days(policy, decision, day[members], wait)
        for token in set(pathways.emergency_scan) & set(tokens):
            unasked = first & _emergency_mri(people, members, scoring, numbers)
            acted[token] = np.where(unasked, np.minimum(acted[token], referred), acted[token])
        asked = {token: np.isfinite(when) & np.isinf(done[token][members]) for token, when in acted.items()}
        new = np.any(list(asked.values()), axis=0)
        if not new.any():
            return Followed(done, visited, visit, rounds)
        latest = day[members]
        for token, wanted in asked.items():
            tested = members[wanted]
            done[token][tested] = acted[token][wanted] + numbers[f"hours.{token}"][people.draw[tested]] / DAY
            latest[wanted] = np.maximum(latest[wanted], done[token][tested])
            for row in policy.results(token):
                masks[row, tested] = 1 << people.states[scoring.variables[row].name][tested]
        day[members] = latest
        members = members[new]


def needed_to_follow(urgencies: Sequence[str], tokens: Sequence[str]) -> list[str]:
    """The statements on pathways that following a policy reads."""
    shares = ["share.emergency_mri.serious", "share.emergency_mri.other"]
    return [*(f"wait.{name}" for name in urgencies), *(f"hours.{token}" for token in tokens), *shares]


class _Wait:
    """Days from each decision until what is asked for within a time is carried out; never where nothing is asked."""

    def __init__(self, urgencies: Sequence[str], numbers: Mapping[str, Array], draw: NDArray[np.int64]) -> None:
        stated = np.stack([numbers[f"wait.{name}"] for name in urgencies])
        self._table = np.vstack([stated, np.full_like(stated[:1], NEVER)])  # -1, for nothing, picks the last row
        self._draw = draw

    def __call__(self, within: Levels) -> Array:
        return np.asarray(self._table[within.astype(np.int64), self._draw])


def _days(policy: Policy, decision: Decision, today: Array, wait: _Wait) -> dict[str, Array]:
    """The day on which each scan and test that a decision asks for is carried out, infinite where it is not asked."""
    imaging, tests = today + wait(decision.imaging_within), today + wait(decision.tests_within)
    days = {
        token: np.where(wanted, when, NEVER)
        for names, bits, when in (
            (policy.imaging_tokens, decision.imaging, imaging),
            (policy.test_tokens, decision.tests, tests),
        )
        for token, wanted in zip(names, bits, strict=True)
    }
    for choice, scans in policy.one_of.items():
        days[scans[0]] = np.minimum(days[scans[0]], days.pop(choice))
    return days


def _emergency_mri(people: People, members: NDArray[np.int64], scoring: Scoring, numbers: Mapping[str, Array]) -> Bools:
    """Who would get an MRI in the emergency department without the policy asking for one."""
    serious = np.any([people.has(v.name)[members] for v in scoring.variables if v.serious], axis=0)
    draw = people.draw[members]
    share = np.where(serious, numbers["share.emergency_mri.serious"][draw], numbers["share.emergency_mri.other"][draw])
    return np.asarray(people.luck[members] < share)
