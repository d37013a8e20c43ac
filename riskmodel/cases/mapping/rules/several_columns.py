"""Several columns as one: any of them, all of them, the first that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from riskmodel.arrays import Bools, Ints
from riskmodel.cases.mapping.quantities import cell_number, decimal_text
from riskmodel.cases.mapping.rules.outcome import Outcome, faults_of
from riskmodel.cases.mapping.source_cells import (
    BLANK,
    NO,
    UNKNOWN,
    YES,
    CodedCells,
    Refusal,
    SourceColumn,
    tick,
    truth,
    understood,
)
from riskmodel.cases.preparation import CellFault

TRUTHS = (BLANK, UNKNOWN, NO, YES)  # in the order of their numbers


@dataclass(frozen=True, slots=True)
class AnyOrAll:
    """Yes if any column says yes, and no only if all are recorded as no; or, with ``every``, the other way round."""

    columns: tuple[SourceColumn, ...]
    every: bool
    says: Mapping[str, str]

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return self.columns

    @property
    def words(self) -> tuple[str, ...]:
        return self.says[YES], self.says[NO]

    def __str__(self) -> str:
        return f"{'all' if self.every else 'any'} of {', '.join(column.name for column in self.columns)}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        truths, faults = truths_of(self.columns, columns, truth)
        settling, other = (NO, YES) if self.every else (YES, NO)
        codes = np.where((truths == TRUTHS.index(UNKNOWN)).any(axis=0), 1, 0)
        codes[(truths == TRUTHS.index(other)).all(axis=0)] = TRUTHS.index(other)
        codes[(truths == TRUTHS.index(settling)).any(axis=0)] = TRUTHS.index(settling)
        codes[refused_rows(faults, len(codes))] = 0
        return Outcome((BLANK, UNKNOWN, self.says[NO], self.says[YES]), codes, faults)


def truths_of(
    sources: Sequence[SourceColumn], columns: Sequence[CodedCells], read: Callable[[str], str | Refusal]
) -> tuple[Ints, tuple[CellFault, ...]]:
    """What each column says in each row, (columns, rows): a position in `TRUTHS`."""
    rows: list[Ints] = []
    faults: list[CellFault] = []
    for source, cells in zip(sources, columns, strict=True):
        texts, refused = understood(source, cells, read)
        rows.append(cells.look_up([TRUTHS.index(text) for text in texts]))
        faults += faults_of(source.name, cells, refused)
    return np.stack(rows), tuple(faults)


def refused_rows(faults: Sequence[CellFault], rows: int) -> Bools:
    """Which rows have a fault."""
    refused = np.zeros(rows, np.bool_)
    refused[[fault.row for fault in faults]] = True
    return refused


@dataclass(frozen=True, slots=True)
class FirstRecorded:
    """The text of the first column that is not blank; numbers in the unit that the column's conversion gives."""

    columns: tuple[SourceColumn, ...]

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return self.columns

    @property
    def words(self) -> tuple[str, ...]:
        return ()

    def __str__(self) -> str:
        return f"first recorded of {', '.join(column.name for column in self.columns)}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        words: dict[str, int] = {BLANK: 0, UNKNOWN: 1}
        codes = np.zeros(len(columns[0].codes), np.int64)
        faults: list[CellFault] = []
        for source, cells in zip(self.columns, columns, strict=True):
            texts, refused = understood(source, cells, partial(_converted, source))
            recorded = cells.look_up([words.setdefault(text, len(words)) for text in texts])
            codes = np.where((codes > 1) | (recorded == 0), codes, recorded)
            faults += faults_of(source.name, cells, refused)
        codes[refused_rows(faults, len(codes))] = 0
        return Outcome(tuple(words), codes, tuple(faults))


def _converted(source: SourceColumn, text: str) -> str:
    if text in (BLANK, UNKNOWN) or (source.decimal == "." and not source.unit):
        return text
    read = cell_number(text, source.decimal)
    if read is None:
        return text  # a word, or a number that the column itself refuses
    return read[0] + decimal_text(source.conversion(read[1]))


@dataclass(frozen=True, slots=True)
class Boxes:
    """Yes if any of these boxes is ticked. A box that is not ticked says nothing unless ``unticked`` is what it says.

    ``none_box`` is a box "none of these": ticked it says no, and beside a ticked box it is refused.
    """

    boxes: tuple[SourceColumn, ...]
    none_box: SourceColumn | None
    unticked: bool
    says: Mapping[str, str]

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return (*self.boxes, self.none_box) if self.none_box else self.boxes

    @property
    def words(self) -> tuple[str, ...]:
        return self.says[YES], self.says[NO]

    def __str__(self) -> str:
        other = f", no if {self.none_box.name} is ticked" if self.none_box else ""
        other += ", no if none of them is" if self.unticked else ""
        return f"yes if {' or '.join(box.name for box in self.boxes)} is ticked{other}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        ticks, faults = truths_of(self.sources, columns, tick)
        boxes = ticks[: len(self.boxes)]
        codes = np.where((boxes == TRUTHS.index(UNKNOWN)).any(axis=0), 1, 0)
        if self.unticked:
            codes[(boxes == TRUTHS.index(NO)).all(axis=0)] = TRUTHS.index(NO)
        if self.none_box:
            codes[ticks[-1] == TRUTHS.index(YES)] = TRUTHS.index(NO)
        ticked = (boxes == TRUTHS.index(YES)).any(axis=0)
        if self.none_box:
            both = np.flatnonzero(ticked & (ticks[-1] == TRUTHS.index(YES))).tolist()
            names = ", ".join(box.name for box in self.boxes)
            problem = f"ticked beside {names}; allowed: only one of them"
            faults += tuple(CellFault(row, self.none_box.name, columns[-1].text(row), problem) for row in both)
        codes[ticked] = TRUTHS.index(YES)
        codes[refused_rows(faults, len(codes))] = 0
        return Outcome((BLANK, UNKNOWN, self.says[NO], self.says[YES]), codes, faults)
