"""The statements that a two-by-two table supports."""

import pandas as pd
import pytest
from pgmpy.inference import VariableElimination

import riskmodel as rm
from riskmodel.errors import PriorsError, StudiesError, UsageError
from riskmodel.evidence.records import Event
from riskmodel.model import Model
from riskmodel.network.ask import conditional, implied
from riskmodel.network.roundtrip import round_trip

ABOUT = {"of": "fever=present", "given": "infection=present", "source": "smith_2024", "locator": "table 2"}


def test_where_others_were_excluded_both_shares_drive_a_table(seeds: Model):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A. Spine 2024;1:1", year=2024, others="excluded")
    assert [(s["given"], s["events"], s["n"]) for s in study.statements] == [
        ("infection=present alone", 20, 40),
        ("none", 30, 360),
    ]
    model = seeds.with_statements(study.statements, study.sources)
    new = set(model.priors.selected) - set(seeds.priors.selected)
    assert new == {"smith_2024.fever.infection.alone", "smith_2024.fever.infection.none"}
    assert set(seeds.priors.selected) - set(model.priors.selected) == {"find.fever.infection", "find.fever.none"}


def test_otherwise_the_network_is_solved_for_both_shares(seeds: Model):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A", setting="emergency", design="cohort")
    assert not study.refused
    model = seeds.with_statements(study.statements, study.sources)
    assert set(seeds.priors.selected) - set(model.priors.selected) == {
        "base.infection.emergency",
        "find.fever.infection",
        "find.fever.none",
    }
    assert model.statement("smith_2024.infection.emergency").value == 0.1
    assert model.statement("smith_2024.fever.infection.absent").given_text == "infection=absent; setting=emergency"
    fever = Event("fever", ("present",))
    for state, share in (("present", 20 / 40), ("absent", 30 / 360)):
        given = {"setting": ("emergency",), "infection": (state,)}
        assert conditional(model.tables, fever, given) == pytest.approx(round(share, 5), abs=1e-12)
    case = {"fever": "yes"}
    before, after = (m.posterior(case, setting="emergency").loc[0, "infection"] for m in (seeds, model))
    assert abs(after / before - 1) > 0.1


@pytest.mark.parametrize("group", ["present", "absent"])
@pytest.mark.parametrize("set_name", ["seeds", "literature"])
def test_one_share_alone_goes_in_place_of_what_stated_the_same(group, set_name, request):
    base: Model = request.getfixturevalue(set_name)
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A", setting="primary_care")
    chosen = [s for s in study.statements if s["id"].endswith(group)]
    model = base.with_statements(chosen, study.sources)
    gone = set(base.priors.selected) - set(model.priors.selected)
    assert len(gone) == 1
    assert gone <= (
        {"find.fever.none"} if group == "absent" else {"find.fever.infection", "find.fever.infection.study"}
    )
    statement = model.statement(chosen[0]["id"])
    assert implied(model.tables, statement, "as_reported")[0] == pytest.approx(statement.value, rel=1e-12)


def test_a_later_study_of_the_same_goes_in_its_place(seeds: Model):
    """Also where it is of another condition: how often fever is seen without either is one number."""
    first = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A")
    other = {**ABOUT, "given": "malignancy=present", "source": "jones_2025"}
    second = rm.from_2x2(4, 30, 16, 270, **other, title="Jones B")
    model = seeds.with_statements(first.statements, first.sources).with_statements(second.statements, second.sources)
    assert {name for name in model.priors.selected if name.startswith(("smith", "jones"))} == {
        "smith_2024.fever.infection.present",
        "jones_2025.fever.malignancy.present",
        "jones_2025.fever.malignancy.absent",
    }
    with pytest.raises(PriorsError, match=r"state one parameter; .*drives = \"audit\" in the other"):
        seeds.with_statements([*first.statements, *second.statements], {**first.sources, **second.sources})


@pytest.mark.parametrize(
    ("design", "why", "driving"),
    [("two_gate", "two_gate, not a cohort", ["present"]), ("", "not stated", ["present", "absent"])],
)
def test_only_a_cohort_has_a_base_rate(design, why, driving):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, design=design, setting="emergency")
    assert len(study.statements) == 2
    assert why in study.refused[-1]
    assert [s["id"].rpartition(".")[2] for s in study.statements if "drives" not in s] == driving
    assert ("were chosen apart; compared only" in study.refused[0]) == (design == "two_gate")


def test_the_text_is_a_set(seeds: Model, tmp_path):
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A. Spine 2024;1:1", others="excluded")
    file = tmp_path / "smith.toml"
    file.write_text('extends = "seeds"\n' + study.toml(), encoding="utf-8")
    in_python, in_a_set = seeds.with_statements(study.statements, study.sources), rm.load(file)
    case = {"fever": "yes", "night_pain": "yes"}
    first, second = (m.posterior(case, setting="emergency").to_numpy() for m in (in_python, in_a_set))
    assert (first == second).all()


def test_a_share_of_nearly_one_is_not_rounded_to_one():
    study = rm.from_2x2(99_999, 0, 1, 50, **ABOUT)
    assert [statement["value"] for statement in study.statements] == [0.99999, 0.0]


def test_all_problems_at_once():
    with pytest.raises(StudiesError) as error:
        rm.from_2x2(-1, 2.5, 0, 0, **{**ABOUT, "of": "fever"}, others="no")
    assert len(error.value.problems) == 4
    with pytest.raises(StudiesError) as error:
        rm.from_2x2(1, 2, 3, 4, **{**ABOUT, "source": "Smith 2024", "of": "infection=any"}, read="fulltext", year="24")
    assert [problem.where for problem in error.value.problems] == [
        "key 'given'", "key 'source'", "key 'read'", "key 'year'"
    ]  # fmt: skip
    assert "did you mean 'full_text'" in str(error.value)
    with pytest.raises(StudiesError, match="nobody with the condition"):
        rm.from_2x2(0, 3, 0, 5, **ABOUT)


def test_counts_may_be_those_of_a_row_of_a_frame(seeds: Model):
    row = pd.DataFrame({"tp": [20], "fp": [30], "fn": [20], "tn": [330], "year": [2024]}).iloc[0]
    study = rm.from_2x2(row["tp"], row["fp"], row["fn"], row["tn"], **ABOUT, title="Smith", year=row["year"])
    assert study == rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith", year=2024)
    assert (
        seeds.with_statements(study.statements, study.sources).statement("smith_2024.fever.infection.present").n == 40
    )


@pytest.mark.parametrize("wrong", ["study.csv", {"id": "x"}, 3])
def test_what_is_no_list_of_statements_is_refused(seeds: Model, wrong):
    with pytest.raises(UsageError, match=r"takes a list of statements, or what from_2x2 .*, not a (str|dict|int)"):
        seeds.with_statements(wrong)


@pytest.mark.slow
def test_from_a_table_to_an_answer_that_cites_it(seeds: Model, tmp_path):
    """The line that a clinical epidemiologist types, and what every part of the program then says."""
    study = rm.from_2x2(20, 30, 20, 330, **ABOUT, title="Smith A. Spine 2024;1:1", year=2024, setting="emergency")
    model = seeds.with_statements(study.statements, study.sources)
    case = {"fever": "yes", "age": 60}
    before, after = (m.score(case, setting="emergency").loc[0, "p_infection"] for m in (seeds, model))
    assert after < before
    explained = " ".join(str(model.explain(case, setting="emergency")).split())
    assert (
        "P(fever=present | infection=present; setting=emergency) = 0.5 (20 of 40): study, smith_2024 table 2"
        in explained
    )
    assert "(30 of 360): study, smith_2024 table 2, read in full text in place of find.fever.none, 0.05" in explained
    drawn = model.score(case, setting="emergency", draws=200, seed=1)
    assert drawn.loc[0, "p_infection"] == pytest.approx(after)
    assert drawn.loc[0, "p_infection_low"] < after < drawn.loc[0, "p_infection_high"]
    many = pd.concat([pd.DataFrame([case])] * 10_001, ignore_index=True)  # the compiled engine
    assert (model.score(many, setting="emergency")["p_infection"] == after).all()
    file = tmp_path / "clinic.toml"
    model.write(file)
    again = rm.load(file)
    assert again.score(case, setting="emergency").loc[0, "p_infection"] == after
    readings = {reading.statement: reading for reading in round_trip(again.priors, again.tables)}
    assert all(readings[statement["id"]].worst < 1e-12 for statement in study.statements)
    engine = VariableElimination(model.network)
    for state, share in (("present", 0.5), ("absent", 0.08333)):
        of_people = engine.query(["fever"], {"infection": state, "setting": "emergency"}, show_progress=False)
        assert of_people.get_value(fever="present") == pytest.approx(share, abs=1e-10)
