"""Ask the finished network for a quantity: exact, by elimination, for every draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.plain_readings import plain_readings
from riskmodel.evidence.records import Event, Statement, acting_node
from riskmodel.network.elimination import eliminate, sliced
from riskmodel.network.forms.tetrachoric import implied_correlation
from riskmodel.network.network import Network

Allowed = Mapping[str, tuple[str, ...]]  # variable -> the states it may be in


def probability(network: Network, allowed: Allowed) -> Array:
    """P(every named variable is in one of its allowed states), exact, by elimination: (draws,) in [0, 1]."""
    states = {name: [network.variable(name).index(state) for state in named] for name, named in allowed.items()}
    return eliminate([sliced(network.factor(name), states) for name in network.ancestors(allowed)], [])


def conditional(network: Network, of: Event, given: Allowed) -> Array:
    """P(of | given), composites included: (draws,) in [0, 1], NaN where ``given`` is impossible."""
    members = network.composites.get(of.variable)
    with np.errstate(invalid="ignore", divide="ignore"):
        if members is None:
            return probability(network, both(network, given, {of.variable: of.states})) / probability(network, given)
        none = {name: (network.variable(name).base,) for name in members}
        share_none = probability(network, both(network, given, none)) / probability(network, given)
        return 1 - share_none if "present" in of.states else share_none


def both(network: Network, first: Allowed, second: Allowed) -> Allowed:
    """Both restrictions at once: of a variable in both, the states that both allow."""
    result = dict(first)
    for name, states in second.items():
        before = result.get(name, network.variable(name).states)
        result[name] = tuple(state for state in states if state in before)
    return result


def restrictions(network: Network, statement: Statement) -> Allowed:
    """What a statement's `given` says, as allowed states of variables.

    One that drives a plain reading's table and is given none, or a condition alone, holds where none of its parts is
    present; any other, for everybody.
    """
    given, of = statement.given, statement.of
    result: dict[str, tuple[str, ...]] = {}
    alone = next((event for event in given.events if event.alone), None)
    if given.none or alone is not None:
        result = {condition.name: (condition.base,) for condition in network.conditions}
    if given.no_listed_cause:
        parents = network.variable(of.variable).parents
        result |= {
            name: (network.variable(name).base,) for name in parents if network.variable(name).role == "condition"
        }
    if not statement.is_audit and (given.none or alone is not None):
        parts = plain_readings(network.variables).get(of.variable, ())
        result |= {name: (network.variable(name).base,) for name in parts}
    for event in given.events:
        result[event.variable] = event.states
    return result


def implied(network: Network, statement: Statement, reference: str, setting: str | None = None) -> Array:
    """What the network says of a statement's quantity, one value a draw.

    ``reference`` is the set's reference setting, used for probabilities and crude ratios that name none;
    ``setting`` asks for another one. For an adjusted odds ratio the value is the geometric mean over the
    cells of the other parents (it is equal in all of them); for a relative weight, the link.
    """
    at = _setting(network, statement, setting or reference)
    if statement.quantity == "probability":
        return conditional(network, statement.of, {**restrictions(network, statement), **at})
    if statement.quantity == "share":
        given = {**restrictions(network, statement), **at}
        return conditional(network, statement.of, given) / conditional(network, statement.of, at)
    if statement.quantity == "relative_weight":
        return _link(network, statement, at)
    if statement.quantity == "dependence":
        return _correlation(network, statement)
    if statement.quantity == "adjusted_odds_ratio":
        mean: Array = np.log(odds_ratios(network, statement, at)).mean(axis=1)
        return np.exp(mean)
    return _crude(network, statement, at)


def _correlation(network: Network, statement: Statement) -> Array:
    """The correlation of a group's findings given none of the conditions, or one alone and manifest."""
    group = network.groups[statement.of.variable]
    above = {parent for name in group for parent in network.variable(name).parents}
    present = {event.variable for event in statement.given.events}
    nodes = {name: (acting_node(name, above), name) for name in (each.name for each in network.conditions)}
    at = {node: int(name in present) for name, both in nodes.items() for node in both if node in above}
    return implied_correlation([network.factor(name) for name in group], group, at)


def _setting(network: Network, statement: Statement, setting: str) -> dict[str, tuple[str, ...]]:
    named = statement.given.event("setting")
    if named is not None:
        return {"setting": named.states}
    return {"setting": (setting,)} if any(v.name == "setting" for v in network.variables) else {}


def _sides(statement: Statement) -> tuple[Event, Event]:
    versus = statement.given.versus
    if versus is None:
        raise InferenceError(f"{statement.id}: a ratio needs 'A vs B'")
    return statement.given.events[0], versus


def _crude(network: Network, statement: Statement, at: Allowed) -> Array:
    first, second = _sides(statement)
    top = conditional(network, statement.of, {**at, first.variable: first.states})
    bottom = conditional(network, statement.of, {**at, second.variable: second.states})
    if statement.quantity == "odds_ratio":
        return (top / (1 - top)) / (bottom / (1 - bottom))
    return top / bottom


def _link(network: Network, statement: Statement, at: Allowed) -> Array:
    cause = statement.given.events[0]
    variable = network.variable(statement.of.variable)
    causes = [name for name in variable.parents if network.variable(name).role == "condition"]
    off = {name: (network.variable(name).base,) for name in causes}
    absent = Event(variable.name, (variable.base,))
    with_cause = conditional(network, absent, {**at, **off, cause.variable: cause.states})
    return 1 - with_cause / conditional(network, absent, {**at, **off})


def odds_ratios(network: Network, statement: Statement, at: Allowed) -> Array:
    """The odds ratio of an adjusted statement in every cell of the other parents: (draws, cells).

    One for each pair of a state of its first group and one of its second, ``at`` restricting the parents.
    """
    first, second = _sides(statement)
    variable, exposure = network.variable(statement.of.variable), network.variable(first.variable)
    p = network.tables[variable.name][..., [variable.index(state) for state in statement.of.states]].sum(axis=-1)
    axes = {name: axis for axis, name in enumerate(variable.parents, start=1)}
    for name, states in at.items():
        if name in axes:
            p = p.take([network.variable(name).index(state) for state in states], axis=axes[name])
    p = np.moveaxis(p, axes[first.variable], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = p / (1 - p)
        pairs = [odds[:, exposure.index(a)] / odds[:, exposure.index(b)] for a in first.states for b in second.states]
    return np.concatenate([pair.reshape(len(p), -1) for pair in pairs], axis=1)
