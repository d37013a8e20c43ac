"""Following a policy: what it asks for is done, it gets the results, and it decides again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Array, Bools, Masks
from riskmodel.decision.actions import Decision
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
    scoring: Scoring, score: Score, people: People, numbers: Mapping[str, Array], emergency: Sequence[str]
) -> Followed:
    """Follow everyone until the policy asks for no further test.

    Whatever is asked for in one decision is carried out after the wait of its urgency; the next decision is made
    when the last of its results is there. A visit to an emergency department may add an MRI of its own.

    Parameters
    ----------
    numbers
        each number on pathways under every draw, as :meth:`Pathways.draw` gives them.
    emergency
        the referrals that are a visit to an emergency department.
    """
    policy, count = scoring.policy, people.masks.shape[1]
    tokens = policy.imaging_tokens + policy.test_tokens
    rows = {variable.name: row for row, variable in enumerate(scoring.variables)}
    done = {token: np.full(count, NEVER) for token in tokens}
    visited, visit, day = np.full(count, NEVER), np.zeros(count, np.bool_), np.zeros(count)
    to_emergency = np.isin(policy.referral_tokens, emergency)
    masks, members = people.masks.copy(), np.arange(count)
    rounds = 0
    while True:  # each round but the last does a test that was not done: there are only so many
        rounds += 1
        decision = scoring.decide(masks[:, members], score(np.ascontiguousarray(masks[:, members])))
        acted = day[members] + _waits(policy.urgencies, decision, numbers, people.draw[members])
        first = decision.referral[to_emergency].any(axis=0) & np.isinf(visited[members])
        visited[members[first]] = acted[first]
        visit[members] |= decision.referral[~to_emergency].any(axis=0)
        asked = dict(zip(tokens, [*decision.imaging, *decision.tests], strict=True))
        if "mri" in asked:
            asked["mri"] = asked["mri"] | (first & _emergency_mri(people, members, scoring, numbers))
        asked = {token: wanted & np.isinf(done[token][members]) for token, wanted in asked.items()}
        new = np.any(list(asked.values()), axis=0)
        if not new.any():
            return Followed(done, visited, visit, rounds)
        latest = acted.copy()
        for token, wanted in asked.items():
            tested = members[wanted]
            done[token][tested] = acted[wanted] + numbers[f"hours.{token}"][people.draw[tested]] / DAY
            latest[wanted] = np.maximum(latest[wanted], done[token][tested])
            masks[rows[token], tested] = 1 << people.states[token][tested]
        day[members] = latest
        members = members[new]


def needed_to_follow(urgencies: Sequence[str], tokens: Sequence[str]) -> list[str]:
    """The statements on pathways that following a policy reads."""
    shares = ["share.emergency_mri.serious", "share.emergency_mri.other"]
    return [*(f"wait.{name}" for name in urgencies), *(f"hours.{token}" for token in tokens), *shares]


def _waits(
    urgencies: Sequence[str], decision: Decision, numbers: Mapping[str, Array], draw: NDArray[np.int64]
) -> Array:
    """Days from each decision until what it asks for is carried out."""
    table = np.stack([numbers[f"wait.{name}"] for name in urgencies])
    return np.asarray(table[decision.urgency.astype(np.int64), draw])


def _emergency_mri(people: People, members: NDArray[np.int64], scoring: Scoring, numbers: Mapping[str, Array]) -> Bools:
    """Who would get an MRI in the emergency department without the policy asking for one."""
    serious = np.any([people.has(v.name)[members] for v in scoring.variables if v.serious], axis=0)
    draw = people.draw[members]
    share = np.where(serious, numbers["share.emergency_mri.serious"][draw], numbers["share.emergency_mri.other"][draw])
    return np.asarray(people.luck[members] < share)
