"""What each column of a file seems to be: a column of a case file, or what a rule works one out of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.drafting.sampled import SampledColumn
from riskmodel.cases.drafting.vocabulary import Likeness, likeness, vocabulary

Kind = Literal["direct", "date", "threshold", "part", "diagnosis"]
RECOGNISED = 0.75  # likeness below which a name is not taken for another


@dataclass(frozen=True, slots=True)
class Role:
    """A column of the file, what it seems to be, and how well its name fits.

    ``target`` is a column of a case file; for dates ``birth``, ``visit`` or ``onset``, for diagnoses nothing.
    """

    column: SampledColumn
    kind: Kind
    target: str
    fit: Likeness


def roles_of(columns: Sequence[SampledColumn], contract: ColumnContract) -> dict[str, Role]:
    """The best role of each column that is recognised, by its name in the file."""
    roles = {}
    for column in columns:
        candidates = [role for role in _candidates(column, contract) if role.fit.score >= RECOGNISED]
        if candidates:
            roles[column.name] = max(candidates, key=lambda role: role.fit.score)
    if not any(role.target == CASE_ID for role in roles.values()):
        unique = next((column for column in columns if column.is_unique and column.name not in roles), None)
        if unique is not None:
            why = Likeness(RECOGNISED, "no other column has the name of an identifier")
            roles[unique.name] = Role(unique, "direct", CASE_ID, why)
    return roles


def _candidates(column: SampledColumn, contract: ColumnContract) -> Iterator[Role]:
    tables = vocabulary().tables
    if column.is_date or column.has_short_years:
        for what, names in tables["dates"].items():
            yield Role(column, "date", what, likeness(column.name, names))
        return
    for header in contract.headers:
        if header != CASE_ID or not column.texts or column.is_unique:
            yield Role(column, "direct", header, likeness(column.name, vocabulary().names(header)))
    if column.numbers:
        for target, entry in tables["thresholds"].items():
            if target in contract.by_column:
                yield Role(column, "threshold", target, likeness(column.name, entry["names"]))
    for target, names in tables["parts"].items():
        if target in contract.by_column:
            yield Role(column, "part", target, likeness(column.name, names))
    fit = likeness(column.name, tables["diagnoses"]["names"])
    yield Role(column, "diagnosis", "", fit)
    if column.are_icd:
        yield Role(column, "diagnosis", "", max(fit, Likeness(RECOGNISED, "its cells look like ICD codes"), key=_score))


def _score(fit: Likeness) -> float:
    return fit.score
