"""The codebook as a REDCap data dictionary, from which a project is built whose exports need no mapping."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from riskmodel.answers.sections import PROGNOSIS, SECTION_TITLES, WHO, section_of
from riskmodel.cases.columns import CASE_ID, NOT_ASSESSED, number_limits, plain, takes_numbers, takes_yes_no
from riskmodel.decision.startback import ITEM_COLUMNS, SUBSCALE_COLUMN, TOTAL_COLUMN
from riskmodel.errors import UsageError
from riskmodel.evidence.plain_readings import reading_of
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.redcap import headings
from riskmodel.redcap.fields import RADIO, TEXT
from riskmodel.text import words

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways

OUTCOMES, OUTCOMES_TITLE = "outcomes", "Outcomes: what it turned out to be"
_FORMS = {"risks": "history", PROGNOSIS: "startback"}  # all other sections are forms of their own
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_WHOLE_UNITS = frozenset({"points"})  # counted, never a part of one
_YES_BUT_WHICH = ("yes", "Yes (which is not clear)")
_NOT_STATED = {"test": "Not done", "condition": "Not clear"}  # by role


def as_redcap(variables: Sequence[Variable], pathways: Pathways | None = None) -> str:
    """The data dictionary, to be imported on the Data Dictionary page of a new project.

    The codes of the choices are the words of a case file, so that a raw export is one. A part of what a scan shows
    is asked only where the scan is abnormal, a STarT Back score only where an item is not answered.

    Parameters
    ----------
    variables
        all of the model, circumstances and conditions included.
    pathways
        says how a variable is assessed, by which examination and tests are told apart.

    Raises
    ------
    UsageError
        for a column whose name REDCap does not take.
    """
    refused = [variable.column for variable in variables if not _FIELD_NAME.fullmatch(variable.column)]
    if refused:
        allowed = "lower-case letters, digits and _, beginning with a letter, at most 100"
        raise UsageError(f"REDCap takes no field of this name: {', '.join(refused)}; allowed: {allowed}")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headings.HEADINGS.values())
    identity = {headings.FIELD: CASE_ID, headings.TYPE: TEXT, headings.LABEL: "Case", headings.IDENTIFIER: "y"}
    identity[headings.NOTE] = "A number of the study: no name, date of birth or record number."
    title = ""
    for row, section in [(identity, WHO), *_by_section(variables, pathways)]:
        row[headings.FORM] = _FORMS.get(section, section)
        row[headings.SECTION] = SECTION_TITLES.get(section, OUTCOMES_TITLE) if section != title else ""
        title = section
        writer.writerow([row.get(column, "") for column in headings.HEADINGS])
    return out.getvalue()


def _by_section(variables: Sequence[Variable], pathways: Pathways | None) -> list[tuple[dict[str, str], str]]:
    """The rows of the variables in the order in which they are asked, each with its section."""
    order = [*SECTION_TITLES, OUTCOMES]
    shown = _shown_if(variables)
    rows = []
    for variable in variables:
        section = WHO if variable.name == SETTING else section_of(variable, variables, pathways) or OUTCOMES
        row = _row(variable, part=variable.name in reading_of(variables))
        rows.append((row | {headings.BRANCHING: shown.get(variable.column, "")}, section))
    return sorted(rows, key=lambda row: order.index(row[1]))


def _row(variable: Variable, *, part: bool) -> dict[str, str]:
    row = {
        headings.FIELD: variable.column,
        headings.LABEL: _label(variable),
        headings.NOTE: variable.definition,
        headings.TYPE: RADIO,
    }
    if not takes_numbers(variable):
        return row | {headings.CHOICES: " | ".join(f"{code}, {label}" for code, label in _choices(variable, part=part))}
    bounded = variable.maximum != float("inf")
    limits = number_limits(variable)
    return row | {
        headings.TYPE: TEXT,
        headings.NOTE: f"{limits[0].upper()}{limits[1:]}. {variable.definition}",
        headings.VALIDATION: "integer" if variable.unit in _WHOLE_UNITS else "number",
        headings.MINIMUM: plain(variable.lower_edges[0]),
        headings.MAXIMUM: plain(variable.maximum) if bounded else "",
    }


def _label(variable: Variable) -> str:
    label = words(variable.name)
    if variable.name in (*ITEM_COLUMNS, TOTAL_COLUMN, SUBSCALE_COLUMN):
        return label.replace("startback", "STarT Back", 1)
    return label[0].upper() + label[1:]


def _choices(variable: Variable, *, part: bool) -> list[tuple[str, str]]:
    """Codes and labels: the states, a yes that names none of several, and that it was not asked."""
    states = [(state, _state_label(variable, state)) for state in variable.states]
    if takes_yes_no(variable) and len(variable.states) > 2:
        states.append(_YES_BUT_WHICH)
    if variable.name != SETTING:  # every case is of one
        otherwise = "Not reported" if part else _NOT_STATED.get(variable.role, "Not asked or not examined")
        states.append((NOT_ASSESSED[1], otherwise))
    return states


def _state_label(variable: Variable, state: str) -> str:
    if variable.states == ("absent", "present"):
        return {"absent": "No", "present": "Yes"}[state]
    label = words(state)
    return label[0].upper() + label[1:]


def _shown_if(variables: Sequence[Variable]) -> dict[str, str]:
    """Branching logic by column: parts below an abnormal scan, scores where an item is not answered."""
    by_name = {variable.name: variable for variable in variables}
    shown = {}
    for part, reading in reading_of(variables).items():
        scan = by_name[reading]
        shown[by_name[part].column] = " or ".join(f"[{scan.column}] = '{state}'" for state in scan.states[1:])
    items = [column for column in ITEM_COLUMNS if column in by_name]
    for score, needed in ((TOTAL_COLUMN, items), (SUBSCALE_COLUMN, items[4:])):
        if score in by_name and needed:
            code = NOT_ASSESSED[1]
            shown[score] = " or ".join(f"[{item}] = '' or [{item}] = '{code}'" for item in needed)
    return shown
