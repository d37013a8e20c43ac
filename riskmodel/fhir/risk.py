"""What a case was answered, as a FHIR R4 RiskAssessment."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmodel._version import __version__
from riskmodel.answers.scoring import Scoring
from riskmodel.cases.columns import CASE_ID
from riskmodel.evidence.records import ANY_SERIOUS, SETTING
from riskmodel.fhir.names import CASE_IDS, COLUMN_CODES, CONFIDENCE, CREDIBLE_INTERVAL, MODEL_CODES
from riskmodel.fhir.response import RESPONSE
from riskmodel.text import RESEARCH_ONLY, percent, words

_REQUESTS = ("imaging", "tests", "referral")


@dataclass(frozen=True)
class AssessedBy:
    """What all assessments of a run have in common.

    Attributes
    ----------
    level
        of the credible intervals, where there are any.
    """

    method: Mapping[str, Any]
    outcomes: Mapping[str, Mapping[str, Any]]
    base_rates: Mapping[str, Mapping[str, float]]
    level: float = 0.95

    @classmethod
    def of(cls, scoring: Scoring, level: float = 0.95) -> AssessedBy:
        """From a scoring: its hash and policy, what its outputs mean, and the base rates of each setting."""
        definitions = {variable.name: variable.definition for variable in scoring.variables}
        serious = ", ".join(words(scoring.scorer.conditions[at]) for at in scoring.weights.leaders)
        definitions[ANY_SERIOUS] = f"At least one of: {serious}."
        names = scoring.scorer.output_names
        settings = scoring.variables[scoring.scorer.setting_row].states if scoring.scorer.setting_row >= 0 else ("",)
        rates = {
            setting: dict(zip(names, map(float, scoring.weights.baseline[row]), strict=True))
            for row, setting in enumerate(settings)
        }
        text = f"riskmodel {__version__}, policy {scoring.policy.name}, model {scoring.model_hash}; {scoring.blanks}"
        coding = {"system": MODEL_CODES, "version": __version__, "code": scoring.model_hash}
        outcomes = {
            name: {
                "coding": [{"system": COLUMN_CODES, "code": name, "display": words(name)}],
                "text": definitions.get(name) or words(name),
            }
            for name in names
        }
        return cls({"coding": [coding], "text": text}, outcomes, rates, level)


def risk_assessment(
    row: Mapping[str, Any], by: AssessedBy, response: Mapping[str, Any] | None = None, reference: str = ""
) -> dict[str, Any]:
    """One scored case as a RiskAssessment resource.

    ``probabilityDecimal`` is a probability from 0 to 1, as in the standard's own examples; ``rationale`` says it in
    per cent. The assessment has the date of the response, never that of the clock, so that the same response gives
    the same bytes.

    Parameters
    ----------
    row
        the output columns of the case, by name; several values of one cell as a list.
    response
        the QuestionnaireResponse that was scored, whose subject, encounter and date it takes over.
    reference
        where the response is found: ``QuestionnaireResponse/12``, or the ``fullUrl`` of a bundle's entry.
    """
    response = response or {}
    case_id = str(row[CASE_ID])
    identity = "|".join([reference, case_id, str(row["model"]), str(row[SETTING])])
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{MODEL_CODES}:{identity}")),
        "language": "en",
    }
    if "confidence" in row:
        resource["extension"] = [{"url": CONFIDENCE, "valueDecimal": row["confidence"]}]
    resource |= {
        "identifier": [{"system": CASE_IDS, "value": case_id}],
        "status": "final",
        "method": by.method,
        "subject": response.get("subject") or {"identifier": {"system": CASE_IDS, "value": case_id}},
    }
    if response.get("encounter"):
        resource["encounter"] = response["encounter"]
    if response.get("authored"):
        resource["occurrenceDateTime"] = response["authored"]
    basis = _basis(response, reference)
    if basis:
        resource["basis"] = [basis]
    resource["prediction"] = [*_predictions(row, by)]
    resource["mitigation"] = _action(row)
    resource["note"] = [{"text": text} for text in _notes(row)]
    return resource


def _basis(response: Mapping[str, Any], reference: str) -> dict[str, Any]:
    if reference:
        return {"reference": reference, "type": RESPONSE}
    return {"type": RESPONSE, "identifier": response["identifier"]} if response.get("identifier") else {}


def _predictions(row: Mapping[str, Any], by: AssessedBy) -> Iterator[dict[str, Any]]:
    """One a condition; the extension of an interval has the parts low, high and level."""
    setting = str(row[SETTING])
    for name, outcome in by.outcomes.items():
        probability, low, high = (row.get(f"p_{name}{end}") for end in ("", "_low", "_high"))
        if probability is None:
            continue
        prediction: dict[str, Any] = {}
        interval = ""
        if low is not None and high is not None:
            parts = {"low": low, "high": high, "level": by.level}
            extension = [{"url": part, "valueDecimal": value} for part, value in parts.items()]
            prediction["extension"] = [{"url": CREDIBLE_INTERVAL, "extension": extension}]
            interval = f", {100 * by.level:.15g} % credible interval {percent(low)} to {percent(high)}"
        base = by.base_rates.get(setting, {}).get(name)
        start = "" if base is None else f"; {percent(base)} in {words(setting)} before anything is known"
        yield prediction | {
            "outcome": outcome,
            "probabilityDecimal": probability,
            "rationale": f"{percent(probability)}{interval}{start}",
        }


def _action(row: Mapping[str, Any]) -> str:
    """What the policy asks for, in words: ``within 24 hours; imaging: MRI (within 24 hours)``."""
    parts = [words(str(row["urgency"]))]
    for request in _REQUESTS:
        if row[request]:
            within = f" ({words(str(row[f'{request}_within']))})" if row.get(f"{request}_within") else ""
            parts.append(f"{request}: {', '.join(map(words, row[request]))}{within}")
    return "; ".join(parts)


def _notes(row: Mapping[str, Any]) -> Iterator[str]:
    yield RESEARCH_ONLY
    raised = words(str(row["most_raised"])) if row["most_raised"] else ""
    if row["reason"]:
        about = f"Largest weights of evidence for or against {raised}" if raised else "Largest weights of evidence"
        yield f"{about}, in decibans: {', '.join(_listed(row['reason']))}"
    if row["rules"]:
        yield f"Rules of the policy that fired: {', '.join(_listed(row['rules']))}"
    if row["undetermined"]:
        yield f"Rules that need what was not assessed: {', '.join(_listed(row['undetermined']))}"
    if row.get("ask_next"):
        yield f"To be asked or tested next: {words(str(row['ask_next']))}"
    if row.get("startback_risk"):
        yield f"STarT Back risk of lasting disability, which no probability reads: {row['startback_risk']}"


def _listed(value: Sequence[str] | str) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
