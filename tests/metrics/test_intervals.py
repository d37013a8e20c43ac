"""Intervals hold the truth as often as they say, also with few events."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from riskmodel.metrics import decision_curve, summarise
from riskmodel.metrics.area import auc_interval
from riskmodel.metrics.summary import summarise_decision
from tests.support.predictions import P, Y

# ---- intervals and warnings ------------------------------------------------------------------------


@pytest.mark.slow
def test_bootstrap_intervals_cover_the_truth():
    """O/E of a calibrated model is 1: of 60 samples about 95 % of the intervals say so."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.beta(1, 4, 300)
        row = summarise_decision((rng.random(300) < p).astype(float), (p > 0.3).astype(float), resamples=200, seed=seed)
        row = row.set_index("metric").loc["ppv"]
        large = np.random.default_rng(99).beta(1, 4, 400_000)
        held += row["low"] <= large[large > 0.3].mean() <= row["high"]
    assert held >= 52


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["alike", "skewed"])
def test_the_interval_of_the_area_holds_the_truth_at_eight_events(kind):
    """Of 300 samples the 95 % intervals hold the true area in at least 90 %; bootstrap percentiles in 70 to 80 %."""
    rng, held = np.random.default_rng(6), 0
    truth = 0.9
    for _ in range(300):
        if kind == "alike":  # normal scores
            others, cases = rng.normal(0, 1, 300), rng.normal(norm.ppf(truth) * np.sqrt(2), 1, 8)
        else:  # exponential ones, of which the area has a closed form
            others, cases = rng.exponential(1, 300), rng.exponential(truth / (1 - truth), 8)
        p = np.concatenate([cases, others])
        p = (p - p.min()) / np.ptp(p)
        row = summarise(np.r_[np.ones(8), np.zeros(300)], p, resamples=2).set_index("metric").loc["auc"]
        held += row["low"] <= truth <= row["high"]
    assert held >= 0.9 * 300


def test_the_interval_of_the_area_is_newcombe_s():
    """Its ends are the areas that lie a normal quantile of their own standard errors away."""
    low, high = auc_interval(0.8, 12, 90)
    for end in (low, high):
        q1, q2 = end / (2 - end), 2 * end**2 / (1 + end)  # Hanley and McNeil, with both groups of the mean size
        size = (12 + 90) / 2
        variance = (end * (1 - end) + (size - 1) * (q1 + q2 - 2 * end**2)) / (12 * 90)
        assert abs(0.8 - end) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)
    assert auc_interval(1.0, 5, 100)[1] == 1
    assert 0.6 < auc_interval(1.0, 5, 100)[0] < 0.95
    assert np.isnan(auc_interval(np.nan, 0, 10)).all()


# ---- a model against a cohort ----------------------------------------------------------------------


def test_a_share_of_one_still_has_an_interval():
    """Five found of five is not certainty; no resample would hold one who was missed."""
    y, acted = np.r_[np.ones(5), np.zeros(95)], np.r_[np.ones(15), np.zeros(85)]
    row = summarise_decision(y, acted, resamples=50).set_index("metric").loc["sensitivity"]
    assert (row["value"], row["high"]) == (1, 1)
    assert row["low"] == pytest.approx(5 / (5 + 1.959964**2))  # Wilson's bound, by hand
    assert row["warning"] == "only 5 events"


def test_intervals_of_a_decision_curve_are_those_of_the_mean():
    """Net benefit is a mean over people: its bootstrap has the standard error of a mean."""
    table = decision_curve(Y, P, thresholds=[0.1], resamples=2000).set_index("strategy").loc["model"]
    acted = P >= 0.1
    each = np.where(acted, np.where(Y == 1, 1.0, -0.1 / 0.9), 0.0)
    width = 2 * 1.96 * each.std() / np.sqrt(len(Y))
    assert table["high"] - table["low"] == pytest.approx(width, rel=0.1)
    assert (table["n"], table["events"]) == (len(Y), Y.sum())


@pytest.mark.parametrize("events", [0, 1, 5])
def test_few_events_have_an_exact_interval_of_observed_over_expected(events):
    """The bootstrap gave 0 to 0 without an event, and an upper end below 1 with one."""
    y, p = np.r_[np.ones(events), np.zeros(300 - events)], np.full(300, 2 / 300)
    row = summarise(y, p, resamples=50).set_index("metric").loc["observed_over_expected"]
    for end, tail in (("low", poisson.sf(events - 1, row["low"] * 2)), ("high", poisson.cdf(events, row["high"] * 2))):
        assert tail == pytest.approx(0.025) or (end == "low" and events == 0 and row["low"] == 0)


def test_a_slope_of_few_events_has_no_interval():
    rng = np.random.default_rng(3)
    p = rng.beta(1, 60, 400)
    y = np.zeros(400)
    y[np.argsort(-p)[[3, 40, 90, 200]]] = 1
    row = summarise(y, p, resamples=50).set_index("metric").loc["calibration_slope"]
    assert np.isfinite(row["value"])
    assert np.isnan(row[["low", "high"]].astype(float)).all()
