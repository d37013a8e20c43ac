"""Batches of cases in, batches of results out: one row for each row, whatever the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from riskmodel.batches.packed import LARGE, PackedModel
from riskmodel.errors import CasesError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from riskmodel.answers.column_types import OutputColumn
    from riskmodel.casefiles.options import Reject, RunOptions
    from riskmodel.casefiles.read.batch_coder import BatchCoder
    from riskmodel.casefiles.read.block import CodedBlock

PROBLEM = "problem"
OnError = Literal["column", "raise"]
FILE = "cases"  # what messages call a table
Bools = NDArray[np.bool_]
_BETWEEN = " | "  # several problems of one row


@dataclass(frozen=True)
class RowScorer:
    """Scores the batches of a table: one row of results for each row, in the same order.

    It can be pickled, and where it is unpickled no prior files are needed.

    Attributes
    ----------
    model
        what it scores with.
    table
        the Arrow schema of the columns that a batch has: those that are read or kept; others are passed over.
    options
        how cells are read; ``options.keep`` are columns of the table that are passed on as they are.
    on_error
        ``"column"``: a row that cannot be scored has no results, and its problems in the column ``problem``, which is
        null in all others. ``"raise"``: the first such row is an error, and there is no column ``problem``.
    """

    model: PackedModel
    table: pa.Schema
    options: RunOptions
    on_error: OnError = "column"

    def __getstate__(self) -> dict[str, Any]:
        return {name: vars(self)[name] for name in self.__dataclass_fields__}

    @cached_property
    def coder(self) -> BatchCoder:
        """What codes a batch; made anew in each process."""
        from riskmodel.casefiles.read.batch_coder import BatchCoder

        variables = self.model.unpacked().scoring.variables
        coder = BatchCoder.of(self.table, variables, replace(self.options, keep=()), FILE)
        coder.compiled = True
        return coder

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of the table that are read or kept, in its order."""
        wanted = {*self.coder.needed, *self.options.keep}
        return tuple(name for name in self.table.names if name in wanted)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the results: ``case_id``, the output columns, those kept in their types, ``problem``.

        Raises
        ------
        UsageError
            where a column to keep has the name of an output column.
        """
        import pyarrow as pa

        from riskmodel.casefiles.write.arrow_rows import result_schema

        model, kept = self.model.unpacked(), self.options.keep
        fields = list(result_schema(model.score(0)(self.coder.coder.no_masks()).columns, kept))
        fields[len(fields) - len(kept) :] = [self.table.field(name) for name in kept]
        if self.on_error == "column":
            if PROBLEM in kept:
                raise UsageError(f"column {PROBLEM!r} cannot be kept: the output has a column of that name")
            fields.append(pa.field(PROBLEM, pa.string()))
        return pa.schema(fields)

    @property
    def id_column(self) -> str:
        """The column of the table that names the cases."""
        layout = self.coder.coder.layout
        return layout.names[layout.id_field]

    @property
    def record(self) -> dict[str, object]:
        """What the results depend on: version, hashes of the model, the priors and the mapping, policy, recording."""
        scoring, mapping = self.model.unpacked().scoring, self.coder.coder.mapping
        return {
            "riskmodel": self.model.version,
            "model": scoring.model_hash,
            "inputs": {"priors": scoring.inputs} | ({"mapping_sha256": mapping.sha256} if mapping.sha256 else {}),
            "policy": scoring.policy.name,
            "recording": scoring.blanks.profile,
        }

    def score(self, batch: pa.RecordBatch, refused: Bools | None = None, why: str = "") -> pa.RecordBatch:
        """The results of one batch.

        Parameters
        ----------
        refused
            rows, (rows of the batch,), that are not to be scored, for the reason ``why``.

        Raises
        ------
        CasesError
            with ``on_error="raise"``, naming the first row that cannot be scored.
        """
        import pyarrow as pa

        from riskmodel.casefiles.read.batch_coder import Piece
        from riskmodel.casefiles.read.cell_types import text_array
        from riskmodel.casefiles.select_rows import without_impossible

        coded = self.coder.code(Piece(batch))
        scored = self.model.unpacked().score(len(coded.rows))(coded.masks)
        coded, columns = without_impossible(coded, scored)
        if refused is not None and refused.any():
            coded, columns = self._without(coded, columns, refused, why)
        if coded.rejects and self.on_error == "raise":
            first = coded.rejects[0]
            raise CasesError(f"case {first.case_id!r}: {reject_text(first)}")
        arrays = [text_array(batch.column(self.id_column)).cast(pa.string()), *_results(coded, columns)]
        arrays += [batch.column(name) for name in self.options.keep]
        if self.on_error == "column":
            arrays.append(_problems(coded))
        return pa.RecordBatch.from_arrays(arrays, names=self.schema.names)

    def table_of(self, cases: pa.Table) -> pa.Table:
        """The results of a table in memory."""
        import pyarrow as pa

        wanted = cases.select(self.needed).cast(pa.schema([self.table.field(name) for name in self.needed]))
        return pa.Table.from_batches(map(self.score, wanted.to_batches()), self.schema)

    def pandas(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The results of a pandas frame, with its index: for ``map_partitions`` of Dask."""
        import pyarrow as pa

        table = pa.Table.from_pandas(frame[[*self.needed]], preserve_index=False)
        scored: pd.DataFrame = self.table_of(table).to_pandas()
        return scored.set_index(frame.index)

    def polars(self, frame: pl.LazyFrame | pl.DataFrame) -> pl.LazyFrame:
        """The results of a Polars frame, lazily; in the streaming engine batch by batch.

        Raises
        ------
        UsageError
            where polars is missing.
        """
        try:
            import polars as pl
        except ImportError:
            raise UsageError("frames of Polars need polars: pip install 'riskmodel[polars]'") from None

        def scored(part: pl.DataFrame) -> pl.DataFrame:
            return pl.DataFrame(self.table_of(part.to_arrow()))

        names = pl.DataFrame(self.schema.empty_table()).schema
        cases = frame.lazy().select(self.needed)
        return cases.map_batches(scored, schema=names, streamable=True, validate_output_schema=False)

    def _without(
        self, coded: CodedBlock, columns: Sequence[OutputColumn], refused: Bools, why: str
    ) -> tuple[CodedBlock, tuple[OutputColumn, ...]]:
        """Move rows from the accepted to the rejected ones."""
        from riskmodel.casefiles.select_rows import take_coded, take_columns

        again = refused[coded.rows]
        gone = take_coded(coded, np.flatnonzero(again))
        rejects = [gone.reject(row, self.id_column, gone.case_id(row), why) for row in range(len(gone.rows))]
        good = np.flatnonzero(~again)
        rejects = sorted([*coded.rejects, *rejects], key=lambda reject: reject.record)
        return replace(take_coded(coded, good), rejects=rejects), take_columns(columns, good)


def _results(coded: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
    """One array a column, null in the rows that were rejected."""
    import pyarrow as pa

    from riskmodel.answers.column_types import Flags, Text
    from riskmodel.casefiles.write.arrow_rows import arrow_array
    from riskmodel.casefiles.write.word_arrays import word_array

    worded = coded.records >= LARGE
    arrays = [
        word_array(column) if worded and isinstance(column, Text | Flags) else arrow_array(column) for column in columns
    ]
    if len(coded.rows) == coded.records:
        return arrays
    at, rejected = np.zeros(coded.records, np.int64), np.ones(coded.records, np.bool_)
    at[coded.rows], rejected[coded.rows] = np.arange(len(coded.rows)), False
    rows = pa.array(at, mask=rejected)
    return [array.take(rows) for array in arrays]


def _problems(coded: CodedBlock) -> Any:
    """For each row what is wrong with it, null where nothing is."""
    import pyarrow as pa

    texts: list[str | None] = [None] * coded.records
    for reject in coded.rejects:
        before, text = texts[reject.record], reject_text(reject)
        texts[reject.record] = text if before is None else before + _BETWEEN + text
    return pa.array(texts, pa.string())


def reject_text(reject: Reject) -> str:
    """What is wrong with a cell in words: its column, its value, what is allowed.

    >>> from riskmodel.casefiles.options import Reject
    >>> reject_text(Reject(1, None, "p1", "age", "fifty", "not understood; allowed: a number"))
    "age 'fifty': not understood; allowed: a number"
    """
    return f"{reject.column} {reject.value!r}: {reject.problem}" if reject.column else reject.problem
