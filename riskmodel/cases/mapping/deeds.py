"""What the rules of a mapping did to the rows that were read: kept as counts by a text, told by column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

NOT_LISTED = ", code not listed"  # after the name of a column of codes
FIRST = ("yes", "no", "a number", "not recorded", "not_assessed", "refused")
SHOWN = 5  # codes of a column


def deed(column: str, what: str) -> str:
    """The text under which something that happened to a cell of a column is counted."""
    return f"{column}: {what}"


def deeds_by_column(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The counts of a run by column: results in a fixed order, other words and codes by how often they came.

    >>> deeds_by_column({"fever: no": 3, "dx, code not listed: Z99": 2, "fever: yes": 1})
    {'fever': {'yes': 1, 'no': 3}, 'dx, code not listed': {'Z99': 2}}
    """
    columns: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for text, count in counts.items():
        column, _, what = text.partition(": ")
        columns[column][what] = count
    return {
        column: dict(
            sorted(kinds.items(), key=lambda kind: (FIRST.index(kind[0]) if kind[0] in FIRST else 1, -kind[1]))
        )
        for column, kinds in columns.items()
    }


def deed_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """The same for the terminal, a line a column.

    >>> list(deed_lines({"fever: no": 3000, "dx, code not listed: Z99": 2, "fever: yes": 1}))
    ['worked out: fever: yes 1, no 3,000', "dx, code not listed: 'Z99' (2)"]
    """
    for column, kinds in deeds_by_column(counts).items():
        codes = column.endswith(NOT_LISTED)
        shown = list(kinds.items())[: SHOWN if codes else None]
        more = f", and {len(kinds) - len(shown)} others" if len(kinds) > len(shown) else ""
        listed = ", ".join(f"{what!r} ({count:,})" if codes else f"{what} {count:,}" for what, count in shown)
        yield f"{'' if codes else 'worked out: '}{column}: {listed}{more}"
