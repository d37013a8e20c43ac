"""Scoring on Spark beside Spark reading and writing alone: `python -m benchmarks.spark [MILLIONS …]`.

Two cores, Parquet to Parquet. Times are those of the clock and of all processors (the Java machine and its Python
workers), for scoring with and without counting ids, and for only reading and writing the cases and the scored table.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from benchmarks import casefile
from riskmodel import spark as on_spark

MILLIONS = (1, 5)
PIECE = 200_000  # rows of a file
TICKS = os.sysconf("SC_CLK_TCK")


def table(folder: Path, rows: int) -> Path:
    """Cases in files of 200,000; each file has the same people under other ids."""
    first = folder / "people.parquet"
    if not first.exists():
        casefile.write(folder / "people.csv", PIECE)
        pq.write_table(pyarrow.csv.read_csv(folder / "people.csv"), first)
    people, cases = pq.read_table(first), folder / f"cases_{rows}"
    cases.mkdir()
    for start in range(0, rows, PIECE):
        ids = pa.array([f"case-{number:09d}" for number in range(start, start + PIECE)])
        pq.write_table(people.set_column(0, "case_id", ids), cases / f"{start:09d}.parquet")
    return cases


class Processors:
    """Seconds of all processors, used by a process and all that it starts; looked at twice a second, as some end."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._used: dict[int, float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.look()
            time.sleep(0.5)

    def look(self) -> float:
        """So far."""
        children: dict[int, list[int]] = {}
        used: dict[int, float] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    children.setdefault(int(fields[1]), []).append(int(entry.name))
                    used[int(entry.name)] = sum(map(int, fields[11:13])) / TICKS
        waiting = [self._process]
        while waiting:
            process = waiting.pop()
            self._used[process] = max(self._used.get(process, 0.0), used.get(process, 0.0))
            waiting += children.get(process, [])
        return sum(self._used.values())


def timed(processors: Processors, work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock and of the processors."""
    clock, used = time.monotonic(), processors.look()
    work()
    return time.monotonic() - clock, processors.look() - used


def measure(session: SparkSession, folder: Path, rows: int) -> None:
    processors = Processors(int(session._jvm.java.lang.ProcessHandle.current().pid()))
    cases = session.read.parquet(str(table(folder, rows)))
    out = str(folder / "out")

    def write(frame: DataFrame, name: str) -> Callable[[], None]:
        return lambda: frame.write.mode("overwrite").parquet(f"{out}_{name}")

    scored = on_spark.score(cases, setting="primary_care", allow_repeats=True)
    write(scored, "scored")()  # compiled code is loaded, and there is a table of results to read
    results = session.read.parquet(f"{out}_scored")
    jobs = {
        "reading and writing the cases": write(cases, "cases"),
        "reading and writing the scored table": write(results, "results"),
        "score": write(scored, "scored_again"),
        "score, ids counted": write(on_spark.score(cases, setting="primary_care"), "counted"),
    }
    figures = {name: timed(processors, job) for name, job in jobs.items()}
    print(f"\n{rows:,} rows, {len(cases.columns)} columns in, {len(results.columns)} out")
    for name, (clock, used) in figures.items():
        ratios = [
            f"{measured / base:.2f}"
            for base_name in list(jobs)[:2]
            for measured, base in zip((clock, used), figures[base_name], strict=True)
        ]
        print(
            f"  {name}: {clock:.1f} s, {used:.1f} s of processors, {used / rows * 1e6:.2f} µs a row; times the cases "
            f"{ratios[0]} ({ratios[1]} of processors), times the scored table {ratios[2]} ({ratios[3]})",
            flush=True,
        )
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def main() -> None:
    millions = [int(text) for text in sys.argv[1:]] or MILLIONS
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.memory", "6g")
        .getOrCreate()
    )
    with tempfile.TemporaryDirectory() as name:
        for count in millions:
            measure(session, Path(name), count * 1_000_000)
    session.stop()


if __name__ == "__main__":
    main()
