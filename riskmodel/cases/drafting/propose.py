"""From what a file holds to a draft of its mapping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from riskmodel.cases.columns import CASE_ID, ColumnContract, takes_numbers
from riskmodel.cases.drafting.derived_lines import DerivedLines
from riskmodel.cases.drafting.draft import Draft, key, literal, texts
from riskmodel.cases.drafting.reading import ProposedReading, proposed_reading
from riskmodel.cases.drafting.roles import Role, roles_of
from riskmodel.cases.drafting.sampled import SampledColumn
from riskmodel.cases.header import Neighbours
from riskmodel.cases.mapping.load import load_mapping
from riskmodel.cases.mapping.rule_tables import DERIVE, HELPER
from riskmodel.evidence.records import SETTING

_ORDER = ("", "columns", "values", "missing_in", "units", DERIVE, HELPER)
_SURE, _LIKELY, _HALF = 0.99, 0.8, 0.5


def draft_mapping(columns: Sequence[SampledColumn], contract: ColumnContract, file: str, rows: int) -> str:
    """A mapping for a file, as TOML text that loads.

    Every guess is marked CHECK with its reason. A code is never given a meaning: such lines are commented out, and
    until somebody completes them their columns are left out.

    Parameters
    ----------
    columns
        the columns of the file with the texts of its first ``rows`` rows.
    """
    made = _Proposal(columns, contract, Draft()).made()
    head = [
        f"A draft of a mapping for {file}, made from its header and its first {rows:,} rows.",
        "Lines marked CHECK are guesses: read them. Lines that are commented out need a decision of yours.",
        f"What the mapping does is shown by: riskmodel mapping check {file} THIS_FILE",
    ]
    text = made.text(head, lambda name: _ORDER.index(name.split(".")[0]))
    load_mapping_text(text, contract)
    return text


def load_mapping_text(text: str, contract: ColumnContract) -> None:
    """Load the text of a mapping, to see that it is one."""
    import tomllib
    from decimal import Decimal

    load_mapping(tomllib.loads(text, parse_float=Decimal), contract)


@dataclass(slots=True)
class _Proposal:
    columns: Sequence[SampledColumn]
    contract: ColumnContract
    draft: Draft
    words: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    missing: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def made(self) -> Draft:
        roles = roles_of(self.columns, self.contract)
        direct: dict[str, list[Role]] = defaultdict(list)
        for role in roles.values():
            if role.kind == "direct":
                direct[role.target].append(role)
        taken = set()
        for target, rivals in direct.items():
            best, *others = sorted(rivals, key=lambda role: -role.fit.score)
            if self.direct(best):
                taken.add(target)
            for other in others:
                self.draft.notes.append(f"{literal(other.column.name)} seems to be {target} too: {other.fit.why}")
        derived = DerivedLines(self.contract, self.draft, self.words, taken)
        derived.add(list(roles.values()), self.columns)
        self.everywhere()
        self.decimal_mark()
        self.ignored()
        self.not_recognised(roles)
        if SETTING in self.contract.by_variable and SETTING not in taken:
            self.draft.notes.append("No column tells the setting: name it with --setting.")
        if CASE_ID not in taken:
            self.draft.notes.append("No column seems to name the cases: a file needs a column case_id.")
        return self.draft

    def direct(self, role: Role) -> bool:
        """Lines for a column that is one of ours by another name; whether they are in force."""
        column, target = role.column, role.target
        renamed = f"{key(column.name)} = {literal(target)}"
        if target == CASE_ID:
            if column.name != CASE_ID:
                self.draft.add("columns", renamed, f"{role.fit.why}; every row has a text of its own")
            self.draft.used.add(column.name)
            return True
        variable = self.contract.variables[self.contract.by_column[target]]
        reading = proposed_reading(column, variable)
        if reading.codes or reading.understood < _HALF or role.fit.score < _LIKELY:
            self.undecided(role, reading, renamed)
            return False
        if column.name != target:
            self.draft.add("columns", renamed, f"{role.fit.why}; {reading.share}; {_sureness(role, reading)}")
        self.draft.used.add(column.name)
        self.cells(column, target, reading, numeric=takes_numbers(variable), unit=variable.unit)
        return True

    def cells(self, column: SampledColumn, target: str, reading: ProposedReading, *, numeric: bool, unit: str) -> None:
        """Lines for the values, missing codes and unit of a column."""
        for text, word in reading.words.items():
            self.words[text].setdefault(word, column.name)
        section = f"values.{key(target)}"
        for text, state in reading.states.items():
            self.draft.add(
                section,
                f"{literal(text)} = {literal(state)}",
                f"{column.texts[text]} cells of {literal(column.name)}",
            )
        for text, count in sorted(reading.open.items(), key=lambda entry: -entry[1])[:8]:
            why = (
                f"{count} cells of {literal(column.name)}: what does it mean? Until it is said these rows are rejected"
            )
            self.draft.add(section, f'{literal(text)} = ""', why, active=False)
        self.missing_codes(target, column, reading.missing)
        if reading.unit and reading.unit != unit:
            self.draft.add(
                "units", f"{key(target)} = {literal(reading.unit)}", f"the name {literal(column.name)} says so"
            )
        elif numeric and not reading.unit and unit and target != "age":
            numbers = [number for text, number in column.numbers.items() if text not in reading.missing] or [
                Fraction(0)
            ]
            low, high = min(numbers), max(numbers)
            why = f"{literal(column.name)} names no unit; it holds {float(low):g} to {float(high):g}, read in {unit}"
            self.draft.add("units", f"{key(target)} = {literal(unit)}", why)

    def missing_codes(self, target: str, column: SampledColumn, missing: dict[str, str]) -> None:
        """Words go under missing for all columns, numbers under the column in which they stand."""
        for text in missing:
            self.missing[text if not text.lstrip("-").replace(".", "").isdigit() else ""].add(column.name)
        numbers = [text for text in missing if text.lstrip("-").replace(".", "").isdigit()]
        if numbers:
            why = "; ".join(f"{text}: {missing[text]}, {column.texts[text]} cells" for text in numbers)
            self.draft.add("missing_in", f"{key(target)} = {texts(numbers)}", why)

    def undecided(self, role: Role, reading: ProposedReading, renamed: str) -> None:
        """Lines that are commented out: the file does not tell what the cells mean."""
        column = role.column
        why = "its cells are codes, and the file does not tell what they mean" if reading.codes else reading.share
        self.draft.add("columns", renamed, f"{role.fit.why}; but {why}: {column.commonest()}", active=False)
        if reading.codes:
            for text in column.recorded:
                self.draft.add(
                    f"values.{key(role.target)}", f'{literal(text)} = ""', "a state, yes or no", active=False
                )

    def everywhere(self) -> None:
        """Lines that hold in every column: yes and no in another language, signs for none."""
        for text, words in self.words.items():
            word, column = next(iter(words.items()))
            self.draft.add(
                'values."*"', f"{literal(text)} = {literal(word)}", f"a word for {word}, as in {literal(column)}"
            )
        signs = sorted(text for text in self.missing if text)
        if signs:
            self.draft.add("", f"missing = {texts(signs)}", "these mostly mean that nothing is known")

    def decimal_mark(self) -> None:
        """The line that says that numbers have a decimal comma, where one that is used has."""
        used = [column for column in self.columns if column.name in self.draft.used and column.numbers]
        commas = [column for column in used if column.decimal == ","]
        points = [column.name for column in used if any("." in text for text in column.recorded)]
        if commas:
            why = f"{literal(commas[0].name)} holds {commas[0].commonest(1)}"
            why += f"; but {literal(points[0])} has points: one mark holds for all columns" if points else ""
            self.draft.add("", 'decimal = ","', why, active=not points)

    def ignored(self) -> None:
        """Columns that are left out although their names are near to known ones: without this the file is refused."""
        neighbours = Neighbours(self.contract)
        near = {
            column.name: neighbours.of(column.name) or column.name
            for column in self.columns
            if column.name not in self.draft.used
            and (neighbours.of(column.name) or column.name in self.contract.headers)
        }
        if near:
            why = f"left out although near to {', '.join(dict.fromkeys(near.values()))}; take out what you use"
            self.draft.add("", f"ignore = {texts(list(near))}", why)

    def not_recognised(self, roles: dict[str, Role]) -> None:
        strange = [column for column in self.columns if column.name not in roles]
        if strange:
            self.draft.notes.append("Not recognised, and left out:")
            self.draft.notes += [f"  {literal(column.name)}: {column.commonest(4) or 'blank'}" for column in strange]


def _sureness(role: Role, reading: ProposedReading) -> str:
    if role.fit.score >= 1 and reading.understood >= _SURE:
        return "sure"
    return "likely" if reading.understood >= _LIKELY else "unsure"
