"""The choices of a field as words of a column: by code and by label, which must not contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

from riskmodel.cases.cells import CellDecoder, CellProblem, excerpt
from riskmodel.cases.columns import allowed
from riskmodel.redcap.fields import CODED, SQL, Field, FieldChoice, exported_label


@dataclass(frozen=True, slots=True)
class ColumnWord:
    """What a choice is in a column of a case file, or why nothing can be said."""

    text: str
    problem: str = ""


def column_words(entry: Field, decoder: CellDecoder) -> dict[str, ColumnWord]:
    """The word of each choice, by its code.

    A code that is a number means nothing by itself: ``1, No`` is no. What a mapping says of a code or a label goes
    before both.

    >>> from riskmodel.evidence.records import Variable
    >>> fever = CellDecoder(Variable("fever", "finding", ("absent", "present"), ""))
    >>> choices = (FieldChoice("1", "No"), FieldChoice("2", "Yes"), FieldChoice("3", "Now and then"))
    >>> [word.text for word in column_words(Field(2, "fever", "who", "radio", "", choices), fever).values()]
    ['No', 'Yes', '']
    """
    return {choice.code: _word(entry, choice, decoder) for choice in entry.choices}


def is_translated(entry: Field) -> bool:
    """Whether the values of a field are codes, whose meaning the dictionary knows or only a query does."""
    return entry.kind in CODED or entry.kind == SQL


def unlisted_code(entry: Field) -> ColumnWord:
    """What is wrong with a code that no dictionary explains."""
    return ColumnWord("", f"{entry.name} takes its choices from a query, which the dictionary does not list")


def _word(entry: Field, choice: FieldChoice, decoder: CellDecoder) -> ColumnWord:
    label = exported_label(choice.label)
    rules = decoder.rules
    if choice.code in rules.values or choice.code in rules.missing:
        return ColumnWord(choice.code)
    if label in rules.values or label in rules.missing:
        return ColumnWord(label)
    by_code, (by_label, text) = decoder.decode(choice.code), _label_mask(label, decoder)
    numeric = choice.code.lstrip("-").replace(".", "", 1).isdigit()
    if text and (numeric or isinstance(by_code, CellProblem) or by_code == by_label):
        return ColumnWord(text)
    if not text and not numeric and not isinstance(by_code, CellProblem):
        return ColumnWord(choice.code)
    column = decoder.variable.column
    if text:
        received = f"its code says one thing of {column} and its label another"
    else:
        received = f"neither its label nor its code is a word of {column}"
    hint = f"say what it is under values.{column} in a mapping file"
    shown = f"choice {choice.code!r} ({excerpt(label)}) of {entry.name}"
    return ColumnWord("", f"{shown}: {received}; {hint}; allowed: {allowed(decoder.variable)}")


def _label_mask(label: str, decoder: CellDecoder) -> tuple[int | CellProblem, str]:
    """What a label means as a cell, with the text that means it: as it stands, or with _ between its words."""
    for text in (label, label.lower().replace(" ", "_")):
        mask = decoder.decode(text) if text else CellProblem("")
        if not isinstance(mask, CellProblem):
            return mask, text
    return CellProblem(""), ""
