"""Work done in several threads, and taken in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from riskmodel.workers.signals import Signals

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_AHEAD = 2  # in flight beyond one a thread: enough to keep every thread busy, and memory bounded


def in_turn(
    work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int, signals: Signals
) -> Generator[_Result]:
    """Results in the order of the items, made by a pool of threads, few at a time.

    Signals wait for the pool, not for the next item or for whoever takes the results.

    >>> list(in_turn(str.upper, ["a", "b"], 2, Signals()))
    ['A', 'B']
    """
    flying: deque[Future[_Result]] = deque()
    pool = ThreadPoolExecutor(threads)

    def first() -> _Result:
        with signals.held():
            return flying.popleft().result()

    try:
        for item in items:
            with signals.held():
                flying.append(pool.submit(work, item))
            if len(flying) >= threads + _AHEAD:
                yield first()
        while flying:
            yield first()
    finally:
        with signals.held():
            pool.shutdown(cancel_futures=True)
