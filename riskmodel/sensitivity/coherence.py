"""Do the statements agree with the network, and so with each other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.evidence.distributions import spread
from riskmodel.evidence.records import Priors, Statement
from riskmodel.network.ask import implied
from riskmodel.network.tables import Network


@dataclass(frozen=True, slots=True)
class Audited:
    """A statement that drives no table, beside what the network says of the same quantity.

    ``distance`` is (implied - stated) on the logit or log scale, in the statement's own standard deviations.
    """

    statement: Statement
    stated: float
    implied: float
    distance: float


def audit(priors: Priors, network: Network) -> list[Audited]:
    """Every statement of the register that is not selected, worst disagreement first."""
    selected = set(priors.selected)
    reference = priors.prior_set.reference_setting
    found = []
    for statement in priors.statements:
        if statement.id not in selected:
            value = float(implied(network, statement, reference)[0])
            found.append(Audited(statement, statement.value, value, _distance(priors, statement, value)))
    return sorted(found, key=lambda item: -abs(item.distance))


def _distance(priors: Priors, statement: Statement, value: float) -> float:
    shape = spread(statement, priors.prior_set)
    if shape.kind == "beta":  # the logit's approximate standard deviation
        middle, sd = np.log(shape.first / shape.second), np.sqrt(1 / shape.first + 1 / shape.second)
    elif shape.kind == "fixed":
        return float("inf") if value != statement.value else 0.0
    else:
        middle, sd = shape.first, shape.second
    on_scale = np.log(value) if shape.kind == "log_normal" else np.log(value) - np.log1p(-value)
    return float((on_scale - middle) / sd)
