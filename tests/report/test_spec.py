"""What a specification of a report may ask for."""

from __future__ import annotations

import re

import pytest

from riskmodel.cli.report import prepared
from riskmodel.report.sensitivity.make import facts
from riskmodel.report.sensitivity.spec import CasesTable, Spec, SpecError, default_spec, read_spec
from tests.support.paths import ROOT
from tests.support.small_report import CASES, run, spec_file

pytestmark = pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning")


def test_all_problems_at_once_with_the_nearest_names_and_nothing_written(tmp_path):
    text = """
settings = ["emergancy"]
statements = ["find.fever.infecton", "base.serious.as_reported"]
targets = ["mean p(malignacy)", "p(infection) of case published_99"]
[cases]
ids = ["pubished_04"]
[two_way]
pairs = [["find.fever.none"], ["find.fever.none", "find.fevre.infection"]]
[sobol]
samples = 100
"""
    done = run("-o", tmp_path / "out", "--spec", spec_file(tmp_path, text), "--cases", CASES)
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["spec.toml"]
    for said in (
        "9 problems", "'emergency'", "'find.fever.infection'", "'malignancy'", "'published_04'", "drives no table",
        "published_99", "two different statements", "a power of 2",
    ):  # fmt: skip
        assert said in done.output, said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[cohort]\npeople = 0", "greater than or equal to 1"),
        ("draws = 1", "greater than or equal to 2"),
        ("[cohort]\nmissing = 1.0", "less than 1"),
        ("drawz = 5", "did you mean 'draws'"),
        ("[cohort]\npeopel = 5", "did you mean 'people'"),
        ("seed = -1", "greater than or equal to 0"),
        ("priors = []", "at least 1"),
        ("title = 3", "text in quotes"),
        ("draws = ", "is not TOML"),
    ],
)
def test_a_spec_that_is_not_one(tmp_path, text, said):
    with pytest.raises(SpecError) as caught:
        read_spec(spec_file(tmp_path, text))
    assert said in str(caught.value)
    assert "nothing was written" in str(caught.value)


def test_several_faults_of_a_spec_are_reported_together(tmp_path):
    with pytest.raises(SpecError) as caught:
        read_spec(spec_file(tmp_path, "drawz = 5\nseed = -1\n[cohort]\npeople = 0"))
    assert len(caught.value.problems) == 3


def test_bad_rows_of_the_cases_are_left_out_and_counted(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,fever,age\na,yes,50\nb,perhaps,50\na,no,40\n")
    spec = default_spec().model_copy(update={"settings": ["emergency"], "cases": CasesTable(file=str(cases))})
    study = prepared(spec, "spec")
    assert (study.names, study.rejected) == (("a",), 2)
    assert facts(study)["Cases"] == "1 of cases.csv; 2 further rows were rejected"


def test_an_empty_case_file_and_unknown_sets_are_problems_together(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,fever\n")
    spec = spec_file(tmp_path, 'priors = ["seeds", "litrature"]\npolicies = ["consensus", "whitlok_2026"]')
    done = run("-o", tmp_path / "out", "--cases", cases, "--spec", spec, "--setting", "emergency")
    assert done.exit_code == 2
    for said in ("no row below the header", "litrature", "whitlok_2026"):
        assert said in done.output, said


def test_default_spec_says_every_key_with_the_value_it_has_by_itself():
    shipped = default_spec().model_dump()
    own = Spec().model_dump()
    del shipped["cases"]["file"], own["cases"]["file"]
    for name in ("priors", "policies"):  # by itself a spec compares nothing
        assert shipped.pop(name)[0] == own.pop(name)[0]
    assert shipped == own
    text = (ROOT / "reports" / "default.toml").read_text(encoding="utf-8")
    assert [key for key in Spec.model_fields if not re.search(rf"^\[?{key}\b", text, re.MULTILINE)] == []
