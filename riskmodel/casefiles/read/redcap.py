"""An export of a REDCap project as a table of cases: its rows are chosen and its cells prepared by the dictionary."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import Piece
from riskmodel.casefiles.read.source import Source
from riskmodel.casefiles.read.table import BATCH
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.preparation import CellFault
from riskmodel.evidence.records import Variable
from riskmodel.redcap.export_file import ExportTable, parse_export
from riskmodel.redcap.project import RedcapProject
from riskmodel.redcap.read import RedcapCases, read_export

_READ_AT_ONCE = 1 << 20


def read_export_file(source: str | Path) -> ExportTable:
    """The cells of an export: a CSV, plain or compressed, ``-`` from standard input.

    Raises
    ------
    CasesError
        where it cannot be read, is no CSV, or a row has another number of cells than the header.
    """
    opened = Source(source)
    try:
        buffer, content = bytearray(_READ_AT_ONCE), bytearray()
        while count := opened.read_into(memoryview(buffer)):
            content += buffer[:count]
        return replace(parse_export(bytes(content), opened.name), sha256=opened.sha256)
    finally:
        opened.close()


class RedcapTable:
    """An export, read whole: which rows make a case, and what hides a field, may stand anywhere in it."""

    header_lines = 0  # lines are told of each row

    def __init__(
        self, source: str | Path, project: RedcapProject, variables: Sequence[Variable], options: RunOptions
    ) -> None:
        contract = ColumnContract(tuple(variables))
        table = read_export_file(source)
        self.name = table.file
        mapping = load_mapping(options.mapping, contract)
        self.cases: RedcapCases = read_export(table, project, contract, mapping, known_outcomes=options.known_outcomes)
        self._hash = self.cases.sha256
        flagged = [name for name in options.keep if name in self.cases.identifiers]
        self._flagged = (f"kept, though the dictionary flags them as identifiers: {', '.join(flagged)}",) * bool(
            flagged
        )
        columns = [pa.array(column, pa.large_string()) for column in self.cases.columns]
        self._batch = pa.RecordBatch.from_arrays(columns, names=list(self.cases.names))
        self.schema = self._batch.schema
        self.rows: int | None = self._batch.num_rows

    def pieces(self, columns: Sequence[str], passed_on: Collection[str] = ()) -> Iterator[Piece]:  # noqa: ARG002
        batch: Any = self._batch.select(list(columns))
        faults: dict[int, list[CellFault]] = {}
        for fault in self.cases.faults:
            faults.setdefault(fault.row // BATCH, []).append(fault)
        lines = np.array(self.cases.lines, np.int64) - 1  # counted from 0, as everywhere before the end
        for start in range(0, batch.num_rows, BATCH):
            here = [
                CellFault(fault.row - start, fault.column, fault.value, fault.problem)
                for fault in faults.get(start // BATCH, ())
            ]
            yield Piece(
                batch.slice(start, BATCH),
                lines[start : start + BATCH],
                faults=tuple(here),
                counts=self.cases.counts if start == 0 else {},
            )

    def notes(self) -> tuple[str, ...]:
        return (*self.cases.notes, *self.cases.warnings, *self._flagged)

    def sha256(self) -> str:
        return self._hash

    def close(self) -> None:
        """All has been read."""
