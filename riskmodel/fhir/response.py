"""One QuestionnaireResponse as the cells of a case, and everything in it that is not understood, with its path."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any

from riskmodel.cases.cells import CellDecoder, CellProblem, excerpt, value_text
from riskmodel.cases.columns import CASE_ID
from riskmodel.errors import nearest
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.fhir.names import ANSWER_CODES, QUESTIONNAIRE, UCUM
from riskmodel.fhir.questionnaire import GROUP, TITLES
from riskmodel.fhir.questions import BAND, NOT_ASSESSED_CODE, FormQuestion, all_questions, version_of

RESPONSE = "QuestionnaireResponse"
FINISHED, UNFINISHED = ("completed", "amended"), ("in-progress", "stopped")
VALUES: Mapping[str, tuple[str, ...]] = {
    "string": ("valueString",),
    "choice": ("valueCoding",),
    "integer": ("valueInteger",),
    "decimal": ("valueDecimal", "valueInteger"),
    "quantity": ("valueQuantity",),
}
TAKEN_OVER = {"subject": "a Reference", "encounter": "a Reference", "identifier": "an Identifier"}  # by assessments
DATE_TIME = re.compile(
    r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)


@dataclass(frozen=True, slots=True)
class ResponseFault:
    """What is not understood: where in the resource, what was there, what is allowed."""

    path: str
    value: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.value!r}: {self.problem}" if self.value else f"{self.path}: {self.problem}"


@dataclass(slots=True)
class _Reading:
    """A response while it is read: the answer of each question, where it stands, and the faults."""

    answers: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    faults: list[ResponseFault] = field(default_factory=list)

    def fault(self, path: str, value: object, problem: str) -> None:
        self.faults.append(ResponseFault(path, excerpt(writable(value_text(value))), problem))


class ResponseReader:
    """Reads the responses to a model's Questionnaire.

    >>> fever = Variable("fever", "finding", ("absent", "present"), "38 degrees or more")
    >>> reader = ResponseReader([fever])
    >>> answer = {"linkId": "fever", "answer": [{"valueCoding": {"code": "presnt"}}]}
    >>> cells, faults = reader.read({"resourceType": "QuestionnaireResponse", "id": "a", "status": "completed",
    ...     "questionnaire": reader.canonical, "item": [answer]})
    >>> print(faults[0])
    item[0].answer[0].valueCoding.code: 'presnt': fever has no such answer (did you mean 'present'?); allowed: ...
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        questions = all_questions(variables)
        self.questions = {question.link_id: question for question in questions}
        self.version = version_of(questions)
        self.canonical = f"{QUESTIONNAIRE}|{self.version}"
        self.columns = tuple(dict.fromkeys(question.column for question in questions))
        self.decoders = {variable.column: CellDecoder(variable) for variable in variables}
        self.setting = next((variable.column for variable in variables if variable.name == SETTING), "")
        self._links = [*self.questions, *(GROUP + name for name in TITLES)]

    def read(self, resource: Mapping[str, Any]) -> tuple[dict[str, str], list[ResponseFault]]:
        """The cells of the case by column, "" for a blank, and the faults.

        A question that was not asked, because of another answer or because the response is not finished, is
        ``not_assessed``: nobody left it blank.
        """
        reading = _Reading()
        finished = self._head(resource, reading)
        self._items(resource.get("item", []), "item", reading)
        cells = {CASE_ID: self._name(resource, reading)}
        for question in self.questions.values():
            if question.column != CASE_ID and not question.link_id.endswith(BAND):
                cells[question.column] = self._cell(question, reading, finished=finished)
        return cells, reading.faults

    def _head(self, resource: Mapping[str, Any], reading: _Reading) -> bool:
        """Check what is said of the whole response; whether it is finished."""
        status, form = resource.get("status"), resource.get("questionnaire")
        if status not in (*FINISHED, *UNFINISHED):
            reading.fault(
                "status", status, f"such a response is not read; allowed: {', '.join((*FINISHED, *UNFINISHED))}"
            )
        if form is None:
            reading.fault("questionnaire", "", f"it says no questionnaire; allowed: {self.canonical}")
        elif form != self.canonical:
            other = "another version of the questionnaire" if str(form).startswith(QUESTIONNAIRE) else "another form"
            reading.fault("questionnaire", form, f"{other}; allowed: {self.canonical}, as codebook writes it")
        authored = resource.get("authored")
        if authored is not None and not (isinstance(authored, str) and DATE_TIME.fullmatch(authored)):
            reading.fault("authored", authored, "allowed: a dateTime such as 2026-03-01T09:30:00Z")
        for key, kind in TAKEN_OVER.items():
            value = resource.get(key, {})
            text = json.dumps(value, ensure_ascii=False, default=str)
            if not isinstance(value, Mapping) or text != writable(text):
                reading.fault(key, value, f"allowed: {kind}")
        _unmodified(resource, "", reading)
        return status not in UNFINISHED

    def _name(self, resource: Mapping[str, Any], reading: _Reading) -> str:
        """What the case is called: by its answer, else by the response's identifier, else by its id."""
        identifier = resource.get("identifier", {})
        named = identifier.get("value") if isinstance(identifier, Mapping) else None
        for name in (reading.answers.get(CASE_ID), named, resource.get("id")):
            if isinstance(name, str) and name and name == writable(name):
                return name
        reading.fault(
            "id", "", f"nothing names the case; allowed: an answer to {CASE_ID}, an identifier.value or an id"
        )
        return ""

    def _items(self, items: object, path: str, reading: _Reading) -> None:
        if not isinstance(items, list):
            reading.fault(path, items, "allowed: a list of items")
            return
        for number, item in enumerate(items):
            here = f"{path}[{number}]"
            if not isinstance(item, Mapping):
                reading.fault(here, item, "allowed: an item with a linkId")
                continue
            _unmodified(item, here, reading)
            self._item(item, here, reading)

    def _item(self, item: Mapping[str, Any], here: str, reading: _Reading) -> None:
        link_id = item.get("linkId")
        question = self.questions.get(link_id) if isinstance(link_id, str) else None
        if question is None and link_id not in self._links:
            hint = nearest(str(link_id), self._links)
            reading.fault(f"{here}.linkId", link_id, f"the questionnaire has no such question{hint}")
            return
        if question is None:
            if "answer" in item:
                reading.fault(f"{here}.answer", link_id, "a section has no answer of its own")
        elif link_id in reading.paths:
            reading.fault(here, link_id, f"answered at {reading.paths[link_id]} already; allowed: once")
        else:
            reading.paths[question.link_id] = here
            self._answer(question, item, here, reading)
        self._items(item.get("item", []), f"{here}.item", reading)

    def _answer(self, question: FormQuestion, item: Mapping[str, Any], here: str, reading: _Reading) -> None:
        if "answer" not in item:
            return
        answers, link_id = item["answer"], question.link_id
        if not isinstance(answers, list) or not answers or not isinstance(answers[0], Mapping):
            reading.fault(f"{here}.answer", "", f"{link_id}: allowed: a list of one answer, or no answer at all")
            return
        if len(answers) > 1:
            reading.fault(f"{here}.answer[1]", "", f"{link_id}: {len(answers)} answers; allowed: one")
            return
        there, answer = f"{here}.answer[0]", answers[0]
        _unmodified(answer, there, reading)
        keys, allowed = [key for key in answer if key.startswith("value")], VALUES[question.kind]
        if len(keys) != 1 or keys[0] not in allowed:
            received = " and ".join(keys) or "no value"
            reading.fault(there, received, f"{link_id} is of type {question.kind}; allowed: {' or '.join(allowed)}")
        else:
            text = self._text(question, answer[keys[0]], f"{there}.{keys[0]}", reading)
            if text is not None:
                self._checked(question, text, f"{there}.{keys[0]}", reading)
        self._items(answer.get("item", []), f"{there}.item", reading)

    def _checked(self, question: FormQuestion, text: str, path: str, reading: _Reading) -> None:
        """Take an answer that its column understands: a number inside its limits, a state."""
        decoder = self.decoders.get(question.column)
        mask = decoder.decode(text) if decoder else 1
        if isinstance(mask, CellProblem):
            reading.fault(path, text, f"{question.link_id}: {mask.problem}")
        else:
            reading.answers[question.link_id] = text

    def _text(self, question: FormQuestion, value: Any, path: str, reading: _Reading) -> str | None:
        """An answer as the text of a cell."""
        if question.kind == "choice":
            return _choice(question, value, path, reading)
        if question.kind == "quantity":
            return _quantity(question, value, path, reading)
        if question.kind == "string":
            if isinstance(value, str) and value:
                return value
        elif _is_number(value):
            return value_text(value)
        reading.fault(path, value, f"{question.link_id}: allowed: a value of type {question.kind}")
        return None

    def _cell(self, question: FormQuestion, reading: _Reading, *, finished: bool) -> str:
        """What the questions on a column say together."""
        answer, band = (reading.answers.get(link) for link in (question.link_id, question.link_id + BAND))
        if answer is not None and band is not None:
            path = reading.paths[question.link_id + BAND]
            reading.fault(path, band, f"{question.link_id} has a number too ({answer}); allowed: one of the two")
        if answer is not None or band is not None:
            return answer if answer is not None else band or ""
        condition = question.asked_if
        hidden = condition is not None and reading.answers.get(condition.link_id) != condition.code
        asked = finished and not hidden
        return "" if asked or question.column == self.setting else NOT_ASSESSED_CODE


def _unmodified(element: Mapping[str, Any], path: str, reading: _Reading) -> None:
    """The standard forbids to pass over what changes an element's meaning."""
    if element.get("modifierExtension"):
        where = f"{path}.modifierExtension" if path else "modifierExtension"
        reading.fault(where, "", "it changes the meaning in a way that is not known here; allowed: none")


def writable(text: str) -> str:
    """A text that UTF-8 has: JSON can hold halves of a character."""
    return text.encode("utf-8", "replace").decode()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and _is_finite(value)


def _is_finite(value: int | float | Decimal) -> bool:
    return isinstance(value, int) or isfinite(value)


def _choice(question: FormQuestion, coding: Any, path: str, reading: _Reading) -> str | None:
    codes = [option.code for option in question.options]
    if not isinstance(coding, Mapping):
        reading.fault(path, coding, f"{question.link_id}: allowed: a Coding")
        return None
    system, code = coding.get("system", ANSWER_CODES), coding.get("code")
    if system != ANSWER_CODES:
        reading.fault(f"{path}.system", system, f"{question.link_id}: codes of another system; allowed: {ANSWER_CODES}")
    elif code not in codes:
        allowed = f"{nearest(str(code), codes)}; allowed: {', '.join(codes)}"
        reading.fault(f"{path}.code", code, f"{question.link_id} has no such answer{allowed}")
    else:
        return str(code)
    return None


def _quantity(question: FormQuestion, quantity: Any, path: str, reading: _Reading) -> str | None:
    """A number in the unit of the question, with the sign of a censored value."""
    value = quantity.get("value") if isinstance(quantity, Mapping) else None
    if not _is_number(value):
        reading.fault(path, value, f"{question.link_id}: allowed: a Quantity with a value")
        return None
    system, code, unit = (quantity.get(key) for key in ("system", "code", "unit"))
    coded = code is not None and system in (None, UCUM) and code == question.ucum
    if not (coded or (code is None and unit in (question.unit, question.ucum or question.unit))):
        allowed = f"{question.unit} (UCUM {question.ucum})" if question.ucum else question.unit
        reading.fault(
            path, f"{value_text(value)} {code or unit or 'without a unit'}", f"{question.link_id}: allowed: {allowed}"
        )
        return None
    comparator = quantity.get("comparator", "")
    if comparator not in ("", "<", ">"):
        reading.fault(f"{path}.comparator", comparator, f"{question.link_id}: allowed: < or >, or none")
        return None
    return f"{comparator}{value_text(value)}"
