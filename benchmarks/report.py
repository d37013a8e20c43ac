"""The default report, through the command, as a process: its time and its peak memory."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import run

SECONDS, MEGABYTES = 180, 2048  # what it may take on two cores


def measure() -> list[list[str]]:
    """One row: what was made, the time and the peak memory beside what they may be, and the size of the page."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        done = run([sys.executable, "-m", "riskmodel", "report", "-o", str(out)])
        page = (out / "report.html").stat().st_size / 1e6
    return [
        [
            "default report",
            f"{done.seconds:.0f} s of {SECONDS}",
            f"{done.peak_mb:.0f} MB of {MEGABYTES}",
            f"{page:.1f} MB",
        ]
    ]


HEADINGS = ["command", "time", "peak memory", "the page"]


if __name__ == "__main__":
    print(" | ".join(HEADINGS))
    for row in measure():
        print(" | ".join(row))
