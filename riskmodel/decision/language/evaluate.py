"""Evaluation of expressions over many cases at once, in three values: true, false, not assessed.

A value is a pair of boolean arrays, where the expression is true and where it is false; where neither
holds it is not assessed. Connectives follow Kleene: what is known stays so whatever the unknown turn out
to be. The nodes of all rules become one list of steps in which equal nodes occur once. The steps that
read findings only come first, so that they are evaluated once for any number of posteriors (draws).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add, and_, or_
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskmodel.decision.language.nodes import (
    OPERATORS,
    AllOf,
    AnyFlag,
    AnyOf,
    Count,
    Enough,
    Holds,
    Node,
    Not,
    PosteriorComparison,
    Prognosis,
    Raised,
    children,
    reads_posterior,
)
from riskmodel.decision.startback import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Bools = NDArray[np.bool_]
Masks = NDArray[np.uint8]
Floats = NDArray[np.float64]


class Truth(NamedTuple):
    """Where an expression is true and where it is false; elsewhere it is not assessed."""

    true: Bools
    false: Bools


class Step(NamedTuple):
    """A node and the positions of its operands among the steps."""

    node: Node
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Beliefs:
    """The probability of each condition or composite by name, given the case and given the setting alone."""

    posterior: Mapping[str, Floats]
    baseline: Mapping[str, Floats]


@dataclass(frozen=True)
class Program:
    """The steps that evaluate a list of expressions, each different node once."""

    steps: tuple[Step, ...]
    from_findings: int
    slots: Mapping[Node, int]

    @classmethod
    def of(cls, roots: Iterable[Node]) -> Program:
        """Order the nodes of all expressions: operands before users, findings before posteriors."""
        nodes = list(dict.fromkeys(node for root in roots for node in _bottom_up(root)))
        nodes.sort(key=reads_posterior)
        slots = {node: slot for slot, node in enumerate(nodes)}
        steps = tuple(Step(node, tuple(slots[child] for child in children(node))) for node in nodes)
        return cls(steps, sum(not reads_posterior(node) for node in nodes), slots)

    def findings(self, masks: Masks) -> list[Truth]:
        """The values of the steps that read no posterior."""
        values: list[Truth] = []
        for step in self.steps[: self.from_findings]:
            node = step.node
            match node:
                case Holds():
                    values.append(_holds(node, masks))
                case Enough():
                    values.append(_enough(node, masks))
                case Prognosis():
                    values.append(_prognosis(node, masks))
                case _:
                    values.append(_combine(step, values))
        return values

    def complete(self, findings: Sequence[Truth], beliefs: Beliefs) -> list[Truth]:
        """The values of all steps: those of the findings, and those that read posteriors."""
        values = list(findings)
        for step in self.steps[self.from_findings :]:
            node = step.node
            if isinstance(node, PosteriorComparison | Raised):
                values.append(_believed(node, beliefs))
            else:
                values.append(_combine(step, values))
        return values

    def comparisons(self, beliefs: Beliefs) -> list[Bools]:
        """Where each step that compares a posterior with something is true."""
        nodes = [step.node for step in self.steps[self.from_findings :]]
        return [_believed(node, beliefs).true for node in nodes if isinstance(node, PosteriorComparison | Raised)]


def _bottom_up(node: Node) -> Iterable[Node]:
    for child in children(node):
        yield from _bottom_up(child)
    yield node


def _holds(node: Holds, masks: Masks) -> Truth:
    """True (false) when every state that is still possible is (is not) one of the node's."""
    states = masks[node.row]
    return Truth((states & (0xFF ^ node.mask)) == 0, (states & node.mask) == 0)


def _enough(node: Enough, masks: Masks) -> Truth:
    assessed = [masks[row] != full for row, full in zip(node.rows, node.full, strict=True)]
    true = np.asarray(reduce(and_, assessed))
    return Truth(true, ~true)


def _prognosis(node: Prognosis, masks: Masks) -> Truth:
    """As for a variable whose states are the groups; contradictory answers, which are refused, settle nothing."""
    groups = node.rows.groups(masks)
    groups = np.where(groups == 0, ALL, groups)
    return Truth((groups & (ALL ^ node.mask)) == 0, (groups & node.mask) == 0)


def _believed(node: PosteriorComparison | Raised, beliefs: Beliefs) -> Truth:
    posterior = beliefs.posterior[node.name]
    if isinstance(node, PosteriorComparison):
        true = OPERATORS[node.comparison](posterior, node.value)
    else:
        baseline = beliefs.baseline[node.name]
        # odds >= factor x odds, multiplied out; the second test keeps 0 against 0 from counting as raised
        true = (posterior * (1 - baseline) >= node.factor * baseline * (1 - posterior)) & (posterior > baseline)
    return Truth(true, ~true)


def _combine(step: Step, values: Sequence[Truth]) -> Truth:
    operands = [values[slot] for slot in step.operands]
    true, false = [operand.true for operand in operands], [operand.false for operand in operands]
    match step.node:
        case Not():
            return Truth(false[0], true[0])
        case AllOf():
            return Truth(reduce(and_, true), reduce(or_, false))
        case AnyOf() | AnyFlag():
            return Truth(reduce(or_, true), reduce(and_, false))
        case Count() as node:
            return _count(node, true, false)
    raise TypeError(f"no way to combine {step.node}")


def _count(node: Count, true: Sequence[Bools], false: Sequence[Bools]) -> Truth:
    """Compare a count of which only the bounds are known: each operand that is not assessed may count."""
    least = reduce(add, [operand.astype(np.int16) for operand in true])
    most = len(false) - reduce(add, [operand.astype(np.int16) for operand in false])
    bound, operator = node.bound, OPERATORS[node.comparison]
    outside = (bound < least) | (bound > most)
    exactly = (least == bound) & (most == bound)
    match node.comparison:
        case "==":
            return Truth(exactly, outside)
        case "!=":
            return Truth(outside, exactly)
        case ">=" | ">":
            return Truth(operator(least, bound), ~operator(most, bound))
        case "<=" | "<":
            return Truth(operator(most, bound), ~operator(least, bound))
