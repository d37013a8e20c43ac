"""Frames of any library as pandas frames and back, by way of Arrow; no library is imported that the caller lacks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from riskmodel.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

EXPORTS = ("__arrow_c_stream__", "__arrow_c_array__")  # of the Arrow PyCapsule interface


def is_arrow(cases: object) -> bool:
    """Whether cases are a frame of Arrow, of polars, or of whatever hands itself over as Arrow (duckdb, nanoarrow)."""
    return _is_lazy(cases) or any(hasattr(cases, export) for export in EXPORTS)


def _is_lazy(cases: object) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(cases, polars.LazyFrame)


def table_of(cases: Any) -> Any:
    """A frame that is no pandas frame as an Arrow table.

    Raises
    ------
    UsageError
        where it is no table: a single column, for example.
    """
    import pyarrow as pa

    if _is_lazy(cases):
        cases = cases.collect()
    try:
        return pa.table(cases)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UsageError(f"cases is a {type(cases).__name__} that is no table of columns: {error}") from None


def frame_of(table: Any) -> pd.DataFrame:
    """An Arrow table as a pandas frame whose cells stay as they are: no whole number becomes one with a point."""
    import pandas as pd
    import pyarrow as pa

    from riskmodel.casefiles.read.cell_types import one_array

    columns = []
    for column in table.columns:
        chunks = [one_array(chunk) for chunk in column.chunks]
        chunks = [chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk for chunk in chunks]
        columns.append(pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.large_string()))
    frame = pd.concat(
        [pd.Series(pd.arrays.ArrowExtensionArray(column)) for column in columns], axis=1
    ) if columns else pd.DataFrame(index=range(table.num_rows))  # fmt: skip
    frame.columns = pd.Index(table.column_names, dtype=object)
    return frame


def as_given(cases: object, answer: pd.DataFrame) -> Any:
    """An answer about cases as the kind of frame that they came in: pandas, polars, or else an Arrow table."""
    if not is_arrow(cases) or _is_pandas(cases):
        return answer
    import pyarrow as pa

    table = pa.Table.from_pandas(answer, preserve_index=False).replace_schema_metadata(None)
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(cases, polars.DataFrame | polars.LazyFrame):
        return polars.from_arrow(table)
    return table


def _is_pandas(cases: object) -> bool:
    import pandas as pd

    return isinstance(cases, pd.DataFrame | pd.Series)


def type_problem(column: pd.Series) -> str:
    """Why no cell of a column can be a finding, or nothing: dates, times, lists, bytes."""
    import pandas as pd

    from riskmodel.casefiles.read.cell_types import READABLE, codable

    kind = column.dtype
    if isinstance(kind, pd.ArrowDtype):
        unread = not codable(kind.pyarrow_dtype)
    else:
        unread = kind.kind in "mMV" or isinstance(kind, pd.PeriodDtype | pd.IntervalDtype | pd.DatetimeTZDtype)
    name = str(kind).removesuffix("[pyarrow]") if isinstance(kind, pd.ArrowDtype) else str(kind)
    return f"column {column.name!r} is of type {name}; allowed: {READABLE}" if unread else ""
