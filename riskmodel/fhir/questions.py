"""What is asked of a case, one question a column: its kind, its options, its unit, and when it is asked at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Literal

from riskmodel.answers.sections import column_label
from riskmodel.cases.columns import CASE_ID, NOT_ASSESSED, codebook, takes_censored, takes_numbers, takes_yes_no
from riskmodel.evidence.plain_readings import plain_readings
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.text import words

Kind = Literal["string", "choice", "integer", "decimal", "quantity"]
NOT_ASSESSED_CODE = NOT_ASSESSED[1]
BAND = ".band"  # ends the linkId of the question that stands in for a number; no column has a point in its name
UCUM_OF = {  # units of network.toml
    "years": "a",
    "months": "mo",
    "weeks": "wk",
    "days": "d",
    "hours": "h",
    "mm/h": "mm/h",
    "mg/L": "mg/L",
    "ml": "mL",
    "points": "{score}",
}
COUNTED = frozenset({"points"})  # units of whole numbers
IDENTIFIES = "Names the case in the study. No name, date of birth or record number."


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """An answer that can be chosen: its code is the word of a case file."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Condition:
    """When a question is asked: if another one has this answer, or (``code`` None) has none."""

    link_id: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """One question; several may fill one column."""

    link_id: str
    column: str
    kind: Kind
    text: str
    options: tuple[AnswerOption, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    asked_if: Condition | None = None

    @property
    def ucum(self) -> str:
        """The unit's code in UCUM; empty where it is not known."""
        return UCUM_OF.get(self.unit, "")


def identity_question() -> FormQuestion:
    """What the case is called."""
    return FormQuestion(CASE_ID, CASE_ID, "string", f"Case: {IDENTIFIES}")


def questions_of(variable: Variable, variables: Sequence[Variable]) -> Iterator[FormQuestion]:
    """The questions on one column: a choice; or a number, and its bands for where no number is known."""
    label = column_label(variable)
    label = label[:1].upper() + label[1:]
    text = f"{label}: {variable.definition}"
    if not takes_numbers(variable):
        yield FormQuestion(
            variable.column,
            variable.column,
            "choice",
            text,
            _options(variable),
            asked_if=_asked_if(variable, variables),
        )
        return
    whole = variable.unit in COUNTED
    kind: Kind = "quantity" if takes_censored(variable) else "integer" if whole else "decimal"
    maximum = None if variable.maximum == inf else variable.maximum
    yield FormQuestion(
        variable.column,
        variable.column,
        kind,
        f"{text} In {variable.unit}.",
        unit=variable.unit,
        minimum=variable.lower_edges[0],
        maximum=maximum,
        asked_if=_asked_if(variable, variables),
    )
    yield FormQuestion(
        variable.column + BAND,
        variable.column,
        "choice",
        f"{label}, where no number is known",
        _options(variable),
        asked_if=Condition(variable.column),
    )


def _asked_if(variable: Variable, variables: Sequence[Variable]) -> Condition | None:
    """What a scan shows is asked of a scan that was read as abnormal."""
    columns = {other.name: other.column for other in variables}
    readings = (reading for reading, parts in plain_readings(variables).items() if variable.name in parts)
    reading = next(readings, None)
    if reading is None:
        return None
    abnormal = next(other.states[1] for other in variables if other.name == reading)
    return Condition(columns[reading], abnormal)


def _options(variable: Variable) -> tuple[AnswerOption, ...]:
    """The states, "yes" where several of them mean it, and that it was not assessed."""
    row = codebook([variable])[1]
    yes_no: Mapping[str, str] = (
        {"absent": "no", "present": "yes"} if set(variable.states) == {"absent", "present"} else {}
    )
    shown = [f"{band} {variable.unit}" for band in row.bands] or [
        yes_no.get(state, words(state)) for state in variable.states
    ]
    options = [AnswerOption(state, display) for state, display in zip(variable.states, shown, strict=True)]
    if variable.name == SETTING:
        return tuple(options)
    if takes_yes_no(variable) and len(variable.states) > 2 and not row.bands:
        several = " or ".join(words(state) for state in variable.states[1:])
        options.append(AnswerOption("yes", f"yes ({several}, not known which)"))
    return (*options, AnswerOption(NOT_ASSESSED_CODE, "not assessed"))


def all_questions(variables: Sequence[Variable]) -> tuple[FormQuestion, ...]:
    """The questions on every column, in the order of the columns."""
    asked = [question for variable in variables for question in questions_of(variable, variables)]
    return (identity_question(), *asked)


def version_of(questions: Sequence[FormQuestion]) -> str:
    """Twelve hexadecimal digits of a hash over all that is asked: other words, options or limits, another version.

    >>> fever = Variable("fever", "finding", ("absent", "present"), "38 degrees or more")
    >>> version_of(all_questions([fever])) == version_of(all_questions([fever]))
    True
    """
    text = json.dumps([asdict(question) for question in questions], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
