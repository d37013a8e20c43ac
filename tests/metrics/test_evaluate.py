"""A model and its policy against a cohort."""

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.cohort import simulate, to_cases
from riskmodel.decision.stakes import stakes
from riskmodel.errors import CasesError, UsageError
from riskmodel.metrics import evaluate, judge, net_benefit


def test_outcomes_are_never_shown_to_the_model(seeds, cohort):
    judged = judge(seeds, cohort, predictors="all")
    findings = cohort.drop(columns=[v.column for v in seeds.variables if v.role == "condition"])
    expected = seeds.posterior(findings)
    assert np.array_equal(judged.probabilities[expected.columns], expected)
    truth = (cohort["fracture"] == "present").to_numpy(float)
    assert np.array_equal(judged.outcomes["fracture"], truth)


def test_a_composite_is_known_where_all_its_members_are(seeds):
    cases = pd.DataFrame({name: ["", "absent", "absent"] for name in ("infection", "fracture", "cauda_equina")})
    cases["malignancy"] = ["", "absent", ""]
    cases.loc[0, "infection"] = "present"
    cases.loc[3] = ["present", "absent", "absent", "absent"]
    assert judge(seeds, cases, setting="emergency").outcomes["any_serious"].tolist() == pytest.approx(
        [np.nan, 0, np.nan, 1], nan_ok=True
    )


@pytest.mark.slow
def test_blank_outcomes_do_not_bend_a_composite(seeds, cohort):
    """With a third of each outcome blank at random, the share that is expected of the known is still observed."""
    rng, blank = np.random.default_rng(8), cohort.copy()
    for name in ("infection", "malignancy", "fracture", "cauda_equina"):
        blank.loc[rng.random(len(blank)) < 0.3, name] = ""
    found = evaluate(seeds, blank, predictors="all", conditions=["any_serious"], resamples=100)
    row = found[(found["decision"] == "") & (found["metric"] == "observed_over_expected")].iloc[0]
    assert row["low"] < 1 < row["high"]
    assert row["n"] < 0.35 * len(blank)


@pytest.mark.slow
def test_a_model_is_calibrated_on_its_own_people(seeds, cohort):
    """Over four cohorts, whichever they are: an interval of a single one misses 1 in 20 times."""
    people = [simulate(seeds, 1500, np.random.default_rng(seed), setting="emergency", missing=0.3) for seed in range(3)]
    cohorts = [cohort, *(to_cases(seeds, each, with_outcomes=True) for each in people)]
    evaluated = [evaluate(seeds, each, conditions=["any_serious"], resamples=60, by=("sex",)) for each in cohorts]
    for metric in ("calibration_slope", "observed_over_expected"):
        wholes = [found[(found["subgroup"] == "") & (found["decision"] == "")] for found in evaluated]
        rows = pd.concat([whole[whole["metric"] == metric] for whole in wholes])
        away = (rows["value"] - 1) / ((rows["high"] - rows["low"]) / 3.92)
        assert len(away) == 4
        assert abs(away.sum() / 2) < 3.5, away.tolist()  # standard normal
    of_sex = evaluated[0][evaluated[0]["metric"] == "brier"].set_index("subgroup")["n"]
    known = cohort["sex"].value_counts()
    assert (of_sex["sex=female"], of_sex["sex=male"]) == (known["female"], known["male"])


def test_the_policy_s_thresholds_and_actions_are_judged(seeds, cohort):
    found = evaluate(seeds, cohort, conditions=["malignancy"], resamples=0)
    decisions = set(found["decision"])
    threshold = seeds.policy.thresholds["mri_for_malignancy"].value
    at = next(name for name in decisions if name.startswith("mri_for_malignancy"))
    judged = judge(seeds, cohort)
    acted = (judged.probabilities["malignancy"] >= threshold).to_numpy()
    truth = judged.outcomes["malignancy"].to_numpy() == 1
    row = found[found["decision"] == at].set_index("metric")["value"]
    assert row["sensitivity"] == pytest.approx(acted[truth].mean())
    expected = (acted & truth).mean() - (acted & ~truth).mean() * threshold / (1 - threshold)
    assert row["net_benefit"] == pytest.approx(expected)
    assert {"any imaging", "mri", "seen within 48 hours"} < decisions


def test_actions_have_the_net_benefit_of_the_scan_for_the_condition(seeds, cohort):
    found = evaluate(seeds, cohort, conditions=["fracture", "any_serious"], resamples=0)
    xrays = [stake for stake in stakes(seeds.policy) if stake.condition == "fracture" and "xray" in stake.asks]
    threshold = min(seeds.policy.thresholds[stake.threshold].value for stake in xrays)  # the least harm for its benefit
    judged = judge(seeds, cohort)
    row = found[(found["condition"] == "fracture") & (found["decision"] == "any imaging")].set_index("metric")
    assert set(row["threshold"]) == {threshold}
    expected = net_benefit(judged.outcomes["fracture"].to_numpy(), judged.actions["any imaging"], threshold)
    assert row.loc["net_benefit", "value"] == pytest.approx(expected)
    any_serious = found[(found["condition"] == "any_serious") & (found["decision"] == "any imaging")]
    assert "net_benefit" not in set(any_serious["metric"])
    assert any_serious["threshold"].isna().all()


@pytest.mark.slow
def test_the_table_of_a_decision_counts_everyone(seeds, cohort):
    found = evaluate(seeds, cohort, conditions=["fracture"], by=("age",), resamples=20)
    for _, part in found[found["decision"] == "mri"].groupby("subgroup"):
        row = part.set_index("metric")
        assert row.loc[["tp", "fp", "fn", "tn"], "value"].sum() == row["n"].iloc[0]
        assert row.loc[["tp", "fn"], "value"].sum() == row["events"].iloc[0]
    ages = list(dict.fromkeys(found["subgroup"]))[1:]
    states = next(v.states for v in seeds.variables if v.name == "age")
    assert ages == [f"age={state}" for state in states if f"age={state}" in ages]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"by": ("agee",)}, UsageError, "by: 'agee' is not one of .*did you mean 'age'"),
        ({"conditions": ["fractur"]}, UsageError, "did you mean 'fracture'"),
    ],
)
def test_unknown_names_are_refused(seeds, cohort, arguments, error, message):
    with pytest.raises(error, match=message):
        evaluate(seeds, cohort, resamples=0, **arguments)


def test_a_cohort_without_outcomes_is_refused(seeds, cohort):
    with pytest.raises(CasesError, match="at least one of the columns"):
        evaluate(seeds, cohort[["setting", "fever"]])


def test_what_is_no_model_is_named():
    for call in (rm.metrics.evaluate, rm.calibrate):
        with pytest.raises(UsageError, match=r"takes a model, .* not a DataFrame"):
            call(pd.DataFrame(), rm.load())
    with pytest.raises(UsageError, match=r"compare takes a model, .* not 'seeds'"):
        rm.compare("seeds", "literature", {"age": 50}, setting="emergency")
