"""Reads blocks in plain Python: quick to start, for files of a few thousand records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Masks
from riskmodel.casefiles.options import Reject
from riskmodel.casefiles.read import tokens
from riskmodel.casefiles.read.block import CodedBlock, Coder, StructuralFault, id_problem
from riskmodel.casefiles.read.blocks import RecordBlock, undecodable
from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.evidence.records import Variable

_MEMO = 1 << 16
_Worth = TypeVar("_Worth")


class Memo(dict[Any, _Worth], Generic[_Worth]):
    """What each cell is worth; each is worked out once while the table is small."""

    def __init__(self, worth_of: Callable[[Any], _Worth]) -> None:
        super().__init__()
        self.worth_of = worth_of

    def __missing__(self, cell: Any) -> _Worth:
        worth = self.worth_of(cell)
        if len(self) < _MEMO:
            self[cell] = worth
        return worth


def _mask_of(decoder: CellDecoder, bad: set[str], text: str) -> int:
    """The mask of a cell; of a bad one 0, and its text is among the bad."""
    mask = decoder.decode(text)
    if isinstance(mask, CellProblem):
        bad.add(text)
        return 0
    return mask


class SmallReader:
    """The plain-Python engine: tokenises and codes one block."""

    name = "small"

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        self.bad: list[set[str]] = [set() for _ in coder.decoders]
        self.memos = [Memo(partial(_mask_of, *each)) for each in zip(coder.decoders, self.bad, strict=True)]
        self.translations = {row: Memo(coder.decoders[row].translation) for row in coder.slots}

    def under(self, variables: Sequence[Variable]) -> SmallReader:
        """A reader of the same file for the same variables in another model."""
        return SmallReader(self.coder.under(variables))

    @staticmethod
    def records_end(data: bytearray, start: int, end: int) -> int:
        return tokens.records_end(data, start, end)

    def read(self, block: RecordBlock) -> CodedBlock:
        """Tokenise and code one block."""
        fault = structural_fault(block)
        if fault:
            return self._assemble([], [], [], 0, fault)
        text = block.data[: block.end].decode()
        lines, texts = record_texts(text)
        cells: list[list[str]] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        width, plain_cell = self.coder.width, tokens.MAX_CELL // 4
        for number, record in enumerate(texts):
            row = record.split(",")
            if len(row) != width or len(record) > plain_cell or '"' in record or "\r" in record or "\0" in record:
                split = tokens.split_record(record, width)
                if isinstance(split, tokens.RowFault):
                    rejects += self.coder.explain(number, lines[number], record)
                    continue
                row = split
            cells.append(row)
            numbers.append(number)
        return self._assemble(cells, numbers, lines, text.count("\n"), None, rejects)

    def _assemble(
        self,
        cells: list[list[str]],
        numbers: list[int],
        lines: list[int],
        line_count: int,
        fault: StructuralFault | None,
        rejects: list[Reject] | None = None,
    ) -> CodedBlock:
        coder, layout = self.coder, self.coder.layout
        rejects = rejects or []
        columns = list(zip(*cells, strict=True)) if cells else [()] * coder.width
        masks: Masks = np.repeat(coder.full[:, None], len(cells), axis=1)
        translated = np.zeros((len(coder.slots), len(cells)), np.uint32)
        for column, row in zip(columns, layout.rows, strict=True):
            if row >= 0:
                masks[row] = np.frombuffer(bytes(map(self.memos[row].__getitem__, column)), np.uint8)
            if row in coder.slots:
                translated[coder.slots[row]] = [self.translations[row][text] for text in column]
        named = np.array([not id_problem(text) for text in columns[layout.id_field]], np.bool_)
        good = np.logical_and(self._understood(columns, masks), named)
        for index in np.flatnonzero(~good):
            number = numbers[index]
            rejects += coder.explain_cells(number, lines[number], cells[index])
        rejects.sort(key=lambda reject: reject.record)
        kept = np.flatnonzero(good)
        masks = np.ascontiguousarray(masks[:, kept])
        texts = [[columns[field][index] for index in kept] for field in (layout.id_field, *layout.kept)]
        rows = np.array(numbers, np.int64)[kept]
        return CodedBlock(
            records=len(lines),
            line_count=line_count,
            rows=rows,
            lines=np.array(lines, np.int64)[rows],
            masks=masks,
            texts=texts,
            rejects=rejects,
            defaulted=coder.fill_setting(masks),
            fault=fault,
            translated=translated[:, kept],
        )

    def _understood(self, columns: Sequence[Sequence[str]], masks: Masks) -> NDArray[np.bool_]:
        """The rows of which every cell was understood."""
        coder = self.coder
        good = masks.all(axis=0, where=np.array([[row not in coder.silent] for row in range(len(masks))]))
        for column, row in zip(columns, coder.layout.rows, strict=True):
            if row in coder.silent and self.bad[row]:
                good &= np.array([text not in self.bad[row] for text in column], np.bool_)
        return np.asarray(good)


def structural_fault(block: RecordBlock) -> StructuralFault | None:
    """Bytes that are not UTF-8, or a quote that the file never closes."""
    data = block.data
    if not data.isascii():
        with memoryview(data) as view, view[: block.end] as part:
            try:
                str(part, "utf-8")
            except UnicodeDecodeError as error:
                return StructuralFault(data.count(b"\n", 0, error.start), undecodable(data, error))
    if block.open_quote >= 0:
        lines = data.count(b"\n", 0, block.open_quote)
        return StructuralFault(lines, "a quote opens that is never closed")
    return StructuralFault(0, block.problem) if block.problem else None


def record_texts(text: str) -> tuple[list[int], list[str]]:
    """The lines of a text of whole records before each of them, and the records without their line ends."""
    records = _plain_records(text)
    return _any_records(text) if records is None else records


def _plain_records(text: str) -> tuple[list[int], list[str]] | None:
    """Line and text of each record when no field is quoted, else None."""
    if '"' in text:
        return None
    records = text.split("\n")
    del records[-1]
    if "\r" in text:
        records = [record.removesuffix("\r") for record in records]
    if all(records):
        return list(range(len(records))), records
    lines = [line for line, record in enumerate(records) if record]
    return lines, [records[line] for line in lines]


def _any_records(text: str) -> tuple[list[int], list[str]]:
    lines, records, start, line = [], [], 0, 0
    while match := tokens.RECORD.match(text, start):
        record = text[start : match.end() - 1].removesuffix("\r")
        if record:
            lines.append(line)
            records.append(record)
        line += text.count("\n", start, match.end())
        start = match.end()
    return lines, records
