"""The statements that are drawn, of the shipped priors."""

from __future__ import annotations

import numpy as np

from riskmodel.evidence.records import Priors, Statement

SETS = ("seeds", "literature")


def logit(p):
    return np.log(p) - np.log1p(-p)


def chosen(priors: Priors) -> list[Statement]:
    selected = set(priors.selected)
    return [statement for statement in priors.statements if statement.id in selected]
