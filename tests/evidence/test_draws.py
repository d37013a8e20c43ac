"""Draws of the statements: as distributed, reproducible, and every one of them a valid network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskmodel.errors import UsageError
from riskmodel.evidence.design import latin_hypercube
from riskmodel.evidence.distributions import draw_values, interval_sd, interval_sides, size, spread, together
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import RATIOS, Event, Priors, Statement
from riskmodel.evidence.scale import Z95
from riskmodel.evidence.shares import solve
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.draws import DrawScorer, agreement, intervals
from riskmodel.network.ask import conditional
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.network.roundtrip import round_trip
from tests.support.engines import random_evidence, small_networks

SETS = ("seeds", "literature")
DRAWS = 1_000
MANY = 1 << 14  # for moments


def logit(p):
    return np.log(p) - np.log1p(-p)


def chosen(priors: Priors) -> list[Statement]:
    selected = set(priors.selected)
    return [statement for statement in priors.statements if statement.id in selected]


@pytest.fixture(scope="module", params=SETS)
def drawn(request: pytest.FixtureRequest) -> tuple[Priors, np.ndarray, Network]:
    priors = load_priors(request.param)
    values = draw_values(priors, DRAWS, np.random.default_rng(1))
    return priors, values, build_network(priors, values)


@pytest.fixture(scope="module")
def many() -> tuple[Priors, np.ndarray]:
    priors = load_priors("seeds")
    return priors, draw_values(priors, MANY, np.random.default_rng(2))


# ---- every draw is a network -----------------------------------------------------------------------


def columns_are_distributions(network: Network) -> bool:
    return all(
        np.all(np.isfinite(table)) and np.all(table >= 0) and np.max(np.abs(table.sum(axis=-1) - 1)) <= 1e-12
        for table in network.tables.values()
    )


def test_a_thousand_draws_of_all_statements_are_valid(drawn):
    priors, values, network = drawn
    assert values.shape == (DRAWS, len(priors.selected))
    assert np.all(np.isfinite(values))
    assert network.draws == DRAWS
    assert columns_are_distributions(network)
    stochastic = [name for name, table in network.tables.items() if table.shape[0] == DRAWS]
    assert set(network.tables) - set(stochastic) == {"setting"}


def test_draw_0_is_the_stated_values(drawn):
    priors, values, network = drawn
    assert values[0].tolist() == [statement.value for statement in chosen(priors)]
    point = build_network(priors)
    for name, table in point.tables.items():
        np.testing.assert_allclose(network.tables[name][0], table[0], rtol=1e-11, atol=1e-15)


def test_a_draw_does_not_depend_on_the_others(drawn):
    priors, values, network = drawn
    few = build_network(priors, values[[0, 17, 999]])
    for name, table in network.tables.items():
        if len(table) == DRAWS:
            np.testing.assert_allclose(few.tables[name], table[[0, 17, 999]], rtol=1e-9, atol=1e-14)
    alone = network.one_draw(17)
    assert alone.draws == 1
    for name, table in network.tables.items():
        assert np.array_equal(alone.tables[name][0], table[17 if len(table) > 1 else 0])
    with pytest.raises(IndexError):
        network.one_draw(DRAWS)


def test_the_same_seed_gives_the_same_draws():
    priors = load_priors("seeds")
    first, again, other = (draw_values(priors, 64, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.any(np.all(first[1:] == other[1:], axis=0) & (first[1:] != first[0]).any(axis=0))
    for draws in (0, 1):
        with pytest.raises(UsageError, match=f"draws must be at least 2, not {draws}"):
            draw_values(priors, draws, np.random.default_rng(0))


def subject(statement: Statement) -> str:
    """The variable whose table a statement drives."""
    ratio = statement.quantity == "likelihood_ratio_positive"
    return statement.given.events[0].variable if ratio else statement.of.variable


def test_every_draw_gives_its_own_statements_back(drawn):
    """In every draw, but for what was held at its limit or brought back to the simplex, which is counted."""
    priors, values, _ = drawn
    some = np.arange(0, DRAWS, 5)
    part = build_network(priors, values[some])
    statements = {statement.id: statement for statement in chosen(priors)}
    missed = {}
    for reading in round_trip(priors, part, values[some]):
        count = int((np.abs(reading.residual) > 1e-6).sum())
        if count:
            missed[reading.statement] = count
    assert set(missed) >= set(part.held)
    for identifier, count in missed.items():
        assert count <= part.held.get(identifier, part.clipped.get(subject(statements[identifier]), 0)), identifier
    assert len(missed) < 12


def test_what_is_held_is_what_does_not_come_back():
    """Held at .95: nearly all exposed, so the ratio falls short of the drawn one in just these draws."""
    priors = with_overrides(load_priors("literature"), {"risk.malignancy.cancer_history.lr": {"high": 60.0}})
    values = draw_values(priors, 200, np.random.default_rng(4))
    network = build_network(priors, values)
    held = network.held["risk.malignancy.cancer_history.lr"]
    assert 5 < held < 100
    readings = {reading.statement: reading for reading in round_trip(priors, network, values)}
    reading = readings["risk.malignancy.cancer_history.lr"]
    short = reading.residual < -1e-6
    assert short.sum() == held
    assert np.all(np.abs(reading.residual[~short]) < 1e-6)
    at, history = {"setting": ("primary_care",)}, Event("cancer_history", ("none",))
    exposed = 1 - conditional(network, history, {**at, "malignancy": ("present",)})
    e = 1 - conditional(network, history, at)
    pi = conditional(network, Event("malignancy", ("present",)), at)
    np.testing.assert_allclose(exposed[short], np.minimum(0.95, 0.95 * e / pi)[short], rtol=1e-9)
    for identifier in ("risk.malignancy.primary_site", "risk.malignancy.age50"):  # solved with it all the same
        others = np.abs(readings[identifier].residual) > 1e-6
        assert others.sum() == network.held.get(identifier, 0)


def test_base_rates_that_no_cause_reaches_are_counted():
    """Cauda equina drawn more frequent than its causes: its links stop at 1, and the base rate falls short."""
    changes = {
        "base.cauda_equina.primary_care": {"value": 0.02, "low": 0.001, "high": 0.3},
        "base.nerve_compression.primary_care": {"low": 0.001, "high": 0.8},
    }
    priors = with_overrides(load_priors("seeds"), changes)
    values = draw_values(priors, 256, np.random.default_rng(9))
    network = build_network(priors, values)
    readings = {r.statement: r for r in round_trip(priors, network, values) if r.statement in changes}
    short = readings["base.cauda_equina.primary_care"].residual < -1e-6
    assert 0 < short.sum() < 128
    assert network.held["base.cauda_equina.primary_care"] == short.sum()
    assert readings["base.nerve_compression.primary_care"].worst < 1e-6
    assert network.held["cause.cauda_equina.infection"] > short.sum()


def test_what_is_clipped_is_counted(drawn):
    """Night pain has two states and four causes: how often a product of links leaves [0, 1], by hand."""
    priors, values, network = drawn
    places = {statement.id: i for i, statement in enumerate(chosen(priors))}
    absent = {k: 1 - values[:, places[f"find.night_pain.{k}"]] for k in
              ("none", "malignancy", "infection", "inflammatory", "fracture")}  # fmt: skip
    out = np.zeros(DRAWS, dtype=bool)
    for causes in itertools.product((0, 1), repeat=4):
        product = absent["none"].copy()
        for cause, present in zip(list(absent)[1:], causes, strict=True):
            product *= absent[cause] / absent["none"] if present else 1.0
        out |= product > 1 + 1e-12
    assert network.clipped.get("night_pain", 0) == out.sum()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SETS), st.integers(0, 2**32 - 1), st.floats(1.0, 30.0))
def test_any_seed_and_any_width_give_valid_networks(name, seed, wider):
    """Intervals stretched up to thirtyfold on their own scale: no draw is refused, whatever it says."""
    priors = load_priors(name)
    widened: dict[str, Mapping[str, float]] = {}
    for statement in chosen(priors):
        if statement.low is None:
            widened[statement.id] = {"n": 1} if statement.quantity not in RATIOS else {}
            continue
        sd = (interval_sd(statement) or 0.0) * wider
        if statement.quantity in RATIOS:
            widened[statement.id] = {
                "low": statement.value * math.exp(-min(2 * sd, 15)),
                "high": statement.value * math.exp(min(2 * sd, 15)),
            }
        else:
            at = logit(statement.value)
            low, high = 1 / (1 + np.exp(2 * sd - at)), 1 / (1 + np.exp(-2 * sd - at))
            widened[statement.id] = {"low": min(low, statement.value), "high": max(high, statement.value)}
    priors = with_overrides(priors, {identifier: numbers for identifier, numbers in widened.items() if numbers})
    values = draw_values(priors, 32, np.random.default_rng(seed))
    network = build_network(priors, values)
    assert columns_are_distributions(network)
    assert network.draws == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"find.duration.none.4_6": {"value": 0.0, "n": 50}},
        {"find.duration.none.4_6": {"value": 0.0, "n": 50}, "find.duration.none.6": {"n": 50}},
        {"mix.age.under_18.as_reported": {"value": 0.0}, "mix.age.from_18_to_49.as_reported": {"value": 0.5}},
        {"mix.age.from_70.as_reported": {"value": 0.0}, "mix.age.from_18_to_49.as_reported": {"value": 0.65}},
        {"find.fever.none": {"value": 0.0}, "find.fever.infection": {"value": 1.0}},
        {"mix.iv_drug_use.under_18": {"value": 0.0, "n": 5}},
        {"find.ct.nerve_compression": {"value": 1.0, "n": 5}, "find.ct.fracture": {"value": 1.0}},
    ],
    ids=["a band", "a band with n", "the first age", "the last age", "a finding", "a risk factor", "a test"],
)
def test_what_is_stated_as_certain_stays_so_in_every_draw(changes):
    priors = with_overrides(load_priors("seeds"), changes)
    values = draw_values(priors, 128, np.random.default_rng(6))
    for i, statement in enumerate(chosen(priors)):
        if statement.value in (0, 1):
            assert np.all(values[:, i] == statement.value)
    network = build_network(priors, values)
    assert columns_are_distributions(network)
    assert all(reading.holds for reading in round_trip(priors, build_network(priors)))


# ---- as distributed ----------------------------------------------------------------------------------


def alone(priors: Priors) -> list[tuple[int, Statement]]:
    """Statements that are drawn by themselves, with their places."""
    statements = chosen(priors)
    joint = {i for members in together(statements) for i in members}
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


def test_a_skewed_interval_is_drawn_as_stated(many):
    """A ratio of 10 (3 to 13) was once drawn as 4.8 to 20.8."""
    priors, values = many
    i, statement = next((i, s) for i, s in alone(priors) if s.id == "risk.fracture.trauma_major")
    assert (statement.value, statement.low, statement.high) == (10.0, 3.0, 13.0)
    np.testing.assert_allclose(np.quantile(values[1:, i], [0.025, 0.5, 0.975]), [3.0, 10.0, 13.0], rtol=0.01)


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
        n, mean = size(statement, priors.prior_set), statement.value
        assert n == (statement.n or {"seed": 50, "study": 100, "assumption": 10}[statement.basis])
        variance = mean * (1 - mean) / (n + 1)
        assert values[1:, i].mean() == pytest.approx(mean, abs=0.02 * math.sqrt(variance))
        assert values[1:, i].var() == pytest.approx(variance, rel=0.03)
    assert seen > 10


def groups_of(priors: Priors) -> list[tuple[list[int], list[Statement]]]:
    statements = chosen(priors)
    return [(members, [statements[i] for i in members]) for members in together(statements)]


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
    assert seen == 4  # the age mix of each setting


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
    drawn = solve((0.2, 0.5, 0.3), (0.1, 0.2, 0.4), (0.1, 0.3, 0.4), complete=True)
    assert drawn.order == (0, 1, 2)
    shares = drawn.shares(np.random.default_rng(1).normal(size=(20_000, 3)))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-12)
    ends = logit(np.quantile(shares[:, :2], [0.025, 0.5, 0.975], axis=0))
    np.testing.assert_allclose(ends[:, 0], logit(0.2) + np.array([-0.196, 0, 0.196]), atol=0.02)
    np.testing.assert_allclose(ends[:, 1], np.array([-0.392, 0, 0.588]), atol=0.03)


def test_an_interval_that_the_other_states_rule_out_is_held_as_far_as_it_can_be():
    """A sure state of .3 leaves .7: an unsure one cannot go to .9, and no share leaves the simplex."""
    drawn = solve((0.3, 0.5), (0.01, 1.0), (0.01, 1.12), complete=False)
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


# ---- scoring under all draws -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scored():
    priors = load_priors("seeds")
    network = build_network(priors, draw_values(priors, 60, np.random.default_rng(7)))
    scorer = DrawScorer(network, priors.variables)
    masks, _ = random_evidence(priors.variables, 40, np.random.default_rng(8), known=0.4)
    masks[0] = 1 << 2
    return priors, network, scorer, masks, scorer.score(masks, 2)


def test_each_draw_scores_as_its_own_network(scored):
    priors, network, _, masks, posterior = scored
    assert posterior.probability.shape == (8, 60, 40)
    for draw in (0, 1, 19, 20, 59):
        alone = compile_scorer(network, priors.variables, draw)
        expected = alone.score(masks)
        np.testing.assert_allclose(posterior.probability[:, draw], expected.probability, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(posterior.evidence[draw], expected.evidence, rtol=1e-9)
        blank = alone.score(alone.blank(1, 2)).probability[:, 0]
        np.testing.assert_allclose(posterior.baseline[:, draw], blank, rtol=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1))
def test_any_small_network_scores_alike_as_a_draw(network, seed):
    rng = np.random.default_rng(seed)
    masks, _ = random_evidence(network.variables, 9, rng)
    setting = 0
    scorer = DrawScorer(network, network.variables)
    if scorer.scorer.setting_row >= 0:
        setting = int(rng.integers(len(network.variables[scorer.scorer.setting_row].states)))
        masks[scorer.scorer.setting_row] = 1 << setting
    found, expected = scorer.score(masks, setting), scorer.scorer.score(masks)
    np.testing.assert_allclose(found.evidence[0], expected.evidence, rtol=1e-12)
    possible = expected.evidence > 0
    np.testing.assert_allclose(
        found.probability[:, 0, possible], expected.probability[:, possible], rtol=1e-11, atol=1e-14
    )
    assert np.all(found.probability[:, 0, ~possible] == 0)


def test_threads_and_batches_change_nothing(scored):
    _, _, scorer, masks, posterior = scored
    one = scorer.score(masks, 2, threads=1)
    assert np.array_equal(one.probability, posterior.probability)
    assert np.array_equal(one.evidence, posterior.evidence)
    part = scorer.score(np.ascontiguousarray(masks[:, 10:13]), 2)
    assert np.array_equal(part.probability, posterior.probability[:, :, 10:13])
    first, second = intervals(posterior, 0.9, threads=1), intervals(posterior, 0.9, threads=2)
    assert np.array_equal(first.low, second.low)
    assert np.array_equal(first.mean, second.mean)


def test_intervals_are_quantiles_of_the_draws_weighted_by_the_case(scored):
    _, _, _, _, posterior = scored
    found = intervals(posterior, 0.8)
    for output, case in itertools.product((0, 3, 7), range(40)):
        values, weights = posterior.probability[output, :, case], posterior.evidence[:, case]
        order = np.argsort(values, kind="stable")
        cumulative = np.cumsum(weights[order]) / weights.sum()
        low = values[order][np.searchsorted(cumulative, 0.1 - 1e-12)]
        high = values[order][np.searchsorted(cumulative, 0.9 - 1e-12)]
        assert found.low[output, case] == pytest.approx(low, rel=1e-12)
        assert found.high[output, case] == pytest.approx(high, rel=1e-12)
        assert found.mean[output, case] == pytest.approx(np.average(values, weights=weights), rel=1e-12)
        assert found.effective[case] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-12)
    with pytest.raises(UsageError, match=r"level must lie between 0 and 1, not 1\.5"):
        intervals(posterior, 1.5)


def test_agreement_is_the_weighted_share_of_draws():
    levels = np.array([[0, 1], [0, 0], [2, 1]])
    evidence = np.array([[1.0, 1.0], [2.0, 5.0], [1.0, 4.0]])
    assert agreement(levels, np.array([0, 1]), evidence).tolist() == [0.75, 0.5]
