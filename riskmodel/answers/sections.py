"""The sections of a form: which columns of a case a clinician asks for together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from riskmodel.decision.startback import COLUMNS as STARTBACK
from riskmodel.evidence.plain_readings import reading_of
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways

WHO, RISKS, HISTORY, EXAMINATION, TESTS, RESULTS = "who", "risks", "history", "examination", "tests", "results"
CIRCUMSTANCES, PROGNOSIS = "circumstances", "prognosis"
SECTION_TITLES: Mapping[str, str] = {  # in the order in which they are asked
    WHO: "Who",
    RISKS: "History: risk factors",
    HISTORY: "History: complaints",
    EXAMINATION: "Examination",
    TESTS: "Tests",
    RESULTS: "Scans and what they show",
    CIRCUMSTANCES: "Circumstances that policies read",
    PROGNOSIS: "STarT Back",
}
SECTION_OF_ROLE = {
    "context": WHO,
    "risk_factor": RISKS,
    "finding": HISTORY,
    "test": TESTS,
    "circumstance": CIRCUMSTANCES,
}
_BY_WAY = {"examined": EXAMINATION, "bedside": TESTS, "blood": TESTS, "imaging": RESULTS}


def section_of(variable: Variable, variables: Sequence[Variable], pathways: Pathways | None) -> str:
    """The section in which a column is asked; none for the setting and the conditions.

    Parameters
    ----------
    variables
        all of the model: among them are the readings that a scan's parts belong to.
    pathways
        says how a variable is assessed; without it the roles decide alone.
    """
    if variable.name == SETTING or variable.role not in SECTION_OF_ROLE:
        return ""
    if variable.name in STARTBACK:
        return PROGNOSIS
    if variable.imaging or variable.name in reading_of(variables):
        return RESULTS
    way = pathways.way(variable.name) if pathways else ""
    return _BY_WAY.get(way, SECTION_OF_ROLE[variable.role])


def column_label(variable: Variable) -> str:
    """What a form calls a column.

    >>> column_label(Variable("iv_drug_use", "risk_factor", ("absent", "present"), ""))
    'IV drug use'
    """
    return words(variable.name).replace("startback ", "STarT Back ")
