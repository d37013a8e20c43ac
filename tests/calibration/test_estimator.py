"""The classifier: scikit-learn's tools, unknown findings and outcomes, thresholds."""

import copy
import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict

import riskmodel as rm
from riskmodel.calibration.sklearn.labels import InputError
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import CasesError, UsageError
from riskmodel.metrics import summarise
from tests.support.scans import SCANS

FOUR = ["infection", "malignancy", "fracture", "cauda_equina"]
SETTING = "spine_clinic"


@pytest.fixture(scope="module")
def people(root):
    """900 people of the small network, half the findings and 40 % of the outcomes unknown."""
    model = rm.load("seeds", "plain", root)
    rng = np.random.default_rng(4)
    frame = to_cases(model, simulate(model, 900, rng, missing=0.5), with_outcomes=True).drop(columns="case_id")
    truth = frame[["first"]].eq("yes").astype(float)
    return frame.drop(columns=["first", "second"]), truth.mask(rng.random(truth.shape) < 0.4)


@pytest.fixture(scope="module")
def cases(seeds):
    people = simulate(seeds, 300, np.random.default_rng(1), setting=SETTING, missing=0.3)
    frame = to_cases(seeds, people, with_outcomes=True)
    conditions = [v.column for v in seeds.variables if v.role == "condition"]
    return frame.drop(columns=conditions), frame[FOUR].eq("present").astype(float)


def small(root, **options):
    return rm.RedFlagClassifier("seeds", "plain", root=root, **{"learn": "all", **options})


# ---- fitting ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fit_is_calibrate(root, people):
    X, Y = people
    fitted = small(root, prior_weight=0.5).fit(X, Y)
    cohort = X.assign(first=Y["first"].map({1.0: "yes", 0.0: "no"}))
    expected = rm.calibrate(rm.load("seeds", "plain", root), cohort, "all", prior_weight=0.5)
    assert np.array_equal(fitted.calibration_.table["posterior"], expected.table["posterior"])
    assert np.array_equal(fitted.predict_proba(X)[:, 0], expected.model.posterior(X.drop(columns="mri"))["first"])


@pytest.mark.slow
def test_unknown_outcomes_are_not_absent(root, people):
    X, Y = people
    taken = small(root).fit(X, Y).predict_proba(X).mean()
    as_absent = small(root).fit(X, Y.fillna(0)).predict_proba(X).mean()
    assert taken == pytest.approx(Y["first"].mean(), abs=0.04)
    assert as_absent < 0.75 * taken


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frame", "array", "series", "words", "booleans", "in X"])
def test_outcomes_of_every_kind_are_the_same(root, people, kind):
    X, Y = people
    known = Y["first"].notna().to_numpy()
    X, y = X[known].reset_index(drop=True), Y["first"][known].reset_index(drop=True)
    given = {
        "frame": (X, y.to_frame()),
        "array": (X, y.to_numpy()[:, None]),
        "series": (X, y),
        "words": (X, np.where(y == 1, "yes", "no")),
        "booleans": (X, y.to_numpy() == 1),
        "in X": (X.assign(first=y.map({1.0: "yes", 0.0: "no"})), None),
    }[kind]
    fitted = small(root, condition="first").fit(*given)
    assert np.array_equal(fitted.predict_proba(X), small(root, condition="first").fit(X, y).predict_proba(X))


def test_without_learning_it_is_the_model(seeds, cases):
    X, _ = cases
    fitted = rm.RedFlagClassifier(setting=SETTING, learn=None).fit(X)
    before = X.drop(columns=SCANS)
    assert np.array_equal(fitted.predict_proba(X), seeds.posterior(before, setting=SETTING)[FOUR])
    assert fitted.calibration_ is None


def test_a_model_of_one_s_own_can_be_given(seeds, cases):
    X, _ = cases
    edited = seeds.with_statement("find.fever.infection", value=0.2)
    fitted = clone(rm.RedFlagClassifier(edited, learn=None)).fit(X)
    assert np.array_equal(fitted.predict_proba(X), edited.posterior(X.drop(columns=SCANS))[FOUR])


def test_predictions_read_the_predictor_set(seeds, cases):
    X, Y = cases
    whole = rm.RedFlagClassifier(setting=SETTING, learn=None, predictors="all").fit(X)
    assert np.array_equal(whole.predict_proba(X), seeds.posterior(X, setting=SETTING)[FOUR])
    assert "mri" in whole.predictors_
    before = rm.RedFlagClassifier(setting=SETTING, learn=None).fit(X)
    assert "mri" not in before.predictors_
    assert before.score(X, Y) < whole.score(X, Y)
    with pytest.raises(UsageError, match="predictors: 'history_only' is not one of history, before_imaging, all"):
        rm.RedFlagClassifier(predictors="history_only").fit(X)


def test_outcomes_in_the_frame_are_never_read_by_predict(cases):
    X, Y = cases
    fitted = rm.RedFlagClassifier(learn=None).fit(X)
    assert np.array_equal(fitted.predict_proba(X.join(Y)), fitted.predict_proba(X))


@pytest.mark.slow
def test_rows_may_be_there_twice(root, people):
    """As in a bootstrap: the index names nobody."""
    X, Y = people
    rows = np.random.default_rng(0).integers(0, len(X), len(X))
    fitted = small(root).fit(X.iloc[rows], Y.iloc[rows])
    assert fitted.calibration_.converged


def test_columns_are_known_by_name(cases):
    X, _ = cases
    fitted = rm.RedFlagClassifier(learn=None).fit(X)
    expected = fitted.predict_proba(X[["fever", "setting"]])
    assert np.array_equal(fitted.predict_proba(X[["setting", "fever"]]), expected)
    bare = X[["setting", "fever"]].to_numpy()
    named = rm.RedFlagClassifier(learn=None, columns=["setting", "fever"]).fit(bare)
    assert np.array_equal(named.predict_proba(bare), expected)
    with pytest.raises(InputError, match="1 columns, but columns= names 2"):
        named.predict_proba(bare[:, :1])


# ---- predictions ------------------------------------------------------------------------------------------


def test_predict_is_at_the_policy_s_thresholds(seeds, cases):
    X, _ = cases
    fitted = rm.RedFlagClassifier(learn=None, setting="emergency").fit(X)
    p = fitted.predict_proba(X)
    for name in ("infection", "malignancy", "fracture"):
        column = list(fitted.conditions_).index(name)
        asked = [
            re.search(rf"p\({name}\) >= threshold\((\w+)\)", rule.when) for rule in seeds.policy.rules if rule.imaging
        ]
        at = min(seeds.policy.thresholds[threshold[1]].value for threshold in asked if threshold)
        assert np.array_equal(fitted.predict(X)[:, column], p[:, column] >= at)
        assert 0 < fitted.predict(X)[:, column].mean() < 1


def test_a_policy_without_thresholds_predicts_probabilities_only(cases):
    X, _ = cases
    fitted = rm.RedFlagClassifier(policy="healthusias", learn=None).fit(X)
    assert fitted.predict_proba(X).shape == (len(X), 4)
    with pytest.raises(UsageError, match="policy healthusias has no threshold"):
        fitted.predict(X)


@pytest.mark.slow
def test_labels_come_back_as_they_were_given(root, people):
    X, Y = people
    words = np.where(Y["first"] == 1, "yes", "no")
    fitted = small(root, condition="first").fit(X, words)
    assert set(fitted.predict(X)) == {"no", "yes"} == set(fitted.classes_)
    assert np.allclose(fitted.predict_proba(X).sum(axis=1), 1)


def test_set_output_gives_frames(cases):
    X, _ = cases
    fitted = rm.RedFlagClassifier(learn=None).fit(X)
    plain = fitted.predict_proba(X)
    X = X.set_index(X.index + 7)
    frame = fitted.set_output(transform="pandas").predict_proba(X)
    assert list(frame.columns) == FOUR == list(fitted.get_feature_names_out())
    assert list(frame.index) == list(X.index)
    assert np.array_equal(frame, plain)


def test_score_is_the_mean_log_score_of_known_outcomes(cases):
    X, Y = cases
    Y = Y.mask(np.random.default_rng(2).random(Y.shape) < 0.3)
    fitted = rm.RedFlagClassifier(learn=None, setting=SETTING).fit(X)
    p = fitted.predict_proba(X)
    each = [
        summarise(Y[name].to_numpy(), p[:, i], resamples=0).set_index("metric").loc["log_score", "value"]
        for i, name in enumerate(FOUR)
    ]
    assert fitted.score(X, Y) == pytest.approx(-np.mean(each))
    assert fitted.score(X.join(Y)) == fitted.score(X, Y)


# ---- scikit-learn's tools ---------------------------------------------------------------------------------


def test_parameters_are_set_read_and_cloned(cases):
    given = rm.RedFlagClassifier(condition="fracture", prior_weight=3, learn=None)
    assert given.get_params()["prior_weight"] == 3
    assert clone(given).get_params() == given.get_params()
    assert given.set_params(prior_weight=5).prior_weight == 5
    fitted = given.fit(cases[0])
    for copied in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):  # noqa: S301 - our own
        assert np.array_equal(copied.predict_proba(cases[0]), fitted.predict_proba(cases[0]))
    with pytest.raises(NotFittedError):
        clone(fitted).predict(cases[0])


@pytest.mark.slow
def test_cross_validated_predictions(root, people):
    X, Y = people
    folds = KFold(3)
    cohort = X.assign(first=Y["first"].map({1.0: "yes", 0.0: "no"}))
    found = cross_val_predict(small(root), cohort, cv=folds, method="predict_proba")
    expected = np.empty_like(found)
    for train, held in folds.split(X):
        expected[held] = small(root).fit(X.iloc[train], Y.iloc[train]).predict_proba(X.iloc[held])
    assert np.array_equal(found, expected)
    known = Y.fillna(0)
    assert cross_val_predict(small(root), X, known, cv=folds, method="predict_proba").shape == (len(X), 1)


def test_what_cross_validation_makes_of_unknown_outcomes_is_refused(root, people):
    """It recodes NaN as a third class before fit sees it: never to be taken for a label."""
    X, Y = people
    encoded = Y.fillna(2).astype(int)
    with pytest.raises(InputError, match="leave the outcomes in X"):
        small(root).fit(X, encoded)


@pytest.mark.slow
def test_probabilities_can_be_calibrated_further(root, people):
    X, Y = people
    known = Y["first"].notna()
    further = CalibratedClassifierCV(small(root, condition="first"), cv=3).fit(X[known], Y["first"][known])
    p = further.predict_proba(X)
    assert p.shape == (len(X), 2)
    assert p[known, 1].mean() == pytest.approx(Y["first"][known].mean(), abs=0.03)


@pytest.mark.slow
def test_the_weight_of_the_statements_can_be_searched(root, people):
    X, Y = people
    search = GridSearchCV(small(root), {"prior_weight": [0.01, 1, 1000]}, cv=KFold(3)).fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 3
    assert search.best_score_ == max(scores)
    assert search.best_estimator_.prior_weight in (0.01, 1, 1000)


@pytest.mark.slow
def test_a_heavier_prior_moves_less(cases):
    X, Y = cases
    moved = []
    for weight in (1, 100):
        table = rm.RedFlagClassifier(setting=SETTING, prior_weight=weight).fit(X, Y).calibration_.table
        moved.append(np.abs(np.log(table["posterior"] / table["prior"])).sum())
    assert moved[1] < 0.2 * moved[0]


# ---- bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, Y: (X.to_numpy(), Y), InputError, "without names: give a frame"),
        (lambda X, Y: (X.iloc[:0], Y.iloc[:0]), InputError, "no row"),
        (lambda X, Y: (X, Y.to_numpy()[:, :3]), InputError, r"Y must have 4 columns .*not of shape \(300, 3\)"),
        (lambda X, Y: (X, Y.iloc[:-1]), ValueError, "inconsistent numbers of samples"),
        (lambda X, Y: (X, Y.replace(1.0, 3.0)), InputError, "Y: infection has the value 3.0; allowed are 0, 1, absent"),
        (lambda X, Y: (X.join(Y), Y), InputError, "the outcome infection stands in X and in Y"),
        (lambda X, Y: (X, None), CasesError, "no outcome is known"),
        (lambda X, Y: (X.assign(fever="hot"), Y), CasesError, "fever: 'hot'"),
    ],
)
def test_bad_input_is_refused(cases, change, error, message):
    with pytest.raises(error, match=message):
        rm.RedFlagClassifier().fit(*change(*cases))


def test_an_unknown_condition_is_refused(cases):
    with pytest.raises(UsageError, match="did you mean 'fracture'"):
        rm.RedFlagClassifier(condition="fractur").fit(*cases)


@pytest.mark.slow
def test_an_odds_ratio_of_verification_reaches_the_fit(root, people):
    X, Y = people
    taken = small(root, verified_odds_ratio=(7, 3, 16), hold_verified_odds_ratio=True).fit(X, Y)
    assert taken.calibration_.verification.stated.value == 7
    assert taken.predict_proba(X).mean() < small(root).fit(X, Y).predict_proba(X).mean()
