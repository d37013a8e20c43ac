"""What the page asks: the rows of a case as controls, grouped as a clinician asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.answers.sections import SECTION_OF_ROLE, SECTION_TITLES, column_label, section_of
from riskmodel.decision.startback import StartBackRows
from riskmodel.evidence.plain_readings import plain_readings
from riskmodel.evidence.records import SETTING, Variable

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways


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
            {**_control(variable, section_of(variable, variables, pathways)), "asking": _asking(variable, pathways)}
            for variable in variables
        ],
        "lifeYear": pathways.value("worth.qaly") if pathways else None,
        "waits": _waits(pathways) if pathways else None,
        "sections": [{"id": name, "title": title} for name, title in SECTION_TITLES.items()],
        "readings": [
            {"row": rows[reading], "parts": [rows[part] for part in parts]}
            for reading, parts in plain_readings(variables).items()
        ],
        "startback": _startback(StartBackRows.of(variables)),
    }


def _control(variable: Variable, section: str) -> dict[str, Any]:
    return {
        "name": variable.name,
        "label": column_label(variable),
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
    if pathways is None or variable.name == SETTING or variable.role not in SECTION_OF_ROLE:
        return None
    cost, hours = (pathways.of(kind, variable.name) for kind in ("cost", "hours"))
    return {"way": pathways.way(variable.name), "cost": cost, "hours": hours}


def _waits(pathways: Pathways) -> dict[str, float]:
    """Hours until a case of each urgency is seen to."""
    stated = [statement.id for statement in pathways.statements if statement.id.startswith("wait.")]
    return {identifier.removeprefix("wait."): 24 * pathways.value(identifier) for identifier in stated}


def _startback(rows: StartBackRows | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    return {"items": rows.items, "total": rows.total, "subscale": rows.subscale, "edges": rows.edges}
