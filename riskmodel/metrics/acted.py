"""Whom a policy acts on, each action judged on what was known before it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskmodel.metrics.predictors import Evidence, narrower_set

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.decision.actions import Decision
    from riskmodel.model import Model

SOON = "within_48_hours"
# The most that was known when each was decided. A policy does not ask again for what is done, so that one shown the
# result of a scan would be blamed for not asking for it.
KNOWN_BEFORE = {"imaging": "before_imaging", "tests": "history", "urgency": "all"}


def actions_of(model: Model, evidence: Evidence, predictors: str) -> dict[str, Array]:
    """What a model's policy asks for, as decisions (people,) of 0 or 1.

    Imaging is decided on evidence without any result of imaging, tests without any test at all, and being seen soon on
    the whole predictor set (each without what the set leaves out). A policy that scans in steps is judged on its first.

    Parameters
    ----------
    evidence
        of the people, under a model with the same network; the policy may be another.

    Returns
    -------
    ``any imaging``, ``mri``, ``any test`` and ``seen within 48 hours``, as far as the policy knows them.
    """
    policy = model.policy
    decided = {kind: _decision(model, evidence, narrower_set(predictors, most)) for kind, most in KNOWN_BEFORE.items()}
    actions = {"any imaging": decided["imaging"].imaging.any(axis=0)}
    if "mri" in policy.imaging_tokens:
        actions["mri"] = decided["imaging"].imaging[policy.imaging_tokens.index("mri")]
    if policy.test_tokens:
        actions["any test"] = decided["tests"].tests.any(axis=0)
    if SOON in policy.urgencies:
        actions["seen within 48 hours"] = decided["urgency"].urgency <= policy.urgencies.index(SOON)
    return {name: np.asarray(acted, dtype=float) for name, acted in actions.items()}


def urgency_of(model: Model, evidence: Evidence, predictors: str) -> Array:
    """How soon a model's policy wants each to be seen, (people,) words of the policy."""
    urgency = _decision(model, evidence, narrower_set(predictors, KNOWN_BEFORE["urgency"])).urgency
    return np.asarray(np.array(model.policy.urgencies, dtype=object)[urgency])


def _decision(model: Model, evidence: Evidence, predictors: str) -> Decision:
    return model.scoring.decide(evidence.masks(predictors), evidence.posterior(predictors))
