"""The codebook as a FHIR R4 Questionnaire: one question a column, in the sections in which a clinician asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.answers.sections import SECTION_TITLES, WHO, section_of
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.fhir.names import (
    ANSWER_CODES,
    COLUMN_CODES,
    LOINC,
    MAX_VALUE,
    MIN_VALUE,
    QUESTIONNAIRE,
    UCUM,
    UNIT,
    UNIT_OPTION,
)
from riskmodel.fhir.questions import Condition, FormQuestion, all_questions, identity_question, questions_of, version_of
from riskmodel.text import RESEARCH_ONLY

if TYPE_CHECKING:
    from riskmodel.decision.costs import Pathways
    from riskmodel.fhir.codes import ForeignCode

OUTCOMES = "outcomes"
TITLES = {**SECTION_TITLES, OUTCOMES: "Outcomes, where they are known"}
GROUP = "section."  # begins the linkId of a section; no column has a point in its name
LOINC_NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and "
    "the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the "
    "license at http://loinc.org/license."
)


def questionnaire(
    variables: Sequence[Variable],
    pathways: Pathways | None = None,
    codes: Mapping[str, ForeignCode] | None = None,
) -> dict[str, Any]:
    """All columns of a case file as a Questionnaire resource, FHIR R4 (4.0.1).

    ``linkId`` is the column's name. A choice has the states as codes and "not assessed", which is another answer than
    none. A number has its limits and its unit (UCUM), and beside it the bands, asked where there is no number. What a
    scan shows is asked if it was read as abnormal. ``version`` changes with whatever is asked.

    Parameters
    ----------
    pathways
        says what is examined and what is asked; without it the roles of the variables group the questions.
    codes
        codes of other systems, by variable.
    """
    codes = codes or {}
    version = version_of(all_questions(variables))
    copyrights = {code.system for code in codes.values()} & {LOINC}
    return {
        "resourceType": "Questionnaire",
        "id": f"riskmodel-{version}",
        "language": "en",
        "url": QUESTIONNAIRE,
        "version": version,
        "name": "RiskmodelCase",
        "title": "Red flags in back pain: one case",
        "status": "active",
        "experimental": True,
        "subjectType": ["Patient"],
        "description": "The columns of a case file of riskmodel. A question without an answer is a blank cell.",
        "purpose": RESEARCH_ONLY,
        **({"copyright": LOINC_NOTICE} if copyrights else {}),
        "item": [*_sections(variables, pathways, codes)],
    }


def resource_text(resource: Mapping[str, Any]) -> str:
    """A resource as indented text."""
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


def _sections(
    variables: Sequence[Variable], pathways: Pathways | None, codes: Mapping[str, ForeignCode]
) -> Iterable[dict[str, Any]]:
    items: dict[str, list[dict[str, Any]]] = {name: [] for name in TITLES}
    items[WHO].append(_item(identity_question()))
    for variable in variables:
        section = section_of(variable, variables, pathways) or (WHO if variable.name == SETTING else OUTCOMES)
        first, *others = questions_of(variable, variables)
        items[section] += [_item(first, codes.get(variable.name)), *map(_item, others)]
    for name, title in TITLES.items():
        if items[name]:
            yield {"linkId": GROUP + name, "text": title, "type": "group", "item": items[name]}


def _item(question: FormQuestion, code: ForeignCode | None = None) -> dict[str, Any]:
    """A question as an item, its keys in the order of the standard."""
    item: dict[str, Any] = {"extension": _extensions(question)} if question.kind not in ("string", "choice") else {}
    item["linkId"] = question.link_id
    item["code"] = [
        {"system": COLUMN_CODES, "code": question.column},
        *([{"system": code.system, "code": code.code, "display": code.display}] if code else []),
    ]
    item |= {"text": question.text, "type": question.kind}
    if question.asked_if:
        item["enableWhen"] = [_enable_when(question.asked_if)]
    item |= {"required": False, "repeats": False}
    if question.options:
        item["answerOption"] = [
            {"valueCoding": {"system": ANSWER_CODES, "code": option.code, "display": option.display}}
            for option in question.options
        ]
    return item


def _enable_when(condition: Condition) -> dict[str, Any]:
    if condition.code is None:
        return {"question": condition.link_id, "operator": "exists", "answerBoolean": False}
    coding = {"system": ANSWER_CODES, "code": condition.code}
    return {"question": condition.link_id, "operator": "=", "answerCoding": coding}


def _extensions(question: FormQuestion) -> list[dict[str, Any]]:
    """Unit and limits of a number."""
    value = "valueInteger" if question.kind == "integer" else "valueDecimal"
    extensions: list[dict[str, Any]] = []
    if question.ucum:
        unit = {"system": UCUM, "code": question.ucum, "display": question.unit}
        extensions.append({"url": UNIT_OPTION if question.kind == "quantity" else UNIT, "valueCoding": unit})
    for url, limit in ((MIN_VALUE, question.minimum), (MAX_VALUE, question.maximum)):
        if limit is not None:
            extensions.append({"url": url, value: int(limit) if limit == int(limit) else limit})
    return extensions
