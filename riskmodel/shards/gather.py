"""Texts that lie anywhere in a buffer, laid end to end, compiled."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def gathered(data, starts, offsets):
    """The bytes of all texts, one after the other; text i ends where ``offsets[i + 1]`` says."""
    out = np.empty(offsets[-1], np.uint8)
    for row in range(len(starts)):
        begin = starts[row] - offsets[row]
        for at in range(offsets[row], offsets[row + 1]):
            out[at] = data[begin + at]
    return out
