"""What each finding of one case changes, and which question would tell most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.inference.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Question:
    """A variable not yet assessed, and what asking would tell.

    Attributes
    ----------
    information
        expected reduction of uncertainty about the named outputs, in bits, summed over them.
    lowest, highest
        (outputs,): the lowest and highest probability that an answer could give.
    """

    variable: str
    information: float
    lowest: Array
    highest: Array


def without_each(scorer: Scorer, case: Masks, rows: Sequence[int]) -> Masks:
    """Evidence of one case with each of the given rows forgotten in turn: (variables, rows)."""
    masks = np.repeat(case, len(rows), axis=1)
    for k, row in enumerate(rows):
        masks[row, k] = scorer.variables[row].full_mask
    return masks


def informative_questions(scorer: Scorer, case: Masks, rows: Sequence[int], outputs: Sequence[int]) -> list[Question]:
    """The mutual information between each unassessed variable and the outputs, given the case; best first.

    Parameters
    ----------
    case
        evidence of one case, shape (variables, 1).
    rows
        the variables that could be asked for.
    outputs
        rows of the posterior that matter.
    """
    states = [(row, s) for row in rows for s in range(len(scorer.variables[row].states))]
    if not states:
        return []
    masks = np.repeat(case, len(states), axis=1)
    for k, (row, s) in enumerate(states):
        masks[row, k] = 1 << s
    now, after = scorer.posterior(case), scorer.posterior(masks)
    share = after.evidence / now.evidence[0]
    certain = entropy(now.probability[list(outputs), 0])
    questions = []
    for row in rows:
        places = [k for k, (owner, _) in enumerate(states) if owner == row and share[k] > 0]
        posterior = after.probability[list(outputs)][:, places]
        expected = (entropy(posterior) * share[places]).sum(axis=1)
        information = float(np.maximum(certain - expected, 0.0).sum())
        name = scorer.variables[row].name
        questions.append(Question(name, information, posterior.min(axis=1), posterior.max(axis=1)))
    return sorted(questions, key=lambda question: -question.information)


def entropy(p: Array) -> Array:
    """Entropy of a yes/no with probability p, in bits.

    >>> entropy(np.array([0.5, 1.0])).tolist()
    [1.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    return np.nan_to_num(terms, nan=0.0)
