"""Whole processes timed in turn, and a description of the machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One finished process: seconds of wall time, and its peak memory in MB."""

    seconds: float
    peak_mb: float
    error: str = ""  # what it wrote on standard error


def run(command: Sequence[str]) -> Run:
    launcher = [sys.executable, "-S", str(Path(__file__).with_name("process.py"))]
    done = subprocess.run(
        [*launcher, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    error, _, report = done.stderr.rstrip().rpartition("\n")
    measured = json.loads(report)
    if measured["status"] not in (0, 1):  # 1: scored, some rows rejected
        raise RuntimeError(f"{command} ended with {measured['status']}: {error[-2000:]}")
    return Run(measured["seconds"], measured["peak_mb"], error.rstrip())


def in_turn(first: Sequence[str], second: Sequence[str], times: int) -> tuple[list[Run], list[Run]]:
    """Two commands in turn, A B A B …, after one uncounted run of each: drifts hit both alike."""
    run(first)
    run(second)
    pairs = [(run(first), run(second)) for _ in range(times)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def median_ratio(first: Sequence[Run], second: Sequence[Run]) -> float:
    """The median over pairs of first / second, in time."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(first, second, strict=True))


def median_seconds(runs: Sequence[Run]) -> float:
    return statistics.median(one.seconds for one in runs)


def machine() -> str:
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}; the machine is shared"
