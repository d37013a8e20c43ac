"""What the numbers of a synthesis stand in place of in the model that took them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.evidence.number_origin import origin_of

if TYPE_CHECKING:
    from riskmodel.model import Model
    from riskmodel.synthesis.finding_studies import FindingStudies
    from riskmodel.synthesis.synthesise import Synthesis

MEASURE_OF = {  # by the last word of a statement's id
    "present": "sensitivity", "alone": "sensitivity", "absent": "false_positive_rate", "none": "false_positive_rate",
    "rate": "rate",
}  # fmt: skip


def replaced_statements(synthesis: Synthesis, model: Model | None) -> dict[str, str]:
    """By the id of each statement that drives a table, what stood there before; nothing without a model."""
    if model is None:
        return {}
    driving = [str(statement["id"]) for statement in synthesis.statements if "drives" not in statement]
    origins = {name: origin_of(model.priors, model.statement(name)) for name in driving}
    return {name: "; ".join(origin.instead_of) for name, origin in origins.items() if origin.instead_of}


def replaced_measures(synthesis: Synthesis, finding: FindingStudies, replaced: dict[str, str]) -> dict[str, str]:
    """The same of one finding, by its measures: sensitivity, false-positive rate, or rate."""
    studies = {(row.study, row.locator) for row in finding.rows}
    return {
        MEASURE_OF[str(statement["id"]).rsplit(".", 1)[-1]]: replaced[statement["id"]]
        for statement in synthesis.statements
        if statement["id"] in replaced
        and statement["of"] == finding.of
        and str(statement["id"]).rsplit(".", 1)[-1] in MEASURE_OF
        and {(study["study"], study["locator"]) for study in statement["studies"]} == studies
    }
