"""Age and duration: completed years, or weeks, from one date to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from riskmodel.arrays import Ints
from riskmodel.cases.cells import excerpt
from riskmodel.cases.mapping.quantities import decimal_text
from riskmodel.cases.mapping.rules.outcome import Outcome, faults_of
from riskmodel.cases.mapping.source_cells import BLANK, UNKNOWN, CodedCells, SourceColumn
from riskmodel.cases.preparation import CellFault
from riskmodel.evidence.records import Variable

_MISSING, _UNASKED = -1, -2  # in place of a day
_SCALES = {"years": 1, "weeks": 7}


class _Column(NamedTuple):
    """The first and the last day that each row may mean, as numbers, and what was refused."""

    first: Ints
    last: Ints
    faults: tuple[CellFault, ...]


@dataclass(frozen=True, slots=True)
class BetweenDates:
    """The time from one date to another, in completed years or in weeks.

    Where a date is written to the month or the year only, the time is a range: ``range_words`` says it in a cell.
    Who was born on 29 February is a year older on 1 March of other years.
    """

    start: SourceColumn
    end: SourceColumn
    unit: Literal["years", "weeks"]
    range_words: RangeWords

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return self.start, self.end

    @property
    def words(self) -> tuple[str, ...]:
        return ()

    def __str__(self) -> str:
        return f"{'completed years' if self.unit == 'years' else 'weeks'} from {self.start.name} to {self.end.name}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        start, end = (self._column(source, cells) for source, cells in zip(self.sources, columns, strict=True))
        both = (start.first >= 0) & (end.first >= 0)
        swapped = both & (start.first > end.last)
        shortest, longest = self._between(start.last, end.first), self._between(start.first, end.last)
        wanting = np.where((start.first == _UNASKED) | (end.first == _UNASKED), _UNASKED, _MISSING)
        shortest = np.where(both & ~swapped, np.maximum(shortest, 0), wanting)
        longest = np.where(both & ~swapped, longest, wanting)
        size = int(longest.max(initial=0)) + 3  # one number a pair, which sorts faster than pairs
        keys, codes = np.unique((shortest + 2) * size + longest + 2, return_inverse=True)
        words = [self._word(key // size - 2, key % size - 2) for key in keys.tolist()]
        faults = (*start.faults, *end.faults, *self._swapped(columns, np.flatnonzero(swapped)))
        return Outcome((*words, BLANK), codes.astype(np.int64), faults)

    def _between(self, start: Ints, end: Ints) -> Ints:
        return (end - start) // 10_000 if self.unit == "years" else end - start

    def _column(self, source: SourceColumn, cells: CodedCells) -> _Column:
        first, last, refused = [], [], []
        for code, text in enumerate(cells.texts):
            read = source.read(text)
            days = source.dates.read(read) if read not in (BLANK, UNKNOWN) else read
            if isinstance(days, str):
                first.append(_UNASKED if read == UNKNOWN else _MISSING)
                last.append(first[-1])
                if read not in (BLANK, UNKNOWN):
                    refused.append((code, text, days))
            else:
                first.append(self._number(days.first))
                last.append(self._number(days.last))
        return _Column(cells.look_up(first), cells.look_up(last), faults_of(source.name, cells, refused))

    def _number(self, day: date) -> int:
        """A day as a number: of differences these make completed years, or days."""
        return day.year * 10_000 + day.month * 100 + day.day if self.unit == "years" else day.toordinal()

    def _word(self, shortest: int, longest: int) -> str:
        if shortest < 0:
            return UNKNOWN if shortest == _UNASKED else BLANK
        scale = _SCALES[self.unit]
        if shortest == longest:
            return decimal_text(Fraction(shortest, scale))
        return self.range_words(Fraction(shortest, scale), Fraction(longest, scale))

    def _swapped(self, columns: Sequence[CodedCells], rows: Ints) -> list[CellFault]:
        start, end = columns
        faults = []
        for row in rows.tolist():
            problem = f"after {self.end.name} {excerpt(end.text(row))!r}; allowed: a date that is not after it"
            faults.append(CellFault(row, self.start.name, excerpt(start.text(row)), problem))
        return faults


@dataclass(frozen=True, slots=True)
class RangeWords:
    """A number that is only known to lie between two others, as a cell says it: the bands that it may be in.

    >>> age = Variable("age", "context", ("young", "old"), "", unit="years", lower_edges=(0, 50), maximum=120)
    >>> RangeWords(age)(Fraction(49), Fraction(50)), RangeWords(age)(Fraction(60), Fraction(61))
    ('young|old', 'old')
    """

    variable: Variable | None

    def __call__(self, low: Fraction, high: Fraction) -> str:
        if self.variable is None or not self.variable.lower_edges:
            return BLANK
        if high > self.variable.maximum:
            return decimal_text(high)  # which the column refuses
        uppers = (*self.variable.lower_edges[1:], float("inf"))
        bands = zip(self.variable.states, self.variable.lower_edges, uppers, strict=True)
        return "|".join(state for state, lower, upper in bands if lower <= high and low < upper)
