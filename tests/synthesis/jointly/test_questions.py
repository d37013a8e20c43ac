"""Published rows as functions of the network: against enumeration, and slopes against differences."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from riskmodel.arrays import Array
from riskmodel.network.build import build_network
from riskmodel.synthesis.jointly.coordinates import JointCoordinates
from riskmodel.synthesis.jointly.likelihood import TablesLikelihood
from riskmodel.synthesis.jointly.observed import Observed
from riskmodel.synthesis.jointly.questions import PublishedShares
from riskmodel.synthesis.jointly.tables import SPREADS, spread_numbers
from riskmodel.synthesis.quadrature import log_likelihood
from riskmodel.validation.ask import answer
from riskmodel.validation.load import load_published
from tests.support.published import with_published

SIGNS = ["pain=some or much", "exposed=yes"]
ROWS = (
    {"of": ["first=yes"], "events": 3, "n": 10},
    {"of": ["pain=some or much", "scan=abnormal"], "of_at_least": 1, "given": ["first=yes"], "events": 9, "n": 12},
    {"of": ["pain=some or much", "scan=abnormal"], "given": ["second=yes"], "published": 0.4, "low": 0.2, "high": 0.7},
    {"of": ["first=yes"], "given": ["pain=much"], "people": ["exposed=yes"], "published": 0.3},
    {"of": ["second=yes"], "given": ["scan=abnormal"], "others": ["first=yes"], "prior": 0.4, "events": 5, "n": 9},
    {"of": ["scan=abnormal"], "given": ["second=yes"], "suspected_by": SIGNS, "events": 5, "n": 9},
    {"of": ["second=yes"], "given": ["pain=some or much"], "suspected_by": SIGNS, "prior": 0.3, "events": 5, "n": 9},
    {"of": ["scan=abnormal"], "given": ["second=no"], "suspected_by": ["exposed=yes"], "events": 2, "n": 19},
)  # fmt: skip


def likelihood_of(model, rows, learn=None) -> TablesLikelihood:
    chosen = list(model.priors.selected) if learn is None else learn
    shares = PublishedShares(build_network(model.priors), model.priors.case_variables, rows)
    ways = ["suspected"] * len(shares.selections)
    coordinates = JointCoordinates(model.priors, chosen, SPREADS, ways, typical=1.0)
    return TablesLikelihood(coordinates, shares, rows, spread_numbers(model.priors, rows))


@pytest.fixture
def likelihood(tmp_path) -> TablesLikelihood:
    model = with_published(tmp_path, ROWS)
    return likelihood_of(model, load_published(model.priors, model.root).rows)


def joint_of(network) -> list[tuple[dict[str, str], float]]:
    """Every complete state of the network with its probability, by multiplying the tables."""
    names = [variable.name for variable in network.variables]
    result = []
    for states in product(*(range(len(variable.states)) for variable in network.variables)):
        at = dict(zip(names, states, strict=True))
        p = 1.0
        for name in names:
            factor = network.factor(name)
            p *= float(factor.table[(0, *(at[scope] for scope in factor.scope))])
        result.append(({name: network.variable(name).states[i] for name, i in at.items()}, p))
    return result


def share(states, of, given) -> float:
    base = sum(p for at, p in states if given(at))
    return sum(p for at, p in states if given(at) and of(at)) / base


def test_log_odds_are_those_of_enumeration(likelihood):
    states = joint_of(build_network(likelihood.joint.priors))
    assert sum(p for _, p in states) == pytest.approx(1, abs=1e-12)

    def pain(at):
        return at["pain"] != "none"

    def scan(at):
        return at["scan"] == "abnormal"

    sensitivity = share(states, scan, lambda at: at["second"] == "yes")
    false = share(states, scan, lambda at: at["second"] == "no" and at["first"] == "yes")
    expected = [
        share(states, lambda at: at["first"] == "yes", lambda _: True),
        share(states, lambda at: pain(at) or scan(at), lambda at: at["first"] == "yes"),
        share(states, lambda at: pain(at) and scan(at), lambda at: at["second"] == "yes"),
        share(states, lambda at: at["first"] == "yes", lambda at: at["pain"] == "much" and at["exposed"] == "yes"),
        sensitivity * 0.4 / (sensitivity * 0.4 + false * 0.6),
    ]

    def selected(signs):
        return [(at, p * (1 - 0.98 * 0.5 ** signs(at))) for at, p in states]

    two, last = selected(lambda at: pain(at) + (at["exposed"] == "yes")), selected(lambda at: at["exposed"] == "yes")
    expected.append(share(two, scan, lambda at: at["second"] == "yes"))
    sensitivity, false = (share(two, pain, lambda at, ill=ill: at["second"] == ill) for ill in ("yes", "no"))
    expected.append(sensitivity * 0.3 / (sensitivity * 0.3 + false * 0.7))
    expected.append(share(last, scan, lambda at: at["second"] == "no"))
    point = likelihood.at(likelihood.joint.start)
    assert point is not None
    np.testing.assert_allclose(1 / (1 + np.exp(-point.log_odds)), expected, rtol=1e-10)


def test_of_shipped_rows_they_are_what_validation_asks(literature):
    rows = [replace(row, suspected_by=()) for row in load_published(literature.priors, literature.root).rows]
    likelihood = likelihood_of(literature, rows, learn=["base.infection.emergency"])
    point = likelihood.at(likelihood.joint.start)
    expected = np.array([float(answer(literature.tables, row, at_prior=True)[0]) for row in rows])
    np.testing.assert_allclose(1 / (1 + np.exp(-point.log_odds)), expected, rtol=1e-10)


def test_the_gradient_is_that_of_differences(likelihood):
    x = likelihood.joint.start + 0.1 * np.random.default_rng(2).standard_normal(likelihood.joint.size)
    step = 1e-5
    moves = step * np.eye(len(x))
    values = likelihood.log_likelihoods(np.concatenate([x + moves, x - moves])).reshape(2, -1)
    expected = (values[0] - values[1]) / (2 * step)
    gradient = likelihood.gradient(likelihood.at(x))
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(gradient, expected, atol=2e-6)


def test_information_is_minus_the_second_derivatives_where_rows_are_at_their_peak(tmp_path):
    """With one row and one statement there is no more curvature than that of the row's own log-odds."""
    model = with_published(tmp_path, ({"of": ["exposed=yes"], "events": 30, "n": 100},))
    rows = load_published(model.priors, model.root).rows
    likelihood = likelihood_of(model, rows, learn=["s0"])
    x, step = likelihood.joint.start, 1e-3
    moves = np.array([[step, 0, 0], [0, 0, 0], [-step, 0, 0]])
    up, middle, down = likelihood.log_likelihoods(x + moves)
    information, _ = likelihood.information(likelihood.at(x))
    assert information[0, 0] == pytest.approx((2 * middle - up - down) / step**2, rel=1e-5)


def observed(events, people) -> Observed:
    nothing = np.full(len(events), np.nan)
    return Observed(np.array(events, float), np.array(people, float), nothing, nothing)


@pytest.mark.parametrize("spread", [1e-3, 0.2, 1.0, 3.0])
def test_a_count_is_integrated_as_in_a_meta_analysis(spread):
    events, people = [0, 3, 66, 9204], [20, 8, 167, 9940]
    log_odds: Array = np.array([-2.0, 0.3, 1.0, 2.0])
    terms = observed(events, people).normal_terms(log_odds, np.full(4, spread))
    each = [
        float(
            log_likelihood(
                np.array([[k]], float), np.array([[n]], float), np.array([[mean]]), np.array([[[spread]]]), 41
            )[0]
        )
        for k, n, mean in zip(events, people, log_odds, strict=True)
    ]
    np.testing.assert_allclose(terms.log_likelihood, each, rtol=0, atol=2e-4)


@pytest.mark.parametrize("spread", [0.05, 0.7, 1.2])
def test_slopes_of_a_row_are_those_of_differences(spread):
    rows = Observed(
        np.array([0, 12, np.nan, np.nan]), np.array([9, 40, np.nan, np.nan]), np.array([np.nan, np.nan, -1, 0.4]),
        np.array([np.nan, np.nan, 0.3, 0]),
    )  # fmt: skip
    at, step = np.array([-1.0, 0.2, 0.5, -0.3]), 1e-4

    def value(shift, log_shift):
        return rows.terms(at + shift, np.full(4, spread * np.exp(log_shift))).log_likelihood

    terms = rows.terms(at, np.full(4, spread))
    np.testing.assert_allclose(terms.slope, (value(step, 0) - value(-step, 0)) / (2 * step), atol=1e-4)
    np.testing.assert_allclose(terms.spread_slope, (value(0, step) - value(0, -step)) / (2 * step), atol=1e-4)
    curvature = (2 * value(0, 0) - value(step, 0) - value(-step, 0)) / step**2
    np.testing.assert_allclose(terms.curvature, curvature, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_bare_shares_are_spread_by_a_t_distribution(spread):
    away = np.array([-4.0, -1.0, 0.0, 0.5, 2.0])
    nothing = np.full(5, np.nan)
    rows = Observed(nothing, nothing, spread * away, np.zeros(5))
    density = np.exp(rows.terms(np.zeros(5), np.full(5, spread)).log_likelihood)
    np.testing.assert_allclose(density, stats.t(4, scale=spread).pdf(spread * away), rtol=0.04)


def test_a_study_far_out_tells_little():
    nothing = np.full(3, np.nan)
    terms = Observed(nothing, nothing, np.array([0.2, 1.0, 2.0]), np.zeros(3)).terms(np.zeros(3), np.full(3, 0.5))
    assert terms.slope[0] < terms.slope[1]
    assert terms.slope[2] < terms.slope[1], "farther out it pulls less"
    assert terms.curvature[0] > 0 > terms.curvature[2]
