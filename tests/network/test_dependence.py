"""Findings that go together: the normal copula against scipy's, by condition, switched off, and its limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pgmpy.inference import VariableElimination
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import multivariate_normal, norm

from riskmodel.calibration.intervals import Marginal
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.errors import PriorsError, RiskModelError
from riskmodel.evidence.load import load_priors
from riskmodel.network.build import build_network
from riskmodel.network.forms.normal_factor import joint_distribution
from riskmodel.network.forms.tetrachoric import solved_correlation
from riskmodel.network.pgmpy_network import to_pgmpy
from riskmodel.network.roundtrip import round_trip
from tests.support.small_priors import variant

CORRELATIONS = (1e-6, 0.1, 0.39, 0.41, 0.7, 0.95)
GROUP = {"[composites]\n": '[dependence]\nill = ["weakness", "fever"]\n\n[composites]\n'}


def below_all(rates, correlation):
    """P(all of some events), by scipy: normal values below their quantiles."""
    matrix = np.full((len(rates), len(rates)), correlation) + np.eye(len(rates)) * (1 - correlation)
    distribution = multivariate_normal(
        np.zeros(len(rates)), matrix, abseps=1e-12, releps=1e-10, maxpts=2_000_000, seed=1
    )
    return float(distribution.cdf(norm.ppf(rates)))


def binary(*rates):
    return [np.array([[1 - rate, rate]]) for rate in rates]


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("rates", [(0.3, 0.2), (0.003, 0.015), (1e-6, 0.4), (0.999999, 0.7), (1e-4, 1e-5)])
def test_two_findings_as_scipy_has_them(rates, correlation):
    joint = joint_distribution(binary(*rates), np.array([correlation]))[0]
    assert joint[1, 1] == pytest.approx(below_all(rates, correlation), rel=1e-5)
    assert joint.sum(axis=1)[1] == pytest.approx(rates[0], rel=1e-12)
    assert joint.sum(axis=0)[1] == pytest.approx(rates[1], rel=1e-12)
    assert joint.min() >= 0


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("rates", [(0.3, 0.2, 0.1), (0.003, 0.015, 0.6)])
def test_every_combination_of_three_as_scipy_has_it(rates, correlation):
    """A cell by inclusion and exclusion of the chances that some are found together."""
    joint = joint_distribution(binary(*rates), np.array([correlation]))[0]
    together = {
        which: below_all([rates[i] for i in which], correlation) if len(which) > 1 else rates[which[0]]
        for size in (1, 2, 3)
        for which in itertools.combinations(range(3), size)
    } | {(): 1.0}
    for cell in np.ndindex(2, 2, 2):
        on = tuple(i for i in range(3) if cell[i])
        off = [i for i in range(3) if not cell[i]]
        expected = sum(
            (-1) ** len(more) * together[tuple(sorted((*on, *more)))]
            for size in range(len(off) + 1)
            for more in itertools.combinations(off, size)
        )
        assert joint[cell] == pytest.approx(expected, abs=2e-8)


@pytest.mark.parametrize("correlation", [0.2, 0.35, 0.36, 0.42, 0.5, 0.54, 0.75, 0.95])
def test_four_findings_as_an_adaptive_integral_has_them(correlation):
    """Rates as of pain in a manifest infection, and as of people without one."""
    for rates in [(0.63, 0.9, 0.8, 0.6), (0.4, 0.54, 0.35, 0.1), (0.008, 0.08, 0.016, 0.03)]:
        joint = joint_distribution(binary(*rates), np.array([correlation]))[0]
        for cell in np.ndindex(2, 2, 2, 2):
            expected = integral(rates, correlation, cell)
            assert joint[cell] == pytest.approx(expected, abs=1e-8)
            assert expected < 1e-9 or joint[cell] == pytest.approx(expected, rel=2e-5)


def integral(rates, correlation, cell):
    """P(each finding present or absent, as the cell says): the integral over the common factor, by scipy."""
    slope, spare = np.sqrt(correlation), np.sqrt(1 - correlation)
    signs, cuts = np.where(cell, 1, -1), norm.ppf(rates)

    def at(z):
        return norm.pdf(z) * np.prod(ndtr(signs * (cuts + slope * z) / spare))

    return sum(quad(at, start, start + 2, epsabs=1e-14)[0] for start in range(-9, 9, 2))


def test_states_lie_in_order_on_one_scale():
    """Each cut of a finding of three states with one of four is a pair of events with the same correlation."""
    first, second = np.array([[0.6, 0.3, 0.1]]), np.array([[0.05, 0.9, 0.0, 0.05]])
    joint = joint_distribution([first, second], np.array([0.45]))[0]
    np.testing.assert_allclose(joint.sum(axis=1), first[0], rtol=1e-12)
    np.testing.assert_allclose(joint.sum(axis=0), second[0], rtol=1e-12, atol=1e-17)
    for i, j in itertools.product((1, 2), (1, 2, 3)):
        rates = first[0, i:].sum(), second[0, j:].sum()
        assert joint[i:, j:].sum() == pytest.approx(below_all(rates, 0.45), abs=1e-8)


@pytest.mark.parametrize("rates", [(0.0, 0.3), (1.0, 0.3), (0.0, 1.0), (0.3, 1.0)])
def test_what_never_or_always_happens_goes_with_nothing(rates):
    joint = joint_distribution(binary(*rates), np.array([0.8]))[0]
    first, second = binary(*rates)
    np.testing.assert_allclose(joint, np.outer(first[0], second[0]), atol=1e-16)


@given(
    st.floats(1e-7, 1 - 1e-7), st.floats(1e-7, 1 - 1e-7), st.floats(0.0, 0.9), st.sampled_from([1e-3, 0.02, 0.09])
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_more_correlated_is_more_often_together(first, second, correlation, more):
    """Monotone, and smooth across the numbers of points: the slope by the correlation is the normal density."""
    r = np.array([correlation, correlation + more])
    together = joint_distribution(binary(first, second), r)[:, 1, 1]
    assert together[1] > together[0] * (1 - 1e-15)
    if min(first, second, 1 - first, 1 - second) > 0.001:
        assert together[1] > together[0]
    middle, step = correlation + more / 2, 1e-4
    up, down = joint_distribution(binary(first, second), np.array([middle + step, middle - step]))[:, 1, 1]
    density = multivariate_normal([0, 0], [[1, middle], [middle, 1]]).pdf(norm.ppf([first, second]))
    assert (up - down) / (2 * step) == pytest.approx(density, rel=1e-2, abs=2e-4)


@pytest.mark.parametrize("correlation", [0.0, *CORRELATIONS, 0.99])
def test_the_correlation_of_pairs_is_solved(correlation):
    first, second = np.array([[0.3, 0.01, 0.5]]), np.array([[0.4, 0.015, 0.5]])
    together = np.array([[below_all(pair, correlation) for pair in zip(first[0], second[0], strict=True)]])
    assert solved_correlation(first, second, together)[0] == pytest.approx(correlation, abs=1e-7)


def ill(tmp_path, **values):
    """Priors of the small network with weakness and fever in a group, and its correlations."""
    more = [
        {"id": f"ill.{name}", "quantity": "dependence", "of": "ill", "given": given, "value": value, "n": 50}
        for name, (given, value) in values.items()
    ]
    return load_priors("seeds", variant(tmp_path, "tiny", GROUP, more))


BY_CONDITION = {
    "base": ("none", 0.2),
    "infection": ("infection=present alone", 0.6),
    "fracture": ("fracture=present alone", 0.0),
}


def test_each_condition_has_its_own_correlation(tmp_path):
    """Given one it is as stated, given several the mean of theirs, given others as given none: asked of pgmpy."""
    network = build_network(ill(tmp_path, **BY_CONDITION))
    plain = build_network(load_priors("seeds", variant(tmp_path / "plain", "tiny")))
    ask, ask_plain = (VariableElimination(to_pgmpy(each)) for each in (network, plain))
    for infection, fracture, compression in itertools.product(("absent", "present"), repeat=3):
        evidence = {"setting": "there", "infection": infection, "fracture": fracture, "compression": compression}
        own = [r for r, state in ((0.6, infection), (0.0, fracture)) if state == "present"]
        r = np.mean(own) if own else 0.2
        joint = ask.query(["fever", "weakness"], evidence=evidence, show_progress=False)
        alone = [ask_plain.query([name], evidence=evidence, show_progress=False) for name in ("fever", "weakness")]
        fever, weakness = alone[0].get_value(fever="present"), 1 - alone[1].get_value(weakness="absent")
        together = sum(joint.get_value(fever="present", weakness=state) for state in ("stable", "progressive"))
        assert together == pytest.approx(below_all((fever, weakness), r), rel=1e-7)
        marginal = sum(joint.get_value(fever="present", weakness=s) for s in ("absent", "stable", "progressive"))
        assert marginal == pytest.approx(fever, rel=1e-12)


def test_correlations_come_back(tmp_path):
    priors = ill(tmp_path, **BY_CONDITION)
    readings = {reading.statement: reading for reading in round_trip(priors, build_network(priors))}
    assert set(readings) == set(priors.selected)
    for name, (_, value) in BY_CONDITION.items():
        assert readings[f"ill.{name}"].implied[0] == pytest.approx(value, abs=1e-7)
    assert all(reading.holds for reading in readings.values())


def test_none_may_be_left_out_and_is_one_parameter(tmp_path):
    assert ill(tmp_path, base=("", 0.2)).statement("ill.base").given.none
    with pytest.raises(PriorsError, match=r"ill\.a and ill\.b are both of basis 'assumption' and state one parameter"):
        ill(tmp_path / "twice", a=("", 0.2), b=("none", 0.3))


def test_draws_beyond_the_limit_are_held_and_counted(tmp_path):
    priors = ill(tmp_path, base=("none", 0.9))
    values = np.repeat([[statement.value for statement in priors.selected_statements]], 3, axis=0)
    column = priors.selected.index("ill.base")
    values[:, column] = 0.9, 0.99, 0.9999
    network = build_network(priors, values)
    assert network.held == {"ill.base": 1}
    table = network.tables["weakness"]
    assert np.array_equal(table[1], table[2])
    assert not np.array_equal(table[0], table[1])


def test_a_fitted_correlation_ends_at_the_limit(tmp_path):
    """However far the search goes, and however wide the interval; a group that is switched off is not learnt."""
    priors = ill(tmp_path, base=("none", 0.6), infection=("infection=present alone", 0.0))
    coordinates = Coordinates(priors, ["ill.base", "ill.infection"])
    assert coordinates.size == 1
    column = priors.selected.index("ill.base")
    assert coordinates.values(np.array([[coordinates.start[0]], [20.0]]))[:, column] == pytest.approx([0.6, 0.99])
    fitted = Marginal(priors.statement("ill.base"), 0.97, 1.5, counted=False, flat=False)
    assert fitted.interval()[1] == 0.99


def same_tables(first, second):
    assert [v.parents for v in first.variables] == [v.parents for v in second.variables]
    for name, table in first.tables.items():
        assert np.array_equal(table, second.tables[name]), name


def test_a_group_is_switched_off_by_a_set(tmp_path):
    """A correlation of 0 in a set is no dependence, to the last bit, in draws too; its interval goes with it."""
    root = variant(tmp_path, "tiny", GROUP, [
        {"id": "ill", "quantity": "dependence", "of": "ill", "value": 0.3, "low": 0.1, "high": 0.6},
        {"id": "ill.i", "quantity": "dependence", "of": "ill", "given": "infection=present alone", "value": 0.5},
    ])  # fmt: skip
    off = root / "sets" / "off.toml"
    off.write_text('extends = "seeds"\n[override."ill"]\nvalue = 0\n[override."ill.i"]\nvalue = 0\n', encoding="utf-8")
    priors = load_priors("off", root)
    assert priors.statement("ill").low is None
    plain = build_network(load_priors("seeds", variant(tmp_path / "plain", "tiny")))
    same_tables(build_network(priors), plain)
    off.write_text('extends = "seeds"\n[override."ill"]\nvalue = 0\nlow = 0\nhigh = 0.2\n', encoding="utf-8")
    with pytest.raises(
        PriorsError, match=r"an interval around a correlation of 0.*value = 0 alone, which switches it off"
    ):
        load_priors("off", root)


@pytest.mark.slow
def test_a_group_is_switched_off_from_python(seeds):
    """Of the shipped model: the posteriors are those of a network without the group; the rest is as it was."""
    names = [s.id for s in seeds.priors.selected_statements if s.quantity == "dependence" and s.of.variable == "course"]
    off = seeds
    for name in names:
        off = off.with_statement(name, value=0.0)
    assert {
        v.name for v in off.tables.variables if set(v.parents) & {"pain_duration", "failed_conservative_care"}
    } == set()
    changed = {v.name for v in seeds.variables if v.name in seeds.tables.tables} - {
        "failed_conservative_care",
        "worsening_course",
    }
    for name in changed:
        assert np.array_equal(off.tables.tables[name], seeds.tables.tables[name]), name
    assert off.draw(3, np.random.default_rng(1)).draws == 3


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"value": 1.0}, r"key 'value': received 1.0.*a correlation from 0 \(switched off\) to 0.99"),
        ({"value": 0.5, "low": 0.2, "high": 0.995}, "key 'high': received 0.995"),
        ({"value": 1e-12}, "0, or a correlation from 1e-09 to 0.99"),
        ({"given": "setting=here"}, "key 'given': received 'setting=here'.*none, or one condition alone"),
        ({"given": "infection=present"}, "none, or one condition alone"),
        ({"given": "infection=present alone; setting=here"}, "none, or one condition alone"),
        ({"given": "no listed cause"}, "none, or one condition alone"),
        ({"given": "infektion=present alone"}, "unknown variable 'infektion'.*did you mean 'infection'"),
        ({"of": "il"}, "unknown group 'il'.*did you mean 'ill'"),
        ({"given": "infection=present alone"}, r"dependence\.ill.*no selected correlation.*value = 0 switches"),
    ],
)  # fmt: skip
def test_what_a_correlation_may_be(tmp_path, statement, message):
    entry = {"id": "ill", "quantity": "dependence", "of": "ill", "value": 0.3, **statement}
    with pytest.raises(PriorsError, match=f"(?s){message}"):
        load_priors("seeds", variant(tmp_path, "tiny", GROUP, [entry]))


def test_a_condition_that_causes_none_of_the_group_is_refused(tmp_path):
    stiff = '[[variable]]\nname = "stiff"\nrole = "finding"\nstates = ["absent", "present"]\nparents = ["fracture"]\n'
    changes = {
        "[composites]\n": '[dependence]\nill = ["weakness", "stiff"]\n\n[composites]\n',
        '[[variable]]\nname = "severe_pain"': stiff + 'definition = "Stiff."\n\n[[variable]]\nname = "severe_pain"',
    }
    more = [
        {"id": "ill", "quantity": "dependence", "of": "ill", "given": "infection=present alone", "value": 0.3},
        {"id": "stiff.none", "of": "stiff=present", "given": "none", "value": 0.2},
        {"id": "stiff.fracture", "of": "stiff=present", "given": "fracture=present alone", "value": 0.6},
    ]
    with pytest.raises(
        PriorsError, match="allowed: a condition that causes one of weakness, stiff: fracture, compression"
    ):
        load_priors("seeds", variant(tmp_path, "tiny", changes, more))


def test_from_python_too_a_correlation_stays_below_1(seeds):
    with pytest.raises(RiskModelError, match=r"a correlation from 0 \(switched off\) to 0.99"):
        seeds.with_statement("dependence.course", value=0.995, low=0.1, high=0.999)
