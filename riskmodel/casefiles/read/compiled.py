"""Reads blocks with the compiled tokeniser, and settles in Python what that leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.casefiles.options import Reject
from riskmodel.casefiles.read import compiled_kernel as kernel
from riskmodel.casefiles.read.block import CodedBlock, Coder, StructuralFault, TextCells
from riskmodel.casefiles.read.blocks import RecordBlock
from riskmodel.casefiles.read.plain import SmallReader, structural_fault
from riskmodel.casefiles.read.record_ends import last_record_end
from riskmodel.casefiles.read.word_tables import Tables
from riskmodel.evidence.records import Variable

_MISSES = 1024


class CompiledReader:
    """The compiled engine: the same results as `SmallReader`, for files of any size."""

    name = "compiled"

    def __init__(self, coder: Coder) -> None:
        self.coder = coder
        self.tables = Tables(coder)

    def under(self, variables: Sequence[Variable]) -> SmallReader:
        """A reader of the same file for the same variables in another model; of few blocks, and so no compiled one."""
        return SmallReader(self.coder.under(variables))

    @staticmethod
    def records_end(data: bytearray, start: int, end: int) -> int:
        if data.find(b'"', start, end) < 0:
            return max(data.rfind(b"\n", start, end) + 1, start)
        return int(last_record_end(np.frombuffer(data, np.uint8), start, end))

    def read(self, block: RecordBlock) -> CodedBlock:
        """Tokenise and code one block."""
        fault = structural_fault(block)
        data = np.frombuffer(block.data, np.uint8)
        end = 0 if fault else block.end
        rows = _Rows(self.coder, end // (len(self.coder.layout.names) + 8) + 64)
        state = np.zeros(4, np.int64)
        misses = np.empty((_MISSES + 4 * self.coder.width, 4), np.int64)
        while state[kernel.POSITION] < end:
            id_field = self.coder.layout.id_field
            kernel.parse_records(data, end, state, id_field, self.tables.current, rows.arrays, misses)
            self._settle(block.data, rows, misses[: state[kernel.MISSES]])
            state[kernel.MISSES] = 0
            if state[kernel.ROW] == rows.capacity:
                rows = rows.larger()
        return self._assemble(block, rows, state, fault)

    def _settle(self, data: bytearray, rows: _Rows, misses: NDArray[np.int64]) -> None:
        """Decode the cells that the kernel did not know."""
        for row, variable, start, length in misses.tolist():
            entry = self.tables.decode(variable, bytes(data[start : start + length]))
            rows.arrays.masks[variable, row] = entry & 255
            rows.arrays.bad[row] |= entry == 0
            slot = self.coder.slots.get(variable)
            if slot is not None:
                rows.arrays.translated[slot, row] = entry >> kernel.MASK_BITS
        if len(misses):
            self.tables.refresh()

    def _assemble(
        self, block: RecordBlock, rows: _Rows, state: NDArray[np.int64], fault: StructuralFault | None
    ) -> CodedBlock:
        data = block.data
        count = int(state[kernel.ROW])
        bad = rows.arrays.bad[:count]
        accepted = np.flatnonzero(~bad)
        rejects: list[Reject] = []
        for row in np.flatnonzero(bad).tolist():
            start, end, line = rows.arrays.spans[:, row].tolist()
            rejects += self.coder.explain(row, line, data[start:end].decode())
        everything = len(accepted) == count
        chosen: slice | NDArray[np.int64] = slice(count) if everything else accepted
        masks = np.ascontiguousarray(rows.arrays.masks[:, chosen])
        return CodedBlock(
            records=count,
            line_count=int(state[kernel.LINE]),
            rows=accepted,
            lines=rows.arrays.spans[2, chosen],
            masks=masks,
            texts=TextCells(
                np.frombuffer(data, np.uint8), rows.arrays.starts[:, chosen], rows.arrays.lengths[:, chosen]
            ),
            rejects=rejects,
            defaulted=self.coder.fill_setting(masks),
            fault=fault,
            hashes=rows.arrays.hashes[:, chosen],
            translated=rows.arrays.translated[:, chosen],
        )


class _Rows:
    """Room for the rows of a block as the kernel finds them."""

    def __init__(self, coder: Coder, capacity: int) -> None:
        texts = 1 + len(coder.layout.kept)
        self.coder = coder
        self.capacity = capacity
        self.arrays = kernel.ParsedRows(
            masks=np.empty((len(coder.full), capacity), np.uint8),
            bad=np.zeros(capacity, np.bool_),
            spans=np.empty((3, capacity), np.int64),
            starts=np.zeros((texts, capacity), np.int64),
            lengths=np.zeros((texts, capacity), np.int64),
            hashes=np.empty((2, capacity), np.uint64),
            translated=np.zeros((len(coder.slots), capacity), np.uint32),
        )
        unread = [row for row in range(len(coder.full)) if row not in coder.layout.rows]
        self.arrays.masks[unread] = coder.full[unread, None]

    def larger(self) -> _Rows:
        """The same rows with twice the room."""
        more = _Rows(self.coder, 2 * self.capacity)
        pairs: Iterable[tuple[NDArray[np.generic], NDArray[np.generic]]] = zip(more.arrays, self.arrays, strict=True)
        for new, old in pairs:
            new[..., : self.capacity] = old
        return more
