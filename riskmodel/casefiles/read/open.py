"""Opening a case file with the engine that fits it: plain Python for small ones, compiled for large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from riskmodel.casefiles.options import SMALL_RECORDS, Part, RunOptions
from riskmodel.casefiles.read.block import CodedBlock, Coder, preparation_of
from riskmodel.casefiles.read.blocks import BlockReader, RecordBlock
from riskmodel.casefiles.read.formats import format_of
from riskmodel.casefiles.read.part_of_csv import PartOfCsv
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
        """How much has been taken of how much: bytes, rows of a table; the total is None where it is not known."""

    def notes(self) -> tuple[str, ...]:
        """What is to be said of how cells were read, once all have been."""

    def sha256(self) -> str:
        """The hash of the file's bytes, once all have been read."""


class _RecordReader(Protocol):
    """Reads blocks of records in one of the ways there are."""

    coder: Coder

    def records_end(self, data: bytearray, start: int, end: int) -> int:
        """Where the last complete record of ``data[start:end]`` ends."""

    def read(self, block: RecordBlock) -> CodedBlock:
        """One block, split into cells and coded."""

    def under(self, variables: Sequence[Variable]) -> _RecordReader:
        """The same for the same variables in another model."""


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
        names = header_names(text, self.name)
        self._reader: _RecordReader
        if preparation_of(options, variables) is not None:
            from riskmodel.casefiles.read.csv_batches import PreparedCsvReader

            self._reader = PreparedCsvReader(names, variables, options, self.name, self.engine)
            if self.engine == "compiled":
                self._reader = _derived_reader(names, variables, options, self.name) or self._reader
        else:
            coder = Coder.of(names, variables, options, self.name)
            self._reader = SmallReader(coder) if self.engine == "small" else _compiled_reader(coder)
        self.coder: Coder = self._reader.coder

    def narrow(self, path: str | Path, part: Part, block_bytes: int) -> None:
        """Read no more than a part of the file."""
        self._blocks = BlockReader(PartOfCsv(path, part, plain=self.source.plain), block_bytes)
        self.header_lines = part.lines

    def records_end(self, data: bytearray, start: int, end: int) -> int:
        """Where the last complete record of ``data[start:end]`` ends."""
        return self._reader.records_end(data, start, end)

    def items(self) -> Iterator[RecordBlock]:
        return self._blocks.blocks(self._reader.records_end)

    def read(self, item: RecordBlock) -> CodedBlock:
        return self._reader.read(item)

    def reread(self, item: RecordBlock, variables: Sequence[Variable]) -> CodedBlock:
        return self._reader.under(variables).read(item)

    def progress(self) -> tuple[int, int | None]:
        return self.source.position, self.source.size

    def notes(self) -> tuple[str, ...]:
        return ()

    def sha256(self) -> str:
        return self.source.sha256


def header_names(text: str, name: str) -> list[str]:
    """The names in the header of a CSV; CasesError where it cannot be split."""
    width = text.count(",") + 1
    names = split_record(text, width)
    if isinstance(names, RowFault) and names.field < 0 and len(names.cells) > 0:
        names = list(names.cells)  # commas inside quotes: fewer fields than counted
    if isinstance(names, RowFault):
        hint = " (are its lines ended by carriage returns alone?)" if "\r" in text else ""
        raise CasesError(f"{name}: header: {names.problem}{hint}")
    return names


def _derived_reader(
    names: Sequence[str], variables: Sequence[Variable], options: RunOptions, file: str
) -> _RecordReader | None:
    from riskmodel.casefiles.read.derived_csv import DerivedCsvReader, derivation_of

    rules = derivation_of(options, variables)
    return None if rules is None else DerivedCsvReader(names, variables, options, file, rules)


def _compiled_reader(coder: Coder) -> _RecordReader:
    from riskmodel.casefiles.read.compiled import CompiledReader

    return CompiledReader(coder)


@contextmanager
def open_reader(source: str | Path, variables: Sequence[Variable], options: RunOptions) -> Iterator[CaseReader]:
    """Open a case file; what it is, is known by its content."""
    if options.redcap is not None:
        from riskmodel.casefiles.read.redcap import RedcapTable
        from riskmodel.casefiles.read.table import TableReader

        yield TableReader(RedcapTable(source, options.redcap, variables, options), variables, options)
        return
    form = format_of(source)
    if form is not None:
        from riskmodel.casefiles.read.part_of_table import PartOfTable
        from riskmodel.casefiles.read.table import TableReader

        table = form.open(Path(source), options)
        narrowed = table if options.part is None else PartOfTable(table, options.part)
        try:
            yield TableReader(narrowed, variables, form.options(variables, options))
        finally:
            table.close()
        return
    opened = Source(source)
    try:
        reader = CsvReader(opened, variables, options)
        if options.part is not None:
            reader.narrow(source, options.part, options.block_bytes)
        yield reader
    finally:
        opened.close()
