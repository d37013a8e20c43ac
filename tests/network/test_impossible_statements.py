"""Statements that no network can give back are refused, with the reason."""

from __future__ import annotations

import pytest

from riskmodel.errors import InferenceError
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.records import Priors
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.by_pgmpy import priors_of
from tests.support.paths import DATA
from tests.support.small_priors import variant


@pytest.mark.parametrize(
    ("name", "identifier", "changed", "ratio"),
    [
        ("literature", "risk.malignancy.cancer_history.lr", {}, 40.0),
        ("seeds", "risk.malignancy.cancer_history", {"base.malignancy.as_reported": {"value": 0.3, "high": 0.4}}, 9.9),
    ],
    ids=["likelihood ratio", "risk ratio"],
)
def test_an_impossible_crude_ratio_names_the_range(name, identifier, changed, ratio):
    def priors(value: float) -> Priors:
        return with_overrides(priors_of(name), {**changed, identifier: {"value": value, "low": 1.0, "high": 90.0}})

    with pytest.raises(InferenceError, match=rf"{identifier}: .* {ratio:g} is beyond reach; .*below [\d.]+$") as caught:
        build_network(priors(ratio))
    limit = float(str(caught.value).rsplit(" ", 1)[1])
    within = priors(0.5 * limit)  # near it the ratio between the sites is out of reach
    assert all(reading.holds for reading in round_trip(within, build_network(within)))


def test_ratios_that_each_could_hold_but_not_together():
    """Nearly all cancer in the young, who hardly ever have a history of it, and ten times as much after one."""
    changes = {
        "base.malignancy.as_reported": {"value": 0.05, "high": 0.1},
        "risk.malignancy.age50": {"value": 0.01, "low": 0.001},
    }
    priors = with_overrides(priors_of("seeds"), changes)
    with pytest.raises(InferenceError, match=r"malignancy: .*age50, .*cancer_history, .* cannot all hold at once"):
        build_network(priors)


def test_a_base_rate_beyond_what_its_causes_give():
    priors = with_overrides(
        priors_of("seeds"), {"base.cauda_equina.primary_care": {"value": 0.5, "low": 0.4, "high": 0.6}}
    )
    with pytest.raises(InferenceError, match=r"cauda_equina: its base rate 0\.5 in primary_care is beyond reach"):
        build_network(priors)


def test_a_link_stated_in_two_settings_is_refused(tmp_path):
    more = {"id": "new", "of": "fever=present", "given": "infection=present alone; setting=there", "value": 0.5}
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="fever: a link stated in two settings at once"):
        build_network(priors)


def test_a_base_rate_stated_twice_for_one_setting_is_refused(tmp_path):
    more = {"id": "new", "of": "infection=present", "value": 0.5}
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="another selected statement gives this rate too"):
        build_network(priors)


@pytest.mark.parametrize("factor", ["injecting", "cancer"], ids=["adjusted", "crude"])
def test_a_ratio_of_the_absent_state_is_refused(tmp_path, factor):
    given = f'\ngiven = "{factor}=present vs absent"'
    changes = {f'of = "infection=present"{given}': f'of = "infection=absent"{given}'}
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes))
    with pytest.raises(InferenceError, match=r"risk\.infection\.\w+: state the ratio of infection=present"):
        build_network(priors)


def test_a_finding_that_is_always_present_cannot_become_rarer():
    priors = with_overrides(load_priors("seeds", DATA / "tiny"), {"find.fever.none": {"value": 1.0, "n": 50}})
    with pytest.raises(InferenceError, match="never in its base state without a condition, so find"):
        build_network(priors)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_base_rate_of_nought_or_one_has_no_odds(rate):
    priors = with_overrides(load_priors("seeds", DATA / "tiny"), {"base.fracture.there": {"value": rate, "n": 50}})
    with pytest.raises(InferenceError, match="fracture: a base rate of 0 or 1 cannot be combined with"):
        build_network(priors)


def test_a_noisy_or_has_conditions_as_causes(tmp_path):
    changes = {
        'parents = ["setting", "infection", "fracture"]': 'parents = ["setting", "age", "infection", "fracture"]'
    }
    more = {
        "id": "new", "of": "compression=present", "quantity": "odds_ratio", "given": "age=from_50 vs under_50",
        "value": 2.0, "low": 1.0, "high": 4.0,
    }  # fmt: skip
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, [more]))
    with pytest.raises(InferenceError, match="compression: a noisy_or condition has conditions as causes, not age"):
        build_network(priors)


def test_crude_ratios_and_rates_by_band_are_refused(tmp_path):
    more = {
        "id": "new", "of": "fracture=present", "given": "age=from_50 vs under_50", "quantity": "odds_ratio",
        "value": 3.0, "low": 2.0, "high": 5.0, "drives": "fracture<-age",
    }  # fmt: skip
    priors = load_priors("seeds", variant(tmp_path, "tiny", more=[more]))
    with pytest.raises(InferenceError, match="fracture: crude ratios and rates by age cannot be solved together"):
        build_network(priors)
