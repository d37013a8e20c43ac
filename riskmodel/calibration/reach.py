"""Fitted values at the edge of what the others allow: which they are, and brought to where the network holds them.

A fit may ask for more than the network can give: a sign in 90 % of a disease of which 20 % are occult, or a crude ratio
that would take more exposed people than there are. Beyond the edge the tables are held, so that the cohort tells
nothing there; the value to write down is the nearest that the network can give.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

import numpy as np

from riskmodel.arrays import Array
from riskmodel.calibration.optimise import BESIDE, LogPosterior
from riskmodel.errors import InferenceError
from riskmodel.evidence.distributions import joint_distributions
from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.records import RATIOS, Priors, Statement
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from riskmodel.network.roundtrip import round_trip

DIGITS = 6  # of a value that is brought within reach, from the nearer end
ROUNDS = 10  # each moves the edges of others by its rounding alone
WHOLE = 1e-9  # states whose values add up to 1 this closely are all that there are


def held_at_edges(posterior: LogPosterior, x: Array, sds: Array) -> set[str]:
    """Statements that are held at a point, or within a hundredth of a standard deviation of it.

    Parameters
    ----------
    x, sds
        the point, and the standard deviation of each coordinate there: (coordinates,).
    """
    moves = BESIDE * np.concatenate([np.zeros((1, len(x))), np.diag(sds), -np.diag(sds)])
    return set(posterior.likelihood.network(x + moves).held)


def values_within_reach(priors: Priors) -> dict[str, float]:
    """Other values of statements, by id, with which no value lies beyond reach: none where none does.

    Raises
    ------
    InferenceError
        where the statements cannot hold together, whatever is held.
    """
    values: dict[str, float] = {}
    for _ in range(ROUNDS):
        try:
            build_network(priors)
        except InferenceError:
            network = build_network(priors, hold=True)
            changes = _held_values(priors, network)
            if not changes:
                raise
        else:
            break
        values |= changes
        priors = with_overrides(priors, {name: numbers_at(priors.statement(name), v) for name, v in changes.items()})
    return values


def numbers_at(statement: Statement, value: float) -> dict[str, Any]:
    """The numbers of a statement with another value, as an override has them: its interval reaches the value."""
    numbers: dict[str, Any] = {"value": value}
    if statement.informed:
        numbers["informed"] = [step.as_table() for step in statement.informed]
    if statement.low is not None and statement.high is not None:
        numbers |= {"low": min(statement.low, value), "high": max(statement.high, value)}
    return numbers


def _held_values(priors: Priors, network: Network) -> dict[str, float]:
    """What a network that is held says of the statements that it does not give back, rounded to the inside."""
    changes: dict[str, float] = {}
    for reading in round_trip(priors, network):
        statement = priors.statement(reading.statement)
        held = statement.id in network.held and statement.quantity != "relative_weight"  # only their ratios are stated
        if held and not reading.holds and np.isfinite(reading.worst):
            answer = float(reading.implied[0])
            change = _rounded_on(answer, answer - statement.value, ratio=statement.quantity in RATIOS)
            farthest = changes.get(statement.id, statement.value)
            if abs(change - statement.value) > abs(farthest - statement.value):  # of all cells that it speaks of
                changes[statement.id] = change
    return _whole(priors, changes)


def _rounded_on(value: float, away: float, *, ratio: bool) -> float:
    """A value with a few digits, rounded in the direction that it was held in."""
    edge = value if ratio else min(value, 1 - value)
    places = DIGITS - 1 - floor(log10(edge)) if edge > 0 else DIGITS
    scaled = value * 10**places
    return float((ceil(scaled) if away > 0 else floor(scaled)) / 10**places)


def _whole(priors: Priors, changes: Mapping[str, float]) -> dict[str, float]:
    """The changes, so that states that are all of a distribution go on adding up to 1: the most probable gives way."""
    result, statements = dict(changes), priors.selected_statements
    for members in joint_distributions(statements):
        stated = {statements[i].id: statements[i].value for i in members}
        if result.keys() & stated.keys() and abs(sum(stated.values()) - 1) < WHOLE:
            values = {name: result.get(name, value) for name, value in stated.items()}
            most = max(values, key=lambda name: values[name])
            result |= values | {most: 1.0 - sum(value for name, value in values.items() if name != most)}
    return result
