"""The page of a synthesis: everything a reviewer asks is on it, in words, figures and tables."""

import csv
import io
import re

import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.pages.render import files
from riskmodel.report.synthesis.page import synthesis_report
from riskmodel.synthesis.synthesise import Synthesis
from tests.support.paths import ROOT

SHEETS = ROOT / "tests" / "data" / "sheets"
STUDIES = pd.DataFrame(
    [
        ("Smith 2004", "smith_2004", 2004, "primary_care", "cohort", 12, 90, 7, 200, "low", "high", "no"),
        ("Green 2011", "green_2011", 2011, "emergency", "two_gate", 5, 31, 3, 144, "unclear", "", "yes"),
        ("Chen 2019", "chen_2019", 2019, "", "", 30, 410, 25, 1204, "low", "low", ""),
    ],
    columns=["study", "source", "year", "setting", "design", "tp", "fp", "fn", "tn", "quadas_patient_selection",
             "quadas_flow", "verified_partly"],
).assign(of="night_pain=present", given="malignancy=present", locator="table 2", read="full_text")  # fmt: skip
RATES = pd.DataFrame(
    [("Smith 2004", "smith_2004", 4, 600), ("Green 2011", "green_2011", 0, 90)],
    columns=["study", "source", "events", "n"],
).assign(of="infection=present", given="setting=emergency", locator="table 1", read="abstract")


@pytest.fixture(scope="module")
def synthesis() -> Synthesis:
    return rm.synthesise(pd.concat([STUDIES, RATES], ignore_index=True), rm.load(), draws=1000)


@pytest.fixture(scope="module")
def written(synthesis) -> dict[str, str]:
    return files(synthesis_report(synthesis, {"Command": "riskmodel synthesise x.csv"}, set_file="../set.toml"))


def test_the_page_has_its_figures_and_tables(written):
    names = set(written)
    for name in ("forest_1", "summary_roc_1", "without_1", "forest_2", "without_2", "judgements"):
        assert f"figures/{name}.svg" in names
    assert "figures/summary_roc_2.svg" not in names  # one rate
    for name in ("results", "studies_1", "ratios_1", "influence_1", "quadas", "design", "statements", "refused",
                 "sources"):  # fmt: skip
        assert f"tables/{name}.csv" in names
    page = written["report.html"]
    assert page.count("<svg") == page.count("<desc")
    for part in ("riskmodel synthesise x.csv", 'href="../set.toml"', "seed 0", "night pain | malignancy",
                 "infection | emergency"):  # fmt: skip
        assert part in page
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


def test_numbers_are_those_of_the_synthesis(written, synthesis):
    rows = list(csv.DictReader(io.StringIO(written["tables/results.csv"])))
    effects = synthesis.drawn["night_pain=present", "malignancy=present"]
    assert [row["measure"] for row in rows] == ["sensitivity", "false-positive rate", "share"]
    assert float(rows[0]["next_low"]) == pytest.approx(effects.next_setting()[0, 1])
    assert float(rows[1]["mean_high"]) == pytest.approx(effects.average()[1, 2])
    assert [int(row["people"]) for row in rows] == [82, 2079, 690]
    studies = list(csv.DictReader(io.StringIO(written["tables/studies_1.csv"])))
    assert [row["study"] for row in studies] == ["Chen 2019", "Green 2011", "Smith 2004"]  # by setting
    assert float(studies[2]["sens_share"]) == pytest.approx(12 / 19)


def test_heterogeneity_is_told_in_plain_words(written):
    page = re.sub(r"\s+", " ", written["report.md"])
    assert re.search(r"Settings (hardly differ|differ \w+( \w+)?) in their sensitivity: in two thirds of them", page)
    assert "For the next clinic: of 100 settings like these, 95 have a sensitivity between" in page
    assert "With 3 studies the spread itself is hardly known" in page
    assert "moves the mean most: without it" in page


def test_judgements_and_designs_are_told_with_what_they_mean(written):
    page = written["report.md"]
    rows = {row["study"]: row for row in csv.DictReader(io.StringIO(written["tables/quadas.csv"]))
            if row["finding"].startswith("night")}  # fmt: skip
    assert rows["Smith 2004"]["flow_and_timing"] == "− high"
    assert rows["Green 2011"]["flow_and_timing"] == "· not judged"
    assert rows["Green 2011"]["patient_selection"] == "? unclear"
    assert rows["Chen 2019"]["index_test"] == "· not judged"
    assert "Green 2011: people known to have the condition are set beside people known not to" in page
    assert "Green 2011: not everybody had the reference standard" in page
    assert "Chen 2019" in page.partition("the design is not stated")[0][-200:]


def test_without_judgements_it_says_so():
    plain = STUDIES.drop(columns=["quadas_patient_selection", "quadas_flow"])
    report = synthesis_report(rm.synthesise(plain, draws=500))
    section = next(section for section in report.sections if section.id == "quadas")
    assert "No study was judged" in section.sentences[0]
    assert not section.figures


def test_one_study_is_a_page_too():
    report = synthesis_report(rm.synthesise(STUDIES.head(1), draws=500))
    text = " ".join(report.sections[1].sentences)
    assert "how much settings differ cannot be seen from it" in text
    assert "there is none to leave out" in text
    assert files(report)["report.html"]


def test_the_command_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["synthesise", str(SHEETS / "revman.csv"), "-o", "sets/set.toml", "--given", "malignancy",
             "--locator", "data table 1", "--report", "page"]  # fmt: skip
    (tmp_path / "sets").mkdir()
    done = CliRunner().invoke(commands, asked)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "page" / "report.html").read_text()
    assert 'href="../sets/set.toml"' in page
    assert "Night pain" in page
    assert "1,204" in (tmp_path / "page" / "tables" / "readings.csv").read_text()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "mine.txt").write_text("mine")
    refused = CliRunner().invoke(commands, [*asked[:-1], "thesis"])
    assert refused.exit_code == 2
    assert "mine.txt" in refused.output


def test_the_same_synthesis_gives_the_same_page(tmp_path, synthesis):
    first, second = (rm.write_synthesis_report(synthesis, tmp_path / name) for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_each_cutoff_has_its_own_section():
    rows = [("Smith 2024", "20 mm/h", 34, 60, 6, 140), ("Smith 2024", "50 mm/h", 22, 20, 18, 180),
            ("Jones 2020", "20 mm/h", 18, 33, 1, 66)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["study", "cutoff", "tp", "fp", "fn", "tn"])
    frame = frame.assign(
        source="smith_2024", locator="table 2", of="esr=any", given="infection=present", read="abstract"
    )
    page = files(synthesis_report(rm.synthesise(frame, rm.load(), draws=500), {}))
    assert "from 20 mm/h on" in page["report.html"]
    assert "from 50 mm/h on" in page["report.html"]
    assert "none is left out at one of them" in page["report.html"]
    assert "1 study at this cut-off, taken together with all 2 at any" in page["report.md"]
    assert "how much settings differ cannot be seen" not in page["report.md"]
    assert "figures/forest_2.svg" in page
    assert "figures/without_1.svg" not in page


def test_the_page_says_what_the_numbers_stand_in_place_of():
    sheet = pd.DataFrame({
        "study": ["Smith 2024", "Jones 2020"], "locator": "table 2", "of": "fever=present",
        "given": "infection=present", "tp": [20, 4], "fp": [30, 3], "fn": [20, 9], "tn": [330, 88],
    })  # fmt: skip
    model = rm.load()
    made = rm.synthesise(sheet, model, draws=500)
    page = synthesis_report(made, model=model.with_statements(made))
    (statements,) = (table for section in page.sections for table in section.tables if table.id == "statements")
    assert [text.split(", ")[0] for text in statements.frame["replaced"]] == ["find.fever.infection", "find.fever.none"]
    (forest,) = (each for section in page.sections for each in section.figures if each.id == "forest_1")
    assert "sensitivity in place of find.fever.infection, 0.67 (seed)" in forest.alt
    without = synthesis_report(made)
    assert not [f for section in without.sections for f in section.figures if "in place of" in f.alt]
