"""The load of a policy: counted anew from the people and the rules, and its causes."""

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.cohort import HISTORY, simulate
from riskmodel.decision.costs import load_pathways
from riskmodel.pathways.load import emergency_referrals, policy_load
from riskmodel.report.check.load import load_lines, waiting_lines
from tests.support.small_policy import otherwise, policy_text, rule

POLICY = policy_text(
    ["immediate", "routine"],
    ["emergency_department", "admit_or_observe", "doctor"],
    rule("hot", "fever", urgency="immediate", imaging=["mri"], referral=["doctor"]),
    rule("numb", "saddle_anaesthesia or night_pain", urgency="immediate", referral=["emergency_department"]),
    rule("saddle", "saddle_anaesthesia", urgency="immediate", imaging=["ct"], referral=["emergency_department"]),
    rule("here", "setting == emergency", instead_of=["emergency_department"], referral=["admit_or_observe"]),
    otherwise("routine", when="no_flags"),
)
PEOPLE = 3000


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> rm.Model:
    path = tmp_path_factory.mktemp("load") / "load.toml"
    path.write_text(POLICY)
    return rm.load(policy=path)


@pytest.mark.slow
def test_the_load_is_what_the_people_have(model):
    numbers = load_pathways()
    load = policy_load(model, numbers, PEOPLE, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for setting, row in zip(model.settings, load.shares.to_dict("records"), strict=True):
        states = simulate(model, PEOPLE, rng, setting=setting, roles=HISTORY).states
        imaged = (states["fever"] > 0) | (states["saddle_anaesthesia"] > 0)
        sent = (states["night_pain"] > 0) | (states["saddle_anaesthesia"] > 0)
        serious = np.any([states[v.name] == 1 for v in model.variables if v.serious], axis=0)
        anywhere = serious | (states["nonspinal_serious"] == 1)
        assert row["setting"] == setting
        assert row["imaged"] == pytest.approx(imaged.mean())
        assert row["sent"] == pytest.approx(sent.mean())  # in the setting emergency: admitted
        assert row["ill"] == pytest.approx(serious[sent].mean())
        assert row["ill_elsewhere_too"] == pytest.approx(anywhere[sent].mean())
        assert row["missed"] == pytest.approx((~imaged & ~sent)[serious].mean())
        drivers = load.drivers[load.drivers["setting"] == setting].set_index(["done", "rule"])
        only_pain = (states["night_pain"] > 0) & (states["saddle_anaesthesia"] == 0)
        assert drivers.loc[("sent", "numb"), "share"] == pytest.approx(sent.mean())
        assert drivers.loc[("sent", "numb"), "alone"] == pytest.approx(only_pain.mean())
        assert drivers.loc[("sent", "numb"), "ill"] == pytest.approx(anywhere[only_pain].mean())
        assert drivers.loc[("sent", "saddle"), "alone"] == 0
        missed = load.missed[load.missed["setting"] == setting].set_index("condition")["people"]
        assert missed["fracture"] == ((states["fracture"] == 1) & ~imaged & ~sent).sum()


def test_who_is_admitted_was_sent(model):
    assert emergency_referrals(model.policy, load_pathways()) == ("emergency_department", "admit_or_observe")


def test_a_policy_names_the_flags_that_only_self_care_waits_for(model):
    text = "\n".join(waiting_lines(model.policy))
    assert "every flag of the network" in text
    assert "urinary_or_flank_symptoms" in text
    assert "saddle_anaesthesia" not in text  # a rule reads it


@pytest.mark.slow
def test_the_check_prints_the_load(model):
    text = "\n".join(load_lines(model, 300, 0))
    assert "With all of history" in text
    assert "With 70 % of history" in text
    assert "numb" in text
