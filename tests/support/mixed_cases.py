"""Cases of every kind, also bad ones, as texts: the same for the tests of files, batches and clusters."""

from __future__ import annotations

import csv
import io
from functools import cache

import numpy as np
import pyarrow as pa

import riskmodel as rm

OTHER = {"region", "note"}  # columns that no model reads


@cache
def mixed_cases(rows: int, *, bad: bool = True, seed: int = 3) -> pa.Table:
    """A table of texts with unique ids; with ``bad`` some rows cannot be scored, each for another reason."""
    rng = np.random.default_rng(seed)
    model = rm.load()
    columns: dict[str, list[str | None]] = {"case_id": [f"p{row}" for row in range(rows)]}
    for variable in model.variables:
        if variable.role in ("condition", "circumstance") or variable.column.startswith(("mri", "ct", "xray")):
            continue
        states = [*variable.states, None, None]
        columns[variable.column] = [states[code] for code in rng.integers(len(states), size=rows)]
    columns["age"] = [None if at % 5 == 0 else str(17 + at * 7 % 80) for at in range(rows)]
    columns["crp_mg_l"] = [None if at % 3 == 0 else f"{at % 97}.{at % 10}" for at in range(rows)]
    columns["region"] = [f"r{code}" for code in rng.integers(4, size=rows)]
    columns["note"] = [('a "quoted" word,\nand a second line' if at % 11 == 0 else "plain") for at in range(rows)]
    if bad:
        for at in range(5, rows, 13):
            columns["fever"][at] = ("maybe", "NA", " yes")[at % 3]
        for at in range(9, rows, 29):
            columns["age"][at] = "150"
        for at in range(11, rows, 37):
            columns["case_id"][at] = None
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def as_csv(cases: pa.Table) -> bytes:
    """The same cases as a CSV, blanks for nulls."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cases.column_names)
    writer.writerows([cell or "" for cell in row.values()] for row in cases.to_pylist())
    return text.getvalue().encode()
