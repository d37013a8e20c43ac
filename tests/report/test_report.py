"""What a report writes is what the model says."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.report.sensitivity.labels import statement_label
from tests.support.explorer_script import packed_json, page_data
from tests.support.small_report import CASES, SMALL, run, spec_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning"),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A report on the published cases, through the command."""
    folder = tmp_path_factory.mktemp("report")
    done = run("-o", folder / "out", "--spec", spec_file(folder, SMALL), "--cases", CASES)
    assert done.exit_code == 0, done.output
    return folder / "out"


def frame(written: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(written / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])


# ---- what is written -------------------------------------------------------------------------------


def test_every_table_and_figure_is_a_file_and_the_page_needs_none(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    tables, pictured = (sorted(path.stem for path in (written / kind).iterdir()) for kind in ("tables", "figures"))
    assert sorted(re.findall(r'<div class="table" id="t-([^"]+)"', page)) == tables
    assert sorted(re.findall(r'<svg id="f-([^"]+)" role="img"', page)) == pictured
    outside = re.findall(r'(?:src|href)="(?!#|data:)[^"]*"|@import|url\((?!#)', page.replace("xlink:href", "xlink"))
    assert {address.split("#")[0].strip('"') for address in outside} == {'href="explorer.html'}
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
        found = link[1:] in names if link.startswith("#") else (written / link.split("#")[0]).is_file()
        assert found, link
    assert "[[" not in text


def test_each_case_can_be_opened_in_the_explorer_beside_it(written):
    """The page there has the report's cases, prior set, policy and setting."""
    links = re.findall(r'<a class="opened" href="explorer\.html#case=([^"]+)">', (written / "report.html").read_text())
    assert [unquote(name) for name in links] == frame(written, "cases")["case"].astype(str).tolist()
    assert (written / "report.md").read_text().count("(explorer.html#case=") == len(links)
    data = page_data(written / "explorer.html")
    assert set(packed_json(data["cases"]["ids"])) == {unquote(name) for name in links}
    assert data["start"] == {"setting": "primary_care", "policy": "consensus", "recording": "ignorable"}
    assert [(each["name"], each["drawn"]["draws"]) for each in data["sets"]] == [("seeds", 64)]


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


def found(written: Path) -> list[str]:
    text = (written / "report.md").read_text(encoding="utf-8")
    part = text.split("## Main findings")[1].split("\n## ")[0]
    return [re.sub(LINK, r"\1", line[2:]) for line in part.splitlines() if line.startswith("- ")]


LINK = re.compile(r'\[([^\]]+)\]\([^ )]+(?: "(?:[^"\\]|\\.)*")?\)')


def labels(names) -> list[str]:
    return [statement_label(rm.load().priors.statement(name)) for name in names]


# ---- what was found --------------------------------------------------------------------------------


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
    are = "is" if fragile == 1 else "are"
    assert f"{fragile} of {len(table)} cases {are} fragile" in text
    assert f"{fragile} of the cases {are} fragile" in text
    dependent = flips[flips["within"] == "yes"]["case"].nunique()
    assert f"In {dependent} of {len(table)} cases at least one flip" in text
    unasked = int(re.search(r"In (\d+) of 8 cases one more answer, which the policy does not", text)[1])
    whole, part = re.search(r"In (\d+) of 8 cases at least one single answer .*; in (\d+) of these", text).groups()
    assert int(part) == unasked <= int(whole)
    changing = asked[(asked["change"] > 0) & asked["ordered"].isna()]["case"].nunique()
    assert changing <= unasked


def test_a_reader_sees_words_and_finds_the_identifier(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    name = "find.spinal_tenderness.none.study"
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
    shown = [statement_label(priors.statement(one)) for one in priors.selected]
    assert len(set(shown)) == len(shown)
    assert not [text for text in shown if "=" in text or "_" in text or not text.strip()]


def test_what_the_policy_asks_for_already_is_marked(written):
    table, actions = frame(written, "next_questions"), frame(written, "cases").set_index("case")
    asked = actions["tests"].fillna("") + ", " + actions["imaging"].fillna("")
    for row in table.itertuples():
        assert (row.ordered == "yes") == (row.variable in asked[row.case].split(", "))
    assert {"esr", "crp"} & set(table[table["ordered"] == "yes"]["variable"])


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
