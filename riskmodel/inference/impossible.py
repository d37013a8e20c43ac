"""Which pair of observations makes a case's evidence impossible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks
from riskmodel.evidence.recording import heard
from riskmodel.inference.scorer import Scorer

MOST_STATES = 400  # beyond this many states in all, pairs are not worked out


class ImpossiblePairs:
    """All pairs of states that cannot go together in a setting, worked out when first asked for."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        named = {row for group in scorer.groups for row in group.rows}
        self._rows = sorted(named | set(scorer.context_rows) | set(scorer.condition_rows))
        self._states = [(row, s) for row in self._rows for s in range(len(scorer.variables[row].states))]
        self._possible: dict[int, NDArray[np.bool_]] = {}

    def find(self, case: NDArray[np.uint8]) -> tuple[str, ...] | None:
        """The first two observations of a case that exclude each other, or one that is impossible by itself.

        None if it takes more than two.
        """
        if len(self._states) > MOST_STATES:
            return None
        scorer = self._scorer
        setting = int(case[scorer.setting_row]).bit_length() - 1 if scorer.setting_row >= 0 else 0
        possible = self._table(setting)
        case = heard(scorer.variables, case)  # no blank is ever impossible
        allowed = np.array([case[row] >> s & 1 for row, s in self._states], dtype=bool)
        assessed = [row for row in self._rows if case[row] != scorer.variables[row].full_mask]
        owner = np.array([row for row, _ in self._states])
        for i, first in enumerate(assessed):
            for second in assessed[i:]:
                pairs = possible[np.ix_(allowed & (owner == first), allowed & (owner == second))]
                if not pairs.any():
                    return tuple(self._name(row, int(case[row])) for row in dict.fromkeys((first, second)))
        return None

    def describe(self, case: NDArray[np.uint8]) -> str:
        """Why a case is impossible, for its message."""
        pair = self.find(case)
        if pair is None:
            return "this combination of findings has probability zero"
        if len(pair) == 1:
            return f"{pair[0]} has probability zero"
        return f"{' and '.join(pair)} together have probability zero"

    def _table(self, setting: int) -> NDArray[np.bool_]:
        if setting not in self._possible:
            count = len(self._states)
            first, second = np.divmod(np.arange(count * count), count)
            masks: Masks = self._scorer.blank(count * count, setting)
            for side in (first, second):
                for k, (row, s) in enumerate(self._states):
                    masks[row, side == k] &= 1 << s
            contradictory = (masks == 0).any(axis=0)  # two states of one variable
            masks[:, contradictory] = self._scorer.blank(1, setting)
            evidence = self._scorer.posterior(masks).evidence
            self._possible[setting] = ((evidence > 0) & ~contradictory).reshape(count, count)
        return self._possible[setting]

    def _name(self, row: int, mask: int) -> str:
        variable = self._scorer.variables[row]
        states = [state for s, state in enumerate(variable.states) if mask >> s & 1]
        return f"{variable.name}={' or '.join(states)}"
