"""The names that our resources have in the world: nobody's address, so that no server is asked for them."""

from __future__ import annotations

QUESTIONNAIRE = "urn:riskmodel:questionnaire"  # canonical, followed by | and the version
ANSWER_CODES = "urn:riskmodel:answer"  # what a choice answers: a state, or that it was not assessed
COLUMN_CODES = "urn:riskmodel:column"  # a column of a case file
MODEL_CODES = "urn:riskmodel:model"  # a model by its hash
CASE_IDS = "urn:riskmodel:case"  # case_id of a case file
CREDIBLE_INTERVAL = "urn:riskmodel:credible-interval"  # an extension of a prediction
CONFIDENCE = "urn:riskmodel:confidence"  # an extension of an assessment

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
CORE = "http://hl7.org/fhir/StructureDefinition/"  # of the standard's own extensions
UNIT, UNIT_OPTION = f"{CORE}questionnaire-unit", f"{CORE}questionnaire-unitOption"
MIN_VALUE, MAX_VALUE = f"{CORE}minValue", f"{CORE}maxValue"
