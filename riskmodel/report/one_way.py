"""Each statement over its 95 % range, all others as stated: what it does to targets and to actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evidence.distributions import quantile, spread, together
from riskmodel.inference.draws import DrawPosterior, DrawScorer
from riskmodel.inference.scorer import Array, Masks
from riskmodel.network.cpt import build_network
from riskmodel.report.sections.provenance import origin

if TYPE_CHECKING:
    from riskmodel.evidence.records import Priors
    from riskmodel.report.study import Study
    from riskmodel.report.targets import Target

TAILS = np.array([0.025, 0.975])
ROWS = 100  # what-ifs whose actions are worked out together


@dataclass(frozen=True, eq=False)
class OneWay:
    """What follows from each statement at both ends of its range.

    Attributes
    ----------
    targets
        one row a setting (or case), target and statement: the target at the low end, as stated and at the high
        end, and the ``effect``, the distance between the smallest and the largest of them.
    flips
        one row a setting and statement: the share of simulated people whose urgency or imaging is another at
        either end.
    cases
        one row a case and statement that gives it another urgency or imaging at either end: which, and where.
    """

    targets: pd.DataFrame
    flips: pd.DataFrame
    cases: pd.DataFrame


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Some people of one setting under every what-if; the first axis of each array is the what-if."""

    posterior: DrawPosterior
    urgency: np.ndarray  # (what-ifs, people)
    imaging: np.ndarray  # (what-ifs, tokens, people)


def one_way(study: Study, targets: Sequence[Target]) -> OneWay:
    """Vary every statement of the spec alone (all, where it names none)."""
    model = study.model
    names = [name for name in model.priors.selected if name in (study.spec.statements or model.priors.selected)]
    values = ends(model.priors, names)
    scorer = DrawScorer(build_network(model.priors, values), model.variables)
    rows, flips = [], []
    for setting in study.settings:
        found = _what_if(study, scorer, study.cohort(setting).masks, setting)
        changed = differs(found)
        flips += [
            {"setting": setting, "statement": name, "changed": float((changed[1 + 2 * i] | changed[2 + 2 * i]).mean())}
            for i, name in enumerate(names)
        ]
        for target in targets:
            if not target.case:
                rows += _rows(names, {"setting": setting, "target": str(target)}, _follow(study, found, target))
    cases: list[dict[str, object]] = []
    for setting, members in study.by_setting():
        found = _what_if(study, scorer, np.ascontiguousarray(study.masks[:, members]), setting)
        cases += _case_flips(study, names, found, [study.names[i] for i in members])
        for target in targets:
            if target.case and study.names.index(target.case) in members:
                place = [study.names[i] for i in members].index(target.case)
                at = {"setting": setting, "target": str(target)}
                rows += _rows(names, at, _follow(study, found, target, place))
    frame = pd.DataFrame(rows).merge(described(model.priors, names), on="statement", how="left")
    order = frame.assign(place=pd.factorize(frame["setting"] + "\0" + frame["target"])[0])
    order = order.sort_values(["place", "effect"], ascending=[True, False], kind="stable", ignore_index=True)
    columns = ["case", "statement", "value", "at", "urgency", "imaging", "urgency_then", "imaging_then"]
    return OneWay(order.drop(columns="place"), pd.DataFrame(flips), pd.DataFrame(cases, columns=columns))


def ends(priors: Priors, names: Sequence[str]) -> Array:
    """The stated values, then each named statement at the low and at the high end: (1 + 2 · names, selected).

    The other parts of one distribution are scaled in proportion, so that their sum stays what it was.
    """
    chosen = [priors.statement(name) for name in priors.selected]
    parts = {i: members for members in together(chosen) for i in members}
    values = np.repeat([[statement.value for statement in chosen]], 1 + 2 * len(names), axis=0)
    for k, name in enumerate(names):
        i = priors.selected.index(name)
        for row, value in enumerate(quantile(spread(chosen[i], priors.prior_set), TAILS), start=1 + 2 * k):
            others = [member for member in parts.get(i, ()) if member != i]
            stated = values[0, i]
            values[row, i] = value
            if others and stated < 1:
                values[row, others] *= (1 - value) / (1 - stated)
    return np.asarray(values)


def described(priors: Priors, names: Sequence[str]) -> pd.DataFrame:
    """Each statement's value, 95 % range, and where the range comes from."""
    rows = []
    for name in names:
        statement = priors.statement(name)
        low, high = quantile(spread(statement, priors.prior_set), TAILS)
        rows.append({
            "statement": name, "value": statement.value, "low": float(low), "high": float(high),
            "interval": origin(statement), "basis": statement.basis, "source": statement.source,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _what_if(study: Study, scorer: DrawScorer, masks: Masks, setting: str) -> WhatIf:
    model = study.model
    posterior = scorer.score(masks, model.settings.index(setting))
    policy, conditions = model.policy, len(model.scoring.scorer.conditions)
    findings = policy.findings(masks)
    urgency, imaging = [], []
    for start in range(0, posterior.probability.shape[1], ROWS):
        some = posterior.probability[:, start : start + ROWS]
        baseline = np.broadcast_to(posterior.baseline[:, start : start + ROWS, None], some.shape)
        composites = dict(zip(study.outputs[conditions:], some[conditions:], strict=True))
        decision = policy.decide(findings, some[:conditions], baseline[:conditions], composites)
        urgency.append(decision.urgency)
        imaging.append(np.swapaxes(decision.imaging, 0, 1))
    return WhatIf(posterior, np.concatenate(urgency), np.concatenate(imaging))


def differs(found: WhatIf) -> np.ndarray:
    """Whether urgency or imaging are other than as stated: (what-ifs, people)."""
    other = (found.imaging != found.imaging[:1]).any(axis=1)
    return np.asarray((found.urgency != found.urgency[:1]) | other)


def _follow(study: Study, found: WhatIf, target: Target, case: int | None = None) -> Array:
    """The target under every what-if: (what-ifs,)."""
    policy = study.model.policy
    if target.kind == "urgency":
        return np.asarray((found.urgency == policy.urgencies.index(target.of)).mean(axis=1))
    if target.kind == "imaging":
        return np.asarray(found.imaging[:, policy.imaging_tokens.index(target.of)].mean(axis=1))
    p = found.posterior.probability[study.outputs.index(target.of)]
    if case is None:
        return np.asarray(p.mean(axis=1))
    return np.asarray(p[:, case] if target.kind == "posterior" else np.log(p[:, case]) - np.log1p(-p[:, case]))


def _rows(names: Sequence[str], at: dict[str, str], followed: Array) -> list[dict[str, object]]:
    rows = []
    for i, name in enumerate(names):
        low, stated, high = followed[1 + 2 * i], followed[0], followed[2 + 2 * i]
        effect = max(low, stated, high) - min(low, stated, high)
        ends = {"at_low": float(low), "stated": float(stated), "at_high": float(high), "effect": float(effect)}
        rows.append({**at, "statement": name, **ends})
    return rows


def _case_flips(study: Study, names: Sequence[str], found: WhatIf, cases: Sequence[str]) -> list[dict[str, object]]:
    """The statements that change a case's urgency or imaging at either end of their range."""
    tokens, rows = study.model.policy.imaging_tokens, []
    changed = differs(found)

    def asked(row: int, case: int) -> str:
        return ", ".join(t for t, on in zip(tokens, found.imaging[row, :, case], strict=True) if on)

    for row, case in np.argwhere(changed):
        name = names[(row - 1) // 2]
        low, high = quantile(spread(study.model.priors.statement(name), study.model.priors.prior_set), TAILS)
        rows.append({
            "case": cases[case], "statement": name, "value": study.model.priors.statement(name).value,
            "at": float(low if row % 2 else high),
            "urgency": study.urgency([found.urgency[0, case]])[0], "imaging": asked(0, case),
            "urgency_then": study.urgency([found.urgency[row, case]])[0], "imaging_then": asked(row, case),
        })  # fmt: skip
    return sorted(rows, key=lambda row: list(cases).index(str(row["case"])))
