"""Whom the shares of a study are of, and which of them drive a table of the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskmodel.evidence.records import AUDIT, SETTING, acting_node

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors

APART = ("two_gate", "case_control")  # designs whose people without the condition are not those of any setting


@dataclass(frozen=True, slots=True)
class ShareOf:
    """Whom one share of a table is of: ``given``, in the words of a statement.

    ``key`` names it in an id; ``compared`` says why it drives no table, and is empty where it does.
    """

    key: str
    given: str
    compared: str = ""


def groups_of(of: str, given: str, setting: str = "", others: str = "", design: str = "") -> tuple[ShareOf, ShareOf]:
    """Whom the two shares of a two-by-two table are of: people with the condition, and those without it.

    Parameters
    ----------
    of, given
        finding and condition. ``given`` the condition "alone" says that nobody had another one.
    setting
        of the study; "" for the reference setting of the prior set.
    others
        what those without ``given`` had instead, where everybody was suspected of it.
    design
        of the study: people without the condition who were chosen apart are compared only.

    Examples
    --------
    >>> [share.given for share in groups_of("fever=present", "infection=present alone")]
    ['infection=present alone', 'none']
    >>> [share.given for share in groups_of("fever=present", "infection=present", "emergency")]
    ['infection=present; setting=emergency', 'infection=absent; setting=emergency']
    >>> suspected = groups_of("bladder_scan=retention", "cauda_equina=present", others="cauda_equina_mimic=present")
    >>> [(share.given, share.compared != "") for share in suspected]
    [('cauda_equina=present', True), ('cauda_equina_mimic=present alone', True)]
    """
    condition, where = given.split("=", maxsplit=1)[0].strip(), f"; {SETTING}={setting}" if setting else ""
    if given.endswith(" alone"):
        return ShareOf("alone", given), ShareOf("none", "none")
    if others:
        why = f"everybody was suspected of {condition}: {of} is part of why, and its share among all may differ"
        return ShareOf("present", f"{given}{where}", why), ShareOf("others", f"{others} alone", why)
    chosen = f"the design is {design}: people without {condition} were chosen apart" if design in APART else ""
    return ShareOf("present", f"{given}{where}"), ShareOf("absent", f"{condition}=absent{where}", chosen)


def rate_of(of: str, given: str, setting: str, priors: Priors | None) -> ShareOf:
    """Whom a single share is of: a rate of a finding given a condition is in the setting of its studies."""
    variable = of.split("=", maxsplit=1)[0].strip()
    whole = not given or given.endswith(" alone") or given.startswith("none") or f"{SETTING}=" in given
    if not setting or whole or (priors is not None and variable in {c.name for c in priors.conditions}):
        return ShareOf("rate", given)
    return ShareOf("rate", f"{given}; {SETTING}={setting}")


def why_compared(of: str, given: str, priors: Priors) -> str:
    """Why a share cannot drive a table of a network, as what it is of goes; empty where it can."""
    finding = of.split("=", maxsplit=1)[0].strip()
    condition = given.split("=", maxsplit=1)[0].strip()
    if finding in {each.name for each in priors.conditions}:
        return _why_not_a_base_rate(finding, given)
    if condition in ("", "none", SETTING):
        return ""
    if finding in priors.composites:
        return f"{finding} is a composite, which has no table"
    return _why_not_a_rate(of, given, priors)


def _why_not_a_base_rate(condition: str, given: str) -> str:
    """Of a share of people with a condition: a base rate is of everybody in a setting."""
    names = [part.split("=")[0].strip() for part in given.split(";") if "=" in part]
    by = " and ".join(name for name in names if name != SETTING)
    return f"a rate of {condition} by {by} is one cell of a table that base rates and ratios make" if by else ""


def _why_not_a_rate(of: str, given: str, priors: Priors) -> str:
    """Of a share of people with a finding, given a condition."""
    finding, _, states = (part.strip() for part in of.partition("="))
    condition = given.split("=", maxsplit=1)[0].strip()
    variable, cause = priors.variable(finding), priors.variable(condition)
    if variable.role not in ("finding", "test"):
        return f"{finding} is a {variable.role.replace('_', ' ')}, whose table is not of rates given {condition}"
    if cause.role != "condition" or not acting_node(condition, variable.parents):
        return f"there is no arc {condition} → {finding} in the network"
    alone = given.endswith(" alone")
    if len(variable.states) > 2 and (states not in variable.states or not alone):
        return f"{finding} has the states {', '.join(variable.states)}: all would have to be counted in the same people"
    bands = _bands(finding, priors)
    if bands and not alone:
        return f"the set states the rates of {finding} by {' and '.join(bands)}"
    return ""


def _bands(finding: str, priors: Priors) -> list[str]:
    """By which variables, but conditions and the setting, the statements that drive a finding differ."""
    apart = {SETTING, *(condition.name for condition in priors.conditions)}
    driving = [priors.statement(name) for name in priors.selected]
    given = [s.given for s in driving if s.of.variable == finding and not s.is_audit]
    return sorted({event.variable for each in given for event in each.events} - apart)


def most_people_drive(
    statements: Iterable[Mapping[str, Any]], people: Mapping[str, int], priors: Priors | None
) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Of several shares that state one number of a table, that of most people drives it; and why others do not.

    How often a finding is seen without infection, and how often without malignancy, is one number: its leak.

    Parameters
    ----------
    people
        behind each statement, by its id.
    """
    drivers: dict[object, Mapping[str, Any]] = {}
    listed = list(statements)
    for statement in listed:
        key = _number(statement, priors)
        best = drivers.get(key)
        if "drives" not in statement and (best is None or people[statement["id"]] > people[best["id"]]):
            drivers[key] = statement
    result: list[Mapping[str, Any]] = []
    reasons = []
    for statement in listed:
        driver = drivers.get(_number(statement, priors), statement)
        if "drives" not in statement and driver is not statement:
            reasons.append(
                f"{statement['of']} given {statement['given']}: its number of the table is stated by more people "
                f"given {driver['given']}; compared only"
            )
            statement = {**statement, "drives": AUDIT}  # noqa: PLW2901
        result.append(statement)
    return result, reasons


def _number(statement: Mapping[str, Any], priors: Priors | None) -> object:
    """Which number of a table a share states: a condition's link, or the leak; of other shares, each its own."""
    parts = [part.strip() for part in str(statement["given"]).split(";")]
    where = tuple(part for part in parts if part.startswith(f"{SETTING}="))
    condition, _, state = parts[0].removesuffix(" alone").partition("=")
    if where == tuple(parts):  # a base rate
        return statement["of"], where
    if parts[0] != "none" and state != "absent":
        return statement["of"], condition
    finding = str(statement["of"]).partition("=")[0].strip()
    apart = priors is not None and any(v.name == finding and SETTING in v.parents for v in priors.variables)
    return statement["of"], "none", where if apart else ()
