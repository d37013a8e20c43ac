"""Dates as a registry writes them: a pattern that the mapping states, or ISO; nothing is guessed."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

_TOKENS = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MMM": r"(?P<word>[^\W\d_]{3,9})\.?",
    "MM": "(?P<month>[0-9]{2})",
    "DD": "(?P<day>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "D": "(?P<day>[0-9]{1,2})",
    "hh": "[0-9]{2}",
    "mm": "[0-9]{2}",
    "ss": r"[0-9]{2}(?:\.[0-9]+)?",
}
_TOKEN = re.compile("Y+|M+|D+|h+|m+|s+|.", re.DOTALL)
_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The first three letters of the months, in English and German.
_MONTHS = dict(zip(_SHORT, range(1, 13), strict=True))
_MONTHS |= {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_PROBES = (date(2001, 2, 3), date(2012, 11, 10), date(1999, 12, 31))
FIRST_YEAR = 1850  # a date before it is a slip, or a code for none


@dataclass(frozen=True, slots=True)
class Days:
    """A date, as its first and last possible day where day or month is not written."""

    first: date
    last: date


@dataclass(frozen=True)
class DatePattern:
    """One way to write a date, such as ``DD.MM.YYYY``.

    >>> DatePattern("DD.MM.YYYY").read("03.02.2001").first
    datetime.date(2001, 2, 3)
    >>> DatePattern("DD.MM.YY").problem
    'years of two digits are not read: which century they are of is not known; write them with four (YYYY)'
    """

    text: str
    problem: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "problem", self._problem())

    def _problem(self) -> str:
        tokens = _TOKEN.findall(self.text)
        names = [token for token in tokens if token[0] in "YMDhms"]
        if "%" in self.text:
            return "write a pattern such as DD.MM.YYYY"
        if "YY" in names:
            return (
                "years of two digits are not read: which century they are of is not known; write them with four (YYYY)"
            )
        unknown = [name for name in names if name not in _TOKENS]
        if unknown:
            return f"{unknown[0]!r} is not known; allowed: {', '.join(_TOKENS)}"
        parts = [name[0] for name in names if name[0] in "YMD"]
        if len(parts) != len(set(parts)):
            return "a part of the date stands twice"
        if "Y" not in parts or ("D" in parts and "M" not in parts):
            return "a date needs a year (YYYY), and a month (MM) where it has a day"
        return ""

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("".join(_TOKENS.get(token, re.escape(token)) for token in _TOKEN.findall(self.text)))

    def read(self, text: str) -> Days | None:
        """The date of a text that is written so; None where it is not, or no such day exists."""
        match = self._regex.fullmatch(text)
        return match and _days(match)

    def reads(self, text: str) -> bool:
        """Whether a text is a date that is written so."""
        return self.read(text) is not None

    def fits(self, text: str) -> bool:
        """Whether a text has this form, be there such a day or not."""
        return self._regex.fullmatch(text) is not None

    def write(self, day: date) -> str:
        """A day in this pattern, at noon."""
        parts = {"YYYY": f"{day:%Y}", "MM": f"{day:%m}", "DD": f"{day:%d}", "M": str(day.month), "D": str(day.day)}
        parts |= {"MMM": list(_MONTHS)[day.month - 1], "hh": "12", "mm": "00", "ss": "00"}
        return "".join(parts.get(token, token) for token in _TOKEN.findall(self.text))

    def contradicts(self, other: DatePattern) -> bool:
        """Whether a text can be read by both as different days."""
        both = [(days, other.read(text)) for text in map(self.write, _PROBES) if (days := self.read(text))]
        return any(theirs is not None and theirs != ours for ours, theirs in both)


@dataclass(frozen=True)
class DateReader:
    """Reads the cells of a column of dates, in any of these patterns or as ISO.

    >>> DateReader((DatePattern("DD.MM.YYYY"),)).read("31.02.2001")
    'there is no such day; allowed: a date as DD.MM.YYYY or 2026-05-31'
    """

    patterns: Sequence[DatePattern] = ()

    def read(self, text: str) -> Days | str:
        """The days that a text may mean, or what is wrong with it."""
        iso = _ISO.fullmatch(text)
        days = _days(iso) if iso else None
        for pattern in self.patterns:
            days = days or pattern.read(text)
        if days is not None:
            if days.first.year >= FIRST_YEAR:
                return days
            return f"a year before {FIRST_YEAR}; if it stands for a missing date, name it under missing_in"
        formed = iso is not None or any(pattern.fits(text) for pattern in self.patterns)
        written = " or ".join([*(pattern.text for pattern in self.patterns), "2026-05-31"])
        hint = "" if self.patterns or formed else " (how dates are written is said by dates in the mapping)"
        return f"{'there is no such day' if formed else 'not a date'}; allowed: a date as {written}{hint}"


def _days(match: re.Match[str]) -> Days | None:
    parts = match.groupdict()
    year, month, day = int(parts["year"]), parts.get("month"), parts.get("day")
    if parts.get("word"):
        month = str(_MONTHS.get(parts["word"][:3].lower(), 0))
    try:
        if month is None:
            return Days(date(year, 1, 1), date(year, 12, 31))
        if day is None:
            return Days(date(year, int(month), 1), date(year, int(month), monthrange(year, int(month))[1]))
        exact = date(year, int(month), int(day))
    except ValueError:
        return None
    return Days(exact, exact)


def date_reader(value: Any, problem: Callable[[str, str], None]) -> DateReader:
    """The reader of dates that are written as a mapping says; problems are noted under ``dates``."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(text, str) and text for text in listed):
        problem("dates", f'{value!r}; must be a pattern such as "DD.MM.YYYY", or a list of such')
        return DateReader()
    patterns = [DatePattern(text) for text in listed]
    for pattern in patterns:
        if pattern.problem:
            problem("dates", f"{pattern.text!r}: {pattern.problem}")
    good = [pattern for pattern in patterns if not pattern.problem]
    for number, pattern in enumerate(good):
        for other in good[:number]:
            if pattern.contradicts(other):
                problem("dates", f"{other.text!r} and {pattern.text!r} read the same text as different days; keep one")
    return DateReader(tuple(good))
