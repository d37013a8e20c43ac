"""The formats of a case file: how each is known, by its content or its name, and which module reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.kinds import LOOKED_AT, PARQUET, other_kind
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable

if TYPE_CHECKING:
    from riskmodel.casefiles.read.table import OpenTable


@dataclass(frozen=True, slots=True)
class Format:
    """A format beside CSV: its name, the endings of its files, its test of the first bytes, and where its reader is.

    ``prepared`` names the function of the module that adds to the options what makes its columns those of a case file.
    """

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes, Path], bool]
    module: str
    table: str
    prepared: str = ""

    def open(self, path: Path, options: RunOptions) -> OpenTable:
        """The open table."""
        module = import_module(f"riskmodel.casefiles.read.{self.module}")
        return getattr(module, self.table)(path, options)  # type: ignore[no-any-return]

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


FORMATS = (
    Format("Parquet", (".parquet", ".pq"), _starts(PARQUET), "parquet", "ParquetTable"),
    Format(
        "Arrow",
        (".arrow", ".arrows", ".feather", ".ipc"),
        _starts(b"ARROW1", b"\xff\xff\xff\xff"),
        "arrow",
        "ArrowTable",
    ),
    Format("FHIR", FHIR_ENDINGS, _is_resource, "fhir", "FhirTable", "with_answers"),
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
    if by_content is None and named is not None and start:
        kind = other_kind(start) or "something else; is it a CSV? Then name it .csv"
        raise CasesError(f"{source}: the name says {named.name}, but it is {kind}")
    return by_content or named
