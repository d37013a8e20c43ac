"""Decision curves."""

import numpy as np
import pytest

from riskmodel.errors import UsageError
from riskmodel.metrics import decision_curve, net_benefit, policy_curves
from tests.support.predictions import ACTED, Y
from tests.support.scans import SCANS


@pytest.mark.parametrize("threshold", [0, 1, -0.1])
def test_a_threshold_lies_inside(threshold):
    with pytest.raises(UsageError, match="threshold must lie between 0 and 1"):
        net_benefit(Y, ACTED, threshold)


@pytest.mark.slow
def test_every_policy_is_on_the_curve_with_the_model(seeds, cohort):
    table = policy_curves(seeds, cohort, "fracture", action="mri", thresholds=[0.02, 0.2], resamples=30)
    names = {path.stem for path in (seeds.root / "policies").glob("*.toml")}
    assert len(names) == 6
    assert set(table["strategy"]) == names | {"model", "act on everyone", "act on nobody"}
    y = (cohort["fracture"] == "present").to_numpy(float)
    bare = cohort.drop(columns=[*SCANS, *(v.column for v in seeds.variables if v.role == "condition")])
    for name in ("consensus", "whitlock_2026"):
        asked = seeds.with_policy(name).score(bare)["imaging"].str.split("|").map(lambda tokens: "mri" in tokens)
        for threshold in (0.02, 0.2):
            row = table[(table["strategy"] == name) & (table["threshold"] == threshold)].iloc[0]
            assert row["net_benefit"] == pytest.approx(net_benefit(y, asked.to_numpy(float), threshold))
            assert row["low"] <= row["net_benefit"] <= row["high"]


def test_few_events_are_said_on_the_curve():
    table = decision_curve(np.r_[np.ones(3), np.zeros(40)], np.linspace(0.9, 0.1, 43), thresholds=[0.1])
    assert set(table["warning"]) == {"only 3 events"}


def test_an_unknown_action_is_refused(seeds, cohort):
    with pytest.raises(UsageError, match=r"action: 'mrii' is not one of .*did you mean 'mri'"):
        policy_curves(seeds, cohort, action="mrii")
    with pytest.raises(UsageError, match="did you mean 'fracture'"):
        policy_curves(seeds, cohort, "fractur")
