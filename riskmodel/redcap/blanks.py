"""Why a cell of an export is blank: hidden, on a form that nobody filled in, a missing data code, or left blank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from riskmodel.redcap.export_header import COMPLETE, ExportHeader
from riskmodel.redcap.export_values import TICKED, UNTICKED, ExportValues
from riskmodel.redcap.fields import CHECKBOX, Dictionary, Field, checkbox_column
from riskmodel.redcap.logic import EVENT_COLUMN, Condition, FieldValue, parse_logic
from riskmodel.redcap.project import RedcapProject
from riskmodel.redcap.rows import RowKey
from riskmodel.redcap.truth import SOME_TEXT, fields_asked, holds

FILLED, LEFT_BLANK, NOT_TICKED = "filled", "left blank", "not ticked"
HIDDEN, MISSING_CODE = "hidden by branching logic", "missing data code"
EMPTY_FORM, UNDECIDED = "form not filled in", "branching logic that cannot be evaluated"
NOT_CALCULATED = "not calculated"
WHY_BLANK = (LEFT_BLANK, HIDDEN, EMPTY_FORM, MISSING_CODE, NOT_CALCULATED, UNDECIDED, NOT_TICKED)
_NO_STATUS = ("", "0")
_OTHER_DATES = ("_dmy", "_mdy")  # which REDCap compares as its form shows them


@dataclass
class BlankReasons:
    """Answers why cells are blank, for the rows of one export."""

    dictionary: Dictionary
    header: ExportHeader
    values: ExportValues
    keys: Sequence[RowKey]
    project: RedcapProject
    _conditions: dict[str, Condition | None] = field(default_factory=dict)
    _asked: dict[str, tuple[FieldValue, ...]] = field(default_factory=dict)
    _answers: dict[tuple[str, tuple[str | None, ...]], bool | None] = field(default_factory=dict)
    _filled: dict[str, list[bool]] = field(default_factory=dict)
    _base: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plain = [(row, key) for row, key in enumerate(self.keys) if not key.instrument]
        for row, key in plain:
            if not key.instance:
                self._base.setdefault((key.record, key.event), row)
        self._base_events = frozenset(key.event for _, key in plain)
        self._repeated_events = frozenset((key.record, key.event) for _, key in plain if key.instance)
        self._repeated_forms = frozenset(key.instrument for key in self.keys if key.instrument)

    def why(self, column: str, entry: Field, row: int) -> str:
        """Why the cell of a field, or of a box of it, is as it is: ``filled``, or one of :data:`WHY_BLANK`."""
        text = self.values.columns[column][row]
        if entry.kind == CHECKBOX:
            return self._why_box(text, entry, row)
        if text:
            if text not in self.project.missing:
                return FILLED
            return MISSING_CODE if entry.takes_missing_codes and text not in entry.codes else FILLED
        return self._why_unseen(entry, row) or (NOT_CALCULATED if entry.is_calculated else LEFT_BLANK)

    def _why_box(self, text: str, entry: Field, row: int) -> str:
        if text == TICKED:
            return FILLED
        if entry.takes_missing_codes and any(
            self._cell(checkbox_column(entry.name, code), row) == TICKED for code in self.project.missing
        ):
            return MISSING_CODE
        return self._why_unseen(entry, row) or (NOT_TICKED if text == UNTICKED else LEFT_BLANK)

    def _why_unseen(self, entry: Field, row: int) -> str:
        """Why nobody can have answered; nothing where the question was there."""
        if not self.form_is_filled(entry.form, row):
            return EMPTY_FORM
        shown = self.is_shown(entry, row)
        return "" if shown else UNDECIDED if shown is None else HIDDEN

    def is_shown(self, entry: Field, row: int) -> bool | None:
        """Whether branching logic and action tags show a field; None where that cannot be told."""
        by_tags = entry.shown_by_tags
        by_logic = self._holds(entry, row) if by_tags is not False else None
        if False in (by_tags, by_logic):
            return False
        return None if None in (by_tags, by_logic) else True

    def _holds(self, entry: Field, row: int) -> bool | None:
        """Whether the branching logic of a field shows it; every combination of values is evaluated once."""
        condition = self.condition(entry)
        if condition is None:
            return True
        asked = self._asked[entry.name]
        texts = tuple(self.value_of(value, row) for value in asked)
        if (entry.name, texts) not in self._answers:
            by_value = dict(zip(asked, texts, strict=True))
            self._answers[entry.name, texts] = holds(condition, by_value.__getitem__)
        return self._answers[entry.name, texts]

    def is_settled(self, entry: Field, row: int) -> bool:
        """Whether everything that hides a field was answered, so that its being hidden says something."""
        if self.condition(entry) is None:
            return False
        return all(self.value_of(value, row) for value in self._asked[entry.name])

    def condition(self, entry: Field) -> Condition | None:
        """The branching logic of a field, if it has any."""
        if entry.name not in self._conditions:
            condition = parse_logic(entry.branching) if entry.branching else None
            self._conditions[entry.name] = condition
            self._asked[entry.name] = tuple(dict.fromkeys(fields_asked(condition))) if condition else ()
        return self._conditions[entry.name]

    def value_of(self, asked: FieldValue, row: int) -> str | None:
        """The value of a field as branching logic at a row sees it; None where the export does not have it."""
        if asked.field == EVENT_COLUMN:
            return self.keys[row].event or None
        entry = self.dictionary.by_name.get(asked.field)
        if entry is None or (entry.kind == CHECKBOX) != bool(asked.code):
            return None
        column = checkbox_column(entry.name, asked.code) if asked.code else entry.name
        blank = UNTICKED if asked.code else ""
        at = self._row_of(asked, entry, row)
        if column not in self.values.columns or at is None or (column, at) in self.values.bad:
            return None
        text = (self.values.columns[column][at] if at >= 0 else blank) or blank
        return SOME_TEXT if text and entry.validation.endswith(_OTHER_DATES) else text

    def _row_of(self, asked: FieldValue, entry: Field, row: int) -> int | None:
        """The row in which branching logic looks for a field: -1 where the record has none, None if nobody can say.

        Of repeats that are asked for from outside nobody can say which is meant.
        """
        key = self.keys[row]
        event = asked.event or key.event
        if entry.form == key.instrument and event == key.event:
            return row
        if entry.form in self._repeated_forms or event not in self._base_events:
            return None
        if event == key.event and not key.instrument:
            return row
        at = self._base.get((key.record, event), -1)
        return None if at < 0 and (key.record, event) in self._repeated_events else at

    def form_is_filled(self, form: str, row: int) -> bool:
        """Whether anything on a form is filled in, or its status says that somebody was there."""
        if form not in self._filled:
            columns = [self.values.columns[name] for name in self._answers_of(form)]
            status = self.values.columns.get(form + COMPLETE)
            self._filled[form] = [
                any(column[at] not in _NO_STATUS[:1] for column in columns)
                or (status is not None and status[at] not in _NO_STATUS)
                for at in range(len(self.keys))
            ]
            self._mark_ticked(form)
        return self._filled[form][row]

    def _answers_of(self, form: str) -> list[str]:
        """The columns of a form in which only a person can have written; boxes are looked at by themselves."""
        identity = self.dictionary.record_id.name
        return [
            name
            for name, (_, column) in self.header.columns.items()
            if column.field is not None
            and column.field.form == form
            and column.field.kind != CHECKBOX
            and not column.field.is_calculated
            and name != identity
        ]

    def _mark_ticked(self, form: str) -> None:
        filled = self._filled[form]
        for name, (_, column) in self.header.columns.items():
            if column.field is not None and column.field.form == form and column.field.kind == CHECKBOX:
                for at, text in enumerate(self.values.columns[name]):
                    filled[at] = filled[at] or text == TICKED

    def _cell(self, column: str, row: int) -> str:
        return self.values.columns[column][row] if column in self.values.columns else ""
