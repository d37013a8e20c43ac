"""The counts of a site as they travel: what is so small that it may point at a person is withheld."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from riskmodel.calibration.census import Census

PAIRS = {"outcomes": ("known", "present"), "written": ("absent", "present")}
ALL_BUT = "all but "


def flat(census: Census) -> dict[str, int]:
    """The counts by name, such as ``outcomes.infection.present``."""
    return dict(_entries(census))


def withhold(census: Census, least: int) -> dict[str, str]:
    """Which counts from 1 to below ``least`` are withheld, and what is said instead.

    An outcome that all but a few have is withheld as well.

    >>> withhold(Census(60, 60, {"emergency": 60}, {"infection": (60, 3), "fracture": (60, 58)}), 5)
    {'outcomes.infection.present': '1 to 4', 'outcomes.fracture.present': 'all but 1 to 4'}
    """
    few = f"1 to {least - 1}"
    withheld = {name: few for name, count in flat(census).items() if 0 < count < least}
    for name, (count, present) in census.outcomes.items():
        if 0 < count - present < least <= present:
            withheld[f"outcomes.{name}.present"] = ALL_BUT + few
    return withheld


def census_table(census: Census, withheld: Mapping[str, str]) -> dict[str, int | str]:
    """As a table of JSON, in which a withheld count is a text."""
    return {**flat(census), **withheld}


def census_from_table(table: Mapping[str, Any]) -> tuple[Census, dict[str, str]]:
    """Counts from their table, and those that were withheld; of "1 to 4" it is 1, of "all but 1 to 4" all but 1.

    >>> census = Census(60, 60, {"emergency": 60}, {"infection": (60, 3), "fracture": (60, 58)})
    >>> dict(census_from_table(census_table(census, withhold(census, 5)))[0].outcomes)
    {'infection': (60, 1), 'fracture': (60, 59)}
    """
    withheld = {name: value for name, value in table.items() if isinstance(value, str)}
    values: dict[str, Any] = {"settings": {}, "outcomes": {}, "written": {}}
    for name, value in table.items():
        entry, _, rest = name.partition(".")
        if not rest:
            values[entry] = _count(value, 0)
        elif entry == "settings":
            values[entry][rest] = _count(value, 0)
        else:
            which, _, part = rest.rpartition(".")
            before = values[entry].get(which, ())
            values[entry][which] = (*before, _count(value, before[0] if before else 0))
            if part != PAIRS[entry][len(before)]:
                raise ValueError(f"{name} stands in the wrong order")
    return Census(**values), withheld


def _count(value: int | str, whole: int) -> int:
    """A count; what is least, where it is withheld."""
    if isinstance(value, int):
        return value
    return whole - 1 if value.startswith(ALL_BUT) else 1


def _entries(census: Census) -> Iterator[tuple[str, int]]:
    for entry in fields(Census):
        value = getattr(census, entry.name)
        if isinstance(value, int):
            yield entry.name, value
            continue
        for name, counts in value.items():
            if isinstance(counts, int):
                yield f"{entry.name}.{name}", counts
            else:
                yield from (
                    (f"{entry.name}.{name}.{part}", n) for part, n in zip(PAIRS[entry.name], counts, strict=True)
                )
