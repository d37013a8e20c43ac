"""Factors with a leading draw axis, and exact elimination over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array


@dataclass(frozen=True, slots=True)
class Factor:
    """A non-negative function of some variables, for every draw.

    ``table`` has shape (draws or 1, states of scope[0], states of scope[1], …).
    """

    scope: tuple[str, ...]
    table: Array


def sliced(factor: Factor, allowed: Mapping[str, Sequence[int]]) -> Factor:
    """The factor where each named variable is in an allowed state; one that has a single such state is dropped."""
    table, scope = factor.table, list[str]()
    for name in factor.scope:
        axis = len(scope) + 1
        states = allowed.get(name)
        if states is None:
            scope.append(name)
        elif len(states) == 1:
            table = table[(slice(None),) * axis + (states[0],)]
        else:
            table = table.take(states, axis=axis)
            scope.append(name)
    return Factor(tuple(scope), table)


def multiply_out(factors: Sequence[Factor], drop: str | None, names: dict[str, int]) -> Factor:
    """The product of factors, with one variable summed out (``drop``); ``names`` numbers all variables from 1 on."""
    scope = tuple(dict.fromkeys(name for factor in factors for name in factor.scope if name != drop))
    draws = max(factor.table.shape[0] for factor in factors)
    operands: list[object] = []
    for factor in factors:
        table = factor.table
        if table.shape[0] != draws:
            table = np.broadcast_to(table, (draws, *table.shape[1:]))
        operands += [table, [0, *(names[name] for name in factor.scope)]]
    result = np.einsum(*operands, [0, *(names[name] for name in scope)])  # type: ignore[call-overload]
    return Factor(scope, result)


def eliminate(factors: Iterable[Factor], keep: Sequence[str]) -> Array:
    """Sum the product of all factors over every variable that is not kept.

    The next variable summed out is the one whose elimination makes the smallest table.

    Returns
    -------
    array of shape (draws, states of keep[0], states of keep[1], …)

    Examples
    --------
    >>> import numpy as np
    >>> prior = Factor(("rain",), np.array([[0.8, 0.2]]))
    >>> wet = Factor(("rain", "wet"), np.array([[[0.9, 0.1], [0.2, 0.8]]]))
    >>> eliminate([prior, wet], ["wet"]).round(3).tolist()
    [[0.76, 0.24]]
    """
    remaining = list(factors) or [Factor((), np.ones(1))]
    sizes = {name: size for f in remaining for name, size in zip(f.scope, f.table.shape[1:], strict=True)}
    waiting = [name for name in sizes if name not in keep]
    while waiting:
        chosen = min(waiting, key=lambda name: _cost(name, remaining, sizes))
        touching = [factor for factor in remaining if chosen in factor.scope]
        remaining = [factor for factor in remaining if chosen not in factor.scope]
        remaining.append(_sum_out(touching, chosen))
        waiting.remove(chosen)
    names = {name: i + 1 for i, name in enumerate(sizes)}
    total = remaining[0]
    for factor in remaining[1:]:
        total = multiply_out([total, factor], None, names)
    return np.ascontiguousarray(
        np.moveaxis(total.table, [total.scope.index(name) + 1 for name in keep], range(1, len(keep) + 1))
    )


def _cost(name: str, factors: Collection[Factor], sizes: dict[str, int]) -> int:
    scope = {other for factor in factors if name in factor.scope for other in factor.scope}
    cost = 1
    for other in scope:
        cost *= sizes[other]
    return cost


def _sum_out(factors: Sequence[Factor], name: str) -> Factor:
    """Multiply the factors two at a time, and sum the variable out with the last."""
    names = {other: i + 1 for i, other in enumerate(dict.fromkeys(n for f in factors for n in f.scope))}
    total = factors[0]
    for i, factor in enumerate(factors[1:], start=2):
        total = multiply_out([total, factor], name if i == len(factors) else None, names)
    if len(factors) == 1:
        total = multiply_out([total], name, names)
    return total
