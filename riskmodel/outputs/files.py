"""Output files that appear whole or not at all.

A file is written where no one sees it (an unnamed file of its folder where the system has such, else a
hidden file ``.NAME.XXXXXXXX.part``), and takes its name only at the end, together with the files beside it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from riskmodel.errors import OutputError
from riskmodel.outputs.streams import Bytes, StreamFile, is_stream
from riskmodel.workers.signals import Signals

_UNNAMED = getattr(os, "O_TMPFILE", 0)
_MODE = 0o666  # less the umask


class StagedFile:
    """One output file in the making; nothing is seen of it before ``publish``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.target = Path(os.path.realpath(path))  # a symbolic link stays one
        self._hidden: Path | None = None
        self._fd = -1
        with self.guarded():
            self._fd = self._open()
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(self._fd, stat.S_IMODE(self.target.stat().st_mode))

    def _open(self) -> int:
        folder = self.target.parent
        if self.target.is_dir():
            raise OutputError(f"{self.path}: cannot be written: it is a folder")
        if self.target.exists() and not os.access(self.target, os.W_OK):
            raise OutputError(f"{self.path}: cannot be written: the file there is read-only")
        if _UNNAMED:
            with contextlib.suppress(OSError):  # not every file system has unnamed files
                return os.open(folder, _UNNAMED | os.O_RDWR | os.O_CLOEXEC, _MODE)
        hidden = self._hidden_name()
        descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        self._hidden = hidden
        return descriptor

    def _hidden_name(self) -> Path:
        return self.target.with_name(f".{self.target.name[:200]}.{secrets.token_hex(4)}.part")

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn errors of the system into ones that name the file."""
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def write(self, data: Bytes) -> None:
        with self.guarded(), memoryview(data).cast("B") as view:
            done = 0
            while done < len(view):
                done += os.write(self._fd, view[done : done + (1 << 30)])

    def prepare(self) -> None:
        """Bring everything to the disk and give the file its hidden name."""
        with self.guarded():
            os.fsync(self._fd)
            if self._hidden is None:
                hidden = self._hidden_name()
                here = os.open(self.target.parent, os.O_RDONLY)
                try:  # a directory descriptor makes Python follow the link to the unnamed file
                    os.link(f"/proc/self/fd/{self._fd}", hidden, src_dir_fd=here, follow_symlinks=True)
                finally:
                    os.close(here)
                self._hidden = hidden

    def publish(self) -> None:
        """Take the final name; a file that was there is replaced in one step."""
        with self.guarded():
            if self._hidden is None:
                raise RuntimeError("publish before prepare")
            self._hidden.replace(self.target)
            self._hidden = None
        self._close()

    def discard(self) -> None:
        """Leave nothing behind; harmless after ``publish``."""
        self._close()
        if self._hidden is not None:
            with contextlib.suppress(OSError):
                self._hidden.unlink()
            self._hidden = None

    def _close(self) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1


class Outputs:
    """The files of one run: all take their names at the end, or none does.

    The first one opened is published last, so that it never stands without those that describe it. What was not
    committed when the context ends is discarded.
    """

    def __init__(self) -> None:
        self._staged: list[StagedFile] = []
        self._streams: list[StreamFile] = []
        self._stale: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            stream.close()
        for staged in self._staged:
            staged.discard()

    def open(self, path: str | Path) -> StagedFile | StreamFile:
        """A file in the making; a pipe or device, which nothing may replace, takes its bytes as they come."""
        if is_stream(path):
            self._streams.append(StreamFile(str(path)))
            return self._streams[-1]
        self._staged.append(StagedFile(Path(path)))
        return self._staged[-1]

    def remove_at_end(self, path: Path) -> None:
        """An old file that no longer describes the output."""
        self._stale.append(path)

    def commit(self, signals: Signals | None = None) -> None:
        """Give all files their names; ``signals`` wait until that is done."""
        for staged in self._staged:
            staged.prepare()
        with signals.held() if signals else contextlib.nullcontext():
            for path in {*self._stale} - {staged.path for staged in self._staged}:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise OutputError(f"{path}: cannot be removed: {error.strerror}") from None
            for staged in reversed(self._staged):
                staged.publish()
        for folder in {staged.target.parent for staged in self._staged}:
            _sync_folder(folder)


def write_files(files: Mapping[Path, str | bytes]) -> None:
    """Write files, all of them whole or none; texts as UTF-8.

    Raises
    ------
    OutputError
        naming the file that cannot be written.
    """
    with Outputs() as outputs:
        for path, content in files.items():
            outputs.open(path).write(content.encode() if isinstance(content, str) else content)
        outputs.commit()


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems cannot, and the names are there already
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
