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
_LONGEST = 100  # longer names are close to none
_SHOWN = 20  # names or problems listed in a message
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


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
        """The names of the columns passed through."""
        return tuple(self.names[field] for field in self.kept)

    def with_kept(self, keep: Sequence[str], names: Sequence[str], warnings: Sequence[str] = ()) -> Layout:
        """The same with fields of other columns, called ``names``, to pass through, and what is to be said of them.

        Raises
        ------
        CasesError
            naming what is to be kept and is not there.
        """
        problems = [f"there is no column {name!r} to keep{nearest(name, names)}" for name in keep if name not in names]
        if problems:
            raise CasesError(f"{self.file}: header: " + _few(problems, "; "))
        kept = tuple(dict.fromkeys(keep))
        return Layout(
            (*self.names, *kept),
            self.id_field,
            (*self.rows, *(-1 for _ in kept)),
            tuple(range(len(self.names), len(self.names) + len(kept))),
            (*warnings, *self.warnings),
            self.file,
        )


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

    Parameters
    ----------
    names
        the header as it stands in the file.
    keep
        names of columns to pass through, in the order of the output.
    known_outcomes
        read the columns of conditions too, which are otherwise named in a warning and left out.
    file
        what messages call the file.

    Raises
    ------
    CasesError
        naming every problem of the header: names that are blank, stand twice, are missing or suspiciously close.

    Examples
    --------
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
        raise CasesError(f"{file}: header: " + _few(problems, "; "))
    rows, unread, extra = [], [], []
    for name, column in zip(names, renamed, strict=True):
        row = -1 if name in mapping.ignore else contract.by_column.get(column, -1)
        if row >= 0 and contract.variables[row].role == "condition" and not known_outcomes:
            unread.append(name)
            row = -1
        elif row < 0 and column != CASE_ID and name not in keep and name not in mapping.ignore:
            extra.append(name)
        rows.append(row)
    absent = [name for name in mapping.columns if name not in names]
    warnings = [f"the mapping renames {name!r}, which the file does not have" for name in absent]
    if extra:
        warnings.append(f"columns ignored: {_few([excerpt(name) for name in extra], ', ')}")
    if unread:
        warnings.append(f"outcomes are not evidence, columns ignored: {', '.join(unread)}")
    kept = tuple(names.index(name) for name in dict.fromkeys(keep))
    return Layout(tuple(names), renamed.index(CASE_ID), tuple(rows), kept, tuple(warnings), file)


def _few(texts: Sequence[str], between: str) -> str:
    """The first of many texts, and how many more there are."""
    more = f"{between}and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else ""
    return between.join(texts[:_SHOWN]) + more


def _problems(
    names: Sequence[str], renamed: Sequence[str], contract: ColumnContract, mapping: CaseMapping
) -> list[str]:
    if CASE_ID not in renamed and len(names) == 1:
        for separator, word in OTHER_SEPARATORS.items():
            if separator in names[0]:
                return [f"the fields are separated by {word}; save the file with commas"]
    problems = [f"column {number} has no name" for number, name in enumerate(names, 1) if not name]
    used = [column for name, column in zip(names, renamed, strict=True) if name not in mapping.ignore]
    for name, count in (Counter(used) | Counter(name for name in names if name in mapping.ignore)).items():
        if count > 1 and name:
            problems.append(f"{excerpt(name)!r} stands {count} times")
    neighbours = Neighbours(contract)
    for name, column in zip(names, renamed, strict=True):
        close = neighbours.of(column) if name and name not in mapping.ignore else ""
        if close:
            how = "rename it, or name it in the mapping's columns or ignore"
            problems.append(f"{excerpt(name)!r} is close to the column {close!r}; {how}")
    if CASE_ID not in renamed and not any(f"column {CASE_ID!r}" in problem for problem in problems):
        problems.append(f"there is no column {CASE_ID!r}")
    return problems


class Neighbours:
    """The columns of a contract, to be asked which of them an unknown name is suspiciously close to."""

    def __init__(self, contract: ColumnContract) -> None:
        self.headers = frozenset(contract.headers)
        columns = {header: header for header in contract.headers}
        columns |= {variable.name: variable.column for variable in contract.variables if variable.name not in columns}
        self.columns = columns
        self.bare = {_letters(name): column for name, column in reversed(columns.items())}
        long = [(fold(name), column) for name, column in columns.items() if len(name) >= _SHORTEST]
        self.long = [(name, column, len(name), _alphabet(name)) for name, column in long]

    def of(self, name: str) -> str:
        """The column, or nothing. Linear in the names: most are ruled out by their length or their letters."""
        if name in self.headers:
            return ""
        if name in self.columns:
            return self.columns[name]
        bare = self.bare.get(_letters(name), "")
        if bare:
            return bare
        folded = fold(name)
        size, letters = len(folded), _alphabet(folded) if len(folded) <= _LONGEST else 0
        for other, column, length, alphabet in self.long:  # an edit changes at most two letters
            near = abs(size - length) <= _EDITS and (letters ^ alphabet).bit_count() <= 2 * _EDITS
            if near and _edits(folded, other) <= _EDITS:
                return column
        return ""


def _alphabet(name: str) -> int:
    """Which letters a name has, as bits."""
    letters = 0
    for letter in name:
        letters |= 1 << (ord(letter) & 63)
    return letters


def _letters(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())


def _edits(name: str, other: str) -> int:
    """Insertions, deletions and substitutions between two names (any number above 2 counts as 3)."""
    if abs(len(name) - len(other)) > _EDITS:
        return _EDITS + 1
    row = list(range(len(other) + 1))
    for length, letter in enumerate(name, 1):
        before, row = row, [length]
        for column, against in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != against)))
    return min(row[-1], _EDITS + 1)
