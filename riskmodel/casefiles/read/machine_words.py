"""Words of memory for the compiled kernels: unaligned loads and stores, and finding bytes in a word.

Addresses are plain integers; callers leave padding behind every buffer, so that a whole word can be touched.
"""

# mypy: ignore-errors
# Functions of the compiler: it gives them their types, which mypy cannot see.
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
ZEROS = np.uint64(0x3030303030303030)
NINES = np.uint64(0x7676767676767676)  # added to a byte above 9, sets its high bit
PAIRS = np.uint64(0x000000FF000000FF)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def _loader(kind, bits, *, real=False):
    @intrinsic
    def load(typing_context, address):  # noqa: ARG001 - the signature that numba asks for
        def build(context, builder, signature, arguments):  # noqa: ARG001
            llvm = ir.DoubleType() if real else ir.IntType(bits)
            pointer = builder.inttoptr(arguments[0], llvm.as_pointer())
            return builder.load(pointer, align=1)

        return kind(types.int64), build

    return load


load64 = _loader(types.uint64, 64)
load32 = _loader(types.int32, 32)
load8 = _loader(types.uint8, 8)
load_whole = _loader(types.int64, 64)
load_real = _loader(types.float64, 64, real=True)


@intrinsic
def trailing_zeros(typing_context, word):  # noqa: ARG001
    """Zero bits below the lowest one of a word that is not zero."""

    def build(context, builder, signature, arguments):  # noqa: ARG001
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), build


@njit(nogil=True, cache=True, inline="always")
def below(word, limit):
    """Marks bytes below ``limit`` (at most 0x80); the lowest mark is exact."""
    return (word - ONES * np.uint64(limit)) & ~word & HIGHS


@njit(nogil=True, cache=True, inline="always")
def equal(word, byte):
    """Marks bytes equal to ``byte``; the lowest mark is exact."""
    other = word ^ (ONES * np.uint64(byte))
    return (other - ONES) & ~other & HIGHS


@njit(nogil=True, cache=True, inline="always")
def first_bytes(word, count):
    """The word with all but its first ``count`` bytes (0 to 8) cleared."""
    return word & ~(ALL << np.uint64(4 * count) << np.uint64(4 * count))  # in two steps, as 64 is too far


@njit(nogil=True, cache=True, inline="always")
def digits_value(word, count):
    """The number that the first ``count`` bytes (1 to 8) write in digits, or -1 if one is no digit."""
    digits = (word ^ ZEROS) << np.uint64(64 - 8 * count)  # the missing front becomes zeros
    if ((digits + NINES) | digits) & HIGHS != 0:
        return -1
    pairs = (digits * np.uint64(10)) + (digits >> np.uint64(8))
    upper = (pairs & PAIRS) * np.uint64(0x000F424000000064)
    lower = ((pairs >> np.uint64(16)) & PAIRS) * np.uint64(0x0000271000000001)
    return np.int64((upper + lower) >> np.uint64(32))
