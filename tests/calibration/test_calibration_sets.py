"""What a fit leaves behind: the set and its numbers, verdicts, refusals, interrupts, the command."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

import riskmodel as rm
from riskmodel import cohort
from riskmodel.answers.uncertainty import shares
from riskmodel.calibration import calibrate, recalibrate
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.learnable import asked_for, here
from riskmodel.calibration.outcome_weights import inverse_probabilities
from riskmodel.calibration.provenance import cohort_hash
from riskmodel.cli import main
from riskmodel.errors import CasesError, OutputError, PriorsError, UsageError
from riskmodel.evidence.lineage import basis_shares, largest, read_shares
from riskmodel.evidence.load import load_priors
from tests.support.tabular import TRUTH, simulate, tabular

CONDITIONS = [v.name for v in load_priors().variables if v.role == "condition"]


NUMBERS = "value = 0.1\nlow = 0.05\nhigh = 0.2\n"


@pytest.fixture(scope="module")
def seeds() -> rm.Model:
    return rm.load()


@pytest.fixture(scope="module")
def people(seeds) -> pd.DataFrame:
    """700 people of a spine clinic, outcomes known of 500 of them."""
    found = cohort.simulate(seeds, 700, np.random.default_rng(1), setting="spine_clinic", missing=0.3)
    frame = cohort.to_cases(seeds, found, with_outcomes=True)
    frame.loc[500:, CONDITIONS] = ""
    return frame


@pytest.fixture(scope="module")
def rates(seeds, people):
    return calibrate(seeds, people, "base_rates", name="Spine clinic 2024")


# ---- the set ---------------------------------------------------------------------------------------


def test_loading_the_written_set_gives_the_fitted_model(seeds, people, rates, tmp_path):
    fitted = rm.load(rates.write(tmp_path / "local.toml"))
    assert fitted.priors.statements == rates.model.priors.statements
    assert fitted.priors.selected == rates.model.priors.selected == seeds.priors.selected
    assert fitted.scoring.model_hash == rates.model.scoring.model_hash != seeds.scoring.model_hash
    plain = people.drop(columns=CONDITIONS)
    pd.testing.assert_frame_equal(fitted.score(plain), rates.model.score(plain))


def test_the_written_set_says_where_each_number_comes_from(rates, tmp_path):
    document = tomllib.loads(rates.write(tmp_path / "local.toml").read_text())
    assert document["extends"] == "seeds"
    assert document["sources"]["spine_clinic_2024"]["where"] == "n = 700, of whom 500 have some outcome"
    moved = rates.table[rates.table["verdict"] != "unchanged"].set_index("statement")
    assert set(document["override"]) == set(moved.index)
    for name, numbers in document["override"].items():
        (informed,) = numbers["informed"]
        assert informed["cohort"] == "spine_clinic_2024"
        assert informed["people"] == pytest.approx(moved.loc[name, "n_informing"], rel=0.005)
        assert informed["share"] == pytest.approx(moved.loc[name, "share"], abs=0.0005)
        assert numbers["note"].startswith(f"was {rates.parent.statement(name).value:g} (")
        se = (moved.loc[name, "high"] - moved.loc[name, "low"]) / 3.92
        for key, column in (("value", "posterior"), ("low", "low"), ("high", "high")):
            assert numbers[key] == pytest.approx(moved.loc[name, column], abs=se / 100)
            assert len(repr(numbers[key])) <= 10  # digits that mean nothing are not written


def test_a_fitted_statement_keeps_what_it_was(seeds, rates, tmp_path):
    loaded = rm.load(rates.write(tmp_path / "local.toml"))
    for name in rates.table.loc[rates.table["verdict"] != "unchanged", "statement"]:
        before, after = seeds.statement(name), loaded.statement(name)
        assert (after.basis, after.source, after.read) == (before.basis, before.source, before.read)
        parts = basis_shares(after)
        assert sum(parts.values()) == pytest.approx(1)
        assert parts.get("cohort", 0.0) == (after.informed[0].share if after.informed[0].share >= 0.1 else 0.0)
        assert read_shares(after).get("in_cohort", 0.0) == parts.get("cohort", 0.0)
    statement = loaded.statement("base.fracture.spine_clinic")
    assert statement.informed[0].share > 0.1
    source = loaded.priors.sources[statement.informed[0].cohort]
    assert source.kind == "data"
    assert source.fit.version == rm.__version__
    assert source.fit.command.startswith("riskmodel.calibrate(learn='base_rates', prior_weight=1, name='Spine clinic")
    assert date.fromisoformat(source.fit.date)


def test_an_explanation_says_what_the_numbers_were_fitted_to(seeds, rates):
    case = pd.DataFrame({"age": [60], "fever": ["yes"]})
    said = str(rates.model.explain(case, setting="spine_clinic")).replace("\n  ", " ")
    assert "statements were fitted to Cohort Spine clinic 2024 (n = 700, of whom 500 have some outcome)" in said
    assert rates.origin.cohort_hash[:20] in said
    assert "fitted to" not in str(seeds.explain(case, setting="spine_clinic"))


def test_a_cohort_has_one_hash_whatever_the_order_of_its_people(seeds, people, rates):
    masks = seeds.code(people, known_outcomes=True)
    assert rates.origin.cohort_hash == cohort_hash(seeds.variables, masks)
    assert cohort_hash(seeds.variables, masks[:, ::-1]) == rates.origin.cohort_hash
    masks[0, 0] = 1 if masks[0, 0] != 1 else 2
    assert cohort_hash(seeds.variables, masks) != rates.origin.cohort_hash


def test_a_statement_that_the_data_hardly_told_stays_an_assumption(seeds):
    people = cohort.simulate(seeds, 400, np.random.default_rng(4), setting="emergency", missing=0.5)
    fitted = calibrate(seeds, cohort.to_cases(seeds, people, with_outcomes=True), "findings", setting="emergency")
    table = fitted.table.set_index("statement")
    little = [
        name for name in table.index[(table["verdict"] != "unchanged") & (table["share"] < 0.099)]
        if seeds.statement(name).basis == "assumption"
    ]  # fmt: skip
    much = table.index[table["share"] > 0.101]
    assert len(little) > 10
    assert len(much) > 5
    assert {largest(basis_shares(fitted.model.statement(name))) for name in little} == {"assumption"}
    assert all("cohort" in basis_shares(fitted.model.statement(name)) for name in much)
    assert not [s.id for s in fitted.model.priors.statements if s.basis == "cohort"]


def test_what_the_uncertainty_rests_on_splits_between_former_basis_and_cohort(seeds, rates):
    masks = seeds.code(pd.DataFrame({"age": [60], "fever": ["yes"]}), setting="spine_clinic")
    before = shares(seeds.priors, seeds.variables, masks, 200, 1)
    after = shares(rates.model.priors, seeds.variables, masks, 200, 1)
    assert "cohort" not in before["basis"]
    for kinds in after.values():
        np.testing.assert_allclose(sum(kinds.values()), 1)
    assert after["basis"]["cohort"].max() > 0.001
    assert after["read"]["in_cohort"].max() > 0.001
    assert rates.model.draw(8, np.random.default_rng(1)).draws == 8


def test_a_changed_model_and_a_set_of_ones_own_are_extended_whole(seeds, people, tmp_path):
    changed = seeds.with_statement("find.fever.none", value=0.08).with_statement("find.mri.none", n=40)
    fitted = calibrate(changed, people, "base_rates", name="first")
    first = rm.load(fitted.write(tmp_path / "first.toml"))
    assert first.priors.statements == fitted.model.priors.statements
    again = calibrate(first, people, ["find.fever.none"], name="first")
    (tmp_path / "deeper").mkdir()
    written = again.write(tmp_path / "deeper" / "second.toml")
    assert tomllib.loads(written.read_text())["extends"] == "../first.toml"
    second = rm.load(written)
    assert second.priors.statements == again.model.priors.statements
    assert {"first", "first_2"} <= set(second.priors.sources)
    third = calibrate(second, people, "base_rates", name="third").model.statement("base.fracture.spine_clinic")
    assert [step.cohort for step in third.informed] == ["first", "third"]
    assert third.basis == seeds.statement("base.fracture.spine_clinic").basis
    by_hand = second.with_statement("base.fracture.spine_clinic", value=0.05).statement("base.fracture.spine_clinic")
    assert by_hand.informed == ()
    with pytest.raises(UsageError, match="is the set that was fitted"):
        again.write(tmp_path / "first.toml")


def test_a_fitted_number_wins_in_a_set_that_prefers_studies(tmp_path, people):
    literature = rm.load("literature")
    fitted = calibrate(literature, people.head(300), "base_rates,risk_factors")
    loaded = load_priors(fitted.write(tmp_path / "local.toml"))
    assert loaded.selected == literature.priors.selected
    assert loaded.statements == fitted.model.priors.statements


@pytest.mark.parametrize("name", ["a\x07b", "two\nlines", "\x7f", " ", "half \ud800"])
def test_a_name_that_no_set_can_hold_is_refused(seeds, people, name):
    with pytest.raises(UsageError, match=r"the cohort's name .*printable characters"):
        calibrate(seeds, people, "base_rates", name=name)


@pytest.mark.parametrize("name", ['"quoted" \\ # [x]', "Klinikum Süd\u00a0Ost", "x" * 300])
def test_a_set_of_any_other_name_can_be_loaded_again(seeds, people, name, tmp_path):
    fitted = calibrate(seeds, people, "base_rates", name=name)
    assert rm.load(fitted.write(tmp_path / "set.toml")).priors.statements == fitted.model.priors.statements


def informed(key="mine", people=20, share=0.3):
    return f'informed = [{{ cohort = "{key}", people = {people}, share = {share} }}]'


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (f'{NUMBERS}basis = "cohort"', "key 'basis' has been replaced.*informed = "),
        (f"{NUMBERS}{informed('mime')}", "unknown source 'mime'.*did you mean 'mine'"),
        (f"value = 0.1\n{informed()}", "a fitted number without value, low and high"),
        (f"{NUMBERS}{informed(share=1.5)}", "informed.0.share.*received 1.5"),
        (f"{NUMBERS}{informed(people=-1)}", "informed.0.people.*received -1"),
        (f'{NUMBERS}informed = [{{ cohort = "mine" }}]', "informed.0.people.*missing"),
        ('value = 0.1\nsource = "mine"', "unknown key 'source'"),
        (f"value = 0.3\nlow = 0.05\nhigh = 0.2\n{informed()}", "outside its range"),
    ],
)  # fmt: skip
def test_a_broken_override_is_reported(tmp_path, override, message):
    path = tmp_path / "mine.toml"
    source = '[sources.mine]\ntitle = "Mine"\nkind = "data"\n'
    path.write_text(f'extends = "seeds"\n{source}[override."find.fever.none"]\n{override}\n')
    with pytest.raises(PriorsError, match=f"(?s)find.fever.none.*{message}"):
        load_priors(path)


def test_only_a_set_may_say_cohort(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "seeds"\nprefer = ["cohort", "seed", "study", "assumption"]\n')
    with pytest.raises(PriorsError, match="'cohort'"):
        load_priors(path)


# ---- verdicts --------------------------------------------------------------------------------------


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


def test_a_heavier_prior_holds_more(tmp_path):
    model = tabular(tmp_path, {**TRUTH, ("scan=abnormal", "second=yes"): 0.4})
    masks = simulate(tabular(tmp_path / "true").priors, 300, np.random.default_rng(3))
    at = [
        fit_coded(model, range(300), masks, prior_weight=w).table["posterior"].iloc[-1] for w in (0.0, 0.3, 1.0, 10.0)
    ]
    assert at == sorted(at, reverse=True)
    assert at[0] > 0.7
    assert at[-1] < 0.6


# ---- what is learnt --------------------------------------------------------------------------------


def test_kinds_split_the_selected_statements(seeds):
    priors = seeds.priors
    kinds = {kind: set(asked_for(priors, kind)) for kind in ("base_rates", "findings", "risk_factors", "all")}
    strengths = {i for i in priors.selected if priors.statement(i).quantity == "dependence"}
    assert kinds["all"] == set(priors.selected)
    assert not kinds["base_rates"] & kinds["findings"]
    assert kinds["base_rates"] | kinds["findings"] | kinds["risk_factors"] | strengths == kinds["all"]
    assert all(name.startswith("base.") for name in kinds["base_rates"])
    assert asked_for(priors, "base_rates, find.fever.none") == sorted(
        [*kinds["base_rates"], "find.fever.none"], key=priors.selected.index
    )
    with pytest.raises(UsageError, match=r"did you mean 'find\.fever\.none'"):
        asked_for(priors, "find.fever.nome")
    with pytest.raises(UsageError, match="drives no table"):
        asked_for(priors, "base.serious.as_reported")
    with pytest.raises(UsageError, match="say what to learn"):
        asked_for(priors, "")


def test_base_rates_elsewhere_stay_as_they_are(seeds, rates):
    table = rates.table.set_index("statement")
    other = [name for name in table.index if not name.endswith("spine_clinic")]
    assert other
    assert (table.loc[other, "verdict"] == "unchanged").all()
    ids = asked_for(seeds.priors, "base_rates")
    assert here(seeds.priors, ids, "base_rates", ("emergency",)) == [n for n in ids if n.endswith("emergency")]
    assert here(seeds.priors, ["base.infection.emergency"], "base.infection.emergency", ()) == [
        "base.infection.emergency"
    ]


def test_the_rise_with_age_is_learnt_with_the_risk_factors_that_rise_with_age_too(seeds, people):
    """In a spine clinic fracture rises with age as its base rates of ``as_reported`` say; these are learnt there."""
    by_age = [f"base.fracture.{age}.as_reported" for age in ("under_50", "from_50_to_69", "from_70")]
    assert set(by_age) <= set(asked_for(seeds.priors, "risk_factors"))
    for learn, settings, learnt in (
        ("all", ("spine_clinic",), by_age),
        ("risk_factors", ("spine_clinic",), by_age),
        ("base_rates", ("spine_clinic",), []),
        ("base_rates", ("as_reported",), by_age),
        ("base_rates,base.fracture.from_70.as_reported", ("spine_clinic",), by_age[-1:]),
    ):
        ids = here(seeds.priors, asked_for(seeds.priors, learn), learn, settings)
        assert [name for name in ids if name in by_age] == sorted(learnt, key=ids.index), learn
        assert "base.infection.as_reported" not in ids or "as_reported" in settings
    table = calibrate(seeds, people, "risk_factors").table.set_index("statement")
    assert (table.loc[by_age, "verdict"] != "unchanged").any()


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


def test_a_protective_ratio_shifts_on_the_log_scale(seeds, people):
    mild = seeds.with_statement("risk.fracture.female", value=0.6, low=0.4, high=0.9)
    row = calibrate(mild, people, ["risk.fracture.female"]).table.iloc[0]
    sd = np.log(0.9 / 0.4) / (2 * stats.norm.ppf(0.975))
    for column, value in (("shift", "posterior"), ("shift_low", "low"), ("shift_high", "high")):
        assert row[column] == pytest.approx(np.log(row[value] / 0.6) / sd, rel=1e-4)
    assert row["shift_low"] < row["shift"] < row["shift_high"]


# ---- selection -------------------------------------------------------------------------------------


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


def test_weighting_is_refused_where_the_policy_decides_who_is_imaged(seeds):
    """Measured over true base rates: 1.6 and a fourth of the intervals hold, where 'ignorable' has .99 and all."""
    masks = imaged(seeds, 3000, 0.0)
    message = r"(?s)'weighted' needs everybody.*\d\d % of 3,000 people had less than a tenth.*take 'ignorable'"
    with pytest.raises(CasesError, match=message):
        fit_coded(seeds, range(3000), masks, "base_rates", outcomes="weighted")
    assert fit_coded(seeds, range(3000), masks, "base_rates").weighting is None


def test_the_weights_are_shown_where_they_can_be_used(seeds):
    """Few outcomes are no violation, where everybody had the same chance of one."""
    masks = imaged(seeds, 3000, 0.04)
    fitted = fit_coded(seeds, range(3000), masks, "base_rates", outcomes="weighted")
    assert fitted.weighting.rare < 0.05
    text = str(fitted)
    assert f"effective sample size {fitted.weighting.effective:,.0f}" in text
    assert "positivity: " in text


# ---- bad input -------------------------------------------------------------------------------------


def cases(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"setting": ["emergency"] * 4, **columns})


OUTCOME = ["present", "absent", "absent", ""]
FEVER = ["yes", "no", "", "no"]
NOBODY, EVERYBODY = ["absent", "absent", "", ""], ["present", "present", "", ""]
GOOD = cases(infection=OUTCOME, fever=FEVER)
TWICE = cases(case_id=list("abcc"), infection=NOBODY, fever=["", "", "no", "no"])
ELSEWHERE = {"learn": "base.infection.spine_clinic"}


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (cases(fever=FEVER), {}, "no outcome is known: .*one of the columns infection, malignancy"),
        (cases(fever=FEVER, infection=[""] * 4), {}, "no outcome is known"),
        (cases(fever=FEVER, infection=NOBODY), {}, r"one class: nobody has infection \(known in 2\)"),
        (cases(fever=FEVER, infection=EVERYBODY), {}, "infection has one class: .*Blank cells are unknown"),
        (cases(infection=OUTCOME), {}, "no modelled finding is known"),
        (cases(infection=OUTCOME, fever=["yes", "maybe", "", ""]), {}, "maybe"),
        (GOOD.assign(case_id=list("aabc")), {}, "'a' stands in 2 rows, which contradict each other"),
        (TWICE, {}, "'c' stands in 2 rows, all the same"),
        (GOOD.iloc[:0], {}, "no row"),
        (GOOD, ELSEWHERE, "nothing can move: the cohort says nothing about base.infection.spine_clinic.*emergency"),
        (GOOD, {"learn": "feever"}, "neither base_rates"),
        (GOOD, {"learn": 5}, "learn: 5 is no text; give base_rates, findings, .*or ids of statements"),
        (GOOD, {"learn": None}, "learn: None is no text"),
        (GOOD, {"learn": ["base_rates", 5]}, "learn: 5 is no text"),
        (GOOD, {"outcomes": "ignore"}, "did you mean 'ignorable'"),
        (GOOD, {"outcomes": None}, "outcomes: None is not one of ignorable"),
        (GOOD, {"prior_weight": None}, "prior_weight must be a number of 0 or more, not None"),
        (GOOD, {"prior_weight": -1.0}, "prior_weight must be"),
        (GOOD, {"prior_weight": float("nan")}, "prior_weight must be"),
    ],
)  # fmt: skip
def test_bad_cohorts_are_refused(seeds, frame, options, message):
    with pytest.raises((CasesError, UsageError), match=f"(?s){message}"):
        calibrate(seeds, frame, **options)


def test_impossible_rows_are_named(tmp_path):
    never = {**TRUTH, ("scan=abnormal", "second=no"): 0.0}
    model = tabular(tmp_path, never)
    masks = simulate(model.priors, 50, np.random.default_rng(1))
    rows = {v.name: i for i, v in enumerate(model.variables)}
    masks[rows["second"], 7], masks[rows["scan"], 7] = 1, 2
    with pytest.raises(CasesError, match=r"cannot be, under the model:\n  'p7'$"):
        fit_coded(model, [f"p{i}" for i in range(50)], masks)


def test_a_fit_that_cannot_move(tmp_path):
    model = tabular(tmp_path, {**TRUTH, ("scan=abnormal", "second=no"): 0.0})
    masks = simulate(model.priors, 50, np.random.default_rng(1))
    with pytest.raises(UsageError, match="nothing can move"):
        fit_coded(model, range(50), masks, "s13")


def test_nothing_is_written_when_nothing_moved_or_it_cannot_be(seeds, rates, tmp_path):
    still = calibrate(seeds, cases(infection=OUTCOME, fever=["", "", "no", ""]), "find.fever.none")
    assert (still.table["verdict"] == "unchanged").all()
    assert still.model.priors is seeds.priors
    with pytest.raises(UsageError, match="nothing was written"):
        still.write(tmp_path / "still.toml")
    with pytest.raises(OutputError, match="cannot be written"):
        rates.write(tmp_path / "nowhere" / "set.toml")
    assert not list(tmp_path.iterdir())


def test_notes_tell_of_outcomes_that_say_little(seeds, people):
    frame = people.drop(columns=["setting", "cauda_equina"]).assign(inflammatory=["absent"] * 500 + [""] * 200)
    notes = "\n".join(calibrate(seeds, frame, "base_rates", setting="emergency").notes)
    assert "nobody has inflammatory" in notes
    assert "no outcome is known of cauda_equina" in notes


# ---- an interrupt ----------------------------------------------------------------------------------


def test_an_interrupt_leaves_the_best_so_far_marked(seeds, people, tmp_path):
    def stop(done: int, total: int | None) -> None:
        assert total is None
        if done == 2:
            raise KeyboardInterrupt

    fitted = calibrate(seeds, people, ["find.night_pain.none", "base_rates"], progress=stop, prior_weight=0.0)
    whole = calibrate(seeds, people, ["find.night_pain.none", "base_rates"], prior_weight=0.0)
    assert not fitted.converged
    assert whole.converged
    assert fitted.steps == 2 < whole.steps
    assert fitted.log_posterior < whole.log_posterior
    assert "Marked as not converged: interrupted" in str(fitted)
    document = tomllib.loads(fitted.write(tmp_path / "half.toml").read_text())
    assert document["title"].endswith("(not converged: interrupted)")
    assert "not converged: interrupted" in document["sources"]["cohort"]["note"]


# ---- the command -----------------------------------------------------------------------------------


def run(*arguments: object) -> object:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_the_command_writes_what_python_finds(seeds, people, rates, tmp_path):
    source, output = tmp_path / "people.csv", tmp_path / "local.toml"
    people.to_csv(source, index=False)
    done = run("calibrate", source, "-o", output, "--learn", "base_rates", "--name", "Spine clinic 2024")
    assert done.exit_code == 0, done.output
    assert rm.load(output).priors.statements == rates.model.priors.statements
    assert "base.fracture.spine_clinic" in done.stdout
    assert "For research, not for the care of a patient." in done.stdout
    assert f"wrote {output}" in done.stderr
    scored = run("score", source, "-o", tmp_path / "scored.csv", "--priors", output)
    assert scored.exit_code == 0, scored.output


def test_the_command_leaves_bad_rows_out_and_says_so(people, tmp_path):
    source, output = tmp_path / "people.csv", tmp_path / "local.toml"
    bad = people.astype({"fever": object})
    bad.loc[[3, 9], "fever"] = "perhaps"
    bad.to_csv(source, index=False)
    done = run("calibrate", source, "-o", output, "--learn", "base_rates")
    assert done.exit_code == 1
    assert "700 records read = 698 used + 2 rejected" in done.stderr
    assert "2 × fever 'perhaps' (line 5 (case S004), line 11 (case S010))" in done.stderr
    assert "2 of 700 rows were rejected" in done.stdout
    assert output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "nowhere/local.toml"], "no folder"),
        (["-o", "local.toml", "--learn", "everything"], "neither base_rates, findings"),
        (["-o", "local.toml", "--outcomes", "some"], "not one of ignorable"),
        (["-o", "local.toml", "--setting", "hospital"], "'hospital' is not one of"),
        (["-o", "local.toml", "--prior-weight", "-2"], "0 or more"),
    ],
)
def test_the_command_refuses_bad_usage(people, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    people.head(100).to_csv("people.csv", index=False)
    done = run("calibrate", "people.csv", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert [path.name for path in Path().iterdir()] == ["people.csv"]


def test_weights_need_outcomes_of_the_same_people(seeds):
    """One complete outcome made everybody verified: every weight was 1, and nobody was told."""
    people = cohort.simulate(seeds, 400, np.random.default_rng(4), setting="emergency")
    frame = cohort.to_cases(seeds, people, with_outcomes=True)
    frame.loc[frame.index[100:], "malignancy"] = None
    with pytest.raises(CasesError, match=r"known of different ones .*malignancy in 100.* of 400"):
        calibrate(seeds, frame, "base_rates", outcomes="weighted")
