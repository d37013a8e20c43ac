"""What a few studies say of the next setting."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from riskmodel.synthesis.next_setting import drawn_effects, root_of
from tests.support.published_studies import ANTI_CCP, CORONARY_CT, true_results


@pytest.mark.slow
def test_many_studies_leave_little_to_the_prior():
    """37 studies: the middle setting is the published one, and the next is far less sure."""
    drawn = drawn_effects(*true_results(ANTI_CCP))
    assert np.allclose(drawn.average()[:, 0], expit([0.6535, 3.109]), atol=0.005)
    assert np.allclose(drawn.average()[0, 1:], [0.600, 0.712], atol=0.012)  # of dtametaTMB
    assert np.allclose(drawn.next_setting()[0, 1:], [0.29, 0.90], atol=0.03)
    assert drawn.effective > 1000


@pytest.mark.slow
def test_a_pair_is_drawn_together():
    drawn = drawn_effects(*true_results(ANTI_CCP))
    together = stats.spearmanr(drawn.draw(np.random.default_rng(1))).statistic
    assert together == pytest.approx(-0.4, abs=0.1)  # the published correlation is -0.49; a prior around 0 draws it in


@pytest.mark.parametrize("events", [[[0, 0]], [[30, 0], [30, 50]], [[0, 50]] * 5, [[0, 0], [50, 50]]])
def test_zero_cells_are_taken_as_they_are(events):
    drawn = drawn_effects(np.array(events, float), np.full((len(events), 2), 50.0))
    low, high = drawn.next_setting()[:, 1:].T
    assert np.all((low >= 0) & (low < high) & (high <= 1))
    assert drawn.effective > 200


def test_one_rate_without_spread_has_the_interval_of_jeffreys():
    drawn = drawn_effects(np.array([[3.0]]), np.array([[40.0]]), spread_scale=1e-3, draws=20_000)
    assert np.allclose(drawn.next_setting()[0], stats.beta(3.5, 37.5).ppf([0.5, 0.025, 0.975]), atol=0.003)


def test_a_rare_event_of_one_study_is_not_drawn_towards_a_half():
    """On the logit scale the interval reaches as far above the study's rate as below it, but for the few events."""
    drawn = drawn_effects(np.array([[100.0]]), np.array([[100_000.0]]), draws=20_000)
    value, low, high = logit(drawn.next_setting()[0])
    assert value == pytest.approx(logit(0.001), abs=0.1)
    assert high - value == pytest.approx(value - low, rel=0.05)


@pytest.mark.slow
def test_the_spread_has_the_posterior_of_a_sum_over_a_grid():
    """One rate of three studies: mean and spread by brute force."""
    events, totals = np.array([[4.0], [15.0], [2.0]]), np.array([[40.0], [60.0], [50.0]])
    mean, spread = np.meshgrid(np.linspace(-7, 4, 221), np.linspace(0.005, 6, 240), indexing="ij")
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    log_posterior = -0.5 * (spread / 1.5) ** 2
    for event, total in zip(events[:, 0], totals[:, 0], strict=True):
        share = expit(mean[..., None] + spread[..., None] * z)
        sixth = (share * (1 - share)) ** (1 / 6)  # of a half event and a half person without it, for each study
        log_posterior += np.log((stats.binom.pmf(event, total, share) * sixth) @ weight)
    posterior = np.exp(log_posterior - log_posterior.max())
    drawn = drawn_effects(events, totals, draws=20_000)
    assert drawn.mean.mean() == pytest.approx((posterior * mean).sum() / posterior.sum(), abs=0.03)
    assert drawn.spread.mean() == pytest.approx((posterior * spread).sum() / posterior.sum(), abs=0.03)


def test_the_same_seed_gives_the_same_draws():
    first, second = (drawn_effects(*true_results(CORONARY_CT), seed=7, draws=200) for _ in range(2))
    assert np.array_equal(first.mean, second.mean)


@pytest.mark.slow
@pytest.mark.parametrize("studies", [2, 3, 4, 5])
def test_the_next_setting_lies_inside_as_often_as_is_said(studies):
    """100 simulated reviews, spread 0.3 to 1.2: no failure, and with all sizes together 92 % or more."""
    rng, inside = np.random.default_rng(studies), []
    for review in range(100):
        mean = logit([rng.uniform(0.1, 0.95), rng.uniform(0.02, 0.5)])
        root = root_of(rng.uniform(0.3, 1.2, (1, 2)), rng.uniform(-0.3, 0.7, 1))[0]
        true = expit(mean + rng.standard_normal((studies + 1, 2)) @ root.T)
        totals = np.stack([rng.integers(10, 120, studies), rng.integers(50, 600, studies)], axis=1)
        events = rng.binomial(totals, true[:studies]).astype(float)
        ends = drawn_effects(events, totals.astype(float), seed=review, draws=1000).next_setting()
        inside.append((ends[:, 1] <= true[-1]) & (true[-1] <= ends[:, 2]))
    share = np.mean(inside)
    assert share >= 0.92, f"{studies} studies: {100 * share:.1f} % of next settings inside"
