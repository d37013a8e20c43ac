"""A third reader of case files, character by character, that shares no code with the package.

It follows what docs/case_files.md says, for the columns of ``tests.support.case_files``: every record is accepted,
with the states that each cell leaves possible, or rejected; a file that is broken as a whole gives nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

STATES = {
    "setting": ["as_reported", "primary_care", "emergency"],
    "age": ["under_18", "from_18_to_49", "from_50"],
    "sex": ["female", "male"],
    "trauma": ["none", "minor", "major"],
    "fever": ["absent", "present"],
    "esr_mm_h": ["under_20", "from_20_to_50", "over_50"],
}
BANDS = {"age": ([0, 18, 50], 120), "esr_mm_h": ([0, 20, 50], 200)}
YES, NO = {"present", "yes", "y", "true", "1", "positive"}, {"absent", "no", "n", "false", "0", "negative"}


@dataclass
class Read:
    """Accepted cases (identifier, states of each column), and the numbers of the records that were rejected."""

    accepted: list[tuple[str, tuple[frozenset[str], ...]]]
    rejected: list[int]


def read(data: bytes, setting: str) -> Read | None:
    """What the file holds; None where it is refused as a whole."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    records = split(text.removeprefix("\ufeff"))
    if records is None or not records or records[0] is None:
        return None
    header = records[0]
    if set(header) != {"case_id", *STATES} or len(header) != len(STATES) + 1:
        return None
    result, seen = Read([], []), set()
    for number, fields in enumerate(records[1:], 1):
        cells = dict(zip(header, fields, strict=True)) if fields and len(fields) == len(header) else None
        states = None if cells is None else tuple(possible(name, cells[name], setting) for name in STATES)
        name = "" if cells is None else cells["case_id"]
        if states is None or None in states or not name.strip(" \t") or any(c in name for c in "\n\r") or name in seen:
            result.rejected.append(number)
            continue
        fever, trauma = states[list(STATES).index("fever")], states[list(STATES).index("trauma")]
        if fever == {"present"} and trauma == {"major"}:  # what the scorer of the tests calls impossible
            result.rejected.append(number)
            continue
        seen.add(name)
        result.accepted.append((name, states))
    return result


def split(text: str) -> list[list[str] | None] | None:
    """Records as lists of fields, None for one that breaks the grammar; None as a whole for an open quote."""
    records: list[list[str] | None] = []
    place = 0
    while place < len(text):
        fields: list[str | None] = []
        start, more = place, True
        while more:
            found = field(text, place)
            if found is None:
                return None
            content, place = found
            fields.append(content)
            more = text[place : place + 1] == ","
            place += more
        raw = text[start:place]
        ended = text[place : place + 1] == "\n"
        place += 1
        if not (ended and raw in ("", "\r")):  # a blank line is no record
            records.append(None if None in fields or "\0" in raw else fields)  # type: ignore[arg-type]
    return records


def field(text: str, place: int) -> tuple[str | None, int] | None:
    """A field's content (None where it breaks the grammar) and where it ends; None as a whole for an open quote."""
    content, quoted = "", text[place : place + 1] == '"'
    if quoted:
        place += 1
        while text[place : place + 1] != '"' or text[place : place + 2] == '""':
            if place >= len(text):
                return None
            step = 2 if text[place] == '"' else 1
            content, place = content + text[place], place + step
        place += 1
    rest = ""
    while place < len(text) and text[place] not in ",\n":
        rest, place = rest + text[place], place + 1
    if text[place : place + 1] == "\n":
        rest = rest.removesuffix("\r")
    if quoted:
        return (None if rest else content), place
    return (None if '"' in rest or "\r" in rest else rest), place


def possible(column: str, cell: str, setting: str) -> frozenset[str] | None:
    """The states that a cell leaves possible, None where it is refused."""
    if cell.isascii() and cell.endswith(".0") and cell[:-2].removeprefix("-").isdigit():
        cell = cell[:-2]
    low = cell.lower() if cell.isascii() else cell
    if low in ("", "unknown", "not_assessed"):
        return frozenset([setting] if column == "setting" else STATES[column])
    if "|" in cell:
        parts = [word(column, part.lower() if part.isascii() else part) for part in cell.split("|")]
        return None if column == "setting" or None in parts else frozenset().union(*parts)
    states = word(column, low)
    return states if states is not None or column not in BANDS else number(column, cell)


def word(column: str, text: str) -> frozenset[str] | None:
    states = STATES[column]
    if text in states:
        return frozenset([text])
    if column == "sex" and text in ("f", "m"):
        return frozenset(["female" if text == "f" else "male"])
    if states[0] in ("absent", "none", "normal") and text in YES | NO:
        return frozenset(states[1:] if text in YES else states[:1])
    return None


def number(column: str, text: str) -> frozenset[str] | None:
    (edges, most), sign = BANDS[column], text[:1] if text[:1] in "<>" else ""
    digits = text.removeprefix(sign)
    whole, _, rest = digits.partition(".")
    plain = digits.isascii() and whole.isdigit() and (rest.isdigit() if "." in digits else True) and len(digits) <= 400
    if not plain or (sign and column == "age"):
        return None
    value = Fraction(digits)
    if not edges[0] <= value <= most:
        return None
    ends = [*edges[1:], None]
    kept = []
    for state, low, high in zip(STATES[column], edges, ends, strict=True):
        below, above = low < value, high is None or high > value
        fits = below if sign == "<" else above if sign == ">" else low <= value and above
        kept += [state] if fits else []
    return frozenset(kept) or None
