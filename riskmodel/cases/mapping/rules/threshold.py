"""A threshold on a number: yes on one side of it, no on the other."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from riskmodel.cases.mapping.quantities import cell_number, decimal_text
from riskmodel.cases.mapping.rules.outcome import Outcome, of_texts
from riskmodel.cases.mapping.source_cells import BLANK, NO, UNKNOWN, YES, CodedCells, Refusal, SourceColumn

COMPARISONS = MappingProxyType({
    "at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class NumberThreshold:
    """Whether a number is ``at_least``, ``above``, ``at_most`` or ``below`` a limit, both in the unit of the column.

    Numbers outside ``plausible`` are refused. A censored number (``<5``) is blank where it does not settle the answer.
    """

    source: SourceColumn
    comparison: str
    limit: Fraction
    says: Mapping[str, str]
    plausible: tuple[Fraction, Fraction] | None = None

    @property
    def sources(self) -> tuple[SourceColumn, ...]:
        return (self.source,)

    @property
    def words(self) -> tuple[str, ...]:
        return self.says[YES], self.says[NO]

    def __str__(self) -> str:
        unit = f" {self.source.unit}" if self.source.unit else ""
        return f"{self.source.name} {self.comparison.replace('_', ' ')} {decimal_text(self.limit)}{unit}"

    def work(self, columns: Sequence[CodedCells]) -> Outcome:
        return of_texts(self.source, columns[0], self._word)

    def _word(self, text: str) -> str | Refusal:
        if text in (BLANK, UNKNOWN):
            return text
        read = cell_number(text, self.source.decimal)
        if read is None:
            return Refusal(f"not a number in plain decimals; allowed: {self._allowed}, or blank")
        sign, number = read
        if self.plausible and not self.plausible[0] <= number <= self.plausible[1]:
            hint = "; is the unit right, or is it a code for a missing value (missing_in)?"
            return Refusal(f"outside the limits{hint} allowed: {self._allowed}")
        yes = COMPARISONS[self.comparison](number, self.limit)
        if sign and not self._settled(sign, number):
            return BLANK
        if sign == ">" and number == self.limit:
            yes = self.comparison in ("at_least", "above")
        elif sign == "<" and number == self.limit:
            yes = self.comparison in ("at_most", "below")
        return self.says[YES if yes else NO]

    def _settled(self, sign: str, number: Fraction) -> bool:
        """Whether every number below (or above) this one is on the same side of the limit."""
        return number <= self.limit if sign == "<" else number >= self.limit

    @property
    def _allowed(self) -> str:
        unit = f" ({self.source.unit})" if self.source.unit else ""
        if self.plausible is None:
            return f"a number such as 12 or 12{self.source.decimal}5{unit}"
        low, high = map(decimal_text, self.plausible)
        return f"a number from {low} to {high}{unit}"
