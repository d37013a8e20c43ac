"""The exact sensitivity function of single entries of the network's tables, for one case.

Under proportional co-variation of its column, P(evidence) and P(condition, evidence) are linear in an entry x, so
the posterior is (alpha x + beta) / (gamma x + delta). Two evaluations, at x = 0 and at x = 1, give all four.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.plain_readings import ANY_OF
from riskmodel.evidence.recording import heard
from riskmodel.evidence.records import Variable
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.network import Network
from riskmodel.sensitivity.ranges import refuse
from riskmodel.sensitivity.what_if import coded_cases
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model

Index = tuple[int, ...]  # of an entry: a state of each parent, then the variable's own
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
    case: Cases | Masks,
    variable: str,
    state: str,
    parents: Mapping[str, str],
    output: str,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
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
    masks = _one(model, case, setting, mapping)
    target, index, problems = _entry_index(model.tables, variable, state, parents)
    problems += _output_problems(model, output)
    refuse(problems)
    assert target is not None  # noqa: S101  # refused else
    return next(_functions(model, masks, target, [index], output))


def steepest(
    model: Model,
    case: Cases | Masks,
    output: str,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    top: int = 20,
) -> pd.DataFrame:
    """The entries in which the posterior of a case is steepest.

    Returns
    -------
    one row an entry: ``variable``, ``state``, ``parents`` (in words), ``value``, ``posterior``, ``derivative`` at the
    value, and ``elasticity``: by how many per cent the odds of the output move for one per cent of the entry's odds.
    """
    masks = _one(model, case, setting, mapping)
    refuse(_output_problems(model, output))
    rows = []
    for variable in model.tables.variables:
        entries = list(_compatible(model, masks, variable))
        for f in _functions(model, masks, variable, entries, output):
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


def with_entry(table: Array, index: Index, x: float) -> Array:
    """A table (1, parents …, states) in which one entry is ``x`` and its column keeps its proportions."""
    changed = table.copy()
    column = changed[(0, *index[:-1])]
    old = float(column[index[-1]])
    others = np.delete(np.arange(len(column)), index[-1])
    total = column[others].sum()
    column[others] = column[others] * ((1 - x) / total) if total > 0 else (1 - x) / len(others)
    column[index[-1]] = x
    return changed if old != x else table.copy()


def _functions(
    model: Model, masks: Masks, variable: Variable, entries: list[Index], output: str
) -> Iterator[SensitivityFunction]:
    """The functions of some entries of one table, evaluated at 0 and 1 in batches."""
    network, setting = model.tables, int(model.scoring.scorer.settings(masks)[0])
    row = model.scoring.scorer.output_names.index(output)
    table = network.tables[variable.name]
    for start in range(0, len(entries), AT_ONCE):
        batch = entries[start : start + AT_ONCE]
        ends = np.concatenate([with_entry(table, index, x) for index in batch for x in (0.0, 1.0)])
        scorer = DrawScorer(_with_table(network, variable.name, np.concatenate([table, ends])), model.variables)
        posterior = scorer.posterior(masks, setting)
        evidence = posterior.evidence[1:, 0].reshape(-1, 2)
        both = posterior.probability[row, 1:, 0].reshape(-1, 2) * evidence
        for index, (beta, top), (delta, full) in zip(batch, both.tolist(), evidence.tolist(), strict=True):
            parents = {
                name: network.variable(name).states[s] for name, s in zip(variable.parents, index[:-1], strict=True)
            }
            yield SensitivityFunction(
                variable.name, variable.states[index[-1]], parents, output, float(table[(0, *index)]),
                top - beta, beta, full - delta, delta,
            )  # fmt: skip


def _with_table(network: Network, name: str, table: Array) -> Network:
    return replace(network, tables={**network.tables, name: table})


def _one(model: Model, case: Cases | Masks, setting: str | None, mapping: MappingLike) -> Masks:
    people = coded_cases(model, case, setting=setting, mapping=mapping)
    if people.count != 1:
        raise UsageError(f"a sensitivity function is of one case, not of {people.count}")
    return people.masks


def _output_problems(model: Model, output: str) -> list[str]:
    names = model.scoring.scorer.output_names
    return [] if output in names else [f"unknown output {output!r}; one of {', '.join(names)}{nearest(output, names)}"]


def _entry_index(
    network: Network, variable: str, state: str, parents: Mapping[str, str]
) -> tuple[Variable | None, Index, list[str]]:
    """Where an entry stands, and what is wrong with its name."""
    names = [v.name for v in network.variables]
    if variable not in names:
        return None, (), [f"unknown variable {variable!r}{nearest(variable, names)}"]
    target = network.variable(variable)
    wanted = [(target, state), *((network.variable(name), parents.get(name, "")) for name in target.parents)]
    problems = [
        f"{v.name}: no state {asked!r}; one of {', '.join(v.states)}{nearest(asked, v.states)}"
        for v, asked in wanted
        if asked not in v.states
    ]
    problems += [
        f"{name!r} is no parent of {variable}; they are {', '.join(target.parents) or 'none'}"
        for name in parents
        if name not in target.parents
    ]
    if problems:
        return target, (), problems
    return target, tuple(v.index(asked) for v, asked in [*wanted[1:], wanted[0]]), []


def _compatible(model: Model, masks: Masks, variable: Variable) -> Iterator[Index]:
    """The entries of a table in columns that the case's evidence allows, base states left out.

    Columns that follow from the form alone are left out too: no number is stated of them.
    """
    if variable.name == "setting":
        return
    unread = heard(model.variables, masks)  # what a blank allows is every state
    possible = {v.name: int(unread[row, 0]) for row, v in enumerate(model.variables)}
    parents = [model.tables.variable(name) for name in variable.parents]
    for column in np.ndindex(*(len(parent.states) for parent in parents)):
        each = list(zip(parents, column, strict=True))
        if _follows_from_form(variable, each):
            continue
        if all(possible.get(parent.name, parent.full_mask) >> state & 1 for parent, state in each):
            yield from ((*column, state) for state in range(1, len(variable.states)))


def _follows_from_form(variable: Variable, column: Sequence[tuple[Variable, int]]) -> bool:
    """Whether a column is certain by its form: a scan of which a part is present, a sign of a disease that is not."""
    if variable.form == ANY_OF:
        return any(parent.role == "test" and state > 0 for parent, state in column)
    return variable.role == "manifestation" and not any(state for _, state in column)
