"""A data dictionary in: from the bytes of a file to checked fields, every problem with its row and field."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from riskmodel.errors import DictionaryError, Problems, nearest
from riskmodel.redcap import headings
from riskmodel.redcap.fields import FIELD_TYPES, FIXED_CHOICES, LISTED, Dictionary, Field, FieldChoice

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Za-z0-9_.+-]+")
_LONGEST = 100
_OLD_TYPES = {"select": "dropdown", "textarea": "notes", "advcheckbox": "checkbox"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_dictionary(path: str | Path) -> Dictionary:
    """Read and check a data dictionary, as REDCap's page or its API gives it.

    Raises
    ------
    DictionaryError
        with every problem, each with the row and the field.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        problems = Problems().of(str(path))
        problems.note("", error.strerror or str(error), "the CSV file that REDCap's Data Dictionary page downloads")
        raise DictionaryError(problems.listed) from None
    return parse_dictionary(content, str(path))


def parse_dictionary(content: bytes, file: str = "dictionary.csv") -> Dictionary:
    r"""The fields of a data dictionary, from its bytes.

    >>> header = ",".join(f'"{heading}"' for heading in headings.HEADINGS.values())
    >>> text = header + '\nrecord_id,who,,text,ID' + ',' * 13 + '\nfever,who,,yesno,Fever' + ',' * 13
    >>> [field.name for field in parse_dictionary(text.encode()).fields]
    ['record_id', 'fever']
    """
    problems = Problems().of(file)
    rows = _rows(content, problems)
    fields = _fields(rows, problems) if not problems.listed else []
    if not problems.listed and not fields:
        problems.note("", "no fields", "a row for each field")
    if problems.listed:
        raise DictionaryError(dict.fromkeys(problems.listed))
    return Dictionary(file, tuple(fields), hashlib.sha256(content).hexdigest())


def _rows(content: bytes, problems: Problems) -> list[tuple[int, dict[str, str]]]:
    """The rows below the header with their lines, cells by column."""
    text = _decoded(content, problems)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    rows: list[tuple[int, dict[str, str]]] = []
    start = 1
    try:
        for cells in reader:
            if columns is None:
                columns = _columns(cells, problems)
                if problems.listed:
                    return []
            elif any(cell.strip() for cell in cells):
                if len(cells) > len(columns) and any(cells[len(columns) :]):
                    allowed = f"{len(columns)}, as the header has"
                    problems.at(f"row {start}").note("", f"{len(cells)} cells", allowed)
                rows.append((start, dict(zip(columns, (cell.strip() for cell in cells), strict=False))))
            start = reader.line_num + 1
    except csv.Error as error:
        problems.at(f"row {start}").note("", f"not CSV: {error}", "the file as REDCap gives it")
    if columns is None and not problems.listed:
        problems.note("", "an empty file", "the header and a row for each field")
    return rows


def _decoded(content: bytes, problems: Problems) -> str:
    allowed = "UTF-8, in which REDCap writes it (in Excel: save as CSV UTF-8)"
    if content.startswith(_UTF_16):
        problems.note("", "UTF-16", allowed)
        return ""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        problems.at(f"row {row}").note("", f"not UTF-8 (byte 0x{content[error.start]:02x}: Latin-1?)", allowed)
        return ""


def _columns(cells: Sequence[str], problems: Problems) -> list[str]:
    """What each column of the file is; unknown headings are refused with the nearest."""
    names = headings.heading_columns()
    columns = []
    at_header = problems.at("header")
    for cell in cells:
        heading = " ".join(cell.split())
        column = names.get(heading.lower(), "")
        if not column and heading:
            at_header.note(
                "", f"{heading!r} is no column of a data dictionary{nearest(heading, headings.HEADINGS.values())}", ""
            )
        elif column and column in columns:
            at_header.note("", f"{heading!r} stands twice", "each column once")
        columns.append(column)
    if headings.FIELD not in columns:
        allowed = "the CSV file that REDCap's Data Dictionary page downloads"
        at_header.listed[:] = []
        at_header.note("", f"no column {headings.HEADINGS[headings.FIELD]!r}: not a data dictionary", allowed)
        return columns
    for needed in headings.NEEDED:
        if needed not in columns:
            at_header.note("", f"no column {headings.HEADINGS[needed]!r}", "the file with all its columns")
    return columns


def _fields(rows: Sequence[tuple[int, Mapping[str, str]]], problems: Problems) -> list[Field]:
    fields: list[Field] = []
    lines: dict[str, int] = {}
    for line, cells in rows:
        name = cells.get(headings.FIELD, "")
        at = problems.at(f"row {line}, field {name!r}")
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            at.note("", "a name that REDCap does not take", f"lower-case letters, digits and _, at most {_LONGEST}")
        elif name in lines:
            at.note("", f"also in row {lines[name]}", "each field once")
        lines.setdefault(name, line)
        if not cells.get(headings.FORM):
            at.note("", "no form", f"a name under {headings.HEADINGS[headings.FORM]!r}")
        fields.append(_field(line, name, cells, at))
    return fields


def _field(line: int, name: str, cells: Mapping[str, str], problems: Problems) -> Field:
    stated = cells.get(headings.TYPE, "")
    kind = _OLD_TYPES.get(stated.lower(), stated.lower())
    if kind not in FIELD_TYPES:
        problems.note("", f"field type {stated!r}{nearest(kind, FIELD_TYPES)}", ", ".join(FIELD_TYPES))
    listed = _choices(cells.get(headings.CHOICES, ""), problems) if kind in LISTED else ()
    return Field(
        line=line,
        name=name,
        form=cells.get(headings.FORM, ""),
        kind=kind,
        label=cells.get(headings.LABEL, ""),
        choices=FIXED_CHOICES.get(kind, listed),
        validation=cells.get(headings.VALIDATION, "") if kind == "text" else "",
        identifier=cells.get(headings.IDENTIFIER, "").lower() == "y",
        branching=cells.get(headings.BRANCHING, ""),
        annotation=cells.get(headings.ANNOTATION, ""),
    )


def _choices(text: str, problems: Problems) -> tuple[FieldChoice, ...]:
    """``code, label`` pairs between vertical bars; a label may have commas."""
    choices: list[FieldChoice] = []
    pieces = [piece.strip() for piece in text.split("|")]
    if pieces and not pieces[-1]:
        pieces.pop()
    if not pieces:
        problems.note("", "no choices", "code, label | code, label")
    for piece in pieces:
        code, comma, label = (part.strip() for part in piece.partition(","))
        if not comma or not _CODE.fullmatch(code):
            received = f"choice {piece!r} has no code" if not comma else f"code {code!r} of the choice {piece!r}"
            problems.note("", received, "code, label; a code is of letters, digits, _, . and -")
        elif any(code == other.code for other in choices):
            problems.note("", f"code {code!r} stands twice among the choices", "each code once")
        choices.append(FieldChoice(code, label))
    return tuple(choices)
