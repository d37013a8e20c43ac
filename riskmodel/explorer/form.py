"""What the page asks: the rows of a case as controls, grouped as a clinician asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.decision.startback import COLUMNS as STARTBACK
from riskmodel.decision.startback import StartBackRows
from riskmodel.evidence.plain_readings import plain_readings, reading_of
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways

WHO, RISKS, HISTORY, EXAMINATION, TESTS, RESULTS = "who", "risks", "history", "examination", "tests", "results"
CIRCUMSTANCES, PROGNOSIS = "circumstances", "prognosis"
TITLES: Mapping[str, str] = {
    WHO: "Who",
    RISKS: "History: risk factors",
    HISTORY: "History: complaints",
    EXAMINATION: "Examination",
    TESTS: "Tests",
    RESULTS: "Scans and what they show",
    CIRCUMSTANCES: "Circumstances that policies read",
    PROGNOSIS: "STarT Back",
}
BY_ROLE = {"context": WHO, "risk_factor": RISKS, "finding": HISTORY, "test": TESTS, "circumstance": CIRCUMSTANCES}
BY_WAY = {"examined": EXAMINATION, "bedside": TESTS, "blood": TESTS, "imaging": RESULTS}


def form_data(variables: Sequence[Variable], pathways: Pathways | None) -> dict[str, Any]:
    """The controls, and what scans and the STarT Back answers say of each other.

    Parameters
    ----------
    pathways
        says how a variable is assessed; without it the roles decide alone.
    """
    rows = {variable.name: row for row, variable in enumerate(variables)}
    return {
        "variables": [
            {**_control(variable, _section(variable, variables, pathways)), "asking": _asking(variable, pathways)}
            for variable in variables
        ],
        "lifeYear": pathways.value("worth.qaly") if pathways else None,
        "waits": _waits(pathways) if pathways else None,
        "sections": [{"id": name, "title": title} for name, title in TITLES.items()],
        "readings": [
            {"row": rows[reading], "parts": [rows[part] for part in parts]}
            for reading, parts in plain_readings(variables).items()
        ],
        "startback": _startback(StartBackRows.of(variables)),
    }


def _control(variable: Variable, section: str) -> dict[str, Any]:
    return {
        "name": variable.name,
        "label": words(variable.name).replace("startback ", "STarT Back "),
        "column": variable.column,
        "role": variable.role,
        "serious": variable.serious,
        "states": variable.states,
        "definition": variable.definition,
        "section": section,
        "unit": variable.unit,
        "edges": variable.lower_edges,
        "maximum": variable.maximum if variable.lower_edges else None,
        "flag": variable.is_flag,
    }


def _asking(variable: Variable, pathways: Pathways | None) -> dict[str, Any] | None:
    """How a variable is assessed, in dollars and hours; nothing of what no question is about."""
    if pathways is None or variable.name == SETTING or variable.role not in BY_ROLE:
        return None
    cost, hours = (pathways.of(kind, variable.name) for kind in ("cost", "hours"))
    return {"way": pathways.way(variable.name), "cost": cost, "hours": hours}


def _waits(pathways: Pathways) -> dict[str, float]:
    """Hours until a case of each urgency is seen to."""
    stated = [statement.id for statement in pathways.statements if statement.id.startswith("wait.")]
    return {identifier.removeprefix("wait."): 24 * pathways.value(identifier) for identifier in stated}


def _section(variable: Variable, variables: Sequence[Variable], pathways: Pathways | None) -> str:
    """Where a control stands; none for the setting and the conditions."""
    if variable.name == SETTING or variable.role not in BY_ROLE:
        return ""
    if variable.name in STARTBACK:
        return PROGNOSIS
    if variable.imaging or variable.name in reading_of(variables):
        return RESULTS
    way = pathways.way(variable.name) if pathways else ""
    return BY_WAY.get(way, BY_ROLE[variable.role])


def _startback(rows: StartBackRows | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    return {"items": rows.items, "total": rows.total, "subscale": rows.subscale, "edges": rows.edges}
