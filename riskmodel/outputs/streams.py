"""Outputs that take their bytes as they come: standard output, pipes, devices."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from riskmodel.errors import OutputError

Bytes = bytes | bytearray | memoryview


class Sink(Protocol):
    """Takes the bytes of one output."""

    def write(self, data: Bytes) -> None:
        """All of them, or an OutputError that names the output."""


class StreamFile:
    """Standard output, a pipe or a device: bytes go out as they come."""

    def __init__(self, path: str) -> None:
        self.name = "standard output" if path == "-" else path
        try:
            self._file: BinaryIO = sys.stdout.buffer if path == "-" else Path(path).open("wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from None

    def write(self, data: Bytes) -> None:
        try:
            with memoryview(data).cast("B") as view:
                done = 0
                while done < len(view):
                    done += self._file.write(view[done:])
            self._file.flush()
        except BrokenPipeError:
            if self._file is sys.stdout.buffer:  # or the interpreter complains once more at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise OutputError(f"{self.name}: closed before all was written") from None
        except OSError as error:
            raise OutputError(f"{self.name}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        if self._file is not sys.stdout.buffer:
            self._file.close()


def is_stream(path: str | Path) -> bool:
    """Whether an output is standard output, a pipe or a device, which nothing may replace."""
    if str(path) == "-":
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
