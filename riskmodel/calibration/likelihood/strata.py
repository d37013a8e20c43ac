"""The rows of a cohort as the compiled passes want them: by setting, equal rows together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array, Masks
from riskmodel.calibration.likelihood.kernel import Rows
from riskmodel.inference.lookup import Lookup, Lookups


@dataclass(frozen=True)
class Stratum:
    """The different rows of one setting.

    Attributes
    ----------
    first
        (rows,): where each stands in the cohort for the first time.
    weights, squares
        (rows,): how many people each row stands for (weighted), and the sum of their squared weights.
    """

    setting: int
    first: NDArray[np.int64]
    weights: Array
    squares: Array
    evidence: Rows


def strata(lookups: Lookups, masks: Masks, weights: Array, *, whole: bool = False) -> list[Stratum]:
    """The cohort by setting, equal rows together; with ``whole`` equal also in what is not in the network."""
    count = masks.shape[1]
    setting = np.zeros(count, dtype=np.int64)
    if lookups.setting_row >= 0:
        setting = np.log2(masks[lookups.setting_row]).astype(np.int64)
    spoken = [row for row, variable in enumerate(lookups.variables) if whole or variable.in_network]
    result = []
    for s in np.unique(setting):
        chosen = np.nonzero(setting == s)[0]
        rows = np.ascontiguousarray(masks[spoken][:, chosen].T)
        _, first, where = np.unique(
            rows.view(np.dtype((np.void, rows.shape[1]))), return_index=True, return_inverse=True
        )
        distinct = masks[:, chosen[first]]
        where = where.ravel()
        context_masks, contexts = _kinds(distinct[list(lookups.context_rows)])
        outcome_masks, outcomes = _kinds(distinct[list(lookups.condition_rows)])
        result.append(
            Stratum(
                setting=int(s),
                first=chosen[first],
                weights=np.bincount(where, weights[chosen]).astype(float),
                squares=np.bincount(where, weights[chosen] ** 2).astype(float),
                evidence=Rows(
                    inner=_patterns(lookups.inner, distinct),
                    hidden=_patterns(lookups.hidden, distinct),
                    outer=_patterns(lookups.outer, distinct),
                    contexts=contexts,
                    allowed_contexts=_allowed(context_masks, lookups.context_states.T),
                    outcomes=outcomes,
                    allowed_states=_allowed(outcome_masks, lookups.presence),
                    ill=np.zeros(lookups.presence.shape[1], dtype=bool),
                    tilt=np.ones(len(first)),
                ),
            )
        )
    return result


def _kinds(masks: Masks) -> tuple[Masks, NDArray[np.int32]]:
    """The different columns of masks (variables, rows), and which of them each row has."""
    if not len(masks):
        return masks[:, :1], np.zeros(masks.shape[1], dtype=np.int32)
    kinds, which = np.unique(masks, axis=1, return_inverse=True)
    return kinds, which.ravel().astype(np.int32)


def _patterns(groups: Sequence[Lookup], masks: Masks) -> NDArray[np.int32]:
    columns = [group.rows_of(masks) for group in groups]
    return np.ascontiguousarray(np.array(columns, dtype=np.int32).reshape(len(columns), masks.shape[1]).T)


def _allowed(masks: Masks, states: NDArray[np.int64]) -> Array:
    """1 where the states (variables, combinations) are allowed by masks (variables, kinds): (kinds, combinations)."""
    allowed = np.ones((masks.shape[1], states.shape[1]))
    for mask, state in zip(masks, states, strict=True):
        allowed *= (mask[:, None] >> state[None]) & 1
    return allowed
