"""Metrics against other programs' stored results, closed forms, and cohorts whose truth is known."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm, poisson
from sklearn.metrics import confusion_matrix

import riskmodel as rm
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import CasesError, UsageError
from riskmodel.metrics import (
    PREDICTOR_SETS,
    confusion,
    decision_curve,
    evaluate,
    judge,
    net_benefit,
    policy_curves,
    predictors_of,
    reliability,
    roc,
    smooth_reliability,
    summarise,
)
from riskmodel.metrics.area import auc_interval
from riskmodel.metrics.summary import summarise_decision
from riskmodel.metrics.verification import expected_outcomes
from tests.support.paths import DATA

STORED = DATA / "stored"
RESULTS = json.loads((STORED / "results.json").read_text())
PEOPLE = pd.read_csv(STORED / "predictions.csv")
Y, P, ACTED = (PEOPLE[name].to_numpy(float) for name in ("y", "p", "acted"))
MODEL = rm.load()


def value(table, metric):
    return table.set_index("metric").loc[metric, "value"]


@pytest.fixture(scope="module")
def cohort():
    people = simulate(MODEL, 1500, np.random.default_rng(1), setting="emergency", missing=0.3)
    return to_cases(MODEL, people, with_outcomes=True)


# ---- against other programs --------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.02, 0.05, 0.1, 0.2, 0.35])
def test_net_benefit_is_that_of_another_program(threshold):
    table = decision_curve(Y, P, decisions={"acted": ACTED}, thresholds=[threshold]).set_index("strategy")[
        "net_benefit"
    ]
    theirs = {"model": "p", "acted": "acted", "act on everyone": "all", "act on nobody": "none"}
    for ours, name in theirs.items():
        assert table[ours] == pytest.approx(RESULTS["net_benefit"][name][str(threshold)], abs=1e-12)


def test_slope_and_intercept_are_those_of_another_program():
    found = summarise(Y, P, resamples=0)
    assert value(found, "calibration_slope") == pytest.approx(RESULTS["calibration_slope"], abs=1e-6)
    assert value(found, "calibration_intercept") == pytest.approx(RESULTS["calibration_intercept"], abs=1e-6)


def test_slope_and_intercept_maximise_the_likelihood():
    """Independently of any library for regression."""
    x = np.log(P / (1 - P))

    def loss(b):
        z = b[0] + b[1] * x
        return -(Y * z - np.logaddexp(0, z)).sum()

    found = summarise(Y, P, resamples=0)
    assert value(found, "calibration_slope") == pytest.approx(minimize(loss, [0, 1]).x[1], abs=1e-4)
    alone = minimize(lambda a: loss([a[0], 1.0]), [0.0]).x[0]
    assert value(found, "calibration_intercept") == pytest.approx(alone, abs=1e-4)


# ---- by hand ------------------------------------------------------------------------------------------


def test_probability_metrics_by_hand():
    y, p = np.array([1, 0, 0, 1.0]), np.array([0.8, 0.4, 0.1, 0.3])
    found = summarise(y, p, resamples=0)
    assert value(found, "brier") == pytest.approx((0.04 + 0.16 + 0.01 + 0.49) / 4)
    assert value(found, "scaled_brier") == pytest.approx(1 - 0.175 / 0.25)
    assert value(found, "log_score") == pytest.approx(-np.log([0.8, 0.6, 0.9, 0.3]).mean())
    assert value(found, "auc") == 0.75
    assert value(found, "average_precision") == pytest.approx((1 + 2 / 3) / 2)
    assert value(found, "observed_over_expected") == pytest.approx(2 / 1.6)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_table_is_that_of_scikit_learn(pairs):
    y, acted = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    (tn, fp), (fn, tp) = confusion_matrix(y, acted, labels=[0, 1])
    found = confusion(y, acted)
    assert [found[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
    assert (
        found["sensitivity"] == pytest.approx(tp / (tp + fn), nan_ok=True)
        if tp + fn
        else np.isnan(found["sensitivity"])
    )


def test_reliability_bins_hold_everyone_and_their_mean():
    table = reliability(Y, P, bins=8)
    assert table["n"].sum() == len(Y)
    assert table["events"].sum() == Y.sum()
    assert np.average(table["predicted"], weights=table["n"]) == pytest.approx(P.mean())
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def restricted_cubic(x, knots):
    """Harrell's own columns: the variable and truncated cubes that are linear beyond the outer knots."""
    cube = lambda at: np.maximum(x - at, 0) ** 3  # noqa: E731
    last, before = knots[-1], knots[-2]
    bent = [
        cube(t) - cube(before) * (last - t) / (last - before) + cube(last) * (before - t) / (last - before)
        for t in knots[:-2]
    ]
    scale = (last - knots[0]) ** 2
    return np.column_stack([np.ones(len(x)), x, *(column / scale for column in bent)])


@pytest.mark.parametrize(("people", "knots"), [(4000, 5), (1000, 4), (500, 3)])
def test_the_smooth_curve_is_logistic_regression_on_a_restricted_cubic_spline(people, knots):
    """Against the columns written out by hand, fitted by scipy."""
    rng = np.random.default_rng(people)
    p = rng.beta(1, 8, people)
    y = (rng.random(people) < p**1.3).astype(float)
    curve = smooth_reliability(y, p)
    assert set(curve["knots"]) == {knots}
    x, shares = (
        np.log(p / (1 - p)),
        {5: (0.05, 0.275, 0.5, 0.725, 0.95), 4: (0.05, 0.35, 0.65, 0.95), 3: (0.1, 0.5, 0.9)},
    )
    order = np.argsort(x)
    running = np.cumsum((p * (1 - p))[order])
    at = np.array([x[order][np.searchsorted(running, share * running[-1])] for share in shares[knots]])
    columns = restricted_cubic(x, at)

    def loss(b):
        z = columns @ b
        return -(y * z - np.logaddexp(0, z)).sum()

    def slope(b):
        return columns.T @ (1 / (1 + np.exp(-columns @ b)) - y)

    found = minimize(loss, np.zeros(knots), jac=slope, method="BFGS", options={"gtol": 1e-7})
    grid = np.log(curve["predicted"] / (1 - curve["predicted"])).to_numpy()
    own = 1 / (1 + np.exp(-restricted_cubic(grid, at) @ found.x))
    assert np.allclose(curve["observed"], own, atol=1e-5)


@pytest.mark.parametrize(
    "roles", [("context", "risk_factor", "finding"), ("context", "risk_factor", "finding", "test")]
)
def test_the_band_of_the_smooth_curve_holds_the_diagonal(roles):
    """Outcomes drawn from the model's own probabilities: on average at least 90 % of the length, in 30 cohorts."""
    rng, held, names = np.random.default_rng(11), [], list(MODEL.scoring.scorer.output_names)
    for _ in range(30):
        cases = simulate(MODEL, 1000, rng, setting="emergency", missing=0.3, roles=roles)
        p = np.clip(MODEL.scoring.compiled()(cases.masks).posterior.probability[names.index("any_serious")], 0, 1)
        curve = smooth_reliability((rng.random(len(p)) < p).astype(float), p)
        held.append(((curve["low"] <= curve["predicted"]) & (curve["predicted"] <= curve["high"])).mean())
    assert np.mean(held) >= 0.9


def test_the_smooth_curve_says_less_of_few_events():
    """A straight line below 20 events; a shift where the outcome is separated or all have one prediction."""
    x = np.linspace(-5, 0, 400)
    p = 1 / (1 + np.exp(-x))
    y = np.zeros(400)
    y[[150, 250, 300, 350, 380, 399]] = 1
    assert set(smooth_reliability(y, p)["knots"]) == {2}
    separated = (x > -0.1).astype(float)
    shifted = smooth_reliability(separated, p)
    assert set(shifted["knots"]) == {0}
    moved = np.log(shifted["observed"] / (1 - shifted["observed"])) - np.log(
        shifted["predicted"] / (1 - shifted["predicted"])
    )
    assert moved.to_numpy() == pytest.approx(value(summarise(separated, p, resamples=0), "calibration_intercept"))
    alike = smooth_reliability(y, np.full(400, 0.1))
    assert alike["observed"].to_numpy() == pytest.approx(y.mean())


def test_roc_has_the_area_of_the_metric():
    line = roc(Y, P)
    assert np.trapezoid(line["tpr"], line["fpr"]) == pytest.approx(value(summarise(Y, P, resamples=0), "auc"))


# ---- intervals and warnings -----------------------------------------------------------------------------


def test_bootstrap_intervals_cover_the_truth():
    """O/E of a calibrated model is 1: of 60 samples about 95 % of the intervals say so."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.beta(1, 4, 300)
        row = summarise_decision((rng.random(300) < p).astype(float), (p > 0.3).astype(float), resamples=200, seed=seed)
        row = row.set_index("metric").loc["ppv"]
        large = np.random.default_rng(99).beta(1, 4, 400_000)
        held += row["low"] <= large[large > 0.3].mean() <= row["high"]
    assert held >= 52


@pytest.mark.parametrize("kind", ["alike", "skewed"])
def test_the_interval_of_the_area_holds_the_truth_at_eight_events(kind):
    """Of 300 samples the 95 % intervals hold the true area in at least 90 %; bootstrap percentiles in 70 to 80 %."""
    rng, held = np.random.default_rng(6), 0
    truth = 0.9
    for _ in range(300):
        if kind == "alike":  # normal scores
            others, cases = rng.normal(0, 1, 300), rng.normal(norm.ppf(truth) * np.sqrt(2), 1, 8)
        else:  # exponential ones, of which the area has a closed form
            others, cases = rng.exponential(1, 300), rng.exponential(truth / (1 - truth), 8)
        p = np.concatenate([cases, others])
        p = (p - p.min()) / np.ptp(p)
        row = summarise(np.r_[np.ones(8), np.zeros(300)], p, resamples=2).set_index("metric").loc["auc"]
        held += row["low"] <= truth <= row["high"]
    assert held >= 0.9 * 300


def test_the_interval_of_the_area_is_newcombe_s():
    """Its ends are the areas that lie a normal quantile of their own standard errors away."""
    low, high = auc_interval(0.8, 12, 90)
    for end in (low, high):
        q1, q2 = end / (2 - end), 2 * end**2 / (1 + end)  # Hanley and McNeil, with both groups of the mean size
        size = (12 + 90) / 2
        variance = (end * (1 - end) + (size - 1) * (q1 + q2 - 2 * end**2)) / (12 * 90)
        assert abs(0.8 - end) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)
    assert auc_interval(1.0, 5, 100)[1] == 1
    assert 0.6 < auc_interval(1.0, 5, 100)[0] < 0.95
    assert np.isnan(auc_interval(np.nan, 0, 10)).all()


# ---- outcomes known of some people only --------------------------------------------------------------------


@pytest.fixture(scope="module")
def scanned():
    """12,000 people: the truth, and outcomes known of those the policy scans and of one in fifty of the others."""
    rng = np.random.default_rng(21)
    people = simulate(MODEL, 12_000, rng, setting="emergency", missing=0.3, roles=("context", "risk_factor", "finding"))
    truth = to_cases(MODEL, people, with_outcomes=True)
    imaged = judge(MODEL, truth).actions["any imaging"] > 0
    known = truth.copy()
    conditions = [v.column for v in MODEL.variables if v.role == "condition"]
    known.loc[~(imaged | (rng.random(len(truth)) < 0.02)), conditions] = ""
    return truth, known


def test_metrics_of_those_examined_are_corrected_to_those_of_everyone(scanned):
    truth, known = (evaluate(MODEL, cases, conditions=["malignancy", "fracture"], resamples=0) for cases in scanned)
    keys = ["condition", "decision", "metric"]
    both = truth.merge(known, on=keys, suffixes=("_true", "")).set_index(keys)
    for condition in ("malignancy", "fracture"):
        row = both.loc[(condition, "any imaging", "sensitivity")]
        assert row["value"] - 0.1 > row["value_true"]
        assert row["corrected"] == pytest.approx(row["value_true"], abs=0.08)
        assert row["correction"] == "model-imputed"
        assert both.loc[(condition, "any imaging", "acted_on"), "corrected"] == pytest.approx(
            both.loc[(condition, "any imaging", "acted_on"), "value_true"]
        )
        area = both.loc[(condition, "", "auc")]
        assert abs(area["corrected"] - area["value_true"]) < abs(area["value"] - area["value_true"])
    assert set(truth["correction"]) == {""}
    assert truth["corrected"].isna().all()
    assert known["warning"].str.contains("outcome known in .* of 12,000 people").all()


def test_corrected_figures_have_intervals(scanned):
    cases = scanned[1].iloc[:4000]
    found = evaluate(MODEL, cases, conditions=["malignancy"], resamples=20)
    row = found[(found["decision"] == "any imaging") & (found["metric"] == "sensitivity")].iloc[0]
    assert row["corrected_low"] < row["corrected"] < row["corrected_high"] < row["value"]


def test_expected_outcomes_are_moved_by_what_the_known_ones_show():
    """Among the known twice as many events as expected: the unknown are moved by the same log-odds."""
    rng = np.random.default_rng(2)
    p = rng.beta(1, 9, 30_000)
    y = (rng.random(30_000) < 1 / (1 + np.exp(-(np.log(p / (1 - p)) + 0.7)))).astype(float)
    y[rng.random(30_000) < p] = np.nan
    found = expected_outcomes(y, p)
    unknown = np.isnan(y)
    assert np.array_equal(found[~unknown], y[~unknown])
    found, p = found[unknown], p[unknown]
    moved = np.log(found / (1 - found)) - np.log(p / (1 - p))
    assert moved == pytest.approx(np.full(unknown.sum(), 0.7), abs=0.06)


def test_a_composite_of_which_one_part_is_known_present_is_expected_to_be():
    cases = pd.DataFrame({"infection": ["present", ""], "fracture": ["absent", "absent"], "malignancy": ["", ""]})
    judged = judge(MODEL, cases.assign(cauda_equina="absent"), setting="emergency")
    assert judged.outcomes["any_serious"].isna().all()
    assert judged.recorded["any_serious"].iloc[0] == pytest.approx(1)
    assert judged.recorded["any_serious"].iloc[1] < 0.2


def test_the_same_seed_gives_the_same_intervals():
    tables = [summarise(Y, P, resamples=20, seed=seed) for seed in (1, 1, 2)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_people_whose_outcome_is_unknown_are_left_out_and_counted():
    y = Y.copy()
    y[::3] = np.nan
    found = summarise(y, P, resamples=0)
    assert set(found["n"]) == {int((~np.isnan(y)).sum())}
    alone = summarise(y[~np.isnan(y)], P[~np.isnan(y)], resamples=0)
    assert found.drop(columns="warning").equals(alone.drop(columns="warning"))
    assert set(found["warning"]) == {f"outcome known in {(~np.isnan(y)).sum()} of {len(y)} people"}


@pytest.mark.parametrize(
    ("events", "warning"),
    [
        (0, "nobody has it"),
        (1, "only 1 event"),
        (9, "only 9 events"),
        (29, "only 29 events"),
        (30, ""),
        (100, "everybody has it"),
    ],
)
def test_few_events_are_a_warning(events, warning):
    y = np.r_[np.ones(events), np.zeros(100 - events)]
    found = summarise(y, np.linspace(0.9, 0.1, 100), resamples=10)
    assert set(found["warning"]) == {warning}
    if events in (0, 100):
        assert np.isnan(value(found, "auc"))
        assert np.isfinite(value(found, "brier"))


def test_nobody_known_is_no_number_but_a_warning():
    found = summarise(np.full(3, np.nan), np.full(3, 0.5), resamples=5)
    assert found["value"].isna().all()
    assert set(found["warning"]) == {"no outcome is known"}


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 2], [0.1, 0.2], "must be 0, 1, or NaN"),
        ([0, 1], [0.1, 1.2], r"probabilities in \[0, 1\]"),
        ([0, 1, 1], [0.1, 0.2], "of the same people"),
    ],
)
def test_bad_predictions_are_refused(y, p, message):
    with pytest.raises(UsageError, match=message):
        summarise(np.array(y, float), np.array(p))


@pytest.mark.parametrize("threshold", [0, 1, -0.1])
def test_a_threshold_lies_inside(threshold):
    with pytest.raises(UsageError, match="threshold must lie between 0 and 1"):
        net_benefit(Y, ACTED, threshold)


# ---- what a prediction may read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predictors", "unread"),
    [
        ("history", ["esr_mm_h", "crp_mg_l", "bladder_volume_ml", "xray", "ct", "mri"]),
        ("before_imaging", ["xray", "ct", "mri"]),
        ("all", []),
    ],
)
def test_a_prediction_reads_its_predictor_set_and_nothing_else(cohort, predictors, unread):
    outcomes = [v.column for v in MODEL.variables if v.role == "condition"]
    expected = MODEL.posterior(cohort.drop(columns=[*unread, *outcomes]))
    judged = judge(MODEL, cohort, predictors=predictors)
    assert judged.predictors == predictors
    assert np.array_equal(judged.probabilities[expected.columns], expected)
    columns = {v.column for v in MODEL.variables if v.name in predictors_of(MODEL, predictors)}
    assert columns == {v.column for v in MODEL.variables} - {*unread, *outcomes}


def test_what_is_not_asked_for_is_judged_before_imaging(cohort):
    """Scans make the diagnoses that they would be said to predict: .98 with them, .88 without."""
    area = {
        which: value(evaluate(MODEL, cohort, conditions=["any_serious"], resamples=0, **which_one), "auc")
        for which, which_one in {
            "default": {}, **{name: {"predictors": name} for name in PREDICTOR_SETS},
        }.items()
    }  # fmt: skip
    assert area["default"] == area["before_imaging"]
    assert area["history"] <= area["before_imaging"] + 0.02 < area["all"] - 0.05


def test_a_policy_is_judged_on_what_was_known_before_it_asked(cohort):
    """A scan that was done is not asked for again: shown its result, the policy would seem to miss who had it."""
    scanned = MODEL.score(cohort.drop(columns=[v.column for v in MODEL.variables if v.role == "condition"]))
    blamed = scanned["imaging"] != ""
    acted = {which: judge(MODEL, cohort, predictors=which).actions for which in PREDICTOR_SETS}
    ill = (cohort[["infection", "malignancy", "fracture", "cauda_equina"]] == "present").any(axis=1)
    assert acted["all"]["any imaging"][ill].mean() > blamed[ill].mean() + 0.1
    for action in ("any imaging", "mri"):
        assert np.array_equal(acted["all"][action], acted["before_imaging"][action])
    untested = cohort.drop(columns=["esr_mm_h", "crp_mg_l", "bladder_volume_ml", "xray", "ct", "mri"])
    outcomes = [v.column for v in MODEL.variables if v.role == "condition"]
    tests = MODEL.score(untested.drop(columns=outcomes))["tests"] != ""
    for which in PREDICTOR_SETS:
        assert np.array_equal(acted[which]["any test"], tests.to_numpy(float))


def test_imaging_is_what_the_pathways_list_so(cohort, tmp_path):
    """Which tests are imaging is read from data: an X-ray that is listed as done at the bedside is known before."""
    root = tmp_path / "priors"
    shutil.copytree(MODEL.root, root)
    file = root / "pathways.toml"
    text = file.read_text()
    text = text.replace('imaging = ["xray", "ct", "mri"]', 'imaging = ["ct", "mri"]')
    file.write_text(text.replace('bedside = ["bladder_scan"]', 'bedside = ["bladder_scan", "xray"]'))
    assert "xray" in predictors_of(rm.load(root=root))
    assert "xray" not in predictors_of(MODEL)
    file.unlink()  # without it, what the policy asks for as imaging
    assert set(predictors_of(rm.load(root=root))) == set(predictors_of(MODEL))


@pytest.mark.parametrize("ask", [judge, evaluate, policy_curves])
def test_an_unknown_predictor_set_is_refused(cohort, ask):
    with pytest.raises(UsageError, match=r"predictors: 'before_imagin' is not one of .*did you mean 'before_imaging'"):
        ask(MODEL, cohort, predictors="before_imagin")


# ---- a model against a cohort -----------------------------------------------------------------------------


def test_outcomes_are_never_shown_to_the_model(cohort):
    judged = judge(MODEL, cohort, predictors="all")
    findings = cohort.drop(columns=[v.column for v in MODEL.variables if v.role == "condition"])
    expected = MODEL.posterior(findings)
    assert np.array_equal(judged.probabilities[expected.columns], expected)
    truth = (cohort["fracture"] == "present").to_numpy(float)
    assert np.array_equal(judged.outcomes["fracture"], truth)


def test_a_composite_is_known_where_all_its_members_are():
    cases = pd.DataFrame({name: ["", "absent", "absent"] for name in ("infection", "fracture", "cauda_equina")})
    cases["malignancy"] = ["", "absent", ""]
    cases.loc[0, "infection"] = "present"
    cases.loc[3] = ["present", "absent", "absent", "absent"]
    assert judge(MODEL, cases, setting="emergency").outcomes["any_serious"].tolist() == pytest.approx(
        [np.nan, 0, np.nan, 1], nan_ok=True
    )


def test_blank_outcomes_do_not_bend_a_composite(cohort):
    """With a third of each outcome blank at random, the share that is expected of the known is still observed."""
    rng, blank = np.random.default_rng(8), cohort.copy()
    for name in ("infection", "malignancy", "fracture", "cauda_equina"):
        blank.loc[rng.random(len(blank)) < 0.3, name] = ""
    found = evaluate(MODEL, blank, predictors="all", conditions=["any_serious"], resamples=100)
    row = found[(found["decision"] == "") & (found["metric"] == "observed_over_expected")].iloc[0]
    assert row["low"] < 1 < row["high"]
    assert row["n"] < 0.35 * len(blank)


def test_a_model_is_calibrated_on_its_own_people(cohort):
    found = evaluate(MODEL, cohort, conditions=["any_serious"], resamples=60, by=("sex",))
    own = found[(found["subgroup"] == "") & (found["decision"] == "")].set_index("metric")
    assert own.loc["calibration_slope", "low"] < 1 < own.loc["calibration_slope", "high"]
    assert own.loc["observed_over_expected", "low"] < 1 < own.loc["observed_over_expected", "high"]
    people = found[found["metric"] == "brier"].set_index("subgroup")["n"]
    known = cohort["sex"].value_counts()
    assert (people["sex=female"], people["sex=male"]) == (known["female"], known["male"])


def test_the_policy_s_thresholds_and_actions_are_judged(cohort):
    found = evaluate(MODEL, cohort, conditions=["malignancy"], resamples=0)
    decisions = set(found["decision"])
    threshold = MODEL.policy.thresholds["mri_malignancy"].value
    at = next(name for name in decisions if name.startswith("mri_malignancy"))
    judged = judge(MODEL, cohort)
    acted = (judged.probabilities["malignancy"] >= threshold).to_numpy()
    truth = judged.outcomes["malignancy"].to_numpy() == 1
    row = found[found["decision"] == at].set_index("metric")["value"]
    assert row["sensitivity"] == pytest.approx(acted[truth].mean())
    expected = (acted & truth).mean() - (acted & ~truth).mean() * threshold / (1 - threshold)
    assert row["net_benefit"] == pytest.approx(expected)
    assert {"any imaging", "mri", "seen within 48 hours"} < decisions


def test_actions_have_the_net_benefit_of_the_scan_for_the_condition(cohort):
    found = evaluate(MODEL, cohort, conditions=["fracture", "any_serious"], resamples=0)
    threshold = MODEL.policy.thresholds["xray_fracture"].value
    judged = judge(MODEL, cohort)
    row = found[(found["condition"] == "fracture") & (found["decision"] == "any imaging")].set_index("metric")
    assert set(row["threshold"]) == {threshold}
    expected = net_benefit(judged.outcomes["fracture"].to_numpy(), judged.actions["any imaging"], threshold)
    assert row.loc["net_benefit", "value"] == pytest.approx(expected)
    any_serious = found[(found["condition"] == "any_serious") & (found["decision"] == "any imaging")]
    assert "net_benefit" not in set(any_serious["metric"])
    assert any_serious["threshold"].isna().all()


def test_the_table_of_a_decision_counts_everyone(cohort):
    found = evaluate(MODEL, cohort, conditions=["fracture"], by=("age",), resamples=20)
    for _, part in found[found["decision"] == "mri"].groupby("subgroup"):
        row = part.set_index("metric")
        assert row.loc[["tp", "fp", "fn", "tn"], "value"].sum() == row["n"].iloc[0]
        assert row.loc[["tp", "fn"], "value"].sum() == row["events"].iloc[0]
    ages = list(dict.fromkeys(found["subgroup"]))[1:]
    states = next(v.states for v in MODEL.variables if v.name == "age")
    assert ages == [f"age={state}" for state in states if f"age={state}" in ages]


def test_a_share_of_one_still_has_an_interval():
    """Five found of five is not certainty; no resample would hold one who was missed."""
    y, acted = np.r_[np.ones(5), np.zeros(95)], np.r_[np.ones(15), np.zeros(85)]
    row = summarise_decision(y, acted, resamples=50).set_index("metric").loc["sensitivity"]
    assert (row["value"], row["high"]) == (1, 1)
    assert row["low"] == pytest.approx(5 / (5 + 1.959964**2))  # Wilson's bound, by hand
    assert row["warning"] == "only 5 events"


def test_every_policy_is_on_the_curve_with_the_model(cohort):
    table = policy_curves(MODEL, cohort, "fracture", action="mri", thresholds=[0.02, 0.2], resamples=30)
    names = {path.stem for path in (MODEL.root / "policies").glob("*.toml")}
    assert len(names) == 6
    assert set(table["strategy"]) == names | {"model", "act on everyone", "act on nobody"}
    y = (cohort["fracture"] == "present").to_numpy(float)
    bare = cohort.drop(columns=["xray", "ct", "mri", *(v.column for v in MODEL.variables if v.role == "condition")])
    for name in ("consensus", "whitlock_2026"):
        asked = MODEL.with_policy(name).score(bare)["imaging"].str.split("|").map(lambda tokens: "mri" in tokens)
        for threshold in (0.02, 0.2):
            row = table[(table["strategy"] == name) & (table["threshold"] == threshold)].iloc[0]
            assert row["net_benefit"] == pytest.approx(net_benefit(y, asked.to_numpy(float), threshold))
            assert row["low"] <= row["net_benefit"] <= row["high"]


def test_intervals_of_a_decision_curve_are_those_of_the_mean():
    """Net benefit is a mean over people: its bootstrap has the standard error of a mean."""
    table = decision_curve(Y, P, thresholds=[0.1], resamples=2000).set_index("strategy").loc["model"]
    acted = P >= 0.1
    each = np.where(acted, np.where(Y == 1, 1.0, -0.1 / 0.9), 0.0)
    width = 2 * 1.96 * each.std() / np.sqrt(len(Y))
    assert table["high"] - table["low"] == pytest.approx(width, rel=0.1)
    assert (table["n"], table["events"]) == (len(Y), Y.sum())


def test_few_events_are_said_on_the_curve():
    table = decision_curve(np.r_[np.ones(3), np.zeros(40)], np.linspace(0.9, 0.1, 43), thresholds=[0.1])
    assert set(table["warning"]) == {"only 3 events"}


def test_an_unknown_action_is_refused(cohort):
    with pytest.raises(UsageError, match=r"action: 'mrii' is not one of .*did you mean 'mri'"):
        policy_curves(MODEL, cohort, action="mrii")
    with pytest.raises(UsageError, match="did you mean 'fracture'"):
        policy_curves(MODEL, cohort, "fractur")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"by": ("agee",)}, UsageError, "by: 'agee' is not one of .*did you mean 'age'"),
        ({"conditions": ["fractur"]}, UsageError, "did you mean 'fracture'"),
    ],
)
def test_unknown_names_are_refused(cohort, arguments, error, message):
    with pytest.raises(error, match=message):
        evaluate(MODEL, cohort, resamples=0, **arguments)


def test_a_cohort_without_outcomes_is_refused(cohort):
    with pytest.raises(CasesError, match="at least one of the columns"):
        evaluate(MODEL, cohort[["setting", "fever"]])


@pytest.mark.parametrize("events", [0, 1, 5])
def test_few_events_have_an_exact_interval_of_observed_over_expected(events):
    """The bootstrap gave 0 to 0 without an event, and an upper end below 1 with one."""
    y, p = np.r_[np.ones(events), np.zeros(300 - events)], np.full(300, 2 / 300)
    row = summarise(y, p, resamples=50).set_index("metric").loc["observed_over_expected"]
    for end, tail in (("low", poisson.sf(events - 1, row["low"] * 2)), ("high", poisson.cdf(events, row["high"] * 2))):
        assert tail == pytest.approx(0.025) or (end == "low" and events == 0 and row["low"] == 0)


def test_a_slope_of_few_events_has_no_interval():
    rng = np.random.default_rng(3)
    p = rng.beta(1, 60, 400)
    y = np.zeros(400)
    y[np.argsort(-p)[[3, 40, 90, 200]]] = 1
    row = summarise(y, p, resamples=50).set_index("metric").loc["calibration_slope"]
    assert np.isfinite(row["value"])
    assert np.isnan(row[["low", "high"]].astype(float)).all()


def test_what_is_no_model_is_named():
    for call in (rm.metrics.evaluate, rm.calibrate):
        with pytest.raises(UsageError, match=r"takes a model, .* not a DataFrame"):
            call(pd.DataFrame(), rm.load())
    with pytest.raises(UsageError, match=r"compare takes a model, .* not 'seeds'"):
        rm.compare("seeds", "literature", {"age": 50}, setting="emergency")
