"""Policies as the page carries them: the checked trees of their rules, each different part once."""

from __future__ import annotations

from typing import Any

from riskmodel.decision.language.evaluate import Step
from riskmodel.decision.language.nodes import (
    AllOf,
    AnyFlag,
    AnyOf,
    Count,
    Enough,
    Holds,
    Not,
    PosteriorComparison,
    Prognosis,
    Raised,
)
from riskmodel.decision.policy import Policy
from riskmodel.decision.rules import Otherwise, Rule
from riskmodel.decision.stakes import stakes

CONNECTIVES = {Not: "not", AllOf: "all", AnyOf: "any", AnyFlag: "any"}


def policy_data(policy: Policy) -> dict[str, Any]:
    """A policy as plain data.

    ``steps`` are the parts of all conditions, operands before their users: a kind, what it says, and the positions of
    its operands. The first ``fromFindings`` read no posterior. A rule names the step that is its condition.
    """
    tokens = (*policy.imaging_tokens, *policy.test_tokens)
    return {
        "name": policy.name,
        "title": policy.title,
        "urgencies": policy.urgencies,
        "imaging": policy.imaging_tokens,
        "tests": policy.test_tokens,
        "referral": policy.referral_tokens,
        "results": {token: policy.results(token) for token in tokens},
        "supersedes": [[stronger, weaker] for stronger, weaker in policy.supersedes.items()],
        "thresholds": {
            name: {"harm": threshold.harm, "benefit": threshold.benefit, "note": threshold.note}
            for name, threshold in policy.thresholds.items()
        },
        "stakes": [
            {"threshold": stake.threshold, "condition": stake.condition, "asks": stake.asks} for stake in stakes(policy)
        ],
        "steps": [_step(step) for step in policy.program.steps],
        "fromFindings": policy.program.from_findings,
        "rules": [_rule(policy, rule) for rule in policy.rules],
        "otherwise": [_otherwise(policy, entry) for entry in policy.otherwise],
    }


def _step(step: Step) -> list[Any]:
    """A part of a condition: what it is, what it says, and its operands."""
    node, operands = step.node, list(step.operands)
    match node:
        case Holds():
            written: list[Any] = ["holds", node.row, node.mask]
        case PosteriorComparison():
            written = ["posterior", node.name, node.comparison, node.value, node.threshold]
        case Raised():
            written = ["raised", node.name, node.factor]
        case Enough():
            written = ["enough", node.rows, node.full]
        case Prognosis():
            written = ["prognosis", node.mask]
        case Count():
            written = ["count", operands, node.comparison, node.bound]
        case Not() | AllOf() | AnyOf() | AnyFlag():
            written = [CONNECTIVES[type(node)], operands]
    return written


def _rule(policy: Policy, rule: Rule) -> dict[str, Any]:
    slots = policy.program.slots
    return {
        "id": rule.id,
        "when": " ".join(rule.when.split()),
        "condition": slots[rule.condition],
        "readsPosterior": rule.reads_posterior,
        "cleared": [slots[node] for node in rule.cleared_by],
        "urgency": rule.urgency,
        "asks": rule.asks_within,
        "insteadOf": rule.instead_of,
        "readsResults": rule in policy.reading_results,
        "required": policy.required_results.get(rule.id, []),
        **_why(rule),
    }


def _otherwise(policy: Policy, entry: Otherwise) -> dict[str, Any]:
    condition = None if entry.condition is None else policy.program.slots[entry.condition]
    return {"condition": condition, "urgency": entry.urgency, "referral": entry.referral, **_why(entry)}


def _why(entry: Rule | Otherwise) -> dict[str, str]:
    source = f"{entry.source} {entry.locator}".strip()
    return {"reason": " ".join(entry.reason.split()), "source": source, "advice": " ".join(entry.advice.split())}
