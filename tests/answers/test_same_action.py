"""The share of draws that give the same imaging, and the same action, against models rebuilt draw by draw."""

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.evidence.distributions import draw_values
from tests.support.brute import actions, with_values

DRAWS, SEED = 12, 7


@pytest.mark.slow
def test_shares_are_those_of_rebuilt_models():
    model = rm.load()
    masks = simulate(model, 30, np.random.default_rng(1), setting="emergency", missing=0.4, roles=HISTORY).masks
    values = draw_values(model.priors, DRAWS, np.random.default_rng(SEED))
    evidence, imaging, both = [], [], []
    now = actions(model, masks)
    for row in values:
        other = with_values(model, dict(zip(model.priors.selected, map(float, row), strict=True)))
        evidence.append(other.scoring.score(masks).posterior.evidence)
        then = actions(other, masks)
        imaging.append([a[1] == b[1] for a, b in zip(now, then, strict=True)])
        both.append([a == b for a, b in zip(now, then, strict=True)])
    found = model.uncertain(DRAWS, SEED).same_action(masks, model.scoring.score(masks).decision)
    for ours, same in ((found.imaging, imaging), (found.both, both)):
        weights = np.array(evidence)
        assert ours == pytest.approx((weights * same).sum(axis=0) / weights.sum(axis=0), rel=1e-9)
    assert (found.both < 1).any()
    assert (found.both < found.imaging - 1e-9).any()
