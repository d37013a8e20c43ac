"""The exact sensitivity function of single entries of the network's tables, for one case.

Under proportional co-variation of its column, P(evidence) and P(condition, evidence) are linear in an entry x, so
the posterior is (alpha x + beta) / (gamma x + delta). Two evaluations, at x = 0 and at x = 1, give all four.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import Variable
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.network import Network
from riskmodel.sensitivity.ranges import refuse
from riskmodel.sensitivity.what_if import people_of
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.model import Model

Place = tuple[int, ...]  # of an entry: a state of each parent, then the variable's own
AT_ONCE = 500  # entries of one table evaluated together


@dataclass(frozen=True, slots=True, repr=False)
class SensitivityFunction(Shown):
    """P(output | evidence) of one case as a function of one entry of a table.

    Attributes
    ----------
    value
        of the entry in the network.
    alpha, beta, gamma, delta
        P(output, evidence) = alpha x + beta, P(evidence) = gamma x + delta, both given the setting.

    Examples
    --------
    >>> f = SensitivityFunction("fever", "present", {}, "infection", 0.5, 0.2, 0.1, 0.3, 0.4)
    >>> round(f(0.5), 4), round(f.derivative(0.5), 4)
    (0.3636, 0.1653)
    """

    variable: str
    state: str
    parents: Mapping[str, str]
    output: str
    value: float
    alpha: float
    beta: float
    gamma: float
    delta: float

    def sheet(self) -> Sheet:
        return Sheet(
            "Sensitivity function",
            {
                "entry": f"{self.variable}={self.state}",
                "given": ", ".join(f"{parent}={state}" for parent, state in self.parents.items()) or "nothing",
                "value": f"{self.value:.4g}",
                "output": self.output,
                "function": f"({self.alpha:.4g} x + {self.beta:.4g}) / ({self.gamma:.4g} x + {self.delta:.4g})",
            },
        )

    def __call__(self, x: float) -> float:
        """The posterior with the entry at ``x``, 0 to 1; NaN where that makes the evidence impossible."""
        evidence = self.gamma * x + self.delta
        return (self.alpha * x + self.beta) / evidence if evidence > 0 else float("nan")

    def derivative(self, x: float | None = None) -> float:
        """How fast the posterior moves with the entry at ``x``, by default its value."""
        evidence = self.gamma * (self.value if x is None else x) + self.delta
        slope = self.alpha * self.delta - self.beta * self.gamma
        return slope / evidence**2 if evidence > 0 else float("nan")

    def at(self, posterior: float) -> float:
        """The entry at which the posterior is as asked; NaN where no value in [0, 1] gives it."""
        slope = posterior * self.gamma - self.alpha
        x = (self.beta - posterior * self.delta) / slope if slope else float("nan")
        return x if 0 <= x <= 1 else float("nan")


def sensitivity_function(
    model: Model,
    case: pd.DataFrame | Masks,
    variable: str,
    state: str,
    parents: Mapping[str, str],
    output: str,
    *,
    setting: str | None = None,
) -> SensitivityFunction:
    """The exact sensitivity function of one entry: P(variable = state | parents).

    The other entries of the column keep their proportions (equal parts, where they are all 0).

    Parameters
    ----------
    case
        a frame of one row, or masks of shape (variables, 1).
    parents
        a state of each parent in the finished network (of a finding in a dependence group, earlier members too).
    output
        a condition or composite.

    Raises
    ------
    UsageError
        naming everything that does not exist.
    """
    masks = _one(model, case, setting)
    found, place, problems = _place(model.tables, variable, state, parents)
    problems += _output_problems(model, output)
    refuse(problems)
    assert found is not None  # noqa: S101  # refused else
    return next(_functions(model, masks, found, [place], output))


def steepest(
    model: Model, case: pd.DataFrame | Masks, output: str, *, setting: str | None = None, top: int = 20
) -> pd.DataFrame:
    """The entries in which the posterior of a case is steepest.

    Returns
    -------
    one row an entry: ``variable``, ``state``, ``parents`` (in words), ``value``, ``posterior``, ``derivative`` at the
    value, and ``elasticity``: by how many per cent the odds of the output move for one per cent of the entry's odds.
    """
    masks = _one(model, case, setting)
    refuse(_output_problems(model, output))
    rows = []
    for variable in model.tables.variables:
        places = list(_compatible(model, masks, variable))
        for f in _functions(model, masks, variable, places, output):
            p, slope = f(f.value), f.derivative()
            steep = slope * f.value * (1 - f.value) / (p * (1 - p)) if 0 < p < 1 else 0.0
            rows.append({
                "variable": f.variable, "state": f.state, "value": f.value,
                "parents": ", ".join(f"{name}={at}" for name, at in f.parents.items()),
                "posterior": p, "derivative": slope, "elasticity": steep,
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    order = frame.assign(size=frame["derivative"].abs()).sort_values("size", ascending=False, kind="stable")
    return order.drop(columns="size").head(top).reset_index(drop=True)


def with_entry(table: Array, place: Place, x: float) -> Array:
    """A table (1, parents …, states) in which one entry is ``x`` and its column keeps its proportions."""
    changed = table.copy()
    column = changed[(0, *place[:-1])]
    old = float(column[place[-1]])
    left = np.delete(np.arange(len(column)), place[-1])
    total = column[left].sum()
    column[left] = column[left] * ((1 - x) / total) if total > 0 else (1 - x) / len(left)
    column[place[-1]] = x
    return changed if old != x else table.copy()


def _functions(
    model: Model, masks: Masks, variable: Variable, places: list[Place], output: str
) -> Iterator[SensitivityFunction]:
    """The functions of some entries of one table, evaluated at 0 and 1 in batches."""
    network, setting = model.tables, int(model.scoring.scorer.settings(masks)[0])
    row = model.scoring.scorer.output_names.index(output)
    table = network.tables[variable.name]
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        ends = np.concatenate([with_entry(table, place, x) for place in some for x in (0.0, 1.0)])
        scorer = DrawScorer(_with_table(network, variable.name, np.concatenate([table, ends])), model.variables)
        posterior = scorer.score(masks, setting)
        evidence = posterior.evidence[1:, 0].reshape(-1, 2)
        both = posterior.probability[row, 1:, 0].reshape(-1, 2) * evidence
        for place, (beta, top), (delta, full) in zip(some, both.tolist(), evidence.tolist(), strict=True):
            parents = {
                name: network.variable(name).states[s] for name, s in zip(variable.parents, place[:-1], strict=True)
            }
            yield SensitivityFunction(
                variable.name, variable.states[place[-1]], parents, output, float(table[(0, *place)]),
                top - beta, beta, full - delta, delta,
            )  # fmt: skip


def _with_table(network: Network, name: str, table: Array) -> Network:
    return replace(network, tables={**network.tables, name: table})


def _one(model: Model, case: pd.DataFrame | Masks, setting: str | None) -> Masks:
    people = people_of(model, case, setting=setting)
    if people.count != 1:
        raise UsageError(f"a sensitivity function is of one case, not of {people.count}")
    return people.masks


def _output_problems(model: Model, output: str) -> list[str]:
    names = model.scoring.scorer.output_names
    return [] if output in names else [f"unknown output {output!r}; one of {', '.join(names)}{nearest(output, names)}"]


def _place(
    network: Network, variable: str, state: str, parents: Mapping[str, str]
) -> tuple[Variable | None, Place, list[str]]:
    """Where an entry stands, and what is wrong with its name."""
    names = [one.name for one in network.variables]
    if variable not in names:
        return None, (), [f"unknown variable {variable!r}{nearest(variable, names)}"]
    found = network.variable(variable)
    wanted = [(found, state), *((network.variable(name), parents.get(name, "")) for name in found.parents)]
    problems = [
        f"{one.name}: no state {asked!r}; one of {', '.join(one.states)}{nearest(asked, one.states)}"
        for one, asked in wanted
        if asked not in one.states
    ]
    problems += [
        f"{name!r} is no parent of {variable}; they are {', '.join(found.parents) or 'none'}"
        for name in parents
        if name not in found.parents
    ]
    if problems:
        return found, (), problems
    return found, tuple(one.index(asked) for one, asked in [*wanted[1:], wanted[0]]), []


def _compatible(model: Model, masks: Masks, variable: Variable) -> Iterator[Place]:
    """The entries of a table in columns that the case's evidence allows, base states left out."""
    rows = {one.name: i for i, one in enumerate(model.variables)}
    if variable.name == "setting":
        return
    sizes = [model.tables.variable(name).states for name in variable.parents]
    for column in np.ndindex(*(len(states) for states in sizes)):
        allowed = zip(variable.parents, column, strict=True)
        if all(int(masks[rows[name], 0]) >> state & 1 for name, state in allowed):
            yield from ((*column, state) for state in range(1, len(variable.states)))
