"""SIGTERM and Ctrl-C, answered only where nothing is left half done.

Both raise an exception in the main thread, wherever it happens to be: between taking the lock of a thread pool
and giving it back, too, and then the pool waits for ever. Steps that must not be cut in two are ``held``.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self

INTERRUPTED = 130  # the exit status that shells give after Ctrl-C


class Terminated(SystemExit):
    """The process was asked to end (SIGTERM): raised so that unfinished files are removed."""


class CtrlC:
    """Within this context Ctrl-C raises KeyboardInterrupt, and ``arrived`` says that it did.

    What it strikes may make another error of it (an import that fails), or lose it (Python drops what is raised while
    it collects garbage, and a library may, in a function that its C code calls): then it is raised again, silently.
    """

    AGAIN = 0.05  # seconds

    def __init__(self) -> None:
        self.arrived = False
        self._before: Any = None
        self._report: Any = None

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._report, sys.unraisablehook = sys.unraisablehook, self._unraisable
            self._before = signal.signal(signal.SIGINT, self.answer)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            sys.unraisablehook = self._report

    def answer(self, _number: int, _frame: FrameType | None) -> None:
        self.arrived = True
        raise KeyboardInterrupt

    def _unraisable(self, dropped: Any) -> None:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            self._report(dropped)
            return
        # A real signal, which also wakes a main thread that sleeps or waits for a file.
        again = threading.Timer(self.AGAIN, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        again.daemon = True
        again.start()


class Signals:
    """Within this context SIGTERM raises ``Terminated``, and neither it nor Ctrl-C cuts ``held`` in two.

    Only in the main thread, and only for signals that nobody but ``CtrlC`` handles.
    """

    def __init__(self) -> None:
        self._holding = False
        self._pending: BaseException | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._pending = None
        if threading.current_thread() is threading.main_thread():
            for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
                before = signal.getsignal(number)
                if before == usual or isinstance(getattr(before, "__self__", None), CtrlC):
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        stop = KeyboardInterrupt() if number == signal.SIGINT else Terminated(128 + number)
        outside = getattr(self._before.get(number), "__self__", None)
        if isinstance(outside, CtrlC):
            outside.arrived = True
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
