"""The report: what may be asked for, what is written, and that its sentences follow from its numbers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import main
from riskmodel.cli.report import prepared
from riskmodel.errors import OutputError
from riskmodel.pages import svg
from riskmodel.pages.folder import write_folder
from riskmodel.pages.render import files
from riskmodel.pages.section import Column, Figure, Report, Section, Table, cell_text, number
from riskmodel.report.sensitivity.labels import label
from riskmodel.report.sensitivity.make import facts
from riskmodel.report.sensitivity.spec import CasesTable, Spec, SpecError, default_spec, read_spec
from tests.support.paths import ROOT

# Few draws are enough here, and quick.
pytestmark = pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning")

CASES = ROOT / "notebooks" / "data" / "published_cases.csv"
SMALL = """
settings = ["primary_care", "emergency"]
statements = [
  "base.fracture.primary_care", "base.infection.primary_care", "base.malignancy.primary_care", "find.fever.none",
  "find.night_pain.none", "find.spinal_tenderness.none", "find.worsening_course.none", "risk.fracture.female",
]
draws = 64
seed = 3
[cohort]
people = 40
[two_way]
points = 5
[sobol]
samples = 8
statements = 2
[value]
people = 30
[pathways]
people = 2000
draws = 4
"""


def run(*arguments):
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def spec_file(folder: Path, text: str) -> Path:
    path = folder / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A report on the published cases, through the command."""
    folder = tmp_path_factory.mktemp("report")
    done = run("-o", folder / "out", "--spec", spec_file(folder, SMALL), "--cases", CASES)
    assert done.exit_code == 0, done.output
    return folder / "out"


def frame(written: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(written / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])


# ---- what is written -----------------------------------------------------------------------------


def test_every_table_and_figure_is_a_file_and_the_page_needs_none(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    tables, pictured = (sorted(path.stem for path in (written / kind).iterdir()) for kind in ("tables", "figures"))
    assert sorted(re.findall(r'<div class="table" id="t-([^"]+)"', page)) == tables
    assert sorted(re.findall(r'<svg id="f-([^"]+)" role="img"', page)) == pictured
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"|@import|url\((?!#)', page.replace("xlink:href", "xlink"))
    assert len(page.encode()) < 5_000_000
    assert page.count("For research, not for the care of a patient.") == 1


def test_page_is_well_formed_and_links_lead_to_one_place(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(names)


def test_markdown_links_lead_to_a_place(written):
    text = (written / "report.md").read_text(encoding="utf-8")
    names = set(re.findall(r'<a id="([^"]+)">', text))
    links = re.findall(r'\]\(([^ )]+)(?: "(?:[^"\\]|\\.)*")?\)', text)
    assert links
    for link in links:
        found = link[1:] in names if link.startswith("#") else (written / link).is_file()
        assert found, link
    assert "[[" not in text


def test_figures_are_svg_without_dates(written):
    for path in (written / "figures").iterdir():
        root = ElementTree.parse(path).getroot()  # noqa: S314  our own file
        assert root.tag.endswith("svg")
        assert "dc:date" not in path.read_text(encoding="utf-8")


def test_every_number_in_provenance_is_of_the_priors(written):
    model = rm.load()
    shown = frame(written, "statements").set_index("statement")
    assert sorted(shown.index) == sorted(model.priors.selected)
    for name, row in shown.iterrows():
        statement = model.priors.statement(name)
        assert (row["value"], row["basis"], row["source"]) == (
            pytest.approx(statement.value), statement.basis, statement.source,
        )  # fmt: skip
        assert row["read"] == statement.read
    assert {statement.source for statement in model.priors.statements} == set(frame(written, "sources")["source"])


def test_posteriors_and_actions_are_those_of_score(written):
    cases = pd.read_csv(CASES)
    scored = rm.load().score(cases, setting="primary_care", draws=64, seed=3).set_index("case_id")
    shown = frame(written, "cases").set_index("case")
    assert shown["urgency"].to_dict() == scored["urgency"].to_dict()
    for ours, theirs in (("p", ""), ("low", "_low"), ("high", "_high")):
        assert np.allclose(shown[ours], scored[f"p_any_serious{theirs}"].loc[shown.index], rtol=1e-6)
    assert np.allclose(shown["confidence"], scored["confidence"].loc[shown.index], rtol=1e-6)
    assert shown["same_action"].is_monotonic_increasing
    assert (shown["same_action"] <= np.minimum(shown["confidence"], shown["same_imaging"]) + 1e-12).all()


def test_same_seed_gives_the_same_bytes(written, tmp_path):
    done = run("-o", tmp_path / "again", "--spec", spec_file(tmp_path, SMALL), "--cases", CASES)
    assert done.exit_code == 0, done.output
    first, second = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        for folder in (written, tmp_path / "again")
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


# ---- what was found ------------------------------------------------------------------------------


def found(written: Path) -> list[str]:
    text = (written / "report.md").read_text(encoding="utf-8")
    part = text.split("## Main findings")[1].split("\n## ")[0]
    return [re.sub(LINK, r"\1", line[2:]) for line in part.splitlines() if line.startswith("- ")]


LINK = re.compile(r'\[([^\]]+)\]\([^ )]+(?: "(?:[^"\\]|\\.)*")?\)')


def labels(names) -> list[str]:
    return [label(rm.load().priors.statement(name)) for name in names]


def test_the_share_on_assumption_is_that_of_the_table(written):
    table = frame(written, "rests_on")
    mean = table[table["condition"] == "any_serious"]["assumption"].mean()
    said = f"{100 * mean:.0f} % of the uncertainty in P(any serious disease) comes from"
    assert any(said in sentence for sentence in found(written))
    for kinds in (["seed", "study", "assumption"], ["full_text", "abstract", "second_hand", "no"]):
        assert np.allclose(table[kinds].sum(axis=1), 1)


def test_the_three_numbers_are_those_that_change_most_actions(written):
    table = frame(written, "ranking")
    assert table["actions"].is_monotonic_decreasing
    assert np.allclose(table["actions"], table[["primary_care", "emergency"]].mean(axis=1))
    sentence = next(line for line in found(written) if "matter most" in line)
    top = labels(table[table["actions"] > 0]["statement"].head(3))
    assert [sentence.index(f"{name} (") for name in top] == sorted(sentence.index(f"{name} (") for name in top)


def test_a_flip_is_one(written):
    """The nearest flip of the table, tried: at it the action is the other, halfway to it still the first."""
    flip = frame(written, "flips").sort_values("in_sd", key=np.abs).iloc[0]
    case = pd.read_csv(CASES).set_index("case_id").loc[[flip["case"]]]
    model = rm.load()

    def action(value):
        scored = model.with_statement(flip["statement"], value=value).score(case, setting="primary_care").iloc[0]
        return scored[flip["kind"]].replace("|", ", ") or "none"

    assert action(flip["value"]) == flip["now"] != flip["then"]
    assert action(flip["flip"]) == flip["then"]
    assert action((flip["value"] + flip["flip"]) / 2) == flip["now"]


def test_fragile_cases_are_those_of_the_table(written):
    table = frame(written, "cases")
    shaky = table[table["same_action"] < 0.9]["case"].tolist()
    sentence = next(line for line in found(written) if "ragile" in line)
    said, nearest = sentence.split("The case closest to another action is")
    assert sorted(set(re.findall(r"published_\d+", said))) == sorted(shaky[:5])
    assert said.startswith(f"{len(shaky)} of {len(table)} cases")
    flips = frame(written, "flips")
    first = flips.loc[flips["in_sd"].abs().idxmin()]
    assert first["case"] in nearest
    assert labels([first["statement"]])[0] in nearest


def test_findings_and_sections_count_alike(written):
    """Fragile cases, flips, and cases in which an answer can change the action: one count each."""
    text = re.sub(LINK, r"\1", (written / "report.md").read_text(encoding="utf-8"))
    table, flips, asked = (frame(written, name) for name in ("cases", "flips", "next_questions"))
    fragile = int((table["same_action"] < 0.9).sum())
    assert f"{fragile} of {len(table)} cases are fragile" in text
    assert f"{fragile} of the cases are fragile" in text
    dependent = flips[flips["within"] == "yes"]["case"].nunique()
    assert f"In {dependent} of {len(table)} cases at least one flip" in text
    unasked = int(re.search(r"In (\d+) of 8 cases one more answer, which the policy does not", text)[1])
    whole, part = re.search(r"In (\d+) of 8 cases at least one single answer .*; in (\d+) of these", text).groups()
    assert int(part) == unasked <= int(whole)
    changing = asked[(asked["change"] > 0) & asked["ordered"].isna()]["case"].nunique()
    assert changing <= unasked


def test_a_reader_sees_words_and_finds_the_identifier(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    name = "find.spinal_tenderness.none"
    assert f'<a href="#statement-{name}" title="{name}">spinal tenderness | no disease</a>' in page
    shown = re.sub(r"<(?:title|style|script)[ >].*?</(?:title|style|script)>|<[^>]+>", "", page, flags=re.DOTALL)
    before = shown.split("Where the numbers come from")[1]  # after the contents
    assert name not in before
    for raw in ("primary_care", "cauda_equina", "within_48_hours", "p(any_serious)"):
        assert raw not in before, raw
    assert f"<title>{name}</title>" in (written / "figures" / "changed.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["seeds", "literature"])
def test_no_two_statements_of_a_set_have_the_same_label(name):
    priors = rm.load(name).priors
    shown = [label(priors.statement(one)) for one in priors.selected]
    assert len(set(shown)) == len(shown)
    assert not [text for text in shown if "=" in text or "_" in text or not text.strip()]


def test_what_the_policy_asks_for_already_is_marked(written):
    table, actions = frame(written, "next_questions"), frame(written, "cases").set_index("case")
    asked = actions["tests"].fillna("") + ", " + actions["imaging"].fillna("")
    for row in table.itertuples():
        assert (row.ordered == "yes") == (row.variable in asked[row.case].split(", "))
    assert {"esr", "crp"} & set(table[table["ordered"] == "yes"]["variable"])


# ---- what may be asked for -----------------------------------------------------------------------


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


# ---- the folder ----------------------------------------------------------------------------------


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = run("-o", tmp_path)
    assert done.exit_code == 2
    assert "thesis.txt" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_report_takes_the_place_of_the_one_before(tmp_path):
    folder = tmp_path / "out"
    write_folder(folder, {"report.md": "old", "tables/gone.csv": "old"})
    write_folder(folder, {"report.md": "new"})
    assert [path.name for path in folder.iterdir()] == ["report.md"]
    assert (folder / "report.md").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch):
    folder = tmp_path / "out"
    write_folder(folder, {"report.md": "old"})

    def fails(self, *_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(OutputError, match="No space left"):
        write_folder(folder, {"report.md": "new"})
    assert (folder / "report.md").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# ---- rendering -----------------------------------------------------------------------------------


def tiny(text: str = "a <b> & [[statement:s|the one]]") -> Report:
    rows = pd.DataFrame({"statement": ["s", "t"], "value": [0.25, float("nan")], "note": ["x|y", "<i>"]})
    columns = (Column("statement", "S", "statement"), Column("value", "V", "percent"), Column("note", "N"))
    table = Table("statements", "All", rows, columns, shown=1)

    def picture():
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=(2, 2))
        canvas.subplots().plot([0, 1], [0, 1])
        return canvas

    figure = Figure("line", "A line", 'said "so"', picture)
    return Report("T", (text,), (Section("one", "One", (text,), (table,), (figure,)),), {"Seed": "0"})


def test_what_is_written_is_escaped_and_linked():
    made = files(tiny())
    assert 'a &lt;b&gt; &amp; <a href="#statement-s">the one</a>' in made["report.html"]
    assert '<tr id="statement-s">' in made["report.html"]
    assert "&lt;i&gt;" in made["report.html"]
    assert "[the one](#statement-s)" in made["report.md"]
    assert "x\\|y" in made["report.md"]
    assert '<desc id="line-desc">said &quot;so&quot;</desc>' in made["report.html"]
    assert list(csv.reader(io.StringIO(made["tables/statements.csv"]))) == [
        ["statement", "value", "note"], ["s", "0.25", "x|y"], ["t", "", "<i>"],
    ]  # fmt: skip
    assert "first 1 of 2 rows" in made["report.md"]


def test_a_case_may_have_any_name(tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text('case_id,setting,fever\n"a|b] <i> 5 %",primary_care,yes\n"x ""y""",primary_care,no\n')
    done = run("-o", tmp_path / "out", "--spec", spec_file(tmp_path, SMALL), "--cases", cases)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<i>" not in page
    assert "a|b] &lt;i&gt; 5 %</a>" in page
    names = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= names
    assert frame(tmp_path / "out", "cases")["case"].tolist()[0] in {"a|b] <i> 5 %", 'x "y"'}


def test_a_name_without_a_home_is_plain_text():
    assert "href" not in files(tiny("[[source:nobody]]"))["report.html"].split("<main>")[1].split("<nav")[0]


def test_a_table_needs_its_columns():
    with pytest.raises(ValueError, match="no column b"):
        Table("x", "X", pd.DataFrame({"a": [1]}), (Column("b", "B"),))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.0123, "percent", "1.2 %"), (-0.5, "percent", "−50 %"), (1234567.0, "number", "1,234,567"),
        (0.00004, "number", "0.00004"), (-2, "number", "−2"), (12000, "whole", "12,000"),
        (float("nan"), "number", ""), (None, "text", ""), ("second_hand", "read", "read second hand"),
    ],
)  # fmt: skip
def test_cells_are_what_a_person_reads(value, kind, text):
    assert cell_text(value, Column("x", "X", kind)) == text


def test_numbers_keep_their_digits():
    assert [number(x) for x in (0.0004567, 999.6, 5e-9, 0.1)] == ["0.000457", "1,000", "5e-09", "0.1"]


def test_pictures_are_the_same_each_time_and_have_names_of_their_own():
    picture = tiny().figures()[0].draw
    assert svg.draw(picture, "a") == svg.draw(picture, "a")
    names = [set(re.findall(r'\bid="([^"]+)"', svg.draw(picture, prefix))) for prefix in ("a", "b")]
    assert not names[0] & names[1]
