"""How sure: credible intervals of posteriors, and how many draws agree on the urgency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.inference.draws import (
    CASES_AT_ONCE,
    DrawPosterior,
    DrawScorer,
    Intervals,
    agreement,
    intervals,
)
from riskmodel.inference.scorer import Array, Masks
from riskmodel.network.tables import Network
from riskmodel.scoring import Scoring

DEFAULT_LEVEL = 0.95


@dataclass(frozen=True)
class Sureness:
    """Intervals of each output, and the weighted share of draws that give the point's urgency; by case."""

    intervals: Intervals
    confidence: Array


@dataclass(frozen=True)
class Uncertain:
    """A scoring under all draws of its statements.

    Attributes
    ----------
    network
        the tables of all draws; draw 0 is the stated values.
    level
        of the credible intervals, between 0 and 1.
    """

    scoring: Scoring
    network: Network
    level: float = DEFAULT_LEVEL
    threads: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise UsageError(f"level must lie between 0 and 1, not {self.level}")

    @cached_property
    def scorer(self) -> DrawScorer:
        return DrawScorer(self.network, self.scoring.variables)

    def assess(self, masks: Masks, urgency: np.ndarray) -> Sureness:
        """Intervals and confidence of cases whose urgency from the stated values is given, shape (cases,)."""
        outputs, count = len(self.scoring.scorer.output_names), masks.shape[1]
        low, high, mean = (np.empty((outputs, count)) for _ in range(3))
        effective, confidence = np.empty(count), np.empty(count)
        for rows, posterior in self.posteriors(masks):
            found = intervals(posterior, self.level, self.threads)
            low[:, rows], high[:, rows], mean[:, rows] = found.low, found.high, found.mean
            effective[rows] = found.effective
            levels = self.urgency(masks[:, rows], posterior)
            confidence[rows] = agreement(levels, urgency[rows], posterior.evidence)
        return Sureness(Intervals(low, high, mean, effective), confidence)

    def posteriors(self, masks: Masks) -> Iterator[tuple[np.ndarray, DrawPosterior]]:
        """Posteriors under all draws, some cases of one setting at a time: (their places, posteriors)."""
        settings = self.scoring.scorer.settings(masks)
        for setting in np.unique(settings):
            members = np.nonzero(settings == setting)[0]
            for start in range(0, len(members), CASES_AT_ONCE):
                rows = members[start : start + CASES_AT_ONCE]
                some = np.ascontiguousarray(masks[:, rows])
                yield rows, self.scorer.score(some, int(setting), self.threads)

    def urgency(self, masks: Masks, posterior: DrawPosterior) -> np.ndarray:
        """The urgency that each draw gives, an index into the policy's urgencies: (draws, cases)."""
        policy, scorer = self.scoring.policy, self.scoring.scorer
        conditions = len(scorer.conditions)
        probability = posterior.probability  # impossible evidence was rejected before
        baseline = np.broadcast_to(posterior.baseline[:, :, None], probability.shape)
        composites = dict(zip(scorer.output_names[conditions:], probability[conditions:], strict=True))
        findings = policy.findings(masks)
        return policy.urgency(findings, probability[:conditions], baseline[:conditions], composites)
