"""The header of an export: which column is which field, box, form status or part of the record's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskmodel.errors import CasesError, nearest
from riskmodel.redcap.fields import CHECKBOX, DESCRIPTIVE, Dictionary, Field, checkbox_column, exported_label
from riskmodel.redcap.logic import EVENT_COLUMN

INSTRUMENT_COLUMN, INSTANCE_COLUMN = "redcap_repeat_instrument", "redcap_repeat_instance"
_SPECIAL = {
    EVENT_COLUMN: "Event Name",
    INSTRUMENT_COLUMN: "Repeat Instrument",
    INSTANCE_COLUMN: "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
COMPLETE = "_complete"
_COMPLETE_LABEL, _TIMESTAMP_LABEL = "Complete?", "Survey Timestamp"
_REPEATED = re.compile(r"\.[0-9]+")  # what pandas adds to a name that stands again


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """What a column of an export is: a field, a box of a checkbox (with its code), or one of REDCap's own."""

    name: str
    label: str
    field: Field | None = None
    code: str = ""
    form: str = ""  # of a status


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """Where each column stands in the file, by its raw name; ``unknown`` are names that the dictionary lacks."""

    columns: Mapping[str, tuple[int, ExportColumn]]
    labelled: bool
    unknown: tuple[str, ...]
    unclear: tuple[str, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.columns


def read_export_header(
    names: Sequence[str], dictionary: Dictionary, missing: Sequence[str], file: str = "export"
) -> ExportHeader:
    """Match the names of an export, raw or labelled, with its dictionary.

    Raises
    ------
    CasesError
        where no column names the records, or a raw name stands twice.
    """
    columns = list(export_columns(dictionary, missing))
    raw = {column.name: column for column in columns}
    shown: dict[str, list[ExportColumn]] = {}
    for column in columns:
        shown.setdefault(column.label, []).append(column)
    labels = [_plain_label(name, shown) for name in names]
    labelled = sum(label in shown for label in labels) > sum(name in raw for name in names)
    matched = _by_label(labels, shown) if labelled else _by_name(names, raw, file)
    if dictionary.record_id.name not in matched:
        identity = dictionary.record_id
        hint = nearest(identity.name, names)
        raise CasesError(
            f"{file}: header: no column {identity.name!r} ({exported_label(identity.label)!r} in a labelled export), "
            f"the first field of {dictionary.file}, which names the records{hint}"
        )
    places = {at for at, _ in matched.values()}
    rest = [at for at in range(len(names)) if at not in places]
    unclear = tuple(names[at] for at in rest if labelled and labels[at] in shown)
    unknown = tuple(names[at] for at in rest if names[at] not in unclear)
    return ExportHeader(matched, labelled, unknown, unclear)


def export_columns(dictionary: Dictionary, missing: Sequence[str]) -> list[ExportColumn]:
    """Every column that an export of a project can have, in the order in which an export has them."""
    columns = [ExportColumn(name, label) for name, label in _SPECIAL.items()]
    form = ""
    for entry in dictionary.fields:
        if entry.form != form:
            columns += _status(form)
            form = entry.form
            columns.append(ExportColumn(f"{form}_timestamp", _TIMESTAMP_LABEL))
        if entry.kind == CHECKBOX:
            boxes = [(choice.code, choice.label) for choice in entry.choices]
            boxes += [(code, code) for code in missing if entry.takes_missing_codes]
            for code, label in boxes:
                heading = f"{exported_label(entry.label)} (choice={exported_label(label)})"
                columns.append(ExportColumn(checkbox_column(entry.name, code), heading, entry, code))
        elif entry.kind != DESCRIPTIVE:
            columns.append(ExportColumn(entry.name, exported_label(entry.label), entry))
    return columns + _status(form)


def _status(form: str) -> list[ExportColumn]:
    return [ExportColumn(form + COMPLETE, _COMPLETE_LABEL, form=form)] if form else []


def _plain_label(name: str, shown: Mapping[str, object]) -> str:
    label = exported_label(name)
    bare = _REPEATED.sub("", label) if label not in shown else label
    return bare if bare in shown else label


def _by_name(names: Sequence[str], raw: Mapping[str, ExportColumn], file: str) -> dict[str, tuple[int, ExportColumn]]:
    twice = [name for name, count in Counter(names).items() if count > 1 and name in raw]
    if twice:
        raise CasesError(f"{file}: header: {', '.join(map(repr, twice))} stands twice; each field once")
    return {name: (at, raw[name]) for at, name in enumerate(names) if name in raw}


def _by_label(labels: Sequence[str], shown: Mapping[str, list[ExportColumn]]) -> dict[str, tuple[int, ExportColumn]]:
    """Columns by their labels: one that several fields have is read only where all of them are there, in order."""
    at: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        at.setdefault(label, []).append(number)
    matched = {}
    for label, numbers in at.items():
        fields = shown.get(label, [])
        if len(fields) == len(numbers):
            matched.update({column.name: (number, column) for number, column in zip(numbers, fields, strict=True)})
    return matched
