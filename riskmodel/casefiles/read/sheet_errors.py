"""The cells of an Excel sheet that show an error (``#N/A``), which the library that reads workbooks takes for blank."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

_CELL = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>(.*?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"


def error_cells(path: Path, sheet: str, first_column: int) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Row of the sheet (from 0) → column (from ``first_column``) and text of each cell that shows an error.

    Only of .xlsx and .xlsm; nothing of other workbooks, and of what is not as the standard (ECMA-376) has it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part(archive, sheet)
            content = archive.read(part) if part else b""
    except (
        OSError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        ElementTree.ParseError,
        NotImplementedError,
        RuntimeError,
    ):
        return {}
    if b't="e"' not in content:
        return {}
    cells: dict[int, list[tuple[int, str]]] = {}
    for column, row, inner in _CELL.findall(content):
        value = _VALUE.search(inner)
        at = _number(column.decode()) - first_column
        cells.setdefault(int(row) - 1, []).append((at, value[1].decode() if value else "#VALUE!"))
    return cells


def _number(letters: str) -> int:
    """The number of a column from 0.

    >>> _number("A"), _number("Z"), _number("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where the content of a sheet is in a workbook. Expat, which parses it, ends what entities would blow up."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    relation = next(each.get(_RELATION) for each in book.iter(f"{_MAIN}sheet") if each.get("name") == sheet)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next(
        each.get("Target", "") for each in relations.iter(f"{_PACKAGE}Relationship") if each.get("Id") == relation
    )
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
