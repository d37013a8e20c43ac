"""The tree of an expression: frozen nodes, equal when they say the same."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskmodel.decision.startback import StartBackRows

Comparison = Literal["==", "!=", ">=", ">", "<=", "<"]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Holds:
    """The variable in this row of the masks is in one of the states of ``mask``."""

    row: int
    mask: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class PosteriorComparison:
    """P(the condition given everything known about the case) compared with a number, and the number's name if any."""

    name: str
    comparison: Comparison
    value: float
    at: int = field(default=0, compare=False)
    threshold: str = field(default="", compare=False)


DOUBLED = 2.0  # what raised(X) stands for


@dataclass(frozen=True, slots=True)
class Raised:
    """The condition's odds are at least ``factor`` times its odds given the setting alone."""

    name: str
    factor: float = DOUBLED
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Enough:
    """Each variable of the policy's list was assessed; never undetermined. Rows and full masks, one a variable."""

    rows: tuple[int, ...]
    full: tuple[int, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Prognosis:
    """The STarT Back risk that the answers leave possible is one of the groups of ``mask``."""

    rows: StartBackRows
    mask: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """True where the operand is false."""

    operand: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every operand is true."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where some operand is true."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyFlag:
    """True where some red flag of the policy's list is."""

    operands: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Count:
    """How many operands are true, compared with a whole number."""

    operands: tuple[Node, ...]
    comparison: Comparison
    bound: int


Leaf = Holds | PosteriorComparison | Raised | Enough | Prognosis | AnyFlag
Node = Leaf | Not | AllOf | AnyOf | Count


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    if isinstance(node, Not):
        return (node.operand,)
    if isinstance(node, Holds | PosteriorComparison | Raised | Enough | Prognosis):
        return ()
    return node.operands


def leaves(node: Node) -> tuple[Holds | PosteriorComparison | Raised | Enough | Prognosis, ...]:
    """What an expression reads, in the order of its text."""
    if isinstance(node, Holds | PosteriorComparison | Raised | Enough | Prognosis):
        return (node,)
    return tuple(leaf for child in children(node) for leaf in leaves(child))


def polarities(node: Node, *, rising: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """What an expression reads, each with whether the expression rises (or falls) as it turns true.

    What is counted and compared by ``==`` or ``!=`` may do both, and is given both ways; but to hold all, or none, is
    to rise, or to fall.

    >>> [(leaf.name, rising) for leaf, rising in polarities(AllOf((Raised("fracture"), Not(Raised("infection")))))]
    [('fracture', True), ('infection', False)]
    """
    match node:
        case Not(operand):
            yield from polarities(operand, rising=not rising)
        case AllOf(operands) | AnyOf(operands):
            for operand in operands:
                yield from polarities(operand, rising=rising)
        case Count(operands, comparison, bound):
            directions = {">=": [rising], ">": [rising], "<=": [not rising], "<": [not rising]}
            if bound in (0, len(operands)):
                directions |= {"==": [rising == (bound > 0)], "!=": [rising == (bound == 0)]}
            for direction in directions.get(comparison, [True, False]):
                for operand in operands:
                    yield from polarities(operand, rising=direction)
        case Holds() | PosteriorComparison() | Raised() | Enough() | Prognosis() | AnyFlag():
            yield node, rising


def reads_posterior(node: Node) -> bool:
    """Whether any part of an expression reads a posterior."""
    return any(isinstance(leaf, PosteriorComparison | Raised) for leaf in leaves(node))


def is_comparison(text: str) -> TypeGuard[Comparison]:
    """Whether a token is one of the six comparisons."""
    return text in OPERATORS
