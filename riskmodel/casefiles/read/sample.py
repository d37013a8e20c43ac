"""The first rows of a table of any format as texts, for a look at what they hold."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read import tokens
from riskmodel.casefiles.read.blocks import BlockReader
from riskmodel.casefiles.read.cell_types import cell_text
from riskmodel.casefiles.read.formats import format_of
from riskmodel.casefiles.read.open import header_names
from riskmodel.casefiles.read.plain import record_texts, structural_fault
from riskmodel.casefiles.read.source import Source
from riskmodel.casefiles.read.table import KnowsUse
from riskmodel.cases.drafting.sampled import SampledColumn
from riskmodel.errors import CasesError

MOST_ROWS = 20_000


def sample_of(source: str | Path) -> list[SampledColumn]:
    """The columns of a file, of its first 20,000 rows; rows of a CSV that cannot be split are left out.

    Raises
    ------
    CasesError
        The file is unreadable, or structurally broken within these rows.
    """
    names, rows = _table(Path(source)) if format_of(source) else _csv(source)
    columns: list[Counter[str]] = [Counter() for _ in names]
    for row in rows:
        for column, text in zip(columns, row, strict=True):
            if text:
                column[text] += 1
    return [SampledColumn(name, texts, len(rows)) for name, texts in zip(names, columns, strict=True)]


def _csv(source: str | Path) -> tuple[list[str], list[list[str]]]:
    opened = Source(source)
    rows: list[list[str]] = []
    try:
        blocks = BlockReader(opened, RunOptions().block_bytes)
        text, lines = blocks.read_header()
        names = header_names(text, opened.name)
        for block in blocks.blocks(tokens.records_end):
            if fault := structural_fault(block):
                raise CasesError(f"{opened.name}: line {lines + fault.line + 1}: {fault.problem}")
            content = block.data[: block.end].decode()
            lines += content.count("\n")
            split = (tokens.split_record(record, len(names)) for record in record_texts(content)[1])
            rows += islice((row for row in split if isinstance(row, list)), MOST_ROWS - len(rows))
            if len(rows) == MOST_ROWS:
                break
    finally:
        opened.close()
    return names, rows


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    form = format_of(path)
    if form is None:
        raise RuntimeError(f"{path} was taken for a table")
    table = form.open(path, RunOptions())
    rows: list[list[str]] = []
    try:
        names = list(table.schema.names)
        if isinstance(table, KnowsUse):
            table.use((), names)
        for piece in table.pieces(names):
            batch = piece.batch.slice(0, MOST_ROWS - len(rows))
            columns = [list(map(cell_text, batch.column(name).to_pylist())) for name in names]
            rows += [list(row) for row in zip(*columns, strict=True)]
            if len(rows) >= MOST_ROWS:
                break
    finally:
        table.close()
    return names, rows
