"""A large case file: 35 columns, 30 % of the cells blank, numbers where people would write numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

import riskmodel as rm
from riskmodel import cohort

CHUNK = 200_000
DROPPED = {"setting"}  # the file's 35 columns: case_id and all others that a network reads
HIGHEST = {"age": 95.0, "pain_duration": 60.0, "esr": 140.0, "crp": 300.0, "bladder_scan": 900.0}


def write(path: Path, rows: int, seed: int = 1, missing: float = 0.3) -> None:
    """Write a case file of simulated people, chunk by chunk."""
    model = rm.load()
    rng = np.random.default_rng(seed)
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    writer = None
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        people = cohort.simulate(model, count, rng, setting="primary_care", missing=missing)
        table = pa.table(_columns(model, people, start, count, rng))
        if writer is None:
            writer = pyarrow.csv.CSVWriter(path, table.schema, write_options=options)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _columns(model, people, start, count, rng):
    data = {"case_id": pa.array([f"case-{i:08d}" for i in range(start, start + count)])}
    for row, variable in enumerate(model.variables):
        if variable.role in ("condition", "circumstance") or variable.name in DROPPED:
            continue
        states = people.states[variable.name]
        known = people.masks[row] != variable.full_mask
        if variable.lower_edges:
            low = np.array(variable.lower_edges)
            high = np.append(low[1:], HIGHEST[variable.name])
            numbers = low[states] + rng.random(count) * (high - low)[states]
            decimals = 1 if variable.name == "crp" else 0
            texts = np.char.mod(f"%.{decimals}f", np.floor(numbers * 10**decimals) / 10**decimals)
        else:
            texts = np.array(variable.states)[states]
        data[variable.column] = pa.array(np.where(known, texts, ""))
    return data
