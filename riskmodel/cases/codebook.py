"""The codebook: every column of a case file from the code, with its bands and the statements behind it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from riskmodel.cases.columns import CodebookRow, codebook
from riskmodel.evidence.records import Priors

HEADINGS = ("column", "variable", "role", "states", "unit", "accepts", "definition", "statements")


def entries(priors: Priors) -> list[dict[str, object]]:
    """One entry a column: what it may hold, what it means, and the ids of the selected statements on it."""
    return [_entry(row, priors) for row in codebook(priors.case_variables)]


def _entry(row: CodebookRow, priors: Priors) -> dict[str, object]:
    ids = [s.id for s in priors.selected_statements if row.variable and s.of.variable == row.variable]
    states = (
        [f"{state} ({band})" for state, band in zip(row.states, row.bands, strict=True)]
        if row.bands
        else list(row.states)
    )
    return {
        "column": row.column,
        "variable": row.variable,
        "role": row.role,
        "states": states,
        "unit": row.unit,
        "accepts": row.accepts,
        "definition": row.definition,
        "statements": ids,
    }


def as_json(priors: Priors) -> str:
    """A list of objects, one a column, under :data:`HEADINGS`."""
    return json.dumps(entries(priors), indent=2, ensure_ascii=False) + "\n"


def as_csv(priors: Priors) -> str:
    """A line a column under :data:`HEADINGS`; several states or statements are joined by ``|``."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADINGS, lineterminator="\n")
    writer.writeheader()
    for entry in entries(priors):
        writer.writerow({key: _joined(value, "|") for key, value in entry.items()})
    return out.getvalue()


def as_markdown(priors: Priors) -> str:
    """A table for people; the statements are counted rather than listed."""
    lines = [
        "| column | role | states (bands) | a cell may hold | what it means | statements |",
        "|---|---|---|---|---|---|",
    ]
    for entry in entries(priors):
        ids = entry["statements"]
        cells = (
            entry["column"],
            entry["role"],
            _joined(entry["states"], ", "),
            entry["accepts"],
            entry["definition"],
            len(ids) if isinstance(ids, list) else 0,
        )
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _joined(value: object, separator: str) -> str:
    return separator.join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
