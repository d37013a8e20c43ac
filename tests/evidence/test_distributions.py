"""Each statement is drawn as its numbers say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskmodel.evidence.design import latin_hypercube
from riskmodel.evidence.distributions import (
    draw_values,
    equivalent_sample_size,
    interval_sd,
    interval_sides,
    joint_distributions,
    spread,
)
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import Priors, Statement
from riskmodel.evidence.scale import Z95
from riskmodel.evidence.shares import solve_sticks
from tests.support.drawn import SETS, chosen, logit

MANY = 1 << 14  # for moments


@pytest.fixture(scope="module")
def many() -> tuple[Priors, np.ndarray]:
    priors = load_priors("seeds")
    return priors, draw_values(priors, MANY, np.random.default_rng(2))


def alone(priors: Priors) -> list[tuple[int, Statement]]:
    """Statements that are drawn by themselves, with their places."""
    statements = chosen(priors)
    joint = {i for members in joint_distributions(statements) for i in members}
    return [(i, statement) for i, statement in enumerate(statements) if i not in joint]


def test_intervals_give_the_median_and_both_ends(many):
    """Split logit-normal and log-normal: the median is the value, and the stated ends are the 95 % interval."""
    priors, values = many
    kinds, skewed = set(), 0
    for i, statement in alone(priors):
        shape = spread(statement, priors.prior_set)
        if shape.kind not in ("logit_normal", "log_normal"):
            continue
        kinds.add(shape.kind)
        scale = np.log if shape.kind == "log_normal" else logit
        low, middle, high = scale(np.quantile(values[1:, i], [0.025, 0.5, 0.975]))
        below, above = interval_sides(statement)
        assert shape.sides == (below, above)
        assert middle == pytest.approx(scale(statement.value), abs=0.01 * interval_sd(statement))
        assert (middle - low, high - middle) == pytest.approx((Z95 * below, Z95 * above), rel=0.02)
        if (statement.low > 0 and statement.high < 1) or shape.kind == "log_normal":
            assert (low, high) == pytest.approx((scale(statement.low), scale(statement.high)), abs=0.05 * below)
        skewed += not 0.8 < below / above < 1.25
    assert kinds == {"logit_normal", "log_normal"}
    assert skewed > 10


def test_a_skewed_interval_is_drawn_as_stated():
    """A ratio of 10 (3 to 13) was once drawn as 4.8 to 20.8."""
    skewed = {"risk.fracture.trauma_major": {"value": 10.0, "low": 3.0, "high": 13.0}}
    priors = with_overrides(load_priors("seeds"), skewed)
    values = draw_values(priors, MANY, np.random.default_rng(2))
    i = next(i for i, statement in alone(priors) if statement.id in skewed)
    np.testing.assert_allclose(np.quantile(values[1:, i], [0.025, 0.5, 0.975]), [3.0, 10.0, 13.0], rtol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_draws_hold_every_stated_interval(name):
    """Of 64 shares 23 once held theirs in under 93 % of the draws, the worst in 56 %."""
    priors = load_priors(name)
    values = draw_values(priors, 1 << 13, np.random.default_rng(11))[1:]
    held = {
        statement.id: float(((values[:, i] >= statement.low) & (values[:, i] <= statement.high)).mean())
        for i, statement in enumerate(chosen(priors))
        if statement.low is not None and statement.n is None and statement.low < statement.value < statement.high
    }
    assert len(held) > 150
    assert {name: share for name, share in held.items() if not 0.93 <= share <= 0.97} == {}


def test_counts_give_a_beta_with_that_mean_and_size(many):
    priors, values = many
    seen = 0
    for i, statement in alone(priors):
        if spread(statement, priors.prior_set).kind != "beta":
            continue
        seen += 1
        n, mean = equivalent_sample_size(statement, priors.prior_set), statement.value
        assert n == (statement.n or {"seed": 50, "study": 100, "assumption": 10}[statement.basis])
        variance = mean * (1 - mean) / (n + 1)
        assert values[1:, i].mean() == pytest.approx(mean, abs=0.02 * math.sqrt(variance))
        assert values[1:, i].var() == pytest.approx(variance, rel=0.03)
    assert seen > 10


def groups_of(priors: Priors) -> list[tuple[list[int], list[Statement]]]:
    statements = chosen(priors)
    return [(members, [statements[i] for i in members]) for members in joint_distributions(statements)]


def test_the_states_of_one_distribution_stay_on_the_simplex(many):
    priors, values = many
    groups = groups_of(priors)
    assert len(groups) > 20
    for members, statements in groups:
        assert len({statement.of.variable for statement in statements}) == 1
        total = values[:, members].sum(axis=1)
        whole = sum(statement.value for statement in statements)
        assert np.all(values[:, members] > 0)
        if whole > 1 - 1e-9:
            np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)
        else:
            assert np.all(total < 1)


def test_ages_are_a_dirichlet_of_their_size(many):
    """All states with n: means as stated, variances v (1 - v) / (n + 1), every pair correlated as it must be."""
    priors, values = many
    seen = 0
    for members, statements in groups_of(priors):
        if any(statement.n is None for statement in statements):
            continue
        seen += 1
        n, shares = statements[0].n, np.array([statement.value for statement in statements])
        assert {statement.n for statement in statements} == {n}
        some = values[1:, members]
        variance = shares * (1 - shares) / (n + 1)
        np.testing.assert_allclose(some.mean(axis=0), shares, atol=0.03 * math.sqrt(variance.max()))
        np.testing.assert_allclose(some.var(axis=0), variance, rtol=0.05)
        covariance = -np.outer(shares, shares) / (n + 1)
        found = np.cov(some.T)
        off = ~np.eye(len(shares), dtype=bool)
        np.testing.assert_allclose(found[off], covariance[off], atol=0.1 * np.abs(covariance[off]).max())
    assert seen == 5  # the age mix of each setting, and CRP of the ill elsewhere


def test_bands_have_their_own_medians_and_ends(many):
    """Each state's share, whatever the others do: median and 95 % interval as stated."""
    priors, values = many
    seen = 0
    for members, statements in groups_of(priors):
        if all(statement.n is not None for statement in statements):
            continue
        for i, statement in zip(members, statements, strict=True):
            below, above = interval_sides(statement)
            low, middle, high = logit(np.quantile(values[1:, i], [0.025, 0.5, 0.975]))
            assert middle == pytest.approx(logit(statement.value), abs=0.1 * below)
            assert (middle - low, high - middle) == pytest.approx((Z95 * below, Z95 * above), rel=0.2)
            seen += 1
    assert seen > 40


def test_a_complete_distribution_gives_what_is_left_to_the_least_sure():
    """Three states that add up to 1: two hold their intervals, the third takes the rest."""
    drawn = solve_sticks((0.2, 0.5, 0.3), (0.1, 0.2, 0.4), (0.1, 0.3, 0.4), complete=True)
    assert drawn.order == (0, 1, 2)
    shares = drawn.shares(np.random.default_rng(1).normal(size=(20_000, 3)))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    ends = logit(np.quantile(shares[:, :2], [0.025, 0.5, 0.975], axis=0))
    np.testing.assert_allclose(ends[:, 0], logit(0.2) + np.array([-0.196, 0, 0.196]), atol=0.02)
    np.testing.assert_allclose(ends[:, 1], np.array([-0.392, 0, 0.588]), atol=0.03)


def test_an_interval_that_the_other_states_rule_out_is_held_as_far_as_it_can_be():
    """A sure state of .3 leaves .7: an unsure one cannot go to .9, and no share leaves the simplex."""
    drawn = solve_sticks((0.3, 0.5), (0.01, 1.0), (0.01, 1.12), complete=False)
    shares = drawn.shares(np.random.default_rng(1).normal(size=(5_000, 2)))
    assert np.all(shares > 0)
    assert np.all(shares.sum(axis=1) < 1)
    assert np.median(shares[:, 1]) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("draws", "most"), [(300, 0.3), (500, 0.1), (1000, 0.06), (4096, 0.03)])
def test_the_draws_of_different_statements_are_independent(draws, most):
    """Sobol' points gave pairs with |r| up to .75 at 500 draws. Of 263 columns and 300 draws chance alone gives .25."""
    priors = load_priors("seeds")
    values = draw_values(priors, draws, np.random.default_rng(2))[1:]
    columns = [i for i, _ in alone(priors) if np.ptp(values[:, i]) > 0]
    ranks = np.argsort(np.argsort(values[:, columns], axis=0), axis=0)
    correlation = np.corrcoef(ranks.T) - np.eye(len(columns))
    assert np.abs(correlation).max() < most


@pytest.mark.parametrize("draws", [2, 3, 40, 301])
def test_every_column_of_the_points_is_stratified(draws):
    points = latin_hypercube(draws, 7, np.random.default_rng(0))
    assert points.shape == (draws, 7)
    assert np.array_equal(np.sort((points * draws).astype(int), axis=0), np.repeat(np.arange(draws)[:, None], 7, 1))
    assert np.array_equal(points, latin_hypercube(draws, 7, np.random.default_rng(0)))


def statement_with(**numbers: object) -> Statement:
    given = {"quantity": "probability", "value": 0.2, "basis": "study", **numbers}
    priors = load_priors("seeds")
    base = priors.statement("find.fever.malignancy")
    return Statement(
        id="s", of=base.of, given=base.given, given_text="", source="x", read="no", **given
    )  # fmt: skip


def test_bounds_of_nought_and_one_are_moved_half_way():
    assert interval_sd(statement_with(low=0.0, high=0.5)) == pytest.approx((logit(0.5) - logit(0.1)) / (2 * Z95))
    assert interval_sd(statement_with(low=0.1, high=1.0)) == pytest.approx((logit(0.6) - logit(0.1)) / (2 * Z95))


def test_other_levels_are_scaled():
    at_80 = interval_sd(statement_with(low=0.1, high=0.4, level=0.8))
    assert at_80 == pytest.approx((logit(0.4) - logit(0.1)) / (2 * 1.2815515655446004), rel=1e-4)
    assert interval_sd(statement_with(low=0.1, high=0.4)) == pytest.approx((logit(0.4) - logit(0.1)) / (2 * Z95))


def test_a_bare_value_takes_the_size_of_its_basis():
    prior_set = load_priors("seeds").prior_set
    for basis, n in (("seed", 50), ("study", 100), ("assumption", 10)):
        shape = spread(statement_with(basis=basis), prior_set)
        assert (shape.kind, shape.first, shape.second) == ("beta", pytest.approx(0.2 * n), pytest.approx(0.8 * n))
