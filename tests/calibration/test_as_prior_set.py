"""The set that a fit leaves: its numbers, where they come from, what it is loaded as."""

from __future__ import annotations

import tomllib
from datetime import date

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel import cohort
from riskmodel.answers.uncertainty import shares
from riskmodel.calibration import calibrate
from riskmodel.calibration.provenance import cohort_hash
from riskmodel.errors import PriorsError, UsageError
from riskmodel.evidence.lineage import basis_shares, largest_share, read_shares
from riskmodel.evidence.load import load_priors
from tests.support.models import CONDITIONS

pytestmark = pytest.mark.slow

NUMBERS = "value = 0.1\nlow = 0.05\nhigh = 0.2\n"


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
        was = [rates.parent.statement(name).value, moved.loc[name, "prior_low"], moved.loc[name, "prior_high"]]
        assert informed["was"] == pytest.approx(was, rel=0.005)
        assert "note" not in numbers  # it is that of the source, as before
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
    source = loaded.priors.sources[statement.informed[0].source]
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
    assert {largest_share(basis_shares(fitted.model.statement(name))) for name in little} == {"assumption"}
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
    assert [step.source for step in third.informed] == ["first", "third"]
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
