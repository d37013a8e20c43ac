"""Plain readings of scans (form ``any_of``) and their parts: is what a network file says of them possible?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from riskmodel.evidence.plain_readings import ANY_OF, plain_readings
from riskmodel.evidence.records import AUDIT, Statement, Variable

if TYPE_CHECKING:
    from riskmodel.errors import Problems


def check_parts(variables: Mapping[str, Variable], broken: Collection[str], groups: object, problems: Problems) -> None:
    """Every plain reading has parts, each a test that is stated itself and belongs to it alone.

    Parameters
    ----------
    groups
        the table ``[dependence]`` as it stands in the file.
    """
    readings = plain_readings(list(variables.values()))
    owners = Counter(part for parts in readings.values() for part in parts)
    grouped = {name for members in _lists(groups) for name in members}
    for name, parts in readings.items():
        of_entry = problems.at(f"variable {name!r}")
        if not parts and not set(variables[name].parents) & set(broken):
            of_entry.note("parents", "any_of without a test among its parents", "one test or more: the parts")
        for part in parts:
            if part in readings:
                of_entry.note("parents", f"the part {part!r} is any_of itself", "parts that are stated themselves")
            elif owners[part] > 1:
                of_entry.note("parents", f"{part!r} is a part of several readings", "each part in one of them")
        for parent in variables[name].parents:
            if parent in variables and variables[parent].form == "noisy_or":
                allowed = "conditions that are stated alone; a part may be caused by this one"
                of_entry.note("parents", f"any_of with the noisy_or condition {parent!r}", allowed)
        if name in grouped:
            problems.note("dependence", f"{name!r} has the form any_of", "its parts may be in a group")


def _lists(groups: object) -> Iterable[list[str]]:
    members = groups.values() if isinstance(groups, dict) else ()
    return [list(filter(lambda name: isinstance(name, str), each)) for each in members if isinstance(each, list)]


def check_part_statement(statement: Statement, parts: Collection[str], problems: Problems) -> None:
    """A statement that drives a plain reading's table says nothing of its parts: these decide by themselves."""
    for event in statement.given.events:
        if event.variable in parts:
            received = f"{event.variable!r} is a part of {statement.of.variable!r}, which is {ANY_OF}"
            problems.note("given", received, f'what holds where no part is present, or drives = "{AUDIT}"')
