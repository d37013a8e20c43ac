"""What each field of an export is read as: a column of a case file, or a source of a mapping's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import CaseMapping
from riskmodel.cases.mapping.derivation import Derivation
from riskmodel.cases.mapping.rules.several_columns import AnyOrAll, Boxes, FirstRecorded
from riskmodel.cases.mapping.source_cells import Refusal, SourceColumn, truth
from riskmodel.errors import CasesError
from riskmodel.redcap.export_header import ExportColumn
from riskmodel.redcap.fields import CHECKBOX, CODED, SQL, Field
from riskmodel.redcap.words import ChoiceReader, ColumnWord, choice_words

COMMA = ","


@dataclass(frozen=True, slots=True)
class FieldUse:
    """How the cells of one column of an export are read.

    ``decoder`` is that of the column of a case file that it is, if it is one. ``words`` give each code its word; None
    where codes are read as they are. ``box`` says that a rule asks whether a box is ticked.
    """

    decoder: CellDecoder | None = None
    words: Mapping[str, ColumnWord] | None = None
    box: bool = False


@dataclass(frozen=True)
class FieldUses:
    """Which columns of an export are read, and as what."""

    contract: ColumnContract
    mapping: CaseMapping
    ignored_roles: frozenset[str] = frozenset()
    derivation: Derivation | None = field(init=False)

    def __post_init__(self) -> None:
        preparation = self.mapping.preparation
        object.__setattr__(self, "derivation", preparation if isinstance(preparation, Derivation) else None)

    @property
    def writes_commas(self) -> bool:
        """Whether the mapping says that decimal numbers have a comma."""
        return self.derivation is not None and self.derivation.decimal == COMMA

    def reads(self, name: str) -> bool:
        """Whether a column of this name would be read, whatever it is."""
        column = self.mapping.columns.get(name, name)
        return column in self.contract.headers or (self.derivation is not None and name in self.derivation.sources)

    def of(self, column: ExportColumn) -> FieldUse | None:
        """How a column is read; None where it is not."""
        name, entry = column.name, column.field
        if entry is None:
            return None
        readers = list(self._rule_readers(name, entry))
        decoder = self._decoder(name)
        if decoder is None and not readers:
            return None
        direct = self.mapping.columns.get(name, name) in self.contract.headers and decoder is not None
        if entry.kind not in CODED | {SQL} or entry.kind == CHECKBOX:
            return FieldUse(decoder, box=any(isinstance(rule, Boxes) for rule, _ in readers))
        wanted = [column_reader(decoder)] if direct and decoder is not None else []
        wanted += [reader for _, reader in readers if reader is not None]
        as_codes = any(reader is None for _, reader in readers)
        if not wanted:
            return FieldUse(decoder)
        return FieldUse(decoder, self._words(entry, wanted, as_codes=as_codes))

    def _words(self, entry: Field, readers: list[ChoiceReader], *, as_codes: bool) -> Mapping[str, ColumnWord]:
        """The words of a field, on which all that read it agree."""
        words = choice_words(entry, readers[0])
        others = [choice_words(entry, reader) for reader in readers[1:]]
        codes = {code: ColumnWord(code) for code in words}
        if any(other != words for other in others) or (as_codes and words != codes):
            raise CasesError(
                f"field {entry.name}: its codes ({entry.allowed}) are read in two ways by the mapping; "
                "give each choice a word under values in the mapping"
            )
        return words

    def _decoder(self, name: str) -> CellDecoder | None:
        row = self.contract.by_column.get(self.mapping.columns.get(name, name))
        if row is None or self.contract.variables[row].role in self.ignored_roles:
            return None
        return self._of_variable(row)

    def _of_variable(self, row: int) -> CellDecoder:
        variable = self.contract.variables[row]
        return self.mapping.decoder(variable, parts=self.contract.parts.get(variable.name, ()))

    def _rule_readers(self, name: str, entry: Field) -> list[tuple[object, ChoiceReader | None]]:
        """The rules that read a column, each with how it reads a choice; None where it reads codes."""
        if self.derivation is None or entry is None:
            return []
        readers: list[tuple[object, ChoiceReader | None]] = []
        named = [*self.derivation.helpers.items(), *self.derivation.rules.items()]
        for variable, rule in named:
            for source in rule.sources:
                if source.name == name:
                    row = self.contract.by_variable.get(variable)
                    first = isinstance(rule, FirstRecorded) and row is not None
                    reader = (
                        column_reader(self._of_variable(row), source)
                        if first and row is not None
                        else truth_reader(source)
                        if isinstance(rule, AnyOrAll | FirstRecorded)
                        else None
                    )
                    readers.append((rule, reader))
        return readers


def column_reader(decoder: CellDecoder, source: SourceColumn | None = None) -> ChoiceReader:
    """How a column of a case file reads a text; ``source`` where a mapping's rule passes texts on to it."""
    spoken = decoder.rules if source is None else source
    column = decoder.variable.column

    def meaning(text: str) -> object:
        mask = decoder.decode(text)
        return None if isinstance(mask, CellProblem) else mask

    key = column if source is None else source.name
    return ChoiceReader(meaning, _spoken(spoken.values, spoken.missing), f"a word of {column}", key)


def truth_reader(source: SourceColumn) -> ChoiceReader:
    """How a rule that asks for yes or no reads a text."""

    def meaning(text: str) -> object:
        answer = truth(text)
        return None if isinstance(answer, Refusal) else answer

    return ChoiceReader(meaning, _spoken(source.values, source.missing), "yes or no", source.name)


def _spoken(values: Mapping[str, str], missing: frozenset[str]) -> Callable[[str], bool]:
    return lambda text: text in values or text in missing
