"""Networks of the shipped priors, and pgmpy asked about them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from pgmpy.inference import VariableElimination

from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Event, Priors
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.network.pgmpy_network import to_pgmpy
from riskmodel.network.roundtrip import Reading, round_trip

SETS = ("seeds", "literature")
SETTINGS = ("as_reported", "primary_care", "emergency", "spine_clinic")


@cache
def priors_of(name: str) -> Priors:
    return load_priors(name)


@cache
def network_of(name: str) -> Network:
    return build_network(priors_of(name))


@cache
def readings_of(name: str) -> Mapping[str, list[Reading]]:
    found: dict[str, list[Reading]] = {}
    for reading in round_trip(priors_of(name), network_of(name)):
        found.setdefault(reading.statement, []).append(reading)
    return found


class Asked:
    """The exported network under question; what was asked once is kept."""

    def __init__(self, name: str) -> None:
        self.network = network_of(name)
        self.engine = VariableElimination(to_pgmpy(self.network))
        self.answers: dict[object, np.ndarray] = {}

    def joint(self, names: tuple[str, ...], given: Mapping[str, str]) -> np.ndarray:
        """P(names | given), an axis a name, in the order of the names."""
        key = (names, tuple(sorted(given.items())))
        if key not in self.answers:
            factor = self.engine.query(list(names), evidence=dict(given), show_progress=False)
            axes = [factor.variables.index(name) for name in names]
            for name, axis in zip(names, axes, strict=True):
                assert tuple(factor.state_names[name]) == self.network.variable(name).states
                assert factor.cardinality[axis] == len(factor.state_names[name])
            self.answers[key] = np.transpose(factor.values, axes)
        return self.answers[key]

    def probability(self, event: Event, given: Mapping[str, str]) -> float:
        states = self.network.variable(event.variable).states
        return float(self.joint((event.variable,), given)[[states.index(state) for state in event.states]].sum())


@cache
def asked_of(name: str) -> Asked:
    return Asked(name)


def causes(network: Network) -> list[str]:
    return [name for name in network.variable("cauda_equina").parents if name != "setting"]


def value(name: str, identifier: str) -> float:
    return priors_of(name).statement(identifier).value
