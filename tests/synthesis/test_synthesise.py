"""From a table of studies to a prior set."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import special

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.errors import StudiesError
from riskmodel.evidence.distributions import draw_values
from riskmodel.model import Model
from riskmodel.network.roundtrip import round_trip
from riskmodel.synthesis.synthesise import Synthesis
from riskmodel.synthesis.two_by_two import StudyStatements

STUDIES = pd.DataFrame(
    [
        (
            "Smith 2024",
            "smith_2024",
            "table 2",
            "full_text",
            "fever=present",
            "infection=present alone",
            20,
            30,
            20,
            330,
        ),
        ("Jones 2020", "jones_2020", "p. 4", "abstract", "fever=present", "infection=present alone", 0, 3, 9, 88),
        (
            "Green 2021",
            "green_2021",
            "table 1",
            "full_text",
            "fever=present",
            "infection=present alone",
            11,
            9,
            30,
            400,
        ),
        (
            "Smith 2024",
            "smith_2024",
            "table 3",
            "full_text",
            "night_pain=present",
            "malignancy=present",
            12,
            90,
            7,
            200,
        ),
    ],
    columns=["study", "source", "locator", "read", "of", "given", "tp", "fp", "fn", "tn"],
)
RATES = pd.DataFrame(
    [
        ("Smith 2024", "smith_2024", "table 1", "infection=present", "setting=emergency", 4, 600),
        ("Green 2021", "green_2021", "table 1", "infection=present", "setting=emergency", 0, 90),
    ],
    columns=["study", "source", "locator", "of", "given", "events", "n"],
)
BOTH = pd.concat([STUDIES, RATES], ignore_index=True)


@pytest.fixture(scope="module")
def synthesis() -> Synthesis:
    return rm.synthesise(BOTH, rm.load())


def with_all(model: Model, stated: StudyStatements) -> Model:
    return model.with_statements(stated.statements, stated.sources, stated.drawn_together)


def test_a_model_takes_a_synthesis_whole(synthesis, seeds: Model):
    whole, parts = seeds.with_statements(synthesis), with_all(seeds, synthesis.stated)
    assert whole.priors == parts.priors == seeds.with_statements(synthesis.stated).priors
    assert whole.priors.drawn_pairs


def test_the_statements_go_into_a_model(synthesis, seeds: Model):
    model = with_all(seeds, synthesis.stated)
    new = set(model.priors.selected) - set(seeds.priors.selected)
    assert new == {
        "synthesis_fever_present_infection_present_alone.alone",
        "synthesis_fever_present_infection_present_alone.none",
        "synthesis_night_pain_present_malignancy_present.present",
        "synthesis_night_pain_present_malignancy_present.absent",
        "synthesis_infection_present_setting_emergency.rate",
    }
    gone = set(seeds.priors.selected) - set(model.priors.selected)
    assert {name.rpartition(".")[0] for name in gone} >= {"find.fever", "find.night_pain"}
    readings = round_trip(model.priors, model.tables)
    assert all(reading.holds for reading in readings if reading.statement in new)
    alone = model.statement("synthesis_fever_present_infection_present_alone.alone")
    assert 0.2 < alone.value < 0.45
    assert (alone.low < 0.15, alone.high > 0.6) == (
        True,
        True,
    )  # 20 of 40, 0 of 9 and 11 of 41: the next setting is anybody's guess
    assert alone.read == "abstract"
    assert "jones_2020: p. 4" in alone.locator
    assert alone.note.startswith("Random effects of 3 studies, of the next setting: mean ")
    assert model.priors.sources["jones_2020"].title == "Jones 2020"
    model.uncertain(32, 1)  # can be drawn


def test_only_what_can_drive_a_table_does(seeds: Model):
    """A risk factor, a finding that the condition does not cause, a graded test, controls who were chosen apart."""
    pairs = [
        ("cancer_history=present", "malignancy=present"), ("inflammatory_pattern=present", "malignancy=present"),
        ("esr=from_50", "malignancy=present"), ("weight_loss=present", "malignancy=present"),
    ]  # fmt: skip
    states = {v.name: v.states[-1] for v in seeds.priors.variables}
    rows = [STUDIES.tail(1).assign(of=f"{of.split('=')[0]}={states[of.split('=')[0]]}", given=g) for of, g in pairs]
    table = pd.concat(rows, ignore_index=True).assign(design=["", "", "", "two_gate"])
    stated = rm.synthesise(table, seeds).stated
    assert [s["given"] for s in stated.statements if "drives" not in s] == ["malignancy=present"]
    assert len(stated.refused) == 7
    for reason in ("a risk factor", "no arc malignancy → inflammatory_pattern", "has the states", "were chosen apart"):
        assert any(reason in why for why in stated.refused), reason
    seeds.with_statements(stated.statements, stated.sources)


def test_of_two_rates_of_one_leak_that_of_most_people_drives(seeds: Model):
    """How often weight loss is seen without malignancy, and without infection, is one number of its table."""
    rows = STUDIES.tail(1).assign(of="weight_loss=present", setting="primary_care")
    fewer = rows.assign(given="infection=present", fp=9, tn=20)
    stated = rm.synthesise(pd.concat([fewer, rows], ignore_index=True), seeds).stated
    assert [s["given"] for s in stated.statements if "drives" not in s] == [
        "infection=present; setting=primary_care",
        "malignancy=present; setting=primary_care",
        "malignancy=absent; setting=primary_care",
    ]
    assert "stated by more people given malignancy=absent" in stated.refused[0]
    model = seeds.with_statements(stated.statements, stated.sources)
    assert all(
        reading.worst < 1e-9 for reading in round_trip(model.priors, model.tables) if "synth" in reading.statement
    )


def test_the_text_is_a_set(synthesis, seeds: Model, tmp_path):
    file = tmp_path / "synthesis.toml"
    file.write_text('extends = "seeds"\n' + synthesis.stated.toml(), encoding="utf-8")
    case = {"fever": "yes", "night_pain": "yes"}
    in_python = with_all(seeds, synthesis.stated)
    first, second = (m.posterior(case, setting="emergency").to_numpy() for m in (in_python, rm.load(file)))
    assert (first == second).all()


def test_the_mean_is_surer_than_the_next_setting(synthesis):
    mean = rm.synthesise(BOTH, result="mean").stated.statements[0]
    following = synthesis.stated.statements[0]
    assert mean["high"] - mean["low"] < following["high"] - following["low"]


def test_nothing_seen_anywhere_is_a_statement_too(seeds: Model):
    never = STUDIES.head(1).assign(tp=0, fp=0)
    stated = rm.synthesise(never, seeds).stated
    model = with_all(seeds, stated)
    for statement in stated.statements:
        assert 0 < model.statement(statement["id"]).low < 1e-3


def test_what_cannot_be_taken_together_is_refused():
    with pytest.raises(StudiesError, match=r"cut-offs 20, 50 for fever=present; one cut-off"):
        rm.synthesise(STUDIES.assign(cutoff=["20", "50", "", ""]))
    shares = RATES.assign(study=["Hall 2019", "Ito 2018"], of="fever=present", given="infection=present alone")
    with pytest.raises(StudiesError, match="two-by-two tables and shares of fever=present"):
        rm.synthesise(pd.concat([STUDIES, shares], ignore_index=True))


def test_the_command_writes_a_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    BOTH.to_csv("studies.csv", index=False)
    done = CliRunner().invoke(commands, ["synthesise", "studies.csv", "-o", "set.toml"])
    assert done.exit_code == 0, done.output
    assert "synthesis_infection_present_setting_emergency.rate" in done.stdout
    assert "synthesis_night_pain_present_malignancy_present.absent" in done.stdout
    assert "compared only" not in done.stdout
    again = CliRunner().invoke(commands, ["synthesise", "studies.csv", "-o", "more.toml", "--priors", "set.toml"])
    assert again.exit_code == 2  # the same statements once more
    assert "holds a synthesis of it" in again.stderr
    case = {"fever": "yes", "night_pain": "yes"}
    stated = rm.synthesise(BOTH, rm.load()).stated
    in_python = with_all(rm.load(), stated)
    first, second = (m.posterior(case, setting="emergency").to_numpy() for m in (in_python, rm.load("set.toml")))
    assert (first == second).all()
    BOTH.replace({"fever=present": "feverr=present"}).to_csv("bad.csv", index=False)
    refused = CliRunner().invoke(commands, ["synthesise", "bad.csv", "-o", "bad.toml"])
    assert refused.exit_code == 2
    assert "bad.csv: line 2, column 'of': received unknown variable 'feverr'" in refused.stderr
    assert not (tmp_path / "bad.toml").exists()


def test_a_synthesis_keeps_the_studies_behind_each_of_its_draws(synthesis):
    assert synthesis.studies.keys() == synthesis.drawn.keys()
    rows = synthesis.studies["fever=present", "infection=present alone"]
    assert [row.study for row in rows] == ["Smith 2024", "Jones 2020", "Green 2021"]
    assert (synthesis.result, synthesis.seed) == ("next", 0)


SUSPECTED = pd.DataFrame(
    [
        (
            "Katz 2020",
            "katz_2020",
            "abstract",
            "bladder_scan=retention",
            "cauda_equina=present",
            "mimic",
            32,
            75,
            2,
            151,
        ),
        (
            "Venk 2019",
            "venk_2019",
            "abstract",
            "bladder_scan=retention",
            "cauda_equina=present",
            "mimic",
            15,
            20,
            2,
            55,
        ),
    ],
    columns=["study", "source", "locator", "of", "given", "others", "tp", "fp", "fn", "tn"],
).replace("mimic", "cauda_equina_mimic=present")


def test_people_suspected_of_a_condition_are_not_everybody_without_it(literature: Model):
    present, others = rm.synthesise(SUSPECTED, literature).stated.statements
    assert (present["given"], others["given"]) == ("cauda_equina=present", "cauda_equina_mimic=present alone")
    mixed = SUSPECTED.assign(others=["cauda_equina_mimic=present", ""])
    with pytest.raises(StudiesError, match="people suspected and all others differ"):
        rm.synthesise(mixed, literature)


def test_a_number_keeps_its_studies_and_how_they_were_taken_together(synthesis, seeds: Model, tmp_path):
    fever = list(STUDIES[STUDIES["of"] == "fever=present"].itertuples())
    with_condition = synthesis.stated.statements[0]
    assert [(study["study"], study["events"], study["n"]) for study in with_condition["studies"]] == [
        (row.study, row.tp, row.tp + row.fn) for row in fever
    ]
    without = synthesis.stated.statements[1]
    assert [(study["events"], study["n"]) for study in without["studies"]] == [
        (row.fp, row.fp + row.tn) for row in fever
    ]
    model = with_all(seeds, synthesis.stated)
    again = rm.load(model.write(tmp_path / "set.toml"))
    behind = again.statement(with_condition["id"]).studies
    assert behind == model.statement(with_condition["id"]).studies
    assert {study.source for study in behind} <= set(again.priors.sources)
    fit = again.priors.sources[with_condition["source"]].fit
    assert (fit.kind, fit.version) == ("synthesis", rm.__version__)
    assert fit.command.startswith("riskmodel.synthesise(")


def test_the_hash_of_studies_does_not_hang_on_their_order():
    def fits(frame):
        return {
            source["fit"]["tables_hash"] for source in rm.synthesise(frame).stated.sources.values() if "fit" in source
        }

    assert fits(STUDIES) == fits(STUDIES.iloc[::-1])
    assert not fits(STUDIES) & fits(STUDIES.assign(tp=STUDIES["tp"] + 1))


def test_sensitivity_and_false_positives_are_drawn_together(synthesis, seeds: Model, tmp_path):
    pair, _ = synthesis.stated.drawn_together
    assert pair["statements"] == [
        "synthesis_fever_present_infection_present_alone.alone",
        "synthesis_fever_present_infection_present_alone.none",
    ]
    effects = synthesis.drawn["fever=present", "infection=present alone"]
    assert pair["correlation"] == pytest.approx(effects.together(), abs=0.005)
    drawn = effects.draw(np.random.default_rng(4))
    assert pair["correlation"] == pytest.approx(np.corrcoef(special.logit(drawn).T)[0, 1], abs=0.15)
    file = tmp_path / "synthesis.toml"
    file.write_text('extends = "seeds"\n' + synthesis.stated.toml(), encoding="utf-8")
    model = with_all(seeds, synthesis.stated)
    values = [draw_values(m.priors, 2001, np.random.default_rng(1)) for m in (rm.load(file), model)]
    assert np.array_equal(*values)
    columns = [model.priors.selected.index(name) for name in pair["statements"]]
    logits = special.logit(values[0][1:, columns])
    assert np.corrcoef(logits.T)[0, 1] == pytest.approx(pair["correlation"], abs=0.06)


def test_a_share_that_is_one_cell_of_a_table_is_compared_only(literature: Model):
    rows = [
        (
            "Colip 2018",
            "colip_2018",
            "abstract",
            "infection=present",
            "iv_drug_use=present; setting=emergency",
            66,
            167,
        ),
        ("Hospital 2020", "hospital_2020", "table 1", "xray_fracture=present", "fracture=present", 20, 39),
    ]
    table = pd.DataFrame(rows, columns=["study", "source", "locator", "of", "given", "events", "n"])
    stated = rm.synthesise(table, literature).stated
    assert all(statement["drives"] == "audit" for statement in stated.statements)
    assert "one cell of a table" in stated.refused[0]
    assert "the set states the rates of xray_fracture by age" in stated.refused[1]
    literature.with_statements(stated.statements, stated.sources)


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        (["emergency", "emergency"], "infection=present; setting=emergency"),
        (["emergency", ""], "infection=present"),
        (["", ""], "infection=present"),
    ],
)
def test_a_rate_is_of_a_setting_that_all_studies_name(literature: Model, settings, given):
    rows = [("A 2001", "a_2001", "table 1", 12, 61), ("B 2002", "b_2002", "table 1", 26, 40)]
    table = pd.DataFrame(rows, columns=["study", "source", "locator", "events", "n"])
    table = table.assign(of="fever=present", given="infection=present", setting=settings)
    (statement,) = rm.synthesise(table, literature).stated.statements
    assert statement["given"] == given


def test_a_set_that_holds_a_synthesis_is_not_given_another_of_the_same(synthesis, seeds: Model):
    with pytest.raises(StudiesError, match=r"fever=present .* holds a synthesis of it .*all its studies in one sheet"):
        rm.synthesise(BOTH, with_all(seeds, synthesis.stated))
