"""Cohorts that cannot be fitted are refused, with the reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel.calibration import calibrate
from riskmodel.calibration.fit import fit_coded
from riskmodel.errors import CasesError, OutputError, UsageError
from tests.support.tabular import TRUTH, simulate, tabular


def cases(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"setting": ["emergency"] * 4, **columns})


OUTCOME = ["present", "absent", "absent", ""]
FEVER = ["yes", "no", "", "no"]
NOBODY, EVERYBODY = ["absent", "absent", "", ""], ["present", "present", "", ""]
GOOD = cases(infection=OUTCOME, fever=FEVER)
TWICE = cases(case_id=list("abcc"), infection=NOBODY, fever=["", "", "no", "no"])
ELSEWHERE = {"learn": "base.infection.spine_clinic"}


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (cases(fever=FEVER), {}, "no outcome is known: .*one of the columns infection, malignancy"),
        (cases(fever=FEVER, infection=[""] * 4), {}, "no outcome is known"),
        (cases(fever=FEVER, infection=NOBODY), {}, r"one class: nobody has infection \(known in 2\)"),
        (cases(fever=FEVER, infection=EVERYBODY), {}, "infection has one class: .*Blank cells are unknown"),
        (cases(infection=OUTCOME), {}, "no modelled finding is known"),
        (cases(infection=OUTCOME, fever=["yes", "maybe", "", ""]), {}, "maybe"),
        (GOOD.assign(case_id=list("aabc")), {}, "'a' stands in 2 rows, which contradict each other"),
        (TWICE, {}, "'c' stands in 2 rows, all the same"),
        (GOOD.iloc[:0], {}, "no row"),
        (GOOD, ELSEWHERE, "nothing can move: the cohort says nothing about base.infection.spine_clinic.*emergency"),
        (GOOD, {"learn": "feever"}, "neither base_rates"),
        (GOOD, {"learn": 5}, "learn: 5 is no text; give base_rates, findings, .*or ids of statements"),
        (GOOD, {"learn": None}, "learn: None is no text"),
        (GOOD, {"learn": ["base_rates", 5]}, "learn: 5 is no text"),
        (GOOD, {"outcomes": "ignore"}, "did you mean 'ignorable'"),
        (GOOD, {"outcomes": None}, "outcomes: None is not one of ignorable"),
        (GOOD, {"prior_weight": None}, "prior_weight must be a number of 0 or more, not None"),
        (GOOD, {"prior_weight": -1.0}, "prior_weight must be"),
        (GOOD, {"prior_weight": float("nan")}, "prior_weight must be"),
    ],
)  # fmt: skip
def test_bad_cohorts_are_refused(seeds, frame, options, message):
    with pytest.raises((CasesError, UsageError), match=f"(?s){message}"):
        calibrate(seeds, frame, **options)


def test_impossible_rows_are_named(tmp_path):
    never = {**TRUTH, ("scan=abnormal", "second=no"): 0.0}
    model = tabular(tmp_path, never)
    masks = simulate(model.priors, 50, np.random.default_rng(1))
    rows = {v.name: i for i, v in enumerate(model.variables)}
    masks[rows["second"], 7], masks[rows["scan"], 7] = 1, 2
    with pytest.raises(CasesError, match=r"cannot be, under the model:\n  'p7'$"):
        fit_coded(model, [f"p{i}" for i in range(50)], masks)


def test_a_fit_that_cannot_move(tmp_path):
    model = tabular(tmp_path, {**TRUTH, ("scan=abnormal", "second=no"): 0.0})
    masks = simulate(model.priors, 50, np.random.default_rng(1))
    with pytest.raises(UsageError, match="nothing can move"):
        fit_coded(model, range(50), masks, "s13")


@pytest.mark.slow
def test_nothing_is_written_when_nothing_moved_or_it_cannot_be(seeds, rates, tmp_path):
    still = calibrate(seeds, cases(infection=OUTCOME, fever=["", "", "no", ""]), "find.fever.none")
    assert (still.table["verdict"] == "unchanged").all()
    assert still.model.priors is seeds.priors
    with pytest.raises(UsageError, match="nothing was written"):
        still.write(tmp_path / "still.toml")
    with pytest.raises(OutputError, match="cannot be written"):
        rates.write(tmp_path / "nowhere" / "set.toml")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_notes_tell_of_outcomes_that_say_little(seeds, people):
    frame = people.drop(columns=["setting", "cauda_equina"]).assign(inflammatory=["absent"] * 500 + [""] * 200)
    notes = "\n".join(calibrate(seeds, frame, "base_rates", setting="emergency").notes)
    assert "nobody has inflammatory" in notes
    assert "no outcome is known of cauda_equina" in notes
