"""STarT Back: the published edges, missing items, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from riskmodel.decision.startback import ITEMS, score_startback
from riskmodel.errors import UsageError


def group(total: int, subscale: int) -> str:
    """The published rule, for one person without missing items."""
    if total <= 3:
        return "low"
    return "high" if subscale >= 4 else "medium"


def by_item(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {item: rows[:, column] for column, item in enumerate(ITEMS)}


def test_all_complete_answers() -> None:
    rows = np.array(list(itertools.product([0, 1], repeat=9)))
    result = score_startback(by_item(rows))
    assert np.array_equal(result.total, rows.sum(axis=1))
    assert np.array_equal(result.subscale, rows[:, 4:].sum(axis=1))
    expected = [group(row.sum(), row[4:].sum()) for row in rows]
    assert result.group.tolist() == expected
    assert set(expected) == {"low", "medium", "high"}


def test_missing_items_by_enumeration() -> None:
    """A group is given exactly when every completion gives it."""
    rows = np.array(list(itertools.product([0.0, 1.0, np.nan], repeat=9)))
    found = score_startback(by_item(rows))
    complete = np.array(list(itertools.product([0, 1], repeat=9)))
    groups = np.array([group(row.sum(), row[4:].sum()) for row in complete])
    for row, one, total in zip(rows[::37], found.group[::37], found.total[::37], strict=True):
        fits = (np.isnan(row) | (complete == row)).all(axis=1)
        possible = set(groups[fits])
        assert one == (possible.pop() if len(possible) == 1 else "")
        assert np.isnan(total) == np.isnan(row).any()


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_values_and_missing_items_are_the_same(missing: float | None) -> None:
    answers: dict[str, object] = dict.fromkeys(ITEMS, True)
    answers["fear"] = missing
    without = {item: value for item, value in answers.items() if item != "fear"}
    assert score_startback(answers).group == score_startback(without).group == "high"  # type: ignore[arg-type]


def test_scalars_and_lists_with_none() -> None:
    result = score_startback({item: [True, None] for item in ITEMS})
    assert result.group.tolist() == ["high", ""]
    assert score_startback(dict.fromkeys(ITEMS, False)).group.shape == ()


@pytest.mark.parametrize("answer", [2, "yes", "1", [0, 1, 3], [None, "x"], -1, 0.5])
def test_refused_answers(answer: object) -> None:
    with pytest.raises(UsageError, match="walking: an answer is true or false"):
        score_startback(dict.fromkeys(ITEMS, False) | {"walking": answer})  # type: ignore[dict-item]


def test_refused_items() -> None:
    with pytest.raises(UsageError, match=r"no item 'mood' \(did you mean 'low_mood'\?\)"):
        score_startback({"mood": True})
