"""Extraction sheets as reviews have them: what is taken, what is said of it, and what is refused."""

import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from riskmodel.cli import commands
from riskmodel.errors import StudiesError
from riskmodel.model import Model
from riskmodel.synthesis.sheet import SheetOptions
from riskmodel.synthesis.sheet_file import reading_lines
from riskmodel.synthesis.studies import StudySheet, read_sheet
from tests.support.paths import ROOT

SHEETS = ROOT / "tests" / "data" / "sheets"
ABOUT = {"of": "fever=present", "given": "infection=present", "locator": "table 2"}
PLAIN = "study,locator,of,given,tp,fp,fn,tn\nSmith 2024,p. 2,fever=present,infection=present,20,30,20,330\n"


def read(tmp_path, text: str, encoding: str = "utf-8", **options) -> StudySheet:
    file = tmp_path / "sheet.csv"
    file.write_bytes(text.encode(encoding))
    return read_sheet(file, options=SheetOptions(**options))


def lines(sheet: StudySheet) -> str:
    return "\n".join(reading_lines(sheet.readings))


def test_a_sheet_of_mada(seeds: Model):
    sheet = read_sheet(SHEETS / "mada.csv", seeds.priors, SheetOptions(defaults=ABOUT))
    first = sheet.studies[0]
    assert len(sheet.studies) == 6
    assert (first.study, first.source) == ("Aertgeerts et al. 2001", "aertgeerts_2001")
    assert first.counts == {"tp": 47, "fp": 101, "fn": 9, "tn": 738}
    assert "column 1, which has no name, as the numbers of the rows, left out" in lines(sheet)
    assert "of: blank as fever=present (6 rows)" in lines(sheet)
    assert "'names' as study" in lines(sheet)


def test_a_sheet_of_revman(seeds: Model):
    options = SheetOptions(defaults={"given": "malignancy", "locator": "data table 1"})
    sheet = read_sheet(SHEETS / "revman.csv", seeds.priors, options)
    first, second, third, fourth = sheet.studies
    assert {study.of for study in sheet.studies} == {"night_pain=present"}
    assert {study.given for study in sheet.studies} == {"malignancy=present"}
    assert (first.year, first.setting, fourth.counts["tn"]) == (2004, "primary_care", 1204)
    assert first.details == {
        "quadas_patient_selection": "low", "quadas_index_test": "unclear", "quadas_reference_standard": "low",
        "quadas_flow_and_timing": "high", "quadas_applicability_patient_selection": "low",
    }  # fmt: skip
    assert "quadas_flow_and_timing" not in third.details  # not judged
    assert "TN: '1,204' as 1204 (line 5)" in lines(sheet)
    assert "Test: 'Night pain' as night_pain=present (4 rows)" in lines(sheet)
    assert second.source == "muller_2011"


def test_a_messy_sheet(seeds: Model):
    """Windows-1252, semicolons, a title above, decimal commas, author and year, totals, a study without counts."""
    options = SheetOptions(defaults={"of": "fever", "given": "infection"})
    sheet = read_sheet(SHEETS / "messy.csv", seeds.priors, options)
    first, second = sheet.studies
    assert (first.study, first.source, first.locator) == ("Müller 2010", "muller_2010", "Tab. 2")
    assert first.counts == {"tp": 20, "fp": 30, "fn": 20, "tn": 330}  # 50,0 % of 40 and 91,7 % of 360
    assert second.counts == {"tp": 11, "fp": 9, "fn": 30, "tn": 400}
    assert (first.design, second.design) == ("case_control", "cohort")
    assert first.details["worked_back"].startswith("counts worked back from n_disease 40")
    for part in (
        "Windows-1252",
        "cells separated by semicolons",
        "'Data extraction sheet, version 3 (AB, 12.03.2024)' as a line above the names of the columns (line 1)",
        "columns not used: 'Country', 'Mean age'",
        "'Brown' as no study, for it has no counts (line 6)",
        "'Total' as a row of totals, left out",
        "'Case-control' as case_control (line 4)",
    ):
        assert part in lines(sheet)


def test_what_is_literal_is_not_told(tmp_path):
    text = PLAIN.replace("study,", "source,study,").replace("Smith 2024,", "smith_2024,Smith 2024,")
    assert read(tmp_path, text).readings == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_letters_and_separators_change_no_number(tmp_path, encoding):
    text = PLAIN.replace("Smith", "Jönes")
    assert read(tmp_path, text.replace(",", "\t"), encoding).studies == read(tmp_path, text).studies
    assert read(tmp_path, "sep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n"), encoding).studies == (
        read(tmp_path, text).studies
    )


def test_a_frame_is_read_as_its_file(tmp_path, seeds: Model):
    options = SheetOptions(defaults=ABOUT)
    by_frame = read_sheet(pd.read_csv(SHEETS / "mada.csv", index_col=0), seeds.priors, options)
    assert by_frame.studies == read_sheet(SHEETS / "mada.csv", seeds.priors, options).studies


def test_columns_of_any_name_can_be_named(tmp_path):
    text = PLAIN.replace("tp,", "Hits,").replace("locator", "tp")
    sheet = read(tmp_path, text, columns={"tp": "Hits", "locator": "tp"})
    assert (sheet.studies[0].counts["tp"], sheet.studies[0].locator) == (20, "p. 2")


@pytest.mark.parametrize(
    ("old", "new", "options", "message"),
    [
        ("tp,", "Hits,", {}, r"no counts in the columns study, locator, of, given, Hits, fp.*--column tp=NAME"),
        ("tp,", "Hits,", {"columns": {"tp": "hits"}}, r"the sheet does not have it; .* \(did you mean 'Hits'\?\)"),
        ("tp,", "Hits,", {"columns": {"tpp": "Hits"}}, r"there is no column 'tpp'; .*did you mean 'tp'"),
        ("locator", "locatr", {}, r"'locatr': unknown column .*did you mean 'locator'.*--column locator='locatr'"),
        ("locator", "Where it is", {}, r"column 'locator': missing; .*--locator TEXT"),
        ("of,", "x,", {"defaults": {"off": "fever=present"}}, r"there is no column 'off'"),
        ("study,locator", "study id,study name", {}, r"column 'study': may be 'study id' and 'study name'"),
        (",20,30", ',"20.000",30', {}, r"received '20.000'; allowed: a whole number; write 20 or 20000"),
        (",20,30", ",20*,30", {}, r"received '20\*'; allowed: a whole number"),
        (",fn,tn\n", ",fn,tn,n\n", {}, r"column 'n': received 20, but the counts add up to 400"),
        ("study,", "number,", {}, r"column 'study': missing; [^;]*; [^;]*; in Python columns\)\n"),
        (",fn,tn\n", ",fn,tn,sens\n", {}, r"column 'sens': received 20, but the counts give 20 of 40; 0.500"),
        ("study,", "study,quadas_index_test,", {}, r"column 'quadas_index_test': received 'lo'; allowed: low, high"),
        ("20,30,20,330", "20,30,20,330\nTotal,,,,25,30,20,330", {}, r"line 3, column 'study': received 'Total'"),
        ("given,", ",", {}, r"column 4: has cells but no name"),
        ("20,30,20,330", ",,,", {}, "no rows with counts"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path, old, new, options, message):
    text = PLAIN.replace(old, new, 1)
    if ",tn,n\n" in text or ",sens\n" in text:
        text = text.replace(",330", ",330,20")
    if "quadas" in text:
        text = text.replace("2024,", "2024,lo,")
    with pytest.raises(StudiesError, match=message):
        read(tmp_path, text, **options)


def test_shares_that_fit_several_tables_are_refused(tmp_path):
    text = "study,locator,of,given,n_disease,n_no_disease,sens,spec\nA 2020,p. 1,a=b,c=d,{},{},{},{}\n"
    exact = read(tmp_path, text.format(40, 60, "67.5", "85"))
    assert exact.studies[0].counts == {"tp": 27, "fp": 9, "fn": 13, "tn": 51}
    with pytest.raises(
        StudiesError, match=r"1 problem in.*\n.*column 'sens': 0.67 of 240 is 160 to 162; columns tp, fp, fn, tn"
    ):
        read(tmp_path, text.format(240, 60, "0.67", "0.85"))
    with pytest.raises(StudiesError, match=r"column 'sens': 0.67 of 5 is no whole number of people"):
        read(tmp_path, text.format(5, 60, "0.67", "0.85"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", r"is an Excel workbook .*; a CSV file \(in Excel: File, Save as, CSV UTF-8\)"),
        (b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
        (b"<?xml version='1.0'?><COCHRANE_REVIEW/>", "RevMan's own file; a CSV file"),
        (b"study,tp\nJ\x81nes,1\n", "byte 10 is not UTF-8, and byte 10 not Windows-1252"),
    ],
)
def test_files_that_are_no_csv(tmp_path, content, message):
    file = tmp_path / "sheet.xlsx"
    file.write_bytes(content)
    with pytest.raises(StudiesError, match=message):
        read_sheet(file)


def test_the_command_says_how_it_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(SHEETS / "messy.csv", "sheet.csv")
    asked = ["synthesise", "sheet.csv", "-o", "set.toml"]
    done = CliRunner().invoke(commands, [*asked, "--of", "fever", "--given", "infection", "--column", "locator=Page"])
    assert done.exit_code == 0, done.output
    assert "read: Study design: 'Case-control' as case_control (line 4)" in done.stderr
    refused = CliRunner().invoke(commands, asked)
    assert refused.exit_code == 2
    assert "--of TEXT" in refused.stderr
    for wrong, message in ((["--column", "tp"], "write NAME=SHEET"), (["--column", "tp=a"] * 2, "given twice")):
        done = CliRunner().invoke(commands, [*asked, *wrong])
        assert done.exit_code == 2
        assert message in done.stderr
    misspelt = CliRunner().invoke(commands, [*asked, "--of", "fever", "--given", "infectoin"])
    assert "(did you mean 'infection'?)" in misspelt.stderr


def test_a_problem_of_many_rows_is_told_once(seeds: Model):
    options = SheetOptions(defaults={"given": "malignancy", "locator": "x"}, columns={"of": "Setting"}, ignore=["Test"])
    with pytest.raises(StudiesError) as error:
        read_sheet(SHEETS / "revman.csv", seeds.priors, options)
    assert len(error.value.problems) == 3  # primary care twice, emergency, rheumatology
    assert "(also in 1 more row)" in str(error.value)
    assert "--ignore 'Setting' --of VARIABLE=STATE" in str(error.value)


def test_studies_that_no_network_takes_have_their_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PLAIN.replace("20,30,20,330", "20,300,20,60")  # fever in 83 % of those without an infection
    (tmp_path / "sheet.csv").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(commands, ["synthesise", "sheet.csv", "-o", "set.toml", "--report", "page"])
    assert done.exit_code == 2
    assert "beyond reach" in done.stderr
    assert not (tmp_path / "set.toml").exists()
    assert "not written: synthesis_fever" in (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
