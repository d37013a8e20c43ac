"""Chains: the density they go through exactly, their draws against one conjugate posterior and one on a grid."""

import numpy as np
import pytest
from scipy import special, stats

from riskmodel.errors import UsageError
from riskmodel.synthesis.jointly.chain_check import beside_laplace, chain_lines, with_chain_intervals
from riskmodel.synthesis.jointly.chains import draw_jointly
from riskmodel.synthesis.jointly.fit import synthesise_jointly
from riskmodel.synthesis.jointly.mixing import r_hat_and_draws
from riskmodel.synthesis.jointly.standard import StandardPosterior
from tests.support.published import with_published

COMMON = 1e-3  # a spread so small that studies do not differ
EXPOSED = {"of": ["exposed=yes"], "events": 12, "n": 40}
FIRST = {"of": ["first=yes"], "events": 30, "n": 60}
LEVELS = np.array([0.025, 0.25, 0.5, 0.75, 0.975])
MOST_ERRORS = 3.5  # standard errors that the share of draws below an exact quantile may be wrong by


def fitted(tmp_path, rows):
    return synthesise_jointly(with_published(tmp_path, rows), typical_spread=COMMON)


def check_draws(draws, column, exact):
    """The shares of draws below exact quantiles are right, within the error of so many effective draws."""
    below = (draws.values[:, :, column, None] < exact).mean(axis=(0, 1))
    errors = np.sqrt(LEVELS * (1 - LEVELS) / draws.effective[column])
    assert (np.abs(below - LEVELS) < MOST_ERRORS * errors).all(), (below, errors)


def test_density_and_gradient_are_exact(tmp_path):
    target = StandardPosterior(fitted(tmp_path, [FIRST]).search.likelihood)
    z = np.random.default_rng(1).standard_normal((6, target.size))
    heights = target.heights(z)
    values = target.values(z)
    assert target.joint.values(target.coordinates(z)) == pytest.approx(values, abs=1e-12)
    share = values[:, 0] * values[:, 2] + (1 - values[:, 0]) * values[:, 1]
    exact = stats.binom.logpmf(30, 60, share) - 0.5 * (z**2).sum(axis=1)
    assert [height.value for height in heights] == pytest.approx(exact, abs=1e-3)  # the spread is small, not 0
    for at, height in zip(z, heights, strict=True):
        moves = 1e-4 * np.eye(target.size)
        up, down = (np.array([each.value for each in target.heights(at + side * moves)]) for side in (1, -1))
        assert height.slope == pytest.approx((up - down) / 2e-4, abs=1e-6)


def test_numbers_are_those_that_statements_are_drawn_from(tmp_path):
    target = StandardPosterior(fitted(tmp_path, [EXPOSED]).search.likelihood)
    z = np.zeros((3, target.size))
    z[:, 0] = special.ndtri([0.025, 0.5, 0.975])
    assert target.values(z)[:, 0] == pytest.approx(special.betaincinv(6, 14, [0.025, 0.5, 0.975]), abs=1e-10)


@pytest.mark.slow
def test_one_count_gives_the_beta_posterior(tmp_path):
    joint = fitted(tmp_path, [EXPOSED])
    draws = draw_jointly(joint.search.likelihood, chains=6, steps=100)
    assert draws.r_hat[[0, 2]].max() < 1.05
    assert draws.effective[[0, 2]].min() > 200
    check_draws(draws, 0, special.betaincinv(18, 42, LEVELS))
    check_draws(draws, 2, special.betaincinv(8, 12, LEVELS))  # of which the table tells nothing
    check = beside_laplace(joint, draws).set_index("statement").loc["s0"]
    assert abs(check[["off_low", "off_high"]]).max() < 0.3, "Laplace's interval is exact here"


@pytest.mark.slow
def test_statements_of_one_share_are_as_on_a_grid(tmp_path):
    draws = draw_jointly(fitted(tmp_path, [FIRST]).search.likelihood, chains=8, steps=120)
    grid = (np.arange(200) + 0.5) / 200
    exposed, no, yes = (stats.beta.logpdf(grid, a, b) for a, b in ((6, 14), (3, 17), (8, 12)))
    share = grid[:, None, None] * grid[None, None] + (1 - grid[:, None, None]) * grid[None, :, None]
    log_density = exposed[:, None, None] + no[None, :, None] + yes[None, None] + 30 * np.log(share * (1 - share))
    density = np.exp(log_density - log_density.max())
    for axis in range(3):
        alone = density.sum(axis=tuple({0, 1, 2} - {axis}))
        exact = np.interp(LEVELS, (np.cumsum(alone) - 0.5 * alone) / alone.sum(), grid)
        assert draws.r_hat[axis] < 1.05
        assert draws.effective[axis] > 120
        check_draws(draws, axis, exact)


def test_chains_give_the_intervals_of_the_set_that_is_written(tmp_path):
    joint = fitted(tmp_path, [EXPOSED])
    draws = draw_jointly(joint.search.likelihood, chains=2, steps=10)
    check = beside_laplace(joint, draws)
    assert list(check["statement"]) == ["s0"]
    with pytest.raises(UsageError, match=r"effective draws; allowed: up to 1\.05, and 100 or more"):
        with_chain_intervals(joint, check)
    written = with_chain_intervals(joint, check.assign(r_hat=1.0, effective=400.0)).model.priors.statement("s0")
    before = joint.model.priors.statement("s0")
    assert (written.value, written.informed) == (before.value, before.informed)
    assert [written.low, written.high] == pytest.approx([check["low"][0], check["high"][0]], rel=0.05)
    assert (written.low, written.high) != (before.low, before.high)
    assert "too short" in "\n".join(chain_lines(check, draws))
    with pytest.raises(UsageError, match="1 chains of 60 steps; allowed: 2 or more"):
        draw_jointly(joint.search.likelihood, chains=1)


def test_convergence_sees_chains_that_differ_and_draws_that_repeat():
    rng = np.random.default_rng(3)
    independent = rng.standard_normal((4, 1000))
    r_hat, effective = r_hat_and_draws(independent)
    assert r_hat < 1.01
    assert 3000 < effective < 5500
    assert r_hat_and_draws(independent + 2 * np.arange(4)[:, None])[0] > 1.5
    assert r_hat_and_draws(np.repeat(independent[:, :100], 10, axis=1))[1] < 700
    assert np.isnan(r_hat_and_draws(np.ones((4, 100)))).all()
