"""All policies and the model on one decision curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from riskmodel.casefiles.read.frame import as_frame
from riskmodel.decision.reading.load import policy_names
from riskmodel.errors import UsageError, nearest
from riskmodel.metrics.acted import actions_of
from riskmodel.metrics.curves import THRESHOLDS, decision_curve
from riskmodel.metrics.evaluate import judge_coded
from riskmodel.metrics.predictors import DEFAULT_PREDICTORS, Evidence

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from riskmodel.arrays import Array
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model


def policy_curves(  # noqa: PLR0913
    model: Model,
    cohort: Cases,
    condition: str = "any_serious",
    *,
    action: str = "any imaging",
    policies: Sequence[str | Path] | None = None,
    setting: str | None = None,
    mapping: MappingLike = None,
    predictors: str = DEFAULT_PREDICTORS,
    thresholds: Sequence[float] = THRESHOLDS,
    resamples: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Net benefit over thresholds of what each policy does, and of acting on the model's probability.

    Parameters
    ----------
    cohort
        people with outcomes, as of :func:`riskmodel.metrics.judge`.
    condition
        for which acting pays: a condition or ``any_serious``.
    action
        ``any imaging``, ``mri``, ``any test`` or ``seen within 48 hours``; a policy decides on imaging without any
        result of imaging, on tests without any test.
    policies
        names or paths; by default all of the priors folder.
    mapping
        a mapping file, or the same content as a dict, as of :meth:`riskmodel.model.Model.code`.
    predictors
        what the model, and so a policy, is shown at most: ``history``, ``before_imaging`` or ``all``.

    Returns
    -------
    as of :func:`riskmodel.metrics.decision_curve`.

    Examples
    --------
    >>> import numpy as np, riskmodel as rm
    >>> from riskmodel.cohort import simulate, to_cases
    >>> model = rm.load()
    >>> rng = np.random.default_rng(1)
    >>> people = to_cases(model, simulate(model, 300, rng, setting="emergency"), with_outcomes=True)
    >>> found = policy_curves(model, people, thresholds=[0.05])
    >>> {"consensus", "healthusias"} <= set(found["strategy"])
    True
    """
    cohort = as_frame(cohort)
    masks = model.code(cohort, setting=setting, known_outcomes=True, mapping=mapping)
    judged = judge_coded(model, masks, list(cohort.index), predictors)
    names = [str(name) for name in judged.outcomes]
    if condition not in names:
        raise UsageError(f"condition: {condition!r} is not one of {', '.join(names)}{nearest(condition, names)}")
    chosen = policies if policies is not None else policy_names(model.root)
    evidence = Evidence(model, masks, list(cohort.index))
    return decision_curve(
        judged.outcomes[condition].to_numpy(), judged.probabilities[condition].to_numpy(),
        decisions=_acted(model, evidence, predictors, chosen, action),
        thresholds=thresholds, resamples=resamples, seed=seed,
    )  # fmt: skip


def _acted(
    model: Model, evidence: Evidence, predictors: str, policies: Sequence[str | Path], action: str
) -> dict[str, Array]:
    """Whom each policy acts on; outcomes are not shown to it."""
    acted = {}
    for name in policies:
        other = model.with_policy(name)
        done = actions_of(other, evidence, predictors)
        if action not in done:
            raise UsageError(f"action: {action!r} is not one of {', '.join(done)}{nearest(action, done)}")
        acted[other.policy.name] = done[action]
    return acted
