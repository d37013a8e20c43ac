"""Rates of people who may have other conditions too: leak and links solved so that the network gives them."""

from __future__ import annotations

import pytest

from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Priors
from riskmodel.network.ask import conditional
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.small_priors import variant

FEVER = 'of = "fever=present"\ngiven = "infection=present alone"'


def assert_all_hold(priors: Priors, *statements: str) -> None:
    readings = [reading for reading in round_trip(priors, build_network(priors)) if reading.statement in statements]
    assert {reading.statement for reading in readings} == set(statements)
    assert all(reading.worst <= 1e-12 for reading in readings)


def test_a_link_from_everybody_with_the_condition(tmp_path) -> None:
    folder = variant(tmp_path, "tiny", {FEVER: FEVER.replace(" alone", "; setting=there")})
    priors = load_priors("seeds", folder)
    assert_all_hold(priors, "find.fever.infection", "find.fever.none", "find.fever.none.there")


def test_a_leak_from_everybody_without_the_condition(tmp_path) -> None:
    none = 'given = "none"\nvalue = 0.05'
    folder = variant(tmp_path, "tiny", {none: none.replace("none", "infection=absent")})
    priors = load_priors("seeds", folder)
    assert_all_hold(priors, "find.fever.infection", "find.fever.none", "find.fever.none.there")


def test_the_link_by_hand(tmp_path) -> None:
    """Of those with a fracture some have compression: their weakness is part of the rate."""
    stable, progressive = (
        f'of = "weakness={state}"\ngiven = "fracture=present alone"' for state in ("stable", "progressive")
    )
    folder = variant(tmp_path, "tiny", {text: text.replace(" alone", "") for text in (stable, progressive)})
    priors = load_priors("seeds", folder)
    network = build_network(priors)
    event = priors.statement("find.weakness.fracture.stable").of
    here = {"setting": ("here",), "fracture": ("present",)}
    assert conditional(network, event, here) == pytest.approx(0.03, rel=1e-12)
    assert_all_hold(priors, "find.weakness.fracture.stable", "find.weakness.fracture.progressive")
