"""A signal never cuts short what holds a lock of the thread pool: the pool would wait for ever."""

from __future__ import annotations

import signal
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from riskmodel.calibration import optimise
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals, Terminated


def after(function, number, done):
    """The function, with a signal that arrives while it is still at work."""

    def interrupted(*arguments, **keywords):
        signal.raise_signal(number)
        result = function(*arguments, **keywords)
        done.append(function.__name__)
        return result

    return interrupted


@pytest.mark.parametrize(("number", "error"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)])
@pytest.mark.parametrize(("part", "name"), [(ThreadPoolExecutor, "submit"), (Future, "result")])
def test_the_pool_is_done_before_a_signal_is_answered(monkeypatch, number, error, part, name):
    done: list[str] = []
    monkeypatch.setattr(part, name, after(getattr(part, name), number, done))
    with pytest.raises(error), Signals() as signals:
        next(in_turn(str, range(5), 1, signals))
    assert done == [name]


def test_a_signal_between_items_is_answered_at_once():
    def items():
        yield 1
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("the signal was not answered")

    with pytest.raises(Terminated), Signals() as signals:
        list(in_turn(str, items(), 1, signals))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_signals_at_any_moment_end_the_pool():
    """Where the locks were not held, one in about 2,000 of these never ended."""
    rng = np.random.default_rng(0)
    ended = 0
    before = signal.getsignal(signal.SIGALRM)
    try:
        for _ in range(300):
            try:
                with Signals() as signals:
                    signal.signal(signal.SIGALRM, signals._arrived)
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, 2e-3))
                    with closing(in_turn(str, range(2000), 1, signals)) as results:
                        list(results)
            except Terminated:
                ended += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ended > 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_python_drops_is_answered_later():
    """What is raised while an object goes is dropped."""

    class Going:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    with Signals() as signals:
        Going()
        with pytest.raises(KeyboardInterrupt), signals.held():
            pass


def test_a_fit_ends_its_step_before_a_signal_is_answered(monkeypatch):
    steps: list[str] = []
    monkeypatch.setattr(optimise._Climb, "__init__", lambda self, *_: setattr(self, "steps", 0))
    monkeypatch.setattr(optimise._Climb, "step", after(lambda _self: None, signal.SIGINT, steps))
    monkeypatch.setattr(optimise._Climb, "ended", lambda _self, reason: reason)
    assert optimise.maximise(None, None) == "interrupted"
    assert len(steps) == 1
