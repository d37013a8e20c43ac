"""Metrics of probabilities against stored results, closed forms and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss

from riskmodel.errors import UsageError
from riskmodel.metrics import confusion, decision_curve, roc, summarise
from riskmodel.metrics.probabilities import brier, log_score
from tests.support.predictions import ACTED, RESULTS, P, Y, value

# ---- against other programs ------------------------------------------------------------------------


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(5)
    p, weight = rng.beta(0.5, 5, 900), rng.integers(0, 4, 900).astype(float)
    y = (rng.random(900) < p).astype(float)
    assert brier(y, p, weight) == pytest.approx(brier_score_loss(y, p, sample_weight=weight), rel=1e-14)
    assert log_score(y, p, weight) == pytest.approx(log_loss(y, p, sample_weight=weight), rel=1e-14)


@pytest.mark.parametrize("threshold", [0.02, 0.05, 0.1, 0.2, 0.35])
def test_net_benefit_is_that_of_another_program(threshold):
    table = decision_curve(Y, P, decisions={"acted": ACTED}, thresholds=[threshold]).set_index("strategy")[
        "net_benefit"
    ]
    theirs = {"model": "p", "acted": "acted", "act on everyone": "all", "act on nobody": "none"}
    for ours, name in theirs.items():
        assert table[ours] == pytest.approx(RESULTS["net_benefit"][name][str(threshold)], abs=1e-12)


def test_slope_and_intercept_are_those_of_another_program():
    found = summarise(Y, P, resamples=0)
    assert value(found, "calibration_slope") == pytest.approx(RESULTS["calibration_slope"], abs=1e-6)
    assert value(found, "calibration_intercept") == pytest.approx(RESULTS["calibration_intercept"], abs=1e-6)


def test_slope_and_intercept_maximise_the_likelihood():
    """Independently of any library for regression."""
    x = np.log(P / (1 - P))

    def loss(b):
        z = b[0] + b[1] * x
        return -(Y * z - np.logaddexp(0, z)).sum()

    found = summarise(Y, P, resamples=0)
    assert value(found, "calibration_slope") == pytest.approx(minimize(loss, [0, 1]).x[1], abs=1e-4)
    alone = minimize(lambda a: loss([a[0], 1.0]), [0.0]).x[0]
    assert value(found, "calibration_intercept") == pytest.approx(alone, abs=1e-4)


# ---- by hand ---------------------------------------------------------------------------------------


def test_probability_metrics_by_hand():
    y, p = np.array([1, 0, 0, 1.0]), np.array([0.8, 0.4, 0.1, 0.3])
    found = summarise(y, p, resamples=0)
    assert value(found, "brier") == pytest.approx((0.04 + 0.16 + 0.01 + 0.49) / 4)
    assert value(found, "scaled_brier") == pytest.approx(1 - 0.175 / 0.25)
    assert value(found, "log_score") == pytest.approx(-np.log([0.8, 0.6, 0.9, 0.3]).mean())
    assert value(found, "auc") == 0.75
    assert value(found, "average_precision") == pytest.approx((1 + 2 / 3) / 2)
    assert value(found, "observed_over_expected") == pytest.approx(2 / 1.6)


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_table_is_that_of_scikit_learn(pairs):
    y, acted = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    (tn, fp), (fn, tp) = confusion_matrix(y, acted, labels=[0, 1])
    found = confusion(y, acted)
    assert [found[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
    assert (
        found["sensitivity"] == pytest.approx(tp / (tp + fn), nan_ok=True)
        if tp + fn
        else np.isnan(found["sensitivity"])
    )


def test_roc_has_the_area_of_the_metric():
    line = roc(Y, P)
    assert np.trapezoid(line["tpr"], line["fpr"]) == pytest.approx(value(summarise(Y, P, resamples=0), "auc"))


# ---- outcomes known of some people only ------------------------------------------------------------


@pytest.mark.slow
def test_the_same_seed_gives_the_same_intervals():
    tables = [summarise(Y, P, resamples=20, seed=seed) for seed in (1, 1, 2)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_people_whose_outcome_is_unknown_are_left_out_and_counted():
    y = Y.copy()
    y[::3] = np.nan
    found = summarise(y, P, resamples=0)
    assert set(found["n"]) == {int((~np.isnan(y)).sum())}
    alone = summarise(y[~np.isnan(y)], P[~np.isnan(y)], resamples=0)
    assert found.drop(columns="warning").equals(alone.drop(columns="warning"))
    assert set(found["warning"]) == {f"outcome known in {(~np.isnan(y)).sum()} of {len(y)} people"}


@pytest.mark.parametrize(
    ("events", "warning"),
    [
        (0, "nobody has it"),
        (1, "only 1 event"),
        (9, "only 9 events"),
        (29, "only 29 events"),
        (30, ""),
        (100, "everybody has it"),
    ],
)
def test_few_events_are_a_warning(events, warning):
    y = np.r_[np.ones(events), np.zeros(100 - events)]
    found = summarise(y, np.linspace(0.9, 0.1, 100), resamples=10)
    assert set(found["warning"]) == {warning}
    if events in (0, 100):
        assert np.isnan(value(found, "auc"))
        assert np.isfinite(value(found, "brier"))


def test_nobody_known_is_no_number_but_a_warning():
    found = summarise(np.full(3, np.nan), np.full(3, 0.5), resamples=5)
    assert found["value"].isna().all()
    assert set(found["warning"]) == {"no outcome is known"}


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 2], [0.1, 0.2], "must be 0, 1, or NaN"),
        ([0, 1], [0.1, 1.2], r"probabilities in \[0, 1\]"),
        ([0, 1, 1], [0.1, 0.2], "of the same people"),
    ],
)
def test_bad_predictions_are_refused(y, p, message):
    with pytest.raises(UsageError, match=message):
        summarise(np.array(y, float), np.array(p))
