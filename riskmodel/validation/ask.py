"""What the network says to a published row: exact, by elimination, for every draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.records import Event
from riskmodel.network.ask import Allowed, both, probability
from riskmodel.network.network import Network
from riskmodel.validation.records import Combination, PublishedRow

Terms = list[tuple[int, Allowed]]  # a probability as a signed sum of probabilities of restrictions


class Fraction(NamedTuple):
    """A share as a signed sum over another: P(top) / P(base), where what ``top`` sums is part of ``base``."""

    top: Terms
    base: Terms


def answer(network: Network, row: PublishedRow, *, at_prior: bool = False) -> Array:
    """P(of | given, people) in the row's setting, one value a draw; NaN where that cannot happen.

    With ``at_prior`` the base rate of ``of`` among the people is the study's: by Bayes' theorem from
    P(given | of) and P(given | not of), the latter among ``others`` where the study says who they were.
    """
    shares = [_share(network, fraction) for fraction in fractions(network, row, at_prior=at_prior)]
    if row.prior is None or len(shares) == 1:
        return shares[0]
    with_it, without = shares
    return with_it * row.prior / (with_it * row.prior + without * (1 - row.prior))


def fractions(network: Network, row: PublishedRow, *, at_prior: bool = False) -> tuple[Fraction, ...]:
    """What the answer to a row is made of: P(of | given); at the study's base rate P(given | of), P(given | not of)."""
    setting = [Event("setting", (row.setting,))] if row.setting else []
    people = _terms(network, [Combination((event,), 1) for event in (*setting, *row.people)])
    if not at_prior or row.prior is None:
        return (_fraction(network, [row.of], row.given, people),)
    event = row.of.events[0]
    others = [complement(network, event), *row.others]
    return (
        _fraction(network, [row.given], Combination((event,), 1), people),
        _fraction(network, [row.given], Combination(tuple(others), len(others)), people),
    )


def complement(network: Network, event: Event) -> Event:
    """The event that the variable is in none of an event's states."""
    composite = event.variable in network.composites
    states = ("absent", "present") if composite else network.variable(event.variable).states
    return Event(event.variable, tuple(state for state in states if state not in event.states))


def _fraction(network: Network, of: Sequence[Combination], given: Combination, people: Terms) -> Fraction:
    base = product(network, people, _terms(network, [given]))
    return Fraction(product(network, base, _terms(network, of)), base)


def _share(network: Network, fraction: Fraction) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _total(network, fraction.top) / _total(network, fraction.base)


def _total(network: Network, terms: Terms) -> Array:
    return np.asarray(sum(sign * probability(network, allowed) for sign, allowed in terms))


def _terms(network: Network, combinations: Iterable[Combination]) -> Terms:
    terms: Terms = [(1, {})]
    for combination in combinations:
        terms = product(network, terms, _at_least(network, combination.events, combination.least))
    return terms


def _at_least(network: Network, events: Sequence[Event], least: int) -> Terms:
    """At least so many of some events, as disjoint restrictions; one of many is all but none."""
    if least <= 0:
        return [(1, {})]
    if least > len(events):
        return []
    if least == 1 and len(events) > 1:
        none = _at_least(network, [complement(network, event) for event in events], len(events))
        return [(1, {}), *((-sign, allowed) for sign, allowed in none)]
    first, rest = events[0], events[1:]
    with_first = product(network, _event(network, first), _at_least(network, rest, least - 1))
    if least == len(events):
        return with_first
    return with_first + product(network, _event(network, complement(network, first)), _at_least(network, rest, least))


def _event(network: Network, event: Event) -> Terms:
    members = network.composites.get(event.variable)
    if members is None:
        return [(1, {event.variable: event.states})]
    none = {name: (network.variable(name).base,) for name in members}
    return [(1, {}), (-1, none)] if "present" in event.states else [(1, none)]


def product(network: Network, first: Terms, second: Terms) -> Terms:
    """The products of two sums; a restriction that leaves a variable no state is dropped."""
    products: Terms = []
    for sign, allowed in first:
        for other_sign, other in second:
            joint = both(network, allowed, other)
            if all(joint.values()):
                products.append((sign * other_sign, joint))
    return products
