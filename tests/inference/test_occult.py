"""What an occult form changes in posteriors, and what it leaves as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.evidence.records import Priors, Variable
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.inference.weights import odds
from riskmodel.network.build import build_network
from tests.support.engines import random_evidence

CASES = 4_000


@pytest.fixture(scope="module", params=["seeds", "literature"])
def model(request) -> rm.Model:
    return rm.load(request.param)


def without_nodes(priors: Priors) -> Priors:
    """The priors as they would be if no disease could hide: findings name the conditions themselves."""
    condition = {v.name: v.parents[0] for v in priors.variables if v.role == "manifestation"}

    def named(variable: Variable) -> Variable:
        return replace(variable, parents=tuple(condition.get(name, name) for name in variable.parents))

    kept = tuple(named(variable) for variable in priors.variables if variable.name not in condition)
    chosen = tuple(name for name in priors.selected if priors.statement(name).of.variable not in condition)
    return replace(priors, variables=kept, selected=chosen)


def test_a_single_finding_says_what_it_did(model):
    """The statements are on the disease as a whole, so that one finding with all else blank is as it was."""
    scorer = model.scoring.scorer
    plain = compile_scorer(build_network(without_nodes(model.priors)), model.variables)
    assert (len(scorer.node_bits), len(plain.node_bits), len(plain.hidden)) == (4, 0, 0)
    findings = [row for row, v in enumerate(model.variables) if v.role in ("finding", "test")]
    single = [(row, 1 << state) for row in findings for state in range(len(model.variables[row].states))]
    for setting in range(len(model.settings)):
        masks = scorer.blank(len(single), setting)
        for case, (row, mask) in enumerate(single):
            masks[row, case] = mask
        found, expected = scorer.posterior(masks), plain.posterior(masks)
        np.testing.assert_allclose(found.probability, expected.probability, rtol=1e-12, atol=0)
        np.testing.assert_allclose(found.evidence, expected.evidence, rtol=1e-12)


def test_nothing_found_cannot_exclude_what_may_be_occult(model):
    """Where the other conditions are known, whatever is absent leaves the odds of a disease their occult share.

    An occult disease looks like none: P(absent | disease, others) is at least the occult share of P(absent | others).
    Where others are open, they may fall with it: who has cauda equina syndrome mostly has a compressed nerve, too.
    """
    scorer, rng = model.scoring.scorer, np.random.default_rng(5)
    kernel = CompiledScorer(scorer)
    hides = [row for row, v in enumerate(model.variables) if any(p.endswith("_manifest") for p in v.parents)]
    assert len(hides) >= 15
    conditions = np.array(scorer.condition_rows)
    masks, _ = random_evidence(model.variables, CASES, rng, known=0.3)
    for row, variable in enumerate(model.variables):  # scans may contradict each other
        if variable.role == "test" and variable.name not in ("esr", "crp", "bladder_scan"):
            masks[row] = variable.full_mask
    masks[hides] = scorer.blank(1)[hides]
    masks[conditions] = 1 << rng.integers(2, size=(len(conditions), CASES))
    absent = masks.copy()
    for row in hides:
        absent[row] = np.where(rng.random(CASES) < rng.choice([0.2, 0.6, 1.0]), 1, masks[row])
    lowest = []
    for bit, (share, _) in zip(scorer.node_bits, scorer.occult, strict=True):
        output = scorer.bits[bit]
        before, after = masks.copy(), absent.copy()
        before[conditions[output]] = after[conditions[output]] = 3
        ratio = odds(kernel.posterior(after).probability[output]) / odds(kernel.posterior(before).probability[output])
        ratio = ratio[np.isfinite(ratio)]
        assert len(ratio) > CASES / 2
        assert np.all(ratio >= share * (1 - 1e-9))
        lowest.append(float(ratio.min() / share))
    assert max(lowest) < 2  # and it comes near
