"""What an explanation of one case says, as records: what is likely, why, what to do, and what to ask next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from riskmodel.answers.silence import NO_SILENCE, Silences
from riskmodel.answers.stopping import Stop
from riskmodel.answers.telling import Question
from riskmodel.evidence.number_origin import NumberOrigin
from riskmodel.text import RESEARCH_ONLY

STEPS = 5  # shown of what can change the action, or of what tells most


@dataclass(frozen=True, slots=True)
class Observation:
    """One assessed variable of the case, and what it says about the condition that the explanation is about.

    ``weight``: weight of evidence on its own, in decibans. ``change``: by how much the condition's log-odds
    would fall, in decibans, if it were forgotten while everything else is kept.
    """

    variable: str
    states: str
    weight: float
    change: float


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that fired, why it asks, and who says so."""

    id: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class ExplainedAway:
    """A posterior rule that would fire if a present flag were forgotten: that flag explains the others."""

    rule: str
    flag: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """A question or test that can change the action, and what it is worth; see :class:`Questions`.

    ``gain`` and ``worth`` are in quality-adjusted life years, ``change`` is P(the action changes), NaN of a
    circumstance.
    """

    variable: str
    gain: float
    worth: float
    information: float
    change: float
    cost: float
    hours: float
    in_time: bool


@dataclass(frozen=True, repr=False)
class ExplainedCase:
    """All that an explanation of one case says."""

    case_id: str
    setting: str
    posteriors: tuple[tuple[str, float, float], ...]  # condition, P(present | evidence), P(present | setting)
    occult: tuple[tuple[str, float], ...]  # condition, P(none of its usual signs shows | present, evidence)
    leading: str  # the most probable serious condition
    most_raised: str  # the one whose odds rose most over those given the setting, "" when none rose
    about: str  # the condition that the observations speak of: the most raised, or the one that fell least
    observations: tuple[Observation, ...]
    urgency: str
    imaging: tuple[str, ...]
    tests: tuple[str, ...]
    referral: tuple[str, ...]
    imaging_within: str  # by when, "" where nothing is asked for
    tests_within: str
    referral_within: str
    startback_risk: str  # low, medium or high, "" where the answers leave several possible
    advice: tuple[str, ...]
    rules: tuple[FiredRule, ...]
    undetermined: tuple[str, ...]
    waiting: tuple[str, ...]  # what the undetermined rules read and was not assessed, most urgent first
    explained_away: tuple[ExplainedAway, ...]
    questions: tuple[Question, ...]  # of history and examination, the most telling first
    results: tuple[Question, ...]  # of tests not yet done
    next_steps: tuple[NextStep, ...]  # whatever single answer can change the action, the best first
    stop: Stop
    serious: tuple[str, ...]
    conflict: float
    policy: str
    model: str
    fitted: tuple[str, ...] = ()  # to which cohorts the statements were fitted
    blanks: str = ""  # how blanks are read
    numbers: tuple[NumberOrigin, ...] = ()  # where those behind the observations come from, the condition's first
    silences: Silences = NO_SILENCE  # what is not written down says of the condition of the observations

    @property
    def asked(self) -> tuple[tuple[str, tuple[str, ...], str], ...]:
        """Kind, tokens and time of what is asked for."""
        kinds = (
            ("imaging", self.imaging, self.imaging_within),
            ("tests", self.tests, self.tests_within),
            ("referral", self.referral, self.referral_within),
        )
        return tuple(entry for entry in kinds if entry[1])

    @property
    def most_telling_numbers(self) -> tuple[NumberOrigin, ...]:
        """Where the numbers come from that say how frequent the condition is, and of the findings that tell most."""
        shown = {self.about, *(item.variable for item in self.observations[:STEPS])}
        return tuple(number for number in self.numbers if number.subject in shown)

    @property
    def most_informative(self) -> tuple[Question, ...]:
        """The questions and tests that tell most, where no single answer can change the action; else none.

        What can change the action stands in ``next_steps``, with what it is worth: one list at a time is shown.
        """
        if self.next_steps or not self.serious:
            return ()
        return tuple(sorted((*self.questions, *self.results), key=lambda question: -question.information)[:STEPS])

    def to_dict(self) -> dict[str, object]:
        """All of it as nested dicts and lists of texts and numbers; what is not known is None."""
        data = _plain(asdict(self))
        names = ("condition", "probability", "given_setting_alone")
        posteriors = [dict(zip(names, entry, strict=True)) for entry in self.posteriors]
        return {**data, "posteriors": posteriors, "occult": dict(self.occult), "note": RESEARCH_ONLY}


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, numbers that are not finite as None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
