"""The header of a case file: which field is which column, and every way in which that can be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel.cases.cells import excerpt, fold
from riskmodel.cases.columns import CASE_ID, ColumnContract
from riskmodel.cases.mapping import CaseMapping
from riskmodel.errors import CasesError, nearest

_EDITS = 2
_SHORTEST = 5  # shorter names have too many neighbours to be called close
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Layout:
    """What each field of a record is.

    ``names`` as in the file; ``id_field``; ``rows[f]`` the variable read from field f, or -1;
    ``kept`` the fields passed through, in the order asked.
    """

    names: tuple[str, ...]
    id_field: int
    rows: tuple[int, ...]
    kept: tuple[int, ...]
    warnings: tuple[str, ...]
    file: str = "cases"

    @property
    def kept_names(self) -> tuple[str, ...]:
        return tuple(self.names[field] for field in self.kept)


def match_header(
    names: Sequence[str],
    contract: ColumnContract,
    mapping: CaseMapping,
    *,
    keep: Sequence[str] = (),
    known_outcomes: bool = False,
    file: str = "cases",
) -> Layout:
    """Match the names of a header with the contract.

    >>> from riskmodel.evidence.records import Variable
    >>> contract = ColumnContract((Variable("fever", "finding", ("absent", "present"), ""),))
    >>> match_header(["case_id", "note", "fever"], contract, CaseMapping()).rows
    (-1, -1, 0)
    >>> match_header(["case_id", "Fever"], contract, CaseMapping())
    Traceback (most recent call last):
    ...
    riskmodel.errors.CasesError: cases: header: 'Fever' is close to the column 'fever'; rename it, or name it in ...
    """
    renamed = [mapping.columns.get(name, name) for name in names]
    problems = _problems(names, renamed, contract, mapping)
    problems += [f"there is no column {name!r} to keep{nearest(name, names)}" for name in keep if name not in names]
    if problems:
        raise CasesError(f"{file}: header: " + "; ".join(problems))
    rows, unread, extra = [], [], []
    for name, column in zip(names, renamed, strict=True):
        row = contract.by_column.get(column, -1)
        if row >= 0 and contract.variables[row].role == "condition" and not known_outcomes:
            unread.append(name)
            row = -1
        elif row < 0 and column != CASE_ID and name not in keep and name not in mapping.ignore:
            extra.append(name)
        rows.append(row)
    absent = [name for name in mapping.columns if name not in names]
    warnings = [f"the mapping renames {name!r}, which the file does not have" for name in absent]
    if extra:
        warnings.append(f"columns ignored: {', '.join(map(excerpt, extra))}")
    if unread:
        warnings.append(f"outcomes are not evidence, columns ignored: {', '.join(unread)}")
    kept = tuple(names.index(name) for name in dict.fromkeys(keep))
    return Layout(tuple(names), renamed.index(CASE_ID), tuple(rows), kept, tuple(warnings), file)


def _problems(
    names: Sequence[str], renamed: Sequence[str], contract: ColumnContract, mapping: CaseMapping
) -> list[str]:
    if CASE_ID not in renamed and len(names) == 1:
        for delimiter, word in _OTHER_DELIMITERS.items():
            if delimiter in names[0]:
                return [f"the fields are separated by {word}; save the file with commas"]
    problems = [f"column {place} has no name" for place, name in enumerate(names, 1) if not name]
    for name, count in Counter(renamed).items():
        if count > 1 and name:
            problems.append(f"{excerpt(name)!r} stands {count} times")
    for name, column in zip(names, renamed, strict=True):
        known = _close(column, contract) if name and name not in mapping.ignore else ""
        if known:
            how = "rename it, or name it in the mapping's columns or ignore"
            problems.append(f"{excerpt(name)!r} is close to the column {known!r}; {how}")
    if CASE_ID not in renamed and not any(f"column {CASE_ID!r}" in problem for problem in problems):
        problems.append(f"there is no column {CASE_ID!r}")
    return problems


def _close(name: str, contract: ColumnContract) -> str:
    """The known column that an unknown name is suspiciously close to, or nothing."""
    if name in contract.headers:
        return ""
    known = {header: header for header in contract.headers}
    known |= {variable.name: variable.column for variable in contract.variables if variable.name not in known}
    if name in known:
        return known[name]
    bare = _letters(name)
    for other, column in known.items():
        if bare == _letters(other) or (len(other) >= _SHORTEST and _edits(fold(name), fold(other)) <= _EDITS):
            return column
    return ""


def _letters(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())


def _edits(one: str, other: str) -> int:
    """Insertions, deletions and substitutions between two names (any number above 2 counts as 3)."""
    if abs(len(one) - len(other)) > _EDITS:
        return _EDITS + 1
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row = row, [place]
        for column, against in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != against)))
    return min(row[-1], _EDITS + 1)
