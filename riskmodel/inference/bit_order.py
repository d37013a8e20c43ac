"""In which order the conditions take the bits of a joint state, so that tables are as narrow as can be.

A table that speaks of the lowest k bits only is multiplied while a case has 2^k numbers, which are repeated as the
tables grow. The work of a case is about the sum of the widths.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import permutations

MOST_TRIED = 5_040  # orders of the bits, among those that inner tables speak of and among the others
LEAST_RUN = 4  # neighbours that a processor takes at once: shorter halves take so many times longer
SLOW = 3


def bits_needed(order: Sequence[str], spoken: Collection[str]) -> int:
    """How many of the lowest bits a table needs that speaks of these names; the highest bit stands first.

    >>> bits_needed(["mimic", "infection", "fracture"], {"infection"})
    2
    """
    return max((len(order) - order.index(name) for name in spoken), default=0)


def choose_order(
    bits: Sequence[str], inner: Collection[str], scopes: Iterable[Collection[str]], mixed: Collection[str]
) -> list[str]:
    """The bits, the highest first, those of the inner tables last, each part in the order with the least work.

    Parameters
    ----------
    bits
        in file order; where there are too many to try all orders, they stay in it.
    inner
        those that the inner tables speak of.
    scopes
        what each other table speaks of.
    mixed
        those that manifestation nodes share.
    """
    spoken = tuple(tuple(name for name in bits if name in scope) for scope in scopes)
    return list(_least_work(tuple(bits), frozenset(inner), spoken, tuple(mixed)))


@lru_cache(maxsize=64)  # networks that differ in their numbers alone are compiled again and again
def _least_work(
    bits: tuple[str, ...], inner: frozenset[str], scopes: tuple[tuple[str, ...], ...], mixed: tuple[str, ...]
) -> tuple[str, ...]:
    listed = [set(scope) for scope in scopes]

    def work(order: Sequence[str]) -> int:
        widths = sum(1 << bits_needed(order, scope) for scope in listed)
        halves = [1 << (len(bits) - 1 - order.index(name)) for name in mixed]
        return widths + sum((1 if half >= LEAST_RUN else SLOW) << (len(bits) - 1) for half in halves)

    low, high = ([name for name in bits if (name in inner) is inside] for inside in (True, False))
    high = min(_orders(high), key=lambda before: work([*before, *low]))
    return (*high, *min(_orders(low), key=lambda behind: work([*high, *behind])))


def _orders(names: Sequence[str]) -> Iterable[list[str]]:
    """Every order, that of the names first; only that one where there are too many."""
    for tried, order in enumerate(permutations(names)):
        if tried == MOST_TRIED:
            return
        yield list(order)
