"""Outcomes known of some people only: corrected metrics."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import simulate, to_cases
from riskmodel.metrics import evaluate, judge
from riskmodel.metrics.verification import expected_outcomes


@pytest.fixture(scope="module")
def scanned(seeds):
    """12,000 people: the truth, and outcomes known of those the policy scans and of one in fifty of the others."""
    rng = np.random.default_rng(21)
    people = simulate(seeds, 12_000, rng, setting="emergency", missing=0.3, roles=("context", "risk_factor", "finding"))
    truth = to_cases(seeds, people, with_outcomes=True)
    imaged = judge(seeds, truth).actions["any imaging"] > 0
    known = truth.copy()
    conditions = [v.column for v in seeds.variables if v.role == "condition"]
    known.loc[~(imaged | (rng.random(len(truth)) < 0.02)), conditions] = ""
    return truth, known


@pytest.mark.slow
def test_metrics_of_those_examined_are_corrected_to_those_of_everyone(seeds, scanned):
    truth, known = (evaluate(seeds, cases, conditions=["malignancy", "fracture"], resamples=0) for cases in scanned)
    keys = ["condition", "decision", "metric"]
    both = truth.merge(known, on=keys, suffixes=("_true", "")).set_index(keys)
    for condition in ("malignancy", "fracture"):
        row = both.loc[(condition, "any imaging", "sensitivity")]
        assert row["value"] - 0.1 > row["value_true"]
        assert row["corrected"] == pytest.approx(row["value_true"], abs=0.08)
        assert row["correction"] == "model-imputed"
        assert both.loc[(condition, "any imaging", "acted_on"), "corrected"] == pytest.approx(
            both.loc[(condition, "any imaging", "acted_on"), "value_true"]
        )
        area = both.loc[(condition, "", "auc")]
        assert abs(area["corrected"] - area["value_true"]) < abs(area["value"] - area["value_true"])
    assert set(truth["correction"]) == {""}
    assert truth["corrected"].isna().all()
    assert known["warning"].str.contains("outcome known in .* of 12,000 people").all()


@pytest.mark.slow
def test_corrected_figures_have_intervals(seeds, scanned):
    cases = scanned[1].iloc[:4000]
    found = evaluate(seeds, cases, conditions=["malignancy"], resamples=20)
    row = found[(found["decision"] == "any imaging") & (found["metric"] == "sensitivity")].iloc[0]
    assert row["corrected_low"] < row["corrected"] < row["corrected_high"] < row["value"]


def test_expected_outcomes_are_moved_by_what_the_known_ones_show():
    """Among the known twice as many events as expected: the unknown are moved by the same log-odds."""
    rng = np.random.default_rng(2)
    p = rng.beta(1, 9, 30_000)
    y = (rng.random(30_000) < 1 / (1 + np.exp(-(np.log(p / (1 - p)) + 0.7)))).astype(float)
    y[rng.random(30_000) < p] = np.nan
    found = expected_outcomes(y, p)
    unknown = np.isnan(y)
    assert np.array_equal(found[~unknown], y[~unknown])
    found, p = found[unknown], p[unknown]
    moved = np.log(found / (1 - found)) - np.log(p / (1 - p))
    assert moved == pytest.approx(np.full(unknown.sum(), 0.7), abs=0.06)


def test_a_composite_of_which_one_part_is_known_present_is_expected_to_be(seeds):
    cases = pd.DataFrame({"infection": ["present", ""], "fracture": ["absent", "absent"], "malignancy": ["", ""]})
    judged = judge(seeds, cases.assign(cauda_equina="absent"), setting="emergency")
    assert judged.outcomes["any_serious"].isna().all()
    assert judged.recorded["any_serious"].iloc[0] == pytest.approx(1)
    assert judged.recorded["any_serious"].iloc[1] < 0.2
