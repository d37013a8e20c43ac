"""Ctrl-C at any moment: one line, exit status 130, no traceback, nothing half-written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from riskmodel.workers.signals import CtrlC, Signals
from tests.support.paths import ROOT

CASES = ROOT / "notebooks" / "data" / "published_cases.csv"
PROGRAM = """
import signal
from riskmodel.__main__ import main

first = signal.signal

def says_when_it_is_set(number, handler):
    signal.signal = first
    before = first(number, handler)
    print("ready", flush=True)
    return before

signal.signal = says_when_it_is_set
main()
"""
STARTING = [i / 40 for i in range(18)]  # seconds; the libraries are imported in the first half second
AT_WORK = [0.8, 1.2, 1.6, 2.0]


def interrupted(arguments: list[str], after: float) -> subprocess.CompletedProcess[str]:
    """A command that gets Ctrl-C some seconds after its start."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.mark.slow
@pytest.mark.parametrize("after", STARTING)
def test_ctrl_c_while_it_starts(after: float, tmp_path: Path) -> None:
    done = interrupted(["score", str(CASES), "--setting", "primary_care", "-o", str(tmp_path / "out.csv")], after)
    if done.returncode == 0:  # it was done before
        assert (tmp_path / "out.csv").exists()
        return
    assert (done.returncode, done.stderr) == (130, "riskmodel: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("after", AT_WORK)
def test_ctrl_c_at_work(after: float, tmp_path: Path) -> None:
    output = ["-o", str(tmp_path / "out.csv")]
    done = interrupted(["score", str(CASES), "--setting", "primary_care", "--draws", "20000", *output], after)
    assert (done.returncode, done.stderr) == (130, "riskmodel: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_that_turns_into_another_error_is_known_as_one() -> None:
    def importing() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("C-extensions failed") from None

    interrupt = CtrlC()
    with pytest.raises(ImportError), interrupt:
        importing()
    assert interrupt.arrived
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_python_drops_is_raised_again(capfd: pytest.CaptureFixture[str]) -> None:
    class Going:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def lose_it_and_go_on() -> None:
        Going()
        time.sleep(30)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), CtrlC():
        lose_it_and_go_on()
    assert time.monotonic() - began < 20, "it came only when the sleep was over"
    assert capfd.readouterr().err == ""


def test_an_interrupt_of_inner_work_is_known_outside() -> None:
    interrupt = CtrlC()
    with pytest.raises(KeyboardInterrupt), interrupt, Signals():
        signal.raise_signal(signal.SIGINT)
    assert interrupt.arrived


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with CtrlC() as interrupt, Signals():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not interrupt.arrived
