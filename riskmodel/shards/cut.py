"""Cutting a case file into parts: a CSV at ends of records, a table between rows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from riskmodel.casefiles.options import Part, RunOptions
from riskmodel.casefiles.read.blocks import BlockReader, RecordBlock, RecordsEnd
from riskmodel.casefiles.read.open import CaseReader, CsvReader
from riskmodel.casefiles.read.plain import structural_fault
from riskmodel.casefiles.read.source import Source
from riskmodel.errors import CasesError
from riskmodel.shards.plan import Cut

_AT_ONCE = 1 << 20


def still_holds(cut: Cut, path: Path) -> bool:
    """Whether a file is the one that was cut: by its size and time of change, else by its content."""
    state = path.stat()
    if state.st_size != cut.size:
        return False
    if state.st_mtime_ns == cut.changed:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == cut.sha256


def cut_file(path: Path, reader: CaseReader, count: int, options: RunOptions) -> Cut:
    """A file, which a reader has just opened, in so many parts of about the same size; some may be empty.

    Raises
    ------
    CasesError
        where its records cannot be told apart, or it changed meanwhile.
    """
    before = path.stat()
    if isinstance(reader, CsvReader):
        sha256, parts = _cut_csv(path, reader, count, options.block_bytes)
    else:
        rows = sum(item.batch.num_rows for item in reader.items())
        parts = tuple(Part(*bounds) for bounds in pairwise(rows * k // count for k in range(count + 1)))
        sha256 = reader.sha256()
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise CasesError(f"{path}: it changed while it was being read")
    return Cut(sha256, after.st_size, after.st_mtime_ns, reader.engine, parts)


def _cut_csv(path: Path, reader: CsvReader, count: int, block_bytes: int) -> tuple[str, tuple[Part, ...]]:
    """The hash of a CSV, and its parts with their hashes.

    Whether a line ends a record hangs on all quotes before it: so the file is read from its beginning, once. What is
    compressed is read twice, as its length is not known before.
    """
    length = path.stat().st_size if reader.source.plain else _length(path)
    source = Source(path)
    try:
        blocks = BlockReader(source, block_bytes)
        _, lines = blocks.read_header()
        start = min(blocks.header_end, length)
        targets = [start + (length - start) * k // count for k in range(1, count)]
        cutter = _Cutter(start, lines, targets, length)
        for block in blocks.blocks(reader.records_end):
            fault = structural_fault(block) if block.open_quote >= 0 or block.problem else None
            if fault is not None:
                raise CasesError(f"{source.name}: line {cutter.lines + fault.line + 1}: {fault.problem}")
            cutter.take(block, reader.records_end)
        return source.sha256, cutter.parts()
    finally:
        source.close()


def _length(path: Path) -> int:
    """How many bytes a compressed file has when it is decompressed."""
    source = Source(path)
    try:
        buffer, length = memoryview(bytearray(_AT_ONCE)), 0
        while count := source.read_into(buffer):
            length += count
        return length
    finally:
        source.close()


class _Cutter:
    """Cuts blocks of whole records, which come one after the other, at the last end of a record before each target."""

    def __init__(self, start: int, lines: int, targets: list[int], length: int) -> None:
        self.lines = lines
        self._at = start  # bytes of the file before the next block
        self._targets = targets
        self._length = length
        self._parts: list[Part] = []
        self._begin = Part(start, start, lines)
        self._digest = hashlib.sha256()

    def take(self, block: RecordBlock, records_end: RecordsEnd) -> None:
        """The next block; the file may end without the line end that the last one has."""
        done, length = 0, min(block.end, self._length - self._at)
        while self._targets and self._targets[0] <= self._at + length:
            cut = records_end(block.data, done, max(self._targets.pop(0) - self._at, done))
            self._hash(block, done, cut)
            self._end_part(self._at + cut)
            done = cut
        self._hash(block, done, length)
        self._at += length

    def _hash(self, block: RecordBlock, start: int, end: int) -> None:
        with memoryview(block.data) as view:
            self._digest.update(view[start:end])
        self.lines += block.data.count(b"\n", start, end)

    def _end_part(self, stop: int) -> None:
        self._parts.append(replace(self._begin, stop=stop, sha256=self._digest.hexdigest()))
        self._begin = Part(stop, stop, self.lines)
        self._digest = hashlib.sha256()

    def parts(self) -> tuple[Part, ...]:
        """All parts, once all blocks have come."""
        for _ in range(len(self._targets) + 1):
            self._end_part(self._at)
        self._targets = []
        return tuple(self._parts)
