"""Whether a condition of branching logic holds: true, false, or not to be told from what an export has."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from riskmodel.redcap.logic import (
    AnyPart,
    Compare,
    Condition,
    Constant,
    EveryPart,
    FieldValue,
    Negated,
    Unreadable,
    Value,
)

Lookup = Callable[[FieldValue], str | None]  # None where the export does not have the value
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9:]+)?")
SOME_TEXT = "\0"  # a value that is not blank, in a spelling that is not known
_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def holds(condition: Condition, value_of: Lookup) -> bool | None:
    """The truth of a condition; None where it hangs on a part that cannot be evaluated.

    Texts are compared as they are written, numbers by their value, dates year first. Where REDCap's own answer depends
    on its version or on the browser (a blank that is less than something, or equal to 0 without quotes), there is none
    here.

    Examples
    --------
    >>> from riskmodel.redcap.logic import parse_logic
    >>> values = {"sex": "0", "age": "", "note": None}
    >>> [holds(parse_logic(text), lambda asked: values[asked.field])
    ...  for text in ("[sex] = '0'", "[age] <> ''", "[age] < 5", "[sex] = '0' or [note] = 'x'")]
    [True, False, None, True]
    """
    if isinstance(condition, Unreadable):
        return None
    if isinstance(condition, Compare):
        return _compared(condition, value_of)
    if isinstance(condition, Negated):
        inner = holds(condition.part, value_of)
        return None if inner is None else not inner
    parts = [holds(part, value_of) for part in condition.parts]
    decisive = isinstance(condition, AnyPart)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def fields_asked(condition: Condition) -> Iterator[FieldValue]:
    """Every field whose value a condition asks for."""
    if isinstance(condition, Compare):
        yield from (value for value in (condition.first, condition.second) if isinstance(value, FieldValue))
    elif isinstance(condition, Negated):
        yield from fields_asked(condition.part)
    elif isinstance(condition, EveryPart | AnyPart):
        for part in condition.parts:
            yield from fields_asked(part)


def _compared(compare: Compare, value_of: Lookup) -> bool | None:
    first, second = _text(compare.first, value_of), _text(compare.second, value_of)
    if first is None or second is None:
        return None
    numbers = bool(_NUMBER.fullmatch(first.strip()) and _NUMBER.fullmatch(second.strip()))
    if compare.sign in _ORDERS:
        order = _ORDERS[compare.sign]
        if numbers:
            return bool(order(Decimal(first.strip()), Decimal(second.strip())))
        return bool(order(first, second)) if _ISO_DATE.fullmatch(first) and _ISO_DATE.fullmatch(second) else None
    equal = _equal(first, second, numbers=numbers)
    if _bare_zero(compare.first, second) or _bare_zero(compare.second, first):
        equal = None
    return equal if equal is None or compare.sign == "=" else not equal


def _equal(first: str, second: str, *, numbers: bool) -> bool | None:
    """Whether two texts are equal; numbers that are written in two ways (1 and 1.0) are so only in part of REDCap."""
    if SOME_TEXT in (first, second):
        return None if first and second else False
    if first == second:
        return True
    return None if numbers and Decimal(first) == Decimal(second) else False


def _bare_zero(value: Value, other: str) -> bool:
    """Whether a blank is compared with 0 without quotes."""
    return isinstance(value, Constant) and not value.quoted and not other and not Decimal(value.text)


def _text(value: Value, value_of: Lookup) -> str | None:
    if isinstance(value, Unreadable):
        return None
    return value.text if isinstance(value, Constant) else value_of(value)
