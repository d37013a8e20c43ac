"""The command `riskmodel`, and `python -m riskmodel`; Ctrl-C has its answer before anything is imported."""

from __future__ import annotations

import gc
import os
import signal
import sys

TYPE_CHECKING = False  # as in typing, whose import takes longer than this module

if TYPE_CHECKING:
    from types import FrameType


def leave(number: int, _frame: FrameType | None) -> None:
    """End at once: for the time in which nothing is open and libraries are being imported."""
    os.write(2, b"\nriskmodel: interrupted\n" if os.isatty(2) else b"riskmodel: interrupted\n")
    os._exit(128 + number)  # 130, as shells give after Ctrl-C


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is to be ignored
        signal.signal(signal.SIGINT, leave)
    gc.set_threshold(50_000, 10, 10)  # imports leave little garbage: to look for it took a seventh of a large start
    from riskmodel.cli import commands
    from riskmodel.workers.signals import INTERRUPTED

    try:
        commands()
    except SystemExit as end:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the work is done: what is left is Python's own end
        if end.code == INTERRUPTED:
            sys.stdout.flush()
            os._exit(INTERRUPTED)  # wait for no thread that is still at work
        raise


if __name__ == "__main__":
    main()
