"""When to stop asking: whether anything left to ask can still change the action."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from riskmodel.answers.questions import Questions
from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Masks
from riskmodel.decision.actions import differs

Left = Literal["one", "together", "nothing", "none found"]

EXHAUSTED = 20_000  # combinations of answers up to which every one is tried
SAMPLED = 2_000  # combinations tried at random where there are more
SENTENCES: dict[Left, str] = {
    "one": "A single answer can change the action (urgency, imaging or referral).",
    "together": "No single answer can change the action (urgency, imaging or referral), but several together can.",
    "nothing": "No further answer can change the action (urgency, imaging or referral): no more questions are needed.",
    "none found": "No single answer can change the action, nor could any combination tried: no more are needed.",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """What is left to ask of one case.

    Attributes
    ----------
    left
        ``one``: a single answer can change the action. ``together``: none by itself, but a combination found.
        ``nothing``: no combination of answers can; every one was tried. ``none found``: there are too many to try
        them all, and none of those tried did.
    tried
        how many combinations were tried; 0 where a single answer settles it.
    """

    left: Left
    tried: int

    def __str__(self) -> str:
        return SENTENCES[self.left]


def stop(scoring: Scoring, case: Masks, asked: Questions, seed: int = 0) -> Stop:
    """Whether anything left to ask can change the action of one case.

    Parameters
    ----------
    case
        evidence of shape (variables, 1).
    asked
        what :func:`riskmodel.answers.questions.questions` says of it.
    seed
        of the combinations tried at random.
    """
    if bool((asked.moves & asked.open).any()):
        return Stop("one", 0)
    rows = [row for row, unknown in zip(asked.rows, asked.open[:, 0], strict=True) if unknown]
    sizes = [len(scoring.variables[row].states) for row in rows]
    whole = math.prod(sizes) <= EXHAUSTED
    answers = np.array(list(product(*map(range, sizes)))) if whole else _sample(sizes, np.random.default_rng(seed))
    masks = np.repeat(case, len(answers), axis=1)
    masks[rows] = (1 << answers.T).astype(np.uint8)
    if _any_differs(scoring, case, masks):
        return Stop("together", len(answers))
    return Stop("nothing" if whole else "none found", len(answers))


def _sample(sizes: list[int], rng: np.random.Generator) -> np.ndarray:
    """Every answer at its base, every one at its last state, and random ones between."""
    last = np.array(sizes) - 1
    return np.vstack([np.zeros_like(last), last, rng.integers(0, sizes, size=(SAMPLED, len(sizes)))])


def _any_differs(scoring: Scoring, case: Masks, masks: Masks) -> bool:
    before, posterior = scoring.decide(case, scoring.scorer.posterior(case)), scoring.scorer.posterior(masks)
    after = scoring.decide(masks, posterior)
    return bool((differs(before, after) & (posterior.evidence > 0)).any())
