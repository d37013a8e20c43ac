"""How things are shown: words and tables for terminals, an object in a line or on a sheet of a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ABBREVIATIONS = {"mri": "MRI", "ct": "CT", "xray": "X-ray", "esr": "ESR", "crp": "CRP", "iv": "IV"}
ABBREVIATION = re.compile(rf"\b({'|'.join(ABBREVIATIONS)})\b")
POSTERIOR = re.compile(r"\bp\((\w+)\)")
LONGEST = 160  # characters of an object's line
MOST_ROWS = 12  # of a sheet's table
FACTS = "border-collapse:collapse;margin:.3em 0 .6em"
NAME = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top;white-space:nowrap"
CELL = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top"
RESEARCH_ONLY = "For research, not for the care of a patient."


class Numeral(str):
    """A number already written out, to be set to the right."""

    __slots__ = ()


def figure(value: float, form: str = ".4g") -> Numeral:
    return Numeral(f"{value:{form}}")


def plain_figure(value: float) -> str:
    """A number for a sentence: four digits, without a power of ten.

    >>> plain_figure(0.0000521), plain_figure(0.67), plain_figure(1234567)
    ('0.0000521', '0.67', '1235000')
    """
    return format(Decimal(f"{value:.4g}"), "f")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of a plain table, numbers to the right.

    >>> table(["name", "n"], [["fever", 3], ["night_pain", 12]])
    ['name         n', 'fever        3', 'night_pain  12']
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [bool(rows) and isinstance(rows[0][i], int | float | Numeral) for i in range(len(headings))]
    return [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in [list(headings), *cells]
    ]


def words(name: str) -> str:
    """A name as it stands in a sentence, abbreviations in their usual letters.

    >>> words("gait_disturbance"), words("mri, crp")
    ('gait disturbance', 'MRI, CRP')
    """
    return ABBREVIATION.sub(lambda match: ABBREVIATIONS[match[0]], name.replace("_", " "))


def target_words(target: str) -> str:
    """A target in words.

    >>> target_words("mean p(any_serious)"), target_words("share urgency=within_24_hours")
    ('mean P(any serious)', 'share with urgency within 24 hours')
    >>> target_words("p(infection) of case case_07")
    'P(infection) of case case_07'
    """
    if target.startswith("share "):
        return words(target.replace("share ", "share with ", 1).replace("=", " "))
    return POSTERIOR.sub(lambda match: f"P({words(match[1])})", target).replace("log_odds", "log-odds")


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence.

    >>> listed(["fever", "trauma", "weight loss"]), listed(["fever", "trauma"], "or")
    ('fever, trauma and weight loss', 'fever or trauma')
    """
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def few_draws(cases: int, least: int) -> str:
    """What to tell of cases whose weighted draws are too few for an interval."""
    return (
        f"for {cases} case{'s' if cases > 1 else ''} the effective sample size of the weighted draws is below {least}, "
        "so the intervals are rough: use more draws"
    )


def share_of_variance(share: float) -> str:
    """A share of an uncertainty: below a thousandth the digits say nothing.

    >>> share_of_variance(0.712), share_of_variance(0.0007), share_of_variance(3e-27)
    ('71 %', '< 0.1 %', '0 %')
    """
    if share < 1e-9:
        return "0 %"
    return "< 0.1 %" if share < 0.001 else percent(share)


def percent(p: float) -> str:
    """A probability as a person reads it: two significant digits below 10 %, never 100 % for less.

    >>> percent(0.3651), percent(0.0123), percent(0.00004), percent(0.999), percent(0.999999)
    ('37 %', '1.2 %', '0.0040 %', '99.9 %', '> 99.99 %')
    """
    share = 100 * p
    if 99.99 < share < 100:
        return "> 99.99 %"
    if share == 0 or share >= 99.95:
        return f"{share:.0f} %" if share == 0 or p == 1 else f"{share:.2f} %"
    if share >= 99.5:
        return f"{share:.1f} %"
    digits = 0 if share >= 10 else 1 - floor(log10(share))
    return f"{share:.{max(digits, 0)}f} %"


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
            shown = table.head(MOST_ROWS).to_string(float_format=_four_digits)
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
            f'<div style="overflow-x:auto">{table.head(MOST_ROWS).to_html(border=0, float_format=_four_digits)}</div>'
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


def _four_digits(value: float) -> str:
    """A number of a table.

    >>> _four_digits(0.0123456), _four_digits(3.0)
    ('0.01235', '3')
    """
    return f"{value:.4g}"


def _headed(title: str, table: pd.DataFrame) -> str:
    return f"{title} (the first {MOST_ROWS} of {len(table)})" if len(table) > MOST_ROWS else title
