"""Published tables beside the network's answers, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TYPE_CHECKING

from riskmodel.text import Numeral, percent, table

if TYPE_CHECKING:
    from riskmodel.validation import PublishedValidation
    from riskmodel.validation.compare import RowAnswer

TITLES = {
    "too low": "Missed: the model is too low",
    "too high": "Missed: the model is too high",
    "inside": "Inside what such a study would see",
}


def validation_lines(validation: PublishedValidation) -> Iterator[str]:
    """The count, then the rows by verdict; the rows that are no test last."""
    if not validation.answers:
        yield "There is no validation.toml beside these priors, so there is nothing to compare with."
        return
    yield f"Published tables asked of the prior set {validation.priors}, {validation.draws} draws of its statements"
    yield f"{validation_count(validation)}."
    for verdict, title in TITLES.items():
        yield from _rows(title, [c for c in validation.answers if c.verdict == verdict and not c.used])
    used = [answered for answered in validation.answers if answered.used]
    yield from _rows("No test: a table of the network rests on the same study", used)
    yield ""
    yield "In brackets: 95 % intervals. Base rate: of the study's own people, or of the setting where it is not known."
    yield "Nearest: the statement that, at an end of its 95 % range, brings the model nearest to the published share."


def validation_count(validation: PublishedValidation) -> str:
    """How many lie inside, in a sentence without its full stop.

    Rows of which a study drives a table are counted apart.
    """
    (inside, number), (inside_used, used) = validation.count(), validation.count(used=True)
    return (
        f"{inside} of {number} published tables lie inside what a study of their size would see; of {used} more, "
        f"whose studies also drive a table, {inside_used}"
    )


def _rows(title: str, rows: Sequence[RowAnswer]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title} ({len(rows)})"
    missed = any(answered.nearest for answered in rows)
    headings = ["row", "published", "model", "base rate", *(["nearest"] if missed else [])]
    cells = [
        [
            c.row.id,
            Numeral(interval(c.row.published, c.study_low, c.study_high)),
            Numeral(interval(c.model, c.low, c.high)),
            "setting" if c.row.prior is None else f"study {percent(c.row.prior)}",
            *([f"{c.nearest}: {percent(c.at_nearest)}" if c.nearest else ""] if missed else []),
        ]
        for c in rows
    ]
    yield from (f"  {line}" for line in table(headings, cells))


def interval(value: float, low: float, high: float) -> str:
    """A share with its 95 % interval, in per cent.

    >>> interval(0.33, 0.1, 0.67), interval(0.046, float("nan"), float("nan"))
    ('33 % (10 to 67)', '4.6 %')
    """
    if isnan(low):
        return percent(value)
    return f"{percent(value)} ({percent(low).removesuffix(' %')} to {percent(high).removesuffix(' %')})"
