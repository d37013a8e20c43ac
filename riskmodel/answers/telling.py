"""What each finding of one case changes, and which question would tell most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from riskmodel.arrays import Array, Masks
from riskmodel.inference.scorer import Posterior, Scorer
from riskmodel.inference.silence import as_answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

Places: TypeAlias = "NDArray[np.int64]"


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
    now = scorer.posterior(case)
    after = as_answers(scorer, np.repeat(case, len(states), axis=1), masks, scorer.posterior(masks))
    owner = np.array([rows.index(row) for row, _ in states])
    bits = information_in_bits(now, after, np.zeros(len(states), int), owner, len(rows), outputs)
    questions = []
    for i, row in enumerate(rows):
        posterior = after.probability[list(outputs)][:, (owner == i) & (after.evidence > 0)]
        name = scorer.variables[row].name
        questions.append(Question(name, float(bits[i]), posterior.min(axis=1), posterior.max(axis=1)))
    return sorted(questions, key=lambda question: -question.information)


def information_in_bits(
    now: Posterior, after: Posterior, case: Places, cell: Places, cells: int, outputs: Sequence[int]
) -> Array:
    """Mutual information of variables with the outputs, in bits, summed over the outputs; never below 0.

    Parameters
    ----------
    now, after
        posteriors of the cases, and of the cases with one more state known.
    case, cell
        (what-ifs,): which case each extends, and to which variable of which case (a number from 0) it belongs,
        of ``cells``.

    Returns
    -------
    (cells,)
    """
    doubt, rest = (entropy(posterior.probability[list(outputs)]).sum(axis=0) for posterior in (now, after))
    share = after.evidence / now.evidence[case]
    fall = np.where(after.evidence > 0, (doubt[case] - rest) * share, 0.0)
    return np.maximum(np.bincount(cell, fall, cells), 0.0)


def entropy(p: Array) -> Array:
    """Entropy of a yes/no with probability p, in bits.

    >>> entropy(np.array([0.5, 1.0])).tolist()
    [1.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    return np.nan_to_num(terms, nan=0.0)
