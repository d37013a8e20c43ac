"""The load of a policy on simulated people at its first decision, and the rules that it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.arrays import Bools
from riskmodel.cohort import FEWEST, HISTORY, simulate
from riskmodel.decision.actions import Decision
from riskmodel.decision.costs import Pathways
from riskmodel.decision.policy import Policy
from riskmodel.model import Model

DONE = ("imaged", "sent")


@dataclass(frozen=True, eq=False)
class Load:
    """What a policy asks of simulated people of each setting.

    Attributes
    ----------
    shares
        one row a setting: ``imaged`` and ``sent`` (to an emergency department, or admitted in one), shares of all
        people; ``ill`` and ``ill_elsewhere_too``, shares of those sent who have a serious disease of the spine, or one
        of the spine or elsewhere; ``missed``, the share of people with a serious disease of the spine who are neither
        imaged nor sent, and ``missed_CONDITION`` of each. All 0 to 1, NaN where fewer than 50 people stand behind it.
    drivers
        one row a setting, what is done (``imaged``, ``sent``) and rule that asks for it: ``share``, of all people;
        ``alone``, of all people of whom no other rule asks it; ``ill``, of those alone, with a serious disease of the
        spine or elsewhere. The rule that alone accounts for most comes first.
    missed
        one row a setting and serious condition: ``people`` who have it and are neither imaged nor sent, and
        ``median`` and ``highest`` of the probability that the model gives them.
    """

    shares: pd.DataFrame
    drivers: pd.DataFrame
    missed: pd.DataFrame


def policy_load(
    model: Model, numbers: Pathways, people: int, rng: np.random.Generator, *, missing: float = 0.0
) -> Load:
    """Measure the load of a model's policy, history and examination known.

    Parameters
    ----------
    numbers
        say which referrals are a visit to an emergency department, and which diseases lie outside the spine.
    people
        of each setting.
    missing
        share of what history and examination could tell that is blank; 0 to 1.
    """
    shares, drivers, overlooked = [], [], []
    serious = [variable.name for variable in model.variables if variable.serious]
    sending = emergency_referrals(model.policy, numbers)
    score = model.scoring.compiled()
    for setting in model.settings or ("",):
        cohort = simulate(model, people, rng, setting=setting or None, missing=missing, roles=HISTORY)
        scored = score(cohort.masks)
        has = {name: cohort.outcome(name) for name in (*serious, *numbers.elsewhere) if name in cohort.states}
        spine = np.asarray(np.any([has[name] for name in serious], axis=0))
        ill = np.asarray(np.any(list(has.values()), axis=0))
        decision = scored.decision
        imaged = np.asarray(decision.imaging.any(axis=0))
        sent = np.asarray(decision.referral[np.isin(model.policy.referral_tokens, sending)].any(axis=0))
        unseen = ~(imaged | sent)
        shares.append({
            "setting": setting, "imaged": imaged.mean(), "sent": sent.mean(),
            "ill": _share(spine, sent), "ill_elsewhere_too": _share(ill, sent), "missed": _share(unseen, spine),
            **{f"missed_{name}": _share(unseen, has[name]) for name in serious},
        })  # fmt: skip
        drivers += [{"setting": setting, **row} for row in _drivers(model.policy, decision, sending, ill)]
        for name in serious:
            p = scored.posterior.probability[model.scoring.scorer.output_names.index(name), has[name] & unseen]
            median, highest = (np.median(p), p.max()) if len(p) else (np.nan, np.nan)
            overlooked.append(
                {"setting": setting, "condition": name, "people": len(p), "median": median, "highest": highest}
            )
    return Load(pd.DataFrame(shares), pd.DataFrame(drivers), pd.DataFrame(overlooked))


def emergency_referrals(policy: Policy, numbers: Pathways) -> tuple[str, ...]:
    """The referrals that are a visit to an emergency department, or take its place (to be admitted there)."""
    names = set(numbers.emergency)
    for rule in policy.rules:
        if set(rule.instead_of) & names:
            names |= set(rule.referral)
    return tuple(name for name in policy.referral_tokens if name in names)


def _share(part: Bools, whole: Bools) -> float:
    return float(part[whole].mean()) if whole.sum() >= FEWEST else float("nan")


def _drivers(policy: Policy, decision: Decision, sending: tuple[str, ...], ill: Bools) -> list[dict[str, object]]:
    """Which rules ask for a scan or send people on, the one that alone accounts for most first."""
    rows: list[dict[str, object]] = []
    for done, tokens in zip(DONE, (set(policy.imaging_tokens), set(sending)), strict=True):
        asking = [r for r, rule in enumerate(policy.rules) if tokens & set(rule.asks) and not rule.instead_of]
        fired = decision.fired[asking]
        by = fired.sum(axis=0)
        measured = []
        for row, rule in zip(fired, asking, strict=True):
            alone = row & (by == 1)
            name = policy.rule_ids[rule]
            measured.append((float(alone.mean()), float(row.mean()), name, _share(ill, alone)))
        names = ("alone", "share", "rule", "ill")
        rows += [{"done": done, **dict(zip(names, entry, strict=True))} for entry in sorted(measured, reverse=True)]
    return rows
