"""The summary of a run, added up block by block over the rows that were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases.options import Summary
from riskmodel.cases.scored import Flags, Masks, Number, OutputColumn, Text
from riskmodel.evidence.records import Variable


class Tally:
    """Counts over scored rows; the order of adding never changes the result's integers."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = variables
        self.rows = 0
        self.defaulted = 0
        self.masks = np.zeros((len(variables), 256), np.int64)
        self.labels: dict[str, Counter[str]] = {}
        self.sums: dict[str, float] = {}

    def add(
        self, masks: Masks, columns: Sequence[OutputColumn], kept: NDArray[np.bool_], defaulted: NDArray[np.bool_]
    ) -> None:
        """Add the kept rows of a block."""
        whole = bool(kept.all())
        count = int(kept.sum())
        self.rows += count
        self.defaulted += int((defaulted & kept).sum())
        for row, line in enumerate(masks):
            self.masks[row] += np.bincount(line if whole else line[kept], minlength=256)
        for column in columns:
            if isinstance(column, Number) and column.style == "probability":
                total = float(np.sum(column.values if whole else column.values[kept]))
                self.sums[column.name] = self.sums.get(column.name, 0.0) + total
            elif isinstance(column, Text | Flags) and column.tally:
                self._label(column, kept)

    def _label(self, column: Text | Flags, kept: NDArray[np.bool_]) -> None:
        found = self.labels.setdefault(column.name, Counter({label: 0 for label in column.labels}))
        if isinstance(column, Flags):
            for label, bits in zip(column.labels, column.bits, strict=True):
                found[label] += int((bits & kept).sum())
            return
        codes = column.codes[:, kept]
        for code, count in enumerate(np.bincount(codes[codes >= 0], minlength=len(column.labels)).tolist()):
            found[column.labels[code]] += count

    def summary(self) -> Summary:
        assessed, states = {}, {}
        for variable, counts in zip(self.variables, self.masks, strict=True):
            assessed[variable.name] = self.rows - int(counts[variable.full_mask])
            states[variable.name] = {state: int(counts[1 << s]) for s, state in enumerate(variable.states)}
        means = {name: total / self.rows for name, total in self.sums.items()} if self.rows else {}
        labels = {name: dict(counter) for name, counter in self.labels.items()}
        return Summary(self.rows, assessed, states, self.defaulted, labels, means)
