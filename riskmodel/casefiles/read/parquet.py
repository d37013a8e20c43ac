"""Parquet as a case file: every different value of a column is read once, as the text a CSV would hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from riskmodel.arrays import Masks
from riskmodel.casefiles.options import SMALL_RECORDS, Reject, RunOptions
from riskmodel.casefiles.read.block import CodedBlock, Coder, TextCells, id_problem
from riskmodel.casefiles.read.blocks import PAD
from riskmodel.cases.cells import CellProblem, value_text
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable

BATCH = 1 << 15


class ParquetReader:
    """An open Parquet file as a `CaseReader`; it reads only the columns that are needed."""

    kind = "Parquet"
    header_lines = 0

    @staticmethod
    def open_columns(path: Path) -> Any:
        """The file as its ``schema_arrow``, ``metadata.num_rows``, ``iter_batches`` and ``close``."""
        return pq.ParquetFile(path)

    def __init__(self, path: Path, variables: Sequence[Variable], options: RunOptions) -> None:
        self.name = str(path)
        self.path = path
        try:
            self._file = self.open_columns(path)
        except OSError as error:
            raise CasesError(f"{path}: {error.strerror or error}") from None
        except pa.ArrowException as error:
            raise CasesError(f"{path}: not a readable {self.kind} file: {error}") from None
        schema = self._file.schema_arrow
        self.coder = Coder.of(schema.names, variables, options, self.name)
        layout = self.coder.layout
        coded = [field for field, row in enumerate(layout.rows) if row >= 0]
        self._texts = (layout.id_field, *layout.kept)
        self._fields = sorted({*coded, *self._texts})
        self._check_types([schema.field(field) for field in self._fields])
        self._total = self._file.metadata.num_rows
        small = options.engine == "small" or (options.engine == "auto" and self._total <= SMALL_RECORDS)
        self.engine: Literal["small", "compiled"] = "small" if small else "compiled"
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _check_types(self, fields: Sequence[Any]) -> None:
        for field in fields:
            if not _readable(field.type):
                allowed = "text, whole and decimal numbers, booleans"
                raise CasesError(f"{self.name}: column {field.name!r} is of type {field.type}; allowed: {allowed}")
        identity = self._file.schema_arrow.field(self.coder.layout.id_field)
        if pa.types.is_floating(identity.type) or pa.types.is_boolean(identity.type):
            raise CasesError(f"{self.name}: column {identity.name!r} is of type {identity.type}; ids are text or whole")

    def items(self) -> Iterator[Any]:
        names = [self.coder.layout.names[field] for field in self._fields]
        batches = self._file.iter_batches(batch_size=BATCH, columns=names)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise CasesError(f"{self.name}: damaged after row {self._done}: {error}") from None
            if batch is None:
                return
            self._done += batch.num_rows
            yield batch

    def read(self, item: Any) -> CodedBlock:
        """Code one batch of rows."""
        coder, layout, count = self.coder, self.coder.layout, item.num_rows
        columns = {field: item.column(self.coder.layout.names[field]) for field in self._fields}
        try:
            for column in columns.values():
                column.validate(full=True)
        except pa.ArrowException as error:
            raise CasesError(f"{self.name}: a text is not UTF-8: {error}") from None
        masks: Masks = np.repeat(coder.full[:, None], count, axis=1)
        translated = np.zeros((len(coder.slots), count), np.uint32)
        bad = np.zeros(count, np.bool_)
        for field, row in enumerate(layout.rows):
            if row >= 0:
                masks[row], codes, faulty = self._decode(row, columns[field])
                bad |= faulty
                if row in coder.slots:
                    translated[coder.slots[row]] = codes
        texts = [_as_texts(columns[field]) for field in self._texts]
        named = np.array([not id_problem(text) for text in texts[0].to_pylist()], np.bool_)
        good = np.logical_and(~bad, named)
        rows = np.flatnonzero(good)
        rejects = self._explain(np.flatnonzero(~good), columns)
        masks = np.ascontiguousarray(masks[:, rows])
        if len(rows) < count:
            texts = [text.take(pa.array(rows)) for text in texts]
        cells = [text.to_pylist() for text in texts] if self.engine == "small" else _as_bytes(texts)
        return CodedBlock(
            records=count,
            line_count=0,
            rows=rows,
            lines=None,
            masks=masks,
            texts=cells,
            rejects=rejects,
            defaulted=coder.fill_setting(masks),
            hashes=_hashes(cells) if isinstance(cells, TextCells) else None,
            translated=translated[:, rows],
        )

    def reread(self, item: Any, variables: Sequence[Variable]) -> CodedBlock:
        """Code one batch of rows for the same variables in another model."""
        other = copy(self)
        other.coder = self.coder.under(variables)
        return other.read(item)

    def _decode(self, row: int, column: Any) -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.bool_]]:
        """Masks of a column, what the mapping did, and which cells are bad; each different value is decoded once."""
        decoder = self.coder.decoders[row]
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        texts = [value_text(value) for value in [*encoded.dictionary.to_pylist(), None]]
        decoded = [decoder.decode(text) for text in texts]
        faulty = np.array([isinstance(mask, CellProblem) for mask in decoded])
        masks = np.array([0 if isinstance(mask, CellProblem) else mask for mask in decoded], np.uint8)
        translations = np.array([decoder.translation(text) for text in texts], np.uint32)
        codes = encoded.indices.fill_null(len(decoded) - 1) if encoded.null_count else encoded.indices
        at = np.asarray(codes)
        return np.take(masks, at), np.take(translations, at), np.take(faulty, at)

    def _explain(self, rows: NDArray[np.int64], columns: dict[int, Any]) -> list[Reject]:
        rejects: list[Reject] = []
        for row in rows.tolist():
            cells = [""] * len(self.coder.layout.names)
            for field, column in columns.items():
                cells[field] = value_text(column[row].as_py())
            rejects += self.coder.explain_cells(row, None, cells)
        return rejects

    def progress(self) -> tuple[int, int | None]:
        return self._done, self._total

    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _readable(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _readable(kind.value_type)
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_null,
    )
    return any(test(kind) for test in tests)


def _as_texts(column: Any) -> Any:
    """A column to pass on, as an array of texts without nulls."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.fill_null(column.cast(pa.large_string()), "")
    return pa.array([value_text(value) for value in column.to_pylist()], pa.large_string())


def _as_bytes(texts: Sequence[Any]) -> TextCells:
    """Arrays of texts as the compiled renderer takes them: every quote doubled, one buffer."""
    parts, starts, base = [], [], 0
    lengths = []
    for text in texts:
        doubled = pc.replace_substring(text, '"', '""')
        if doubled.offset:
            raise RuntimeError("an array that was just made begins in the middle of its buffer")
        offsets = np.frombuffer(doubled.buffers()[1], np.int64)[: len(doubled) + 1]
        data = np.frombuffer(doubled.buffers()[2] or b"", np.uint8)[: offsets[-1]]
        starts.append(offsets[:-1] + base)
        lengths.append(np.diff(offsets))
        parts.append(data)
        base += len(data)
    return TextCells(np.concatenate([*parts, np.zeros(PAD, np.uint8)]), np.stack(starts), np.stack(lengths))


def _hashes(cells: TextCells) -> NDArray[np.uint64]:
    from riskmodel.casefiles.read.compiled_kernel import hash_texts

    hashes = np.empty((2, cells.starts.shape[1]), np.uint64)
    hash_texts(cells.data, cells.starts[0], cells.lengths[0], hashes)
    return hashes
