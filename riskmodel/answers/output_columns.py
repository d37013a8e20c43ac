"""The output columns of a score, in the order of the output contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.answers.column_types import Flags, Impossible, Integer, Number, OutputColumn, Score, ScoredBlock, Text
from riskmodel.answers.questions import Questions, questions, scan_scorer
from riskmodel.answers.scoring import Scored, Scoring
from riskmodel.arrays import Array, Masks
from riskmodel.decision.startback import GROUPS, RISK, only_group
from riskmodel.errors import warn_caller
from riskmodel.inference.scorer import FEWEST_EFFECTIVE
from riskmodel.inference.weights import reason_label
from riskmodel.text import few_draws

if TYPE_CHECKING:
    from riskmodel.answers.uncertainty import Uncertain
    from riskmodel.decision.actions import Levels
    from riskmodel.decision.costs import Pathways

Ask = Callable[[Masks], Questions]


def small_score(scoring: Scoring) -> Score:
    """The callback for small files: no compiler is loaded, and only the labels that occur are made."""
    return _Columns(scoring, scoring.score, few=True)


def compiled_score(scoring: Scoring) -> Score:
    """The callback for large files; the same columns to the last bit."""
    return _Columns(scoring, scoring.compiled(), few=False)


def uncertain_score(uncertain: Uncertain, ask: Ask | None = None) -> Score:
    """The callback with intervals and confidence under draws, compiled."""
    return _Columns(uncertain.scoring, uncertain.scoring.compiled(), few=True, uncertain=uncertain, ask=ask)


def asking_score(scoring: Scoring, pathways: Pathways | None) -> Score:
    """The callback with the next best question of each case, compiled."""
    return _Columns(scoring, scoring.compiled(), few=True, ask=asker(scoring, pathways))


def only_possible(scoring: Scoring) -> Score:
    """The callback that only names the rows whose evidence is impossible, as the others do."""

    def check(masks: Masks) -> ScoredBlock:
        evidence = scoring.scorer.posterior(np.ascontiguousarray(masks)).evidence
        return ScoredBlock((), _impossible(scoring, masks, evidence, scoring.prognosis(masks)))

    return check


def _impossible(scoring: Scoring, masks: Masks, evidence: Array, prognosis: Masks) -> tuple[Impossible, ...]:
    """The rows whose evidence has probability zero, or whose answers to STarT Back contradict each other."""
    refused = []
    for row in np.nonzero(~((evidence > 0) & (prognosis > 0)))[0]:
        case = masks[:, row]
        if scoring.startback and not prognosis[row]:
            refused.append(Impossible(int(row), scoring.startback.contradiction(case)))
        else:
            refused.append(Impossible(int(row), scoring.impossible_pairs.describe(case)))
    return tuple(refused)


def asker(scoring: Scoring, pathways: Pathways | None) -> Ask:
    """From evidence to the next best question of each case."""
    from riskmodel.inference.compiled import CompiledScorer

    kernel = CompiledScorer(scan_scorer(scoring))
    return lambda masks: questions(scoring, masks, pathways, kernel.posterior)


def log10(ratio: Array) -> Array:
    """Base-10 logarithm of a contiguous copy, so that both engines take the same code path."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.ascontiguousarray(ratio))


@dataclass(frozen=True)
class _Columns:
    scoring: Scoring
    score: Callable[[Masks], Scored]
    few: bool  # few cases need few of the labels of reasons
    uncertain: Uncertain | None = None  # adds intervals and confidence
    ask: Ask | None = None  # adds the next best question

    def __call__(self, masks: Masks) -> ScoredBlock:
        scored = self.score(np.ascontiguousarray(masks))
        prognosis = self.scoring.prognosis(masks)
        refused = _impossible(self.scoring, masks, scored.posterior.evidence, prognosis)
        return ScoredBlock(tuple(self.columns(scored, prognosis)), refused)

    def columns(self, scored: Scored, prognosis: Masks) -> list[OutputColumn]:
        reasons, decision, policy = scored.reasons, scored.decision, self.scoring.policy
        names, probability = self.scoring.scorer.output_names, scored.posterior.probability
        count = scored.masks.shape[1]
        return [
            self._setting(scored.masks),
            *(Number(f"p_{name}", probability[i]) for i, name in enumerate(names)),
            *self._sureness(scored),
            self._serious("leading", reasons.leading),
            self._serious("most_raised", reasons.most_raised),
            Text("urgency", decision.urgency.astype(np.int32)[None], policy.urgencies, tally=True),
            Flags("imaging", decision.imaging, policy.imaging_tokens, tally=True),
            self._time("imaging_within", decision.imaging_within),
            Flags("tests", decision.tests, policy.test_tokens, tally=True),
            self._time("tests_within", decision.tests_within),
            Flags("referral", decision.referral, policy.referral_tokens, tally=True),
            self._time("referral_within", decision.referral_within),
            Text(RISK, only_group(prognosis)[None], GROUPS, tally=True),
            Flags("rules", decision.fired, policy.rule_ids),
            Flags("undetermined", decision.undetermined, policy.rule_ids),
            self._reason(scored),
            *self._ask_next(scored),
            Integer("assessed", reasons.assessed),
            Number("conflict", log10(reasons.ratio), "decimal4"),
            Text("model", np.zeros((1, count), dtype=np.int32), (self.scoring.model_hash,)),
        ]

    def _sureness(self, scored: Scored) -> list[OutputColumn]:
        """Interval of each probability, confidence of the urgency, and effective draws."""
        if self.uncertain is None:
            return []
        sureness = self.uncertain.assess(self._possible(scored), scored.decision.urgency)
        columns: list[OutputColumn] = []
        for i, name in enumerate(self.scoring.scorer.output_names):
            columns += [
                Number(f"p_{name}_low", sureness.intervals.low[i]),
                Number(f"p_{name}_high", sureness.intervals.high[i]),
            ]
        return [
            *columns,
            Number("confidence", sureness.confidence, "decimal4"),
            Number("effective_draws", sureness.intervals.effective, "decimal1", FEWEST_EFFECTIVE),
        ]

    def _possible(self, scored: Scored) -> Masks:
        """The evidence; where it is impossible a blank: such cases are rejected, and anything will do."""
        return np.where(scored.posterior.evidence > 0, scored.masks, self.scoring.scorer.blank(1))

    def _ask_next(self, scored: Scored) -> list[OutputColumn]:
        if self.ask is None:
            return []
        asked = self.ask(self._possible(scored))
        return [Text("ask_next", asked.best.astype(np.int32)[None], asked.names, tally=True)]

    def _setting(self, masks: Masks) -> OutputColumn:
        row = self.scoring.scorer.setting_row
        if row < 0:  # a network without settings leaves the column empty
            return Text("setting", np.full((1, masks.shape[1]), -1, dtype=np.int32), ("",))
        codes = self.scoring.scorer.settings(masks).astype(np.int32)
        return Text("setting", codes[None], self.scoring.variables[row].states, tally=True)

    def _time(self, name: str, levels: Levels) -> OutputColumn:
        """By when what is asked for is to be done, in the words of the policy's urgencies; empty without a request."""
        return Text(name, levels.astype(np.int32)[None], self.scoring.policy.urgencies)

    def _serious(self, name: str, places: np.ndarray) -> OutputColumn:
        """A column that names one of the serious conditions, or none."""
        labels = tuple(self.scoring.scorer.conditions[i] for i in self.scoring.weights.leaders)
        return Text(name, places.astype(np.int32)[None], labels or ("",), tally=True)

    def _reason(self, scored: Scored) -> OutputColumn:
        reasons = scored.reasons
        setting = self.scoring.scorer.settings(scored.masks)
        codes = (setting * self._leaders + reasons.conditions) * self.scoring.weights.slots + reasons.slots
        codes = np.where(reasons.slots >= 0, codes, -1).astype(np.int32)
        if not self.few:
            return Text("reason", codes, self._labels)
        used, places = np.unique(codes, return_inverse=True)
        places = np.where(codes >= 0, places.reshape(codes.shape), -1).astype(np.int32)
        return Text("reason", places, tuple(self._label(int(code)) for code in used) or ("",))

    @property
    def _leaders(self) -> int:
        return len(self.scoring.weights.leaders)

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        """The label of every setting, leader and slot."""
        settings, slots = self.scoring.weights.marginal.shape
        return tuple(self._label(code) for code in range(settings * self._leaders * slots))

    def _label(self, code: int) -> str:
        if code < 0:
            return ""
        rest, slot = divmod(code, self.scoring.weights.slots)
        return reason_label(self.scoring.scorer, self.scoring.weights, *divmod(rest, self._leaders), slot)


class LazyCompiled:
    """The callback for large files, which loads the compiler only when a block comes in."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring
        self._lock = Lock()
        self._score: Score | None = None

    def __call__(self, masks: Masks) -> ScoredBlock:
        with self._lock:
            if self._score is None:
                self._score = compiled_score(self._scoring)
        return self._score(masks)


def warn_of_few_draws(block: ScoredBlock) -> None:
    """Warn the caller where the weighted draws are worth so few that the intervals are rough."""
    effective = next(c.values for c in block.columns if c.name == "effective_draws" and isinstance(c, Number))
    if few := int((effective < FEWEST_EFFECTIVE).sum()):
        warn_caller(few_draws(few, FEWEST_EFFECTIVE))
