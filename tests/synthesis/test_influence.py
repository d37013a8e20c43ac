"""What each study says by itself and with the others, and what the result is without it."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit, logit

from riskmodel.synthesis.influence import leave_one_out
from riskmodel.synthesis.next_setting import drawn_effects
from riskmodel.synthesis.quadrature import drawn_study_effects
from riskmodel.synthesis.regions import region_of_mean, region_of_next_setting
from riskmodel.synthesis.study_estimates import exact_interval, shrunken, weighted_quantiles
from tests.support.published_studies import ANTI_CCP, TELOMERASE


def pair(counts: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity and false-positive rate: events and people."""
    tp, fp, fn, tn = (np.array(counts[key], float) for key in ("tp", "fp", "fn", "tn"))
    return np.stack([tp, fp], axis=1), np.stack([tp + fn, fp + tn], axis=1)


def test_exact_intervals_are_those_of_scipy():
    events, totals = pair(TELOMERASE)
    ours = exact_interval(events, totals)
    for k, i in np.ndindex(*events.shape):
        interval = stats.binomtest(int(events[k, i]), int(totals[k, i])).proportion_ci(method="exact")
        np.testing.assert_allclose(ours[k, i], [interval.low, interval.high], atol=1e-12)


def test_a_study_in_the_light_of_the_others_is_the_integral():
    """One dimension, one parameter: the posterior of a study's effect by plain integration."""
    events, totals = np.array([[3.0]]), np.array([[10.0]])
    mean, root = np.full((20_000, 1), -0.4), np.full((20_000, 1, 1), 0.8)
    z = np.random.default_rng(1).standard_normal((20_000, 1, 1))
    effects, log_weight = drawn_study_effects(events, totals, mean, root, z)
    weight = np.exp(log_weight[:, 0])

    def density(x):
        return stats.binom.pmf(3, 10, expit(x)) * stats.norm.pdf(x, -0.4, 0.8)

    whole = integrate.quad(density, -8, 8)[0]
    expected = integrate.quad(lambda x: expit(x) * density(x), -8, 8)[0] / whole
    assert (weight @ expit(effects[:, 0, 0])) / weight.sum() == pytest.approx(expected, abs=2e-3)
    assert weight.mean() == pytest.approx(1, abs=0.01)  # normalised: the mean weight is the likelihood over itself


def test_estimates_lie_between_the_study_and_the_mean():
    events, totals = pair(ANTI_CCP)
    effects = drawn_effects(events, totals, draws=2000)
    estimate, share = shrunken(events, totals, effects)[..., 0], events / totals
    mean = effects.average()[:, 0]
    low, high = np.minimum(share, mean), np.maximum(share, mean)
    assert ((estimate >= low - 0.02) & (estimate <= high + 0.02)).mean() > 0.9
    pulled = np.abs(estimate - share)[:, 0]
    small, large = totals[:, 0] < 60, totals[:, 0] > 200
    assert pulled[small].mean() > pulled[large].mean()


@pytest.mark.slow
@pytest.mark.parametrize("counts", [TELOMERASE, ANTI_CCP], ids=["telomerase", "anti_ccp"])
def test_without_a_study_the_weighted_draws_are_those_of_a_fit(counts):
    events, totals = pair(counts)
    effects = drawn_effects(events, totals)
    without = leave_one_out(events, totals, effects)
    sd = effects.mean.std(axis=0)
    for k in (0, without.moves_most):
        rest = np.arange(len(events)) != k
        anew = drawn_effects(events[rest], totals[rest], seed=11)
        off = np.log(without.average[k] / (1 - without.average[k])) - np.log(anew.average() / (1 - anew.average()))
        assert np.abs(off[:, 0] / sd).max() < 0.15
        np.testing.assert_allclose(without.next_setting[k], anew.next_setting(), atol=0.03)


def test_draws_that_are_too_few_are_fitted_anew():
    """One study says the contrary of nine: the draws of all ten know little of the nine alone."""
    events = np.array([[5.0]] * 9 + [[98.0]])
    totals = np.full((10, 1), 100.0)
    effects = drawn_effects(events, totals, draws=2000)
    without = leave_one_out(events, totals, effects)
    assert without.moves_most == 9
    assert without.refitted[9]
    anew = drawn_effects(events[:9], totals[:9], draws=2000)
    np.testing.assert_allclose(without.average[9], anew.average(), atol=1e-9)
    middle = logit(anew.average()[0, 0]) - np.median(effects.mean[:, 0])
    assert without.shift[9, 0] == pytest.approx(middle / effects.mean[:, 0].std(), abs=1e-9)
    assert without.shift[9, 0] < -0.8


def test_weighted_quantiles_of_equal_weights_are_quantiles():
    values = np.random.default_rng(2).standard_normal(4001)
    tails = np.array([0.025, 0.5, 0.975])
    np.testing.assert_allclose(
        weighted_quantiles(values, np.full(4001, 0.3), tails), np.quantile(values, tails), atol=5e-3
    )


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_regions_hold_their_share_of_the_draws(level):
    events, totals = pair(TELOMERASE)
    effects = drawn_effects(events, totals)
    drawn = np.concatenate([effects.draw(np.random.default_rng(seed)) for seed in range(5)])
    cases = (
        (region_of_mean(effects, level), expit(effects.mean)),
        (region_of_next_setting(effects, level=level), drawn),
    )
    for region, pairs in cases:
        rows = np.abs(np.searchsorted(region.sensitivity, pairs[:, 0]))
        columns = np.abs(np.searchsorted(region.false_positive_rate, pairs[:, 1]))
        inside = region.density[np.minimum(rows, 159), np.minimum(columns, 159)] >= region.threshold
        assert inside.mean() == pytest.approx(level, abs=0.04)
