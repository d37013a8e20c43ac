"""The report card on scans that make the diagnosis, and on outcomes that are known of some people only."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.calibration.fit import fit_coded
from riskmodel.cohort import simulate, to_cases
from riskmodel.metrics import PREDICTOR_SETS, evaluate, judge_coded
from riskmodel.pages.render import files
from riskmodel.report.card.card import card
from riskmodel.report.card.validation import ValidatedFit
from tests.support.cards import MODEL

pytestmark = pytest.mark.slow

PEOPLE = 3000


@pytest.fixture(scope="module")
def cohort():
    """Everything assessed in an emergency department; the outcome known of those whom the policy scans."""
    rng = np.random.default_rng(5)
    truth = to_cases(MODEL, simulate(MODEL, PEOPLE, rng, setting="emergency", missing=0.3), with_outcomes=True)
    masks = MODEL.code(truth, setting="emergency", known_outcomes=True)
    imaged = judge_coded(MODEL, masks, range(PEOPLE)).actions["any imaging"] > 0
    known = truth.copy()
    known.loc[~imaged, [v.column for v in MODEL.variables if v.role == "condition"]] = ""
    return truth, known


def pages_of(cases: pd.DataFrame) -> dict[str, str]:
    """A card on people judged by the model as it is, before and after alike."""
    masks, names = MODEL.code(cases, setting="emergency", known_outcomes=True), list(cases["case_id"])
    fitted = fit_coded(MODEL, names, masks, "base_rates", name="test")
    shown = {which: judge_coded(MODEL, masks, names, which) for which in PREDICTOR_SETS}
    own = shown["before_imaging"]
    return files(card(ValidatedFit(fitted, masks, own, own, folds=2, resamples=5, shown=shown)))


def table(pages: dict[str, str], name: str) -> pd.DataFrame:
    return pd.read_csv(pd.io.common.StringIO(pages[f"tables/{name}.csv"]))


@pytest.fixture(scope="module")
def whole(cohort):
    return pages_of(cohort[0])


@pytest.fixture(scope="module")
def verified(cohort):
    return pages_of(cohort[1])


def test_the_card_shows_performance_with_and_without_scans(cohort, whole):
    shown = table(whole, "predictor_sets").set_index(["condition", "metric", "predictors"])
    for which in PREDICTOR_SETS:
        found = evaluate(MODEL, cohort[0], conditions=["any_serious"], predictors=which, resamples=0)
        area = found[(found["decision"] == "") & (found["metric"] == "auc")]["value"].item()
        assert shown.loc[("any serious disease", "AUC", which.replace("_", " ")), "value"] == pytest.approx(area)
    performance = table(whole, "performance").set_index(["condition", "metric"])
    before = shown.loc[("any serious disease", "AUC", "before imaging"), "value"]
    assert performance.loc[("any serious disease", "AUC"), "value_after"] == pytest.approx(before)
    assert "Incorporation bias" in whole["report.html"]
    assert "a scan (X-ray, CT and MRI)" in whole["report.html"]


def test_figures_of_everyone_stand_beside_those_of_the_verified(cohort, verified):
    shown = table(verified, "verification").set_index(["condition", "decision", "metric"])
    row = shown.loc[("any serious disease", "any imaging", "sensitivity")]
    assert row["value"] == 1
    truth = evaluate(MODEL, cohort[0], conditions=["any_serious"], resamples=0).set_index(["decision", "metric"])
    assert row["corrected"] == pytest.approx(truth.loc[("any imaging", "sensitivity"), "value"], abs=0.07)
    assert "partial verification" in verified["report.html"]
    assert f"of {PEOPLE:,} people. Among them the policy asks for" in verified["report.html"]


def test_the_card_is_silent_on_verification_where_every_outcome_is_known(whole):
    assert "tables/verification.csv" not in whole
    assert "partial verification" not in whole["report.html"]


def test_the_card_shows_what_other_odds_ratios_of_verification_would_mean(cohort):
    """Outcomes of those whom the policy scans: nobody else had a chance, so that disease can have decided little."""
    masks, names = MODEL.code(cohort[1], setting="emergency", known_outcomes=True), list(cohort[1]["case_id"])
    learn = ["base.infection.emergency", "base.fracture.emergency"]
    fitted = fit_coded(MODEL, names, masks, learn, tipping=True)
    own = judge_coded(MODEL, masks, names, "before_imaging")
    shown = dict.fromkeys(PREDICTOR_SETS, own)
    pages = files(card(ValidatedFit(fitted, masks, own, own, folds=2, resamples=5, shown=shown)))
    tipping = table(pages, "who_was_verified")
    assert sorted(set(tipping["odds_ratio"])) == [0.1, 0.2, 0.5, 1, 2, 5, 10]
    at_one = tipping[tipping["odds_ratio"] == 1].set_index("statement")
    np.testing.assert_allclose(
        at_one["posterior"], fitted.table.set_index("statement")["posterior"][at_one.index], rtol=1e-3
    )
    bounds = table(pages, "verification_bounds").set_index("condition")
    infected = MODEL.variables.index(MODEL.priors.variable("infection"))
    present, unknown = ((masks[infected] == code).sum() for code in (2, 3))
    assert bounds.loc["infection", ["present", "unknown"]].tolist() == [present, unknown]
    assert bounds.loc["infection", "lowest"] == pytest.approx(present / len(names))
    assert bounds.loc["infection", "highest"] == pytest.approx((present + unknown) / len(names))
    assert "If disease decided who was examined" in pages["report.html"]
    assert "would be learnt if" in pages["report.md"]
    assert "who_was_verified" not in "".join(pages_of(cohort[0]))
