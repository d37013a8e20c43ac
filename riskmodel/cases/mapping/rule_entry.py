"""One rule of a mapping: its table in TOML, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.columns import takes_numbers
from riskmodel.cases.mapping.dates import date_reader
from riskmodel.cases.mapping.quantities import Quantity, conversion, decimal_text, plausible, unit_name
from riskmodel.cases.mapping.rules.between_dates import BetweenDates, RangeWords
from riskmodel.cases.mapping.rules.code_lists import CodeList, CodesIn, overlaps
from riskmodel.cases.mapping.rules.outcome import ColumnRule
from riskmodel.cases.mapping.rules.several_columns import AnyOrAll, Boxes, FirstRecorded
from riskmodel.cases.mapping.rules.threshold import COMPARISONS, NumberThreshold
from riskmodel.cases.mapping.source_cells import BLANK, NO, YES, SourceColumn, truth
from riskmodel.cases.mapping.source_columns import SourceColumns
from riskmodel.errors import nearest
from riskmodel.evidence.records import Variable

# Each kind of rule by the key that names its columns, with the other keys that it takes.
KINDS: Mapping[str, tuple[str, ...]] = {
    "years_from": ("to", "dates"),
    "weeks_from": ("to", "dates"),
    "number": (*COMPARISONS, "unit", "limits", "words"),
    "any_of": ("words",),
    "all_of": ("words",),
    "first_of": (),
    "codes_in": ("yes", "no", "states", "otherwise", "blank", "separator"),
    "checkbox": ("none", "unticked", "words"),
}
_SEVERAL = frozenset({"any_of", "all_of", "first_of"})  # these need a list
Problem = Callable[[str, str], None]


@dataclass(slots=True)
class RuleEntry:
    """One entry of [derive] or [helper] being read."""

    columns_of: SourceColumns
    note: Problem
    where: str
    entry: Mapping[str, Any]
    kind: str
    variable: Variable | None
    failed: bool = False

    def read(self) -> ColumnRule | None:
        readers: Mapping[str, Callable[[], ColumnRule | None]] = {
            "years_from": self.between_dates,
            "weeks_from": self.between_dates,
            "number": self.threshold,
            "any_of": self.any_or_all,
            "all_of": self.any_or_all,
            "first_of": self.first_recorded,
            "codes_in": self.codes,
            "checkbox": self.boxes,
        }
        rule = readers[self.kind]()
        return None if self.failed else rule

    def problem(self, key: str, text: str) -> None:
        self.failed = True
        self.note(f"{self.where}.{key}" if key else self.where, text)

    def text(self, key: str, allowed: str = "a text that is not empty") -> str:
        value = self.entry.get(key, "")
        if key in self.entry and not (isinstance(value, str) and value):
            self.problem(key, f"{value!r}; must be {allowed}")
            return ""
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """A list of different texts; one text alone stands for a list of it."""
        value = self.entry.get(key, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(text, str) and text for text in listed):
            self.problem(key, f"{value!r}; must be a text or a list of texts")
            return []
        for text in dict.fromkeys(text for text in listed if listed.count(text) > 1):
            self.problem(key, f"{text!r} is named twice")
        return list(listed)

    def columns(self, *, words: bool = False) -> tuple[SourceColumn, ...]:
        names = self.texts(self.kind)
        fewest = 2 if self.kind in _SEVERAL else 1
        if len(names) < fewest and not self.failed:
            self.problem(self.kind, "must name at least two columns" if fewest == 2 else "must name a column")
        return tuple(self.columns_of.source(name, self.where, words=words) for name in names)

    def says(self) -> dict[str, str]:
        """The words for yes and no; what they stand for must be understood by the column."""
        given = self.entry.get("words", {})
        if not isinstance(given, Mapping) or not all(isinstance(word, str) for word in given.values()):
            self.problem("words", f'{given!r}; must be a table of texts, as {{ yes = "abnormal", no = "normal" }}')
            given = {}
        for key in given.keys() - {YES, NO}:
            self.problem(f"words.{key}", f"unknown key{nearest(key, (YES, NO))}; allowed: yes, no")
        says = {YES: given.get(YES, YES), NO: given.get(NO, NO)}
        for key, word in says.items():
            self.understood(f"words.{key}" if key in given else self.kind, word)
        return says

    def understood(self, key: str, word: str) -> int:
        """The mask of a word in the column that is worked out, 0 where there is none; a problem if it is refused."""
        if self.variable is None or word == BLANK:
            return 0
        parts = self.columns_of.contract.parts.get(self.variable.name, ())
        mask = CellDecoder(self.variable, parts=parts).decode(word)
        if isinstance(mask, CellProblem):
            hint = "; name the words under words" if key == self.kind and "words" in KINDS[self.kind] else ""
            self.problem(key, f"{word!r}: {mask.problem}{hint}")
            return 0
        return mask

    def between_dates(self) -> ColumnRule | None:
        unit: Literal["years", "weeks"] = "years" if self.kind == "years_from" else "weeks"
        if self.variable is not None and self.variable.unit != unit:
            given = f"is in {self.variable.unit}" if self.variable.unit else "takes no numbers"
            self.problem("", f"{self.kind} gives {unit}, and {self.variable.column} {given}")
        if "to" not in self.entry:
            self.problem("to", "is missing: the column of the later date")
        first, last = self.text(self.kind, "the name of a column"), self.text("to", "the name of a column")
        if first and first == last:
            self.problem("to", f"{last!r} is the column that it counts from")
        reader = date_reader(self.entry["dates"], self.problem) if "dates" in self.entry else self.columns_of.dates
        start, end = (self.columns_of.source(name, self.where) for name in (first, last))
        start, end = (SourceColumn(s.name, s.values, s.missing, reader) for s in (start, end))
        return BetweenDates(start, end, unit, RangeWords(self.variable))

    def threshold(self) -> ColumnRule | None:
        source = self.columns_of.source(self.text("number", "the name of a column"), self.where)
        says = self.says()
        named = [key for key in COMPARISONS if key in self.entry]
        if len(named) != 1:
            self.problem("", f"needs exactly one of {', '.join(COMPARISONS)}")
            return None
        limit = Quantity.of(self.entry[named[0]])
        if limit is None:
            self.problem(named[0], f'{self.entry[named[0]]!r}; must be a number, or a number with its unit ("38 °C")')
            return None
        stated = self.columns_of.units.get(source.name, "")
        unit = unit_name(self.text("unit") or (stated if isinstance(stated, str) else "") or limit.unit)
        into = conversion(limit.unit or unit, unit)
        if isinstance(into, str):
            self.problem("unit" if "unit" in self.entry else named[0], into)
            return None
        column = SourceColumn(source.name, source.values, source.missing, source.dates, source.decimal, unit)
        limits = self.limits() if "limits" in self.entry else plausible(unit)
        if limits and not limits[0] <= into(limit.number) <= limits[1]:
            low, high = map(decimal_text, limits)
            self.problem(named[0], f"{limit} is outside what the column may hold, {low} to {high} {unit}".rstrip())
        return NumberThreshold(column, named[0], into(limit.number), says, limits)

    def limits(self) -> tuple[Fraction, Fraction] | None:
        value = self.entry["limits"]
        ends = [Quantity.of(end) for end in value] if isinstance(value, list | tuple) and len(value) == 2 else [None]
        low, high = ends[0], ends[-1]
        if low is None or high is None or low.unit or high.unit or low.number >= high.number:
            self.problem("limits", f"{value!r}; must be two numbers, the smaller first, in the unit of the column")
            return None
        return low.number, high.number

    def any_or_all(self) -> ColumnRule | None:
        return AnyOrAll(self.columns(words=True), self.kind == "all_of", self.says())

    def first_recorded(self) -> ColumnRule | None:
        columns = []
        for source in self.columns(words=True):
            unit = self.columns_of.units.get(source.name)
            if unit is None or self.variable is None or not takes_numbers(self.variable):
                columns.append(source)
                continue
            into = conversion(unit, self.variable.unit) if isinstance(unit, str) else ""
            if isinstance(into, str):
                self.note(f"units.{source.name}", into or f"{unit!r}; must be a unit")
                self.failed = True
                continue
            columns.append(
                SourceColumn(source.name, source.values, source.missing, source.dates, source.decimal, unit, into)
            )
        return FirstRecorded(tuple(columns))

    def boxes(self) -> ColumnRule | None:
        none = self.text("none", "the name of a column")
        unticked = self.text("unticked")
        if unticked not in ("", NO):
            self.problem("unticked", f'{unticked!r}; allowed is "no": a box that is not ticked then says no')
        none_box = self.columns_of.source(none, self.where, words=True) if none else None
        if none and none in self.texts(self.kind):
            self.problem("none", f"{none!r} is among the boxes")
        return Boxes(self.columns(words=True), none_box, unticked == NO, self.says())

    def codes(self) -> ColumnRule | None:
        lists: dict[str, list[str]] = {}
        for word in (YES, NO):
            if word in self.entry:
                lists[word] = self.texts(word)
        states = self.entry.get("states", {})
        if not isinstance(states, Mapping):
            self.problem("states", f'{states!r}; must be a table, as {{ minor = ["fall"] }}')
            states = {}
        for word in states:
            if word in lists:
                self.problem(f"states.{word}", f"{word} is named twice")
            given = RuleEntry(self.columns_of, self.note, f"{self.where}.states", states, self.kind, self.variable)
            lists[word] = given.texts(word)
            self.failed |= given.failed
        if not any(lists.values()):
            self.problem("", "names no code: at least one of yes, no, states is needed")
        where = {word: f"states.{word}" if word in states else word for word in lists}
        for first, other, code, twin in overlaps(lists):
            self.problem(where[other], f"{twin!r} stands for {other}, and {code!r} for {first}: a code has one meaning")
        otherwise, blank = self.text("otherwise"), self.text("blank")
        masks = {word: self.understood(where[word], word) for word in lists}
        for key, word in (("otherwise", otherwise), ("blank", blank)):
            masks[word] = self.understood(key, word)
        negatives = frozenset(word for word, mask in masks.items() if mask == 1 or truth(word) == NO)
        separator = self.text("separator")
        tidy = {word: CodeList.of(codes) for word, codes in lists.items()}
        return CodesIn(self.columns(), tidy, otherwise, blank, separator, negatives)
