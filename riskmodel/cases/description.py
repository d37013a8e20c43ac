"""How the columns of a case file were read, for a record of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.header import Layout
from riskmodel.cases.mapping import CaseMapping, load_mapping
from riskmodel.evidence.records import Variable

NOT_READ = "not read"


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A column of a file: what it was read as, and what a mapping made of its cells.

    A column that is worked out has its rule in brackets. ``values`` are the texts translated (``ja → present; nein →
    absent``), ``missing`` the codes that count as not
    assessed, ``unit`` the factor of its numbers; each is empty where there is none.
    """

    file_column: str
    column: str
    values: str = ""
    missing: str = ""
    unit: str = ""

    @property
    def changed(self) -> bool:
        """Whether the mapping does more to it than name codes for not assessed."""
        return bool(self.values or self.unit) or self.column not in (self.file_column, NOT_READ)


def columns_read(
    layout: Layout, variables: Sequence[Variable], mapping: Path | Mapping[str, Any] | None
) -> list[ColumnRead]:
    """Every column of a file, those that the mapping changes first."""
    contract = ColumnContract(tuple(variables))
    rules = load_mapping(mapping, contract)
    columns = [_read(name, row, contract, rules) for name, row in zip(layout.names, layout.rows, strict=True)]
    columns[layout.id_field] = ColumnRead(layout.names[layout.id_field], CASE_ID)
    return sorted(columns, key=lambda column: not column.changed)


def _read(name: str, row: int, contract: ColumnContract, mapping: CaseMapping) -> ColumnRead:
    if row < 0:
        return ColumnRead(name, NOT_READ)
    variable = contract.variables[row]
    rules = mapping.rules.get(variable.name)
    if variable.column in mapping.worked_out:
        return ColumnRead(f"({mapping.worked_out[variable.column]})", variable.column)
    if rules is None:
        return ColumnRead(name, variable.column)
    values = "; ".join(f"{text} → {word}" for text, word in rules.values.items())
    unit = "" if rules.factor == 1 else f"times {float(rules.factor):.10g}"
    return ColumnRead(name, variable.column, values, ", ".join(sorted(rules.missing)), unit)
