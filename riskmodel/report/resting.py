"""How much of the uncertainty rests on what kind of statement, in simulated people of every setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evidence.distributions import draw_values, together
from riskmodel.evidence.records import BASES
from riskmodel.inference.draws import DrawPosterior, DrawScorer
from riskmodel.inference.scorer import Array
from riskmodel.network.cpt import build_network

if TYPE_CHECKING:
    from riskmodel.report.study import Study

DRAWS, PEOPLE = 200, 250  # shares are averages over many people: few draws of few people tell them
KINDS = (*BASES, "verified", "unverified")


def rests_on(study: Study) -> pd.DataFrame:
    """Shares of the variance of each posterior's log-odds by basis and by verification.

    As :func:`riskmodel.uncertainty.shares`, for all outputs and settings at once: each kind of statement is drawn
    alone, draws are weighted by each person's evidence, variances are averaged over people.

    Returns
    -------
    one row a setting and output, with a column for each kind; those of the basis sum to 1, and those of
    verification too.
    """
    model, draws = study.model, min(DRAWS, study.spec.draws)
    chosen = [model.priors.statement(name) for name in model.priors.selected]
    values = draw_values(model.priors, draws, study.rng(2))
    flags = {basis: [s.basis == basis for s in chosen] for basis in BASES}
    flags |= {"verified": [s.verified for s in chosen], "unverified": [not s.verified for s in chosen]}
    firsts = {i: members[0] for members in together(chosen) for i in members}  # one distribution stays whole
    found: dict[tuple[str, str], dict[str, float]] = {}
    for kind, own in flags.items():
        varying = [own[firsts.get(i, i)] for i in range(len(chosen))]
        scorer = DrawScorer(build_network(model.priors, np.where(varying, values, values[:1])), model.variables)
        for setting in study.settings:
            masks = np.ascontiguousarray(study.cohort(setting).masks[:, :PEOPLE])
            posterior = scorer.score(masks, model.settings.index(setting))
            variances = mean_variance(posterior) if any(varying) else np.zeros(len(study.outputs))
            for output, variance in zip(study.outputs, variances, strict=True):
                found.setdefault((setting, output), {})[kind] = float(variance)
    rows = []
    for (setting, output), variances in found.items():
        row: dict[str, object] = {"setting": setting, "condition": output}
        for kinds in (BASES, KINDS[len(BASES) :]):
            total = sum(variances[kind] for kind in kinds) or 1.0
            row |= {kind: variances[kind] / total for kind in kinds}
        rows.append(row)
    return pd.DataFrame(rows)


def mean_variance(posterior: DrawPosterior) -> Array:
    """Weighted variance over draws of each output's log-odds, mean over people: (outputs,)."""
    p = np.clip(posterior.probability, 1e-300, 1 - 1e-16)
    logit = np.log(p) - np.log1p(-p)
    weights = posterior.evidence / posterior.evidence.sum(axis=0)
    mean = (weights * logit).sum(axis=1, keepdims=True)
    return np.asarray((weights * (logit - mean) ** 2).sum(axis=1).mean(axis=1))
