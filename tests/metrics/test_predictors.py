"""What a prediction may read."""

import shutil

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.errors import UsageError
from riskmodel.metrics import PREDICTOR_SETS, evaluate, judge, policy_curves, predictors_of
from tests.support.predictions import value
from tests.support.scans import SCANS


@pytest.mark.parametrize(
    ("predictors", "unread"),
    [
        ("history", ["esr_mm_h", "crp_mg_l", "bladder_volume_ml", *SCANS]),
        ("before_imaging", SCANS),
        ("all", []),
    ],
)
def test_a_prediction_reads_its_predictor_set_and_nothing_else(seeds, cohort, predictors, unread):
    outcomes = [v.column for v in seeds.variables if v.role == "condition"]
    expected = seeds.posterior(cohort.drop(columns=[*unread, *outcomes]))
    judged = judge(seeds, cohort, predictors=predictors)
    assert judged.predictors == predictors
    assert np.array_equal(judged.probabilities[expected.columns], expected)
    columns = {v.column for v in seeds.variables if v.name in predictors_of(seeds, predictors)}
    assert columns == {v.column for v in seeds.variables} - {*unread, *outcomes}


def test_what_is_not_asked_for_is_judged_before_imaging(seeds, cohort):
    """Scans make the diagnoses that they would be said to predict: .98 with them, .88 without."""
    area = {
        which: value(evaluate(seeds, cohort, conditions=["any_serious"], resamples=0, **which_one), "auc")
        for which, which_one in {
            "default": {}, **{name: {"predictors": name} for name in PREDICTOR_SETS},
        }.items()
    }  # fmt: skip
    assert area["default"] == area["before_imaging"]
    assert area["history"] <= area["before_imaging"] + 0.02 < area["all"] - 0.05


def test_a_policy_is_judged_on_what_was_known_before_it_asked(seeds, cohort):
    """A scan that was done is not asked for again: shown its result, the policy would seem to miss who had it."""
    scanned = seeds.score(cohort.drop(columns=[v.column for v in seeds.variables if v.role == "condition"]))
    blamed = scanned["imaging"] != ""
    acted = {which: judge(seeds, cohort, predictors=which).actions for which in PREDICTOR_SETS}
    ill = (cohort[["infection", "malignancy", "fracture", "cauda_equina"]] == "present").any(axis=1)
    assert acted["all"]["any imaging"][ill].mean() > blamed[ill].mean() + 0.1
    for action in ("any imaging", "mri"):
        assert np.array_equal(acted["all"][action], acted["before_imaging"][action])
    untested = cohort.drop(columns=["esr_mm_h", "crp_mg_l", "bladder_volume_ml", *SCANS])
    outcomes = [v.column for v in seeds.variables if v.role == "condition"]
    tests = seeds.score(untested.drop(columns=outcomes))["tests"] != ""
    for which in PREDICTOR_SETS:
        assert np.array_equal(acted[which]["any test"], tests.to_numpy(float))


def test_imaging_is_what_the_pathways_list_so(seeds, cohort, tmp_path):
    """Which tests are imaging is read from data: an X-ray that is listed as done at the bedside is known before."""
    root = tmp_path / "priors"
    shutil.copytree(seeds.root, root)
    file = root / "pathways.toml"
    text = file.read_text()
    text = text.replace('imaging = ["xray", "ct", "mri"]', 'imaging = ["ct", "mri"]')
    file.write_text(text.replace('bedside = ["bladder_scan"]', 'bedside = ["bladder_scan", "xray"]'))
    assert "xray" in predictors_of(rm.load(root=root))
    assert "xray" not in predictors_of(seeds)
    file.unlink()  # without it, what the policy asks for as imaging
    assert set(predictors_of(rm.load(root=root))) == set(predictors_of(seeds))


@pytest.mark.parametrize("ask", [judge, evaluate, policy_curves])
def test_an_unknown_predictor_set_is_refused(seeds, cohort, ask):
    with pytest.raises(UsageError, match=r"predictors: 'before_imagin' is not one of .*did you mean 'before_imaging'"):
        ask(seeds, cohort, predictors="before_imagin")
