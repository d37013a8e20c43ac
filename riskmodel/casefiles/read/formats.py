"""The formats of a case file: how each is known, by its content or its name, and which module reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.casefiles.read.kinds import (
    ARROW_FILE,
    ARROW_STREAM,
    GZIP,
    LOOKED_AT,
    OLD_OFFICE,
    PARQUET,
    PORTABLE,
    SAS,
    SPREADSHEET,
    SPSS,
    STATA,
    TRANSPORT,
    ZIP,
    ZSTD,
    is_old_stata,
    other_kind,
)
from riskmodel.casefiles.read.separators import is_separated
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    from riskmodel.casefiles.options import RunOptions
    from riskmodel.casefiles.read.table import OpenTable


@dataclass(frozen=True, slots=True)
class Format:
    """A format beside CSV: its name, the endings of its files, a test of the first bytes (and the file), its reader.

    ``prepared`` names the function of the module that adds to the options what makes its columns those of a case file.
    """

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes, Path], bool]
    module: str
    table: str
    prepared: str = ""

    def open(self, path: Path, options: RunOptions) -> OpenTable:
        """The open table.

        Raises
        ------
        CasesError
            where the file cannot be read, or is damaged.
        UsageError
            where a library that the format needs is not installed.
        """
        module = import_module(f"riskmodel.casefiles.read.{self.module}")
        table: OpenTable = getattr(module, self.table)(path, options)
        return table

    def options(self, variables: Sequence[Variable], options: RunOptions) -> RunOptions:
        """The options of a run over such a file."""
        if not self.prepared:
            return options
        module = import_module(f"riskmodel.casefiles.read.{self.module}")
        return getattr(module, self.prepared)(variables, options)  # type: ignore[no-any-return]


def _starts(*signatures: bytes) -> Callable[[bytes, Path], bool]:
    return lambda start, _: start.startswith(signatures)


FHIR_ENDINGS = (".ndjson", ".ndjson.gz", ".ndjson.zst")
_RESOURCE = re.compile(rb"\{.*\"resourceType\"\s*:", re.DOTALL)
_MOST_LOOKED_AT = 1 << 16  # of a text that may be a resource


def _is_resource(start: bytes, path: Path) -> bool:
    """Whether a file holds resources of FHIR; compressed ones are known by their names."""
    if str(path).lower().endswith(FHIR_ENDINGS):
        return True
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"{"):
        return False
    with path.open("rb") as file:
        return _RESOURCE.search(file.read(_MOST_LOOKED_AT)) is not None


def _is_separated(start: bytes, path: Path) -> bool:
    """Text whose fields are separated otherwise than by commas; a compressed one is looked into."""
    if start.startswith((GZIP, ZSTD)):
        from riskmodel.casefiles.read.separated import begins

        start = begins(path)
    return is_separated(start)


def _is_stata(start: bytes, _path: Path) -> bool:
    return start.startswith(STATA) or is_old_stata(start)


def _is_portable(start: bytes, _path: Path) -> bool:
    return PORTABLE in start.replace(b"\r", b"").replace(b"\n", b"")  # lines of 80 characters


def _is_excel(start: bytes, path: Path) -> bool:
    """An archive with a workbook in it, or what Excel (and Word) wrote before 2007."""
    if not start.startswith(ZIP):
        return start.startswith(OLD_OFFICE)
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/workbook.") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):  # damaged: its reader says so
        return b"[Content_Types].xml" in start and path.suffix.lower().startswith(".xls")


def _is_open_document(start: bytes, _path: Path) -> bool:
    return start.startswith(ZIP) and SPREADSHEET in start


FORMATS = (
    Format("Parquet", (".parquet", ".pq"), _starts(PARQUET), "parquet", "ParquetTable"),
    Format(
        "Arrow", (".arrow", ".arrows", ".feather", ".ipc"), _starts(ARROW_FILE, ARROW_STREAM), "arrow", "ArrowTable"
    ),
    Format("FHIR", FHIR_ENDINGS, _is_resource, "fhir", "FhirTable", "with_answers"),
    Format("Excel", (".xlsx", ".xlsm", ".xlsb", ".xls"), _is_excel, "workbook", "WorkbookTable"),
    Format("OpenDocument", (".ods",), _is_open_document, "workbook", "WorkbookTable"),
    Format("Stata", (".dta",), _is_stata, "statistics", "StataTable"),
    Format("SPSS", (".sav", ".zsav"), _starts(*SPSS), "statistics", "SpssTable"),
    Format("portable SPSS", (".por",), _is_portable, "statistics", "PortableTable"),
    Format("SAS", (".sas7bdat",), _starts(SAS), "statistics", "SasTable"),
    Format("SAS transport", (".xpt",), _starts(TRANSPORT), "statistics", "TransportTable"),
    Format("separated text", (), _is_separated, "separated", "SeparatedTable"),
)


def format_of(source: str | Path) -> Format | None:
    """The format of a file, by its content; where that cannot be looked at, by its name. None is a CSV.

    Raises
    ------
    CasesError
        where the name says one of these formats and the content is none of them.
    """
    named = next((each for each in FORMATS if str(source).lower().endswith(each.endings)), None)
    path = Path(source)
    if str(source) == "-" or not path.is_file():
        return named
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except OSError:
        return named
    by_content = next((each for each in FORMATS if each.begins(start, path)), None)
    if by_content is None and named is not None:
        kind = other_kind(start) or ("empty" if not start else "something else; is it a CSV? Then name it .csv")
        raise CasesError(f"{source}: the name says {named.name}, but it is {kind}")
    return by_content
