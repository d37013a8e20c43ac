"""Where cases come from: a file or standard input, plain or compressed, as a stream of bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from riskmodel.casefiles.read.kinds import GZIP, LOOKED_AT, ZSTD, other_kind
from riskmodel.errors import CasesError

PROBE = 8 << 20  # read at once, to see whether the whole file is small


class _Counted(io.RawIOBase):
    """The raw bytes of a file, hashed and counted as they pass."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = raw
        self.count = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        count = self.raw.readinto(target)  # type: ignore[attr-defined]
        self.count += count
        self.digest.update(memoryview(target)[:count])
        return int(count)


class Source:
    """An open case file.

    ``name`` for messages; ``size`` of the file on disk, None where unknown; ``plain`` if it is not compressed;
    ``read_into`` fills a buffer with decompressed bytes and returns less than asked only at the end.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = "standard input" if str(path) == "-" else str(path)
        self.size: int | None = None
        try:
            self._file: BinaryIO = sys.stdin.buffer if str(path) == "-" else Path(path).open("rb")  # noqa: SIM115
            if str(path) != "-":
                self.size = Path(path).stat().st_size or None
        except OSError as error:
            raise CasesError(f"{self.name}: {error.strerror}") from None
        self._counted = _Counted(self._file)
        self.probe = b""
        self._lines: int | None = None
        self.plain = True
        self._stream: Any = io.BufferedReader(self._counted, 1 << 18)
        try:
            self._guarded(self._begin)
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        magic = self._stream.peek(8)[:8]
        suffix = self.name.rpartition(".")[2].lower()
        if magic.startswith(GZIP):
            self._stream = gzip.GzipFile(fileobj=self._stream)
        elif magic.startswith(ZSTD):
            import pyarrow as pa

            self._stream = pa.CompressedInputStream(pa.PythonFile(self._stream, mode="r"), "zstd")
        elif suffix in ("gz", "zst") and magic:
            raise CasesError(f"{self.name}: the name says compressed, the content is not")
        self.plain = not magic.startswith((GZIP, ZSTD))
        self.probe = self._read(PROBE)
        self._lines = self.probe.count(b"\n") if len(self.probe) < PROBE else None
        if not self.probe:
            raise CasesError(f"{self.name}: the file is empty; a header is needed")
        kind = other_kind(self.probe[:LOOKED_AT])
        if kind:
            raise CasesError(f"{self.name}: not CSV in UTF-8: it is {kind}")

    def few_lines(self, limit: int) -> bool:
        """Whether the whole file has been seen already, and has at most ``limit`` line ends."""
        return self._lines is not None and self._lines <= limit

    def _read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count and (part := self._stream.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read_into(self, target: memoryview) -> int:
        """Fill ``target``; less than its length only at the end of the file."""
        done = min(len(self.probe), len(target))
        if done:
            target[:done], self.probe = self.probe[:done], self.probe[done:]
        while done < len(target):
            count = self._guarded(partial(self._stream.readinto, target[done:]))
            if not count:
                break
            done += count
        return done

    def _guarded(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except EOFError:
            raise CasesError(f"{self.name}: the archive is truncated") from None
        except (zlib.error, gzip.BadGzipFile) as error:
            raise CasesError(f"{self.name}: the archive is damaged: {error}") from None
        except OSError as error:
            raise CasesError(f"{self.name}: cannot be read: {error.strerror or error}") from None

    @property
    def position(self) -> int:
        """Bytes of the file on disk read so far."""
        return self._counted.count

    @property
    def sha256(self) -> str:
        """Hash of the bytes of the file, complete once all has been read."""
        return self._counted.digest.hexdigest()

    def close(self) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()
