"""network.toml → variables, composites and groups, with every check that needs no statement."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from riskmodel.errors import nearest
from riskmodel.evidence.plain_readings import ANY_OF
from riskmodel.evidence.reading.grammar import DeclaredNames
from riskmodel.evidence.reading.scan_parts import check_parts
from riskmodel.evidence.reading.schema import VariableTable, read_table, show
from riskmodel.evidence.records import MANIFEST, MAX_STATES, OCCULT, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from riskmodel.errors import Problems
    from riskmodel.evidence.limits import Fault

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NAME_RULE = "letters, digits and underscores, beginning with a letter (BIF readers refuse others)"
RESERVED_COLUMNS = ("case_id",)

Members = dict[str, tuple[str, ...]]  # of composites, or of groups


def read_network(document: dict[str, Any], problems: Problems) -> DeclaredNames:
    """The variables, composites and groups of a network file; variables that are faulty are named in ``broken``."""
    check_top_keys(document, ("variable", "composites", "dependence"), problems)
    variables: dict[str, Variable] = {}
    broken: set[str] = set()
    for position, raw in enumerate(tables(document, "variable", problems), start=1):
        name = text_at(raw, "name")
        of_entry = problems.at(f"variable {name!r}" if name else f"variable {position}")
        if name in variables:
            of_entry.note("name", f"duplicate variable {name!r}", "each name once")
            continue
        variable = _variable(raw, of_entry)
        if variable is not None:
            variables[variable.name] = variable
        elif name:
            broken.add(name)
    if not variables and not broken:
        problems.note("", "no [[variable]]", "at least one variable")
    _check_parents(variables, broken, problems)
    _check_columns(variables.values(), problems)
    check_parts(variables, broken, document.get("dependence", {}), problems)
    composites = _composites(document.get("composites", {}), variables, broken, problems)
    groups = _groups(document.get("dependence", {}), variables, broken, problems)
    return DeclaredNames(variables, composites, frozenset(broken - set(variables)), groups)


def check_top_keys(document: dict[str, Any], allowed: Sequence[str], problems: Problems) -> None:
    """Refuse top-level keys that the file does not have."""
    for key in document:
        if key not in allowed:
            problems.note(key, f"unknown key {key!r}", f"one of {', '.join(allowed)}{nearest(key, allowed)}")


def text_at(raw: object, key: str) -> str | None:
    """The text at a key of a table that may not be one."""
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else None


def tables(document: dict[str, Any], key: str, problems: Problems) -> list[Any]:
    """The tables of an array of tables, or none with a problem."""
    array = document.get(key, [])
    if isinstance(array, list):
        return array
    problems.note(key, f"received {show(array)}", f"allowed: tables [[{key}]]")
    return []


def _variable(raw: object, problems: Problems) -> Variable | None:
    table = read_table(VariableTable, raw, problems)
    if table is None:
        return None
    faults = [*_name_faults(table), *_band_faults(table), *_role_faults(table)]
    for fault in faults:
        problems.note(*fault)
    if faults:
        return None
    given = table.model_dump(exclude={"maximum", "states", "parents", "lower_edges"})
    if table.maximum is not None:
        given["maximum"] = table.maximum
    try:
        return Variable(
            states=tuple(table.states),
            parents=tuple(table.parents),
            lower_edges=tuple(table.lower_edges),
            **given,
        )
    except ValueError as error:  # the record's own checks, where they are stricter than these
        problems.note("", str(error), "")
        return None


def _name_faults(table: VariableTable) -> Iterator[Fault]:
    for key, names in {"name": [table.name], "states": table.states, "column": [table.column or "column"]}.items():
        for name in names:
            if not NAME.fullmatch(name):
                yield key, f"received {name!r}", f"allowed: {NAME_RULE}"
    for key, values in {"states": table.states, "parents": table.parents}.items():
        for value, count in Counter(values).items():
            if count > 1:
                yield key, f"{value!r} twice", "each once"
    if not 2 <= len(table.states) <= MAX_STATES:
        yield "states", f"{len(table.states)} states", f"2 to {MAX_STATES} states"


def _band_faults(table: VariableTable) -> Iterator[Fault]:
    edges = table.lower_edges
    if edges and (len(edges) != len(table.states) or edges != sorted(set(edges))):
        yield "lower_edges", f"received {edges}", "allowed: one rising lower edge for each state"
    if edges and table.maximum is not None and edges[-1] > table.maximum:
        yield "maximum", f"received {table.maximum}", f"a number from the last lower edge {edges[-1]} on"
    if bool(edges) != bool(table.unit) or (table.maximum is not None and not edges):
        yield "lower_edges", "unit, lower_edges or maximum without the others", "unit and lower_edges together"


def _role_faults(table: VariableTable) -> Iterator[Fault]:
    for word, state in table.aliases.items():
        if state not in table.states:
            hint = f"one of {', '.join(table.states)}{nearest(state, table.states)}"
            yield f"aliases.{word}", f"unknown state {state!r}", hint
    if table.form == ANY_OF and (table.role != "test" or len(table.states) != 2):
        yield "form", f"any_of of a {table.role} with {len(table.states)} states", "of a test with two states only"
    elif table.role != "condition" and (table.serious or table.form not in ("logistic", ANY_OF)):
        yield "serious" if table.serious else "form", f"of a {table.role}", "of a condition only"
    if table.imaging and table.role != "test":
        yield "imaging", f"of a {table.role}", "of a test only"
    if table.role == "circumstance" and table.parents:
        yield "parents", "of a circumstance", "no parents: a circumstance is outside the network"
    if table.role == "manifestation":
        if table.states != [OCCULT, MANIFEST]:
            yield "states", f"received {table.states} for a manifestation", f"allowed: {[OCCULT, MANIFEST]}"
        if len(table.parents) != 1:
            yield "parents", f"{len(table.parents)} parents of a manifestation", "one condition"
        elif table.name != f"{table.parents[0]}_{MANIFEST}":
            yield "name", f"received {table.name!r} of {table.parents[0]!r}", f"allowed: {table.parents[0]}_{MANIFEST}"
        if table.column or table.aliases or table.lower_edges:
            key = "column" if table.column else "aliases" if table.aliases else "lower_edges"
            yield key, "of a manifestation", "none: no case has a column for it"


def _check_parents(variables: Mapping[str, Variable], broken: set[str], problems: Problems) -> None:
    inside = [name for name, variable in variables.items() if variable.in_network]
    for variable in variables.values():
        for parent in variable.parents:
            if parent not in inside and parent not in broken:
                what = "circumstance" if parent in variables else "unknown"
                allowed = f"a variable of the network{nearest(parent, inside)}"
                problems.at(f"variable {variable.name!r}").note("parents", f"{what} parent {parent!r}", allowed)
    _check_manifestations(variables, problems)
    circle = find_cycle({name: variable.parents for name, variable in variables.items()})
    if circle:
        problems.at(f"variable {circle[0]!r}").note("parents", f"cycle {' → '.join(circle)}", "no cycle")
    setting = variables.get("setting")
    if setting is not None and (setting.parents or setting.role != "context"):
        problems.at("variable 'setting'").note("", f"role {setting.role}", "a context without parents")


def _check_manifestations(variables: Mapping[str, Variable], problems: Problems) -> None:
    """A manifestation node is a condition's; findings and tests alone name it, in place of the condition."""
    condition_of = {name: v.parents[0] for name, v in variables.items() if v.role == "manifestation"}
    for node, condition in condition_of.items():
        parent = variables.get(condition)
        if parent is not None and parent.role != "condition":
            conditions = [name for name, variable in variables.items() if variable.role == "condition"]
            allowed = f"a condition{nearest(condition, conditions)}"
            problems.at(f"variable {node!r}").note("parents", f"{condition!r} is a {parent.role}", allowed)
    for variable in variables.values():
        for node in [parent for parent in variable.parents if parent in condition_of]:
            of_child = problems.at(f"variable {variable.name!r}")
            if variable.role not in ("finding", "test"):
                of_child.note("parents", f"{node!r} of a {variable.role}", f"{condition_of[node]!r}")
            elif condition_of[node] in variable.parents:
                of_child.note("parents", f"both {node!r} and {condition_of[node]!r}", "one of the two")


def find_cycle(parents: dict[str, tuple[str, ...]]) -> list[str]:
    """A circle of arcs as the names along it, the first repeated at the end, or nothing.

    >>> find_cycle({"a": ("b",), "b": ("a",)})
    ['a', 'b', 'a']
    >>> find_cycle({"a": (), "b": ("a",)})
    []
    """
    waiting = dict(parents)
    while free := [name for name, above in waiting.items() if not any(parent in waiting for parent in above)]:
        for name in free:
            del waiting[name]
    if not waiting:
        return []
    path = [next(iter(waiting))]
    while path.count(path[-1]) < 2:
        path.append(next(parent for parent in waiting[path[-1]] if parent in waiting))
    circle = path[path.index(path[-1]) :]
    return circle[::-1]


def _check_columns(variables: Iterable[Variable], problems: Problems) -> None:
    """Two variables must not read one column, nor one the other's name."""
    owners: dict[str, str] = dict.fromkeys(RESERVED_COLUMNS, "the case's identifier")
    for variable in variables:
        if variable.column in owners:
            received = f"column {variable.column!r} is also that of {owners[variable.column]}"
            problems.at(f"variable {variable.name!r}").note("column", received, "a column of its own")
        owners[variable.column] = variable.name


def _composites(raw: object, variables: Mapping[str, Variable], broken: set[str], problems: Problems) -> Members:
    if not isinstance(raw, dict):
        problems.note("composites", f"received {show(raw)}", "allowed: a table of lists of names")
        return {}
    inside = {name for name, variable in variables.items() if variable.in_network}
    composites: Members = {}
    for name, members in raw.items():
        key = f"composites.{name}"
        if name in variables or not NAME.fullmatch(name):
            problems.note(key, f"received {name!r}", "allowed: a name that is no variable's")
        elif not isinstance(members, list) or not members or not all(isinstance(m, str) for m in members):
            problems.note(key, f"received {show(members)}", "allowed: a list of variables")
            composites[name] = ()  # it exists: naming it is no second problem
        else:
            for member in members:
                if member not in inside and member not in broken:
                    allowed = f"a variable of the network{nearest(member, inside)}"
                    problems.note(key, f"unknown variable {member!r}", allowed)
            composites[name] = tuple(members)
    return composites


def _groups(raw: object, variables: Mapping[str, Variable], broken: set[str], problems: Problems) -> Members:
    """Groups of findings that may go together: two or more each, none in two groups or above another."""
    if not isinstance(raw, dict):
        problems.note("dependence", f"received {show(raw)}", "allowed: a table of lists of names")
        return {}
    groups: Members = {}
    findings = [name for name, variable in variables.items() if variable.role in ("finding", "test")]
    group_of: dict[str, str] = {}
    for name, members in raw.items():
        key = f"dependence.{name}"
        if not isinstance(members, list) or len(members) < 2 or not all(isinstance(m, str) for m in members):
            problems.note(key, f"received {show(members)}", "allowed: two or more findings or tests")
            continue
        groups[name] = tuple(
            sorted(dict.fromkeys(members), key=lambda member: findings.index(member) if member in findings else -1)
        )
        for member in members:
            if member not in findings and member not in broken:
                problems.note(key, f"unknown finding {member!r}", f"a finding or test{nearest(member, findings)}")
            elif group_of.setdefault(member, name) != name or members.count(member) > 1:
                received = f"{member!r} twice, also in {group_of[member]!r}"
                problems.note(key, received, "each finding in one group")
            elif member in variables and set(variables[member].parents) & set(members):
                problems.note(key, f"{member!r} has a parent in the group", "findings without arcs between them")
        if name in variables:
            problems.note(key, f"{name!r} is a variable", "a name of its own")
    return groups
