"""Numbers that are possible and yet cannot be meant: nobody has measured so rare, so large, so sure or so unsure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.records import RATIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskmodel.evidence.reading.statements import Fault, Numbers

RAREST = 1e-9  # a probability: one in a thousand million
FURTHEST = 1e6  # a ratio, or 1 over it
WIDEST = 1e8  # an interval: the odds (or ratio) at its high end over those at its low end; .0001 to .9999 is as wide
MOST_PEOPLE = 10**9
WHAT_IF = 1e12  # a ratio that is tried from Python and written nowhere
LEVELS = (0.5, 0.999)  # of an interval


def limit_faults(numbers: Numbers) -> Iterator[Fault]:
    """What cannot be meant of numbers that are possible by themselves.

    >>> from riskmodel.evidence.reading.statements import Numbers
    >>> [key for key, _, _ in limit_faults(Numbers("probability", 0.5, low=0.0, high=1.0))]
    ['low']
    """
    sizes = list(_size_faults(numbers, FURTHEST, RAREST))
    yield from sizes
    if not sizes and numbers.low is not None and numbers.high is not None:
        yield from _width_faults(numbers, numbers.low, numbers.high)
    if numbers.level is not None and not LEVELS[0] <= numbers.level <= LEVELS[1]:
        yield "level", f"received {numbers.level}", f"allowed: {LEVELS[0]} to {LEVELS[1]}, such as 0.95"
    for key, people in (("n", numbers.n), ("events", numbers.events)):
        if people is not None and people > MOST_PEOPLE:
            yield key, f"received {people}", f"allowed: up to {MOST_PEOPLE:,} people"


def what_if_faults(numbers: Numbers) -> Iterator[Fault]:
    """As :func:`limit_faults`, of a number that is tried from Python: only what cannot be computed with."""
    yield from _size_faults(numbers, WHAT_IF, 0.0)


def _size_faults(numbers: Numbers, furthest: float, rarest: float) -> Iterator[Fault]:
    for key, number in (("value", numbers.value), ("low", numbers.low), ("high", numbers.high)):
        if number is None:
            continue
        if numbers.quantity in RATIOS:
            if not 1 / furthest <= number <= furthest:
                yield key, f"received {number}", f"allowed: a ratio from {1 / furthest:g} to {furthest:,.0f}"
        elif 0 < number < rarest or 1 - rarest < number < 1:
            allowed = f"allowed: 0, 1, or a probability from {rarest:g} to 1 - {rarest:g}"
            yield key, f"received {number}", allowed


def _width_faults(numbers: Numbers, low: float, high: float) -> Iterator[Fault]:
    ratio = numbers.quantity in RATIOS
    if low == high and (ratio or 0 < numbers.value < 1):
        allowed = "allowed: low < high; nothing but a probability of 0 or 1 is known exactly"
        yield "low", f"an interval of no width, {low} to {high}", allowed
    elif not ratio and (low, high) == (0.0, 1.0):
        yield "low", "an interval from 0 to 1", "allowed: a narrower one; where nothing is known, n = 2 says so"
    elif low > 0 and (ratio or high < 1):
        width = high / low if ratio else high * (1 - low) / (low * (1 - high))
        if width > WIDEST:
            what = "the ratio" if ratio else "the odds"
            received = f"an interval from {low} to {high}"
            yield "low", received, f"allowed: {what} at high at most {WIDEST:,.0f} times those at low"
