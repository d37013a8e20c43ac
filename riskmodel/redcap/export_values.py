"""The values of an export: whether they are codes or labels, and each cell as its code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from riskmodel.cases.cells import excerpt, whole
from riskmodel.errors import CasesError
from riskmodel.redcap.export_file import ExportTable
from riskmodel.redcap.export_header import ExportColumn, ExportHeader
from riskmodel.redcap.fields import CHECKBOX, CODED, FIXED_CHOICES, Field, exported_label
from riskmodel.redcap.project import AUTO, LABELS, RedcapProject

TICKED, UNTICKED = "1", "0"
_TICKS = {"Checked": TICKED, "Unchecked": UNTICKED}
_STATUS = {"Incomplete": "0", "Unverified": "1", "Complete": "2"}
_COMMA = re.compile(r"-?[0-9]*,[0-9]+")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T].*)?")
_ORDERED = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})((?:[ T].*)?)")


@dataclass(frozen=True, slots=True)
class ValueKind:
    """Whether cells are labels rather than codes, and what shows it."""

    labelled: bool
    reason: str


@dataclass(slots=True)
class ExportValues:
    """The cells of each column as codes, one list a column over the rows of the export.

    ``bad`` are the cells that the dictionary does not allow, by column and row: what stands there, and what is
    allowed. ``reordered`` counts dates that were not written year first, by field.
    """

    kind: ValueKind
    columns: dict[str, list[str]]
    bad: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    reordered: dict[str, int] = field(default_factory=dict)


def read_values(table: ExportTable, header: ExportHeader, project: RedcapProject) -> ExportValues:
    """Every cell as its code.

    Raises
    ------
    CasesError
        where some cells are codes and others labels, or what they are cannot be told and matters.
    """
    kind = value_kind(table, header, project)
    values = ExportValues(kind, {})
    for name, (at, column) in header.columns.items():
        values.columns[name] = _column(name, table.column(at), column, values, project)
    if kind.labelled:
        _untick_blank_boxes(table, header, values)
    return values


def _untick_blank_boxes(table: ExportTable, header: ExportHeader, values: ExportValues) -> None:
    """Where ticked boxes hold the labels of their choices, boxes that are not ticked are blank."""
    boxes = {name: each for name, each in header.columns.items() if each[1].field and each[1].field.kind == CHECKBOX}
    texts = {text for at, _ in boxes.values() for text in table.column(at)}
    if texts & set(_TICKS) or not texts - {""}:
        return
    for name in boxes:
        values.columns[name] = [code or UNTICKED for code in values.columns[name]]


def value_kind(table: ExportTable, header: ExportHeader, project: RedcapProject) -> ValueKind:
    """Whether an export is raw or labelled, from the cells that can be only one of both."""
    if project.values != AUTO:
        return ValueKind(project.values == LABELS, "as stated")
    codes, labels, either = _witnesses(table, header)
    if codes and labels:
        mixed = f"{codes[0]} is a code, {labels[0]} a label"
        raise CasesError(f"{table.file}: raw or labelled? {mixed}; say which (--redcap-values raw or labels)")
    if not codes and not labels and either:
        raise CasesError(f"{table.file}: raw or labelled? {either[0]}; say which (--redcap-values raw or labels)")
    if labels:
        return ValueKind(labelled=True, reason=f"{labels[0]} is a label and no code")
    reason = f"{codes[0]} is a code and no label" if codes else "no cell can be one of both only"
    return ValueKind(labelled=False, reason=reason)


def _witnesses(table: ExportTable, header: ExportHeader) -> tuple[list[str], list[str], list[str]]:
    """Cells that can only be codes, that can only be labels, and that mean different choices as one or the other."""
    codes, labels, either = [], [], []
    for name, (at, column) in header.columns.items():
        as_code, as_label = _readings(column)
        if not as_code:
            continue
        as_label = {**as_label, **_own_label(column)}
        first: dict[str, int] = {}
        for row, text in enumerate(table.column(at)):
            if text and text not in first:
                first[text] = row
        for text, row in first.items():
            code, label = as_code.get(whole(text)), as_label.get(exported_label(text))
            cell = f"line {table.lines[row]}, {name} {excerpt(text)!r}"
            if code and label and code != label:
                either.append(f"{cell} is the code of one choice and the label of another")
            elif code and not label:
                codes.append(cell)
            elif label and not code:
                labels.append(cell)
    return codes, labels, either


def _readings(column: ExportColumn) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What a text means as a code, and as a label."""
    if column.form:
        return {code: code for code in _STATUS.values()}, _STATUS
    if column.field is None or column.field.kind not in CODED:
        return {}, {}
    if column.field.kind == CHECKBOX:
        return {TICKED: TICKED, UNTICKED: UNTICKED}, _TICKS
    return {code: code for code in column.field.codes}, _labels(column.field)


def _labels(entry: Field) -> Mapping[str, str]:
    """The codes of labels, of those that only one choice has."""
    labels = {label: codes[0] for label, codes in entry.by_label.items() if len(codes) == 1 and label}
    if entry.kind in FIXED_CHOICES:
        labels |= {label.upper(): code for label, code in labels.items()}
    return labels


def _column(
    name: str, texts: list[str], column: ExportColumn, values: ExportValues, project: RedcapProject
) -> list[str]:
    """The codes of a column; each text is worked out once."""
    entry = column.field
    if entry is None and not column.form:
        return texts
    answers: dict[str, tuple[str, str]] = {}
    codes = []
    for row, text in enumerate(texts):
        if text not in answers:
            answers[text] = ("", "") if text == "" else _cell(text, column, values, project)
        code, problem = answers[text]
        codes.append(code)
        if problem:
            values.bad[name, row] = (text, problem)
    if entry is not None and entry.validation.startswith("date"):
        values.reordered[entry.name] = sum(code != text for code, text in zip(codes, texts, strict=True))
    return codes


def _cell(text: str, column: ExportColumn, values: ExportValues, project: RedcapProject) -> tuple[str, str]:
    """The code of a cell, and what is wrong with it."""
    entry = column.field
    if entry is not None and entry.takes_missing_codes:
        by_label = {exported_label(label): code for code, label in project.missing.items() if label}
        code = by_label.get(exported_label(text), whole(text))
        if code in project.missing and code not in entry.codes:
            return code, ""
    as_code, as_label = _readings(column)
    if as_code:
        label = {**as_label, **_own_label(column)}.get(exported_label(text))
        choice = label if values.kind.labelled else as_code.get(whole(text))
        return (choice, "") if choice is not None else (text, _not_allowed(column, values.kind))
    if entry is not None and "comma_decimal" in entry.validation and _COMMA.fullmatch(text):
        return text.replace(",", "."), ""
    if entry is not None and entry.validation.startswith("date"):
        return _date(text, entry)
    return text, ""


def _own_label(column: ExportColumn) -> dict[str, str]:
    """Some exports write the label of a choice into a ticked box."""
    if column.field is None or column.field.kind != CHECKBOX:
        return {}
    labels = [choice.label for choice in column.field.choices if choice.code == column.code]
    return {exported_label(label): TICKED for label in labels if label}


def _not_allowed(column: ExportColumn, kind: ValueKind) -> str:
    form = "labels" if kind.labelled else "codes"
    if column.form:
        return f"no status of a form; allowed: {', '.join(_STATUS if kind.labelled else _STATUS.values())}"
    entry = column.field
    if entry is None or entry.kind == CHECKBOX:
        return f"not understood; allowed: {', '.join(_TICKS if kind.labelled else _TICKS.values())}"
    return f"not among the {form} of {entry.name} ({excerpt(exported_label(entry.label))}); allowed: {entry.allowed}"


def _date(text: str, entry: Field) -> tuple[str, str]:
    """A date with the year first, as REDCap exports it; the field's own order is what a spreadsheet may have left."""
    if _ISO.fullmatch(text):
        return text, ""
    order = entry.validation[-3:]
    match = _ORDERED.fullmatch(text)
    parts = dict(zip(order, match.groups()[:3], strict=True)) if match and set(order) == set("ymd") else {}
    if parts and len(parts["y"]) == 4 and 1 <= int(parts["m"]) <= 12 and 1 <= int(parts["d"]) <= 31:
        return f"{parts['y']}-{int(parts['m']):02}-{int(parts['d']):02}{match[4] if match else ''}", ""
    return text, f"not a date; allowed: YYYY-MM-DD, or {'-'.join(order.upper())} as the field shows it"


def bad_fields(values: ExportValues, lines: Sequence[int], used: Sequence[str]) -> Iterator[str]:
    """Warnings of cells that the dictionary does not allow, in columns that are not used."""
    counts: dict[str, list[int]] = {}
    for name, row in values.bad:
        if name not in used:
            counts.setdefault(name, []).append(row)
    for name, rows in counts.items():
        text, problem = values.bad[name, rows[0]]
        cells = "1 cell" if len(rows) == 1 else f"{len(rows)} cells"
        yield f"{name}: {cells} not as the dictionary says (line {lines[rows[0]]}: {excerpt(text)!r}: {problem})"
