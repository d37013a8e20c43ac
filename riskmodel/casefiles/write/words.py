"""Columns of labels as words, each combination of labels written out once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import Flags, Text


def distinct_words(column: Text | Flags) -> tuple[NDArray[np.intp], list[str]]:
    """The different words of a column, labels joined by ``|``, and which of them each row shows.

    >>> distinct_words(Flags("tests", np.array([[True, False, True], [True, False, True]]), ("crp", "esr")))
    (array([0, 1, 0]), ['crp|esr', ''])
    """
    if isinstance(column, Text) and len(column.codes) == 1:
        return column.codes[0].astype(np.intp) + 1, ["", *column.labels]
    keys = column.codes.T if isinstance(column, Text) else np.packbits(column.bits, axis=0).T
    if 0 in keys.shape:
        return np.zeros(len(keys), np.intp), [""]
    rows = np.ascontiguousarray(keys).view(f"V{keys.shape[1] * keys.itemsize}").ravel().tolist()  # a row as bytes
    numbers = {key: number for number, key in enumerate(dict.fromkeys(rows))}
    words = ["|".join(column.labels[index] for index in _labels(column, key)) for key in numbers]
    return np.fromiter(map(numbers.__getitem__, rows), np.intp, len(rows)), words


def _labels(column: Text | Flags, key: bytes) -> NDArray[np.intp]:
    """The labels that a row with these bytes shows."""
    if isinstance(column, Flags):
        return np.flatnonzero(np.unpackbits(np.frombuffer(key, np.uint8)))
    codes = np.frombuffer(key, column.codes.dtype)
    return codes[codes >= 0].astype(np.intp)
