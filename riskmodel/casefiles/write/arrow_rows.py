"""Scored blocks as Arrow: numbers as numbers, words as text; what Parquet, Arrow and record batches out are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from riskmodel.answers.column_types import Integer, Number, OutputColumn
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.write.plain import output_names
from riskmodel.casefiles.write.words import distinct_words


def result_schema(columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> Any:
    """The Arrow schema of a result: numbers are doubles, counts whole, all else text."""
    names = output_names(columns, kept_names)
    kinds = [pa.string(), *map(_kind, columns), *(pa.string() for _ in kept_names)]
    return pa.schema(list(zip(names, kinds, strict=True)))


def result_arrays(block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
    """One Arrow array a column of the result. Texts are as they are: no spreadsheet reads them."""
    identifiers, *kept = (pa.array(words, pa.string()) for words in block.words())
    return [identifiers, *map(arrow_array, columns), *kept]


def _kind(column: OutputColumn) -> Any:
    if isinstance(column, Number):
        return pa.float64()
    return pa.int64() if isinstance(column, Integer) else pa.string()


def arrow_array(column: OutputColumn) -> Any:
    """A column as an Arrow array; NaN is null, no word is an empty text as in CSV."""
    if isinstance(column, Number):
        return pa.array(np.ascontiguousarray(column.values), pa.float64(), from_pandas=True)
    if isinstance(column, Integer):
        return pa.array(np.ascontiguousarray(column.values), pa.int64())
    codes, words = distinct_words(column)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string())).cast(pa.string())
