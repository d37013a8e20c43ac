"""Probabilistic risk scoring of red flags in back pain: published statements in, posteriors and actions out.

For research, not for the care of a patient.
"""

from __future__ import annotations

from riskmodel._version import __version__

TYPE_CHECKING = False  # as in typing, whose import would be the longest part of the start

if TYPE_CHECKING:
    from typing import Any

    from riskmodel import batches, metrics, spark
    from riskmodel.calibration import calibrate, calibrate_sums, cohort_sums, recalibrate
    from riskmodel.calibration.sklearn.estimator import RedFlagClassifier
    from riskmodel.evidence.elicitation import elicit
    from riskmodel.explorer.page import write_explorer
    from riskmodel.model import Model, load
    from riskmodel.model.fhir import fhir_cases, fhir_questionnaire, fhir_risk_assessments
    from riskmodel.model.redcap import read_redcap
    from riskmodel.notebook.explore import explore
    from riskmodel.report.check.compare_models import compare
    from riskmodel.report.synthesis.page import write_synthesis_report
    from riskmodel.sensitivity.follow_statement import follow
    from riskmodel.synthesis.jointly.fit import synthesise_jointly
    from riskmodel.synthesis.synthesise import synthesise
    from riskmodel.synthesis.two_by_two import from_2x2
    from riskmodel.validation import validate

__all__ = [
    "Model",
    "RedFlagClassifier",
    "__version__",
    "batches",
    "calibrate",
    "calibrate_sums",
    "cohort_sums",
    "compare",
    "elicit",
    "explore",
    "fhir_cases",
    "fhir_questionnaire",
    "fhir_risk_assessments",
    "follow",
    "from_2x2",
    "load",
    "metrics",
    "read_redcap",
    "recalibrate",
    "spark",
    "synthesise",
    "synthesise_jointly",
    "validate",
    "write_explorer",
    "write_synthesis_report",
]

_HOMES = {
    "Model": "model",
    "RedFlagClassifier": "calibration.sklearn.estimator",
    "calibrate": "calibration",
    "calibrate_sums": "calibration",
    "cohort_sums": "calibration",
    "compare": "report.check.compare_models",
    "elicit": "evidence.elicitation",
    "fhir_cases": "model.fhir",
    "fhir_questionnaire": "model.fhir",
    "fhir_risk_assessments": "model.fhir",
    "explore": "notebook.explore",
    "follow": "sensitivity.follow_statement",
    "from_2x2": "synthesis.two_by_two",
    "load": "model",
    "read_redcap": "model.redcap",
    "recalibrate": "calibration",
    "synthesise": "synthesis.synthesise",
    "synthesise_jointly": "synthesis.jointly.fit",
    "validate": "validation",
    "write_explorer": "explorer.page",
    "write_synthesis_report": "report.synthesis.page",
}

_ROOMS = ("batches", "metrics", "spark")


def __getattr__(name: str) -> Any:
    """Import each part only when it is asked for: the command line starts without them."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"riskmodel.{_HOMES[name]}"), name)
    if name in _ROOMS:
        return import_module(f"riskmodel.{name}")
    raise AttributeError(f"module 'riskmodel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
