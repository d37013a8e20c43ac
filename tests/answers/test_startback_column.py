"""STarT Back beside the result: from files and frames, in both engines, and what contradicts itself is rejected."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from riskmodel.answers.output_columns import compiled_score, small_score
from riskmodel.cli import commands
from riskmodel.errors import CasesError, InferenceError
from tests.support.models import shipped

MODEL = shipped()
ITEMS = [f"startback_{number}" for number in range(1, 10)]


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"setting": ["primary_care"], **{name: [value] for name, value in columns.items()}})


@pytest.mark.parametrize(
    ("answers", "risk"),
    [
        ({}, ""),
        ({"startback_total": 3}, "low"),
        ({"startback_total": 6, "startback_psychosocial": 4}, "high"),
        ({"startback_total": "6", "startback_psychosocial": "3"}, "medium"),
        ({"startback_total": 6}, ""),
        (dict.fromkeys(ITEMS, 1), "high"),
        (dict.fromkeys(ITEMS, False), "low"),
        (dict.fromkeys(ITEMS[:4], "yes") | dict.fromkeys(ITEMS[4:], "no"), "medium"),
        ({**dict.fromkeys(ITEMS, 0), "startback_total": 0}, "low"),
    ],
)
def test_the_column(answers: dict[str, object], risk: str) -> None:
    scored = MODEL.score(frame(**answers))
    assert scored["startback_risk"].iloc[0] == risk
    without = MODEL.score(frame())
    probabilities = [name for name in scored if str(name).startswith("p_")]
    assert (scored[probabilities] == without[probabilities]).all(axis=None)  # a prognosis feeds no condition


def test_the_explanation_says_it_is_a_prognosis() -> None:
    answer = MODEL.explain(frame(startback_total=2, fever="yes"))
    assert answer.startback_risk == "low"
    assert "STarT Back; a prognosis" in str(answer)
    assert "STarT Back" in answer._repr_html_()
    assert "STarT Back" not in str(MODEL.explain(frame(fever="yes")))
    assert json.loads(json.dumps(answer.to_dict()))["startback_risk"] == "low"


@pytest.mark.parametrize(
    "answers",
    [
        {**dict.fromkeys(ITEMS, 1), "startback_total": 3},
        {"startback_total": 1, "startback_psychosocial": 4},
        {"startback_total": 9, "startback_psychosocial": 3},
        {**dict.fromkeys(ITEMS[4:], 1), "startback_psychosocial": 2},
    ],
)
def test_answers_that_contradict_each_other_are_refused(answers: dict[str, object]) -> None:
    with pytest.raises(InferenceError, match=r"STarT Back answers contradict each other: the items allow a total of"):
        MODEL.score(frame(**answers))
    with pytest.raises(InferenceError, match="contradict each other"):
        MODEL.explain(frame(**answers))


@pytest.mark.parametrize(("cell", "problem"), [("10", "outside the limits"), ("maybe", "not understood")])
def test_a_bad_cell_names_what_is_allowed(cell: str, problem: str) -> None:
    with pytest.raises(CasesError, match=problem):
        MODEL.score(frame(startback_total=cell))


def test_both_engines_give_the_same() -> None:
    rng = np.random.default_rng(2)
    rows = {variable.name: row for row, variable in enumerate(MODEL.variables)}
    masks = MODEL.scoring.scorer.blank(500, 1)
    for name in (*ITEMS, "startback_total", "startback_psychosocial"):
        states = len(MODEL.variables[rows[name]].states)
        known = (1 << rng.integers(0, states, 500)).astype(np.uint8)
        masks[rows[name]] = np.where(rng.random(500) < 0.2, known, masks[rows[name]])
    small, compiled = small_score(MODEL.scoring)(masks), compiled_score(MODEL.scoring)(masks)
    assert small.impossible == compiled.impossible
    assert len(small.impossible) > 10
    for one, other in zip(small.columns, compiled.columns, strict=True):
        if one.name == "startback_risk":
            assert np.array_equal(one.codes, other.codes)
            assert len(np.unique(one.codes)) == 4


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_have_the_columns_too(kind: str, tmp_path: Path) -> None:
    cases = pd.DataFrame({
        "case_id": ["a", "b", "c", "d"],
        "startback_total": pd.array([3, 7, None, 1], "Int64"),
        "startback_psychosocial": pd.array([None, 3, None, 4], "Int64"),
        "startback_1": pd.array([None, True, True, None], "boolean"),
    })  # fmt: skip
    path = tmp_path / f"cases.{kind}"
    cases.to_csv(path, index=False) if kind == "csv" else cases.to_parquet(path)
    done = CliRunner().invoke(
        commands, ["score", str(path), "-o", str(tmp_path / "out.csv"), "--setting", "primary_care"]
    )
    assert done.exit_code == 1  # one row is rejected
    scored = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [(row["case_id"], row["startback_risk"]) for row in scored] == [("a", "low"), ("b", "medium"), ("c", "")]
    assert "STarT Back answers contradict each other" in (tmp_path / "out.rejects.csv").read_text()
