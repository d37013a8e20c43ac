"""Columns that a mapping works out of others, batch by batch: a preparation of a case file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.cases.cells import CellDecoder, CellProblem, CellRules, excerpt
from riskmodel.cases.columns import ColumnContract, takes_numbers
from riskmodel.cases.mapping.decimal_commas import POINT, is_text, with_points
from riskmodel.cases.mapping.deeds import NOT_LISTED, deed
from riskmodel.cases.mapping.rules.code_lists import CodesIn, unlisted
from riskmodel.cases.mapping.rules.outcome import ColumnRule, Outcome, counted
from riskmodel.cases.mapping.source_cells import BLANK, CodedCells
from riskmodel.cases.preparation import CellFault, Prepared
from riskmodel.errors import CasesError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 20  # problems listed in a message


@dataclass(frozen=True)
class Derivation:
    """The rules of a mapping, before the file is known.

    ``rules`` by the name of the variable that they give; ``helpers`` in the order in which they are worked out;
    ``renames``, ``ignore``, ``cell_rules`` (by variable) and ``decimal`` are those of the mapping.
    """

    contract: ColumnContract
    rules: Mapping[str, ColumnRule]
    helpers: Mapping[str, ColumnRule] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    cell_rules: Mapping[str, CellRules] = field(default_factory=dict)
    decimal: str = POINT

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the file that the rules read."""
        rules = (*self.helpers.values(), *self.rules.values())
        names = (source.name for rule in rules for source in rule.sources)
        return tuple(dict.fromkeys(name for name in names if name not in self.helpers))

    def column(self, variable: str) -> str:
        """The column of a variable."""
        return self.contract.variables[self.contract.by_variable[variable]].column

    def number_with_comma(self, name: str, kind: pa.DataType) -> str | None:
        """The variable of a column of texts that may be numbers with a decimal comma, else None."""
        variable = self.contract.variables[self.contract.by_column.get(self.renames.get(name, name), -1)]
        comma = self.decimal != POINT and variable.column == self.renames.get(name, name)
        return variable.name if comma and takes_numbers(variable) and is_text(kind) else None

    def bind(self, schema: pa.Schema, file: str) -> BoundDerivation:
        """The rules for a file with these columns.

        Raises
        ------
        CasesError
            naming every column that a rule reads and the file does not have, and every column that the file has
            although a rule works it out.
        """
        import pyarrow as pa

        names, sources = list(schema.names), self.sources
        targets = {self.column(variable): variable for variable in self.rules}
        problems = [f"{excerpt(name)!r} stands {names.count(name)} times" for name in sources if names.count(name) > 1]
        for name in sources:
            if name not in names:
                readers = [self.column(to) for to, rule in self.rules.items() if self._reads(rule, name)]
                problems.append(
                    f"there is no column {excerpt(name)!r}{nearest(name, names)}, of which the mapping works out "
                    f"{', '.join(readers)}"
                )
        problems += [
            f"the column {excerpt(name)!r} is worked out by the mapping too: name it in the rule, or in ignore"
            for name in names
            if self.renames.get(name, name) in targets and name not in sources and name not in self.ignore
        ]
        if problems:
            more = f"; and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
            raise CasesError(f"{file}: header: {'; '.join(problems[:_SHOWN])}{more}")
        read_as_they_are = {*self.contract.headers} - targets.keys()
        kept, fields, texts = [], [], pa.dictionary(pa.int32(), pa.string())
        for entry in schema:
            directly = self.renames.get(entry.name, entry.name) in read_as_they_are
            if directly or (entry.name not in sources and entry.name not in targets):
                kept.append((entry.name, directly))
                kind = texts if self.number_with_comma(entry.name, entry.type) else entry.type
                fields.append(pa.field(entry.name, kind if directly else pa.null()))
        fields += [pa.field(column, texts) for column in targets]
        reads = tuple(dict.fromkeys([*(name for name, directly in kept if directly), *sources]))
        return BoundDerivation(self, tuple(kept), pa.schema(fields), reads)

    def _reads(self, rule: ColumnRule, name: str) -> bool:
        """Whether a rule reads a column, itself or through helpers."""
        return any(
            source.name == name or (source.name in self.helpers and self._reads(self.helpers[source.name], name))
            for source in rule.sources
        )


@dataclass(frozen=True, slots=True)
class DerivedCells:
    """The outcome of each rule by variable, the faults of the rows in their order, and what was done."""

    outcomes: Mapping[str, Outcome]
    faults: tuple[CellFault, ...]
    counts: Mapping[str, int]


@dataclass
class BoundDerivation:
    """The rules of a mapping for the columns of one file; see `Derivation.bind`.

    ``kept`` are the columns of the file that stay, and whether they are read as they are: the others are empty.
    """

    derivation: Derivation
    kept: tuple[tuple[str, bool], ...]
    schema: pa.Schema
    reads: Sequence[str]
    warnings: tuple[str, ...] = ()

    def prepare(self, batch: pa.RecordBatch) -> Prepared:
        """The batch with the columns that the rules work out."""
        import pyarrow as pa

        decimal = self.derivation.decimal
        done = self.derive({name: CodedCells.of(batch.column(name), decimal) for name in self.derivation.sources})
        faults = list(done.faults)
        plain = [self._plain(batch.column(name), name, faults) if directly else None for name, directly in self.kept]
        empty = pa.nulls(batch.num_rows)
        arrays = [empty if column is None else column for column in plain]
        arrays += [_encoded(outcome) for outcome in done.outcomes.values()]
        prepared = pa.RecordBatch.from_arrays(arrays, names=self.schema.names)
        return Prepared(prepared, tuple(sorted(faults, key=lambda fault: fault.row)), done.counts)

    def derive(self, columns: Mapping[str, CodedCells]) -> DerivedCells:
        """What the rules make of the columns of the file that they read."""
        outcomes, faults = self._work(columns)
        counts: dict[str, int] = {}
        for variable, outcome in outcomes.items():
            counts |= counted(outcome, self.derivation.column(variable))
        counts |= self._unlisted(columns)
        return DerivedCells(outcomes, tuple(sorted(faults, key=lambda fault: fault.row)), counts)

    def _plain(self, column: pa.Array, name: str, faults: list[CellFault]) -> pa.Array:
        """A column that is read as it is; its decimal commas are points."""
        variable = self.derivation.number_with_comma(name, column.type)
        if variable is None:
            return column
        outcome = with_points(name, CodedCells.of(column), self.derivation.cell_rules[variable])
        faults += outcome.faults
        return _encoded(outcome)

    def _work(self, columns: Mapping[str, CodedCells]) -> tuple[dict[str, Outcome], list[CellFault]]:
        """The outcome of each rule, by variable, and all faults of the rows, each once."""
        cells = dict(columns)
        faults: dict[CellFault, None] = {}
        for name, rule in self.derivation.helpers.items():
            outcome = rule.work([cells[source.name] for source in rule.sources])
            faults |= dict.fromkeys(outcome.faults)
            cells[name] = outcome.cells
        outcomes = {}
        for variable, rule in self.derivation.rules.items():
            read = [cells[source.name] for source in rule.sources]
            outcomes[variable] = self._checked(variable, rule, read)
            faults |= dict.fromkeys(outcomes[variable].faults)
        return outcomes, list(faults)

    def _checked(self, variable: str, rule: ColumnRule, columns: Sequence[CodedCells]) -> Outcome:
        """The outcome of a rule, its cells understood by the column that it gives."""
        outcome = rule.work(columns)
        contract = self.derivation.contract
        decoder = CellDecoder(contract.variables[contract.by_variable[variable]])
        faults, words = list(outcome.faults), list(outcome.words)
        for code, word in enumerate(outcome.words):
            mask = decoder.decode(word)
            if isinstance(mask, CellProblem):
                problem = f"gives {decoder.variable.column} {excerpt(word)!r}: {mask.problem}"
                faults += _at_rows(rule, columns, outcome, code, problem)
                words[code] = BLANK
        return Outcome(tuple(words), outcome.codes, tuple(faults))

    def _unlisted(self, columns: Mapping[str, CodedCells]) -> dict[str, int]:
        """How often each code stands in the file that no rule of its column names."""
        rules = [rule for rule in self.derivation.rules.values() if isinstance(rule, CodesIn)]
        rules += [rule for rule in self.derivation.helpers.values() if isinstance(rule, CodesIn)]
        names = dict.fromkeys(source.name for rule in rules for source in rule.columns if source.name in columns)
        return {
            deed(f"{name}{NOT_LISTED}", code): count
            for name in names
            for code, count in unlisted(rules, name, columns[name]).items()
        }


def _at_rows(
    rule: ColumnRule, columns: Sequence[CodedCells], outcome: Outcome, code: int, problem: str
) -> list[CellFault]:
    """A fault for each row with a word, which names the cells that it comes of."""
    import numpy as np

    faults = []
    for row in np.flatnonzero(outcome.codes == code).tolist():
        texts = [(source, cells.text(row)) for source, cells in zip(rule.sources, columns, strict=True)]
        filled = [(source.name, text) for source, text in texts if source.read(text)]
        others = "".join(f", with {name} {excerpt(text)!r}," for name, text in filled[1:])
        name, text = filled[0] if filled else (rule.sources[0].name, "")
        faults.append(CellFault(row, name, excerpt(text), f"{others.removeprefix(', ')} {problem}".strip()))
    return faults


def _encoded(outcome: Outcome) -> pa.Array:
    """The cells of a rule as a dictionary of texts; blanks are null."""
    import numpy as np
    import pyarrow as pa

    words = tuple(dict.fromkeys(outcome.words))
    numbers = np.array([words.index(word) for word in outcome.words], np.int32)
    blank = np.array([word == "" for word in outcome.words], np.bool_)
    return pa.DictionaryArray.from_arrays(
        pa.array(numbers[outcome.codes], mask=blank[outcome.codes]), pa.array(words, pa.string())
    )
