"""What is learnt from a cohort, and verdicts on what was stated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from riskmodel.calibration import calibrate, recalibrate
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.learnable import learnable_in, requested_statements
from riskmodel.errors import UsageError
from tests.support.open_rates import stated_alone_and_open, words
from tests.support.tabular import TRUTH, simulate, tabular


def test_what_the_data_contradict_and_what_they_do_not_speak_of(tmp_path):
    believed = {**TRUTH, ("scan=abnormal", "second=yes"): 0.2, ("first=yes", "exposed=yes"): 0.39}
    model = tabular(tmp_path / "believed", believed)
    truth = tabular(tmp_path / "true")
    masks = simulate(truth.priors, 800, np.random.default_rng(3))
    masks[[v.name for v in model.variables].index("pain")] = 7
    fitted = fit_coded(model, range(800), masks)
    table = fitted.table.set_index("statement")
    wrong = table.index[list(believed).index(("scan=abnormal", "second=yes"))]
    assert table.loc[wrong, "verdict"] == "contradicted"
    assert table.loc[wrong, "shift"] > 2
    assert table.loc[wrong, "low"] > 0.6
    pain = [f"s{i}" for i, (of, _) in enumerate(TRUTH) if of.startswith("pain")]
    assert (table.loc[pain, "verdict"] == "unchanged").all()
    assert (table.loc[pain, "posterior"] == table.loc[pain, "prior"]).all()
    assert (table.loc[pain, "n_informing"] == 0).all()
    assert not {name for name in pain if fitted.model.priors.statement(name).informed}
    text = str(fitted)
    assert "contradicted" in text
    assert "the data said nothing about:\n  s5, s6" in text
    assert text.endswith("For research, not for the care of a patient.")
    assert "not for the care of a patient" in fitted._repr_html_()


def test_an_old_call_on_the_model_names_the_function(seeds):
    for name in ("calibrate", "recalibrate"):
        with pytest.raises(AttributeError, match=rf"riskmodel\.{name}\(model, …\)"):
            getattr(seeds, name)


@pytest.mark.slow
def test_a_heavier_prior_holds_more(tmp_path):
    model = tabular(tmp_path, {**TRUTH, ("scan=abnormal", "second=yes"): 0.4})
    masks = simulate(tabular(tmp_path / "true").priors, 300, np.random.default_rng(3))
    at = [
        fit_coded(model, range(300), masks, prior_weight=w).table["posterior"].iloc[-1] for w in (0.0, 0.3, 1.0, 10.0)
    ]
    assert at == sorted(at, reverse=True)
    assert at[0] > 0.7
    assert at[-1] < 0.6


def test_a_share_of_a_study_elsewhere_is_learnt_where_its_number_holds(tmp_path):
    """A link holds in every setting, a leak where the finding has an arc from the setting only in its own."""
    _, priors, new = stated_alone_and_open(tmp_path, 5)
    elsewhere = {words(*key) for key in new if "setting=there" in key[1]}
    leaks_there = {name for name in elsewhere if name.startswith("graded") and ".absent." in name}
    assert leaks_there
    assert elsewhere - leaks_there
    learnt = set(learnable_in(priors, priors.selected, "findings", {"here"}))
    assert elsewhere & learnt == elsewhere - leaks_there
    assert not any(name.startswith(("a.", "b.")) and name.endswith("there") for name in learnt)


def test_kinds_split_the_selected_statements(seeds):
    priors = seeds.priors
    kinds = {
        kind: set(requested_statements(priors, kind)) for kind in ("base_rates", "findings", "risk_factors", "all")
    }
    correlations = {i for i in priors.selected if priors.statement(i).quantity == "dependence"}
    assert kinds["all"] == set(priors.selected)
    assert not kinds["base_rates"] & kinds["findings"]
    assert kinds["base_rates"] | kinds["findings"] | kinds["risk_factors"] | correlations == kinds["all"]
    assert all(name.startswith("base.") for name in kinds["base_rates"])
    assert requested_statements(priors, "base_rates, find.fever.none") == sorted(
        [*kinds["base_rates"], "find.fever.none"], key=priors.selected.index
    )
    with pytest.raises(UsageError, match=r"did you mean 'find\.fever\.none'"):
        requested_statements(priors, "find.fever.nome")
    with pytest.raises(UsageError, match="drives no table"):
        requested_statements(priors, "base.serious.as_reported")
    with pytest.raises(UsageError, match="say what to learn"):
        requested_statements(priors, "")


def test_base_rates_elsewhere_stay_as_they_are(seeds, rates):
    table = rates.table.set_index("statement")
    other = [name for name in table.index if not name.endswith("spine_clinic")]
    assert other
    assert (table.loc[other, "verdict"] == "unchanged").all()
    ids = requested_statements(seeds.priors, "base_rates")
    assert learnable_in(seeds.priors, ids, "base_rates", ("emergency",)) == [n for n in ids if n.endswith("emergency")]
    assert learnable_in(seeds.priors, ["base.infection.emergency"], "base.infection.emergency", ()) == [
        "base.infection.emergency"
    ]


@pytest.mark.slow
def test_the_rise_with_age_is_learnt_with_the_risk_factors_that_rise_with_age_too(seeds, people):
    """In a spine clinic fracture rises with age as its base rates of ``as_reported`` say; these are learnt there."""
    by_age = [f"base.fracture.{age}.as_reported" for age in ("under_50", "from_50_to_69", "from_70")]
    assert set(by_age) <= set(requested_statements(seeds.priors, "risk_factors"))
    for learn, settings, learnt in (
        ("all", ("spine_clinic",), by_age),
        ("risk_factors", ("spine_clinic",), by_age),
        ("base_rates", ("spine_clinic",), []),
        ("base_rates", ("as_reported",), by_age),
        ("base_rates,base.fracture.from_70.as_reported", ("spine_clinic",), by_age[-1:]),
    ):
        ids = learnable_in(seeds.priors, requested_statements(seeds.priors, learn), learn, settings)
        assert [name for name in ids if name in by_age] == sorted(learnt, key=ids.index), learn
        assert "base.infection.as_reported" not in ids or "as_reported" in settings
    table = calibrate(seeds, people, "risk_factors").table.set_index("statement")
    assert (table.loc[by_age, "verdict"] != "unchanged").any()


@pytest.mark.slow
def test_recalibration_finds_base_rates_far_from_the_stated(seeds, people):
    """People of a spine clinic taken for primary care: base rates 4 to 120 times the stated ones."""
    frame = people.assign(setting="primary_care")
    table = recalibrate(seeds, frame).table.set_index("statement")
    known = frame.iloc[:500]
    for condition in ("infection", "malignancy", "fracture", "nerve_compression"):
        count = (known[condition] == "present").sum()
        row = table.loc[f"base.{condition}.primary_care"]
        assert row["low"] < count / 500 < row["high"]
    assert table.loc["base.infection.primary_care", "verdict"] == "contradicted"
    held = calibrate(seeds, frame, "base_rates").table.set_index("statement")
    name = "base.infection.primary_care"
    assert held.loc[name, "prior"] < held.loc[name, "posterior"] < table.loc[name, "posterior"]


@pytest.mark.slow
def test_recalibration_needs_no_findings_and_few_outcomes(seeds):
    few = pd.DataFrame({"fracture": ["present"] * 4 + ["absent"] * 96, "setting": "emergency"})
    found = recalibrate(seeds, few, prior_weight=0.0).table.set_index("statement").loc["base.fracture.emergency"]
    assert found["posterior"] == pytest.approx(0.04, rel=0.01)
    jeffreys = stats.beta(4.5, 96.5).interval(0.95)
    assert found[["low", "high"]].tolist() == pytest.approx(jeffreys, rel=0.02)
    none = few.assign(fracture=["absent"] * 100, malignancy=["present"] + ["absent"] * 99)
    found = recalibrate(seeds, none, prior_weight=0.0).table.set_index("statement").loc["base.fracture.emergency"]
    assert found["posterior"] < 0.001
    assert 0.01 < found["high"] < 0.06


@pytest.mark.slow
def test_a_protective_ratio_shifts_on_the_log_scale(seeds, people):
    mild = seeds.with_statement("risk.fracture.female", value=0.6, low=0.4, high=0.9)
    row = calibrate(mild, people, ["risk.fracture.female"]).table.iloc[0]
    sd = np.log(0.9 / 0.4) / (2 * stats.norm.ppf(0.975))
    for column, value in (("shift", "posterior"), ("shift_low", "low"), ("shift_high", "high")):
        assert row[column] == pytest.approx(np.log(row[value] / 0.6) / sd, rel=1e-4)
    assert row["shift_low"] < row["shift"] < row["shift_high"]
