"""How the cells of a column could be read as a column of a case file: what needs a translation, and what stays open."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from riskmodel.cases.cells import CellDecoder, CellProblem, whole
from riskmodel.cases.columns import takes_numbers, takes_yes_no
from riskmodel.cases.drafting.sampled import SampledColumn
from riskmodel.cases.drafting.vocabulary import vocabulary
from riskmodel.cases.mapping.load import UNIT_FACTORS
from riskmodel.evidence.records import Variable


@dataclass(slots=True)
class ProposedReading:
    """The cells of a column, read as a variable.

    ``words`` are yes and no in another language, ``states`` words for states, ``missing`` codes that seem to mean that
    nothing is known, ``open`` texts with their numbers of cells that nothing is proposed for; ``codes`` says that the
    cells are numbers whose meaning the file does not tell.
    """

    words: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # text → why
    open: dict[str, int] = field(default_factory=dict)
    unit: str = ""
    codes: bool = False
    understood: float = 1.0  # share of the filled cells

    @property
    def share(self) -> str:
        return f"{100 * self.understood:.0f} % of the filled cells are understood"


def proposed_reading(column: SampledColumn, variable: Variable) -> ProposedReading:
    """How a column could be read as a variable."""
    reading = ProposedReading()
    reading.missing = dict.fromkeys(column.missing, "a usual sign for none")
    decoder = CellDecoder(variable)
    number_code = _missing_number(column, variable)
    if takes_numbers(variable):
        reading.unit = _unit(column, variable)
    factor = UNIT_FACTORS.get((variable.unit, reading.unit), Fraction(1))
    for text, count in column.recorded.items():
        if text == number_code:
            reading.missing[text] = "stands apart from all other values"
        elif takes_yes_no(variable) and not takes_numbers(variable) and _yes_or_no(text):
            reading.words[text] = _yes_or_no(text)
        elif state := vocabulary().state(variable.column, text):
            reading.states[text] = state
        elif isinstance(decoder.decode(text), CellProblem) and not _fits(text, column, variable, factor):
            reading.open[text] = count
    total = column.texts.total()
    reading.understood = 1 - sum(reading.open.values()) / total if total else 1.0
    values = {whole(text) for text in column.recorded} - {number_code}
    reading.codes = not takes_numbers(variable) and column.are_codes and not values <= {"0", "1"}
    return reading


def _yes_or_no(text: str) -> str:
    return next((word for word in ("yes", "no") if vocabulary().says(word, text)), "")


def _fits(text: str, column: SampledColumn, variable: Variable, factor: Fraction) -> bool:
    """Whether a number is within the limits of the variable once its unit and decimal mark are changed."""
    number = column.numbers.get(text)
    if number is None or not takes_numbers(variable):
        return False
    return Fraction(variable.lower_edges[0]) <= number * factor <= Fraction(variable.maximum)


def _missing_number(column: SampledColumn, variable: Variable) -> str:
    """A number such as 9 or 999 that seems to stand for nothing, or no text.

    In columns of numbers it is beyond the limits; in others every other code is 0, 1 or a lower single digit.
    """
    numbers = column.numbers
    for code in vocabulary().tables["words"]["missing_numbers"]:
        value = numbers.get(code)
        others = [number for text, number in numbers.items() if text != code]
        if value is None or not others or max(others) >= value:
            continue
        if takes_numbers(variable):
            if value > Fraction(variable.maximum):
                return str(code)
        elif max(others) <= 3 and all(number.denominator == 1 for number in others):
            return str(code)
    return ""


def _unit(column: SampledColumn, variable: Variable) -> str:
    """A unit that the header names and the program can turn into the variable's, or nothing."""
    unit = vocabulary().unit(column.name)
    return unit if unit == variable.unit or (variable.unit, unit) in UNIT_FACTORS else ""
