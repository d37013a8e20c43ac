"""Tables of the network that was built last, taken again where nothing that made them has changed.

Who moves one number at a time builds nearly the same network again and again. What a table was made of is watched, not
guessed: its statements with their values, and every table and variable that its form looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.records import Statement, Variable
from riskmodel.network.elimination import Factor
from riskmodel.network.forms.building import Building, BuiltTable, StatementValues
from riskmodel.network.forms.dependence import Correlations, Tables, with_dependence

Read = TypeVar("Read")


class TableVaries(Exception):  # noqa: N818 - no error: the table is made once more, in every draw
    """A table that was to be made in one draw hangs on another that differs between draws."""


class Watched(Mapping[str, Read]):
    """A mapping that remembers what was looked up, absent names too; going through the names alone is no look-up."""

    def __init__(self, mapping: Mapping[str, Read]) -> None:
        self.mapping = mapping
        self.seen: dict[str, Read | None] = {}

    def __getitem__(self, name: str) -> Read:
        self.seen[name] = self.mapping.get(name)
        return self.mapping[name]

    def __contains__(self, name: object) -> bool:
        self.seen[str(name)] = self.mapping.get(str(name))
        return name in self.mapping

    def __iter__(self) -> Iterator[str]:
        return iter(self.mapping)

    def __len__(self) -> int:
        return len(self.mapping)


class WatchedTables(Watched[Factor]):
    """Tables for a form that works in so many draws."""

    def __init__(self, tables: Mapping[str, Factor], draws: int) -> None:
        super().__init__(tables)
        self.draws = draws

    def __getitem__(self, name: str) -> Factor:
        factor = super().__getitem__(name)
        if len(factor.table) > 1 and self.draws == 1:
            raise TableVaries
        return factor


@dataclass(frozen=True, slots=True)
class _Made:
    """A table, and all that it was made of."""

    variable: Variable
    statements: tuple[Statement, ...]
    values: Array
    how: tuple[str, bool]
    factors: Mapping[str, Factor | None]
    variables: Mapping[str, Variable | None]
    table: BuiltTable
    factor: Factor

    def holds(self, building: Building, stated: StatementValues) -> bool:
        """Whether the same would be made again."""
        return (
            self.variable is building.variable
            and self.how == (building.reference, building.hold)
            and self.statements == stated.statements
            and np.array_equal(self.values, stated.values)
            and all(building.tables.get(name) is factor for name, factor in self.factors.items())
            and all(building.variables.get(name) is variable for name, variable in self.variables.items())
        )


@dataclass(frozen=True, slots=True)
class _Joined:
    """A group's tables, and the tables and correlations that they were made of."""

    members: tuple[Variable, ...]
    before: tuple[Array, ...]
    correlations: Correlations
    variables: Mapping[str, Variable]
    tables: Mapping[str, Array]

    def holds(self, members: Sequence[Variable], before: Sequence[Array], correlations: Correlations) -> bool:
        given = self.correlations.given
        return (
            _same(self.members, members)
            and _same(self.before, before)
            and np.array_equal(self.correlations.none, correlations.none)
            and list(given) == list(correlations.given)
            and all(np.array_equal(given[name], correlations.given[name]) for name in given)
        )


def _same(first: Sequence[object], second: Sequence[object]) -> bool:
    return len(first) == len(second) and all(a is b for a, b in zip(first, second, strict=True))


@dataclass
class KeptTables:
    """The tables of the network that was built last, for the next: see :func:`~riskmodel.network.build.build_network`.

    What is taken again is the same array: two networks that share it must not be changed in place.
    """

    _made: dict[str, _Made] = field(default_factory=dict)
    _joined: dict[str, _Joined] = field(default_factory=dict)

    def table(
        self, building: Building, stated: StatementValues, form: Callable[[Building], BuiltTable]
    ) -> tuple[BuiltTable, Factor]:
        """A variable's table, and it as a factor; ``stated`` are the variable's statements alone.

        Raises
        ------
        TableVaries
            where ``stated`` are in one draw, and a table that is looked up in several.
        """
        name = building.variable.name
        made = self._made.get(name)
        if made is None or not made.holds(building, stated):
            factors, variables = WatchedTables(building.tables, stated.draws), Watched(building.variables)
            table = form(replace(building, tables=factors, variables=variables))
            made = _Made(
                building.variable, stated.statements, stated.values, (building.reference, building.hold),
                factors.seen, variables.seen, table, Factor((*building.variable.parents, name), table.table),
            )  # fmt: skip
            self._made[name] = made
        return made.table, made.factor

    def dependent(
        self,
        group: str,
        variables: Sequence[Variable],
        tables: Tables,
        names: Sequence[str],
        correlations: Correlations,
    ) -> tuple[tuple[Variable, ...], Tables]:
        """As :func:`~riskmodel.network.forms.dependence.with_dependence`."""
        by_name = {variable.name: variable for variable in variables}
        members, before = tuple(by_name[name] for name in names), tuple(tables[name] for name in names)
        joined = self._joined.get(group)
        if joined is None or not joined.holds(members, before, correlations):
            after, joint = with_dependence(variables, tables, names, correlations)
            chained = {variable.name: variable for variable in after if variable.name in names}
            joined = _Joined(members, before, correlations, chained, {name: joint[name] for name in names})
            self._joined[group] = joined
        changed = dict(joined.variables)
        return tuple(changed.get(v.name, v) for v in variables), {**tables, **joined.tables}
