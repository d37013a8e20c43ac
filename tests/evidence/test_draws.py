"""Every joint draw of all statements is a network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import draw_values, interval_sd
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import RATIOS, Event, Priors
from riskmodel.network.ask import conditional
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.network.roundtrip import round_trip
from tests.support.drawn import SETS, chosen, logit

DRAWS = 1_000


@pytest.fixture(scope="module", params=SETS)
def drawn(request: pytest.FixtureRequest) -> tuple[Priors, np.ndarray, Network]:
    priors = load_priors(request.param)
    values = draw_values(priors, DRAWS, np.random.default_rng(1))
    return priors, values, build_network(priors, values)


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


@pytest.mark.slow
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
        assert count <= part.held.get(identifier, 0) + part.clipped.get(statements[identifier].subject, 0), identifier
    assert len(missed) < 30


@pytest.mark.slow
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


@pytest.mark.slow
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
              ("none.study", "malignancy", "infection", "inflammatory", "fracture")}  # fmt: skip
    absent["none"] = absent.pop("none.study")
    out = np.zeros(DRAWS, dtype=bool)
    for causes in itertools.product((0, 1), repeat=4):
        product = absent["none"].copy()
        for cause, present in zip([k for k in absent if k != "none"], causes, strict=True):
            product *= absent[cause] / absent["none"] if present else 1.0
        out |= product > 1 + 1e-12
    assert network.clipped.get("night_pain", 0) == out.sum()


@pytest.mark.slow
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
            top = 0.99 if statement.quantity == "dependence" else 1.0  # of a correlation
            widened[statement.id] = {"low": min(low, statement.value), "high": min(max(high, statement.value), top)}
    priors = with_overrides(priors, {identifier: numbers for identifier, numbers in widened.items() if numbers})
    values = draw_values(priors, 32, np.random.default_rng(seed))
    network = build_network(priors, values)
    assert columns_are_distributions(network)
    assert network.draws == 32


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"find.duration.none.4_6": {"value": 0.0, "n": 50}},
        {"find.duration.none.4_6": {"value": 0.0, "n": 50}, "find.duration.none.6_12": {"n": 50}},
        {"mix.age.under_18.as_reported": {"value": 0.0}, "mix.age.from_18_to_49.as_reported": {"value": 0.5}},
        {"mix.age.from_70.as_reported": {"value": 0.0}, "mix.age.from_18_to_49.as_reported": {"value": 0.65}},
        {
            "find.fever.none": {"value": 0.0},
            "find.fever.infection": {"value": 1.0},
            "occult.infection": {"value": 0.0, "n": 50},
        },
        {"mix.iv_drug_use.under_18": {"value": 0.0, "n": 5}},
        {"find.mri_tumour.malignancy": {"value": 1.0, "n": 5}, "find.mri_infection.infection": {"value": 1.0, "n": 5}},
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
