"""The same cases in every format, in and out, give the same bytes; what is damaged or not installed is named."""

import csv
import gzip
import io
import sys
import zipfile
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather
from python_calamine import CalamineWorkbook

from riskmodel.casefiles.read.formats import FORMATS, format_of
from tests.support.case_files import HEADER, run_bytes, run_file
from tests.support.paths import DATA

NAMES = HEADER.strip().split(",")
ROWS = [
    ("a", "emergency", 17, "f", "minor|major", 1, "<5"),
    ("b", "", None, "", "", None, ""),
    ("=c", "primary_care", 49.9, "male", "none", 0, "200"),
    ('d "e", f', "emergency", 120, "M", "major", 0, "20.0"),
    ("bad age", "", 121, "f", "", None, ""),
    ("a", "", 1, "", "", None, ""),
    (None, "", 1, "", "", None, ""),
    ("impossible", "", None, "", "major", 1, ""),
    ("ü", "", 18, "", "", 1, ">120"),
]
KEEP = ("age", "esr_mm_h")


def frame_of(rows):
    frame = pd.DataFrame(rows, columns=NAMES)
    return frame.astype({"age": float, "fever": float}).fillna(dict.fromkeys(NAMES[3:5] + NAMES[:2] + NAMES[6:], ""))


def sheet(frame, path, **_):
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, NAMES)
        for number, row in enumerate(frame.itertuples(index=False), 1):
            for at, cell in enumerate(row):
                if cell == cell and cell != "":  # noqa: PLR0124 - NaN
                    page.write(number, at, cell)


def arrow_stream(frame, path):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


WRITERS = {
    "cases.parquet": lambda frame, path: frame.to_parquet(path),
    "cases.feather": lambda frame, path: feather.write_feather(frame, path, chunksize=4),
    "plain.arrow": lambda frame, path: feather.write_feather(frame, path, compression="uncompressed"),
    "cases.arrows": arrow_stream,
    "cases.xlsx": sheet,
    "cases.dta": pyreadstat.write_dta,
    "old.dta": lambda frame, path: frame.assign(case_id=frame.case_id.str.replace("ü", "u")).to_stata(
        path, version=114
    ),
    "cases.sav": pyreadstat.write_sav,
    "cases.zsav": lambda frame, path: pyreadstat.write_sav(frame, path, compress=True),
    "cases.por": lambda frame, path: pyreadstat.write_por(frame.rename(columns=str.upper), path),
    "cases.xpt": lambda frame, path: pyreadstat.write_xport(frame, path, file_format_version=8),
    "five.xpt": lambda frame, path: pyreadstat.write_xport(
        frame.rename(columns=str.upper), path, file_format_version=5
    ),
}


def as_csv(frame):
    text = frame.map(lambda cell: "" if cell != cell else f"{cell:g}" if isinstance(cell, float) else cell)  # noqa: PLR0124
    return text.to_csv(index=False).encode()


@pytest.mark.parametrize("engine", ["small", "compiled"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_as_its_csv(tmp_path, name, engine):
    frame = frame_of(ROWS if name not in ("old.dta", "cases.por", "five.xpt", "cases.xpt") else ROWS[:-1])
    expected = run_bytes(as_csv(frame), tmp_path, engine=engine, keep=KEEP)
    path = tmp_path / name
    WRITERS[name](frame, path)
    got = run_file(path, tmp_path, engine=engine, keep=KEEP)
    assert got.error == ""
    assert got.output == expected.output
    assert got.result.summary == expected.result.summary
    assert [[line[0], *line[2:]] for line in got.rejected] == [[line[0], *line[2:]] for line in expected.rejected]
    lines = {line[1] for line in got.rejected}
    assert lines == ({line[1] for line in expected.rejected} if name == "cases.xlsx" else {""})


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_any_name_is_known_by_its_content(tmp_path, name):
    frame = frame_of(ROWS[:2])
    WRITERS[name](frame, tmp_path / name)
    nameless = (tmp_path / name).rename(tmp_path / "cases")
    assert name.endswith(format_of(nameless).endings)
    other = nameless.rename(
        tmp_path / f"cases{next(form.endings[0] for form in FORMATS if not name.endswith(form.endings))}"
    )
    assert run_file(other, tmp_path).result.counts.scored == 2
    csv_file = tmp_path / f"text.{name.rpartition('.')[2]}"
    csv_file.write_bytes(as_csv(frame))
    assert "but it is something else; is it a CSV?" in run_file(csv_file, tmp_path).error


@pytest.mark.parametrize("name", WRITERS)
def test_a_damaged_file_is_named(tmp_path, name):
    path = tmp_path / name
    rng = np.random.default_rng(2)
    many = frame_of([(f"p{n}", *ROWS[n % 4][1:]) for n in rng.permutation(600)])
    WRITERS[name](many, path)
    whole = path.read_bytes()
    for kept in (0.97, 0.5, 0.05):
        path.write_bytes(whole[: int(len(whole) * kept) // 80 * 80 + 7])
        error = run_file(path, tmp_path).error
        assert str(path) in error, error
        assert any(word in error for word in ("not a readable", "damaged", "ZIP archive")), error


cells = st.tuples(
    st.text(st.characters(codec="ascii", min_codepoint=48, max_codepoint=122, exclude_characters="\\_`^@[]=;:<>?"),
            min_size=1, max_size=5),
    st.sampled_from(["", "emergency", "primary_care", "Emergency"]),
    st.one_of(st.none(), st.integers(0, 125), st.floats(0, 121).map(lambda x: round(x, 3))),
    st.sampled_from(["", "f", "MALE", "boy"]),
    st.sampled_from(["", "none", "minor|major", "yes"]),
    st.sampled_from([None, 0, 1, 2]),
    st.sampled_from(["", "<5", "20.0", "7", ">300"]),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, min_size=1, max_size=8))
def test_any_cells_are_read_alike(tmp_path, rows):
    frame = frame_of(rows)
    expected = run_bytes(as_csv(frame), tmp_path)
    for name in ("cases.feather", "cases.xlsx", "cases.dta", "cases.sav", "cases.parquet"):
        WRITERS[name](frame, tmp_path / name)
        got = run_file(tmp_path / name, tmp_path)
        assert got.error == expected.error
        assert got.output == expected.output
        assert got.result.counts == expected.result.counts


# ---- what only some formats have -----------------------------------------------------------------------


def typed(columns):
    return pa.table(columns)


def test_types_of_arrow_that_are_cells_and_that_are_not(tmp_path):
    path = tmp_path / "cases.arrow"
    half = pa.array(np.array([1, 0, 1], np.float16))
    columns = {
        "case_id": pa.array(["a", "b", "c"], pa.string_view()),
        "fever": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([True, None])),
        "trauma": half,
        "age": pa.array([1, None, 3], pa.uint64()),
        "sex": pa.nulls(3),
        "when": pa.array([datetime(2024, 5, 1), datetime(2024, 5, 1, 8, 30), None], pa.timestamp("ns")),
        "day": pa.array([date(2024, 5, 1)] * 3),
    }
    feather.write_feather(pa.table({**columns, "fever": [True, True, None]}), path)
    with pa.ipc.new_file(path, pa.table(columns).schema) as writer:
        writer.write_table(pa.table(columns))
    text = b"case_id,fever,trauma,age,when,day\na,true,1,1,2024-05-01,2024-05-01\n"
    text += b"b,true,0,,2024-05-01 08:30:00,2024-05-01\nc,,1,3,,2024-05-01\n"
    for engine in ("small", "compiled"):
        expected = run_bytes(text, tmp_path, keep=("when", "day"), engine=engine)
        assert run_file(path, tmp_path, keep=("when", "day"), engine=engine).output == expected.output
    for bad, kind in (
        ([date(2024, 5, 1)], "date32"), ([b"yes"], "binary"), ([{"x": 1}], "struct"), ([["yes"]], "list"),
        ([datetime(2024, 5, 1)], "timestamp"),
    ):  # fmt: skip
        feather.write_feather(pa.table({"case_id": ["a"], "fever": bad}), path)
        assert f"column 'fever' is of type {kind}" in run_file(path, tmp_path).error
    twice = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["case_id", "fever", "fever"])
    with pa.ipc.new_stream(path, twice.schema) as writer:
        writer.write_table(twice)
    assert "'fever' stands 2 times" in run_file(path, tmp_path).error


def test_a_large_dictionary_and_small_codes(tmp_path):
    words = [f"word {n}" for n in range(127)] + ["yes"]
    fever = pa.DictionaryArray.from_arrays(pa.array([127, None, 127], pa.int8()), pa.array(words))
    path = tmp_path / "cases.parquet"
    feather.write_feather(pa.table({"case_id": ["a", "b", "c"], "fever": fever}), path)
    done = run_file(path, tmp_path)
    assert done.result.summary.states["fever"] == {"absent": 0, "present": 2}


LABELLED = pd.DataFrame({
    "case_id": ["a", "b", "c", "d", "e", "f"],
    "sex": [1.0, 2.0, 1.0, np.nan, 2.0, 2.0],
    "fever": [1.0, 2.0, 9.0, 1.0, 2.0, 2.0],
    "age": [17.0, 49.9, -9.0, 950.0, 70.0, np.nan],
    "ward": ["x", "NA", "", "y", "z", "NA"],
})  # fmt: skip
LABELS = {"sex": {1: "Male", 2: "Female "}, "fever": {1: "Yes", 2: "No", 9: "Not asked"}}


def test_labels_and_values_declared_missing_in_spss(tmp_path):
    path = tmp_path / "cases.sav"
    ranges = {"age": [-9, {"lo": 900, "hi": 999}], "fever": [9], "ward": ["NA"]}
    pyreadstat.write_sav(LABELLED, path, variable_value_labels=LABELS, missing_ranges=ranges)
    text = b"case_id,sex,fever,age,ward\na,Male,Yes,17,x\nb,Female,No,49.9,\nc,Male,not_assessed,not_assessed,\n"
    text += b"d,,Yes,not_assessed,y\ne,Female,No,70,z\nf,Female,No,,\n"
    got = run_file(path, tmp_path, keep=("ward",))
    assert got.output == run_bytes(text, tmp_path, keep=("ward",)).output
    assert got.result.notes == (
        "labels are read and not their codes (--codes): sex (1 = Male, 2 = Female); fever (1 = Yes, 2 = No)",
        (
            "cells that the file declares missing are not assessed: "
            "fever 9 'Not asked' (1); age -9 (1), 950 (1); ward NA (2)"
        ),
    )
    codes = run_file(path, tmp_path, codes=True, mapping={"values": {"sex": {"1": "male", "2": "female"}}})
    assert [line[2:5] for line in codes.rejected] == [[name, "fever", "2"] for name in "bef"]
    assert codes.result.notes[0].startswith("codes are read and not their labels: sex (1 = Male")


def test_tagged_missing_values_in_stata(tmp_path):
    tagged = LABELLED.assign(fever=pd.Series([1, "a", None, 2, "b", 2], dtype=object)).drop(columns=["age", "ward"])
    path = tmp_path / "cases.dta"
    labels = {"fever": {1: "yes", 2: "no", "a": "refused"}}
    pyreadstat.write_dta(tagged, path, variable_value_labels=labels, missing_user_values={"fever": ["a", "b"]})
    done = run_file(path, tmp_path, mapping={"values": {"sex": {"1": "male", "2": "female"}}})
    assert done.result.counts.scored == 6
    assert done.result.summary.states["fever"] == {"absent": 2, "present": 1}
    assert (
        done.result.notes[1] == "cells that the file declares missing are not assessed: fever .a 'refused' (1), .b (1)"
    )


def test_tagged_missing_values_in_sas(tmp_path):
    path = tmp_path / "cases.sas7bdat"
    path.write_bytes(gzip.decompress((DATA / "statistics" / "missing_values.sas7bdat.gz").read_bytes()))
    mapping = {"columns": {"var9": "case_id", "var1": "fever", "var7": "trauma", "var8": "age"}}
    done = run_file(path, tmp_path, mapping=mapping, keep=("var2", "var8"))
    assert done.output.splitlines()[1].startswith(b"1,")
    assert done.output.splitlines()[1].endswith(b",,")
    assert done.result.summary.assessed == {"setting": 1} | dict.fromkeys([*NAMES[2:6], "esr", "infection"], 0)
    assert done.result.notes == (
        "codes are read: the labels of a SAS data set are in a catalog, which is another file",
        "cells that the file declares missing are not assessed: var1 .A (1); var2 .B (1); var7 ._ (1)",
    )
    path.write_bytes(path.read_bytes()[:70_000])
    assert f"{path}: not a readable SAS file" in run_file(path, tmp_path).error


ODS = """<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Cases">{}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


MANIFEST = '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def open_document(path, rows):
    """The least that a sheet of OpenDocument can be."""

    def cell(value):
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS.format(lines))


def test_a_sheet_of_open_document(tmp_path):
    path = tmp_path / "cases.ods"
    open_document(path, [["case_id", "age", "fever"], ["a", 54, "yes"], [7, 54.5, "maybe"]])
    done = run_file(path, tmp_path)
    assert done.error == ""
    expected = run_bytes(b"case_id,age,fever\na,54,yes\n7,54.5,maybe\n", tmp_path)
    assert (done.output, done.rejects) == (expected.output, expected.rejects)
    path.write_bytes(path.read_bytes()[:-40])
    assert f"{path}: not a readable workbook" in run_file(path, tmp_path).error


def test_many_pieces_of_a_statistics_file(tmp_path, monkeypatch):
    rows = [(f"p{n}", *ROWS[n % 4][1:]) for n in range(40)]
    frame = frame_of(rows)
    for name in ("cases.sav", "cases.dta", "cases.xpt"):
        WRITERS[name](frame, tmp_path / name)
        expected = run_file(tmp_path / name, tmp_path).output
        for cells_at_once in (1, 7 * 8, 7 * 40):
            monkeypatch.setattr("riskmodel.casefiles.read.statistics._CELLS", cells_at_once)
            assert run_file(tmp_path / name, tmp_path).output == expected
        assert expected.count(b"\n") == 41


def test_sheets_blank_rows_dates_and_errors_of_a_workbook(tmp_path):
    path = tmp_path / "cases.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page, _, other = book.add_worksheet("Cases"), book.add_worksheet("empty"), book.add_worksheet("Codes & more")
        page.write_row(2, 1, ["case_id", "fever", "age", "seen"])
        page.write_row(4, 1, ["a", True, 54])
        page.write_datetime(4, 4, datetime(2024, 5, 1), day)
        page.write_row(5, 1, [7, "no", 54.5])
        page.write_formula(6, 1, '="b"', value="b")
        page.write_formula(6, 3, "=1/0", value="#DIV/0!")
        page.write(8, 1, "c")
        page.write_datetime(8, 3, datetime(2024, 5, 1), day)
        other.write_row(0, 0, ["case_id", "fever"])
    assert "say which sheet with --sheet NAME; sheets: 'Cases', 'Codes & more'" in run_file(path, tmp_path).error
    error = run_file(path, tmp_path, sheet="cases").error
    assert "there is no sheet 'cases' (did you mean 'Cases'?); sheets: 'Cases', 'empty', 'Codes & more'" in error
    done = run_file(path, tmp_path, sheet="Cases", keep=("seen",))
    assert [line.split(b",")[0] for line in done.output.splitlines()] == [b"case_id", b"a", b"7"]
    assert done.output.splitlines()[1].endswith(b",2024-05-01")
    assert [line[:5] for line in done.rejected] == [
        ["3", "7", "b", "age", "#DIV/0!"], ["4", "9", "c", "age", "2024-05-01"],
    ]  # fmt: skip
    assert "sheet Codes & more" in run_file(path, tmp_path, sheet="Codes & more", default_setting=None).error


def test_cells_to_the_right_of_the_header_are_not_lost(tmp_path):
    path = tmp_path / "cases.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["case_id", "fever"])
        page.write_row(1, 0, ["a", "yes", "", "note"])
    assert f"{path}: row 2: 'note' stands to the right of the last column name" in run_file(path, tmp_path).error
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet()
    assert "no sheet holds anything" in run_file(path, tmp_path).error


BLOCKED = {"cases.xlsx": ("python_calamine", "excel"), "cases.sav": ("pyreadstat", "statistics")}


@pytest.mark.parametrize("name", BLOCKED)
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, name):
    library, extra = BLOCKED[name]
    WRITERS[name](frame_of(ROWS), tmp_path / name)
    monkeypatch.setitem(sys.modules, library, None)
    error = run_file(tmp_path / name, tmp_path).error
    assert f"{tmp_path / name}: " in error
    assert f"need {library}: pip install 'riskmodel[{extra}]'" in error


# ---- out ------------------------------------------------------------------------------------------------


def read_back(path):
    """The names and rows of a result, cells as Python has them; None for a blank."""
    if path.suffix == ".xlsx":
        names, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        return names, [[None if cell == "" else cell for cell in row] for row in rows]
    table = pq.read_table(path) if path.suffix == ".parquet" else feather.read_table(path)
    return table.column_names, [[cell if cell != "" else None for cell in row.values()] for row in table.to_pylist()]


@pytest.mark.parametrize("engine", ["small", "compiled"])
@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather", "xlsx"])
def test_every_output_holds_the_same(tmp_path, engine, ending):
    rows = [(f"p{n}", *ROWS[n % 4][1:]) for n in range(300)]
    rows[200] = rows[3]
    data = as_csv(frame_of([*ROWS, *rows]))
    text = run_bytes(data, tmp_path, engine=engine, keep=("age",))
    names, *lines = csv.reader(io.StringIO(text.output.decode()))
    outputs = []
    for block, threads in ((1 << 20, 1), (700, 2)):
        run_bytes(
            data, tmp_path, output=f"out.{ending}", engine=engine, keep=("age",), block_bytes=block, threads=threads
        )
        outputs.append((tmp_path / f"out.{ending}").read_bytes())
    assert outputs[0] == outputs[1]
    got_names, got = read_back(tmp_path / f"out.{ending}")
    assert got_names == names
    assert len(got) == len(lines)
    for line, row in zip(lines, got, strict=True):
        for name, cell, value in zip(names, line, row, strict=True):
            if name in ("p_one", "p_small", "weight", "sum"):
                assert value == pytest.approx(float(cell), rel=1e-5, abs=1e-4 if name == "weight" else 1e-10)
            else:
                assert (value or "") == (cell.removeprefix("'") if cell.startswith("'=") else cell)


def test_no_text_of_a_case_is_a_formula_in_a_workbook(tmp_path):
    ids = ["=1+1", "+1", "-x", "@a", "{=1}", "https://a.b", "mailto:a@b.c", "internal:x!A1", "1e5", "0012", "a\tb"]
    data = as_csv(frame_of([(name, "", None, "", "", None, "") for name in ids]))
    run_bytes(data, tmp_path, output="out.xlsx")
    _, rows = read_back(tmp_path / "out.xlsx")
    assert [row[0] for row in rows] == ids
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        page = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in page
    assert b"hyperlink" not in page


def test_what_a_sheet_cannot_hold_is_refused_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("riskmodel.casefiles.write.workbook.MOST_ROWS", 5)
    frame = frame_of([(f"p{n}", *ROWS[0][1:]) for n in range(5)])
    assert run_bytes(as_csv(frame[:4]), tmp_path, output="out.xlsx").error == ""
    for size in (1, 1 << 20):
        error = run_bytes(as_csv(frame), tmp_path, output="out.xlsx", block_bytes=size).error
        assert "out.xlsx: a sheet holds 5 rows, and there are more; write .csv, .parquet or .arrow" in error
    note = frame[:2].assign(note=["x", "y" * 40_000])
    error = run_bytes(as_csv(note), tmp_path, output="out.xlsx", keep=("note",)).error
    assert "case p1: a text of 40,000 characters; a cell of a workbook holds 32,767" in error


def test_writing_a_workbook_says_what_to_install_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    error = run_bytes(as_csv(frame_of(ROWS)), tmp_path, output="out.xlsx").error
    assert "writing a workbook needs xlsxwriter: pip install 'riskmodel[excel]'" in error


def test_an_ending_that_is_none_lists_those_there_are(tmp_path):
    error = run_bytes(as_csv(frame_of(ROWS)), tmp_path, output="out.xls").error
    assert "an output ends with .csv, .csv.gz, .csv.zst, .parquet, .arrow, .feather, .xlsx" in error
