"""Which rows of an export make a case: events, repeated forms and repeated events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel.errors import CasesError, UsageError, nearest

BASE = "base"  # the rows of a record that are of no repeated form
FIRST, LAST = "first", "last"
_WHICH = re.compile(r"(.*?)(?:#(first|last|[0-9]+))?")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class RowKey:
    """What an export says a row is: its record, event, repeated form and the number of the repeat."""

    record: str
    event: str = ""
    instrument: str = ""
    instance: str = ""

    @property
    def kind(self) -> str:
        """The kind of row, as it is named in a choice of rows.

        >>> RowKey("1").kind, RowKey("1", "visit_arm_1").kind, RowKey("1", "visit_arm_1", "bp", "2").kind
        ('base', 'visit_arm_1', 'visit_arm_1/bp')
        """
        return "/".join(filter(None, (self.event, self.instrument))) or BASE


@dataclass(frozen=True, slots=True)
class RowsOfKind:
    """Rows of one kind, and which of the repeats: the first, the last, a number, or (empty) each."""

    kind: str
    which: str = ""

    def __str__(self) -> str:
        return f"{self.kind}#{self.which}" if self.which else self.kind


@dataclass(frozen=True, slots=True)
class RowChoice:
    """Rows of any of ``cases`` are a case each; cells of forms that are empty there come from the rows ``beside``."""

    cases: tuple[RowsOfKind, ...]
    beside: tuple[RowsOfKind, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRowsOfExport:
    """One case: its name, and its rows of the export, the first of which is the case."""

    name: str
    rows: tuple[int, ...]


def read_row_choice(text: str) -> RowChoice:
    """A choice of rows: kinds that are cases, separated by commas, and after ``+`` what is taken from other rows.

    A kind is an event, a repeated form, ``event/form``, or ``base`` for rows that are of neither. ``#first``,
    ``#last`` or a number takes one of the repeats.

    >>> read_row_choice("bp#last + base").beside
    (RowsOfKind(kind='base', which=''),)
    """
    first, *beside = (part.strip() for part in text.split("+"))
    kinds = [_kind(part) for part in first.split(",")]
    return RowChoice(tuple(kinds), tuple(_kind(part) for part in beside))


def _kind(text: str) -> RowsOfKind:
    match = _WHICH.fullmatch(text.strip())
    if match is None or not match[1].strip():
        raise UsageError(f"rows: {text!r}; write KIND[#first|#last|#N], several with commas, + KIND for further cells")
    return RowsOfKind(match[1].strip(), match[2] or "")


def cases_of_rows(keys: Sequence[RowKey], choice: str, file: str = "export") -> list[CaseRowsOfExport]:
    """The cases of an export.

    Without a choice every row is a case, where all are of one kind and none is a repeat.

    Raises
    ------
    CasesError
        where a choice is needed, or names rows that are not there, with what is there.
    """
    if not choice:
        if len({key.kind for key in keys}) > 1 or any(key.instance for key in keys):
            raise CasesError(
                f"{file}: its rows are of several kinds; say which are cases with --redcap-rows: {_there(keys)}"
            )
        return [CaseRowsOfExport(key.record, (row,)) for row, key in enumerate(keys)]
    wanted = read_row_choice(choice)
    kinds = dict.fromkeys(key.kind for key in keys)
    for each in (*wanted.cases, *wanted.beside):
        if each.kind not in kinds and keys:
            raise CasesError(f"{file}: no rows {each.kind!r}{nearest(each.kind, kinds)}; there are {_there(keys)}")
    rows: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault((key.record, key.kind), []).append(row)
    chosen = _chosen(keys, rows, wanted.cases)
    several = len(wanted.cases) > 1
    cases = []
    for row, each in chosen:
        beside = [_only(keys, rows.get((keys[row].record, other.kind), []), other, file) for other in wanted.beside]
        name = keys[row].record + (f":{each.kind}" if several else "")
        name += f"#{keys[row].instance}" if keys[row].instance and not each.which else ""
        cases.append(CaseRowsOfExport(name, (row, *(other for other in beside if other is not None))))
    return cases


def _chosen(
    keys: Sequence[RowKey], rows: dict[tuple[str, str], list[int]], kinds: Sequence[RowsOfKind]
) -> list[tuple[int, RowsOfKind]]:
    """The rows that are cases, in the order of the export."""
    chosen = {}
    for each in kinds:
        for (_, kind), numbers in rows.items():
            if kind == each.kind:
                chosen.update(dict.fromkeys(_repeats(keys, numbers, each.which), each))
    return sorted(chosen.items(), key=lambda item: item[0])


def _repeats(keys: Sequence[RowKey], rows: Sequence[int], which: str) -> list[int]:
    if not which:
        return list(rows)
    if which.isdigit():
        return [row for row in rows if _number(keys[row]) == int(which)]
    ordered = sorted(rows, key=lambda row: _number(keys[row]))
    return [ordered[0] if which == FIRST else ordered[-1]]


def _number(key: RowKey) -> int:
    return int(key.instance) if key.instance.isdigit() else 1


def _only(keys: Sequence[RowKey], rows: Sequence[int], wanted: RowsOfKind, file: str) -> int | None:
    """The row of a record from which further cells come; none where the record has no such row."""
    taken = _repeats(keys, rows, wanted.which) if rows else []
    if len(taken) > 1:
        record = keys[taken[0]].record
        raise CasesError(
            f"{file}: record {record!r} has {len(taken)} rows {wanted.kind!r} to take cells from; "
            f"say which: {wanted.kind}#first, {wanted.kind}#last or {wanted.kind}#2"
        )
    return taken[0] if taken else None


def _there(keys: Sequence[RowKey]) -> str:
    """The kinds of rows that an export has, with how many there are of how many records."""
    counts: dict[str, list[str]] = {}
    for key in keys:
        counts.setdefault(key.kind, []).append(key.record)
    kinds = [
        f"{kind} ({_counted(len(records), 'row')} of {_counted(len(set(records)), 'record')})"
        for kind, records in counts.items()
    ]
    more = f", and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else ""
    return ", ".join(kinds[:_SHOWN]) + more


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
