"""The scorer compiled, for large files.

The same look-ups, products and sums as :mod:`riskmodel.inference.scorer`, in the same order, so the two
engines agree to the last bit (no fused multiply-add, no reassociation). Importing this loads a compiler.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskmodel.arrays import Array, Masks, end_to_end
from riskmodel.inference.reasons_kernel import ReasonArrays, WeightArrays, find_reasons_of_cases
from riskmodel.inference.row_positions import PackedGroups
from riskmodel.inference.score_kernel import (
    Factors,
    JointStates,
    Results,
    Widths,
    score_cases,
    widths_of,
)
from riskmodel.inference.scorer import Group, Posterior, Scorer
from riskmodel.inference.weights import Reasons, Weights


class CompiledScorer:
    """A scorer whose batches run compiled, without holding the interpreter's lock."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._states = JointStates.of(scorer)
        self._groups = [_with_tables(groups) for groups in (scorer.inner, scorer.hidden, scorer.outer)]

    def posterior(self, masks: Masks) -> Posterior:
        """As :meth:`riskmodel.inference.scorer.Scorer.posterior`, hard and set-valued evidence only."""
        self.scorer.check(masks)
        masks = np.ascontiguousarray(masks)
        inner, hidden, outer = (
            Factors(tables, groups.positions(masks, self.scorer.setting_row), widths)
            for groups, tables, widths in self._groups
        )
        results = Results.room(len(self.scorer.output_names), masks.shape[1])
        score_cases(masks, self._states, inner, hidden, outer, results)
        return Posterior(*results)


def _with_tables(groups: Sequence[Group]) -> tuple[PackedGroups, Array, Widths]:
    return PackedGroups.of(groups), end_to_end([group.table for group in groups]), widths_of(groups)


def find_reasons_compiled(scorer: Scorer, weights: Weights, masks: Masks, posterior: Posterior) -> Reasons:
    """As :func:`riskmodel.inference.weights.find_reasons`, compiled; the same result to the last bit."""
    reasons = ReasonArrays.room(masks.shape[1])
    arrays = WeightArrays.of(scorer, weights)
    find_reasons_of_cases(np.ascontiguousarray(masks), arrays, posterior.probability, posterior.findings, reasons)
    return Reasons(*reasons)
