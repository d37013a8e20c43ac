"""The fields of a REDCap project, as its data dictionary describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape

TEXT, NOTES, CALC, SLIDER = "text", "notes", "calc", "slider"
RADIO, DROPDOWN, CHECKBOX, YES_NO, TRUE_FALSE = "radio", "dropdown", "checkbox", "yesno", "truefalse"
FILE, DESCRIPTIVE, SQL = "file", "descriptive", "sql"
FIELD_TYPES = (TEXT, NOTES, CALC, RADIO, DROPDOWN, CHECKBOX, YES_NO, TRUE_FALSE, SLIDER, FILE, DESCRIPTIVE, SQL)
CODED = frozenset({RADIO, DROPDOWN, CHECKBOX, YES_NO, TRUE_FALSE})  # a value is one of the choices
LISTED = frozenset({RADIO, DROPDOWN, CHECKBOX})  # whose choices stand in the dictionary
NO_MISSING_CODES = "@NOMISSING"
_ACTION_TAG = re.compile(r"@[A-Z]+(?:-[A-Z]+)*")  # small letters have no effect
_ON_FORMS, _ON_SURVEYS = "@HIDDEN-FORM", "@HIDDEN-SURVEY"
_CALCULATED = frozenset({"@CALCTEXT", "@CALCDATE"})
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One choice of a field: what the raw export holds, and what the labelled one shows."""

    code: str
    label: str


FIXED_CHOICES: Mapping[str, tuple[FieldChoice, ...]] = {
    YES_NO: (FieldChoice("1", "Yes"), FieldChoice("0", "No")),
    TRUE_FALSE: (FieldChoice("1", "True"), FieldChoice("0", "False")),
}


@dataclass(frozen=True)
class Field:
    """One field of a project; ``line`` is that of the data dictionary, ``kind`` one of :data:`FIELD_TYPES`."""

    line: int
    name: str
    form: str
    kind: str
    label: str = ""
    choices: tuple[FieldChoice, ...] = ()
    validation: str = ""
    identifier: bool = False
    branching: str = ""
    annotation: str = ""

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(choice.code for choice in self.choices)

    @cached_property
    def by_label(self) -> Mapping[str, tuple[str, ...]]:
        """The codes that have a label, by the label as exports show it."""
        codes: dict[str, tuple[str, ...]] = {}
        for choice in self.choices:
            shown = exported_label(choice.label)
            codes[shown] = (*codes.get(shown, ()), choice.code)
        return codes

    @cached_property
    def tags(self) -> frozenset[str]:
        """The action tags of the field, such as ``@HIDDEN``."""
        return frozenset(_ACTION_TAG.findall(self.annotation))

    @cached_property
    def shown_by_tags(self) -> bool | None:
        """Whether its action tags leave it to be seen; None where that depends on what an export does not say.

        >>> [Field(2, "fever", "who", "yesno", annotation=text).shown_by_tags
        ...  for text in ("@READONLY", "@HIDDEN", "@HIDDEN-SURVEY", "@HIDDEN-FORM @HIDDEN-SURVEY", "@HIDDEN-PDF")]
        [True, False, None, False, True]
        """
        somewhere = self.tags & {_ON_FORMS, _ON_SURVEYS}
        everywhere = "@HIDDEN" in self.tags or len(somewhere) > 1
        if (everywhere or somewhere) and "@IF" in self.tags:
            return None
        return False if everywhere else None if somewhere else True

    @cached_property
    def is_hidden_somewhere(self) -> bool:
        """Whether branching logic or an action tag can hide it."""
        return bool(self.branching) or self.shown_by_tags is not True

    @cached_property
    def is_calculated(self) -> bool:
        """Whether nobody but the program writes into it."""
        return self.kind == CALC or bool(self.tags & _CALCULATED)

    @cached_property
    def takes_missing_codes(self) -> bool:
        """Whether the project's missing data codes hold for it."""
        return NO_MISSING_CODES not in self.tags

    @property
    def allowed(self) -> str:
        """The choices of the field, for messages.

        >>> Field(2, "sex", "who", "radio", "Sex", (FieldChoice("0", "Female"), FieldChoice("1", "Male"))).allowed
        '0 (Female), 1 (Male)'
        """
        return ", ".join(f"{choice.code} ({exported_label(choice.label)})" for choice in self.choices)


def exported_label(label: str) -> str:
    r"""A label as an export shows it: without HTML, spaces and line breaks as one space.

    >>> exported_label("<b>Fever</b>&nbsp; in the\n last week")
    'Fever in the last week'
    """
    return " ".join(unescape(_TAG.sub("", label)).split())


def checkbox_column(name: str, code: str) -> str:
    """The column of one choice of a checkbox in an export.

    >>> checkbox_column("sym", "-9"), checkbox_column("sym", "A")
    ('sym____9', 'sym___a')
    """
    return f"{name}___{re.sub(r'[^a-z0-9_]', '_', code.lower())}"


@dataclass(frozen=True)
class Dictionary:
    """The fields of a project in their order; the first one names the records."""

    file: str
    fields: tuple[Field, ...]
    sha256: str = ""
    warnings: tuple[str, ...] = field(default=())

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {entry.name: entry for entry in self.fields}

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The instruments, in their order."""
        return tuple(dict.fromkeys(entry.form for entry in self.fields))

    @property
    def record_id(self) -> Field:
        """The field that names a record."""
        return self.fields[0]
