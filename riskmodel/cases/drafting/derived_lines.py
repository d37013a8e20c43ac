"""Lines of a draft for columns that are worked out: ages, thresholds, parts of a finding, codes, boxes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.drafting.draft import Draft, key, literal, texts
from riskmodel.cases.drafting.reading import proposed_reading
from riskmodel.cases.drafting.roles import Role
from riskmodel.cases.drafting.sampled import NEARLY_ALL, SampledColumn
from riskmodel.cases.drafting.vocabulary import vocabulary
from riskmodel.cases.mapping.quantities import Conversion, conversion
from riskmodel.cases.mapping.rule_tables import DERIVE
from riskmodel.cases.mapping.rules.code_lists import CodeList

_BOX = re.compile(r"(.+)___(.+)")
_MONTH_FIRST = ("MM", "M/", "M-", "M.")


@dataclass(slots=True)
class DerivedLines:
    """Adds lines under [derive] to a draft, for what no column of the file says itself (``taken``)."""

    contract: ColumnContract
    draft: Draft
    words: Mapping[str, dict[str, str]]
    taken: set[str]

    def add(self, roles: Sequence[Role], columns: Sequence[SampledColumn]) -> None:
        """All lines that the roles of the columns give."""
        by_kind: dict[str, list[Role]] = defaultdict(list)
        for role in sorted(roles, key=lambda role: -role.fit.score):
            by_kind[role.kind].append(role)
        self.dates(by_kind["date"])
        for role in by_kind["threshold"]:
            self.threshold(role)
        self.parts(by_kind["part"])
        for role in by_kind["diagnosis"][:1]:
            self.diagnosis(role.column, role.fit.why)
        self.boxes(columns)

    def _rule(self, target: str, rule: str, why: str, sources: Sequence[str], *, active: bool = True) -> None:
        active = active and target not in self.taken
        self.draft.add(DERIVE, f"{key(target)} = {{ {rule} }}", why, active=active)
        if active:
            self.taken.add(target)
            self.draft.used |= set(sources)

    def dates(self, roles: Sequence[Role]) -> None:
        """Age and duration, and how dates are written."""
        columns = {role.target: role for role in reversed(roles)}
        if not columns:
            return
        undecided = self.date_pattern([role.column for role in columns.values()])
        visit = columns.get("visit")
        for what, target, rule in (("birth", "age", "years_from"), ("onset", "pain_duration_weeks", "weeks_from")):
            start = columns.get(what)
            if start is None or target not in self.contract.by_column:
                continue
            if visit is None:
                self.draft.notes.append(
                    f"{literal(start.column.name)} is a date ({start.fit.why}), but no date of the visit is known."
                )
                continue
            names = start.column.name, visit.column.name
            why = f"{literal(names[0])}: {start.fit.why}; {literal(names[1])}: {visit.fit.why}"
            self._rule(
                target, f"{rule} = {literal(names[0])}, to = {literal(names[1])}", why, names, active=not undecided
            )

    def date_pattern(self, columns: Sequence[SampledColumn]) -> bool:
        """The line that says how dates are written; whether this cannot be told."""
        undecided = False
        listed: dict[str, str] = {}
        for column in columns:
            if column.has_short_years and not column.is_date:
                why = "years of two digits are refused, as their century is not known: export them with four digits"
                self.draft.notes.append(f"{literal(column.name)}: {why}.")
                undecided = True
            elif column.date_patterns:
                first, *others = column.date_patterns
                rivals = [pattern for pattern in others if (pattern[0] == "M") != (first[0] == "M")]
                if rivals and "." not in first:
                    why = f"{literal(column.name)} could as well be {rivals[0]}: {column.commonest(2)}"
                    self.draft.add("", f"dates = {literal(first)}", why, active=False)
                    undecided = True
                else:
                    listed.setdefault(first, column.name)
        if listed:
            why = "; ".join(f"{literal(name)} is written as {pattern}" for pattern, name in listed.items())
            value = texts(list(listed)) if len(listed) > 1 else literal(next(iter(listed)))
            self.draft.add("", f"dates = {value}", why)
        return undecided

    def threshold(self, role: Role) -> None:
        """A rule on a number, where its unit is told by the range of the numbers."""
        column, entry = role.column, vocabulary().tables["thresholds"][role.target]
        numbers = list(column.numbers.values())
        for unit, (low, high) in entry["ranges"].items():
            inside = sum(low <= number <= high for number in numbers)
            if inside >= NEARLY_ALL * len(numbers):
                rule = f"number = {literal(column.name)}, {entry['rule']}"
                stated = re.search('"[^"]* ([^"]*)"', entry["rule"])
                if unit and stated and stated[1] != unit and isinstance(conversion(stated[1], unit), Conversion):
                    rule += f", unit = {literal(unit)}"
                measured = f"{float(min(numbers)):g} to {float(max(numbers)):g}"
                measured += f", so that it is in {unit}" if unit else ""
                self._rule(role.target, rule, f"{role.fit.why}; it holds {measured}", [column.name])
                self.codes_for_none(column, dict.fromkeys(column.missing, ""))
                return
        self.draft.notes.append(
            f"{literal(column.name)} could tell {role.target} ({role.fit.why}), but not with these numbers: "
            f"{column.commonest(4)}"
        )

    def codes_for_none(self, column: SampledColumn, missing: Mapping[str, str]) -> None:
        """Missing codes of a column that a rule reads."""
        if missing:
            counted = (f"{text}: {column.texts[text]} cells" for text in missing)
            self.draft.add("missing_in", f"{key(column.name)} = {texts(list(missing))}", ", ".join(counted))

    def parts(self, roles: Sequence[Role]) -> None:
        """Any of several columns, each of which is enough."""
        of_target: dict[str, list[Role]] = defaultdict(list)
        for role in roles:
            of_target[role.target].append(role)
        for target, several in of_target.items():
            names = [role.column.name for role in several]
            variable = self.contract.variables[self.contract.by_column[target]]
            readings = [proposed_reading(role.column, variable) for role in several]
            clear = all(not reading.codes and not reading.open for reading in readings)
            why = f"each is enough for {target}; no is read only where all say no: are these all that count?"
            rule = f"any_of = {texts(names)}"
            if len(names) == 1:
                self.draft.notes.append(f"{literal(names[0])} is a part of {target}: {several[0].fit.why}.")
            else:
                self._rule(target, rule, why, names, active=clear)
                for role, reading in zip(several, readings, strict=True) if clear else ():
                    self.codes_for_none(role.column, reading.missing)
                    for text, word in reading.words.items():
                        self.words[text].setdefault(word, role.column.name)

    def diagnosis(self, column: SampledColumn, why: str) -> None:
        """Outcomes by codes, commented out: what a code says, and whether other codes say no, is for the user."""
        self.draft.notes.append(
            f"Outcomes by {literal(column.name)} ({why}), for files with known outcomes: {column.commonest(12)}"
        )
        for target, codes in vocabulary().tables["icd"].items():
            if target not in self.contract.by_column or target in self.taken:
                continue
            seen = [code for code in codes if any(text in CodeList.of([f"{code}*"]) for text in column.recorded)]
            yes = texts([f"{code}*" for code in seen] or ["..."])
            rule = f'codes_in = {literal(column.name)}, yes = {yes}, otherwise = "no"'
            if seen:
                self._rule(target, rule, "is this what the codes mean, and do all others say no?", [], active=False)
            elif not column.are_icd:
                self._rule(target, rule, "which of its texts say so, and do all others say no?", [], active=False)

    def boxes(self, columns: Sequence[SampledColumn]) -> None:
        """Boxes of which only the code is in the name: commented out."""
        boxes = [column.name for column in columns if _BOX.fullmatch(column.name)]
        for name in boxes[:40]:
            entry = f"WHICH_COLUMN = {{ checkbox = {literal(name)} }}"
            self.draft.add(
                DERIVE, entry, "what does this box say? A box that is not ticked is read as not recorded", active=False
            )
