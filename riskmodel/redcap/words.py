"""The choices of a field as words: by code and by label, which must not contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from riskmodel.cases.cells import excerpt
from riskmodel.redcap.fields import Field, FieldChoice, exported_label


@dataclass(frozen=True, slots=True)
class ColumnWord:
    """The text that is read for a choice, or why there is none."""

    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceReader:
    """What reads a choice: ``meaning`` of a text (None: none), and whether a mapping ``speaks`` of it.

    ``wanted`` says what is understood; ``key`` is where a mapping file would say it, under ``values``.
    """

    meaning: Callable[[str], object]
    speaks: Callable[[str], bool]
    wanted: str
    key: str


def choice_words(entry: Field, reader: ChoiceReader) -> Mapping[str, ColumnWord]:
    """The word of each choice, by its code.

    A code that is a number means nothing by itself: ``1, No`` is no. What a mapping says of a code or a label goes
    before both.

    >>> reader = ChoiceReader({"1": 2, "no": 1, "yes": 2}.get, set().__contains__, "yes or no", "fever")
    >>> choices = (FieldChoice("1", "No"), FieldChoice("2", "Yes"), FieldChoice("3", "Now and then"))
    >>> [word.text for word in choice_words(Field(2, "fever", "who", "radio", "", choices), reader).values()]
    ['no', 'yes', '']
    """
    return {choice.code: _word(entry, choice, reader) for choice in entry.choices}


def unlisted_code(entry: Field) -> ColumnWord:
    """What is wrong with a code that no dictionary explains."""
    return ColumnWord("", f"{entry.name} takes its choices from a query, which the dictionary does not list")


def _word(entry: Field, choice: FieldChoice, reader: ChoiceReader) -> ColumnWord:
    label = exported_label(choice.label)
    for text in (choice.code, label):
        if reader.speaks(text):
            return ColumnWord(text)
    by_code = reader.meaning(choice.code)
    text = next((text for text in _spellings(label) if reader.meaning(text) is not None), "")
    numeric = choice.code.lstrip("-").replace(".", "", 1).isdigit()
    agree = text and by_code == reader.meaning(text)
    if by_code is not None and (agree or (not text and not numeric)):
        return ColumnWord(choice.code)
    if text and (numeric or by_code is None):
        return ColumnWord(text)
    received = "its code says one thing and its label another" if text else f"its label is not {reader.wanted}"
    shown = f"choice {choice.code!r} ({excerpt(label)}) of {entry.name}"
    return ColumnWord("", f"{shown}: {received}; say what it is under values.{reader.key} in a mapping file")


def _spellings(label: str) -> tuple[str, ...]:
    """A label as a cell may say it: as it stands, in small letters, and with _ between its words."""
    return tuple(dict.fromkeys(filter(None, (label, label.lower(), label.lower().replace(" ", "_")))))
