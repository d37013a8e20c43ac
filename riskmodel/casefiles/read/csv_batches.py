"""CSV with a preparation: records as batches of texts, prepared and coded as those of every other format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa

from riskmodel.casefiles.options import Reject, RunOptions
from riskmodel.casefiles.read import tokens
from riskmodel.casefiles.read.batch_coder import BatchCoder, Piece
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.read.blocks import RecordBlock
from riskmodel.casefiles.read.plain import record_texts, structural_fault
from riskmodel.cases.cells import excerpt
from riskmodel.evidence.records import Variable


class PreparedCsvReader:
    """Splits blocks of records into cells, of which a preparation makes the columns of a case file."""

    def __init__(
        self, names: Sequence[str], variables: Sequence[Variable], options: RunOptions, file: str, engine: str
    ) -> None:
        schema = pa.schema([(name, pa.large_string()) for name in names])
        self.batches = BatchCoder.of(schema, variables, options, file)
        self.batches.compiled = engine == "compiled"
        self.coder = self.batches.coder
        self.name: Literal["prepared"] = "prepared"

    @staticmethod
    def records_end(data: bytearray, start: int, end: int) -> int:
        return tokens.records_end(data, start, end)

    def read(self, block: RecordBlock) -> CodedBlock:
        """Split, prepare and code one block."""
        fault = structural_fault(block)
        text = "" if fault else block.data[: block.end].decode()
        lines, records = record_texts(text)
        cells: list[list[str]] = []
        numbers: list[int] = []  # of the records that could be split
        rejects: list[Reject] = []
        names = self.batches.schema.names
        for number, record in enumerate(records):
            row = tokens.split_record(record, len(names))
            if isinstance(row, tokens.RowFault):
                column = names[row.field] if 0 <= row.field < len(names) else ""
                case_id = self._case_id(row.cells)
                rejects.append(Reject(number, lines[number], case_id, column, row.value, row.problem))
            else:
                cells.append(row)
                numbers.append(number)
        at = np.array(numbers, np.int64)
        coded = self.batches.code(Piece(self._batch(cells), np.array(lines, np.int64)[at]))
        rejects += [replace(reject, record=numbers[reject.record]) for reject in coded.rejects]
        rejects.sort(key=lambda reject: reject.record)
        return replace(
            coded,
            records=len(records),
            line_count=text.count("\n"),
            rows=at[coded.rows],
            rejects=rejects,
            fault=fault,
        )

    def under(self, variables: Sequence[Variable]) -> PreparedCsvReader:
        """The same file, coded for the same variables in another model."""
        other = object.__new__(PreparedCsvReader)
        other.batches = self.batches.under(variables)
        other.coder, other.name = other.batches.coder, self.name
        return other

    def _case_id(self, cells: Sequence[str]) -> str:
        """The identifier of a record that could not be split, where the file has it under its own name."""
        name = self.coder.layout.names[self.coder.layout.id_field]
        names = self.batches.schema.names
        at = names.index(name) if name in names else len(cells)
        return excerpt(cells[at]) if at < len(cells) else ""

    def _batch(self, cells: list[list[str]]) -> pa.RecordBatch:
        """The cells of the columns that are needed; a blank is null."""
        needed = set(self.batches.needed)
        schema = pa.schema([column for column in self.batches.schema if column.name in needed])
        columns = zip(*cells, strict=True) if cells else ((),) * len(self.batches.schema.names)
        arrays = [
            pa.array([cell or None for cell in column], pa.large_string())
            for name, column in zip(self.batches.schema.names, columns, strict=True)
            if name in needed
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
