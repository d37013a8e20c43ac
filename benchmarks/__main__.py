"""`make bench`: every figure as a ratio measured in one run, printed and kept in RESULTS.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet

from benchmarks import casefile, explorer, recording, report, scorers
from benchmarks.calibration import PEOPLE
from benchmarks.draws import CASES, DRAWS
from benchmarks.measure import in_turn, machine, median_ratio, median_seconds, run

RESULTS = Path(__file__).with_name("RESULTS.md")
PYTHON = sys.executable
SAMPLE = 10_000
SCORE = [PYTHON, "-m", "riskmodel"]


def table(headings, rows):
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def score(cases, output):
    return [*SCORE, "score", str(cases), "-o", str(output), "--setting", "primary_care"]


def files(folder: Path) -> str:
    """A million rows and five, CSV to CSV, against pyarrow's reading and writing alone."""
    rows = []
    for count, times in ((1_000_000, 5), (5_000_000, 2)):
        cases, output, sample = folder / "cases.csv", folder / "scored.csv", folder / "sample.parquet"
        casefile.write(cases, count)
        _sample(cases, folder, sample)
        floor = [PYTHON, "-m", "benchmarks.baseline", str(cases), str(sample), str(folder / "floor.csv")]
        ours, theirs = in_turn(score(cases, output), floor, times)
        rows.append(
            [
                f"{count:,}",
                f"{median_seconds(ours):.2f} s",
                f"{median_seconds(theirs):.2f} s",
                f"{median_ratio(ours, theirs):.2f}",
                f"{median_seconds(ours) / count * 1e6:.2f} µs",
                f"{max(one.peak_mb for one in ours):.0f} MB",
                f"{max(one.peak_mb for one in theirs):.0f} MB",
            ]
        )
    return table(
        [
            "rows × 35 columns",
            "riskmodel score",
            "pyarrow read + write",
            "ratio",
            "a row",
            "our peak",
            "its peak",
        ],
        rows,
    )


def _sample(cases: Path, folder: Path, sample: Path) -> None:
    """The first rows scored, as a Parquet file of the output's shape."""
    few, scored = folder / "few.csv", folder / "few_scored.csv"
    with cases.open() as source:
        few.write_text("".join(line for _, line in zip(range(SAMPLE + 1), source, strict=False)))
    run(score(few, scored))
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(scored), sample)


def cold_start(folder: Path) -> str:
    one = folder / "one.csv"
    one.write_text("case_id,age,fever\n1,63,yes\n")
    ours, theirs = in_turn(score(one, folder / "one_scored.csv"), [PYTHON, "-c", "import numpy, pyarrow.csv"], 15)
    rows = [
        [
            f"{median_seconds(ours):.3f} s",
            f"{median_seconds(theirs):.3f} s",
            f"{median_ratio(ours, theirs):.2f}",
        ]
    ]
    return table(["riskmodel score, one case", "import numpy, pyarrow.csv", "ratio"], rows)


def draws(agrum: float) -> str:
    """Intervals and confidence under draws, against pyAgrum doing as many inferences."""
    one = run([PYTHON, "-m", "benchmarks.draws"])
    seconds = float(one.error.splitlines()[-1])
    inferences = CASES * DRAWS
    rows = [
        [f"{CASES:,} × {DRAWS:,}", f"{seconds:.1f} s", f"{one.peak_mb:.0f} MB", f"{agrum * inferences / seconds:,.0f}"]
    ]
    return table(["cases × draws", "posteriors, quantiles, confidence", "peak", "times faster than pyAgrum"], rows)


def sensitivity() -> str:
    """What answers hang on, all statements moved."""
    one = run([PYTHON, "-m", "benchmarks.sensitivity"])
    rows = [line.split("\t") for line in one.error.splitlines() if "\t" in line]
    return table(["analysis", "seconds"], [[name, f"{float(seconds):.1f} s"] for name, seconds in rows]) + (
        f"\n\nPeak: {one.peak_mb:.0f} MB."
    )


def value() -> str:
    """Values of information beside two-level Monte Carlo on the same people."""
    one = run([PYTHON, "-m", "benchmarks.value"])
    rows = [line.split("\t")[:-1] for line in one.error.splitlines() if line.count("\t") == 5]
    return table(["known, in emergency", "value", "standard error", "two-level, erring low", "erring high"], rows)


def fit() -> str:
    """All statements fitted to a large cohort, many cells and half of the outcomes missing."""
    one = run([PYTHON, "-m", "benchmarks.calibration"])
    steps, _, seconds = one.error.splitlines()[-1].split()
    rows = [[f"{PEOPLE:,}", f"{float(seconds):.0f} s", steps, f"{one.peak_mb:.0f} MB"]]
    return table(["people, all statements", "fit and intervals", "steps", "peak"], rows)


def blanks() -> str:
    """What a wrong recording profile costs: observed over predicted, share imaged and log loss."""
    rows = [
        [setting, *(f"{value:.3f}" if isinstance(value, float) else value for value in row.values())]
        for setting in recording.SETTINGS
        for row in recording.by_record(setting, recording.PEOPLE)
    ]
    ratio = recording.cost(recording.PEOPLE)
    return table(["setting", "written down", "a blank is read as", "O/E", "imaged", "log loss"], rows) + (
        f"\n\nScoring under a profile takes {ratio:.2f} times as long as without, reading and writing left aside."
    )


def opened() -> str:
    """The explorer's page, opened from disk in Chromium, and answering."""
    heads = [
        "page", "size", "first results", "with intervals", "processor until all is shown",
        "change to answer, median and 95th percentile", "its processor time",
    ]  # fmt: skip
    return table(heads, explorer.rows())


def main() -> None:
    parts = [f"# Benchmarks\n\nMedians of whole processes run in turn; ratios pair by pair.\n\nMachine: {machine()}."]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts.append("## Cold start\n\n" + cold_start(folder))
        rows, agrum = scorers.compare()
        parts.append(
            "## Exact posteriors a case (seven conditions, 30 % of findings missing)\n\n"
            + table(["engine", "cases timed", "a case", "times ours"], rows)
        )
        parts.append("## Draws\n\n" + draws(agrum))
        parts.append("## Report\n\n" + table(report.HEADINGS, report.measure()))
        parts.append("## Explorer, in Chromium\n\n" + opened())
        parts.append("## Sensitivity\n\n" + sensitivity())
        parts.append("## Value of information, per 1,000 people\n\n" + value())
        parts.append("## Calibration\n\n" + fit())
        parts.append("## Blanks under recording profiles\n\n" + blanks())
        parts.append("## Large files, CSV to CSV\n\n" + files(folder))
    text = "\n\n".join(parts) + "\n"
    RESULTS.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
