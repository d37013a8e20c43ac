"""STarT Back: the published edges, missing items, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from riskmodel.decision.language.evaluate import Program
from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.vocabulary import Vocabulary
from riskmodel.decision.startback import COLUMNS, GROUPS, ITEMS, StartBackRows, only_group, score_startback
from riskmodel.errors import UsageError
from riskmodel.evidence.load import load_priors


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


# ---- coded answers: items, total and subscale, each known or missing ---------------------------------

VARIABLES = load_priors("seeds").variables
ROW = {variable.name: row for row, variable in enumerate(VARIABLES)}


def possible_by_enumeration(case: np.ndarray) -> int:
    """Bits of the groups of all complete answers that a case allows, counted one by one."""
    complete = np.array(list(itertools.product([0, 1], repeat=9)))
    bits = 0
    for answers in complete:
        total, subscale = int(answers.sum()), int(answers[4:].sum())
        fits = all(case[ROW[f"startback_{i}"]] >> answers[i - 1] & 1 for i in range(1, 10))
        for name, score in (("startback_total", total), ("startback_psychosocial", subscale)):
            variable = VARIABLES[ROW[name]]
            band = sum(edge <= score for edge in variable.lower_edges) - 1
            fits = fits and bool(case[ROW[name]] >> band & 1)
        if fits:
            bits |= 1 << ("low", "medium", "high").index(group(total, subscale))
    return bits


def coded(rng: np.random.Generator, cases: int) -> np.ndarray:
    """Cases with each answer known, half known or missing; a third of them without items."""
    masks = np.array([[variable.full_mask] * cases for variable in VARIABLES], np.uint8)
    for name in COLUMNS:
        full = VARIABLES[ROW[name]].full_mask
        single = 1 << rng.integers(0, len(VARIABLES[ROW[name]].states), cases)
        sets = rng.integers(1, full + 1, cases)
        masks[ROW[name]] = np.choose(rng.choice(3, cases, p=[0.4, 0.1, 0.5]), [single, sets, full])
    masks[[ROW[f"startback_{i}"] for i in range(1, 10)], ::3] = 3
    return masks


def test_coded_answers_by_enumeration() -> None:
    masks = coded(np.random.default_rng(5), 400)
    rows = StartBackRows.of(VARIABLES)
    assert rows is not None
    groups = rows.groups(masks)
    assert groups.tolist() == [possible_by_enumeration(case) for case in masks.T]
    assert {0, 1, 2, 4, 7} <= set(groups.tolist())


def test_items_give_what_the_scoring_of_items_gives() -> None:
    rng = np.random.default_rng(6)
    masks = coded(rng, 300)
    masks[[ROW["startback_total"], ROW["startback_psychosocial"]]] = [
        [VARIABLES[ROW[name]].full_mask] for name in ("startback_total", "startback_psychosocial")
    ]
    items = masks[[ROW[f"startback_{i}"] for i in range(1, 10)]]
    answers = by_item(np.select([items == 1, items == 2], [0.0, 1.0], np.nan).T)
    rows = StartBackRows.of(VARIABLES)
    assert rows is not None
    known = ["", *GROUPS]
    assert score_startback(answers).group.tolist() == [known[1 + code] for code in only_group(rows.groups(masks))]


def test_a_network_without_the_columns_has_no_prognosis() -> None:
    assert StartBackRows.of([variable for variable in VARIABLES if variable.name != "startback_3"]) is None
    node, faults = parse("startback_risk == low", Vocabulary(VARIABLES[:5]))
    assert node is None
    assert "unknown variable" in faults[0].received


@pytest.mark.parametrize(
    ("text", "known", "value"),
    [
        ("startback_risk == low", {"startback_total": 2}, "T"),
        ("startback_risk == low", {"startback_total": 5}, "F"),
        ("startback_risk >= medium", {"startback_total": 5}, "T"),
        ("startback_risk == high", {"startback_total": 5}, "?"),
        ("startback_risk == high", {"startback_total": 8}, "T"),  # a total of 8 needs 4 psychosocial items
        ("startback_risk in {low, medium}", {"startback_psychosocial": 3}, "T"),
        ("startback_risk == low", {}, "?"),
        ("not startback_risk == high", {"startback_psychosocial": 2}, "T"),
    ],
)
def test_the_word_of_policies(text: str, known: dict[str, int], value: str) -> None:
    node, faults = parse(text, Vocabulary(VARIABLES))
    assert node is not None, faults
    masks = np.array([[variable.full_mask] for variable in VARIABLES], np.uint8)
    for name, score in known.items():
        masks[ROW[name]] = 1 << (sum(edge <= score for edge in VARIABLES[ROW[name]].lower_edges) - 1)
    program = Program.of([node])
    truth = program.findings(masks)[program.slots[node]]
    assert ("T" if truth.true[0] else "F" if truth.false[0] else "?") == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("startback_risk", "by itself says nothing"),
        ("startback_risk == lo", "did you mean 'low'?"),
        ("startback_risc == low", "did you mean 'startback_risk'?"),
    ],
)
def test_wrong_uses_of_the_word(text: str, problem: str) -> None:
    node, faults = parse(text, Vocabulary(VARIABLES))
    assert node is None
    assert problem in faults[0].received
