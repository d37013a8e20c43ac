"""Numbers with units: what a cell says, what a threshold says, and how units turn into each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from types import MappingProxyType

from riskmodel.errors import nearest

# Each unit as (scale, shift): the number times the scale plus the shift is in the first unit of its line.
_UNITS: tuple[Mapping[str, tuple[Fraction, Fraction]], ...] = (
    {
        "°C": (Fraction(1), Fraction(0)),
        "°F": (Fraction(5, 9), Fraction(-160, 9)),
        "K": (Fraction(1), Fraction(-27315, 100)),
    },
    *(
        {unit: (Fraction(scale), Fraction(0)) for unit, scale in line.items()}
        for line in (
            {"mg/L": "1", "mg/dL": "10", "g/L": "1000", "g/dL": "10000", "µg/mL": "1"},
            {"weeks": "1", "days": "1/7", "hours": "1/168"},
            {"years": "1", "months": "1/12"},
            {"ml": "1", "l": "1000", "dl": "100", "cl": "10"},
            {"kg": "1", "g": "1/1000", "lb": "0.45359237"},
            {"cm": "1", "m": "100", "mm": "1/10", "in": "2.54"},
            {"mmHg": "1", "kPa": "7.5006168270417"},
        )
    ),
)
# What numbers in a unit can be at all: a temperature in the wrong unit would be a fever of everybody.
_PLAUSIBLE: Mapping[str, tuple[int, int]] = MappingProxyType({"°C": (25, 45)})
_SPELLINGS = MappingProxyType({
    "C": "°C", "F": "°F", "mg/l": "mg/L", "mg/dl": "mg/dL", "ug/mL": "µg/mL", "ug/ml": "µg/mL", "L": "l", "mL": "ml",
})  # fmt: skip
_CELL = re.compile(r"([<>]?)(-?[0-9]+(?:\.[0-9]+)?)")
_STATED = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) *(\S.*)?")
_LONGEST = 40


def unit_name(unit: str) -> str:
    """A unit in the spelling that is used here.

    >>> unit_name("C"), unit_name("mg/dl"), unit_name("furlongs")
    ('°C', 'mg/dL', 'furlongs')
    """
    return _SPELLINGS.get(unit, unit)


@dataclass(frozen=True, slots=True)
class Conversion:
    """From one unit into another: ``number * scale + shift``, exactly."""

    scale: Fraction = Fraction(1)
    shift: Fraction = Fraction(0)

    def __call__(self, number: Fraction) -> Fraction:
        return number * self.scale + self.shift


def conversion(unit: str, into: str) -> Conversion | str:
    """How a number in a unit becomes one in another, or why it does not.

    >>> conversion("°F", "°C")(Fraction(212))
    Fraction(100, 1)
    >>> conversion("°F", "mg/L")
    "'°F' does not turn into 'mg/L'; allowed: mg/L, mg/dL, g/L, g/dL, µg/mL"
    """
    unit, into = unit_name(unit), unit_name(into)
    if unit == into:
        return Conversion()
    for line in _UNITS:
        if into in line:
            if unit not in line:
                return f"{unit!r} does not turn into {into!r}{nearest(unit, line)}; allowed: {', '.join(line)}"
            (scale, shift), (other, off) = line[unit], line[into]
            return Conversion(scale / other, (shift - off) / other)
    return f"{into!r} is not a unit that is known here; leave the unit out of both, or give numbers in one unit"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, which may be empty."""

    number: Fraction
    unit: str = ""

    @classmethod
    def of(cls, value: object) -> Quantity | None:
        """The quantity of ``38``, ``38.5`` or ``"38 °C"``; None where it is none."""
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            try:
                number = Decimal(str(value))
                fits = number.is_finite() and abs(number.adjusted()) < _LONGEST and len(str(number)) < _LONGEST
            except InvalidOperation:
                return None
            return cls(Fraction(number)) if fits else None
        match = _STATED.fullmatch(value) if isinstance(value, str) and len(value) < 2 * _LONGEST else None
        return match and cls(Fraction(match[1]), unit_name((match[2] or "").strip()))

    def __str__(self) -> str:
        return f"{decimal_text(self.number)} {self.unit}".strip()


def plausible(unit: str) -> tuple[Fraction, Fraction] | None:
    """Between which numbers a unit is believed here, if that is known."""
    for base, (low, high) in _PLAUSIBLE.items():
        back = conversion(base, unit) if unit else ""
        if isinstance(back, Conversion):
            return back(Fraction(low)), back(Fraction(high))
    return None


def cell_number(text: str, decimal: str = ".") -> tuple[str, Fraction] | None:
    """The sign (``<``, ``>`` or nothing) and the number of a cell in plain decimals; None where it is none.

    >>> cell_number("<5"), cell_number("38,5", ","), cell_number("1e3")
    (('<', Fraction(5, 1)), ('', Fraction(77, 2)), None)
    """
    if decimal != ".":
        if "." in text:
            return None
        text = text.replace(decimal, ".")
    match = _CELL.fullmatch(text) if len(text) <= _LONGEST else None
    return match and (match[1], Fraction(match[2]))


def decimal_text(number: Fraction) -> str:
    """A number in plain decimals, at most six of them: rounded down, so that no limit is passed.

    >>> decimal_text(Fraction(27, 7)), decimal_text(Fraction(41)), decimal_text(Fraction(-5, 2))
    ('3.857142', '41', '-2.5')
    """
    millionths = abs(number.numerator) * 10**6 // number.denominator
    text = f"{millionths // 10**6}.{millionths % 10**6:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 and millionths else text
