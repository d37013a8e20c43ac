"""CSV records and fields, strictly: the grammar of RFC 4180 with LF or CRLF, and nothing repaired.

A field is quoted when it begins with ``"``; in quotes ``""`` is a quote and line breaks are data. What
the grammar refuses (a quote inside an unquoted field, text after a closing quote, a carriage return
alone, NUL) is a fault of its row, which still ends where the grammar says: see ``RECORD``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from riskmodel.cases.cells import excerpt

MAX_CELL = 1 << 20  # bytes between two delimiters
MAX_RECORD = 64 << 20

# Possessive throughout, so that nothing is ever read in a second way.
_FIELD = r'(?:"[^"]*+(?:""[^"]*+)*+"[^,\n]*+|(?!")[^,\n]*+)'
_RECORD = rf"{_FIELD}(?:,{_FIELD})*+\n"
FIELD = re.compile(_FIELD)
RECORD = re.compile(_RECORD)
FIELD_BYTES = re.compile(_FIELD.encode())
RECORD_BYTES = re.compile(_RECORD.encode())
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"')


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that cannot be split into cells: the field it was found in (-1: the row), and why."""

    field: int
    value: str
    problem: str
    cells: tuple[str, ...] = ()


def records_end(data: bytes | bytearray, start: int, end: int) -> int:
    """Where the last complete record of ``data[start:end]`` ends; ``data[start]`` begins a record."""
    if data.find(b'"', start, end) < 0:
        return max(data.rfind(b"\n", start, end) + 1, start)
    while match := RECORD_BYTES.match(data, start, end):
        start = match.end()
    return start


def open_quote(data: bytes | bytearray, start: int, end: int) -> int:
    """Where the quote opens that the record at ``start`` never closes, or -1."""
    while match := FIELD_BYTES.match(data, start, end):
        start = match.end() + 1
        if start > end or data[start - 1] != 0x2C:
            return -1
    return start


def split_record(text: str, width: int) -> list[str] | RowFault:
    r"""The cells of one record (without its line end), or what is wrong with it.

    >>> split_record('a,"b ""c"" d",', 3)
    ['a', 'b "c" d', '']
    >>> split_record('a,b"c', 2).problem
    'a quote inside a field that does not begin with one'
    """
    if text.isprintable() and '"' not in text and len(text) < MAX_CELL // 4:
        cells: list[str] | RowFault = text.split(",")
    elif "\0" in text:
        return RowFault(-1, "", "a NUL character in the row")
    else:
        cells = _split_slowly(text)
    if isinstance(cells, list) and len(cells) != width:
        fields = "1 field" if len(cells) == 1 else f"{len(cells)} fields"
        return RowFault(-1, "", f"{fields}, where the header has {width}", tuple(cells))
    return cells


def _split_slowly(text: str) -> list[str] | RowFault:
    cells: list[str] = []
    start = 0
    while True:
        match = FIELD.match(text, start)
        if match is None:
            raise RuntimeError("a record with an open quote was taken for a complete one")
        cell = _cell(match.group(), len(cells), cells)
        if isinstance(cell, RowFault):
            return cell
        cells.append(cell)
        start = match.end() + 1
        if start > len(text):
            return cells


def _cell(raw: str, field: int, before: list[str]) -> str | RowFault:
    quoted = _QUOTED.match(raw)
    problem = ""
    if len(raw) > MAX_CELL or (len(raw) > MAX_CELL // 4 and len(raw.encode()) > MAX_CELL):
        problem = f"a cell of more than {MAX_CELL} bytes"
    elif quoted and quoted.end() < len(raw):
        problem = "text after a closing quote"
    elif not quoted and '"' in raw:
        problem = "a quote inside a field that does not begin with one"
    elif not quoted and "\r" in raw:
        problem = "a carriage return that is not part of a line end"
    if problem:
        return RowFault(field, excerpt(raw), problem, tuple(before))
    return quoted.group(1).replace('""', '"') if quoted else raw
