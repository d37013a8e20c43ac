"""Plain tables for terminals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import floor, log10

ABBREVIATIONS = {"mri": "MRI", "ct": "CT", "xray": "X-ray", "esr": "ESR", "crp": "CRP", "iv": "IV"}
ABBREVIATION = re.compile(rf"\b({'|'.join(ABBREVIATIONS)})\b")
POSTERIOR = re.compile(r"\bp\((\w+)\)")
RESEARCH_ONLY = "For research, not for the care of a patient."


class Figure(str):
    """A number already written out, to be set to the right."""

    __slots__ = ()


def figure(value: float, form: str = ".4g") -> Figure:
    return Figure(f"{value:{form}}")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of a plain table, numbers to the right.

    >>> table(["name", "n"], [["fever", 3], ["night_pain", 12]])
    ['name         n', 'fever        3', 'night_pain  12']
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [bool(rows) and isinstance(rows[0][i], int | float | Figure) for i in range(len(headings))]
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

    >>> percent(0.3651), percent(0.0123), percent(0.00004), percent(0.999)
    ('37 %', '1.2 %', '0.0040 %', '99.9 %')
    """
    share = 100 * p
    if share == 0 or share >= 99.95:
        return f"{share:.0f} %" if share == 0 or p == 1 else f"{share:.2f} %"
    if share >= 99.5:
        return f"{share:.1f} %"
    digits = 0 if share >= 10 else 1 - floor(log10(share))
    return f"{share:.{max(digits, 0)}f} %"
