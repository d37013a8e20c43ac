"""Files separated by semicolons, tabs or bars: the same cases as with commas, and every fault with its line."""

from __future__ import annotations

import csv
import gzip
import io

import pytest

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read import separated
from riskmodel.casefiles.read.formats import format_of
from riskmodel.cases.header import OTHER_SEPARATORS
from tests.support.case_files import HEADER, run_bytes

ROWS = [
    ['a "quoted" name, with a comma; and more', "emergency", "54", "f", "minor", "present", "12"],
    *([f"c{i}", "", f"{20 + i}", "", "", "absent" if i % 2 else "", ""] for i in range(8)),
]


def written(rows: list[list[str]], separator: str, first: str = "", newline: str = "\n") -> bytes:
    text = io.StringIO()
    table = csv.writer(text, delimiter=separator, lineterminator=newline)
    table.writerows([HEADER.strip().split(","), *rows])
    return f"{first}{text.getvalue()}".encode()


@pytest.mark.parametrize("separator", OTHER_SEPARATORS)
@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_the_same_cases_as_with_commas(tmp_path, monkeypatch, separator, engine):
    monkeypatch.setattr(separated, "ROWS", 3)
    plain = run_bytes(written(ROWS, ","), tmp_path, engine=engine)
    assert plain.result is not None
    assert plain.result.counts.scored == len(ROWS)
    for first, newline in (("", "\n"), ("\ufeff", "\r\n"), (f"sep={separator}\r\n", "\r\n")):
        content = written(ROWS, separator, first, newline)
        assert run_bytes(content, tmp_path, engine=engine).output == plain.output
        assert run_bytes(gzip.compress(content), tmp_path, "cases.csv.gz", engine=engine).output == plain.output


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_a_bad_row_is_rejected_with_its_line(tmp_path, engine):
    content = b'case_id;age;fever\na;54;yes\n"b\nb";54\n\nc;54;maybe\nd;54;yes;no\ne;61;no\nf;\0;no\n'
    ran = run_bytes(content, tmp_path, engine=engine)
    assert ran.result is not None
    assert ran.result.counts.scored == 2
    reported = list(csv.DictReader(io.StringIO((ran.rejects or b"").decode())))
    problems = {row["line"]: row["problem"] for row in reversed(reported)}  # the first of each
    assert sorted(problems) == ["3", "6", "7", "9"]
    assert problems["3"] == "2 fields, where the header has 3"
    assert problems["7"] == "4 fields, where the header has 3"
    assert "NUL" in problems["9"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'case_id;age\n"a;54\n', "line 2"),
        (b'case_id;age\na;"54"x\n', "line 2"),
        (b"case_id;age\n\xe4;54\n", "not text in UTF-8 (byte 0xe4)"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content, problem):
    ran = run_bytes(content, tmp_path)
    assert ran.result is None
    assert problem in ran.error
    assert "cases.csv" in ran.error


@pytest.mark.parametrize("header", ["case_id,age", 'case_id,"a;b;c"', "case_id", "a,b;c", ""])
def test_commas_stay_commas(tmp_path, header):
    path = tmp_path / "cases.csv"
    path.write_text(f"{header}\n1,2\n", encoding="utf-8")
    assert format_of(path) is None


def test_its_cells_are_texts(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("case_id;crp\na;1,5\nb;\n", encoding="utf-8")
    form = format_of(path)
    assert form is not None
    table = form.open(path, RunOptions())
    batches = [piece.batch.to_pydict() for piece in table.pieces(["crp"])]
    table.close()
    assert batches == [{"crp": ["1,5", None]}]
