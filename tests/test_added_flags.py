"""A red flag more may take a rule on posteriors away: how often, and only by explaining another away."""

from __future__ import annotations

import re

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate

CASES = 2000


@pytest.mark.parametrize("setting", ["primary_care", "emergency"])
def test_an_added_flag_takes_a_posterior_rule_away_only_by_explaining_it(setting: str) -> None:
    model = rm.load()
    scoring, policy = model.scoring, model.scoring.policy
    cohort = simulate(model, CASES, np.random.default_rng(0), setting=setting, roles=HISTORY)
    before = scoring.score(cohort.masks)
    read = [sorted(set(re.findall(r"p\((\w+)\)", rule.when))) for rule in policy.rules]
    row = {name: index for index, name in enumerate(scoring.scorer.output_names)}
    added = taken = lowered = 0
    for index, variable in enumerate(model.variables):
        if not variable.is_flag:
            continue
        absent = cohort.masks[index] == 1
        masks = np.ascontiguousarray(cohort.masks[:, absent])
        masks[index] = 1 << (len(variable.states) - 1)
        after = scoring.score(masks)
        lost = before.decision.fired[:, absent] & ~after.decision.fired
        fell = after.posterior.probability < before.posterior.probability[:, absent]
        for rule, names in enumerate(read):
            explained = np.logical_or.reduce([fell[row[name]] for name in names]) if names else False
            assert not (lost[rule] & ~np.asarray(explained)).any(), (policy.rules[rule].id, variable.name)
        later = after.decision.urgency > before.decision.urgency[absent]
        assert not (later & ~lost.any(axis=0)).any()
        added += int(absent.sum())
        taken += int(lost.any(axis=0).sum())
        lowered += int(later.sum())
    assert 0 < taken / added < 0.02
    assert lowered / added < 0.002
