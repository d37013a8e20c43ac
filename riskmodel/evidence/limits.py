"""The numbers of a statement: which are possible, and which of these can be meant.

Nobody has measured what is so rare, so large, so sure or so unsure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from riskmodel.evidence.records import RATIOS

RAREST = 1e-9  # a probability: one in a thousand million
FURTHEST = 1e6  # a ratio, or 1 over it
WIDEST = 1e8  # an interval: the odds (or ratio) at its high end over those at its low end; .0001 to .9999 is as wide
MOST_PEOPLE = 10**9
MOST_CORRELATED = 0.99  # findings of a group: at 1 they would be one finding
WHAT_IF = 1e12  # a ratio that is tried from Python and written nowhere
LEVELS = (0.5, 0.999)  # of an interval
Fault = tuple[str, str, str]  # key, what was received, what is allowed


def highest(quantity: str) -> float:
    """The end of a quantity's values: infinite for a ratio, 0.99 for a correlation, 1 for what is a probability."""
    return math.inf if quantity in RATIOS else MOST_CORRELATED if quantity == "dependence" else 1.0


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a statement says in figures."""

    quantity: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    events: int | None = None
    level: float | None = None


def number_faults(table: Numbers) -> Iterator[Fault]:
    """What is wrong with the numbers of a statement."""
    ratio = table.quantity in RATIOS
    for key, number in (("value", table.value), ("low", table.low), ("high", table.high)):
        if number is None:
            continue
        if ratio and number <= 0:
            yield key, f"received {number}", "allowed: a ratio above 0"
        if table.quantity == "dependence" and not 0 <= number <= MOST_CORRELATED:
            yield key, f"received {number}", f"allowed: a correlation from 0 (switched off) to {MOST_CORRELATED}"
        elif not ratio and not 0 <= number <= 1:
            yield key, f"received {number}", "allowed: a probability in [0, 1]"
    if table.quantity == "recorded" and table.value in (0, 1):
        impossible = "a blank" if table.value == 1 else "the written state"
        yield "value", f"received {table.value:g}", f"allowed: above 0 and below 1; {impossible} would be impossible"
    yield from _interval_faults(table)
    yield from _count_faults(table)


def _interval_faults(table: Numbers) -> Iterator[Fault]:
    low, high = table.low, table.high
    if (low is None) != (high is None):
        alone, other = ("low", "high") if high is None else ("high", "low")
        yield alone, f"{alone} without {other}", "low and high together"
    elif low is None or high is None:
        if table.level is not None:
            yield "level", "level without an interval", "low and high with it, or no level"
        if table.quantity in RATIOS:
            yield "low", "a ratio without an interval", "low and high: a ratio has no default size"
    else:
        if not low <= table.value <= high:
            yield (
                "value",
                f"received {table.value}, outside its range {low} to {high}",
                "allowed: low <= value <= high",
            )
        if table.quantity == "dependence" and table.value == 0 < high:
            yield "low", "an interval around a correlation of 0", "value = 0 alone, which switches it off"
        elif table.quantity not in RATIOS and table.value in (0, 1) and low < high:
            yield (
                "low",
                f"an interval around {table.value:g}",
                "events and n: a probability of 0 or 1 has no log-odds",
            )
        if table.n is not None:
            yield "n", "both an interval and n", "one of them (the other may stand in the note)"
    if table.level is not None and not 0 < table.level < 1:
        yield "level", f"received {table.level}", "allowed: a number between 0 and 1, such as 0.95"


def _count_faults(table: Numbers) -> Iterator[Fault]:
    events, n = table.events, table.n
    if n is not None and n <= 0:
        yield "n", f"received {n}", "allowed: a whole number above 0"
        return
    if n is not None and table.quantity in RATIOS:
        yield "n", f"n with quantity {table.quantity}", "low and high for a ratio"
    if events is None:
        return
    if n is None:
        yield "events", "events without n", "events and n together"
    elif not 0 <= events <= n:
        yield "events", f"received {events} of n = {n}", "allowed: 0 <= events <= n"
    elif abs(table.value - events / n) > _rounding(table.value):
        received = f"received {table.value}, but events / n = {events / n:.6g}"
        yield "value", received, "allowed: events / n, rounded"


def _rounding(value: float) -> float:
    """Half a unit of the last digit that is written; a bare 0 or 1 is meant exactly."""
    exponent = int(Decimal(repr(value)).as_tuple().exponent)
    return (0.0 if value in (0, 1) else 0.5 * 10.0**exponent) + 1e-12


def limit_faults(numbers: Numbers) -> Iterator[Fault]:
    """What cannot be meant of numbers that are possible by themselves.

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
        elif numbers.quantity == "dependence" and 0 < number < rarest:
            yield key, f"received {number}", f"allowed: 0, or a correlation from {rarest:g} to {MOST_CORRELATED}"
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
