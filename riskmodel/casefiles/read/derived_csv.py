"""CSV with a mapping that works columns out: all other columns take the compiled way, as without it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskmodel.casefiles.options import Reject, RunOptions
from riskmodel.casefiles.read.block import CodedBlock, Coder, TextCells, preparation_of
from riskmodel.casefiles.read.blocks import RecordBlock
from riskmodel.casefiles.read.compiled import CompiledReader
from riskmodel.casefiles.read.csv_batches import PreparedCsvReader
from riskmodel.casefiles.read.tokens import RowFault, split_record
from riskmodel.cases.cells import excerpt
from riskmodel.cases.header import Layout
from riskmodel.cases.mapping.decimal_commas import POINT
from riskmodel.cases.mapping.derivation import Derivation
from riskmodel.cases.mapping.source_cells import CodedCells
from riskmodel.cases.preparation import CellFault
from riskmodel.evidence.records import SETTING, Variable


def derivation_of(options: RunOptions, variables: Sequence[Variable]) -> Derivation | None:
    """The rules of a run's mapping where the compiled way is open to them, else None."""
    rules = preparation_of(options, variables)
    fits = isinstance(rules, Derivation) and rules.decimal == POINT and SETTING not in rules.rules
    return rules if fits and isinstance(rules, Derivation) else None


class DerivedCsvReader:
    """The columns that rules read are taken along as texts; what these make of them is added to the coded rows.

    The result is that of `PreparedCsvReader`, to the byte.
    """

    def __init__(
        self, names: Sequence[str], variables: Sequence[Variable], options: RunOptions, file: str, rules: Derivation
    ) -> None:
        self._slow = PreparedCsvReader(names, variables, options, file, "compiled")
        self.coder = self._slow.coder
        self.name: Literal["derived"] = "derived"
        self._bound = rules.bind(self._slow.batches.schema, file)
        layout = self.coder.layout
        direct = {name: row for name, row in zip(layout.names, layout.rows, strict=True) if row >= 0}
        targets = {rules.column(variable) for variable in rules.rules}
        rows = tuple(-1 if name in targets else direct.get(name, -1) for name in names)
        at = {name: field for field, name in enumerate(names)}
        self._texts = tuple(dict.fromkeys([*rules.sources, *layout.kept_names]))
        kept = tuple(at[name] for name in self._texts)
        inside = Layout(tuple(names), at[layout.names[layout.id_field]], rows, kept, (), layout.file)
        self._inner = CompiledReader(Coder(self.coder.contract, inside, self.coder.mapping, options.default_setting))

    def records_end(self, data: bytearray, start: int, end: int) -> int:
        return self._inner.records_end(data, start, end)

    def under(self, variables: Sequence[Variable]) -> PreparedCsvReader:
        """The same file, coded for the same variables in another model."""
        return self._slow.under(variables)

    def read(self, block: RecordBlock) -> CodedBlock:
        """One block, split into cells, coded and worked out."""
        reader, refused = copy(self._inner), _Refused(self._inner.coder)
        reader.coder = refused
        coded = reader.read(block)
        good, bad = len(coded.rows), sorted(refused.cells)
        if not isinstance(coded.texts, TextCells):
            raise TypeError("compiled blocks hold their texts as bytes")
        columns = {}
        for name in self._bound.derivation.sources:
            field = self._inner.coder.layout.names.index(name)
            more = [refused.cells[record][field] for record in bad]
            columns[name] = _source_cells(coded.texts, self._texts.index(name) + 1, more)
        done = self._bound.derive(columns)
        for variable, outcome in done.outcomes.items():
            row = self.coder.contract.by_variable[variable]
            read = map(self.coder.decoders[row].decode, outcome.words)
            masks = np.array([mask if isinstance(mask, int) else 0 for mask in read], np.uint8)
            coded.masks[row] = masks[outcome.codes[:good]]
        rejects = self._rejects(coded, done.faults, bad)
        faulty = np.zeros(good, np.bool_)
        faulty[[fault.row for fault in done.faults if fault.row < good]] = True
        coded = _without(coded, ~faulty) if faulty.any() else coded
        slots = [0, *(self._texts.index(name) + 1 for name in self.coder.layout.kept_names)]
        texts = coded.texts
        if not isinstance(texts, TextCells):
            raise TypeError("compiled blocks hold their texts as bytes")
        texts = TextCells(texts.data, texts.starts[slots], texts.lengths[slots])
        return replace(coded, texts=texts, rejects=rejects, prepared=done.counts)

    def _rejects(self, coded: CodedBlock, faults: Sequence[CellFault], bad: Sequence[int]) -> list[Reject]:
        """The rejects of the block: of each record what the rules say, then what its other cells say."""
        good = len(coded.rows)
        lines = {reject.record: (reject.line, reject.case_id) for reject in coded.rejects}
        listed: dict[int, list[Reject]] = {}
        for fault in faults:
            if fault.row < good:
                reject = coded.reject(fault.row, fault.column, fault.value, fault.problem)
                reject = replace(reject, case_id=excerpt(reject.case_id), value=excerpt(fault.value))
            else:
                record = bad[fault.row - good]
                reject = Reject(record, *lines[record], fault.column, excerpt(fault.value), fault.problem)
            listed.setdefault(reject.record, []).append(reject)
        for reject in coded.rejects:
            listed.setdefault(reject.record, []).append(reject)
        return [reject for record in sorted(listed) for reject in listed[record]]


class _Refused(Coder):
    """The coder of one block, which keeps the cells of the records that it refuses."""

    def __init__(self, coder: Coder) -> None:
        self.__dict__.update(coder.__dict__)
        self.cells: dict[int, list[str]] = {}

    def explain(self, record: int, line: int, text: str) -> list[Reject]:
        cells = split_record(text, self.width)
        if not isinstance(cells, RowFault):
            self.cells[record] = cells
        return super().explain(record, line, text)


def _source_cells(texts: TextCells, column: int, more: Sequence[str]) -> CodedCells:
    """A column of texts of the accepted rows, and after them those of the refused rows."""
    from riskmodel.casefiles.read.compiled_kernel import gather_texts

    starts, lengths = texts.starts[column], texts.lengths[column]
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.empty(int(offsets[-1]) + 8, np.uint8)
    gather_texts(texts.data, starts, lengths, offsets, data)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    encoded = pa.Array.from_buffers(pa.large_string(), len(starts), buffers).dictionary_encode()
    different = [text.replace('""', '"') for text in encoded.dictionary.to_pylist()]
    numbers = {text: number for number, text in enumerate(different)}
    codes = np.asarray(encoded.indices).astype(np.int64)
    further = np.array([numbers.setdefault(text, len(numbers)) for text in more], np.int64)
    return CodedCells(tuple(numbers), np.concatenate([codes, further]))


def _without(coded: CodedBlock, keep: NDArray[np.bool_]) -> CodedBlock:
    """The same block with only some of its accepted rows."""
    from riskmodel.casefiles.select_rows import take_coded

    return take_coded(coded, np.flatnonzero(keep))
