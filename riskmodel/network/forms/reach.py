"""What a rate of people who may have other conditions too can be, beside the other statements, and what limits it.

Rates are tried in the stated values (draw 0): one is within reach where the leak and the manifest disease of each
condition stated alone have probabilities between 0 and 1, and the table gives the rate and all others back.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import InferenceError
from riskmodel.evidence.finding_rates import gives_leak, link_of
from riskmodel.network.forms.manifestation import condition_of, occult_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from riskmodel.arrays import Array, Bools, Ints
    from riskmodel.evidence.records import Statement
    from riskmodel.network.forms.solved_rates import Solver

ROUNDING = 1e-12  # a probability this little below 0 is 0
BACK = 1e-9  # how closely a rate must come back
DIGITS = 4
TRIED = 401  # rates between 0 and 1
HALVINGS = 30


def beyond_reach(solver: Solver) -> InferenceError:
    """The error that names every rate that cannot be reached, its range, and what limits it.

    Where several cannot, the range of each is that beside the nearest of the others that can be; where none of these
    can be either, that without the effect of the others' conditions.
    """
    texts = _out_of_range(solver) or _out_of_range(_nearest_of_all(solver)) or _out_of_range(solver, by_itself=True)
    ids = ", ".join(statement.id for unknown in solver.unknowns for statement in unknown.statements)
    return InferenceError("; ".join(texts) or f"{ids}: cannot hold beside the other statements, whatever the value")


def _nearest_of_all(solver: Solver) -> Solver:
    """The solver with the rates that are reached when what is beyond reach is held."""
    first = solver.equations.rows(np.zeros(1, dtype=np.int64))
    trial = replace(solver, equations=first)
    x, fixed = trial.solve(*trial.start())
    reached = trial.implied(_clipped(solver, first.cells(x)))
    target = np.where(fixed[:, None], reached, first.target)
    return replace(solver, equations=replace(first, target=target))


def _out_of_range(solver: Solver, *, by_itself: bool = False) -> list[str]:
    texts = []
    for i, unknown in enumerate(solver.unknowns):
        for statement in unknown.statements:
            reach = _reach(solver, i, statement, by_itself=by_itself)
            if reach is not None and not reach[0] <= statement.value <= reach[1]:
                low, high = reach
                end = low if statement.value < low else high
                limits = "" if by_itself else _limits(solver, i, statement, end, low=statement.value < low)
                between = f"between {_inside(low, ceil):g} and {_inside(high, floor):g}"
                texts.append(
                    f"{statement.id}: {statement.value:g} is beyond reach; beside the other statements on "
                    f"{statement.of.variable} it must be {between}{limits}"
                )
    return texts


def _inside(rate: float, rounding: Callable[[float], int]) -> float:
    """An end of the range with four digits, rounded to the inside."""
    edge = min(rate, 1 - rate)
    places = DIGITS - 1 - floor(log10(edge)) if edge > 0 else DIGITS
    return float(rounding(rate * 10**places) / 10**places)


def _reach(solver: Solver, which: int, statement: Statement, *, by_itself: bool) -> tuple[float, float] | None:
    """The lowest and highest rate that can be reached; None where none can."""
    tried = np.concatenate([[1e-9, 1e-6, 1e-4], np.linspace(0, 1, TRIED)[1:-1], 1 - np.array([1e-4, 1e-6, 1e-9])])
    possible = np.nonzero(_is_possible(solver, which, statement, tried, by_itself=by_itself))[0]
    if not possible.size:
        return None
    ends = []
    for at, beside, last in ((possible[0], -1, 0.0), (possible[-1], 1, 1.0)):
        inside, outside = tried[at], tried[at + beside] if 0 <= at + beside < len(tried) else last
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            if _is_possible(solver, which, statement, np.array([middle]), by_itself=by_itself)[0]:
                inside = middle
            else:
                outside = middle
        ends.append(float(inside))
    low, high = ends
    return low, high


def _is_possible(solver: Solver, which: int, statement: Statement, rates: Array, *, by_itself: bool) -> Bools:
    """Which rates can be reached, (rates,)."""
    x, trial = _solved_at(solver, which, statement, rates, by_itself=by_itself)
    asked = [which] if by_itself else slice(None)
    entries = _entries(solver, trial.equations.cells(x))
    present = solver.axes.combinations
    stated_alone = [i for i, cause in enumerate(solver.axes.causes) if cause.name in solver.rates.alone]
    whole = (present.sum(axis=1) == 0) | (present[:, stated_alone].any(axis=1) & (present.sum(axis=1) == 1))
    shares = _steps(entries)[:, :, whole]
    below = entries[:, :, present.sum(axis=1) == 1].min(axis=(1, 2, 3)) < -ROUNDING
    implied = trial.implied(_clipped(solver, trial.equations.cells(x)))
    back = np.abs(implied - trial.equations.target)[:, :, asked].max(axis=(1, 2)) <= BACK
    stated = _steps(np.moveaxis(trial.equations.target, 1, -1)).min(axis=(1, 2)) >= 0
    return np.asarray((shares.min(axis=(1, 2, 3)) >= -ROUNDING) & ~below & back & stated)


def _solved_at(
    solver: Solver, which: int, statement: Statement, rates: Array, *, by_itself: bool = False
) -> tuple[Array, Solver]:
    """The unknowns with other rates of one statement, (rates, states - 1, unknowns), and their solver."""
    unknown = solver.unknowns[which]
    variable = solver.axes.building.variable
    first = solver.equations.rows(np.zeros(len(rates), dtype=np.int64))
    shares = _steps(np.moveaxis(first.target, 1, -1)[:, which])
    stated = [variable.index(s.of.states[0]) for s in unknown.statements]
    rest = next(j for j in range(len(variable.states)) if j not in stated or len(stated) == len(variable.states))
    state = variable.index(statement.of.states[0])
    shares[:, rest] += shares[:, state] - rates
    shares[:, state] = rates
    target = first.target.copy()
    target[:, :, which] = np.cumsum(shares, axis=-1)[:, :-1]
    trial = replace(solver, equations=replace(first, target=target))
    x, fixed = trial.start()
    if by_itself:
        fixed[:] = np.arange(fixed.shape[1]) != which
    return trial.equations.solve(x, fixed), trial


def _entries(solver: Solver, cells: Array) -> Array:
    """P(up to a state) given the causes, not clipped: (draws, contexts, combinations of causes, states - 1).

    From the same given the conditions, (draws, states - 1, cells): the manifest part of each disease is what is not
    occult.
    """
    axes = solver.axes
    table = cells.reshape(*cells.shape[:2], -1, *(2,) * len(axes.causes))
    for axis, cause in enumerate(axes.causes, start=3):
        if cause.role == "manifestation":
            o = float(occult_share(axes.building, cause.name)[0])
            absent, present = np.moveaxis(table, axis, 0)
            table = np.stack([absent, (present - o * absent) / (1 - o)], axis=axis)
    return np.moveaxis(table.reshape(*table.shape[:3], -1), 1, -1)


def _clipped(solver: Solver, cells: Array) -> Array:
    """The table that cells make, (draws, contextual …, causes …, states)."""
    upto = np.maximum.accumulate(np.clip(_entries(solver, cells), 0.0, 1.0), axis=-1)
    return _steps(upto).reshape(len(upto), *solver.axes.sizes, *(2,) * len(solver.axes.causes), -1)


def _steps(upto: Array) -> Array:
    """The probability of each state, from that of all up to it without the last: (…, states)."""
    ends = np.zeros_like(upto[..., :1])
    return np.diff(np.concatenate([ends, upto, ends + 1], axis=-1), axis=-1)


def _limits(solver: Solver, which: int, statement: Statement, end: float, *, low: bool) -> str:
    """What a rate ends at: whose table entry leaves what is possible beyond it, and by whose share."""
    beyond = np.array([end * (1 - 1e-4) if low else end + 1e-4 * (1 - end)])
    x, trial = _solved_at(solver, which, statement, beyond)
    shares = _steps(_entries(solver, trial.equations.cells(x)))[0]
    _, combination, state = np.unravel_index(int(shares.argmin()), shares.shape)
    present = solver.axes.combinations[combination]
    involved = [cause for cause, on in zip(solver.axes.causes, present, strict=True) if on]
    too_rare = (state != 0) == (statement.of.states[0] != solver.axes.building.variable.base)
    names = list(_stating(_about(solver, [condition_of(cause) for cause in involved], statement)))
    if too_rare and len(involved) <= 1:
        names = [*_others(solver, trial, x, which, statement), *names]
    hidden = [
        f"a share of {float(occult_share(solver.axes.building, cause.name)[0]):g} of {condition_of(cause)} is occult"
        for cause in involved
        if cause.role == "manifestation" and not (too_rare and condition_of(cause) == solver.unknowns[which].condition)
    ]
    texts = list(dict.fromkeys([*names, *hidden]))
    return f", since {' and '.join(texts)}" if texts else ""


def _stating(statements: Iterable[Statement]) -> Iterator[str]:
    yield from (f"{statement.id} says {statement.value:g}" for statement in statements)


def _about(solver: Solver, conditions: list[str], apart: Statement) -> Iterator[Statement]:
    """The statements on the links of some conditions, but one."""
    variables = solver.axes.building.variables
    for statement, _ in solver.axes.building.probabilities:
        if statement is not apart and link_of(statement, variables) in conditions:
            yield statement


def _others(solver: Solver, trial: Solver, x: Array, which: int, apart: Statement) -> Iterator[str]:
    """What else gives these people the finding most: another condition, no condition, or a part of a scan."""
    axes, unknown = solver.axes, solver.unknowns[which]
    missing = 1 - trial.equations.cells(x)[0, 0]
    weights = trial.equations.weights[0, which].reshape(-1, len(axes.combinations))
    share = (weights * missing.reshape(weights.shape)).sum(axis=0)
    parts = {
        condition: float(share @ axes.combinations[:, i])
        for i, condition in enumerate(axes.conditions)
        if condition != unknown.condition
    }
    only: Ints = axes.combinations.sum(axis=1) - (0 if unknown.is_leak else 1)
    if not unknown.is_leak:
        parts[""] = float(share[only == 0].sum())
    most = max(parts, key=lambda name: parts[name], default="")
    with_parts = 1 - float(weights.sum())
    if axes.building.parts and with_parts > parts.get(most, 0.0):
        yield f"{with_parts:.4g} of these people have one of its parts"
    elif most:
        yield from _stating(_about(solver, [most], apart))
    else:
        stated = (statement for statement, _ in axes.building.probabilities if statement is not apart)
        yield from _stating(statement for statement in stated if gives_leak(statement, axes.building.variables))
