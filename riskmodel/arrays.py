"""The arrays that the parts hand to each other, by what they hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Masks = NDArray[np.uint8]  # one byte a variable and case: bit s is set while state s is still possible
Ints = NDArray[np.int64]  # counts
States = NDArray[np.int64]  # positions of states in their variables

CACHE_LINE = 64  # bytes


def end_to_end(arrays: Sequence[Array]) -> Array:
    """Numbers of several arrays in one row, from the beginning of a line of the processor's cache.

    Where rows lie across such lines, each of the widest loads is two.
    """
    count, size = sum(array.size for array in arrays), np.dtype(np.float64).itemsize
    room = np.empty(count + CACHE_LINE // size)
    first = -room.ctypes.data % CACHE_LINE // size
    row = room[first : first + count]
    start = 0
    for array in arrays:
        row[start : start + array.size] = array.ravel()
        start += array.size
    return row
