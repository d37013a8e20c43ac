"""What of yes-or-no questions is written down, and whether a file looks as if a blank had a meaning of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.arrays import Masks
from riskmodel.evidence.recording import role_groups
from riskmodel.evidence.records import Variable

POSITIVES_ONLY, FORM = "positives_only", "form"  # the profiles that a reader is sent to
FEWEST_ROWS, FEWEST_FILLED = 10, 30  # below these hardly any "no", or hardly any blank, may be chance
FEW = 0.02  # of the filled cells that say no; of all cells that are blank
FEW_NOT_YES = 0.05  # of the cells that do not say yes: the upper end of what is stated for positives only


@dataclass(frozen=True, slots=True)
class RecordedColumn:
    """How many cells of a yes-or-no column say yes, no, and nothing."""

    variable: str
    yes: int
    no: int
    blank: int

    @property
    def rows(self) -> int:
        return self.yes + self.no + self.blank


@dataclass(frozen=True, slots=True)
class RecordedCells:
    """The cells of the yes-or-no columns of a file, or of those among them that have blanks."""

    columns: tuple[RecordedColumn, ...]

    @property
    def yes(self) -> int:
        return sum(column.yes for column in self.columns)

    @property
    def no(self) -> int:
        return sum(column.no for column in self.columns)

    @property
    def blank(self) -> int:
        return sum(column.blank for column in self.columns)

    @property
    def filled(self) -> int:
        return self.yes + self.no

    @property
    def rows(self) -> int:
        return max((column.rows for column in self.columns), default=0)

    @property
    def with_blanks(self) -> RecordedCells:
        """The columns in which blanks are not rare: elsewhere a profile has hardly anything to read."""
        return RecordedCells(tuple(column for column in self.columns if column.blank >= FEW * column.rows))

    @property
    def suspected(self) -> str:
        """The recording profile to look at, or nothing.

        ``positives_only`` where, in the columns with blanks, under 2 % of the filled cells say no, or under 5 % of
        those that do not say yes and fewer than say yes. ``form`` where under 2 % of all cells are blank, but some
        are. Nothing below 10 rows or 30 filled cells: where every third filled cell ought to say no, 30 cells
        without one come once in 190,000 files.
        """
        open_to_doubt = self.with_blanks
        if self.rows < FEWEST_ROWS or self.filled < FEWEST_FILLED:
            return ""
        if open_to_doubt.filled >= FEWEST_FILLED and open_to_doubt.only_positives:
            return POSITIVES_ONLY
        return FORM if 0 < self.blank < FEW * (self.filled + self.blank) else ""

    @property
    def only_positives(self) -> bool:
        """Whether hardly any "no" is written down."""
        of_not_yes = self.no < FEW_NOT_YES * (self.no + self.blank) and self.no < self.yes
        return self.no < FEW * self.filled or of_not_yes


def telling(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """The same variables, a blank being kept apart from what says "not assessed" wherever a profile may read it."""
    names = {name for names in role_groups(variables).values() for name in names}
    return tuple(replace(variable, blank_tells=variable.name in names) for variable in variables)


def as_read(variables: Sequence[Variable], masks: Masks) -> Masks:
    """Evidence in which every blank is 0 as these variables read it, (variables, cases): 0 where a blank tells."""
    fills = np.array([variable.blank_mask for variable in variables], np.uint8)
    return np.where(masks == 0, fills[:, None], masks)


def yes_or_no(variables: Sequence[Variable], columns: Collection[int] | None = None) -> list[int]:
    """The rows of evidence of yes-or-no findings and risk factors, of those columns that a file has (None: all)."""
    read = {name for names in role_groups(variables).values() for name in names}
    rows = range(len(variables)) if columns is None else sorted(columns)
    return [row for row in rows if row >= 0 and variables[row].name in read and len(variables[row].states) == 2]


def recorded_in_masks(
    variables: Sequence[Variable], masks: Masks, columns: Collection[int] | None = None
) -> RecordedCells:
    """The cells of evidence, (variables, cases).

    Parameters
    ----------
    columns
        the rows of evidence that the file has a column for; without them, those of which a cell is filled.
    """
    cases = masks.shape[1]
    counted = []
    for row in yes_or_no(variables, columns):
        no, yes = (int(np.count_nonzero(masks[row] == 1 << state)) for state in range(2))
        if columns is not None or no + yes:
            counted.append(RecordedColumn(variables[row].name, yes, no, cases - yes - no))
    return RecordedCells(tuple(counted))


def recorded_in_counts(
    variables: Sequence[Variable], columns: Iterable[int], states: Mapping[str, Mapping[str, int]], rows: int
) -> RecordedCells:
    """The cells of a file, from how many of its rows say each state."""
    counted = []
    for row in yes_or_no(variables, set(columns)):
        no, yes = (states[variables[row].name][state] for state in variables[row].states)
        counted.append(RecordedColumn(variables[row].name, yes, no, rows - yes - no))
    return RecordedCells(tuple(counted))
