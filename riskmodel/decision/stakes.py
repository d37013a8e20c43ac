"""What is at stake in a policy: the harm and benefit behind each threshold, and the net benefit of acting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskmodel.decision.evaluate import Floats
    from riskmodel.decision.policy import Policy

READS = re.compile(r"\bp\s*\(\s*(\w+)\s*\)\s*>=?\s*threshold\s*\(\s*(\w+)\s*\)")


@dataclass(frozen=True, slots=True)
class Stake:
    """One threshold as a choice: act on a condition (ask for what its rules ask for), or do not.

    ``harm`` (of acting in vain) and ``benefit`` (of acting in time) are in quality-adjusted life years.
    """

    threshold: str
    condition: str
    asks: tuple[str, ...]
    harm: float
    benefit: float


def stakes(policy: Policy) -> tuple[Stake, ...]:
    """The stakes of the thresholds that decide on the imaging or tests of the serious conditions.

    A policy that reads no threshold has none.
    """
    serious = {variable.name for variable in policy.variables if variable.serious}
    asks: dict[tuple[str, str], dict[str, None]] = {}
    for rule in policy.rules:
        for condition, threshold in READS.findall(rule.when):
            if condition in serious:
                asks.setdefault((threshold, condition), {}).update(dict.fromkeys(rule.imaging + rule.tests))
    return tuple(
        Stake(name, condition, tuple(tokens), policy.thresholds[name].harm, policy.thresholds[name].benefit)
        for (name, condition), tokens in asks.items()
    )


def imaging_stakes(policy: Policy) -> tuple[Stake, ...]:
    """For each serious condition the stakes of the scan that is worth most: the choices of net benefit.

    Where a condition has several (an X-ray or a CT for a fracture) they stand for the same benefit, which
    counts once: the one of least harm for its benefit is taken, whatever the probability.
    """
    best: dict[str, Stake] = {}
    for stake in stakes(policy):
        if set(stake.asks) & set(policy.imaging_tokens):
            held = best.get(stake.condition)
            if held is None or stake.harm / stake.benefit < held.harm / held.benefit:
                best[stake.condition] = stake
    return tuple(best.values())


def net_benefit(choices: Sequence[Stake], probability: Floats, names: Sequence[str]) -> Floats:
    """Net benefit of acting on each choice, p · benefit - (1 - p) · harm, in quality-adjusted life years.

    Parameters
    ----------
    probability
        (outputs, …): P(present), rows named by ``names``.

    Returns
    -------
    (choices, …); not acting is worth 0.

    >>> choice = Stake("t", "infection", ("mri",), harm=0.01, benefit=0.99)
    >>> net_benefit([choice], np.array([[0.01, 0.02]]), ["infection"]).round(4).tolist()
    [[0.0, 0.01]]
    """
    rows = [names.index(choice.condition) for choice in choices]
    shape = (len(choices), *(1,) * (probability.ndim - 1))
    harm = np.array([choice.harm for choice in choices]).reshape(shape)
    benefit = np.array([choice.benefit for choice in choices]).reshape(shape)
    p = probability[rows]
    return np.asarray(p * (benefit + harm) - harm)
