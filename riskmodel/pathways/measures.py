"""What became of people under a policy, as figures: found, missed, late, scanned, what it cost and was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools
from riskmodel.cohort import FEWEST
from riskmodel.decision.costs import Pathways
from riskmodel.decision.stakes import Stake
from riskmodel.pathways.follow import Followed, People

PER = 1000  # people

# Measure → what it is of, for tables; in the order in which they are shown.
MEASURES: Mapping[str, str] = {
    "in_time": "% of serious diseases found within the time that matters",
    "late": "% of serious diseases found, but later",
    "missed": "% of serious diseases not found by the pathway",
    "delay": "mean days until a serious disease is found, by the pathway or otherwise",
    "imaged": "people per 1,000 with any scan",
    "xray": "X-rays per 1,000 people",
    "ct": "CTs per 1,000 people",
    "mri": "MRIs per 1,000 people",
    "emergency": "visits to an emergency department per 1,000 people",
    "imaged_in_vain": "people per 1,000 scanned without a serious disease",
    "vain_share": "% of those scanned who have no serious disease",
    "flagless_share": "% of those scanned who have neither a serious disease nor a red flag",
    "cost": "dollars per person",
    "net_benefit": "quality-adjusted life years per 1,000 people",
    "net_benefit_after_cost": "the same less the cost, at what a life year is taken to be worth",
}


@dataclass(frozen=True, eq=False)
class Judge:
    """What the outcomes of people are measured by; the same for every policy.

    Attributes
    ----------
    stakes
        harm and benefit of acting on each serious condition.
    numbers
        each number on pathways under every draw.
    flagged
        (people,): whether any red flag is present.
    scan
        of which scan each part is a result, by the part.
    """

    people: People
    pathways: Pathways
    stakes: Sequence[Stake]
    serious: Sequence[str]
    numbers: Mapping[str, Array]
    flagged: Bools
    scan: Mapping[str, str]

    def measure(self, followed: Followed) -> dict[str, Array]:
        """Each of :data:`MEASURES`, and the missed share of each serious condition, by draw: (draws,).

        A share of nobody is NaN, and that of one condition where fewer than 50 people of a draw have it.
        """
        people, draw = self.people, self.people.draw
        finding = dict.fromkeys(self.scan.get(result, result) for result in self.pathways.shows)
        scans = {scan: np.isfinite(followed.done[scan]) for scan in finding if scan in followed.done}
        imaged = np.any(list(scans.values()), axis=0)
        ill = np.any([people.has(condition) for condition in self.serious], axis=0)
        pairs = self._total(sum((people.has(name).astype(float) for name in self.serious), np.zeros(len(draw))))
        in_time, shown, delay = (np.zeros(len(draw)) for _ in range(3))
        gained = np.zeros(len(draw))
        measures: dict[str, Array] = {}
        for condition in self.serious:
            has, when = people.has(condition), self._day_shown(condition, followed)
            soon = has & (when <= self.numbers[f"window.{condition}"][draw])
            in_time += soon
            shown += np.isfinite(when)
            delay += np.where(has, np.minimum(when, self.numbers[f"unaided.{condition}"][draw]), 0.0)
            gained += soon * max((s.benefit for s in self.stakes if s.condition == condition), default=0.0)
            measures[f"missed.{condition}"] = self._missed(has, np.isinf(when))
        gained -= self._harm(followed, ill)
        cost = self._cost(followed)
        vain = imaged & ~ill
        return {
            "in_time": 100 * _ratio(self._total(in_time), pairs),
            "late": 100 * _ratio(self._total(shown - in_time), pairs),
            "missed": 100 * (1 - _ratio(self._total(shown), pairs)),
            "delay": _ratio(self._total(delay), pairs),
            "imaged": PER * self._total(imaged),
            **{scan: PER * self._total(scanned) for scan, scanned in scans.items()},
            "emergency": PER * self._total(np.isfinite(followed.emergency)),
            "imaged_in_vain": PER * self._total(vain),
            "vain_share": 100 * _ratio(self._total(vain), self._total(imaged)),
            "flagless_share": 100 * _ratio(self._total(vain & ~self.flagged), self._total(imaged)),
            "cost": self._total(cost),
            "net_benefit": PER * self._total(gained),
            "net_benefit_after_cost": PER * self._total(gained - cost / self.numbers["worth.qaly"][draw]),
            **measures,
        }

    def _missed(self, has: Bools, unseen: Bools) -> Array:
        """Share in % of those who have a condition; NaN in a draw in which too few have it."""
        share = 100 * _ratio(self._total(has & unseen), self._total(has))
        ill = np.bincount(self.people.draw[has], minlength=len(share))
        return np.where(ill >= FEWEST, share, np.nan)

    def _total(self, values: Array | Bools) -> Array:
        """Weighted sum over the people of each draw."""
        draws = len(self.numbers["worth.qaly"])
        return np.asarray(np.bincount(self.people.draw, self.people.weight * values, draws), dtype=float)

    def _day_shown(self, condition: str, followed: Followed) -> Array:
        """Day on which a scan shows a condition, by a result that finds it; infinite where none does."""
        days = [
            np.where(self.people.states[result] > 0, followed.done[scan], np.inf)
            for result, conditions in self.pathways.shows.items()
            if condition in conditions and (scan := self.scan.get(result, result)) in followed.done
        ]
        none = np.full(len(self.people.draw), np.inf)
        return np.where(self.people.has(condition), np.minimum.reduce([none, *days]), np.inf)

    def _harm(self, followed: Followed, ill: Bools) -> Array:
        """Harm of tests done in vain: on people without a serious disease; the least that a stake on it names."""
        harm = np.zeros(len(self.people.draw))
        for token, day in followed.done.items():
            named = [stake.harm for stake in self.stakes if token in stake.asks]
            harm += np.where(np.isfinite(day) & ~ill, min(named, default=0.0), 0.0)
        return harm

    def _cost(self, followed: Followed) -> Array:
        """Dollars for each person: tests, scans and visits."""
        draw, cost = self.people.draw, np.zeros(len(self.people.draw))
        for token, day in followed.done.items():
            cost += np.where(np.isfinite(day), self.numbers[f"cost.{token}"][draw], 0.0)
        cost += np.where(np.isfinite(followed.emergency), self.numbers["cost.emergency"][draw], 0.0)
        return np.asarray(cost + np.where(followed.visit, self.numbers["cost.visit"][draw], 0.0))


def needed_to_measure(tokens: Sequence[str], serious: Sequence[str]) -> list[str]:
    """The statements on pathways that the measures read."""
    timed = [f"{kind}.{condition}" for kind in ("window", "unaided") for condition in serious]
    return [*(f"cost.{token}" for token in tokens), "cost.visit", "cost.emergency", "worth.qaly", *timed]


def _ratio(part: Array, whole: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)
