"""A column of a file as its different texts: what kind of cells it seems to hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from riskmodel.cases.drafting.vocabulary import vocabulary
from riskmodel.cases.mapping.dates import DatePattern, DateReader
from riskmodel.cases.mapping.quantities import cell_number

NEARLY_ALL = 0.95  # of the filled cells
_SEPARATED = [f"{day}{mark}{month}{mark}YYYY" for mark in "./-" for day, month in (("DD", "MM"), ("D", "M"))]
_MONTH_FIRST = [f"{month}{mark}{day}{mark}YYYY" for mark in "/-." for day, month in (("DD", "MM"), ("D", "M"))]
_DATES = [*_SEPARATED, *_MONTH_FIRST, "YYYY/MM/DD", "YYYYMMDD", "DDMMMYYYY", "DD-MMM-YYYY", "DD MMM YYYY"]
_TIMES = ("", " hh:mm", " hh:mm:ss")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}")
_BELOW_ZERO = re.compile(r"-[0-9]+(?:[.,][0-9]+)?")
_DIGITS = re.compile(r"-?[0-9]{1,3}")
_ICD = re.compile(r"[A-TV-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?[-+*!]?")


@dataclass(frozen=True)
class SampledColumn:
    """A column: its name in the file and how often each text that is not blank stands in the rows looked at."""

    name: str
    texts: Counter[str]
    rows: int

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Texts that elsewhere mean that nothing is known; no numbers that could be a value."""
        signs = vocabulary().tables["words"]["missing_signs"]
        below_zero = any(_BELOW_ZERO.fullmatch(text) and text not in signs for text in self.texts)
        return tuple(
            text
            for text in self.texts
            if (text in signs and not (below_zero and text[1:].isdigit())) or vocabulary().says("missing", text)
        )

    @cached_property
    def recorded(self) -> Counter[str]:
        """The texts without those that mean that nothing is known."""
        return Counter({text: count for text, count in self.texts.items() if text not in self.missing})

    def mostly(self, holds: Callable[[str], bool]) -> bool:
        """Whether something is true of nearly all recorded cells, and there are any."""
        total = self.recorded.total()
        return total > 0 and sum(n for text, n in self.recorded.items() if holds(text)) >= NEARLY_ALL * total

    @cached_property
    def decimal(self) -> str:
        """The mark of decimal numbers: a comma where numbers have one and none has a point."""
        with_comma = any("," in text and cell_number(text, ",") for text in self.recorded)
        return "," if with_comma and not any("." in text for text in self.recorded) else "."

    @cached_property
    def numbers(self) -> dict[str, Fraction]:
        """The recorded texts that are numbers, empty where not nearly all are."""
        read = {text: number[1] for text in self.recorded if (number := cell_number(text, self.decimal))}
        return read if self.mostly(read.__contains__) else {}

    @cached_property
    def date_patterns(self) -> tuple[str, ...]:
        """The patterns in which nearly all recorded cells are dates; empty too where they are ISO."""
        if self.is_iso or not self.mostly(lambda text: any(letter.isdigit() for letter in text)):
            return ()
        patterns = [DatePattern(date + time) for date in _DATES for time in _TIMES]
        fitting = [pattern for pattern in patterns if self.mostly(pattern.reads)]
        strict = [each for each in fitting if "DD" in each.text]
        return tuple(each.text for each in strict or fitting)

    @cached_property
    def is_iso(self) -> bool:
        """Whether the cells are dates as 2026-05-31."""
        reader = DateReader()
        return self.mostly(lambda text: not isinstance(reader.read(text), str))

    @property
    def is_date(self) -> bool:
        return self.is_iso or bool(self.date_patterns)

    @property
    def has_short_years(self) -> bool:
        return self.mostly(lambda text: _SHORT_YEAR.fullmatch(text) is not None)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a text of its own."""
        return len(self.texts) == self.rows > 0

    @property
    def are_codes(self) -> bool:
        """Whether the cells are small whole numbers of which few differ: codes, or counts."""
        return 0 < len(self.recorded) <= 12 and self.mostly(lambda text: _DIGITS.fullmatch(text) is not None)

    @property
    def are_icd(self) -> bool:
        return self.mostly(lambda text: any(_ICD.fullmatch(part.strip()) for part in re.split("[;,| ]", text)))

    def commonest(self, count: int = 6) -> str:
        """The commonest texts with their numbers, for a comment."""
        shown = [f"{text!r} {n}" for text, n in self.recorded.most_common(count)]
        return ", ".join(shown) + (", …" if len(self.recorded) > count else "")
