"""The studies of a table: one row a study, finding, condition and setting, every cell checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import Problem, Problems, StudiesError, nearest
from riskmodel.evidence.reading.bibliography import KEY as SOURCE
from riskmodel.evidence.reading.grammar import (
    EVENT,
    BrokenNameError,
    DeclaredNames,
    GrammarError,
    parse_given,
    parse_of,
)
from riskmodel.evidence.records import HOW_READ, SETTING
from riskmodel.synthesis.sheet import REQUIRED, WORKED_BACK, SheetOptions, SheetRow, translated
from riskmodel.synthesis.sheet_columns import QUADAS, SHARE
from riskmodel.synthesis.sheet_file import SheetReading, sheet_cells
from riskmodel.synthesis.sheet_words import ANSWERS, JUDGEMENTS, kind_of_word, whole_number
from riskmodel.synthesis.two_by_two import CELLS, DESIGNS

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.evidence.records import Priors

DETAILS = ("reference_standard", "verified_partly", "note", WORKED_BACK)


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """One row: ``counts`` has tp, fp, fn and tn, or events and n; ``details`` what else the row says of the study.

    ``others`` is the condition that those without ``given`` had instead, where everybody was suspected of it.
    """

    study: str
    source: str
    locator: str
    of: str
    given: str
    counts: Mapping[str, int]
    read: str = "no"
    year: int | None = None
    setting: str = ""
    others: str = ""
    cutoff: str = ""
    design: str = ""
    details: Mapping[str, str] | None = None

    @property
    def is_two_by_two(self) -> bool:
        return "tp" in self.counts


@dataclass(frozen=True, slots=True)
class StudySheet:
    """The studies of a sheet, and everything in it that was not taken literally."""

    studies: tuple[StudyCounts, ...]
    readings: tuple[SheetReading, ...]


def read_studies(table: str | Path | pd.DataFrame, priors: Priors | None = None) -> tuple[StudyCounts, ...]:
    """The studies of a table, as :func:`read_sheet` takes them."""
    return read_sheet(table, priors).studies


def read_sheet(
    table: str | Path | pd.DataFrame, priors: Priors | None = None, options: SheetOptions | None = None
) -> StudySheet:
    """The studies of an extraction sheet.

    Parameters
    ----------
    table
        the path of a CSV file (separated by commas, semicolons or tabs; in UTF-8, UTF-16 or Windows-1252), or a frame.
        Columns: study, source, locator, of and given; tp, fp, fn and tn, or events and n; if wanted year, read,
        setting, others, cutoff, design, reference_standard, verified_partly, note, and any that begin with quadas_.
        Other usual names of these columns are taken too, and so are n_disease and n_no_disease with sens and spec,
        where only one table of counts fits.
    priors
        with these, names of variables and states are checked as well.
    options
        what the sheet does not say itself.

    Raises
    ------
    StudiesError
        with every problem of the table: row, column, value and what is allowed.
    """
    cells = sheet_cells(table)
    problems = Problems(file=cells.file)
    rows, readings = translated(cells, options or SheetOptions(), priors, problems)
    declared = None
    if priors is not None:
        declared = DeclaredNames({variable.name: variable for variable in priors.variables}, priors.composites)
    studies = [_Checked(row).study(declared) for row in rows]
    _check_repeats([row.label for row in rows], studies, problems)
    if problems.listed:
        raise StudiesError(_each_once(problems.listed))
    return StudySheet(tuple(studies), readings)


def _each_once(listed: Sequence[Problem]) -> list[Problem]:
    """The same problem of a column in many rows as one, at the first of them."""
    alike: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in listed:
        column = problem.where.partition(", column")[2] or problem.where
        alike.setdefault((column, problem.received, problem.allowed), []).append(problem)
    return [
        replace(first, allowed=f"{first.allowed} (also in {len(rest)} more row{'s' if len(rest) > 1 else ''})")
        if rest
        else first
        for first, *rest in alike.values()
    ]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A row under reading."""

    row: SheetRow

    @property
    def cells(self) -> Mapping[str, str]:
        return self.row.cells

    def fault(self, column: str, received: str, allowed: str) -> None:
        self.row.fault(column, received, allowed)

    @property
    def is_table(self) -> bool:
        """Whether it has counts of a two-by-two table."""
        return any(self.cells.get(column) for column in CELLS)

    def study(self, declared: DeclaredNames | None) -> StudyCounts:
        for column in REQUIRED:
            if not self.cells.get(column):
                self.fault(column, "blank", "a text")
        source = self.cells.get("source", "")
        if source and not SOURCE.fullmatch(source):
            allowed = "allowed: the key of a source: lower case, digits, underscores"
            self.fault("source", f"received {source!r}", allowed)
        counts = self._counts()
        self._check_events(declared)
        self._check_setting(declared)
        year = self.cells.get("year", "")
        if year and not (year.isdigit() and len(year) == 4):
            self.fault("year", f"received {year!r}", "allowed: four digits")
            year = ""
        if self.cells.get("verified_partly", "") not in ("", *ANSWERS):
            self.fault(
                "verified_partly", f"received {self.cells['verified_partly']!r}", f"allowed: {', '.join(ANSWERS)}"
            )
        plain = {column: self.cells.get(column, "") for column in REQUIRED}
        details = {
            name: text for name, text in self.cells.items() if text and (name in DETAILS or name.startswith(QUADAS))
        }
        for name, text in details.items():
            if kind_of_word(name) == "judgement" and text not in JUDGEMENTS:
                allowed = f"allowed: {', '.join(JUDGEMENTS)}, or a blank where it was not judged"
                self.fault(name, f"received {text!r}", allowed)
        return StudyCounts(
            **plain, counts=counts, year=int(year) if year else None, setting=self.cells.get("setting", ""),
            others=self.cells.get("others", ""), cutoff=self.cells.get("cutoff", ""),
            design=self._word("design", DESIGNS), read=self._word("read", tuple(HOW_READ)) or "no", details=details,
        )  # fmt: skip

    def _word(self, column: str, allowed: Sequence[str]) -> str:
        text = self.cells.get(column, "")
        if text and text not in allowed:
            self.fault(column, f"received {text!r}", f"allowed: {', '.join(allowed)}{nearest(text, allowed)}")
            return ""
        return text

    def _counts(self) -> dict[str, int]:
        """The counts of a two-by-two table, or of one share; none where they are faulty."""
        named = [column for column in (*CELLS, *SHARE) if self.cells.get(column)]
        wanted = CELLS if self.is_table else SHARE
        blank = [column for column in wanted if column not in named]
        beside = [column for column in named if column not in wanted]
        either = f"{', '.join(CELLS)}, or {' and '.join(SHARE)}"
        if not named or beside:
            self.fault(wanted[0], f"counts in {', '.join(named) or 'no column'}", f"{either}, not both")
        for column in blank if named else ():
            there = [other for other in named if other in wanted]
            self.fault(column, f"blank beside {', '.join(there)}", f"all of {either}")
        counts = {}
        for column in (column for column in wanted if column in named):
            number = whole_number(self.cells[column])
            if isinstance(number, str):
                self.fault(column, f"received {self.cells[column]!r}", number)
            else:
                counts[column] = number
        if len(counts) < len(wanted) or beside:
            return {}
        if wanted == SHARE and not 0 < counts["n"] >= counts["events"]:
            self.fault(
                "events", f"received {counts['events']} of n = {counts['n']}", "allowed: 0 <= events <= n, n > 0"
            )
        for first, second, who in (("tp", "fn", "with"), ("fp", "tn", "without")) if wanted == CELLS else ():
            if counts[first] + counts[second] == 0:
                self.fault(first, f"nobody {who} the condition", "at least one person")
        return counts

    def _check_setting(self, declared: DeclaredNames | None) -> None:
        """Refuse what is nearly a setting of the model; other settings than the model's are no fault of a study."""
        text = self.cells.get(SETTING, "")
        variable = None if declared is None else declared.variables.get(SETTING)
        if variable is not None and text not in variable.states and nearest(text, variable.states):
            allowed = (
                f"allowed: {', '.join(variable.states)}{nearest(text, variable.states)}, or another name altogether"
            )
            self.fault(SETTING, f"received {text!r}", allowed)

    def _check_events(self, declared: DeclaredNames | None) -> None:
        for column in ("of", "given"):
            text = self.cells.get(column, "")
            if declared is not None and text:
                try:
                    parse_of(text, declared) if column == "of" else parse_given(text, "probability", declared)
                except GrammarError as error:
                    hint = "" if "=" in text else self._otherwise(column, text, declared)
                    self.fault(column, f"received {error.received}", f"allowed: {error.allowed}{hint}")
                except BrokenNameError:
                    pass
            elif text and (column == "of" or self.is_table) and not EVENT.fullmatch(text):
                self.fault(column, f"received {text!r}", "allowed: variable=state, such as fever=present")
        self._check_others(declared)

    def _otherwise(self, column: str, text: str, declared: DeclaredNames) -> str:
        """What to do with a text that is no event: a state of what it names, the nearest name, or one for all rows."""
        name = self.row.names.get(column, column)
        variable = declared.variables.get("_".join(text.lower().split()))
        if variable is not None:
            number = f"{variable.name}=any for all that are not {variable.base}" + (
                " (with cut-offs, for the number itself)" if variable.lower_edges else ""
            )
            states = ", ".join(f"{variable.name}={state}" for state in variable.states[1:])
            return f"; of {variable.name}: {states}, or {number}"
        names = [v.name for v in declared.variables.values() if v.role == "condition"]
        if column == "given":
            return f"; the conditions are {', '.join(f'{name}=present' for name in names)}{nearest(text, names)}"
        instead = f"; or one for all rows: --ignore {name!r} --{column} VARIABLE=STATE (in Python ignore, defaults)"
        return nearest(text, declared.variables) or instead

    def _check_others(self, declared: DeclaredNames | None) -> None:
        """What those without the condition had instead: a condition that is present, of a two-by-two table."""
        text = self.cells.get("others", "")
        if not text:
            return
        if not self.is_table:
            self.fault("others", f"{text!r} with {' and '.join(SHARE)}", f"only with {', '.join(CELLS)}")
        if EVENT.fullmatch(text) is None or text.endswith(" alone"):
            allowed = (
                "allowed: condition=present, which those without the condition had instead; where the study excluded "
                "other conditions, a blank, and given the condition alone"
            )
            self.fault("others", f"received {text!r}", allowed)
        elif self.cells["given"].endswith(" alone"):
            self.fault("others", f"{text!r} beside given {self.cells['given']!r}", "given the condition, not alone")
        elif declared is not None:
            try:
                parse_given(f"{text} alone", "probability", declared)
            except GrammarError as error:
                self.fault("others", f"received {error.received}", f"allowed: {error.allowed}")
            except BrokenNameError:
                pass


def _check_repeats(labels: Sequence[str], studies: Sequence[StudyCounts], problems: Problems) -> None:
    first: dict[tuple[str, ...], str] = {}
    for label, row in zip(labels, studies, strict=True):
        key = (row.study, row.of, row.given, row.setting, row.cutoff)
        if first.setdefault(key, label) != label:
            allowed = "each study once for a finding, a condition, a setting and a cut-off"
            problems.at(label).note("", f"{row.study!r} again, first in {first[key]}", allowed)
