"""From an extraction sheet to the program's own columns and words; what is not taken literally is listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskmodel.errors import Problems, nearest
from riskmodel.evidence.records import SETTING
from riskmodel.synthesis.sheet_columns import QUADAS, SHARE, TARGETS, first_columns, match_columns
from riskmodel.synthesis.sheet_counts import SIDES, adds_up, check_against, is_total, worked_back
from riskmodel.synthesis.sheet_file import SheetCells, SheetReading
from riskmodel.synthesis.sheet_words import MISSING, in_percent, key_of, kind_of_word, usual_word, whole_number
from riskmodel.synthesis.two_by_two import CELLS

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors, Variable

REQUIRED = ("study", "source", "locator", "of", "given")
TEXTS = ("study", "author", "of", "given", "others", "note")  # "none" and "-" may be meant in these
COUNTED = (*CELLS, *SHARE)
WORKED_BACK = "worked_back"


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """What a sheet does not say itself.

    ``columns`` has the sheet's name for a column, by the program's; ``defaults`` a text for the blanks of a column, or
    for a column that is not there; ``ignore`` the columns of the sheet that are left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    ignore: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row in the program's own columns and words.

    ``label`` is what the row is called, ``names`` has the sheet's name of each column.
    """

    label: str
    cells: Mapping[str, str]
    names: Mapping[str, str]
    problems: Problems

    def fault(self, column: str, received: str, allowed: str) -> None:
        """List a problem of a cell, under the name that the sheet has for its column."""
        self.problems.at(f"{self.label}, column {self.names.get(column, column)!r}").note("", received, allowed)


def translated(
    sheet: SheetCells, options: SheetOptions, priors: Priors | None, problems: Problems
) -> tuple[list[SheetRow], tuple[SheetReading, ...]]:
    """The rows with counts, and every reading that is not literal; problems are listed."""
    for column in options.defaults:
        if column not in TARGETS and not column.startswith(QUADAS):
            problems.at(f"{column}={options.defaults[column]}").note(
                "", f"there is no column {column!r}", f"columns are {', '.join(TARGETS)}{nearest(column, TARGETS)}"
            )
    positions, unused = match_columns(sheet.names, options.columns, options.ignore, problems)
    if problems.listed:
        return [], ()
    readings = list(sheet.readings)
    readings += [SheetReading(sheet.names[i], "", sheet.names[i], target) for target, i in positions.items()
                 if sheet.names[i] != target]  # fmt: skip
    readings += [SheetReading(name, "", name, "") for name in (*unused, *options.ignore)]
    translation = _Translation(sheet, positions, options, priors, problems, readings)
    _check_columns(translation, problems)
    rows = [] if problems.listed else list(translation.rows())
    if not rows and not problems.listed:
        problems.note("", "no rows with counts", "one row a study")
    return rows, tuple(readings)


def _check_columns(sheet: _Translation, problems: Problems) -> None:
    there = {*sheet.positions, *sheet.options.defaults}
    there |= {"study"} if "author" in there else set()
    there |= {"source"} if "study" in there else set()  # made of it
    for name in REQUIRED:
        if name not in there:
            allowed = f"this column; or the sheet's own name of it (--column {name}=NAME; in Python columns)"
            if name != "study":  # each row is another
                allowed += f"; or one text for all rows (--{name} TEXT; in Python defaults)"
            problems.at(f"column {name!r}").note("", "missing", allowed)
    shares = {column for people, share, *_ in SIDES for column in (people, share)}
    if not any(set(columns) <= there for columns in (CELLS, SHARE, shares)):
        problems.note(
            "", f"no counts in the columns {first_columns(sheet.sheet.names)}",
            f"columns {', '.join(CELLS)}; or {' and '.join(SHARE)}; or {', '.join(sorted(shares))}; "
            "the sheet's own names of them are given as --column tp=NAME (in Python columns)",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Translation:
    sheet: SheetCells
    positions: Mapping[str, int]
    options: SheetOptions
    priors: Priors | None
    problems: Problems
    readings: list[SheetReading]

    def rows(self) -> Iterator[SheetRow]:
        above: list[Mapping[str, int]] = []
        percent = {share: self._in_percent(share) for _, share, *_ in SIDES}
        names = {target: self.sheet.names[i] for target, i in self.positions.items()}
        for label, texts in self.sheet.rows:
            cells = {target: texts[i] for target, i in self.positions.items()}
            row = SheetRow(label, cells, names, self.problems)
            if not self._counts(row, cells, percent):
                continue
            counts = {c: int(cells[c]) for c in COUNTED if cells.get(c, "").isdigit()}
            name = cells.get("study") or cells.get("author", "")
            if is_total(name):
                self._total(row, name, counts, above)
                continue
            above.append(counts)
            if not any(cells.get(column) for column in COUNTED):
                self._read(row, "", name or "a row without a name", "no study, for it has no counts")
                continue
            self._texts(row, cells)
            yield row

    def _read(self, row: SheetRow, column: str, received: str, read_as: str) -> None:
        self.readings.append(SheetReading(row.names.get(column, column), row.label, received, read_as))

    def _in_percent(self, share: str) -> bool:
        i = self.positions.get(share)
        return i is not None and in_percent(texts[i] for _, texts in self.sheet.rows)

    def _total(self, row: SheetRow, name: str, counts: Mapping[str, int], above: Sequence[Mapping[str, int]]) -> None:
        if not counts or adds_up(counts, above):
            self._read(row, "study", name, "a row of totals, left out: everyone would count twice")
        else:
            allowed = "no row of totals; its counts are not the sums of the rows above, so it is not left out either"
            row.fault("study", f"received {name!r}", allowed)

    def _counts(self, row: SheetRow, cells: dict[str, str], percent: Mapping[str, bool]) -> bool:
        """Whole numbers as plain digits; tp, fp, fn and tn from people and shares; totals beside them are checked.

        False where they cannot be worked back, which is listed.
        """
        for column in (*COUNTED, "n_disease", "n_no_disease", "sens", "spec"):
            text = cells.get(column, "")
            if text.lower() in MISSING:
                cells[column] = ""
                self._read(row, column, text, "blank")
            elif text and column not in ("sens", "spec"):
                number = whole_number(text)
                if isinstance(number, int) and text != str(number):
                    cells[column] = str(number)
                    if not text.removesuffix("0").removesuffix("0").endswith((".", ",")):
                        self._read(row, column, text, str(number))
        beside = [column for side in SIDES for column in side if cells.get(column)]
        if all(_is_determined(cells, side) for side in SIDES) and not all(cells.get(column) for column in CELLS):
            cells |= worked_back(cells, percent, row.fault)
            if not all(cells.get(column) for column in CELLS):
                return False
            shown = ", ".join(f"{column} {cells[column]}" for column in beside)
            cells[WORKED_BACK] = f"counts worked back from {shown}"
            self._read(row, "", shown, ", ".join(f"{column} {cells[column]}" for column in CELLS))
        if all(cells.get(column, "").isdigit() for column in CELLS) and not cells.get("events"):
            check_against({column: int(cells[column]) for column in CELLS}, cells, percent, row.fault)
            cells.pop("n", None)  # all people, not those of a share
        return True

    def _texts(self, row: SheetRow, cells: dict[str, str]) -> None:
        for column, text in list(cells.items()):
            if text.lower() in MISSING and column not in (*COUNTED, *TEXTS):
                kind = kind_of_word(column)
                if kind == "judgement" and usual_word(kind, text) != text:
                    continue  # a minus is a judgement
                cells[column] = ""
                if not (column == "read" and text == "no"):
                    self._read(row, column, text, "blank")
        self._name(row, cells)
        for column, text in self.options.defaults.items():
            if not cells.get(column):
                cells[column] = text
                self._read(row, column, "", text)
        if cells.get("study") and not cells.get("source"):
            cells["source"] = key_of(cells["study"])
            self._read(row, "source", "", cells["source"])
        for column in list(cells):
            self._word(row, cells, column)

    def _name(self, row: SheetRow, cells: dict[str, str]) -> None:
        """The study is its author and year where the sheet has no name for it."""
        author, year = cells.pop("author", ""), cells.get("year", "")
        if "study" not in self.positions and author:
            cells["study"] = author if not year or year in author else f"{author} {year}"
            if cells["study"] != author:
                self._read(row, "study", f"{author} and {year}", cells["study"])

    def _word(self, row: SheetRow, cells: dict[str, str], column: str) -> None:
        """A design, a judgement, a variable or a setting in the program's own words."""
        text, kind = cells[column], kind_of_word(column)
        if not text:
            return
        new = usual_word(kind, text) if kind else text
        if self.priors is not None and column in ("of", "given") and "=" not in text:
            new = _event(text, self.priors.variables)
        if self.priors is not None and column == SETTING:
            states = next((v.states for v in self.priors.variables if v.name == SETTING), ())
            new = next((state for state in states if _plain(state) == _plain(text)), text)
        if new != text:
            cells[column] = new
            self._read(row, column, text, new)


def _is_determined(cells: Mapping[str, str], side: tuple[str, str, str, str]) -> bool:
    """Whether a side of the table has its people, and a count or a share of them."""
    people, *others = side
    return bool(cells.get(people)) and any(cells.get(column) for column in others)


def _event(text: str, variables: Sequence[Variable]) -> str:
    """A variable of two states, named alone: its state beyond the base."""
    for variable in variables:
        if _plain(variable.name) == _plain(text) and len(variable.states) == 2 and variable.in_network:
            return f"{variable.name}={variable.states[1]}"
    return text


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
