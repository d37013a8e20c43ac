"""The mapping file: what a case file calls its columns, values, missing codes and units.

.. code-block:: toml

    ignore = ["fever_chart"]          # columns to leave out, be their name known or close to a known one
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

    [derive]                          # columns that are worked out of others: see rule_tables.py
    fever = { number = "Temp", at_least = "38 °C" }

Texts are compared exactly (but ``1.0`` is ``1``), before anything else is read from the cell. ``values``,
``missing_in`` and ``units`` may also name a column of the file that a rule of [derive] reads.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

from riskmodel.cases.cells import CellDecoder, CellProblem, CellRules, excerpt, whole
from riskmodel.cases.columns import CASE_ID, ColumnContract, takes_numbers
from riskmodel.cases.mapping.dates import DateReader, date_reader
from riskmodel.cases.mapping.derivation import Derivation
from riskmodel.cases.mapping.rule_tables import DERIVE, HELPER, RuleTables
from riskmodel.cases.mapping.source_columns import SourceColumns
from riskmodel.cases.preparation import Preparation
from riskmodel.errors import UsageError, nearest
from riskmodel.evidence.records import Variable

# Numbers in the second unit times the factor are numbers in the first.
UNIT_FACTORS: Mapping[tuple[str, str], Fraction] = {
    ("mg/L", "mg/dL"): Fraction(10),
    ("weeks", "days"): Fraction(1, 7),
    ("years", "months"): Fraction(1, 12),
    ("ml", "l"): Fraction(1000),
}
MappingLike = Path | str | Mapping[str, Any] | None
EVERY = "*"
LEAST_FACTOR, MOST_FACTOR, MOST_DIGITS = Decimal("1e-9"), Decimal("1e9"), 30  # of a unit
_KEYS = ("ignore", "missing", "columns", "values", "missing_in", "units", "dates", "decimal", DERIVE, HELPER)


@dataclass(frozen=True, slots=True)
class CaseMapping:
    """A checked mapping: new names for headers, columns to ignore, and rules for each variable's cells.

    ``preparation`` works out columns of others, where the mapping has rules for that, which ``worked_out`` says in
    words by column. ``sha256`` is that of the file's
    bytes (of a dict: of its content as sorted JSON), empty without a mapping.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    rules: Mapping[str, CellRules] = field(default_factory=dict)
    sha256: str = ""
    preparation: Preparation | None = None
    worked_out: Mapping[str, str] = field(default_factory=dict)  # column → the rule in words

    def decoder(self, variable: Variable, *, parts: tuple[str, ...] = (), needed: bool = False) -> CellDecoder:
        """The decoder of a variable's cells under this mapping.

        ``parts`` are the columns of what a scan shows, named where its plain reading is refused; ``needed`` refuses
        blanks.
        """
        return CellDecoder(variable, self.rules.get(variable.name), parts=parts, needed=needed)


def load_mapping(mapping: MappingLike, contract: ColumnContract) -> CaseMapping:
    """Read and check a mapping file, or the same content as a dict; None is a mapping that changes nothing.

    Raises
    ------
    UsageError
        naming every problem of the mapping, or why the file cannot be read.

    Examples
    --------
    >>> from riskmodel.evidence.records import Variable
    >>> contract = ColumnContract((Variable("fever", "finding", ("absent", "present"), ""),))
    >>> load_mapping({"values": {"fever": {"ja": "yes"}}}, contract).decoder(contract.variables[0]).decode("ja")
    2
    """
    if mapping is None:
        return CaseMapping()
    if isinstance(mapping, Mapping):
        name, table = "mapping", dict(mapping)
        content = json.dumps(table, sort_keys=True, default=str).encode()
    else:
        name, content = str(Path(mapping)), _content(Path(mapping))
        table = _parsed(name, content)
    checked = _Check(contract, [])
    result = checked.mapping(table)
    if checked.problems:
        count = len(checked.problems)
        head = f"{name}: {count} problem{'s' if count > 1 else ''}"
        raise UsageError("\n".join([head, *(f"  {problem}" for problem in checked.problems)]))
    return replace(result, sha256=hashlib.sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def _parsed(name: str, content: bytes) -> dict[str, Any]:
    """The tables of a file; numbers that Python refuses to hold are no TOML either."""
    try:
        return tomllib.loads(content.decode(), parse_float=Decimal)
    except InvalidOperation:
        raise UsageError(f"{name}: not TOML: a number with an exponent that is out of range") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: not TOML: {error}") from None


@dataclass(slots=True)
class _Check:
    """Collects problems while the tables of a mapping are turned into rules."""

    contract: ColumnContract
    problems: list[str]
    sources: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()

    def mapping(self, table: dict[str, Any]) -> CaseMapping:
        for key in table.keys() - set(_KEYS):
            self.problems.append(f"{key}: unknown key{nearest(key, _KEYS)}; allowed: {', '.join(_KEYS)}")
        missing = self.texts("missing", table.get("missing", []))
        per_column = {name: dict(entries) for name, entries in self.table("values", table).items()}
        everywhere = self.entries(EVERY, per_column.pop(EVERY, {}))
        values = {name: self.entries(name, words) for name, words in per_column.items()}
        codes = self.table("missing_in", table).items()
        absent = {name: self.texts(f"missing_in.{name}", listed) for name, listed in codes}
        units = self.table("units", table)
        renames, ignore = self.renames(table), self.texts("ignore", table.get("ignore", []))
        columns_of = SourceColumns(
            self.contract, everywhere, values, missing, absent, units, self.dates(table), self.decimal(table),
            self.table(HELPER, table),
        )  # fmt: skip
        tables = RuleTables(columns_of, self.note)
        derived = tables.derived(self.table(DERIVE, table))
        helpers = tables.helped()
        tables.unread_helpers()
        self.sources = frozenset(columns_of.read_by.keys() - columns_of.helpers.keys())
        targets = {self.contract.row(name) for name in self.table(DERIVE, table)} - {None}
        self.derived = frozenset(self.contract.variables[row].name for row in targets if row is not None)
        for header, target in renames.items():
            if self.contract.by_column.get(target) in targets:
                self.problems.append(f"columns.{header}: {target} has a rule under {DERIVE} too; keep one of them")
        by_row = {self.row("values", name): words for name, words in values.items()}
        absent_by_row = {self.row("missing_in", name): listed for name, listed in absent.items()}
        factors = {self.row("units", name): self.factor(name, unit) for name, unit in units.items()}
        rules = {}
        for row, variable in enumerate(self.contract.variables):
            common = {text: word for text, word in everywhere.items() if _understood(variable, word)}
            rules[variable.name] = CellRules() if variable.name in self.derived else CellRules(
                self.value_map(variable, by_row.get(row, {}), common),
                missing | absent_by_row.get(row, frozenset()),
                factors.get(row, Fraction(1)),
            )  # fmt: skip
        if not derived and columns_of.decimal == ".":
            return CaseMapping(renames, ignore, rules)
        derivation = Derivation(self.contract, derived, helpers, renames, ignore, rules, columns_of.decimal)
        worked_out = {derivation.column(variable): str(rule) for variable, rule in derived.items()}
        return CaseMapping(renames, ignore, rules, preparation=derivation, worked_out=worked_out)

    def note(self, where: str, problem: str) -> None:
        self.problems.append(f"{where}: {problem}")

    def dates(self, table: dict[str, Any]) -> DateReader:
        return date_reader(table["dates"], self.note) if "dates" in table else DateReader()

    def decimal(self, table: dict[str, Any]) -> str:
        mark = table.get("decimal", ".")
        if mark not in (".", ","):
            self.note("decimal", f'{mark!r}; allowed: "." or ","')
            return "."
        return str(mark)

    def table(self, key: str, table: dict[str, Any]) -> dict[str, Any]:
        inner = table.get(key, {})
        if not isinstance(inner, Mapping) or (
            key == "values" and not all(isinstance(v, Mapping) for v in inner.values())
        ):
            self.problems.append(f"{key}: must be a table{' of tables' if key == 'values' else ''}")
            return {}
        return dict(inner)

    def texts(self, key: str, value: Any) -> frozenset[str]:
        if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
            return frozenset(value)
        self.problems.append(f"{key}: {value!r}; must be a list of texts")
        return frozenset()

    def entries(self, name: str, words: Mapping[str, Any]) -> dict[str, str]:
        for text, word in words.items():
            if not isinstance(word, str):
                self.problems.append(f"values.{name}.{text}: {word!r}; must be a text")
        entries = {text: word for text, word in words.items() if isinstance(word, str)}
        for text, word in entries.items():
            if entries.get(whole(text), word) != word:
                self.problems.append(f"values.{name}: {text} and {whole(text)} are one number with two words")
        return entries

    def row(self, table: str, name: str) -> int:
        """The row of a column that a table names, -1 where only rules read it."""
        row = self.contract.row(name)
        if row is None and name not in self.sources:
            known_names = (*self.contract.headers, *self.sources)
            self.problems.append(f"{table}.{name}: no such column{nearest(name, known_names)}")
        elif row is not None and self.contract.variables[row].name in self.derived and name not in self.sources:
            self.problems.append(f"{table}.{name}: the column is worked out; name the columns that its rule reads")
        return -1 if row is None else row

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
        if variable is None or variable.name in self.derived:
            return Fraction(1)
        factors = {other: factor for (base, other), factor in UNIT_FACTORS.items() if base == variable.unit}
        if not takes_numbers(variable):
            self.problems.append(f"units.{name}: the column takes no numbers")
        elif isinstance(unit, str) and (unit in factors or unit == variable.unit):
            return factors.get(unit, Fraction(1))
        elif _is_factor(unit):
            return Fraction(str(unit))
        else:
            units = ", ".join([variable.unit, *factors])
            factor = f"a factor from {LEAST_FACTOR:g} to {MOST_FACTOR:g}, of at most {MOST_DIGITS} digits"
            shown = excerpt(repr(unit) if isinstance(unit, str) else str(unit))
            self.problems.append(f"units.{name}: {shown}; allowed: {units}, or {factor}")
        return Fraction(1)

    def value_map(self, variable: Variable, words: dict[str, str], common: dict[str, str]) -> dict[str, str]:
        """The value map of one variable; what each text stands for must itself be understood."""
        for text, word in words.items():
            mask = CellDecoder(variable, parts=self.contract.parts.get(variable.name, ())).decode(word)
            if isinstance(mask, CellProblem):
                self.problems.append(f"values.{variable.name}.{text}: {word!r}: {mask.problem}")
        return {**common, **words}


def _is_factor(unit: Any) -> bool:
    """Whether a number can be meant as a factor between units; beyond it arithmetic would never end."""
    if isinstance(unit, bool) or not isinstance(unit, int | float | Decimal) or unit != unit:  # noqa: PLR0124 - NaN
        return False
    return LEAST_FACTOR <= unit <= MOST_FACTOR and len(Decimal(str(unit)).as_tuple().digits) <= MOST_DIGITS


def _understood(variable: Variable, word: str) -> bool:
    return not isinstance(CellDecoder(variable).decode(word), CellProblem)
