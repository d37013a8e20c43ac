"""What silence told of one case: what was not written down, and what that says under the recording profile in use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.answers.scoring import Scoring
from riskmodel.answers.telling import without_each
from riskmodel.arrays import Array, Masks
from riskmodel.evidence.recording import heard
from riskmodel.inference.weights import odds

LEAST_SHOWN = 0.05  # decibans; what is less is shown as 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """One variable that is not written down, and what that says of the condition that an explanation is about.

    ``weight``: weight of evidence of the blank on its own, in decibans. ``change``: by how much the condition's
    log-odds would fall, in decibans, if the blank said nothing while everything else is kept.
    """

    variable: str
    weight: float
    change: float


@dataclass(frozen=True, slots=True)
class Silences:
    """All that is not written down of a case, what tells most first; ``change`` is that of all together."""

    each: tuple[Silence, ...] = ()
    change: float = 0.0

    def most_telling(self, count: int) -> tuple[Silence, ...]:
        """At most so many, without those whose change would be shown as 0.0."""
        return tuple(silence for silence in self.each if abs(silence.change) >= LEAST_SHOWN)[:count]

    @property
    def all_together(self) -> str:
        return f"all {len(self.each)} that are not written down"


NO_SILENCE = Silences()


def silences(scoring: Scoring, case: Masks, output: int) -> Silences:
    """What the blanks of one case, (variables, 1), say of an output of the scorer; none without a recording profile."""
    scorer = scoring.scorer
    rows = [row for row in scorer.recorded_rows if case[row, 0] == 0]
    if not rows:
        return NO_SILENCE
    setting = int(scorer.settings(case)[0])
    alone = scorer.blank(len(rows), setting)
    alone[rows, np.arange(len(rows))] = 0
    everything = np.concatenate(
        [case, scorer.blank(1, setting), heard(scoring.variables, case), alone, without_each(scorer, case, rows)],
        axis=1,
    )
    logit = _decibans(scorer.posterior(everything).probability[output])
    (now, nothing, unread), (weights, without) = logit[:3], np.split(logit[3:], 2)
    each = [
        Silence(scorer.variables[row].name, float(weights[k] - nothing), float(now - without[k]))
        for k, row in enumerate(rows)
    ]
    return Silences(tuple(sorted(each, key=lambda silence: -abs(silence.change))), float(now - unread))


def _decibans(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(odds(p)))
