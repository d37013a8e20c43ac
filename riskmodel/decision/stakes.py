"""What is at stake in a policy: the harm and benefit behind each threshold, and the net benefit of acting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.decision.language.nodes import PosteriorComparison, polarities

if TYPE_CHECKING:
    from riskmodel.decision.language.evaluate import Floats
    from riskmodel.decision.language.nodes import Node
    from riskmodel.decision.policy import Policy


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
        for leaf in _acted_on(rule.condition):
            if leaf.name in serious:
                asks.setdefault((leaf.threshold, leaf.name), {}).update(dict.fromkeys(rule.imaging + rule.tests))
    return tuple(
        Stake(name, condition, tuple(tokens), policy.thresholds[name].harm, policy.thresholds[name].benefit)
        for (name, condition), tokens in asks.items()
    )


def _acted_on(node: Node) -> Iterator[PosteriorComparison]:
    """The comparisons by which an expression holds where a posterior is above a named threshold."""
    for leaf, rising in polarities(node):
        if isinstance(leaf, PosteriorComparison) and leaf.threshold and (leaf.comparison in (">=", ">")) == rising:
            yield leaf


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


@dataclass(frozen=True, slots=True)
class Option:
    """Scan with some conditions in view: the harm is that of one scan, done in vain where none of them is present.

    ``benefits`` are of finding each in time; ``harm`` is the largest that a stake on one of them names.
    """

    conditions: tuple[str, ...]
    benefits: tuple[float, ...]
    harm: float

    @property
    def any_of(self) -> str:
        """The output that says how likely any of the conditions is."""
        return " or ".join(self.conditions)


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as one choice: do not scan, or scan with one of the options.

    Each option adds conditions to those of the one before, at more harm: those that ask for the scan sooner.
    """

    name: str
    options: tuple[Option, ...]


def scans(policy: Policy) -> tuple[Scan, ...]:
    """The scans that a policy chooses about, each with all conditions that it serves.

    A scan that several conditions ask for is done once: its harm is charged once, and it brings each its benefit.

    >>> from riskmodel import load
    >>> for scan in scans(load().policy):
    ...     print(scan.name, scan.options[-1].any_of)
    mri infection or malignancy or cauda_equina
    xray fracture
    """
    served: dict[str, list[Stake]] = {}
    for stake in imaging_stakes(policy):
        token = next(token for token in stake.asks if token in policy.imaging_tokens)
        served.setdefault(token, []).append(stake)
    return tuple(Scan(name, _options(members)) for name, members in served.items())


def _options(members: Sequence[Stake]) -> tuple[Option, ...]:
    """One for each harm: with every condition whose own scan harms no more."""
    options = []
    for harm in sorted({stake.harm for stake in members}):
        kept = [stake for stake in members if stake.harm <= harm]
        options.append(Option(tuple(s.condition for s in kept), tuple(s.benefit for s in kept), harm))
    return tuple(options)


def scan_composites(policy: Policy) -> dict[str, tuple[str, ...]]:
    """What the net benefits of a policy's scans need to know beside single conditions: any of some conditions."""
    options = [option for scan in scans(policy) for option in scan.options]
    return {option.any_of: option.conditions for option in options if len(option.conditions) > 1}


def option_benefit(option: Option, probability: Floats, names: Sequence[str]) -> Floats:
    """Net benefit of a scan with some conditions in view, in quality-adjusted life years; not scanning is worth 0.

    Parameters
    ----------
    probability
        (outputs, …): P(present), rows named by ``names``; among them the option's conditions and ``any_of``.

    >>> option = Option(("infection",), (0.99,), harm=0.01)
    >>> option_benefit(option, np.array([[0.01, 0.02]]), ["infection"]).round(4).tolist()
    [0.0, 0.01]
    """
    benefits = [b * probability[names.index(c)] for c, b in zip(option.conditions, option.benefits, strict=True)]
    return np.asarray(np.sum(benefits, axis=0) - option.harm * (1 - probability[names.index(option.any_of)]))


def best_benefit(scan: Scan, probability: Floats, names: Sequence[str]) -> Floats:
    """Net benefit of the best of not scanning and the options of one scan."""
    options = [option_benefit(option, probability, names) for option in scan.options]
    return np.asarray(np.maximum(0.0, np.max(options, axis=0)))
