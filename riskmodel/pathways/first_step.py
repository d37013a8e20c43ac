"""What each policy does at its first decision with the same simulated people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Array
from riskmodel.cohort import FEWEST, HISTORY, Cohort, simulate
from riskmodel.decision.actions import Decision
from riskmodel.decision.policy import Policy
from riskmodel.model import Model

DAYS, WEEKS = "within_48_hours", "within_2_weeks"  # urgencies


def compare_policies(
    model: Model, policies: Sequence[str], count: int, rng: np.random.Generator, *, missing: float = 0.0
) -> pd.DataFrame:
    """What each policy does with a simulated cohort of each setting, history and examination known.

    Parameters
    ----------
    policies
        names or paths.
    count
        people of each setting.
    missing
        share of what history and examination could tell that is blank; 0 to 1.

    Returns
    -------
    one row a setting and policy: shares (0 to 1) of people imaged (with X-ray, CT or MRI), given an MRI,
    referred, and seen within 48 hours, and of each serious condition the share caught: imaged or referred
    within two weeks; NaN where fewer than 50 people have the condition, and where the policy has no such urgency
    or scan.
    """
    rows = []
    for setting in model.settings or (None,):
        cohort = simulate(model, count, rng, setting=setting, missing=missing, roles=HISTORY)
        posterior = model.scoring.compiled()(cohort.masks).posterior
        for name in policies:
            other = model.with_policy(name)
            decision = other.scoring.decide(cohort.masks, posterior)
            shares = _shares(model, other.policy, decision, cohort)
            rows.append({"setting": setting or "", "policy": name, **shares})
    return pd.DataFrame(rows)


def _shares(model: Model, policy: Policy, decision: Decision, cohort: Cohort) -> dict[str, float]:
    imaged, referred = decision.imaging.any(axis=0), decision.referral.any(axis=0)
    shares = {
        "imaged": imaged.mean(),
        "mri": _scanned(policy, decision, "mri").mean(),
        "referred": referred.mean(),
        DAYS: _seen(policy, decision, DAYS).mean(),
    }
    caught = np.maximum(imaged, referred * _seen(policy, decision, WEEKS))
    for condition in [variable.name for variable in model.variables if variable.serious]:
        ill = cohort.outcome(condition)
        shares[f"caught_{condition}"] = caught[ill].mean() if ill.sum() >= FEWEST else np.nan
    return {name: float(share) for name, share in shares.items()}


def _seen(policy: Policy, decision: Decision, urgency: str) -> Array:
    """Whether each is to be seen at an urgency or sooner, (people,) 1 or 0; NaN under a policy that has no such one."""
    if urgency not in policy.urgencies:
        return np.full(decision.urgency.shape, np.nan)
    return np.asarray(decision.urgency <= policy.urgencies.index(urgency), dtype=float)


def _scanned(policy: Policy, decision: Decision, scan: str) -> Array:
    """Whether a scan is asked for, (people,) 1 or 0; NaN in a network without it."""
    if scan not in policy.imaging_tokens:
        return np.full(decision.urgency.shape, np.nan)
    return np.asarray(decision.imaging[policy.imaging_tokens.index(scan)], dtype=float)
