"""Record batches as coded cases, whatever they were read from: the same as a CSV with the same cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskmodel.arrays import Masks
from riskmodel.casefiles.options import Reject, RunOptions
from riskmodel.casefiles.read.block import CodedBlock, Coder, TextCells, preparation_of
from riskmodel.casefiles.read.cell_types import (
    READABLE,
    as_text,
    cell_text,
    codable,
    distinct_cells,
    one_array,
    plain_type,
    text_array,
    text_cells,
    well_named,
)
from riskmodel.cases.cells import excerpt
from riskmodel.cases.preparation import BoundPreparation, CellFault
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a table: ``lines`` are the lines of the piece before each row, of ``line_count``; None without lines.

    ``faults`` are cells that its format already refused, ``counts`` what it did to cells.
    """

    batch: Any
    lines: NDArray[np.int64] | None = None
    line_count: int = 0
    faults: tuple[CellFault, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class BatchCoder:
    """Codes the batches of one table, in any thread.

    ``needed`` are the columns of the table that a batch must have; ``compiled`` says in which form texts are passed on.
    """

    coder: Coder
    schema: Any
    bound: BoundPreparation | None = None
    compiled: bool = False
    needed: tuple[str, ...] = ()
    _fields: tuple[int, ...] = field(default=())

    @classmethod
    def of(cls, schema: Any, variables: Sequence[Variable], options: RunOptions, file: str) -> Self:
        """The coder of a table with these columns.

        Raises
        ------
        CasesError
            naming every problem of the header, or a column of a type that cannot be read.
        """
        preparation = preparation_of(options, variables)
        if preparation is not None:  # which gets arrays that every function of pyarrow takes
            schema = pa.schema([column.with_type(plain_type(column.type)) for column in schema])
        bound = preparation.bind(schema, file) if preparation is not None else None
        names, read = (schema.names, None) if bound is None else (bound.schema.names, schema.names)
        coder = Coder.of(names, variables, options, file, read, bound.warnings if bound else ())
        made = cls(coder, schema, bound)
        made._choose()
        return made

    def _choose(self) -> None:
        """Which fields of the layout are read, of which columns of the table; their types are checked."""
        layout = self.coder.layout
        coded = [at for at, row in enumerate(layout.rows) if row >= 0]
        self._fields = tuple(sorted({*coded, layout.id_field, *layout.kept}))
        names = [layout.names[at] for at in self._fields]
        if self.bound is not None:
            names = [*self.bound.reads, *layout.kept_names]
        self.needed = tuple(name for name in self.schema.names if name in names)
        for at in self._fields:
            schema = self.bound.schema if self.bound is not None and at not in layout.kept else self.schema
            self._check(schema.field(layout.names[at]), coded=layout.rows[at] >= 0, identity=at == layout.id_field)

    def _check(self, column: Any, *, coded: bool, identity: bool) -> None:
        kind, file = column.type, self.coder.layout.file
        if not (codable(kind) if coded else as_text(kind)):
            also = "" if coded else ", dates and times"
            raise CasesError(f"{file}: column {column.name!r} is of type {kind}; allowed: {READABLE}{also}")
        if identity and (pa.types.is_boolean(kind) or pa.types.is_floating(kind)):
            raise CasesError(f"{file}: column {column.name!r} is of type {kind}; ids are text or whole")

    @property
    def findings(self) -> frozenset[str]:
        """The columns of the table that are coded as they are, without a preparation."""
        if self.bound is not None:
            return frozenset()
        layout = self.coder.layout
        return frozenset(name for name, row in zip(layout.names, layout.rows, strict=True) if row >= 0)

    @property
    def passed_on(self) -> frozenset[str]:
        """The columns of the table whose cells are not findings: the identifier, and what is only kept."""
        layout = self.coder.layout
        names = {layout.names[layout.id_field], *layout.kept_names}
        read = {name for name, row in zip(layout.names, layout.rows, strict=True) if row >= 0}
        return frozenset(names - read - set(self.bound.reads if self.bound is not None else ()))

    def under(self, variables: Sequence[Variable]) -> BatchCoder:
        """The same table, coded for the same variables in another model."""
        other = copy(self)
        other.coder = self.coder.under(variables)
        return other

    def code(self, piece: Piece) -> CodedBlock:
        """Code one batch of rows."""
        coder, layout, count = self.coder, self.coder.layout, piece.batch.num_rows
        columns, faults, counts = self._columns(piece)
        masks: Masks = np.repeat(coder.full[:, None], count, axis=1)
        translated = np.zeros((len(coder.slots), count), np.uint32)
        bad = np.zeros(count, np.bool_)
        bad[[fault.row for fault in faults]] = True
        for at, row in enumerate(layout.rows):
            if row >= 0:
                masks[row], codes, faulty = self._decode(row, columns[at])
                bad |= faulty
                if row in coder.slots:
                    translated[coder.slots[row]] = codes
        texts = [text_array(columns[at]) for at in (layout.id_field, *layout.kept)]
        named = well_named(texts[0])
        good = np.logical_and(~bad, named)
        rows = np.flatnonzero(good)
        rejects = self._explain(np.flatnonzero(~good), columns, piece.lines, faults)
        masks = np.ascontiguousarray(masks[:, rows])
        if len(rows) < count:
            texts = [text.take(pa.array(rows)) for text in texts]
        cells = text_cells(texts) if self.compiled else [text.to_pylist() for text in texts]
        return CodedBlock(
            records=count,
            line_count=piece.line_count,
            rows=rows,
            lines=None if piece.lines is None else piece.lines[rows],
            masks=masks,
            texts=cells,
            rejects=rejects,
            defaulted=coder.fill_setting(masks),
            hashes=_hashes(cells) if isinstance(cells, TextCells) else None,
            translated=translated[:, rows],
            prepared=counts,
        )

    def _columns(self, piece: Piece) -> tuple[dict[int, Any], Sequence[CellFault], Mapping[str, int]]:
        """The columns of a batch by field of the layout, once prepared, with what is to be said of its cells."""
        layout, batch = self.coder.layout, piece.batch
        faults: Sequence[CellFault] = piece.faults
        counts: Mapping[str, int] = piece.counts
        ours = batch
        if self.bound is not None:
            try:
                batch.validate(full=True)
            except pa.ArrowException as error:
                raise CasesError(f"{layout.file}: a text is not UTF-8: {error}") from None
            batch = pa.RecordBatch.from_arrays(list(map(one_array, batch.columns)), names=batch.schema.names)
            prepared = self.bound.prepare(batch)
            ours, faults, counts = prepared.batch, (*faults, *prepared.faults), {**counts, **prepared.counts}
            if ours.num_rows != batch.num_rows:
                raise RuntimeError(f"a preparation made {ours.num_rows} rows of {batch.num_rows}")
        columns = {}
        for at in self._fields:
            name = layout.names[at]
            column = (batch if at in layout.kept else ours).column(name)
            try:
                column.validate(full=True)
            except pa.ArrowException as error:
                raise CasesError(f"{layout.file}: column {name!r}: a text is not UTF-8: {error}") from None
            columns[at] = column
        return columns, faults, counts

    def _decode(self, row: int, column: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.bool_]]:
        """Masks of a column, what the mapping did, and which cells are bad; each different value is decoded once."""
        texts, at = distinct_cells(column)
        masks, translations, faulty = zip(*map(self.coder.decoders[row].meaning, texts), strict=True)
        return (
            np.take(np.array(masks, np.uint8), at),
            np.take(np.array(translations, np.uint32), at),
            np.take(np.array(faulty, np.bool_), at),
        )

    def _explain(
        self,
        rows: NDArray[np.int64],
        columns: Mapping[int, Any],
        lines: NDArray[np.int64] | None,
        faults: Sequence[CellFault],
    ) -> list[Reject]:
        """Every bad cell of the refused rows: first what the preparation says, then what the contract says."""
        if not len(rows):
            return []
        names = self.coder.layout.names
        of_row: dict[int, list[CellFault]] = {}
        for fault in faults:
            of_row.setdefault(fault.row, []).append(fault)
        rejects: list[Reject] = []
        texts = {at: list(map(cell_text, column.take(pa.array(rows)).to_pylist())) for at, column in columns.items()}
        for index, row in enumerate(rows.tolist()):
            cells = [""] * len(names)
            for at, column in texts.items():
                cells[at] = column[index]
            line = None if lines is None else int(lines[row])
            case_id = excerpt(cells[self.coder.layout.id_field])
            known_bad = [Reject(row, line, case_id, f.column, excerpt(f.value), f.problem) for f in of_row.get(row, ())]
            rejects += [*known_bad, *self.coder.explain_cells(row, line, cells, explained=bool(known_bad))]
        return rejects


def _hashes(cells: TextCells) -> NDArray[np.uint64]:
    from riskmodel.casefiles.read.compiled_kernel import hash_texts

    hashes = np.empty((2, cells.starts.shape[1]), np.uint64)
    hash_texts(cells.data, cells.starts[0], cells.lengths[0], hashes)
    return hashes
