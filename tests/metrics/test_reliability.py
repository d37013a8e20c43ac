"""Calibration plots: bins, the smooth curve and its band."""

import numpy as np
import pytest
from scipy.optimize import minimize

from riskmodel.cohort import simulate
from riskmodel.metrics import reliability, smooth_reliability, summarise
from tests.support.predictions import P, Y, value


def test_reliability_bins_hold_everyone_and_their_mean():
    table = reliability(Y, P, bins=8)
    assert table["n"].sum() == len(Y)
    assert table["events"].sum() == Y.sum()
    assert np.average(table["predicted"], weights=table["n"]) == pytest.approx(P.mean())
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def restricted_cubic(x, knots):
    """Harrell's own columns: the variable and truncated cubes that are linear beyond the outer knots."""
    cube = lambda at: np.maximum(x - at, 0) ** 3  # noqa: E731
    last, before = knots[-1], knots[-2]
    bent = [
        cube(t) - cube(before) * (last - t) / (last - before) + cube(last) * (before - t) / (last - before)
        for t in knots[:-2]
    ]
    scale = (last - knots[0]) ** 2
    return np.column_stack([np.ones(len(x)), x, *(column / scale for column in bent)])


@pytest.mark.parametrize(("people", "knots"), [(4000, 5), (1000, 4), (500, 3)])
def test_the_smooth_curve_is_logistic_regression_on_a_restricted_cubic_spline(people, knots):
    """Against the columns written out by hand, fitted by scipy."""
    rng = np.random.default_rng(people)
    p = rng.beta(1, 8, people)
    y = (rng.random(people) < p**1.3).astype(float)
    curve = smooth_reliability(y, p)
    assert set(curve["knots"]) == {knots}
    x, shares = (
        np.log(p / (1 - p)),
        {5: (0.05, 0.275, 0.5, 0.725, 0.95), 4: (0.05, 0.35, 0.65, 0.95), 3: (0.1, 0.5, 0.9)},
    )
    order = np.argsort(x)
    running = np.cumsum((p * (1 - p))[order])
    at = np.array([x[order][np.searchsorted(running, share * running[-1])] for share in shares[knots]])
    columns = restricted_cubic(x, at)

    def loss(b):
        z = columns @ b
        return -(y * z - np.logaddexp(0, z)).sum()

    def slope(b):
        return columns.T @ (1 / (1 + np.exp(-columns @ b)) - y)

    found = minimize(loss, np.zeros(knots), jac=slope, method="BFGS", options={"gtol": 1e-7})
    grid = np.log(curve["predicted"] / (1 - curve["predicted"])).to_numpy()
    own = 1 / (1 + np.exp(-restricted_cubic(grid, at) @ found.x))
    assert np.allclose(curve["observed"], own, atol=1e-5)


@pytest.mark.parametrize(
    "roles", [("context", "risk_factor", "finding"), ("context", "risk_factor", "finding", "test")]
)
def test_the_band_of_the_smooth_curve_holds_the_diagonal(seeds, roles):
    """Outcomes drawn from the model's own probabilities: on average at least 90 % of the length, in 30 cohorts."""
    rng, held, names = np.random.default_rng(11), [], list(seeds.scoring.scorer.output_names)
    for _ in range(30):
        cases = simulate(seeds, 1000, rng, setting="emergency", missing=0.3, roles=roles)
        p = np.clip(seeds.scoring.compiled()(cases.masks).posterior.probability[names.index("any_serious")], 0, 1)
        curve = smooth_reliability((rng.random(len(p)) < p).astype(float), p)
        held.append(((curve["low"] <= curve["predicted"]) & (curve["predicted"] <= curve["high"])).mean())
    assert np.mean(held) >= 0.9


def test_the_smooth_curve_says_less_of_few_events():
    """A straight line below 20 events; a shift where the outcome is separated or all have one prediction."""
    x = np.linspace(-5, 0, 400)
    p = 1 / (1 + np.exp(-x))
    y = np.zeros(400)
    y[[150, 250, 300, 350, 380, 399]] = 1
    assert set(smooth_reliability(y, p)["knots"]) == {2}
    separated = (x > -0.1).astype(float)
    shifted = smooth_reliability(separated, p)
    assert set(shifted["knots"]) == {0}
    moved = np.log(shifted["observed"] / (1 - shifted["observed"])) - np.log(
        shifted["predicted"] / (1 - shifted["predicted"])
    )
    assert moved.to_numpy() == pytest.approx(value(summarise(separated, p, resamples=0), "calibration_intercept"))
    alike = smooth_reliability(y, np.full(400, 0.1))
    assert alike["observed"].to_numpy() == pytest.approx(y.mean())
