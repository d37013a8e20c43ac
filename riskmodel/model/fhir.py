"""A model's questions as a FHIR resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskmodel.decision.costs import find_pathways
from riskmodel.fhir.codes import find_codes
from riskmodel.fhir.questionnaire import questionnaire

if TYPE_CHECKING:
    from riskmodel.model.model import Model


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
