"""The scorer compiled, for large files.

The same look-ups, products and sums as :mod:`riskmodel.inference.scorer`, in the same order, so the two
engines agree to the last bit (no fused multiply-add, no reassociation). Importing this loads a compiler.
"""

from __future__ import annotations

import numpy as np

from riskmodel.arrays import Masks
from riskmodel.inference.reasons_kernel import ReasonArrays, WeightArrays, find_reasons_of_cases
from riskmodel.inference.score_kernel import JointStates, PackedGroups, Results, score_cases
from riskmodel.inference.scorer import Posterior, Scorer
from riskmodel.inference.weights import Reasons, Weights


class CompiledScorer:
    """A scorer whose batches run compiled, without holding the interpreter's lock."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._model = JointStates.of(scorer), PackedGroups.of(scorer.inner), PackedGroups.of(scorer.outer)

    def score(self, masks: Masks) -> Posterior:
        """As :meth:`riskmodel.inference.scorer.Scorer.score`, hard and set-valued evidence only."""
        self.scorer.check(masks)
        results = Results.room(len(self.scorer.output_names), masks.shape[1])
        score_cases(np.ascontiguousarray(masks), *self._model, results)
        return Posterior(*results)


def find_reasons_compiled(scorer: Scorer, weights: Weights, masks: Masks, posterior: Posterior) -> Reasons:
    """As :func:`riskmodel.inference.weights.find_reasons`, compiled; the same result to the last bit."""
    reasons = ReasonArrays.room(masks.shape[1])
    arrays = WeightArrays.of(scorer, weights)
    find_reasons_of_cases(np.ascontiguousarray(masks), arrays, posterior.probability, posterior.findings, reasons)
    return Reasons(*reasons)
