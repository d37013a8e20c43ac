"""An export of a project as cases: one row a case, in the columns of a case file or the names of the dictionary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from riskmodel.cases.cells import CellProblem, excerpt
from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.mapping import CaseMapping
from riskmodel.cases.preparation import CellFault
from riskmodel.errors import CasesError, UsageError, nearest
from riskmodel.redcap.blanks import (
    FILLED,
    HIDDEN,
    LEFT_BLANK,
    MISSING_CODE,
    NOT_TICKED,
    BlankReasons,
)
from riskmodel.redcap.dictionary import read_dictionary
from riskmodel.redcap.export_file import ExportTable
from riskmodel.redcap.export_header import (
    INSTANCE_COLUMN,
    INSTRUMENT_COLUMN,
    ExportColumn,
    ExportHeader,
    read_export_header,
)
from riskmodel.redcap.export_values import UNTICKED, ExportValues, bad_fields, read_values
from riskmodel.redcap.field_use import COMMA, FieldUse, FieldUses
from riskmodel.redcap.fields import FILE, Dictionary, Field, exported_label
from riskmodel.redcap.logic import EVENT_COLUMN
from riskmodel.redcap.notes import FILLED_THOUGH_HIDDEN, blank_count, notes_of_reading
from riskmodel.redcap.project import BLANK, EVERY_BOX, NOT_ASSESSED_WORD, RedcapProject
from riskmodel.redcap.rows import RowKey, cases_of_rows
from riskmodel.redcap.words import unlisted_code

_GOOD = ("", "")


@dataclass(frozen=True, slots=True)
class RedcapCases:
    """The cases of an export.

    Attributes
    ----------
    names, columns
        the columns and their texts, a list each; blank is a blank, ``not_assessed`` is none.
    lines
        of the export, for each case that of its first row.
    faults
        cells that are not understood; their rows are to be rejected, and the cells are blank here.
    counts
        how many cells of each field that is read are blank, by field and reason.
    notes, warnings
        what is to be said of how the export was read.
    identifiers
        the columns that the dictionary flags as identifiers of people.
    """

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    lines: tuple[int, ...]
    faults: tuple[CellFault, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    sha256: str
    identifiers: tuple[str, ...] = ()


def read_export(
    table: ExportTable,
    project: RedcapProject,
    contract: ColumnContract,
    mapping: CaseMapping | None = None,
    *,
    known_outcomes: bool = False,
) -> RedcapCases:
    """Read an export with the dictionary of its project.

    Parameters
    ----------
    mapping
        what is applied to the cases afterwards: it says which fields are read as which columns, and which codes it
        translates itself.
    known_outcomes
        read the columns of conditions too.

    Raises
    ------
    DictionaryError
        with every problem of the dictionary.
    CasesError
        where the export does not fit the dictionary, or which rows are cases has to be said.
    UsageError
        for fields that the project speaks of and does not have.
    """
    dictionary = read_dictionary(project.dictionary)
    _check_project(project, dictionary)
    header = read_export_header(table.names, dictionary, tuple(project.missing), table.file)
    outcomes = frozenset({"condition"} if not known_outcomes else ())
    uses = FieldUses(contract, mapping or CaseMapping(), outcomes)
    reading = _Reading(table, project, dictionary, header, uses)
    return reading.cases()


def _check_project(project: RedcapProject, dictionary: Dictionary) -> None:
    for what, names in (("boxes not ticked", project.unticked), ("hidden", project.hidden)):
        for name in names:
            if name != EVERY_BOX and name not in dictionary.by_name:
                raise UsageError(f"{what}: no field {name!r} in {dictionary.file}{nearest(name, dictionary.by_name)}")


class _Reading:
    """One export while it is read."""

    def __init__(
        self,
        table: ExportTable,
        project: RedcapProject,
        dictionary: Dictionary,
        header: ExportHeader,
        uses: FieldUses,
    ) -> None:
        self.table, self.project, self.uses = table, project, uses
        self.dictionary, self.header = dictionary, header
        self.warnings = self._of_header()
        self.values: ExportValues = read_values(table, header, project)
        self.keys = self._keys()
        self.blanks = BlankReasons(dictionary, header, self.values, self.keys, project)
        self.chosen = cases_of_rows(self.keys, project.rows, table.file)
        self.counts: Counter[str] = Counter()
        self.faults: list[CellFault] = []
        self.rows_of: dict[str, list[int]] = {}

    def cases(self) -> RedcapCases:
        identity, renamed = self.dictionary.record_id.name, self.uses.mapping.columns
        keep_name = identity in renamed or CASE_ID in renamed.values()
        names, columns = [identity if keep_name else CASE_ID], [[case.name for case in self.chosen]]
        used = []
        for name, (_, column) in self.header.columns.items():
            entry = column.field
            if entry is None or name == identity or entry.kind == FILE or self._of_missing_code(column):
                continue
            use = self.uses.of(column)
            if use is not None:
                used.append(name)
            names.append(name)
            columns.append(self._column(name, entry, use))
        for at, name in enumerate(self.table.names):
            if name in self.header.unknown:
                names.append(name)
                columns.append([self.table.rows[case.rows[0]][at] for case in self.chosen])
        bad = bad_fields(self.values, self.table.lines, used)
        return RedcapCases(
            names=tuple(names),
            columns=tuple(columns),
            lines=tuple(self.table.lines[case.rows[0]] for case in self.chosen),
            faults=tuple(sorted(self.faults, key=lambda fault: fault.row)),
            counts=dict(self.counts),
            notes=tuple(notes_of_reading(self.blanks, self.table, len(self.chosen), used, self.counts)),
            warnings=(*self.warnings, *bad),
            sha256=self.table.sha256,
            identifiers=tuple(name for name in names[1:] if self._is_identifier(name)),
        )

    def _of_header(self) -> tuple[str, ...]:
        """What is to be said of columns that the dictionary does not explain; refused where they would be read."""
        read = [name for name in (*self.header.unknown, *self.header.unclear) if self.uses.reads(name)]
        if read:
            shown = ", ".join(f"{name!r}{nearest(name, self.dictionary.by_name)}" for name in read)
            raise CasesError(f"{self.table.file}: header: {self.dictionary.file} does not have the field {shown}")
        warnings = []
        if self.header.unknown:
            warnings.append(f"not in the dictionary: {', '.join(self.header.unknown[:20])}")
        if self.header.unclear:
            shown = ", ".join(sorted(set(self.header.unclear))[:20])
            warnings.append(f"several fields have this label, and not all of them are there; not read: {shown}")
        return tuple(warnings)

    def _is_identifier(self, name: str) -> bool:
        entry = self.header.columns[name][1].field if name in self.header.columns else None
        return entry is not None and entry.identifier

    def _of_missing_code(self, column: ExportColumn) -> bool:
        """Whether a box stands for a missing data code rather than for a choice."""
        return bool(column.code) and column.field is not None and column.code not in column.field.codes

    def _keys(self) -> list[RowKey]:
        rows = range(len(self.table.rows))
        names = (self.dictionary.record_id.name, EVENT_COLUMN, INSTRUMENT_COLUMN, INSTANCE_COLUMN)
        columns = [self.values.columns.get(name, [""] * len(rows)) for name in names]
        forms = {_plain(form): form for form in self.dictionary.forms}
        instruments = [forms.get(_plain(text), text) for text in columns[2]]
        return [
            RowKey(record, event, instrument, instance.removesuffix(".0"))
            for record, event, instrument, instance in zip(*columns[:2], instruments, columns[3], strict=True)
        ]

    def _column(self, name: str, entry: Field, use: FieldUse | None) -> list[str]:
        """The cells of a field, one a case."""
        hidden = self._hidden_word(entry, use)
        texts = self.values.columns[name]
        comma = self.uses.writes_commas and "comma_decimal" in entry.validation
        hides, unlisted = entry.is_hidden_somewhere, unlisted_code(entry)
        cells = []
        for number, row in enumerate(self._rows_of(entry.form)):
            text, why = texts[row], self.blanks.why(name, entry, row)
            if use is not None and (hides or why != FILLED):
                self._count(entry, why, row)
            if why != FILLED:
                cells.append(self._blank(entry, why, text, hidden, row, use))
                continue
            problem = self.values.bad.get((name, row), _GOOD)[1]
            if use is not None and use.words is not None and not problem:
                word = use.words.get(text, unlisted)
                text, problem = word.text, word.problem
            if use is not None and problem:
                self.faults.append(CellFault(number, name, excerpt(texts[row]), problem))
                text = ""
            cells.append(text.replace(".", COMMA) if comma else text)
        return cells

    def _rows_of(self, form: str) -> list[int]:
        """The row of each case that a form is taken from: the first of its rows in which the form is filled in."""
        if form not in self.rows_of:
            filled = self.blanks.form_is_filled
            self.rows_of[form] = [
                next((row for row in case.rows if filled(form, row)), case.rows[0]) for case in self.chosen
            ]
        return self.rows_of[form]

    def _blank(self, entry: Field, why: str, text: str, hidden: str, row: int, use: FieldUse | None) -> str:
        """What is written for a cell that says nothing."""
        if why == NOT_TICKED:
            if use is not None and use.box and entry.name not in self.project.unticked:
                return UNTICKED  # what that says is the rule's
            word = self.project.unticked_word(entry.name)
            return "" if word == BLANK else word
        if why == HIDDEN and hidden and self.blanks.is_settled(entry, row):
            return hidden
        silent = why == LEFT_BLANK or (why == MISSING_CODE and text in self.project.missing_as_blank)
        return "" if silent else NOT_ASSESSED_WORD

    def _hidden_word(self, entry: Field, use: FieldUse | None) -> str:
        word = self.project.hidden.get(entry.name, "")
        mask = use.decoder.decode(word) if word and use is not None and use.decoder is not None else 0
        if isinstance(mask, CellProblem):
            raise UsageError(f"hidden: {entry.name}: {word!r}: {mask.problem}")
        return word

    def _count(self, entry: Field, why: str, row: int) -> None:
        if why != FILLED:
            self.counts[blank_count(entry.name, why)] += 1
        elif self.blanks.is_shown(entry, row) is False:
            self.counts[blank_count(entry.name, FILLED_THOUGH_HIDDEN)] += 1


def _plain(name: str) -> str:
    """The name of a form as REDCap makes it of a title."""
    return re.sub(r"[^a-z0-9]+", "_", exported_label(name).lower()).strip("_")
