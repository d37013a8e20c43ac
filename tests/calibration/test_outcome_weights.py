"""Weights where not everybody's outcome is known."""

from __future__ import annotations

import numpy as np
import pytest

import riskmodel as rm
from riskmodel import cohort
from riskmodel.calibration import calibrate
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.outcome_weights import inverse_probabilities
from riskmodel.errors import CasesError
from tests.support.tabular import TRUTH, simulate, tabular


@pytest.mark.slow
def test_verification_by_recorded_findings_biases_complete_rows_only(tmp_path):
    """Those with pain or an abnormal scan are followed up far more often than the others."""
    model = tabular(tmp_path)
    rng = np.random.default_rng(11)
    masks = simulate(model.priors, 6000, rng)
    rows = {v.name: i for i, v in enumerate(model.variables)}
    wanted = -2 + 2.5 * (masks[rows["pain"]] != 1) + 2 * (masks[rows["scan"]] == 2)
    verified = rng.random(6000) < 1 / (1 + np.exp(-wanted))
    for name in ("first", "second"):
        masks[rows[name], ~verified] = 3
    rate = list(TRUTH).index(("second=yes", "first=no"))
    at = {}
    for outcomes in ("ignorable", "weighted", "complete"):
        row = fit_coded(model, range(6000), masks, outcomes=outcomes, prior_weight=0.0).table.iloc[rate]
        at[outcomes] = row
        assert row["low"] < row["posterior"] < row["high"]
    truth = 0.2
    assert at["ignorable"]["low"] < truth < at["ignorable"]["high"]
    assert at["weighted"]["low"] < truth < at["weighted"]["high"]
    assert at["complete"]["low"] > 1.25 * truth
    width = {name: row["high"] - row["low"] for name, row in at.items()}
    assert width["ignorable"] < width["weighted"]


def test_weights_stand_for_those_who_were_not_verified(tmp_path):
    model = tabular(tmp_path)
    rng = np.random.default_rng(2)
    masks = simulate(model.priors, 4000, rng)
    scan = masks[[v.name for v in model.variables].index("scan")]
    verified = rng.random(4000) < np.where(scan == 2, 0.9, 0.2)
    weights, weighting = inverse_probabilities(model.variables, masks, verified)
    assert np.all(weights[~verified] == 0)
    assert weights[verified].mean() == pytest.approx(1)
    share = weights[(scan == 2) & verified].sum() / weights.sum()
    assert share == pytest.approx((scan == 2).mean(), abs=0.01)
    assert weighting.effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert weighting.quantiles[0] == weights[verified].min() < 1 < weighting.quantiles[4] == weights.max()
    assert (weighting.people, weighting.verified, weighting.rare, weighting.truncated) == (4000, verified.sum(), 0, 0)
    assert weighting.difference < 0.05
    everybody, nothing = inverse_probabilities(model.variables, masks, np.ones(4000, dtype=bool))
    assert np.all(everybody == 1)
    assert nothing is None


def imaged(model: rm.Model, count: int, follow_up: float) -> np.ndarray:
    """People of an emergency department whose outcome is known where the policy asks for imaging, or at random."""
    rng = np.random.default_rng(7)
    found = cohort.simulate(model, count, rng, setting="emergency", missing=0.3, roles=cohort.HISTORY)
    asked = (model.score(cohort.to_cases(model, found))["imaging"].astype(str) != "").to_numpy()
    known = rng.random(count) < follow_up if follow_up else asked
    masks = found.masks.copy()
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            masks[row] = np.where(known, 1 << found.states[variable.name], variable.full_mask)
    return masks


@pytest.mark.slow
def test_weighting_is_refused_where_the_policy_decides_who_is_imaged(seeds):
    """Measured over true base rates: 1.6 and a fourth of the intervals hold, where 'ignorable' has .99 and all."""
    masks = imaged(seeds, 3000, 0.0)
    message = r"(?s)'weighted' needs everybody.*\d\d % of 3,000 people had less than a tenth.*take 'ignorable'"
    with pytest.raises(CasesError, match=message):
        fit_coded(seeds, range(3000), masks, "base_rates", outcomes="weighted")
    assert fit_coded(seeds, range(3000), masks, "base_rates").weighting is None


@pytest.mark.slow
def test_the_weights_are_shown_where_they_can_be_used(seeds):
    """Few outcomes are no violation, where everybody had the same chance of one."""
    masks = imaged(seeds, 3000, 0.04)
    fitted = fit_coded(seeds, range(3000), masks, "base_rates", outcomes="weighted")
    assert fitted.weighting.rare < 0.05
    text = str(fitted)
    assert f"effective sample size {fitted.weighting.effective:,.0f}" in text
    assert "positivity: " in text


def test_weights_need_outcomes_of_the_same_people(seeds):
    """One complete outcome made everybody verified: every weight was 1, and nobody was told."""
    people = cohort.simulate(seeds, 400, np.random.default_rng(4), setting="emergency")
    frame = cohort.to_cases(seeds, people, with_outcomes=True)
    frame.loc[frame.index[100:], "malignancy"] = None
    with pytest.raises(CasesError, match=r"known of different ones .*malignancy in 100.* of 400"):
        calibrate(seeds, frame, "base_rates", outcomes="weighted")
