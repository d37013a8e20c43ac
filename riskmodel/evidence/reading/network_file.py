"""network.toml → variables and composites, with every check that needs no statement."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from riskmodel.errors import Problem, nearest
from riskmodel.evidence.reading.grammar import Vocabulary
from riskmodel.evidence.reading.schema import VariableTable, read_table, show
from riskmodel.evidence.records import MAX_STATES, Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NAME_RULE = "letters, digits and underscores, beginning with a letter (BIF readers refuse others)"
RESERVED_COLUMNS = ("case_id",)


def read_network(document: dict[str, Any], file: str, problems: list[Problem]) -> Vocabulary:
    """The variables and composites of a network file; what is faulty is named in ``broken``."""
    check_top_keys(document, ("variable", "composites", "dependence"), file, problems)
    variables: dict[str, Variable] = {}
    broken: set[str] = set()
    for position, raw in enumerate(tables(document, "variable", file, problems), start=1):
        name = text_of(raw, "name")
        label = f"variable {name!r}" if name else f"variable {position}"
        if name in variables:
            problems.append(Problem(file, f"{label}, key 'name'", f"duplicate variable {name!r}", "each name once"))
            continue
        variable = _variable(raw, file, label, problems)
        if variable is not None:
            variables[variable.name] = variable
        elif name:
            broken.add(name)
    if not variables and not broken:
        problems.append(Problem(file, "", "no [[variable]]", "at least one variable"))
    _check_parents(variables, broken, file, problems)
    _check_columns(variables.values(), file, problems)
    composites = _composites(document.get("composites", {}), variables, broken, file, problems)
    groups = _groups(document.get("dependence", {}), variables, broken, file, problems)
    return Vocabulary(variables, composites, frozenset(broken - set(variables)), groups)


def check_top_keys(document: dict[str, Any], known: Sequence[str], file: str, problems: list[Problem]) -> None:
    """Refuse top-level keys that the file does not have."""
    for key in document:
        if key not in known:
            allowed = f"one of {', '.join(known)}{nearest(key, known)}"
            problems.append(Problem(file, f"key {key!r}", f"unknown key {key!r}", allowed))


def text_of(raw: object, key: str) -> str | None:
    """The text at a key of a table that may not be one."""
    value = raw.get(key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else None


def tables(document: dict[str, Any], key: str, file: str, problems: list[Problem]) -> list[Any]:
    """The tables of an array of tables, or none with a problem."""
    found = document.get(key, [])
    if isinstance(found, list):
        return found
    problems.append(Problem(file, f"key {key!r}", f"received {show(found)}", f"allowed: tables [[{key}]]"))
    return []


def _variable(raw: object, file: str, label: str, problems: list[Problem]) -> Variable | None:
    table = read_table(VariableTable, raw, file, label, problems)
    if table is None:
        return None
    faults = list(_variable_faults(table))
    problems.extend(Problem(file, f"{label}, key {key!r}", received, allowed) for key, received, allowed in faults)
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
        problems.append(Problem(file, label, str(error), ""))
        return None


def _variable_faults(table: VariableTable) -> list[tuple[str, str, str]]:
    """Key, what was received and what is allowed, for each fault of one variable."""
    faults = []
    for key, names in {
        "name": [table.name],
        "states": table.states,
        "column": [table.column or "column"],
    }.items():
        faults += [(key, f"received {name!r}", f"allowed: {NAME_RULE}") for name in names if not NAME.fullmatch(name)]
    for key, values in {"states": table.states, "parents": table.parents}.items():
        faults += [(key, f"{v!r} twice", "each once") for v, count in Counter(values).items() if count > 1]
    if not 2 <= len(table.states) <= MAX_STATES:
        faults.append(("states", f"{len(table.states)} states", f"2 to {MAX_STATES} states"))
    edges = table.lower_edges
    if edges and (len(edges) != len(table.states) or edges != sorted(set(edges))):
        faults.append(("lower_edges", f"received {edges}", "allowed: one rising lower edge for each state"))
    if edges and table.maximum is not None and edges[-1] >= table.maximum:
        faults.append(("maximum", f"received {table.maximum}", f"a number above the last lower edge {edges[-1]}"))
    if bool(edges) != bool(table.unit) or (table.maximum is not None and not edges):
        faults.append(
            (
                "lower_edges",
                "unit, lower_edges or maximum without the others",
                "unit and lower_edges together",
            )
        )
    for word, state in table.aliases.items():
        if state not in table.states:
            hint = f"one of {', '.join(table.states)}{nearest(state, table.states)}"
            faults.append((f"aliases.{word}", f"unknown state {state!r}", hint))
    if table.role != "condition" and (table.serious or table.form != "logistic"):
        faults.append(("serious" if table.serious else "form", f"of a {table.role}", "of a condition only"))
    if table.role == "circumstance" and table.parents:
        faults.append(("parents", "of a circumstance", "no parents: a circumstance is outside the network"))
    return faults


def _check_parents(variables: dict[str, Variable], broken: set[str], file: str, problems: list[Problem]) -> None:
    inside = [name for name, variable in variables.items() if variable.in_network]
    for variable in variables.values():
        for parent in variable.parents:
            if parent not in inside and parent not in broken:
                what = "circumstance" if parent in variables else "unknown"
                allowed = f"a variable of the network{nearest(parent, inside)}"
                where = f"variable {variable.name!r}, key 'parents'"
                problems.append(Problem(file, where, f"{what} parent {parent!r}", allowed))
    circle = find_cycle({name: variable.parents for name, variable in variables.items()})
    if circle:
        problems.append(
            Problem(file, f"variable {circle[0]!r}, key 'parents'", f"cycle {' → '.join(circle)}", "no cycle")
        )
    setting = variables.get("setting")
    if setting is not None and (setting.parents or setting.role != "context"):
        problems.append(Problem(file, "variable 'setting'", f"role {setting.role}", "a context without parents"))


def find_cycle(parents: dict[str, tuple[str, ...]]) -> list[str]:
    """A circle of arcs as the names along it, the first repeated at the end, or nothing.

    >>> find_cycle({"a": ("b",), "b": ("a",)})
    ['a', 'b', 'a']
    >>> find_cycle({"a": (), "b": ("a",)})
    []
    """
    left = dict(parents)
    while True:
        free = [name for name, above in left.items() if not any(parent in left for parent in above)]
        if not free:
            break
        for name in free:
            del left[name]
    if not left:
        return []
    path = [next(iter(left))]
    while path.count(path[-1]) < 2:
        path.append(next(parent for parent in left[path[-1]] if parent in left))
    circle = path[path.index(path[-1]) :]
    return circle[::-1]


def _check_columns(variables: Any, file: str, problems: list[Problem]) -> None:
    """Two variables must not read one column, nor one the other's name."""
    owners: dict[str, str] = dict.fromkeys(RESERVED_COLUMNS, "the case's identifier")
    for variable in variables:
        if variable.column in owners:
            received = f"column {variable.column!r} is also that of {owners[variable.column]}"
            problems.append(Problem(file, f"variable {variable.name!r}, key 'column'", received, "a column of its own"))
        owners[variable.column] = variable.name


def _composites(
    raw: object, variables: dict[str, Variable], broken: set[str], file: str, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    if not isinstance(raw, dict):
        problems.append(
            Problem(file, "key 'composites'", f"received {show(raw)}", "allowed: a table of lists of names")
        )
        return {}
    inside = {name for name, variable in variables.items() if variable.in_network}
    composites: dict[str, tuple[str, ...]] = {}
    for name, members in raw.items():
        where = f"key 'composites.{name}'"
        if name in variables or not NAME.fullmatch(name):
            problems.append(Problem(file, where, f"received {name!r}", "allowed: a name that is no variable's"))
        elif not isinstance(members, list) or not members or not all(isinstance(m, str) for m in members):
            problems.append(Problem(file, where, f"received {show(members)}", "allowed: a list of variables"))
            composites[name] = ()  # it exists: naming it is no second problem
        else:
            for member in members:
                if member not in inside and member not in broken:
                    received = f"unknown variable {member!r}"
                    allowed = f"a variable of the network{nearest(member, inside)}"
                    problems.append(Problem(file, where, received, allowed))
            composites[name] = tuple(members)
    return composites


def _groups(
    raw: object, variables: dict[str, Variable], broken: set[str], file: str, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Groups of findings that may go together: two or more each, none in two groups or above another."""
    if not isinstance(raw, dict):
        problems.append(
            Problem(file, "key 'dependence'", f"received {show(raw)}", "allowed: a table of lists of names")
        )
        return {}
    groups: dict[str, tuple[str, ...]] = {}
    known = [name for name, variable in variables.items() if variable.role in ("finding", "test")]
    taken: dict[str, str] = {}
    for name, members in raw.items():
        where = f"key 'dependence.{name}'"
        if not isinstance(members, list) or len(members) < 2 or not all(isinstance(one, str) for one in members):
            problems.append(Problem(file, where, f"received {show(members)}", "allowed: two or more findings or tests"))
            continue
        groups[name] = tuple(sorted(dict.fromkeys(members), key=lambda one: known.index(one) if one in known else -1))
        for one in members:
            if one not in known and one not in broken:
                problems.append(
                    Problem(file, where, f"unknown finding {one!r}", f"a finding or test{nearest(one, known)}")
                )
            elif taken.setdefault(one, name) != name or members.count(one) > 1:
                problems.append(
                    Problem(file, where, f"{one!r} twice, also in {taken[one]!r}", "each finding in one group")
                )
            elif one in variables and set(variables[one].parents) & set(members):
                problems.append(
                    Problem(file, where, f"{one!r} has a parent in the group", "findings without arcs between them")
                )
        if name in variables:
            problems.append(Problem(file, where, f"{name!r} is a variable", "a name of its own"))
    return groups
