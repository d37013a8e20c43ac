"""Opening a case file with the engine that fits it: plain Python for small ones, compiled for large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from riskmodel.casefiles.options import SMALL_RECORDS, RunOptions
from riskmodel.casefiles.read.block import CodedBlock, Coder
from riskmodel.casefiles.read.blocks import BlockReader, RecordBlock
from riskmodel.casefiles.read.kinds import LOOKED_AT, PARQUET, other_kind
from riskmodel.casefiles.read.plain import SmallReader
from riskmodel.casefiles.read.source import Source
from riskmodel.casefiles.read.tokens import RowFault, split_record
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable


class CaseReader(Protocol):
    """An open case file: ``items`` in order from one thread, ``read`` from any."""

    name: str
    engine: Literal["small", "compiled"]
    coder: Coder
    header_lines: int

    def items(self) -> Iterator[Any]:
        """Pieces of the file, each of whole records."""

    def read(self, item: Any) -> CodedBlock:
        """One piece, split into cells and coded."""

    def reread(self, item: Any, variables: Sequence[Variable]) -> CodedBlock:
        """One piece once more, coded for the same variables in another model."""

    def progress(self) -> tuple[int, int | None]:
        """How much has been taken of how much: bytes, rows for Parquet; the total is None where it is not known."""

    def sha256(self) -> str:
        """The hash of the file's bytes, once all have been read."""


class CsvReader:
    """A CSV read by one of the two engines, which give the same result."""

    def __init__(self, source: Source, variables: Sequence[Variable], options: RunOptions) -> None:
        self.source = source
        self.name = source.name
        small = source.few_lines(SMALL_RECORDS + 1)
        fitting: Literal["small", "compiled"] = "small" if small else "compiled"
        self.engine: Literal["small", "compiled"] = fitting if options.engine == "auto" else options.engine
        self._blocks = BlockReader(source, options.block_bytes)
        text, self.header_lines = self._blocks.read_header()
        self.coder = Coder.of(_header_names(text, self.name), variables, options, self.name)
        self._reader = SmallReader(self.coder) if self.engine == "small" else _compiled_reader(self.coder)

    def items(self) -> Iterator[RecordBlock]:
        return self._blocks.blocks(self._reader.records_end)

    def read(self, item: RecordBlock) -> CodedBlock:
        return self._reader.read(item)

    def reread(self, item: RecordBlock, variables: Sequence[Variable]) -> CodedBlock:
        return SmallReader(self.coder.under(variables)).read(item)

    def progress(self) -> tuple[int, int | None]:
        return self.source.position, self.source.size

    def sha256(self) -> str:
        return self.source.sha256


def _header_names(text: str, name: str) -> list[str]:
    width = text.count(",") + 1
    names = split_record(text, width)
    if isinstance(names, RowFault) and names.field < 0 and len(names.cells) > 0:
        names = list(names.cells)  # commas inside quotes: fewer fields than counted
    if isinstance(names, RowFault):
        hint = " (are its lines ended by carriage returns alone?)" if "\r" in text else ""
        raise CasesError(f"{name}: header: {names.problem}{hint}")
    return names


def _compiled_reader(coder: Coder) -> Any:
    from riskmodel.casefiles.read.compiled import CompiledReader

    return CompiledReader(coder)


def _is_parquet(source: str | Path) -> bool:
    """Whether to read a file as Parquet; where its first bytes cannot be looked at, its name says so."""
    named = str(source).lower().endswith((".parquet", ".pq"))
    path = Path(source)
    if str(source) == "-" or not path.is_file():
        return named
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except OSError:
        return named
    if named and start and not start.startswith(PARQUET):
        kind = other_kind(start) or "something else; is it a CSV? Then name it .csv"
        raise CasesError(f"{source}: the name says Parquet, but it is {kind}")
    return named or start.startswith(PARQUET)


@contextmanager
def open_reader(source: str | Path, variables: Sequence[Variable], options: RunOptions) -> Iterator[CaseReader]:
    """Open a case file; what it is, is known by its content."""
    if _is_parquet(source):
        from riskmodel.casefiles.read.parquet import ParquetReader

        with ParquetReader(Path(source), variables, options) as parquet:
            yield parquet
        return
    opened = Source(source)
    try:
        yield CsvReader(opened, variables, options)
    finally:
        opened.close()
