"""What is written down of yes-or-no questions, and which files look as if a blank had a meaning of its own."""

import numpy as np
import pytest

from riskmodel.cases.recorded import RecordedCells, RecordedColumn, recorded_in_counts, recorded_in_masks, yes_or_no
from riskmodel.evidence.records import Variable

VARIABLES = (
    Variable("setting", "context", ("primary_care", "emergency"), ""),
    Variable("fever", "finding", ("absent", "present"), ""),
    Variable("trauma", "risk_factor", ("none", "minor", "major"), ""),
    Variable("mri", "test", ("normal", "abnormal"), ""),
    Variable("infection", "condition", ("absent", "present"), ""),
    Variable("steroids", "risk_factor", ("absent", "present"), ""),
    Variable("pain", "finding", ("low", "high"), "", lower_edges=(0.0, 5.0)),
)
NO, YES, BLANK = 1, 2, 3


def suspected(*columns: tuple[int, int, int]) -> str:
    return RecordedCells(tuple(RecordedColumn(f"v{i}", *cells) for i, cells in enumerate(columns))).suspected


def test_only_yes_or_no_findings_and_risk_factors_are_counted() -> None:
    assert yes_or_no(VARIABLES) == [1, 5]
    assert yes_or_no(VARIABLES, {-1, 0, 2, 5}) == [5]


def test_evidence_and_counts_say_the_same() -> None:
    rng = np.random.default_rng(5)
    masks = rng.integers(1, 4, (len(VARIABLES), 200), np.uint8)
    masks[1, :50] = 0  # a blank that a profile reads
    states = {
        variable.name: {state: int((masks[row] == 1 << s).sum()) for s, state in enumerate(variable.states)}
        for row, variable in enumerate(VARIABLES)
    }
    every = range(len(VARIABLES))
    cells = recorded_in_masks(VARIABLES, masks, every)
    assert cells == recorded_in_counts(VARIABLES, [-1, *every], states, 200)
    assert cells.columns[0].blank == int(np.isin(masks[1], (0, BLANK)).sum())
    assert cells.rows == 200


def test_without_columns_an_empty_one_is_not_in_the_file() -> None:
    masks = np.full((len(VARIABLES), 20), BLANK, np.uint8)
    masks[5] = YES
    assert [column.variable for column in recorded_in_masks(VARIABLES, masks).columns] == ["steroids"]
    assert len(recorded_in_masks(VARIABLES, masks, {1, 5}).columns) == 2


@pytest.mark.parametrize(
    ("columns", "profile"),
    [
        ([(90, 0, 910), (60, 0, 940)], "positives_only"),
        ([(90, 1, 909), (60, 1, 939)], "positives_only"),  # under 2 % of the filled cells
        ([(90, 9, 901), (95, 9, 896)], "positives_only"),  # as the profile itself states: 1 % of what is absent
        ([(90, 0, 910), (100, 900, 0)], "positives_only"),  # a register beside it that is complete
        ([(90, 0, 910), (100, 890, 10)], "positives_only"),
        ([(80, 180, 740), (80, 180, 740)], ""),  # 80 % of what is present, 20 % of what is absent
        ([(4, 36, 960), (4, 36, 960)], ""),  # little is asked, but either answer is written down
        ([(100, 890, 10), (100, 885, 15)], "form"),
        ([(100, 900, 0), (100, 900, 0)], ""),  # nothing is blank: a profile would change nothing
        ([(1000, 0, 0), (1000, 0, 0)], ""),  # all have the findings
        ([(100, 700, 200), (100, 700, 200)], ""),
        ([(0, 0, 1000)], ""),
        ([], ""),
    ],
)
def test_files_that_look_like_a_profile(columns: list[tuple[int, int, int]], profile: str) -> None:
    assert suspected(*columns) == profile


def test_a_file_too_small_to_tell_is_not_suspected() -> None:
    assert suspected(*[(3, 0, 6)] * 12) == ""  # 9 rows
    assert suspected(*[(4, 0, 6)] * 12) == "positives_only"
    assert suspected((29, 0, 971)) == ""  # 29 filled cells
    assert suspected((30, 0, 970)) == "positives_only"
    assert suspected(*[(1, 8, 0)] * 99, (1, 7, 1)) == ""
    assert suspected(*[(1, 9, 0)] * 99, (1, 8, 1)) == "form"
