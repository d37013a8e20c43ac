"""What one machine makes of a table of cases: the result as Parquet holds it, and the rejected rows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.answers.output_columns import compiled_score, small_score
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.run import run
from riskmodel.model import load_scoring
from tests.support.mixed_cases import as_csv


@dataclass(frozen=True)
class Scored:
    """Rows by case id, and for each record (from 1) that was rejected what is wrong with it."""

    rows: list[dict[str, Any]]
    problems: dict[int, list[str]]


def on_one_machine(cases: pa.Table, folder: Path, **options: Any) -> Scored:
    """Score a table through a CSV file."""
    source, output = folder / "cases.csv", folder / "scored.parquet"
    source.write_bytes(as_csv(cases))
    scoring = load_scoring()
    asked = RunOptions(**{"default_setting": "emergency", **options})
    run(source, output, scoring.variables, small_score(scoring), asked, compiled_score=compiled_score(scoring))
    problems: dict[int, list[str]] = {}
    rejects = folder / "scored.rejects.csv"
    if rejects.exists():
        with rejects.open(newline="") as file:
            for row in csv.DictReader(file):
                problems.setdefault(int(row["record"]), []).append(
                    f"{row['column']} {row['value']!r}: {row['problem']}"
                )
    return Scored(pq.read_table(output).to_pylist(), problems)
