"""Policies head to head: each followed through its tests and scans on the same simulated people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Array, States
from riskmodel.cohort import HISTORY, assessed
from riskmodel.decision.costs import Pathways, load_pathways
from riskmodel.decision.reading.load import policy_names
from riskmodel.decision.stakes import stakes
from riskmodel.errors import UsageError
from riskmodel.evidence.plain_readings import reading_of
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.model import DEFAULT_POLICY, Model, checked_settings
from riskmodel.network.network import Network
from riskmodel.network.simulate import sample_draws
from riskmodel.pathways.follow import People, Score, follow_policy, needed_to_follow
from riskmodel.pathways.measures import MEASURES, Judge, needed_to_measure

LEVEL = 0.95
HEADS = 10_000  # people of each draw of whom conditions are drawn first
MOST = 0.95  # of the draws must give a figure, or it has no interval
KEPT = 300  # of each draw, of the serious and of the others, who are followed


def pathways(
    model: Model,
    policies: Sequence[str] | None = None,
    *,
    people: int = 100_000,
    seed: int = 0,
    draws: int = 100,
    settings: Sequence[str] | None = None,
    numbers: Pathways | None = None,
) -> pd.DataFrame:
    """What each policy does to the same simulated people.

    The values are of ``people`` who live under the stated numbers. The intervals are of further people who live
    under draws of all statements, of the network and of pathways alike, while the policies go on reading the
    posteriors of the stated numbers: what is decided does not know which draw is true.

    Parameters
    ----------
    policies
        names or paths; by default all of the priors folder.
    people
        of each setting; history and examination are known of them.
    draws
        for the intervals, 0 for none.
    settings
        by default all of the model.
    numbers
        costs, times and windows; by default those of the priors folder.

    Returns
    -------
    one row a setting, policy and measure: ``value``, and ``low`` and ``high`` of a 95 % interval (NaN without
    draws). :data:`MEASURES` says what each is; ``missed.CONDITION`` is the missed share of one condition in %.
    """
    if policies is None:
        policies = policy_names(model.root, model.priors.sources)
    if people < 1 or draws < 0 or not policies:
        raise UsageError("pathways need a policy, 1 person or more and 0 draws or more")
    numbers = numbers or load_pathways(model.root)
    models = {name: model.with_policy(name) for name in policies}
    serious = [variable.name for variable in model.variables if variable.serious]
    for other in models.values():
        tokens = other.policy.investigations
        numbers.require([*needed_to_follow(other.policy.urgencies, tokens), *needed_to_measure(tokens, serious)])
    score = CompiledScorer(model.scoring.scorer).posterior
    rng = np.random.default_rng(seed)
    drawn = numbers.draw(draws + 1, rng)
    network = model.draw(draws + 1, rng) if draws else model.tables
    rows = []
    for setting in checked_settings(model, settings):
        stated = _judge(model, numbers, drawn, _everyone(model, setting, people, rng))
        varied = _judge(model, numbers, drawn, _enriched(model, network, setting, draws, rng)) if draws else None
        for name, other in models.items():
            value = _measured(stated, other.scoring, score)
            spread = _measured(varied, other.scoring, score) if varied else None
            rows += [{"setting": setting, "policy": name, **row} for row in _rows(value, spread)]
    return pd.DataFrame(rows)


def scans_in_vain(table: pd.DataFrame, claimed: float | None = None) -> pd.DataFrame:
    """What the cohort says of the claim that a third of scans are unnecessary, beside it.

    Parameters
    ----------
    table
        what :func:`pathways` gives.
    claimed
        the claim, in %: scans without a red flag that changed nothing; by default that of ``pathways.toml``.

    Returns
    -------
    one row a setting and policy: in %, of those scanned, who have neither a serious disease nor a flag (the
    claim's own definition), who have no serious disease, and the claim.
    """
    if claimed is None:
        claimed = load_pathways().claims["scans_in_vain"].value
    shown = table[table["measure"].isin(["flagless_share", "vain_share"])]
    wide = shown.pivot_table(index=["setting", "policy"], columns="measure", values="value", sort=False, dropna=False)
    return wide.assign(claimed=claimed).reset_index().rename_axis(columns=None)


def _rows(value: Mapping[str, Array], spread: Mapping[str, Array] | None) -> list[dict[str, object]]:
    rows = []
    for name in [*MEASURES, *(name for name in value if name not in MEASURES)]:
        if name in value:
            low, high = _interval(spread[name][1:]) if spread else (np.nan, np.nan)
            rows.append({"measure": name, "value": float(value[name][0]), "low": low, "high": high})
    return rows


def _interval(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if len(finite) < MOST * len(values):  # those draws that give it would not stand for all
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _everyone(model: Model, setting: str, count: int, rng: np.random.Generator) -> People:
    """People who live under the stated numbers, each standing for as many."""
    draw = np.zeros(count, np.int64)
    states = sample_draws(model.tables, draw, rng, _at(model, setting, count))
    return _people(model, states, draw, np.full(count, 1 / count), rng)


def _enriched(model: Model, network: Network, setting: str, draws: int, rng: np.random.Generator) -> People:
    """People of every draw but the stated, as many with a serious disease as without where there are enough.

    Conditions are drawn of many people, then findings and tests of those kept, each weighted by how many of its
    kind it stands for.
    """
    names = [variable.name for variable in model.variables if variable.serious]
    above = network.ancestors(names)
    draw = np.repeat(np.arange(1, draws + 1), HEADS)
    heads = sample_draws(network, draw, rng, _at(model, setting, len(draw)), above)
    ill = np.any([heads[name] > 0 for name in names], axis=0)
    kept, weight = [], []
    for kind in (ill, ~ill):
        for members in np.split(np.nonzero(kind)[0], np.searchsorted(draw[kind], np.arange(2, draws + 1))):
            first = members[:KEPT]  # heads come in no order
            kept.append(first)
            weight.append(np.full(len(first), len(members) / max(len(first), 1) / HEADS))
    chosen = np.concatenate(kept)
    states = sample_draws(network, draw[chosen], rng, {name: states[chosen] for name, states in heads.items()})
    return _people(model, states, draw[chosen], np.concatenate(weight), rng)


def _at(model: Model, setting: str, count: int) -> dict[str, States]:
    return {"setting": np.full(count, model.settings.index(setting))} if setting else {}


def _people(
    model: Model, states: Mapping[str, States], draw: States, weight: Array, rng: np.random.Generator
) -> People:
    masks = assessed(model, states, rng, roles=HISTORY)
    return People(states, masks, draw, weight, rng.random(len(draw)))


def _measured(judge: Judge, scoring: Scoring, score: Score) -> dict[str, Array]:
    followed = follow_policy(scoring, score, judge.people, judge.numbers, judge.pathways)
    return judge.measure(followed)


def _judge(model: Model, numbers: Pathways, drawn: Mapping[str, Array], people: People) -> Judge:
    judged_by = stakes(model.policy) or stakes(model.with_policy(DEFAULT_POLICY).policy)
    serious = [variable.name for variable in model.variables if variable.serious]
    flags = [people.states[variable.name] > 0 for variable in model.variables if variable.is_flag]
    flagged = np.any(flags, axis=0)
    return Judge(people, numbers, judged_by, serious, drawn, flagged, reading_of(model.variables))
