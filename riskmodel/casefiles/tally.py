"""RunCounts over scored rows, exact whatever the blocks and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from riskmodel.answers.column_types import Flags, Number, OutputColumn, Text
from riskmodel.casefiles.options import Summary
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.cases.columns import ColumnContract
from riskmodel.evidence.recording import heard

_UNIT = 1e10  # sums of probabilities are kept as whole numbers of their tenth decimal


@dataclass(slots=True)
class Tally:
    """Running counts of a run, or those of one block; ``add`` with sign -1 takes rows away again."""

    rows: int = 0
    defaulted: int = 0
    assessed: list[int] = field(default_factory=list)
    states: list[list[int]] = field(default_factory=list)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)
    translated: dict[tuple[int, int], int] = field(default_factory=dict)  # (column's slot, translation) → cells

    def add(self, other: Tally, sign: int = 1) -> None:
        """Take in the counts of other rows, or take them out again."""
        self.rows += sign * other.rows
        self.defaulted += sign * other.defaulted
        self.assessed = _sums(self.assessed, other.assessed, sign)
        pairs = zip(self.states or [[0] * len(row) for row in other.states], other.states, strict=True)
        self.states = [_sums(counts, others, sign) for counts, others in pairs]
        for name, counts in other.labels.items():
            sums = self.labels.setdefault(name, {})
            for label, count in counts.items():
                sums[label] = sums.get(label, 0) + sign * count
        for name, total in other.sums.items():
            self.sums[name] = self.sums.get(name, 0) + sign * total
        for name, count in other.low.items():
            self.low[name] = self.low.get(name, 0) + sign * count
        for key, count in other.translated.items():
            self.translated[key] = self.translated.get(key, 0) + sign * count

    def summary(self, contract: ColumnContract) -> Summary:
        """The counts by name, sums as means."""
        variables = contract.variables
        states = self.states or [[0] * len(variable.states) for variable in variables]
        assessed = self.assessed or [0] * len(variables)
        return Summary(
            rows=self.rows,
            assessed={variable.name: count for variable, count in zip(variables, assessed, strict=True)},
            states={
                variable.name: dict(zip(variable.states, counts, strict=True))
                for variable, counts in zip(variables, states, strict=True)
            },
            default_setting=self.defaulted,
            labels=self.labels,
            means={name: total / _UNIT / self.rows for name, total in self.sums.items() if self.rows},
            low=self.low,
        )


def _sums(counts: list[int], others: list[int], sign: int) -> list[int]:
    return [a + sign * b for a, b in zip(counts or [0] * len(others), others, strict=True)]


def tally_rows(contract: ColumnContract, coded: CodedBlock, columns: Sequence[OutputColumn]) -> Tally:
    """The counts of the accepted rows of a block."""
    rows = coded.masks.shape[1]
    tally = Tally(rows=rows, defaulted=int(np.count_nonzero(coded.defaulted)))
    for slot, codes in enumerate(coded.translated):
        counts = np.bincount(codes)
        tally.translated |= {(slot, int(code)): int(counts[code]) for code in np.flatnonzero(counts) if code}
    for variable, mask in zip(contract.variables, heard(contract.variables, coded.masks), strict=True):
        tally.assessed.append(rows - int(np.count_nonzero(mask == variable.full_mask)))
        tally.states.append([int(np.count_nonzero(mask == 1 << s)) for s in range(len(variable.states))])
    for column in columns:
        if isinstance(column, Number) and column.floor is not None:
            tally.low[column.name] = int(np.count_nonzero(column.values < column.floor))
        if isinstance(column, Number) and column.style == "probability":
            tally.sums[column.name] = int(np.rint(np.nan_to_num(column.values) * _UNIT).astype(np.int64).sum())
        elif isinstance(column, Text) and column.tally:
            counts = np.bincount(column.codes.ravel() + 1, minlength=len(column.labels) + 1)[1:]
            tally.labels[column.name] = dict(zip(column.labels, counts.tolist(), strict=True))
        elif isinstance(column, Flags) and column.tally:
            counts = np.count_nonzero(column.bits, axis=1)
            tally.labels[column.name] = dict(zip(column.labels, counts.tolist(), strict=True))
    return tally
