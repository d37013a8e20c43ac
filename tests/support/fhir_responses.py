"""Responses to the questionnaire as a form would fill it in, from the cells of a case file."""

from collections.abc import Mapping
from typing import Any

import riskmodel as rm
from riskmodel.evidence.records import Variable

ANSWERS = "urn:riskmodel:answer"


def coded(code: str) -> dict[str, Any]:
    return {"valueCoding": {"system": ANSWERS, "code": code}}


def answer(item: Mapping[str, Any], cell: str) -> dict[str, Any]:
    """The answer of a question that says what a cell says."""
    kind = item["type"]
    if kind == "choice":
        return coded(cell)
    if kind == "string":
        return {"valueString": cell}
    if kind == "integer":
        return {"valueInteger": int(cell)}
    if kind == "decimal":
        return {"valueDecimal": float(cell)}
    unit = next(e["valueCoding"] for e in item["extension"] if e["url"].endswith("unitOption"))
    quantity = {
        "value": float(cell.lstrip("<>")),
        "unit": unit["display"],
        "system": unit["system"],
        "code": unit["code"],
    }
    return {"valueQuantity": quantity | ({"comparator": cell[0]} if cell[0] in "<>" else {})}


class Form:
    """The questionnaire of a model, to be filled in."""

    def __init__(self, model: rm.Model) -> None:
        self.resource = rm.fhir_questionnaire(model)
        self.canonical = f"{self.resource['url']}|{self.resource['version']}"
        self.states = {v.column: variable_states(v) for v in model.variables}

    def response(self, cells: Mapping[str, str], **other: Any) -> dict[str, Any]:
        """A finished response; words of a column with numbers are answers of its bands."""
        sections = []
        for section in self.resource["item"]:
            items = []
            for item in section["item"]:
                column, _, band = item["linkId"].partition(".")
                cell = cells.get(column, "")
                of_band = cell in self.states.get(column, ()) and item["type"] != "choice"
                stands_in = bool(band) and cell not in self.states[column]
                if cell and not of_band and not stands_in:
                    items.append({"linkId": item["linkId"], "text": item["text"], "answer": [answer(item, cell)]})
            if items:
                sections.append({"linkId": section["linkId"], "text": section["text"], "item": items})
        head = {"resourceType": "QuestionnaireResponse", "questionnaire": self.canonical, "status": "completed"}
        return {**head, **other, "item": sections}


def variable_states(variable: Variable) -> tuple[str, ...]:
    return (*variable.states, "not_assessed")
