"""SIGTERM and Ctrl-C, answered only where nothing is left half done.

Both raise an exception in the main thread, wherever it happens to be: between taking the lock of a thread pool
and giving it back, too, and then the pool waits for ever. Steps that must not be cut in two are ``held``.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self


class Terminated(SystemExit):
    """The process was asked to end (SIGTERM): raised so that unfinished files are removed."""


class Signals:
    """Within this context SIGTERM raises ``Terminated``, and neither it nor Ctrl-C cuts ``held`` in two.

    Only in the main thread, and only for signals that nobody else handles.
    """

    def __init__(self) -> None:
        self._holding = False
        self._pending: BaseException | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._pending = None
        if threading.current_thread() is threading.main_thread():
            for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
                if signal.getsignal(number) == usual:
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        stop = KeyboardInterrupt() if number == signal.SIGINT else Terminated(128 + number)
        self._pending = stop  # also when raised: Python drops what is raised while it collects garbage
        if not self._holding:
            raise stop

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let these steps finish before a signal is answered."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending is not None:
            raise self._pending
