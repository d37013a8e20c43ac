"""A part of a CSV: the bytes between two records, and whether they are still those that were there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from riskmodel.casefiles.options import Part
from riskmodel.casefiles.read.source import Source
from riskmodel.errors import CasesError

_AT_ONCE = 1 << 20


class PartOfCsv:
    """The bytes of a part. Of a plain file no others are read; a compressed one is decompressed from its beginning."""

    def __init__(self, path: str | Path, part: Part, *, plain: bool) -> None:
        self.name = str(path)
        self._path = Path(path)
        self._part = part
        self._plain = plain
        self._file: Any = None
        self._rest = part.stop - part.start
        self._digest = hashlib.sha256()
        self._checked = False

    def read_into(self, target: memoryview) -> int:
        """Fill ``target``; less than its length only at the end.

        Raises
        ------
        CasesError
            where the file cannot be read, or other bytes stand there now.
        """
        if self._file is None:
            self._file = self._open()
        done, wanted = 0, min(len(target), self._rest)
        while done < wanted and (count := self._read(target[done:wanted])):
            done += count
        self._digest.update(target[:done])
        self._rest -= done
        if done < len(target):
            self._end()
        return done

    def _open(self) -> Any:
        if self._plain:
            try:
                file = self._path.open("rb")
            except OSError as error:
                raise CasesError(f"{self.name}: {error.strerror}") from None
            file.seek(self._part.start)
            return file
        source = Source(self._path)
        skipped, buffer = 0, memoryview(bytearray(_AT_ONCE))
        while skipped < self._part.start:
            count = source.read_into(buffer[: min(_AT_ONCE, self._part.start - skipped)])
            if not count:
                break
            skipped += count
        return source

    def _read(self, target: memoryview) -> int:
        if isinstance(self._file, Source):
            return self._file.read_into(target)
        try:
            return int(self._file.readinto(target))
        except OSError as error:
            raise CasesError(f"{self.name}: cannot be read: {error.strerror or error}") from None

    def _end(self) -> None:
        if self._checked:
            return
        self._checked = True
        self._file.close()
        if self._rest or self._digest.hexdigest() != self._part.sha256:
            raise CasesError(
                f"{self.name}: bytes {self._part.start:,} to {self._part.stop:,} are not those that were there when "
                "the file was cut: it has changed"
            )
