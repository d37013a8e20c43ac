"""What a rule made of the rows of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases.cells import excerpt
from riskmodel.cases.mapping.deeds import deed
from riskmodel.cases.mapping.source_cells import CodedCells, Refusal, SourceColumn, understood
from riskmodel.cases.preparation import CellFault

NOT_RECORDED = "not recorded"
_NUMBER_STARTS = frozenset("<>0123456789")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cells that a rule worked out: ``words[codes[row]]``; refused rows are blank and have a fault each."""

    words: tuple[str, ...]
    codes: NDArray[np.int64]
    faults: tuple[CellFault, ...] = ()

    @property
    def cells(self) -> CodedCells:
        """The same as a column that other rules can read."""
        return CodedCells(self.words, self.codes)


class ColumnRule(Protocol):
    """How one column is worked out of others."""

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        """The columns that it reads: of the file, or helpers of the mapping."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it may give; empty where these are numbers or the texts of a column."""

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        """The outcome for the rows of a batch, given the ``sources`` in their order."""

    def __str__(self) -> str:
        """The rule in a sentence, for the report and ``mapping check``."""


def of_texts(source: SourceColumn, cells: CodedCells, read: Callable[[str], str | Refusal]) -> Outcome:
    """The outcome of a rule that reads one column, text by text; ``read`` gets what the source makes of a text."""
    texts, refused = understood(source, cells, read)
    words = tuple(dict.fromkeys(texts))
    numbers = {word: number for number, word in enumerate(words)}
    codes = cells.look_up([numbers[text] for text in texts])
    return Outcome(words, codes, faults_of(source.name, cells, refused))


def faults_of(name: str, cells: CodedCells, refused: Sequence[tuple[int, str, str]]) -> tuple[CellFault, ...]:
    """A fault for each row with a text that was refused."""
    faults: list[CellFault] = []
    for code, text, problem in refused:
        rows = np.flatnonzero(cells.codes == code).tolist()
        faults += [CellFault(row, name, excerpt(text), problem) for row in rows]
    return tuple(faults)


def counted(outcome: Outcome, column: str) -> dict[str, int]:
    """What the rule for a column did, by a text for each kind of result, with the number of rows."""
    codes = outcome.codes
    counts: Counter[str] = Counter()
    if outcome.faults:
        refused = sorted({fault.row for fault in outcome.faults})
        counts[deed(column, "refused")] = len(refused)
        codes = np.delete(codes, refused)
    rows = np.bincount(codes, minlength=len(outcome.words)).tolist()
    for word, count in zip(outcome.words, rows, strict=True):
        kind = "a number" if word[:1] in _NUMBER_STARTS else word or NOT_RECORDED
        counts[deed(column, kind)] += count
    return {text: count for text, count in counts.items() if count}
