"""What a report is made of: sections of sentences, tables and figures, before any of it is written out.

A sentence may name a statement, source, case or section: ``[[statement:find.fever.infection]]`` is written as a
link to where the report says what it is, in every form of the report that has links. It shows the report's label
of the statement (``fever | infection``); ``[[statement:id|text]]`` shows the text instead. ``[[file:../set.toml]]``
links to a file beside the report, ``[[explorer:case|text]]`` to the case in the explorer beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote, unquote

from riskmodel.evidence.records import HOW_READ
from riskmodel.text import percent, target_words, words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

Kind = Literal["text", "name", "target", "number", "percent", "whole", "statement", "source", "case", "read"]
Link = Callable[[str, str, str], str]  # kind, name, shown text → the link in one form of the report

MARK = re.compile(r"\[\[(statement|source|case|section|file|explorer):([^\]|]+)(?:\|([^\]]*))?\]\]")
NUMBERS = ("number", "percent", "whole")
LINKED = ("statement", "source", "case")
IN_WORDS: Mapping[str, Callable[[Any], str]] = {
    "name": words,
    "target": target_words,
    "read": lambda value: HOW_READ.get(str(value), str(value)),
}


class Label(NamedTuple):
    """What is shown for an identifier, and what a pointer that rests on it shows."""

    text: str
    hover: str = ""


Labels = Mapping[tuple[str, str], Label]  # (kind, identifier) → what is shown for it


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name in the frame and in the CSV, its heading, and how a person reads its cells.

    ``percent`` shows a share (0 to 1) as per cent; ``digits`` are the significant digits of a ``number``; a ``name``
    is an identifier that is shown in words. ``interval`` names the columns of the frame with the lower and the upper
    limit: a person reads them in the same cell, the CSV has all three. ``time`` names the column that says by when,
    read in the same cell too.
    """

    name: str
    heading: str
    kind: Kind = "text"
    digits: int = 3
    interval: tuple[str, str] | tuple[()] = ()
    time: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns in the frame and in the CSV."""
        return (self.name, *self.interval, *filter(None, [self.time]))


@dataclass(frozen=True, eq=False)
class Table:
    """A frame with its columns; ``shown`` rows are shown at first, ``most`` can be, all are in the CSV file."""

    id: str
    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    note: str = ""
    shown: int = 15
    most: int = 2000

    def __post_init__(self) -> None:
        missing = [name for column in self.columns for name in column.names if name not in self.frame.columns]
        if missing:
            raise ValueError(f"table {self.id} has no column {', '.join(missing)}")

    def rows(self) -> Iterator[list[tuple[object, ...]]]:
        """The cells of each row that can be shown, in the order of the columns: a value, and its limits if any."""
        lists = [
            zip(*(self.frame[name].head(self.most).tolist() for name in column.names), strict=True)
            for column in self.columns
        ]
        yield from (list(row) for row in zip(*lists, strict=True))

    def csv(self) -> str:
        """All rows, numbers to ten significant digits."""
        names = [name for column in self.columns for name in column.names]
        return self.frame[names].to_csv(index=False, float_format="%.10g", lineterminator="\n")


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture: ``alt`` says in words what it shows; ``draw`` makes it anew each time it is asked for."""

    id: str
    title: str
    alt: str
    draw: Callable[[], Canvas]


@dataclass(frozen=True, eq=False)
class Section:
    """One part of a report. ``sentences`` are paragraphs; tables and figures follow them."""

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """The whole: the main results in sentences, then the details.

    ``facts`` say of what, with which seed and version; ``labels`` what is shown for statements and sources.
    ``explorer`` is the file beside the report in which each of its cases can be opened. Each identifier stands once,
    for it is the name of a file or of an anchor.
    """

    title: str
    main_results: tuple[str, ...]
    sections: tuple[Section, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    explorer: str = ""

    def __post_init__(self) -> None:
        for kind, parts in (("section", self.sections), ("table", self.tables()), ("figure", self.figures())):
            counts = Counter(part.id for part in parts)
            twice = [name for name, count in counts.items() if count > 1]
            if twice:
                raise ValueError(f"a report has more than one {kind} {', '.join(twice)}")

    def tables(self) -> list[Table]:
        return [table for section in self.sections for table in section.tables]

    def figures(self) -> list[Figure]:
        return [figure for section in self.sections for figure in section.figures]


def each(frame: pd.DataFrame) -> list[Any]:
    """The rows of a frame, with a name for each cell."""
    return list(frame.itertuples(index=False))


def with_links(text: str, link: Link) -> str:
    """A sentence with its marks written as links.

    The link is given an empty text where none is named.

    >>> with_links("see [[source:who|the source]]", lambda kind, name, shown: f"<{name}: {shown}>")
    'see <who: the source>'
    """
    return MARK.sub(lambda match: link(match[1], unquote(match[2]), match[3] or ""), text)


def mark(kind: str, name: str, shown: str = "") -> str:
    """The mark of a link; a case may have any name.

    >>> mark("case", "a|b]")
    '[[case:a%7Cb%5D]]'
    """
    return f"[[{kind}:{quote(name, safe='.')}{f'|{shown}' if shown else ''}]]"


def shown_value(value: object, column: Column) -> str:
    """A cell as a person reads it; empty where there is no value."""
    if value is None or value != value or value == "":  # noqa: PLR0124  NaN is not itself
        return ""
    if column.kind in IN_WORDS:
        return IN_WORDS[column.kind](value)
    if not isinstance(value, int | float) or column.kind not in NUMBERS:
        return str(value)
    if column.kind == "percent":
        return percent(float(value)) if value >= 0 else f"−{percent(-float(value))}"
    if column.kind == "whole":
        return f"{value:,.0f}"
    return number(float(value), column.digits)


def with_limits(values: tuple[object, ...], column: Column) -> str:
    """A cell and, where the column has them, its limits or its time: ``14 % (4.3 to 42 %)``, ``MRI (immediate)``.

    >>> with_limits((0.14, 0.043, 0.42), Column("p", "P", "percent", interval=("low", "high")))
    '14 % (4.3 to 42 %)'
    >>> with_limits(("mri", "within_2_weeks"), Column("imaging", "Imaging", "name", time="imaging_within"))
    'MRI (within 2 weeks)'
    """
    texts = [shown_value(value, column) for value in values]
    if column.time and all(texts):
        return f"{texts[0]} ({texts[1]})"
    if len(texts) == 1 or not all(texts):
        return texts[0]
    return f"{texts[0]} ({texts[1].removesuffix(' %')} to {texts[2]})"


def number(value: float, digits: int = 3) -> str:
    """A number to some significant digits, without an exponent from 0.000001 to 1,000,000.

    >>> number(0.012345), number(1234.5), number(-2.0), number(0.0000000123)
    ('0.0123', '1,234', '−2', '1.23e-08')
    """
    size = abs(value)
    text = f"{size:.{digits}g}"
    if float(text) >= 10**digits:
        text = f"{size:,.0f}"
    elif "e" in text and size >= 1e-6:
        text = f"{float(text):.{digits + 5}f}".rstrip("0")
    return f"−{text}" if value < 0 else text
