"""A case file cut into blocks of whole records, in reused memory and with line ends completed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from riskmodel.casefiles.read import tokens
from riskmodel.errors import CasesError

PAD = 64  # readable bytes behind a block, for kernels that load whole words
_TOO_LONG = f"a record of more than {tokens.MAX_RECORD >> 20} MB; is a quote left open?"
_BLANK_LINES = re.compile(rb"(?:\n++|\r\n)*+")
_MOST_BLANK = 1 << 20  # bytes of blank lines before the header
_BOM = b"\xef\xbb\xbf"

# (data, start, end) -> end of the last complete record.
RecordsEnd = Callable[[bytearray, int, int], int]


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Whole records: ``data[:end]``, followed by at least ``PAD`` readable bytes.

    ``open_quote`` is where a quote opens that the file never closes, ``problem`` another structural
    fault; such a block holds no records.
    """

    data: bytearray
    end: int
    open_quote: int = -1
    problem: str = ""


class ByteSource(Protocol):
    """Where bytes come from: a file, or a part of it."""

    name: str

    def read_into(self, target: memoryview) -> int:
        """Fill ``target``; less than its length only at the end."""


class BlockReader:
    """Reads a source block by block; each block begins with a record and ends with one."""

    def __init__(self, source: ByteSource, block_bytes: int) -> None:
        self.source = source
        self.block_bytes = min(max(block_bytes, 1), tokens.MAX_RECORD // 4)
        self.at_end = False
        self.header_end = 0  # bytes up to the first record, once the header has been read
        self._buffer = bytearray(self.block_bytes + PAD)
        self._filled = 0

    def read_header(self) -> tuple[str, int]:
        """The header record without its line end, and the physical lines up to its end."""
        self._fill()
        start = 0
        while True:
            start = self._after_blank_lines(start or (len(_BOM) if self._buffer.startswith(_BOM) else 0))
            header = tokens.RECORD_BYTES.match(self._buffer, start, self._filled)
            if header:
                break
            if self.at_end:
                raise CasesError(f"{self.source.name}: {self._no_header(start)}")
            if not self._grow():
                raise CasesError(f"{self.source.name}: line 1: {_TOO_LONG}")
            self._fill()
        text = header.group()[:-1].removesuffix(b"\r")
        lines = self._buffer.count(b"\n", 0, header.end())
        self.header_end = header.end()
        self._start_next(self._buffer, self.header_end)
        try:
            return text.decode(), lines
        except UnicodeDecodeError as error:
            raise CasesError(f"{self.source.name}: header: {undecodable(text, error)}") from None

    def _after_blank_lines(self, start: int) -> int:
        blank = _BLANK_LINES.match(self._buffer, start, self._filled)
        after = blank.end() if blank else start
        if after > _MOST_BLANK:
            raise CasesError(
                f"{self.source.name}: it begins with more than {_MOST_BLANK >> 20} MB of blank lines; no header"
            )
        return after

    def _no_header(self, start: int) -> str:
        opened = tokens.open_quote(self._buffer, start, self._filled)
        if opened < 0:
            return "there is no header"
        line = self._buffer.count(b"\n", 0, opened) + 1
        return f"line {line}: a quote opens that is never closed"

    def blocks(self, records_end: RecordsEnd) -> Iterator[RecordBlock]:
        """The rest of the file; the last block may be one that holds a structural fault."""
        while True:
            self._fill()
            end = records_end(self._buffer, 0, self._filled)
            if not end and not self.at_end:
                if not self._grow():
                    yield RecordBlock(self._buffer, 0, problem=_TOO_LONG)
                    return
                continue
            buffer, filled = self._buffer, self._filled
            if end:
                if not self.at_end or end < filled:
                    self._start_next(buffer, end)
                yield RecordBlock(buffer, end)
            if self.at_end:
                if end < filled:
                    rest = self._buffer
                    yield RecordBlock(rest, self._filled, tokens.open_quote(rest, 0, self._filled))
                return

    def _fill(self) -> None:
        room = len(self._buffer) - PAD - self._filled
        if self.at_end or not room:
            return
        with memoryview(self._buffer) as view:
            count = self.source.read_into(view[self._filled : self._filled + room])
        self._filled += count
        if count < room:
            self.at_end = True
            last = bytes(self._buffer[: self._filled][-1:])
            if last not in (b"\n", b""):  # a carriage return at the very end stays alone, and so a fault
                ending = b"\r\n" if last == b"\r" else b"\n"
                self._buffer[self._filled : self._filled + len(ending)] = ending
                self._filled += len(ending)

    def _start_next(self, buffer: bytearray, start: int) -> None:
        rest = buffer[start : self._filled]
        self._buffer = bytearray(max(self.block_bytes, len(rest)) + PAD)
        self._buffer[: len(rest)] = rest
        self._filled = len(rest)

    def _grow(self) -> bool:
        """Make room for a longer record; False when it is too long already."""
        size = len(self._buffer) - PAD
        self._buffer.extend(bytes(min(2 * size, tokens.MAX_RECORD) - size))
        return size < tokens.MAX_RECORD


def undecodable(data: bytes | bytearray, error: UnicodeDecodeError) -> str:
    """Name the byte that is not UTF-8, and the likely encoding."""
    byte = data[error.start]
    hint = "Latin-1 or Windows-1252" if byte >= 0x80 else "another encoding"
    return f"byte 0x{byte:02x} is not UTF-8; the file may be {hint}: save it as UTF-8"
