"""The meaning of one cell: its text becomes a bitmask of possible states, or a problem.

This is the only definition; the compiled reader looks cells up in tables filled from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import inf, isnan

import numpy as np

from riskmodel.cases import columns
from riskmodel.errors import nearest
from riskmodel.evidence.plain_readings import ANY_OF
from riskmodel.evidence.records import SETTING, Variable

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"(-?[0-9]+)\.0")
_NUMBER_STARTS = frozenset("<>0123456789")
_LONGEST_NUMBER = 400
_SHOWN = 80
_REMEMBERED = 1 << 16  # texts of a column
_SAYS_DONE = frozenset({*columns.AFFIRMATIVE, *columns.NEGATORY, "done"})
_MISSING_CODES = frozenset({"na", "n/a", "nan", "null", "none", "missing", ".", "-", "?", "-1", "-9", "-99", "-999"})


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Why a cell was refused, with what is allowed."""

    problem: str


@dataclass(frozen=True, slots=True)
class CellRules:
    """What a mapping file says about one column: texts first, then a factor for numbers."""

    values: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    factor: Fraction = Fraction(1)


def fold(text: str) -> str:
    """Lower case for comparing words, ASCII only: no other letter stands for one of them."""
    return text.lower() if text.isascii() else text


def whole(text: str) -> str:
    """A whole number as other programs write it once a column has blanks (``1.0``), without its point.

    >>> whole("1.0"), whole("-9.0"), whole("1.5"), whole("1.00")
    ('1', '-9', '1.5', '1.00')
    """
    match = _WHOLE.fullmatch(text) if text.endswith(".0") else None
    return match[1] if match else text


def excerpt(text: str) -> str:
    """A value short enough for a message."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def value_text(value: object) -> str:
    """The text of a value: no exponent, no point on whole numbers, nothing for null and NaN.

    >>> value_text(63.0), value_text(True), value_text(0.00001), value_text(Decimal("5.0")), value_text(None)
    ('63', 'true', '0.00001', '5', '')
    """
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else np.format_float_positional(number, trim="-")
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else format(value, "f")
    return "" if value is None else str(value)


class CellDecoder:
    """Decodes the cells of one column; ``parts`` are the columns of what a scan shows, of a plain reading.

    >>> trauma = CellDecoder(Variable("trauma", "risk_factor", ("none", "minor", "major"), ""))
    >>> trauma.decode("Major"), trauma.decode("yes"), trauma.decode("minor|major"), trauma.decode("")
    (4, 6, 6, 7)
    >>> trauma.decode("mayor").problem
    "not understood (did you mean 'major'?); allowed: none, minor, major, yes or no; blank = not assessed"
    >>> trauma.decode("1"), trauma.decode("1.0"), trauma.decode("0.0"), trauma.decode("True")
    (6, 6, 1, 6)
    """

    def __init__(
        self,
        variable: Variable,
        rules: CellRules | None = None,
        *,
        parts: tuple[str, ...] = (),
        needed: bool = False,
    ) -> None:
        self.variable = variable
        self.parts = parts
        self.rules = rules or CellRules()
        self.values = {whole(text): word for text, word in self.rules.values.items()}
        self.missing = frozenset(map(whole, self.rules.missing))
        self.blank: int | CellProblem = _not_named(variable) if needed else variable.blank_mask
        self.unknown: int | CellProblem = _not_named(variable) if needed else variable.full_mask
        self.single = variable.name == SETTING  # always one state
        self.edges = tuple(Fraction(Decimal(repr(edge))) for edge in variable.lower_edges)
        self.maximum = None if variable.maximum == inf else Fraction(Decimal(repr(variable.maximum)))
        self.words = _words(variable)
        self.translated = (*sorted(self.values), *sorted(self.missing - self.values.keys()))
        self._codes = {text: code for code, text in enumerate(self.translated, 2)}
        self._meanings: dict[str, tuple[int, int, bool]] = {}

    @property
    def translates(self) -> bool:
        """Whether a mapping says anything about the cells of this column."""
        return bool(self.translated) or self.rules.factor != 1

    def read_as(self, text: str) -> str:
        """What a text that the mapping names is read as; nothing where it is a missing code."""
        return self.values.get(text, "")

    def translation(self, text: str) -> int:
        """What the mapping did to a good cell: 0 nothing, 1 changed its unit, 2 + i read ``translated[i]``."""
        text = whole(text)
        code = self._codes.get(text, 0)
        if code or self.rules.factor == 1:
            return code
        return int(text[:1] in _NUMBER_STARTS and text not in self.words and fold(text) not in self.words)

    def meaning(self, text: str) -> tuple[int, int, bool]:
        """The bitmask of a cell (0 of a bad one), what the mapping did to it, and whether it is bad; remembered."""
        entry = self._meanings.get(text)
        if entry is None:
            mask = self.decode(text)
            bad = isinstance(mask, CellProblem)
            entry = (0 if isinstance(mask, CellProblem) else mask), self.translation(text), bad
            if len(self._meanings) < _REMEMBERED:
                self._meanings[text] = entry
        return entry

    def decode(self, text: str) -> int | CellProblem:  # noqa: PLR0911 - the order of the rules, read downwards
        """The bitmask of the states that the cell leaves possible, or why it is refused.

        A blank is 0 where the recording profile reads it; a cell that says "not assessed" never is.
        """
        text = whole(text)
        text = whole(self.values.get(text, text))
        if text == "" or text in self.missing:
            return self.blank
        mask = self.words.get(text) or self.words.get(fold(text))
        if mask is not None:
            return mask
        if fold(text) in columns.NOT_ASSESSED:
            return self.unknown
        if fold(text) in _SAYS_DONE and self.variable.form == ANY_OF:
            return self._refuse(self._done(text))
        if text != text.strip():
            return self._refuse("spaces around the value, which are not removed")
        if "\n" in text or "\r" in text:
            return self._refuse("a line break in the cell")
        if "|" in text:
            return self._decode_set(text)
        if self.edges and text[0] in _NUMBER_STARTS:
            return self._decode_number(text)
        return self._refuse("not understood" + _hint(text, [*self.words, *columns.NOT_ASSESSED]))

    def _refuse(self, problem: str) -> CellProblem:
        return CellProblem(f"{problem}; allowed: {columns.allowed(self.variable)}")

    def _done(self, text: str) -> str:
        """Why yes and no are refused beside a scan, and where its content goes."""
        where = f"; what it shows goes into {', '.join(self.parts)}" if self.parts else ""
        return f"{excerpt(text)!r} mostly says whether the scan was done, not what was read{where}"

    def _decode_set(self, text: str) -> int | CellProblem:
        if self.single:
            return self._refuse("several states, where one is needed")
        mask = 0
        for part in text.split("|"):
            states = self.words.get(part) or self.words.get(fold(part))
            if states is None:
                return self._refuse(f"{excerpt(part)!r} is not a state{_hint(part, self.words)}")
            mask |= states
        return mask

    def _decode_number(self, text: str) -> int | CellProblem:
        sign, digits = (text[0], text[1:]) if text[0] in "<>" else ("", text)
        if sign and not columns.takes_censored(self.variable):
            return self._refuse("a censored value, which only measured tests may have")
        if not _NUMBER.fullmatch(digits) or len(digits) > _LONGEST_NUMBER:
            return self._refuse("not a number in plain decimals (12 or 12.5)")
        value = Fraction(digits) * self.rules.factor
        if value < self.edges[0] or (self.maximum is not None and value > self.maximum):
            return self._refuse("outside the limits")
        mask = self._bands(sign, value)
        return mask or self._refuse("no band is left")

    def _bands(self, sign: str, value: Fraction) -> int:
        """The bands that hold a number equal to, below or above ``value``; a band includes its lower edge."""
        upper: list[Fraction | None] = [*self.edges[1:], None]
        mask = 0
        for state, (low, high) in enumerate(zip(self.edges, upper, strict=True)):
            if sign == "<":
                fits = low < value
            elif sign == ">":
                fits = high is None or high > value
            else:
                fits = low <= value and (high is None or value < high)
            mask |= fits << state
        return mask


def _not_named(variable: Variable) -> CellProblem:
    """What is wrong with a blank where every row must say something."""
    states = f"{', '.join(variable.states[:-1])} or {variable.states[-1]}"
    allowed = f"{states}; blank only where --setting (setting= in Python) names one"
    return CellProblem(f"no {variable.name} is named; allowed: {allowed}")


def _hint(text: str, words: Iterable[str]) -> str:
    if fold(text) in _MISSING_CODES:
        return " (leave it blank, or name it under missing in a mapping file)"
    return nearest(fold(text), words) if 2 < len(text) <= _SHOWN else ""


def _words(variable: Variable) -> dict[str, int]:
    """Every word that stands for states: own names exactly and folded, aliases, yes and no."""
    words = {state: 1 << index for index, state in enumerate(variable.states)}
    folded = [fold(state) for state in variable.states]
    for index, word in enumerate(folded):
        if folded.count(word) == 1:
            words.setdefault(word, 1 << index)
    for alias, state in variable.aliases.items():
        words.setdefault(fold(alias), variable.mask(state))
    if columns.takes_yes_no(variable):
        yes, no = variable.full_mask & ~1, 1
        for word, mask in [*((word, yes) for word in columns.AFFIRMATIVE), *((word, no) for word in columns.NEGATORY)]:
            if not (word.isdigit() and variable.lower_edges):  # in a numeric column 0 and 1 are numbers
                words.setdefault(word, mask)
    elif variable.form == ANY_OF:
        words.setdefault(columns.POSITIVE, variable.full_mask & ~1)
        words.setdefault(columns.NEGATIVE, 1)
    return words
