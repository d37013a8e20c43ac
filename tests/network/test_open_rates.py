"""Rates of people who may have other conditions too, on random small networks, against other programs."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.records import Priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.network.roundtrip import round_trip
from tests.support.engines import check_by_oracles, random_evidence, weights_of
from tests.support.open_rates import PARENTS, Rates, alone, base, by_brute_force, words, write

FINDINGS = ("plain", "graded", "by_age", "scan")
PARTS = {  # contexts for which leaks are stated apart
    "graded": ({"setting": "here"}, {"setting": "there"}),
    "by_age": ({"age": "young"}, {"age": "old"}),
}


def opened(network: Network, rates: Rates, rng: np.random.Generator) -> tuple[Rates, Rates]:
    """The rates, some stated of whoever may have other conditions too, as a network gives them; and these alone."""
    result, new = dict(rates), {}
    for finding in FINDINGS:
        states = ["some", "much"] if finding == "graded" else ["present"]
        for condition in ("a", "b"):
            if rng.random() < 0.6:
                setting = str(rng.choice(["here", "there"]))
                for state in states:
                    of = f"{finding}={state}"
                    result.pop((of, f"{condition}=present alone"))
                    given = {condition: "present", "setting": setting}
                    new[of, f"{condition}=present; setting={setting}"] = by_brute_force(network, of, given)
        for where in PARTS.get(finding, ({},)):
            condition = str(rng.choice(["a", "b", "c"] if finding == "plain" else ["a", "b"]))
            given = {condition: "absent", "setting": str(rng.choice(["here", "there"])), **where}
            if rng.random() < 0.7:
                for state in states:
                    of = f"{finding}={state}"
                    result.pop((of, "; ".join(["none", *(f"{name}={value}" for name, value in where.items())])))
                    new[of, "; ".join(f"{name}={value}" for name, value in given.items())] = by_brute_force(
                        network, of, given
                    )
    return {**result, **new}, new


def stated_alone_and_open(tmp_path, seed: int) -> tuple[Network, Priors, Rates]:
    rng = np.random.default_rng(seed)
    above, more = base(rng)
    rates = {**above, **alone(rng)}
    truth = build_network(write(tmp_path / "alone", rates, more))
    every, new = opened(truth, rates, rng)
    return truth, write(tmp_path / "open", every, more), new


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
