"""What policies do at the first decision, also those that lack a word that others have."""

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.pathways.first_step import compare_policies
from tests.support.small_policy import policy_text, rule

MINIMAL = policy_text(
    ["at_once", "routine"],
    ["doctor"],
    rule("fever", "fever", urgency="at_once", imaging=["mri"], referral=["doctor"]),
)


@pytest.fixture(scope="module")
def model() -> rm.Model:
    return rm.load()


@pytest.mark.slow
def test_a_policy_without_the_words_of_others_is_compared_too(model, tmp_path):
    path = tmp_path / "minimal.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    frame = compare_policies(model, ["consensus", str(path)], 300, np.random.default_rng(0))
    shipped, minimal = frame[frame["policy"] == "consensus"], frame[frame["policy"] == str(path)]
    assert shipped["within_48_hours"].notna().all()
    assert minimal["within_48_hours"].isna().all()  # no such urgency: nobody knows
    assert minimal["caught_infection"].isna().all()
    assert (minimal["imaged"] == minimal["referred"]).all()
    assert minimal["imaged"].between(0, 1, inclusive="neither").all()
