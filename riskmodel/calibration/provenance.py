"""Where a fit came from, and its numbers with the digits that they deserve."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.evidence.scale import Z95

if TYPE_CHECKING:
    from riskmodel.arrays import Masks
    from riskmodel.evidence.records import Variable

FINEST = 0.01  # the last digit that is written, in standard errors
LEAST_DIGITS = 3  # of a number, or of its distance from 1
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, line and paragraph separators


def check_name(name: str) -> None:
    """Refuse a cohort's name that a set cannot hold."""
    if not name.strip():
        raise UsageError("the cohort's name is empty: give one of printable characters")
    for position, character in enumerate(name, 1):
        if unicodedata.category(character) in UNPRINTABLE:
            raise UsageError(
                f"the cohort's name {name!a} has a control character, {character!a}, at place {position}; "
                "allowed: printable characters"
            )


def printable(text: str) -> str:
    r"""A text with control characters written out, as a set can hold it.

    >>> printable("riskmodel calibrate 'a\tb.csv'")
    "riskmodel calibrate 'a\\tb.csv'"
    """
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in UNPRINTABLE else character
        for character in text
    )


def cohort_hash(variables: Sequence[Variable], masks: Masks) -> str:
    """A hash of a cohort as it was read: the same for the same people, in whatever order and file format.

    Parameters
    ----------
    masks
        (variables, people).
    """
    names = ",".join(f"{variable.name}:{'|'.join(variable.states)}" for variable in variables)
    people = np.ascontiguousarray(masks[:, np.lexsort(masks)])
    return f"sha256:{hashlib.sha256(names.encode() + people.tobytes()).hexdigest()}"


def today() -> str:
    """The day, in universal time."""
    return datetime.now(UTC).date().isoformat()


def rounded(value: float, low: float, high: float, *, ratio: bool) -> tuple[float, float, float]:
    """A fitted number and its 95 % interval, to a hundredth of the standard error and at least three digits.

    Parameters
    ----------
    ratio
        whether the numbers run from 0 without an end; otherwise up to 1, and digits count from the nearer end.

    >>> rounded(0.0614412345, 0.0513331, 0.0733377, ratio=False)
    (0.06144, 0.05133, 0.07334)
    >>> rounded(3.26123456, 2.6123456, 4.0912345, ratio=True)
    (3.261, 2.612, 4.091)
    """
    margins = [margin for margin in (value - low, high - value) if margin > 0]
    places = ceil(-log10(FINEST * min(margins) / Z95)) if margins else 0

    def written(number: float) -> float:
        edge = number if ratio else min(number, 1 - number)
        digits = LEAST_DIGITS - 1 - floor(log10(edge)) if edge > 0 else 0
        return round(number, max(places, digits, 0))

    return written(value), written(low), written(high)
