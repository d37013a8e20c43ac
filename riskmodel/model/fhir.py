"""FHIR R4 and a model: its questions as a Questionnaire, responses as cases, answers as RiskAssessments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.decision.costs import find_pathways
from riskmodel.errors import CasesError, InferenceError, UsageError
from riskmodel.fhir.codes import find_codes
from riskmodel.fhir.documents import ALLOWED, responses_of
from riskmodel.fhir.questionnaire import questionnaire
from riskmodel.fhir.response import ResponseReader
from riskmodel.fhir.risk import AssessedBy, risk_assessment

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.fhir.documents import Placed
    from riskmodel.model.model import Model

Resources = Mapping[str, Any] | Sequence[Mapping[str, Any]]
SHOWN = 10  # faults named in an error


def fhir_questionnaire(model: Model) -> dict[str, Any]:
    """The columns of a model's case files as a Questionnaire, FHIR R4 (4.0.1).

    Returns
    -------
    the resource as a dict, for ``json.dump``: ``linkId`` is the column's name; "not assessed" is an answer of every
    choice; numbers have limits and units (UCUM). ``version`` changes with whatever is asked, not with any prior.

    Examples
    --------
    >>> import riskmodel as rm
    >>> form = rm.fhir_questionnaire(rm.load())
    >>> form["item"][2]["text"], [item["linkId"] for item in form["item"][2]["item"]][:3]
    ('History: complaints', ['night_sweats', 'weight_loss', 'night_pain'])
    """
    return questionnaire(model.variables, find_pathways(model.root), find_codes(model.root, model.variables))


def fhir_cases(model: Model, responses: Resources) -> pd.DataFrame:
    """QuestionnaireResponses as a frame of cases, for :meth:`Model.score` and whatever else takes cases.

    Parameters
    ----------
    responses
        a QuestionnaireResponse, a Bundle of them or a list of them, as ``json.load`` reads them.

    Returns
    -------
    a row a response, with ``case_id`` and all columns of the questionnaire, those of outcomes only where one is
    answered. An empty text is a question without an answer; ``not_assessed`` one that was answered so, or not asked.

    Raises
    ------
    CasesError
        with every answer that is not understood, and its path (``item[2].answer[0]``).
    """
    from riskmodel.casefiles.read.frame import as_frame

    reader = ResponseReader(model.variables)
    rows, faults = [], []
    for placed in _placed(responses):
        cells, wrong = reader.read(json.loads(placed.text))
        start = f"{placed.within}." if placed.within else ""
        faults += [f"{start}{fault}" for fault in wrong]
        rows.append(cells)
    if faults:
        more = f"\n  … and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        counted = "1 answer is" if len(faults) == 1 else f"{len(faults)} answers are"
        listed = "".join(f"\n  {fault}" for fault in faults[:SHOWN])
        raise CasesError(f"{counted} not understood:{listed}{more}")
    if not rows:
        raise CasesError(f"responses: there is no response in it; allowed: {ALLOWED}")
    frame = as_frame(rows)[list(reader.columns)]
    unread = [v.column for v in model.variables if v.role == "condition" and not frame[v.column].any()]
    return frame.drop(columns=unread)


def fhir_risk_assessments(
    model: Model,
    responses: Resources,
    *,
    setting: str | None = None,
    known_outcomes: bool = False,
    draws: int = 0,
    seed: int = 0,
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """A RiskAssessment, FHIR R4, for each QuestionnaireResponse; the same as the command ``score`` writes.

    Parameters
    ----------
    responses
        as of :func:`fhir_cases`.
    setting, known_outcomes, draws, seed, level
        as of :meth:`Model.score`. With draws each prediction has an extension ``urn:riskmodel:credible-interval``
        with the parts low, high and level.

    Raises
    ------
    CasesError
        naming every answer that is not understood, or a response without a setting.
    InferenceError
        naming the first response whose answers are impossible together.

    Examples
    --------
    >>> import riskmodel as rm
    >>> model = rm.load()
    >>> form = rm.fhir_questionnaire(model)
    >>> fever = {"system": "urn:riskmodel:answer", "code": "present"}
    >>> response = {
    ...     "resourceType": "QuestionnaireResponse", "id": "visit-1", "status": "completed",
    ...     "questionnaire": f"{form['url']}|{form['version']}", "subject": {"reference": "Patient/7"},
    ...     "item": [{"linkId": "fever", "answer": [{"valueCoding": fever}]}],
    ... }
    >>> [risk] = rm.fhir_risk_assessments(model, response, setting="emergency")
    >>> risk["subject"], risk["prediction"][0]["outcome"]["coding"][0]["code"], risk["prediction"][0]["rationale"]
    ({'reference': 'Patient/7'}, 'infection', '7.4 %; 0.91 % in emergency before anything is known')
    """
    from riskmodel.answers.output_columns import small_score, uncertain_score
    from riskmodel.casefiles.write.row_writer import plain_values

    frame, placed = fhir_cases(model, responses), _placed(responses)
    masks = model.code(frame, setting=setting, known_outcomes=known_outcomes)
    uncertain = model.uncertain(draws, seed, level) if draws else None
    scoring = uncertain.scoring if uncertain else model.scoring
    block = (uncertain_score(uncertain) if uncertain else small_score(scoring))(masks)
    if block.impossible:
        first = block.impossible[0]
        raise InferenceError(f"response {frame['case_id'][first.row]}: {first.problem}")
    by, names = AssessedBy.of(scoring, level), ["case_id", *(column.name for column in block.columns)]
    rows = zip(frame["case_id"], *map(plain_values, block.columns), strict=True)
    return [
        risk_assessment(dict(zip(names, row, strict=True)), by, json.loads(each.text), each.reference)
        for row, each in zip(rows, placed, strict=True)
    ]


def _placed(responses: Resources) -> list[Placed]:
    """The responses of a document, or of a list of documents."""
    if isinstance(responses, str | Path):
        raise UsageError(f"responses is a path, {str(responses)!r}: give what json.load reads of it, or score the file")
    documents = [responses] if isinstance(responses, Mapping) else responses
    return [placed for document in documents for placed in responses_of(document, "responses")[0]]
