"""Typed cells as the texts that a CSV would hold: what an Arrow column may be, and what it then says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskmodel.casefiles.read.block import TextCells
from riskmodel.casefiles.read.blocks import PAD
from riskmodel.cases.cells import value_text

READABLE = "text, whole and decimal numbers, booleans"
_TESTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_null,
)


def codable(kind: Any) -> bool:
    """Whether cells of an Arrow type can be findings: what says one value that a CSV could hold."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return codable(kind.value_type)
    return any(test(kind) for test in _TESTS)


def as_text(kind: Any) -> bool:
    """Whether cells of an Arrow type can be passed on as texts: also dates and times."""
    return codable(kind) or (not pa.types.is_dictionary(kind) and pa.types.is_temporal(kind))


def one_array(column: Any) -> Any:
    """A column as an array that pyarrow's functions take: no views, no runs."""
    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    if pa.types.is_dictionary(column.type) and pa.types.is_string_view(column.type.value_type):
        words = column.dictionary.cast(pa.large_string())
        column = pa.DictionaryArray.from_arrays(column.indices, words, ordered=column.type.ordered)
    return column


def plain_type(kind: Any) -> Any:
    """The type that :func:`one_array` gives a column of a type."""
    return one_array(pa.nulls(0, kind)).type


def distinct_cells(column: Any) -> tuple[list[str], NDArray[np.integer[Any]]]:
    """The different texts of a column, the last of them that of a blank, and which of them each row holds."""
    column = one_array(column)
    if pa.types.is_dictionary(column.type) and len(column.dictionary) > len(column):
        column = column.dictionary_decode()  # a large dictionary is not read once a batch
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    texts = [value_text(value) for value in [*encoded.dictionary.to_pylist(), None]]
    codes = encoded.indices
    if codes.null_count:
        if codes.type.bit_width < pa.int32().bit_width:
            codes = codes.cast(pa.int32())  # small codes may have no room for one more
        codes = codes.fill_null(len(texts) - 1)
    return texts, np.asarray(codes)


def cell_text(value: object) -> str:
    """The text of a typed cell as Python has it; dates and times as ISO 8601 writes them.

    >>> import datetime
    >>> cell_text(datetime.datetime(2024, 5, 1)), cell_text(datetime.datetime(2024, 5, 1, 8, 30)), cell_text(2.0)
    ('2024-05-01', '2024-05-01 08:30:00', '2')
    """
    import datetime

    if isinstance(value, datetime.datetime) and value.time() == datetime.time() and value.tzinfo is None:
        return str(value.date())
    return value_text(value)


def text_array(column: Any) -> Any:
    """A column to pass on, as an array of texts without nulls."""
    column = one_array(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.fill_null(column.cast(pa.large_string()), "")
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return pa.array([cell_text(value) for value in column.to_pylist()], pa.large_string())


def well_named(texts: Any) -> np.ndarray:
    r"""Which of an array of texts can name a case: see :func:`riskmodel.casefiles.read.block.id_problem`.

    >>> well_named(pa.array(["a b", " \t", "", "a\nb", "ü"])).tolist()
    [True, False, False, False, True]
    """
    blank = pc.equal(pc.binary_length(pc.utf8_trim(texts, characters=" \t")), 0)
    broken = pc.match_substring_regex(texts, pattern=r"[\n\r\x00]")
    return np.asarray(pc.invert(pc.or_(blank, broken)).to_numpy(zero_copy_only=False), np.bool_)


def text_cells(texts: Sequence[Any]) -> TextCells:
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
