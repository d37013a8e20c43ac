"""Where one decision asks for less than another: what monotone rules must never do."""

from __future__ import annotations

from itertools import permutations

import numpy as np

import riskmodel as rm
from riskmodel.decision.actions import Decision
from riskmodel.decision.language.monotone import falls_with_posterior
from riskmodel.decision.language.nodes import Holds, PosteriorComparison, Raised, leaves
from riskmodel.decision.policy import Policy


def asks_less(policy: Policy, before: Decision, after: Decision) -> np.ndarray:
    """Cases in which ``after`` is later or asks for less than ``before``; (cases,).

    A scan that is superseded is not less. Referrals that a rule swaps (an emergency department for admission) stand for
    each other. What only a rule asks that a higher posterior may end is not missed.
    """
    less = after.urgency > before.urgency
    for kind in ("imaging", "tests", "referral"):
        first, second = getattr(before, f"{kind}_within"), getattr(after, f"{kind}_within")
        less |= (first >= 0) & (second > first) & getattr(after, kind).any(axis=0)
    less |= (before.imaging & ~_held(policy, after.imaging)).any(axis=0)
    less |= (before.tests & ~after.tests).any(axis=0)
    may_end = [rule for rule in policy.rules if any(True for _ in falls_with_posterior(rule.condition))]
    kept = np.array([not any(name in rule.referral for rule in may_end) for name in policy.referral_tokens])
    return less | (kept[:, None] & before.referral & ~_swapped(policy, after.referral)).any(axis=0)


def _held(policy: Policy, imaging: np.ndarray) -> np.ndarray:
    """The scans asked for, and those that they supersede."""
    held = imaging.copy()
    names = policy.imaging_tokens
    for _ in names:
        for stronger, weaker in policy.supersedes.items():
            for name in weaker:
                held[names.index(name)] |= held[names.index(stronger)]
    return held


def _swapped(policy: Policy, referral: np.ndarray) -> np.ndarray:
    asked = referral.copy()
    names = policy.referral_tokens
    for rule in policy.rules:
        for new in rule.referral if rule.instead_of else ():
            for old in rule.instead_of:
                either = asked[names.index(old)] | asked[names.index(new)]
                asked[names.index(old)] = asked[names.index(new)] = either
    return asked


def lost_in_a_riskier_setting(model: rm.Model, masks: np.ndarray) -> dict[tuple[str, str, str], np.ndarray]:
    """Cases in which a rule on posteriors fires in one setting, and not in another where what it reads is no lower.

    Only cases of which the policy's ``enough`` was assessed are compared: of the others, a posterior that has not risen
    says nothing yet. Rules that read the setting by its name are left out.

    Parameters
    ----------
    masks
        (variables, cases); the setting is overwritten.

    Returns
    -------
    (rule, first setting, second setting) → indices of the cases, where there are any.
    """
    policy, scorer = model.policy, model.scoring.scorer
    row = {variable.name: i for i, variable in enumerate(model.variables)}
    enough = np.all([masks[row[name]] != model.variables[row[name]].full_mask for name in policy.enough], axis=0)
    scored = {}
    for number, setting in enumerate(model.settings):
        there = masks.copy()
        there[scorer.setting_row] = 1 << number
        scored[setting] = model.scoring.score(there)
    lost = {}
    for index, rule in enumerate(policy.rules):
        read = leaves(rule.condition)
        names = {leaf.name for leaf in read if isinstance(leaf, PosteriorComparison | Raised)}
        by_name = any(isinstance(leaf, Holds) and leaf.row == scorer.setting_row for leaf in read)
        if not names or by_name:
            continue
        outputs = [scorer.output_names.index(name) for name in names]
        for first, second in permutations(model.settings, 2):
            p, q = (scored[setting].posterior.probability[outputs] for setting in (first, second))
            ended = scored[first].decision.fired[index] & ~scored[second].decision.fired[index]
            cases = np.nonzero((q >= p).all(axis=0) & enough & ended)[0]
            if len(cases):
                lost[rule.id, first, second] = cases
    return lost
