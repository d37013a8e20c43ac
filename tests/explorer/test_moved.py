"""What a person moves on the page: base rates and thresholds, against the same worked out in another way."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.explorer.content import ShownCases, content
from tests.support.explorer_script import NODE, in_node
from tests.support.masks import case

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NODE is None, reason="there is no node on this machine")]
CASE = case("primary_care", fever="present", iv_drug_use="present", crp="over_50")
ASK = (
    "given.map(({ masks, ...more }) => { const answer = explorer.answer("
    "{ set: 'seeds', policy: 'consensus', recording: 'ignorable', masks, ...more });"
    " return { probability: answer.result.probability, baseline: answer.base.probability,"
    " urgency: answer.policy.urgencies[answer.decision.urgency],"
    " fired: answer.policy.rules.filter((_, r) => answer.decision.fired[r]).map(({ id }) => id) }; })"
)


@pytest.fixture(scope="module")
def data(seeds):
    return content([seeds], cases=ShownCases())


def asked(data, folder, **more):
    masks = CASE[:, 0].tolist()
    return in_node(data, ASK, [{"masks": masks}, {"masks": masks, **more}], folder)


def test_the_odds_of_a_condition_that_is_moved_are_multiplied(seeds, data, tmp_path):
    """Given a disease or its absence nothing changes, so that its posterior odds change as its prior odds do."""
    scorer = seeds.scoring.scorer
    infection = scorer.conditions.index("infection")
    before, after = asked(data, tmp_path, moved={"infection": 0.004})
    stated = seeds.scoring.weights.baseline[1, infection]
    factor = 0.004 / 0.996 / (stated / (1 - stated))
    now = scorer.posterior(CASE).probability[infection, 0]
    assert before["probability"][infection] == pytest.approx(now, abs=1e-12)
    odds = factor * now / (1 - now)
    assert after["probability"][infection] == pytest.approx(odds / (1 + odds), abs=1e-12)
    assert after["baseline"][infection] == pytest.approx(0.004, abs=1e-12)


def test_several_base_rates_hold_together(seeds, data, tmp_path):
    """Against the joint distribution of the conditions, enumerated with Python and fitted to the new rates."""
    scorer = seeds.scoring.scorer
    moved = {"infection": 0.004, "malignancy": 0.02, "cauda_equina": 0.003}
    _, after = asked(data, tmp_path, moved=moved)
    blank, given = (joint(scorer, masks) for masks in (scorer.blank(1, 1), CASE))
    fitted = blank.copy()
    for _ in range(500):
        for name, rate in moved.items():
            present = scorer.presence[scorer.conditions.index(name)] == 1
            share = fitted[present].sum() / fitted.sum()
            fitted[present] *= rate / share
            fitted[~present] *= (1 - rate) / (1 - share)
    expected = given * fitted / blank
    expected /= expected.sum()
    for output, presence in enumerate(scorer.presence):
        assert after["probability"][output] == pytest.approx(expected[presence == 1].sum(), abs=1e-10)
        assert after["baseline"][output] == pytest.approx(fitted[presence == 1].sum() / fitted.sum(), abs=1e-10)


def joint(scorer, masks):
    """P(joint state of the conditions, evidence), one state after another as known outcomes."""
    every = np.repeat(masks, scorer.joint_states, axis=1)
    every[list(scorer.condition_rows)] = 1 << scorer.presence
    return scorer.posterior(every).evidence


def test_a_threshold_that_is_moved_decides(data, tmp_path):
    before, after = asked(data, tmp_path, stakes={"mri_for_infection": {"harm": 99.0, "benefit": 1.0}})
    assert set(before["fired"]) - set(after["fired"])
    assert before["probability"] == after["probability"]
