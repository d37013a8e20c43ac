"""What must be counted in a cohort before it can be fitted: sums over people, so that those of its parts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Bools, Masks
from riskmodel.cases.recorded import FEWEST_ROWS, POSITIVES_ONLY, RecordedCells, RecordedColumn, recorded_in_masks
from riskmodel.evidence.recording import heard
from riskmodel.evidence.records import IGNORABLE, SETTING, Priors, Variable

FINDINGS = ("risk_factor", "finding", "test")


@dataclass(frozen=True)
class Census:
    """The counts of a cohort, or of a part of it.

    Attributes
    ----------
    people, verified
        how many, and of how many at least one outcome is known.
    settings
        people by setting, in the model's order.
    outcomes
        by condition, in the model's order: in how many people it is known, and how many of these have it.
    assessed
        cells of risk factors, findings and tests that say something.
    blanks
        cells that a recording profile reads.
    yes, no, blank
        cells of the yes-or-no columns in which blanks are not rare.
    written
        under a recording profile, by variable: in how many people with a known outcome it is written down as absent,
        and as present.
    """

    people: int
    verified: int
    settings: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    assessed: int = 0
    blanks: int = 0
    yes: int = 0
    no: int = 0
    blank: int = 0
    written: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __add__(self, other: Census) -> Census:
        return Census(
            self.people + other.people,
            self.verified + other.verified,
            {name: count + other.settings[name] for name, count in self.settings.items()},
            _pairs_added(self.outcomes, other.outcomes),
            self.assessed + other.assessed,
            self.blanks + other.blanks,
            self.yes + other.yes,
            self.no + other.no,
            self.blank + other.blank,
            _pairs_added(self.written, other.written),
        )

    @property
    def in_doubt(self) -> RecordedCells:
        """The yes-or-no columns in which blanks are not rare, as if they were one."""
        return RecordedCells((RecordedColumn("", self.yes, self.no, self.blank),))

    @property
    def only_positives(self) -> bool:
        """Whether hardly any "no" seems to be written down, as of :attr:`RecordedCells.suspected`."""
        return self.people >= FEWEST_ROWS and self.in_doubt.suspected == POSITIVES_ONLY


def total(parts: Sequence[Census]) -> Census:
    """The counts of a cohort from those of its parts."""
    return reduce(Census.__add__, parts)


def census_of(priors: Priors, masks: Masks) -> Census:
    """Count a cohort.

    Parameters
    ----------
    masks
        evidence with outcomes, (variables, people).
    """
    variables = priors.case_variables
    assessed = [
        int((cells != variable.full_mask).sum())
        for cells, variable in zip(heard(variables, masks), variables, strict=True)
        if variable.role in FINDINGS
    ]
    cells = recorded_in_masks(variables, masks).with_blanks
    verified = is_verified(variables, masks)
    return Census(
        people=masks.shape[1],
        verified=int(verified.sum()),
        settings=_settings(variables, masks),
        outcomes=_outcomes(variables, masks),
        assessed=sum(assessed),
        blanks=int((masks == 0).sum()),
        yes=cells.yes,
        no=cells.no,
        blank=cells.blank,
        written=_written(variables, masks[:, verified]) if priors.recording != IGNORABLE else {},
    )


def known_outcomes(variables: Sequence[Variable], masks: Masks) -> dict[str, NDArray[np.bool_]]:
    """For each condition, whose outcome is known; conditions of whom nothing is known left out."""
    conditions = [(row, v) for row, v in enumerate(variables) if v.role == "condition"]
    has_outcome = {v.name: masks[row] != v.full_mask for row, v in conditions}
    return {name: whom for name, whom in has_outcome.items() if whom.any()}


def is_verified(variables: Sequence[Variable], masks: Masks) -> Bools:
    """Of whom at least one outcome is known, (rows,)."""
    rows = [row for row, variable in enumerate(variables) if variable.role == "condition"]
    full = np.array([variables[row].full_mask for row in rows], np.uint8)
    return np.asarray((masks[rows] != full[:, None]).any(axis=0))


def _settings(variables: Sequence[Variable], masks: Masks) -> dict[str, int]:
    """How many people each setting has."""
    for row, variable in enumerate(variables):
        if variable.name == SETTING:
            return {state: int((masks[row] == 1 << i).sum()) for i, state in enumerate(variable.states)}
    return {}


def _outcomes(variables: Sequence[Variable], masks: Masks) -> dict[str, tuple[int, int]]:
    """Of each condition, in how many people it is known, and how many have it."""
    conditions = [
        (variable, cells) for variable, cells in zip(variables, masks, strict=True) if variable.role == "condition"
    ]
    return {v.name: (int((cells != v.full_mask).sum()), int((cells == 2).sum())) for v, cells in conditions}


def _written(variables: Sequence[Variable], masks: Masks) -> dict[str, tuple[int, int]]:
    """Of each variable that a profile reads, how often it is written down as absent and as present."""
    counts = {}
    for cells, variable in zip(masks, variables, strict=True):
        if variable.blank_tells:
            present = (cells != 0) & (cells & 1 == 0)
            counts[variable.name] = int((cells == 1).sum()), int(present.sum())
    return counts


def _pairs_added(
    first: Mapping[str, tuple[int, int]], second: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    return {name: (a + second[name][0], b + second[name][1]) for name, (a, b) in first.items()}
