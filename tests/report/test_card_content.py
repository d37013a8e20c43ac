"""What the report card says of data, predictors, statements and reporting items, against the files themselves."""

import re
import tomllib
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.cohort import HISTORY, simulate, to_cases
from riskmodel.pages.section import MARK
from riskmodel.report.card.card import card
from riskmodel.report.card.checklist import AUTHOR, FILE, IN_CARD, IN_PART, checklist, items
from riskmodel.report.card.predictors import known
from riskmodel.report.card.preparation import flow
from riskmodel.report.card.statements import statements
from riskmodel.text import words
from tests.support.cards import MODEL, validation_of
from tests.support.paths import ROOT
from tests.support.scans import SCANS

pytestmark = pytest.mark.slow

# Parts of each item of the published checklist (Collins and others, BMJ 2024;385:e078378, Table 2).
PARTS = {3: "abc", 5: "ab", 6: "abc", 8: "abc", 9: "abc", 12: "abcdefg", 18: "abcdef", 20: "abc", 23: "ab", 27: "abc"}


@pytest.fixture(scope="module")
def validation():
    return validation_of(people=500, learn="base_rates")


# ---- the checklist ----------------------------------------------------------------------------------------


def test_the_checklist_holds_every_item_of_the_published_one():
    published = [f"{item}{part}" for item in range(1, 28) for part in PARTS.get(item, " ")]
    assert [item.number for item in items()] == [number.strip() for number in published]
    assert len(items()) == 52
    assert all(item.asks and (item.where or item.author) for item in items())


def test_what_the_checklist_points_to_is_in_the_card(validation):
    report = card(validation)
    sections = {section.id for section in report.sections}
    places = [name for item in items() for _, name, _ in MARK.findall(item.where + item.author)]
    assert set(places) <= sections
    documents = {name for item in items() for name in re.findall(r"docs/\w+\.md", item.where)}
    assert documents
    assert all((ROOT / name).is_file() for name in documents)
    assert report.sections[-1].id == "checklist"


def test_the_checklist_counts_what_it_lists():
    counts = Counter(item.status for item in items())
    assert counts[AUTHOR] == sum("where" not in item for item in tomllib.loads(FILE.read_text())["item"])
    said = checklist().sentences[0]
    assert f"asks 27 items in {len(items())} parts" in said
    assert f"{counts[IN_CARD]} are answered here, {counts[IN_PART]} in part, and {counts[AUTHOR]} are for" in said
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    told = (
        f"has 27 items in {len(items())} parts. The card alone is not a complete report: it answers {counts[IN_CARD]} "
        f"of the parts fully and {counts[IN_PART]} partly, and {counts[AUTHOR]} remain for the author."
    )
    assert told in " ".join(page.split())


# ---- predictors and statements ------------------------------------------------------------------------------


def test_every_predictor_is_defined_with_its_states(validation):
    (section,) = (section for section in card(validation).sections if section.id == "predictors")
    shown = section.tables[0].frame.set_index("column")
    expected = {v.column for v in MODEL.variables if v.role in ("context", "risk_factor", "finding", "test")}
    assert set(shown.index) == expected
    bands = "under 10 (0 to under 10), from 10 to 50 (10 to under 50), over 50 (50 to 1000)"
    assert shown.loc["crp_mg_l", ["states", "unit"]].tolist() == [bands, "mg/L"]
    assert shown.loc["trauma", "states"] == "none, minor, major"
    assert shown.loc["fever", "definition"].startswith("38 °C")
    assert set(shown.index[shown["used"] == "no"]) == set(SCANS)  # by default no scan predicts its finding


def test_what_the_model_expects_of_predictors_is_what_its_people_have(validation):
    people = simulate(MODEL, 40_000, np.random.default_rng(8), setting="emergency")
    shown = known(validation).set_index("variable")["expected"]
    for variable in MODEL.variables:
        if variable.role in ("risk_factor", "finding", "test"):
            share = (people.states[variable.name] > 0).mean()
            error = np.sqrt(share * (1 - share) / 40_000)
            assert shown[words(variable.name)] == pytest.approx(share, abs=4.5 * error + 1e-9)


def test_every_statement_of_the_model_stands_before_and_after(validation):
    shown = statements(validation).set_index("statement")
    assert set(shown.index) == set(MODEL.priors.selected)
    fitted = validation.fitted
    for name, row in shown.iterrows():
        error = (row["high"] - row["low"]) / (2 * 1.96)  # the set's numbers have digits to a hundredth of it
        assert row["posterior"] == pytest.approx(fitted.model.statement(name).value, abs=0.02 * error)
        assert row["source"] == MODEL.statement(name).source
    learnt = fitted.table.set_index("statement")
    moved = learnt.index[learnt["verdict"] != "unchanged"]
    assert shown.loc[moved, "informed"].str.contains("cohort").all()
    assert (shown.loc[moved, "n_informing"] == learnt.loc[moved, "n_informing"]).all()
    kept = shown.index.difference(learnt.index)
    assert len(kept) > 100
    assert (shown.loc[kept, "informed"] == "its source alone: it was not to be learnt").all()


# ---- data ---------------------------------------------------------------------------------------------------


def test_the_flow_counts_people(validation):
    people = flow(validation).set_index("step")["people"]
    assert people["people in the cohort"] == 500
    assert people["of these, in emergency"] == 500
    assert people["of these, without any known outcome"] == 0
    assert people["judged on fracture"] == validation.after.outcomes["fracture"].notna().sum()
    assert "rows read" not in people  # from Python no file was read


MAPPING = """missing = ["-9"]
ignore = ["ward"]
[columns]
"Temp raised" = "fever"
[values.fever]
ja = "present"
nein = "absent"
[units]
age = "months"
[derive]
hypotension = { number = "RR", below = "90 mmHg" }
"""


def test_the_command_records_how_the_cohort_was_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["riskmodel", "calibrate", "hospital.csv", "--report", "my card"])
    people = simulate(MODEL, 400, np.random.default_rng(3), setting="emergency", missing=0.3, roles=HISTORY)
    cohort = to_cases(MODEL, people, with_outcomes=True).rename(columns={"fever": "Temp raised"})
    cohort["Temp raised"] = cohort["Temp raised"].map({"present": "ja", "absent": "nein", "": "-9"})
    cohort = cohort.drop(columns="hypotension", errors="ignore").assign(ward="7b", age="648", RR="120")
    outcomes = [variable.column for variable in MODEL.variables if variable.role == "condition"]
    cohort.loc[cohort.index % 4 == 0, outcomes] = ""
    again = cohort.iloc[[1, 2]]
    wrong = cohort.iloc[:3].assign(case_id=["X1", "X2", "X3"], trauma=["maybe", "maybe", "yesterday"])
    pd.concat([cohort, again, wrong]).to_csv("hospital.csv", index=False)
    Path("map.toml").write_text(MAPPING)
    arguments = ["calibrate", "hospital.csv", "-o", "local.toml", "--setting", "emergency", "--mapping", "map.toml"]
    arguments += ["--learn", "base_rates", "--folds", "2", "--report", "card", "--resamples", "5"]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert done.exit_code == 1, done.output  # five rows were rejected

    page = Path("card/report.md").read_text(encoding="utf-8")
    assert f"Cohort file: hospital.csv, SHA-256 {sha256(Path('hospital.csv').read_bytes()).hexdigest()}" in page
    assert f"Mapping file: map.toml, SHA-256 {sha256(MAPPING.encode()).hexdigest()}" in page
    assert "Command: riskmodel calibrate hospital.csv --report 'my card'" in page
    assert re.search(r"Date: 20\d\d-\d\d-\d\d", page)
    assert "seed 0" in page
    assert re.search(r"Cohort hash: sha256:[0-9a-f]{64},", page)
    assert f"Program: riskmodel {rm.__version__}" in page
    assert "not read: ward" in page

    people = pd.read_csv("card/tables/flow.csv").set_index("step")["people"]
    assert (people["rows read"], people["rejected"], people["rejected as repeats"]) == (405, 5, 2)
    assert people["faults of rejected rows"].tolist() == [2, 1]
    assert people["people in the cohort"] == 400
    assert people["of these, without any known outcome"] == 100
    assert people["people in the fit"] == 400
    assert people["judged on any serious disease"] == 300
    columns = pd.read_csv("card/tables/columns.csv", keep_default_na=False).set_index("file_column")
    assert columns.loc["Temp raised"].tolist() == ["fever", "ja → present; nein → absent", "-9", ""]
    assert columns.loc["age", "unit"] == "times 0.08333333333"
    assert columns.loc["ward", "column"] == "not read"
    translated = pd.read_csv("card/tables/translations.csv", keep_default_na=False)
    fever = cohort["Temp raised"].value_counts()
    told = {tuple(row) for row in translated.itertuples(index=False)}
    assert ("Temp raised", "ja", "present", fever["ja"]) in told
    assert ("Temp raised", "-9", "not assessed", fever["-9"]) in told
    assert ("age", "any number", "the same in the codebook's unit", 400) in told
    first = {"age", "Temp raised", "(RR below 90 mmHg)"}
    assert set(columns.index[:3]) == first  # what the mapping changes stands first
    worked_out = pd.read_csv("card/tables/worked_out.csv")
    assert worked_out.to_numpy().tolist() == [["hypotension", "no", 405]]
