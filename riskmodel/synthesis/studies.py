"""A table of studies, read strictly: one row a study, finding, condition and setting."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import Problems, StudiesError, nearest
from riskmodel.evidence.reading.bibliography import KEY as SOURCE
from riskmodel.evidence.reading.grammar import (
    EVENT,
    BrokenNameError,
    DeclaredNames,
    GrammarError,
    parse_given,
    parse_of,
)
from riskmodel.evidence.records import HOW_READ
from riskmodel.synthesis.two_by_two import CELLS, DESIGNS

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.evidence.records import Priors

SHARE = ("events", "n")
REQUIRED = ("study", "source", "locator", "of", "given")
QUADAS = "quadas_"
WHOLE = re.compile(r"[0-9]+(\.0+)?")  # 20.0 is what programs write of 20 in a column with blanks
COLUMNS = (
    *REQUIRED, *CELLS, *SHARE, "year", "read", "setting", "others", "cutoff", "design", "reference_standard",
    "verified_partly", "note",
)  # fmt: skip
ANSWERS = ("yes", "no", "unclear")


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


def read_studies(table: str | Path | pd.DataFrame, priors: Priors | None = None) -> tuple[StudyCounts, ...]:
    """The studies of a table.

    Parameters
    ----------
    table
        the path of a CSV file in UTF-8, separated by commas or semicolons, or a frame. Columns: study, source, locator,
        of and given; tp, fp, fn and tn, or events and n; if wanted year, read, setting, others, cutoff, design,
        reference_standard, verified_partly, note, and any that begin with quadas_.
    priors
        with these, names of variables and states are checked as well.

    Raises
    ------
    StudiesError
        with every problem of the table: row, column, value and what is allowed.
    """
    file, names, rows = _cells(table)
    problems = Problems(file=file)
    _check_columns(names, problems)
    if not rows and not problems.listed:
        problems.note("", "no rows", "one row a study")
    if problems.listed:
        raise StudiesError(problems.listed)
    declared = None
    if priors is not None:
        declared = DeclaredNames({variable.name: variable for variable in priors.variables}, priors.composites)
    studies = [_Row(label, cells, problems).study(declared) for label, cells in rows]
    _check_repeats([label for label, _ in rows], studies, problems)
    if problems.listed:
        raise StudiesError(problems.listed)
    return tuple(studies)


def _cells(table: str | Path | pd.DataFrame) -> tuple[str, list[str], list[tuple[str, dict[str, str]]]]:
    """The name of the table, its columns, and the cells of each row as texts, under what the row is called."""
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        frame, file = table, "studies"
        labels = [f"row {index}" for index in frame.index]
    else:
        frame, file = _csv(Path(table)), str(table)
        labels = [f"line {number}" for number in range(2, len(frame) + 2)]
    names = [str(name).strip() for name in frame.columns]
    texts = [[_text(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return file, names, [(label, dict(zip(names, row, strict=True))) for label, row in zip(labels, texts, strict=True)]


def _csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    problems = Problems(file=str(path))
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
            file.read()  # so that bytes that are no UTF-8 are met here
    except OSError as error:
        problems.note("", f"cannot be read: {error.strerror}", "a CSV file")
        raise StudiesError(problems.listed) from error
    except UnicodeDecodeError as error:
        problems.note("", f"byte {error.start} is not UTF-8", "a CSV file saved as UTF-8")
        raise StudiesError(problems.listed) from error
    separator = ";" if head.count(";") > head.count(",") else ","
    if not head.strip():
        problems.note("", "the file is empty", f"a first line of columns: {', '.join(REQUIRED)}, {', '.join(CELLS)} …")
        raise StudiesError(problems.listed)
    try:
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        problems.note("", str(error), "as many cells in each line as there are columns")
        raise StudiesError(problems.listed) from error


def _text(value: object) -> str:
    import pandas as pd

    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():  # pandas makes floats of whole numbers beside blanks
        return str(int(value))
    return str(value).strip()


def _check_columns(names: Sequence[str], problems: Problems) -> None:
    for name in names:
        if names.count(name) > 1:
            problems.at(f"column {name!r}").note("", "stands twice", "each column once")
        elif name not in COLUMNS and not name.startswith(QUADAS):
            allowed = f"one of {', '.join(COLUMNS)}, {QUADAS}…{nearest(name, COLUMNS)}"
            problems.at(f"column {name!r}").note("", "unknown column", allowed)
    for name in REQUIRED:
        if name not in names:
            problems.at(f"column {name!r}").note("", "missing", "this column is required")
    if not set(CELLS) <= set(names) and not set(SHARE) <= set(names):
        problems.note("", "no counts", f"columns {', '.join(CELLS)}, or {' and '.join(SHARE)}")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row under reading."""

    label: str
    cells: Mapping[str, str]
    problems: Problems

    def fault(self, column: str, received: str, allowed: str) -> None:
        self.problems.at(f"{self.label}, column {column!r}").note("", received, allowed)

    def study(self, declared: DeclaredNames | None) -> StudyCounts:
        for column in REQUIRED:
            if not self.cells[column]:
                self.fault(column, "blank", "a text")
        if self.cells["source"] and not SOURCE.fullmatch(self.cells["source"]):
            allowed = "allowed: the key of a source: lower case, digits, underscores"
            self.fault("source", f"received {self.cells['source']!r}", allowed)
        counts = self._counts()
        self._check_events(counts, declared)
        year = self.cells.get("year", "")
        if year and not (year.isdigit() and len(year) == 4):
            self.fault("year", f"received {year!r}", "allowed: four digits")
            year = ""
        if self.cells.get("verified_partly", "") not in ("", *ANSWERS):
            self.fault(
                "verified_partly", f"received {self.cells['verified_partly']!r}", f"allowed: {', '.join(ANSWERS)}"
            )
        plain = {column: self.cells[column] for column in REQUIRED}
        rest = ("reference_standard", "verified_partly", "note")
        details = {
            name: text for name, text in self.cells.items() if text and (name in rest or name.startswith(QUADAS))
        }
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
        wanted = CELLS if set(named) & set(CELLS) else SHARE
        if set(named) != set(wanted):
            self.fault(
                "tp" if wanted == CELLS else "events", f"counts in {', '.join(named) or 'no column'}",
                f"{', '.join(CELLS)}, or {' and '.join(SHARE)}",
            )  # fmt: skip
            return {}
        counts = {}
        for column in wanted:
            if not WHOLE.fullmatch(self.cells[column]):
                self.fault(column, f"received {self.cells[column]!r}", "allowed: a whole number, 0 or more")
            else:
                counts[column] = int(self.cells[column].split(".")[0])
        if len(counts) < len(wanted):
            return {}
        if wanted == SHARE and not 0 < counts["n"] >= counts["events"]:
            self.fault(
                "events", f"received {counts['events']} of n = {counts['n']}", "allowed: 0 <= events <= n, n > 0"
            )
        for first, second, who in (("tp", "fn", "with"), ("fp", "tn", "without")) if wanted == CELLS else ():
            if counts[first] + counts[second] == 0:
                self.fault(first, f"nobody {who} the condition", "at least one person")
        return counts

    def _check_events(self, counts: Mapping[str, int], declared: DeclaredNames | None) -> None:
        two_by_two = "tp" in counts
        for column in ("of", "given"):
            text = self.cells[column]
            if declared is not None and text:
                try:
                    parse_of(text, declared) if column == "of" else parse_given(text, "probability", declared)
                except GrammarError as error:
                    self.fault(column, f"received {error.received}", f"allowed: {error.allowed}")
                except BrokenNameError:
                    pass
            elif text and (column == "of" or two_by_two) and not EVENT.fullmatch(text):
                self.fault(column, f"received {text!r}", "allowed: variable=state, such as fever=present")
        self._check_others(declared, two_by_two=two_by_two)

    def _check_others(self, declared: DeclaredNames | None, *, two_by_two: bool) -> None:
        """What those without the condition had instead: a condition that is present, of a two-by-two table."""
        text = self.cells.get("others", "")
        if not text:
            return
        if not two_by_two:
            self.fault("others", f"{text!r} with {' and '.join(SHARE)}", f"only with {', '.join(CELLS)}")
        if EVENT.fullmatch(text) is None or text.endswith(" alone"):
            self.fault("others", f"received {text!r}", "allowed: condition=present")
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
