"""The column contract of a case file: one table that drives reader, codebook, template and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from riskmodel.errors import UsageError
from riskmodel.evidence.plain_readings import ANY_OF, plain_readings
from riskmodel.evidence.records import SETTING, Variable

CASE_ID = "case_id"
NOT_ASSESSED = ("unknown", "not_assessed")  # beside the blank cell
POSITIVE, NEGATIVE = "positive", "negative"  # of a result
AFFIRMATIVE = ("present", "yes", "y", "true", "1", POSITIVE)
NEGATORY = ("absent", "no", "n", "false", "0", NEGATIVE)
YES_NO_BASES = frozenset({"absent", "none", "normal"})


def takes_yes_no(variable: Variable) -> bool:
    """Whether yes/no words are understood: they need a base state that means "no".

    Beside the plain reading of a scan they are not: there they mostly say whether it was done.
    """
    return variable.base in YES_NO_BASES and variable.form != ANY_OF


def takes_numbers(variable: Variable) -> bool:
    """Whether a cell may be a number, which the variable's bands turn into a state."""
    return bool(variable.lower_edges)


def takes_censored(variable: Variable) -> bool:
    """Whether a cell may be censored (``<5``, ``>120``): laboratory values and other measured tests."""
    return takes_numbers(variable) and variable.role == "test"


def plain(number: float) -> str:
    """A limit or edge as a person writes it: no exponent, no trailing zeros."""
    return f"{number:.0f}" if number == int(number) else repr(number)


def number_limits(variable: Variable) -> str:
    """The numbers that a banded variable accepts, in words.

    >>> number_limits(Variable("age", "context", ("young", "old"), "", unit="years", lower_edges=(0, 50), maximum=120))
    'a number from 0 to 120 (years)'
    """
    low, unit = plain(variable.lower_edges[0]), f" ({variable.unit})" if variable.unit else ""
    if variable.maximum == float("inf"):
        return f"a number from {low}{unit}"
    return f"a number from {low} to {plain(variable.maximum)}{unit}"


def allowed(variable: Variable) -> str:
    """What a cell of the variable's column may hold, for messages and the codebook.

    >>> allowed(Variable("fever", "finding", ("absent", "present"), ""))
    'absent, present, yes or no; blank = not assessed'
    >>> allowed(Variable("setting", "context", ("ward", "clinic"), ""))
    "ward or clinic; blank = the run's setting"
    """
    words = [*variable.states, *(word for word in variable.aliases if word not in variable.states)]
    if takes_yes_no(variable):
        words += ["yes", "no"]
    if takes_numbers(variable):
        words = [number_limits(variable), *(["<x", ">x"] if takes_censored(variable) else []), *words]
    blank = "the run's setting" if variable.name == SETTING else "not assessed"
    return f"{', '.join(words[:-1])} or {words[-1]}; blank = {blank}"


@dataclass(frozen=True, slots=True)
class CodebookRow:
    """One column of the case file, described for a person who fills it in."""

    column: str
    variable: str
    role: str
    states: tuple[str, ...]
    bands: tuple[str, ...]
    unit: str
    maximum: float | None
    accepts: str
    definition: str


@dataclass(frozen=True, slots=True)
class ColumnContract:
    """The columns a case file may have, made from the variables of a network.

    ``variables`` in the order of the rows of the coded evidence; ``by_column`` and ``by_variable`` give
    that row from a header or a variable's name, and ``parts`` the columns of what a scan shows, by the scan's name.

    >>> fever = Variable("fever", "finding", ("absent", "present"), "38 degrees or more")
    >>> ColumnContract((fever,)).by_column["fever"]
    0
    """

    variables: tuple[Variable, ...]
    by_column: Mapping[str, int] = field(init=False)
    by_variable: Mapping[str, int] = field(init=False)
    parts: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        by_column = {variable.column: row for row, variable in enumerate(self.variables)}
        by_variable = {variable.name: row for row, variable in enumerate(self.variables)}
        if min(len(by_column), len(by_variable)) < len(self.variables) or CASE_ID in by_column:
            raise UsageError(f"variables must have names and columns of their own, and none may be {CASE_ID}")
        object.__setattr__(self, "by_column", MappingProxyType(by_column))
        object.__setattr__(self, "by_variable", MappingProxyType(by_variable))
        object.__setattr__(self, "parts", MappingProxyType(plain_readings(self.variables)))

    def __reduce__(self) -> tuple[type[ColumnContract], tuple[tuple[Variable, ...]]]:
        """Another process makes the same of the variables: views of mappings do not travel."""
        return ColumnContract, (self.variables,)

    @property
    def headers(self) -> tuple[str, ...]:
        """All column names, ``case_id`` first."""
        return (CASE_ID, *(variable.column for variable in self.variables))

    def row(self, name: str) -> int | None:
        """The row of a column or variable of that name, or None."""
        row = self.by_column.get(name)
        return self.by_variable.get(name) if row is None else row

    def default_mask(self, default_setting: str | None) -> int:
        """The mask of the run's setting, 0 when none is named or no variable is called ``setting``."""
        row = self.by_variable.get(SETTING)
        if row is None:
            return 0
        states = self.variables[row].states
        if default_setting is None:
            return 1 if len(states) == 1 else 0
        if default_setting not in states:
            raise UsageError(f"setting {default_setting!r}: allowed are {', '.join(states)}")
        return 1 << states.index(default_setting)


def codebook(variables: Sequence[Variable]) -> tuple[CodebookRow, ...]:
    """Describe every column of a case file, ``case_id`` first.

    >>> rows = codebook([Variable("crp", "test", ("low", "high"), "C-reactive protein", column="crp_mg_l",
    ...                           unit="mg/L", lower_edges=(0, 10), maximum=1000)])
    >>> rows[1].bands
    ('0 to under 10', '10 to 1000')
    """
    identity = CodebookRow(CASE_ID, "", "", (), (), "", None, "any text, not empty, unique", "Names the case.")
    return (identity, *(_describe(variable) for variable in ColumnContract(tuple(variables)).variables))


def _describe(variable: Variable) -> CodebookRow:
    bounded = variable.maximum != float("inf")
    bands: list[str] = []
    for low, high in zip(variable.lower_edges, variable.lower_edges[1:], strict=False):
        bands.append(f"{plain(low)} to under {plain(high)}")
    if variable.lower_edges:
        last = plain(variable.lower_edges[-1])
        bands.append(f"{last} to {plain(variable.maximum)}" if bounded else f"{last} or more")
    return CodebookRow(
        column=variable.column,
        variable=variable.name,
        role=variable.role,
        states=variable.states,
        bands=tuple(bands),
        unit=variable.unit,
        maximum=variable.maximum if bounded else None,
        accepts=allowed(variable),
        definition=variable.definition,
    )


def template(variables: Sequence[Variable], *, outcomes: bool = False) -> str:
    r"""An empty case file: the header alone, with the condition columns only when asked.

    >>> template([Variable("fever", "finding", ("absent", "present"), "")])
    'case_id,fever\n'
    """
    names = [variable.column for variable in variables if outcomes or variable.role != "condition"]
    return ",".join([CASE_ID, *names]) + "\n"
