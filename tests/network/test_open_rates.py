"""Rates of people who may have other conditions too, on random small networks, against other programs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from riskmodel.errors import InferenceError
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.records import Priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.engines import check_by_oracles, random_evidence, weights_of
from tests.support.open_rates import PARENTS, Rates, alone, base, by_brute_force, stated_alone_and_open, words, write


@pytest.mark.parametrize("seed", range(12))
def test_open_rates_give_back_the_tables_that_they_come_from(tmp_path, seed: int) -> None:
    """The leak and links that were stated are the solution, whichever of them are stated of everybody instead."""
    truth, priors, new = stated_alone_and_open(tmp_path, seed)
    network = build_network(priors)
    assert not network.held
    for name in PARENTS:
        np.testing.assert_allclose(network.tables[name], truth.tables[name], rtol=0, atol=1e-10)
    readings = {reading.statement: reading for reading in round_trip(priors, network)}
    for key in new:
        assert readings[words(*key)].worst <= 1e-12
    assert all(reading.holds for reading in readings.values())


@pytest.mark.parametrize(
    "seed", [20, pytest.param(21, marks=pytest.mark.slow), pytest.param(22, marks=pytest.mark.slow)]
)
def test_other_programs_give_the_stated_rates_and_the_same_posteriors(tmp_path, seed: int) -> None:
    _, priors, new = stated_alone_and_open(tmp_path, seed)
    network = build_network(priors)
    rng = np.random.default_rng(seed)
    for (of, given), value in new.items():
        assert by_brute_force(network, of, dict(part.split("=") for part in given.split("; "))) == pytest.approx(
            value, abs=1e-12
        )
    masks, soft = random_evidence(network.case_variables, 30, rng, known=0.7, soft=0.0)
    check_by_oracles(network, compile_scorer(network), masks, soft, weights_of(network.case_variables, masks, soft), 3)


def test_every_draw_is_solved(tmp_path) -> None:
    _, priors, new = stated_alone_and_open(tmp_path, 5)
    values = draw_values(priors, 300, np.random.default_rng(1))
    network = build_network(priors, values)
    for reading in round_trip(priors, network, values):
        if reading.statement in {words(*key) for key in new}:
            held = np.broadcast_to(network.held_entries.get(reading.statement, np.zeros(1)), len(reading.residual)) > 0
            assert held.mean() < 0.2
            assert np.nanmax(np.abs(reading.residual[~held])) <= 1e-9
    for draw in (7, 150):
        single = build_network(priors, values[[draw]], hold=True)
        for name, table in single.tables.items():
            np.testing.assert_allclose(network.one_draw(draw).tables[name], table, rtol=0, atol=1e-13)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> Rates:
    """Round numbers of which reach can be worked out by hand."""
    rates, more = base(np.random.default_rng(3))
    rates |= alone(np.random.default_rng(3))
    rates |= {("plain=present", "none"): 0.1, ("a_manifest=occult", "a=present"): 0.2}
    return rates, more


def with_rates(by_hand, folder, new: Rates, gone: tuple[tuple[str, str], ...]) -> Priors:
    rates, more = by_hand
    return write(folder, {key: p for key, p in rates.items() if key not in gone} | new, more)


A_ALONE, NONE = ("plain=present", "a=present alone"), ("plain=present", "none")


def test_a_sign_more_frequent_than_the_occult_share_allows(tmp_path, by_hand) -> None:
    """At the end of the range all of the manifest have it; a little beyond is refused."""
    new = ("plain=present", "a=present; setting=there")
    pattern = r"a.present.setting.there: 0.99 is beyond reach; .* and (0\.\d+), since a share of 0.2 of a is occult$"
    with pytest.raises(InferenceError, match=pattern) as error:
        build_network(with_rates(by_hand, tmp_path / "high", {new: 0.99}, (A_ALONE,)))
    highest = float(re.search(pattern, str(error.value))[1])
    network = build_network(with_rates(by_hand, tmp_path / "edge", {new: highest}, (A_ALONE,)))
    given = {"a": "present", "setting": "there"}
    assert by_brute_force(network, "plain=present", given) == pytest.approx(highest, abs=1e-12)
    manifest = {"a_manifest": "manifest", "b": "absent", "c": "absent"}
    assert by_brute_force(network, "plain=present", manifest) == pytest.approx(1, abs=1e-3)
    with pytest.raises(InferenceError, match="is beyond reach"):
        build_network(with_rates(by_hand, tmp_path / "beyond", {new: highest + 1e-4}, (A_ALONE,)))


def test_a_leak_that_other_conditions_exceed_names_them(tmp_path, by_hand) -> None:
    new = ("plain=present", "a=absent; setting=here")
    with pytest.raises(
        InferenceError,
        match=r"0.001 is beyond reach; .* between 0\.\d+ and .*, since plain\.present\.b\.present\.alone says",
    ):
        build_network(with_rates(by_hand, tmp_path / "low", {new: 0.001}, (NONE,)))


def test_a_leak_that_a_rate_alone_contradicts_names_it(tmp_path, by_hand) -> None:
    """Of those with a alone 15 % have the sign: without a it cannot be in 99 %."""
    new = ("plain=present", "a=absent; setting=here")
    with pytest.raises(
        InferenceError, match=r"0.995 is beyond reach; .*, since plain.present.a.present.alone says 0.15"
    ):
        build_network(with_rates(by_hand, tmp_path / "high", {new: 0.995, A_ALONE: 0.15}, (NONE,)))


def test_draws_beyond_reach_are_held_and_counted(tmp_path, by_hand) -> None:
    """A rate near its highest: in many draws it is held there, and the table is that of the highest."""
    rates, more = by_hand
    key = ("plain=present", "a=present; setting=there")
    entry = {"id": "x", "of": key[0], "given": key[1], "value": 0.8, "low": 0.6, "high": 0.95, "n": None}
    priors = write(tmp_path, {k: p for k, p in rates.items() if k != A_ALONE}, [*more, entry])
    values = draw_values(priors, 400, np.random.default_rng(2))
    network = build_network(priors, values)
    held = network.held_entries["x"] > 0
    assert 20 < held.sum() == network.held["x"] < 300
    assert not held[0]
    reading = next(reading for reading in round_trip(priors, network, values) if reading.statement == "x")
    np.testing.assert_allclose(reading.residual[~held], 0.0, atol=1e-9)
    assert np.all(reading.residual[held] < -1e-6)
    plain = network.tables["plain"][held]
    np.testing.assert_allclose(plain[:, 1, 0, 0, 1], 1.0, atol=1e-12)  # every manifest case has it
    once = build_network(priors, values, constant_once=True)
    assert np.array_equal(once.tables["plain"], network.tables["plain"])
