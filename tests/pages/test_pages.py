"""Pages of any report: rendering, tables, pictures, and the folder they are written to."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from riskmodel.pages import svg
from riskmodel.pages.render import files
from riskmodel.pages.section import Column, Figure, Report, Section, Table, number, shown_value
from tests.support.small_report import run

# ---- the folder ------------------------------------------------------------------------------------


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = run("-o", tmp_path)
    assert done.exit_code == 2
    assert "thesis.txt" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


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


# ---- rendering -------------------------------------------------------------------------------------


def test_a_case_is_linked_to_the_explorer_beside_the_report():
    """Whatever it is called."""
    name = 'a&b="c" #1 + 50 %</a>'
    rows = pd.DataFrame({"case": [name], "urgency": ["routine"]})
    table = Table("cases", "Cases", rows, (Column("case", "Case", "case"), Column("urgency", "Urgency", "name")))
    report = Report("T", (), (Section("one", "One", (), (table,)),), explorer="explorer.html")
    address = "explorer.html#case=a%26b%3D%22c%22%20%231%20%2B%2050%20%25%3C%2Fa%3E"
    made, without = files(report), files(replace(report, explorer=""))
    assert f'<a class="opened" href="{address}">in the explorer</a>' in made["report.html"]
    assert f"[in the explorer]({address})" in made["report.md"]
    assert "the explorer" not in without["report.html"] + without["report.md"]


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


def test_a_name_without_a_home_is_plain_text():
    assert "href" not in files(tiny("[[source:nobody]]"))["report.html"].split("<main>")[1].split("<nav")[0]


def test_identifiers_stand_once():
    report = tiny()
    with pytest.raises(ValueError, match=f"more than one section {report.sections[0].id}"):
        replace(report, sections=(report.sections[0], report.sections[0]))


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
    assert shown_value(value, Column("x", "X", kind)) == text


def test_numbers_keep_their_digits():
    assert [number(x) for x in (0.0004567, 999.6, 5e-9, 0.1)] == ["0.000457", "1,000", "5e-09", "0.1"]


def test_pictures_are_the_same_each_time_and_have_names_of_their_own():
    picture = tiny().figures()[0].draw
    assert svg.draw(picture, "a") == svg.draw(picture, "a")
    names = [set(re.findall(r'\bid="([^"]+)"', svg.draw(picture, prefix))) for prefix in ("a", "b")]
    assert not names[0] & names[1]
