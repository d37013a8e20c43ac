"""How an object shows itself: one line in a console, a title with facts and tables in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 160  # characters of the line
MOST_ROWS = 12  # of a table
FACTS = "border-collapse:collapse;margin:.3em 0 .6em"
NAME = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top;white-space:nowrap"
CELL = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top"


@dataclass(frozen=True, repr=False, eq=False)
class Sheet:
    """What there is to say of an object: facts by name, then tables by title."""

    title: str
    facts: Mapping[str, object]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def line(self) -> str:
        """All on one line, cut where it would be long."""
        facts = "; ".join(f"{name}: {value}" for name, value in self.facts.items())
        text = f"{self.title} ({facts})" if facts else self.title
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"

    def __str__(self) -> str:
        width = max(map(len, self.facts), default=0)
        lines = [self.title, *(f"  {name:{width}}  {value}" for name, value in self.facts.items())]
        for title, table in self.tables.items():
            shown = table.head(MOST_ROWS).to_string(float_format=number)
            lines += ["", _headed(title, table), *(f"  {line}" for line in shown.splitlines())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="{NAME}">{escape(name)}</th><td style="{CELL}">{escape(str(value))}</td></tr>'
            for name, value in self.facts.items()
        )
        tables = "".join(
            f'<p style="margin:.3em 0">{escape(_headed(title, table))}</p>'
            f'<div style="overflow-x:auto">{table.head(MOST_ROWS).to_html(border=0, float_format=number)}</div>'
            for title, table in self.tables.items()
        )
        return f'<div><b>{escape(self.title)}</b><table style="{FACTS}">{rows}</table>{tables}</div>'


class Shown:
    """Mixed into a class that has a ``sheet``: its line and its HTML."""

    __slots__ = ()

    def sheet(self) -> Sheet:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.sheet().line()

    def _repr_html_(self) -> str:
        return self.sheet()._repr_html_()


def number(value: float) -> str:
    """A number of a table.

    >>> number(0.0123456), number(3.0)
    ('0.01235', '3')
    """
    return f"{value:.4g}"


def _headed(title: str, table: pd.DataFrame) -> str:
    return f"{title} (the first {MOST_ROWS} of {len(table)})" if len(table) > MOST_ROWS else title
