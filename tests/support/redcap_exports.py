"""Dictionaries and exports of REDCap projects, made as REDCap makes them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from riskmodel.redcap.dictionary import parse_dictionary
from riskmodel.redcap.fields import Dictionary
from riskmodel.redcap.headings import HEADINGS

SPECIAL = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
STATUS = {"0": "Incomplete", "1": "Unverified", "2": "Complete", "": ""}
SPECIAL_LABELS = ("Event Name", "Repeat Instrument", "Repeat Instance")


def dictionary_text(fields: Iterable[Mapping[str, str]], headings: Sequence[str] = tuple(HEADINGS)) -> str:
    """A data dictionary of some fields; each names at least ``field`` and ``type``."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS[column] for column in headings)
    for entry in fields:
        row = {"form": "visit", "label": entry["field"].replace("_", " ").capitalize()} | dict(entry)
        writer.writerow(row.get(column, "") for column in headings)
    return out.getvalue()


def write_project(folder: Path, fields: Iterable[Mapping[str, str]]) -> Path:
    """The dictionary of a project, written into a folder; the field that names the records comes first by itself."""
    path = folder / "dictionary.csv"
    path.write_text(dictionary_text([{"field": "record_id", "type": "text"}, *fields]), encoding="utf-8")
    return path


def export_text(
    dictionary: Dictionary, records: Sequence[Mapping[str, str]], *, labelled: bool = False, special: bool = False
) -> str:
    """An export of records, by field their codes (of a checkbox those that are ticked, with blanks between).

    A form in which nothing is filled in is incomplete, all others are complete. Boxes are always 0 or 1.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    header: list[str] = []
    for number, (form, fields) in enumerate(_forms(dictionary)):
        for entry in fields:
            if entry.kind == "checkbox":
                header += [
                    f"{entry.label} (choice={choice.label})" if labelled else f"{entry.name}___{choice.code}"
                    for choice in entry.choices
                ]
            else:
                header.append(entry.label if labelled else entry.name)
            if special and number == 0 and entry is fields[0]:
                header += SPECIAL_LABELS if labelled else SPECIAL
        header.append("Complete?" if labelled else f"{form}_complete")
    writer.writerow(header)
    for record in records:
        cells: list[str] = []
        for number, (form, fields) in enumerate(_forms(dictionary)):
            for entry in fields:
                code = record.get(entry.name, "")
                if entry.kind == "checkbox":
                    ticks = [choice.code in code.split() for choice in entry.choices]
                    cells += [("Checked" if tick else "Unchecked") if labelled else str(int(tick)) for tick in ticks]
                else:
                    labels = {choice.code: choice.label for choice in entry.choices}
                    cells.append(labels.get(code, code) if labelled else code)
                if special and number == 0 and entry is fields[0]:
                    cells += [record.get(name, "") for name in SPECIAL]
            filled = any(record.get(entry.name) for entry in fields if entry.name != dictionary.record_id.name)
            status = record.get(f"{form}_complete", "2" if filled else "0")
            cells.append(
                {"0": "Incomplete", "1": "Unverified", "2": "Complete", "": ""}[status] if labelled else status
            )
        writer.writerow(cells)
    return out.getvalue()


def _forms(dictionary: Dictionary):
    return [(form, [entry for entry in dictionary.fields if entry.form == form]) for form in dictionary.forms]


def read_project(path: Path) -> Dictionary:
    return parse_dictionary(path.read_bytes(), str(path))
