"""A model with one statement changed, rebuilt from its records: what sensitivity analyses are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

import riskmodel as rm
from riskmodel.evidence.records import Statement
from riskmodel.network.build import build_network

RATIOS = ("risk_ratio", "odds_ratio", "likelihood_ratio_positive", "adjusted_odds_ratio", "relative_weight")


def with_values(model: rm.Model, values: Mapping[str, float]) -> rm.Model:
    """The model with bare values in some statements, all other parts of their distributions in proportion.

    What lies beyond reach is held there, as in draws and sweeps.
    """
    register = {s.id: s for s in model.priors.statements}
    new = dict(values)
    done = set()
    for name in values:
        members = parts_of(model, register[name])
        if len(members) > 1 and members[0] not in done:
            done.add(members[0])
            given = {i: values[i] for i in members if i in values}
            stated_left = 1 - sum(register[i].value for i in given)
            for other in set(members) - set(given):
                new[other] = register[other].value * (1 - sum(given.values())) / stated_left
    statements = tuple(
        replace(s, value=new[s.id], low=None, high=None, n=None, events=None) if s.id in new else s
        for s in model.priors.statements
    )
    other = replace(model, priors=replace(model.priors, statements=statements))
    vars(other)["tables"] = build_network(other.priors, hold=True)
    return other


def parts_of(model: rm.Model, statement: Statement) -> list[str]:
    """The selected statements on the states of one variable under one condition."""
    if statement.quantity != "probability":
        return [statement.id]
    return [
        other.id
        for other in map(model.priors.statement, model.priors.selected)
        if other.quantity == "probability"
        and other.of.variable == statement.of.variable
        and other.given == statement.given
    ]


def posterior(model: rm.Model, masks: np.ndarray, output: str) -> np.ndarray:
    scorer = model.scoring.scorer
    return scorer.posterior(masks).probability[scorer.output_names.index(output)]


def actions(model: rm.Model, masks: np.ndarray) -> list[tuple[str, str]]:
    """Urgency and imaging of each case, in words."""
    policy, decision = model.policy, model.scoring.score(masks).decision
    asked = [
        ", ".join(token for token, yes in zip(policy.imaging_tokens, row, strict=True) if yes) or "none"
        for row in decision.imaging.T
    ]
    return list(zip([policy.urgencies[level] for level in decision.urgency], asked, strict=True))
