"""The mapping file: what a case file calls its columns, values, missing codes and units.

.. code-block:: toml

    ignore = ["fever_chart"]          # columns to leave out although their name is close to a known one
    missing = ["NA", "-9"]            # not assessed, in every column

    [columns]                         # header in the file = column of the contract
    "Temp raised" = "fever"

    [values."*"]                      # in every column that knows the word on the right
    ja = "yes"
    nein = "no"

    [values.trauma]
    RTA = "major"

    [missing_in]                      # not assessed, in one column
    esr_mm_h = ["999"]

    [units]                           # a unit that is known for the column, or a factor
    crp_mg_l = "mg/dL"
    pain_duration_weeks = "days"

Texts are compared exactly, before anything else is read from the cell.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from riskmodel.cases.cells import CellDecoder, CellProblem, CellRules
from riskmodel.cases.columns import CASE_ID, ColumnContract, takes_numbers
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import Variable

# Numbers in the second unit times the factor are numbers in the first.
UNIT_FACTORS: Mapping[tuple[str, str], Fraction] = {
    ("mg/L", "mg/dL"): Fraction(10),
    ("weeks", "days"): Fraction(1, 7),
    ("years", "months"): Fraction(1, 12),
    ("ml", "l"): Fraction(1000),
}
EVERY = "*"
_KEYS = ("ignore", "missing", "columns", "values", "missing_in", "units")


@dataclass(frozen=True, slots=True)
class CaseMapping:
    """A checked mapping: new names for headers, columns to ignore, and rules for each variable's cells."""

    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    rules: Mapping[str, CellRules] = field(default_factory=dict)

    def decoder(self, variable: Variable, *, needed: bool = False) -> CellDecoder:
        """The decoder of a variable's cells under this mapping; ``needed`` refuses blanks."""
        return CellDecoder(variable, self.rules.get(variable.name), needed=needed)


def load_mapping(mapping: Path | Mapping[str, Any] | None, contract: ColumnContract) -> CaseMapping:
    """Read and check a mapping file, or the same content as a dict; all problems are reported together.

    >>> from riskmodel.evidence.records import Variable
    >>> contract = ColumnContract((Variable("fever", "finding", ("absent", "present"), ""),))
    >>> load_mapping({"values": {"fever": {"ja": "yes"}}}, contract).decoder(contract.variables[0]).decode("ja")
    2
    """
    if mapping is None:
        return CaseMapping()
    name, table = ("mapping", dict(mapping)) if isinstance(mapping, Mapping) else (str(mapping), _read(mapping))
    checked = _Check(contract, [])
    result = checked.mapping(table)
    if checked.problems:
        raise UsageError(
            "\n".join([f"{name}: {len(checked.problems)} problem(s)", *(f"  {p}" for p in checked.problems)])
        )
    return result


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


@dataclass(slots=True)
class _Check:
    """Collects problems while the tables of a mapping are turned into rules."""

    contract: ColumnContract
    problems: list[str]

    def mapping(self, table: dict[str, Any]) -> CaseMapping:
        for key in table.keys() - set(_KEYS):
            self.problems.append(f"{key}: unknown key{nearest(key, _KEYS)}; allowed: {', '.join(_KEYS)}")
        missing = self.texts("missing", table.get("missing", []))
        per_column = {name: dict(entries) for name, entries in self.table("values", table).items()}
        everywhere = self.entries(EVERY, per_column.pop(EVERY, {}))
        values = {self.row(f"values.{name}", name): self.entries(name, found) for name, found in per_column.items()}
        absent = {
            self.row(f"missing_in.{name}", name): self.texts(f"missing_in.{name}", found)
            for name, found in self.table("missing_in", table).items()
        }
        factors = {
            self.row(f"units.{name}", name): self.factor(name, unit)
            for name, unit in self.table("units", table).items()
        }
        rules = {}
        for row, variable in enumerate(self.contract.variables):
            common = {text: word for text, word in everywhere.items() if _understood(variable, word)}
            rules[variable.name] = CellRules(
                self.checked(variable, values.get(row, {}), common),
                missing | absent.get(row, frozenset()),
                factors.get(row, Fraction(1)),
            )
        return CaseMapping(self.renames(table), self.texts("ignore", table.get("ignore", [])), rules)

    def table(self, key: str, table: dict[str, Any]) -> dict[str, Any]:
        found = table.get(key, {})
        if not isinstance(found, Mapping) or (
            key == "values" and not all(isinstance(v, Mapping) for v in found.values())
        ):
            self.problems.append(f"{key}: must be a table{' of tables' if key == 'values' else ''}")
            return {}
        return dict(found)

    def texts(self, key: str, found: Any) -> frozenset[str]:
        if isinstance(found, list | tuple) and all(isinstance(text, str) for text in found):
            return frozenset(found)
        self.problems.append(f"{key}: {found!r}; must be a list of texts")
        return frozenset()

    def entries(self, name: str, found: Mapping[str, Any]) -> dict[str, str]:
        for text, word in found.items():
            if not isinstance(word, str):
                self.problems.append(f"values.{name}.{text}: {word!r}; must be a text")
        return {text: word for text, word in found.items() if isinstance(word, str)}

    def row(self, where: str, name: str) -> int:
        row = self.contract.row(name)
        if row is None:
            self.problems.append(f"{where}: no such column{nearest(name, self.contract.headers)}")
            return -1
        return row

    def renames(self, table: dict[str, Any]) -> dict[str, str]:
        renames: dict[str, str] = {}
        for header, target in self.table("columns", table).items():
            row = self.contract.row(target) if isinstance(target, str) else None
            if target != CASE_ID and row is None:
                hint = nearest(str(target), self.contract.headers)
                self.problems.append(f"columns.{header}: {target!r} is no column of a case file{hint}")
            else:
                renames[header] = CASE_ID if row is None else self.contract.variables[row].column
        for target in {target for target in renames.values() if list(renames.values()).count(target) > 1}:
            self.problems.append(f"columns: several headers are renamed to {target}")
        return renames

    def factor(self, name: str, unit: Any) -> Fraction:
        row = self.contract.row(name)
        variable = None if row is None else self.contract.variables[row]
        if variable is None:
            return Fraction(1)
        known = {other: factor for (own, other), factor in UNIT_FACTORS.items() if own == variable.unit}
        if not takes_numbers(variable):
            self.problems.append(f"units.{name}: the column takes no numbers")
        elif isinstance(unit, str) and (unit in known or unit == variable.unit):
            return known.get(unit, Fraction(1))
        elif isinstance(unit, int | float | Decimal) and math.isfinite(unit) and unit is not True and unit > 0:
            return Fraction(str(unit))
        else:
            units = ", ".join([variable.unit, *known])
            self.problems.append(f"units.{name}: {unit!r}; allowed: {units}, or a positive factor")
        return Fraction(1)

    def checked(self, variable: Variable, own: dict[str, str], common: dict[str, str]) -> dict[str, str]:
        """The value map of one variable; what each text stands for must itself be understood."""
        for text, word in own.items():
            found = CellDecoder(variable).decode(word)
            if isinstance(found, CellProblem):
                self.problems.append(f"values.{variable.name}.{text}: {word!r}: {found.problem}")
        return {**common, **own}


def _understood(variable: Variable, word: str) -> bool:
    return not isinstance(CellDecoder(variable).decode(word), CellProblem)
