"""The finished network: a conditional probability table for each variable, for every draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Variable
from riskmodel.network.elimination import Factor
from riskmodel.text import Sheet, Shown

SUM_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, repr=False)
class Network(Shown):
    """A discrete Bayesian network with a draw axis.

    Attributes
    ----------
    variables
        in file order; circumstances are not among them.
    tables
        for each variable P(state | parents): (draws, states of each parent …, states of the variable).
    held_entries
        how many entries of a table were held at what can be reached, by the id of a statement: (draws,) or (1,).
    clipped_entries
        how many entries left the simplex, as a product of links, and were brought back, by variable: (draws,) or (1,).
    rarer
        conditions that make a finding less frequent (a link above 1), by variable.
    groups
        findings that go together more than their conditions explain, by group.
    """

    variables: tuple[Variable, ...]
    tables: Mapping[str, Array]
    composites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held_entries: Mapping[str, Ints] = field(default_factory=dict)
    clipped_entries: Mapping[str, Ints] = field(default_factory=dict)
    rarer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sheet(self) -> Sheet:
        return Sheet(
            "Network",
            {
                "variables": len(self.variables),
                "arcs": sum(len(variable.parents) for variable in self.variables),
                "table entries": sum(table[0].size for table in self.tables.values()),
                "draws": self.draws,
                "dependent groups": len(self.groups),
            },
        )

    def __post_init__(self) -> None:
        for variable in self.variables:
            check_table(variable, self.tables[variable.name])

    @property
    def draws(self) -> int:
        return max(len(table) for table in self.tables.values())

    @property
    def held(self) -> dict[str, int]:
        """In how many draws a statement was held at what can be reached, by its id."""
        return _draws_with_any(self.held_entries)

    @property
    def clipped(self) -> dict[str, int]:
        """In how many draws entries of a variable's table left the simplex and were brought back."""
        return _draws_with_any(self.clipped_entries)

    @property
    def conditions(self) -> tuple[Variable, ...]:
        return tuple(variable for variable in self.variables if variable.role == "condition")

    @property
    def case_variables(self) -> tuple[Variable, ...]:
        """What a case can say anything of."""
        return tuple(variable for variable in self.variables if variable.in_cases)

    def variable(self, name: str) -> Variable:
        return next(variable for variable in self.variables if variable.name == name)

    def factor(self, name: str) -> Factor:
        """The table of a variable as a factor over its parents and itself."""
        return Factor((*self.variable(name).parents, name), self.tables[name])

    def ancestors(self, names: Iterable[str]) -> tuple[str, ...]:
        """The named variables and everything above them, in file order."""
        wanted = set(names)
        waiting = list(wanted)
        while waiting:
            for parent in self.variable(waiting.pop()).parents:
                if parent not in wanted:
                    wanted.add(parent)
                    waiting.append(parent)
        return tuple(variable.name for variable in self.variables if variable.name in wanted)

    def one_draw(self, index: int) -> Network:
        """The network of a single draw."""
        tables = {name: table[index if len(table) > 1 else 0][None] for name, table in self.tables.items()}
        return Network(self.variables, tables, self.composites, groups=self.groups)


def _draws_with_any(entries: Mapping[str, Ints]) -> dict[str, int]:
    counts = {name: int(np.count_nonzero(by_draw)) for name, by_draw in entries.items()}
    return {name: count for name, count in counts.items() if count}


def check_table(variable: Variable, table: Array) -> None:
    """Refuse a table in which any column is not a distribution (pgmpy itself accepts a sum of 0.995).

    Raises
    ------
    InferenceError
        where an entry is negative or not finite, or a column sums to 1 only within more than 1e-12.
    """
    if not np.all(np.isfinite(table)) or np.any(table < 0):
        raise InferenceError(f"{variable.name}: its table holds a value that is no probability")
    worst = float(np.max(np.abs(table.sum(axis=-1) - 1.0)))
    if worst > SUM_TOLERANCE:
        raise InferenceError(f"{variable.name}: a column of its table sums to 1 only within {worst:.1e}")
