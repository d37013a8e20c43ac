"""Files that are something else are named; what is only named wrongly is read; absurd ones end at once."""

import gzip
import json
import sqlite3
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.cases import header
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.header import match_header
from riskmodel.cases.mapping import CaseMapping, load_mapping
from riskmodel.errors import UsageError
from tests.support.case_files import HEADER, VARIABLES, run_bytes, run_file

FRAME = pd.DataFrame({"case_id": ["a", "b"], "fever": ["yes", "no"]})
CSV = FRAME.to_csv(index=False).encode()
SAS = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011") + b"\0" * 100


TRANSPORT = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!".ljust(800)


def workbook(path, inner, content="x"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inner, content)


def compressed(path, write):
    write(path, write_index=False)
    path.write_bytes(gzip.compress(path.read_bytes()))


def database(path):
    with sqlite3.connect(path) as connection:
        connection.execute("create table cases (case_id text)")
    connection.close()


MAKERS = {
    "a Stata file that came compressed": lambda path: compressed(path, FRAME.to_stata),
    "an SPSS file that came compressed": lambda path: path.write_bytes(gzip.compress(b"$FL2@(#) SPSS DATA FILE")),
    "a SAS data set that came compressed": lambda path: path.write_bytes(gzip.compress(SAS)),
    "a SAS transport file that came compressed": lambda path: path.write_bytes(
        gzip.compress(b"HEADER RECORD*******LIB")
    ),
    "an Arrow file that came compressed": lambda path: path.write_bytes(gzip.compress(b"ARROW1\0\0")),
    "not a readable SPSS file": lambda path: path.write_bytes(b"$FL2@(#) SPSS DATA FILE" + b" " * 60),
    "not a readable SAS file": lambda path: path.write_bytes(SAS),
    "not a readable SAS transport file": lambda path: path.write_bytes(TRANSPORT),
    "not a readable portable SPSS file": lambda path: path.write_bytes(b"0" * 456 + b"SPSSPORTA8/"),
    "not a readable Stata file": lambda path: path.write_bytes(b"<stata_dta><header><release>118</release>"),
    "not a readable Arrow file": lambda path: path.write_bytes(b"ARROW1\0\0" + b" " * 60),
    "not a readable workbook": lambda path: workbook(path, "xl/workbook.xml"),
    "Word document": lambda path: workbook(path, "word/document.xml"),
    "OpenDocument text": lambda path: workbook(path, "mimetype", "application/vnd.oasis.opendocument.text"),
    "Feather file of version 1": lambda path: path.write_bytes(b"FEA1" + b" " * 60),
    "R object": lambda path: path.write_bytes(gzip.compress(b"X\n\0\0\0\3\0\4\2\0")),
    "R workspace": lambda path: path.write_bytes(gzip.compress(b"RDX3\nX\n\0\0\0\3")),
    "ZIP archive": lambda path: workbook(path, "cases.csv"),
    "JSON": lambda path: path.write_text(FRAME.to_json()),
    "JSON; write": lambda path: path.write_text(json.dumps(FRAME.to_dict("records"), indent=1)),
    "SQLite": database,
    "PDF": lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "HTML": lambda path: path.write_text("\n<!DOCTYPE html>\n<html><body>Please log in</body></html>"),
    "XML": lambda path: path.write_text('<?xml version="1.0"?><cases/>'),
    "compressed twice": lambda path: path.write_bytes(gzip.compress(gzip.compress(CSV))),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", ["cases.csv", "cases.parquet", "cases.txt"])
def test_other_files_are_named(tmp_path, kind, name):
    if name == "cases.parquet" and (kind in ("R object", "R workspace", "compressed twice") or "came" in kind):
        pytest.skip("compressed: named as such")
    path = tmp_path / name
    MAKERS[kind](path)
    done = run_file(path, tmp_path, output="out.csv")
    assert done.output is None
    assert f"{path}: " in done.error
    assert kind in done.error
    assert "Traceback" not in done.error


@pytest.mark.parametrize("name", ["cases.csv", "cases.dat", "cases"])
def test_what_is_only_named_wrongly_is_read(tmp_path, name):
    expected = run_bytes(CSV, tmp_path).output
    path = tmp_path / name
    pq.write_table(pa.Table.from_pandas(FRAME), path)
    assert run_file(path, tmp_path).output == expected
    for data in (gzip.compress(CSV), pa.compress(CSV, codec="zstd", asbytes=True)):
        path.write_bytes(data)
        assert run_file(path, tmp_path).output == expected


def test_a_csv_that_is_called_parquet_is_an_error_that_says_so(tmp_path):
    path = tmp_path / "cases.parquet"
    path.write_bytes(CSV)
    assert "the name says Parquet, but it is something else; is it a CSV?" in run_file(path, tmp_path).error


# ---- absurd files: no time is asserted, but what took minutes would be seen ---------------------------


@pytest.mark.parametrize(
    "unit", ["1e-999999999", "1e-3000000", "1e3000000", "1e-10", "1e10", "0", "-1", "nan", "inf", "0." + "1" * 5000]
)
def test_units_that_cannot_be_meant_are_refused(tmp_path, unit):
    path = tmp_path / "map.toml"
    path.write_text(f"[units]\nesr_mm_h = {unit}\n")
    with pytest.raises(UsageError, match=r"units.esr_mm_h: .*a factor from 1e-9 to 1e\+9"):
        load_mapping(path, ColumnContract(VARIABLES))


@pytest.mark.parametrize("text", ["x = 1" + "0" * 5000, "x = 1e99999999999999999999", "x = " + "[" * 5000])
def test_mappings_that_python_cannot_hold_are_no_toml(tmp_path, text):
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="not TOML"):
        load_mapping(path, ColumnContract(VARIABLES))


def test_two_words_for_one_number_are_refused():
    with pytest.raises(UsageError, match=r"1\.0 and 1 are one number with two words"):
        load_mapping({"values": {"sex": {"1": "male", "1.0": "female"}}}, ColumnContract(VARIABLES))


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_blank_lines_before_the_header(tmp_path, engine):
    few = run_bytes(b"\n\r\n" * 1000 + CSV, tmp_path, engine=engine)
    assert few.output == run_bytes(CSV, tmp_path, engine=engine).output
    bad = run_bytes(b"\n" * 1000 + CSV.replace(b"no", b"maybe"), tmp_path, engine=engine, block_bytes=64)
    assert bad.rejected[0][1] == "1003"
    for line in (b"\n", b"\r\n"):
        assert "more than 1 MB of blank lines" in run_bytes(line * (1 << 21) + CSV, tmp_path, engine=engine).error


def test_a_header_of_many_columns_is_matched_name_by_name(monkeypatch):
    """Names are compared letter by letter only where length and letters leave a chance."""
    calls = []
    monkeypatch.setattr(header, "_edits", lambda *names: calls.append(names) or header._EDITS + 1)
    names = ["case_id", *(f"column_{i:06d}" for i in range(20_000))]
    layout = match_header(names, ColumnContract(VARIABLES), CaseMapping())
    assert len(layout.rows) == 20_001
    assert len(calls) < 100
    assert layout.warnings[0].endswith("and 19,980 more")
    assert len(layout.warnings[0]) < 1000


def test_names_close_to_a_column_are_as_before():
    """The quick test of letters rules out no name within two edits."""
    rng = np.random.default_rng(1)
    contract = ColumnContract(VARIABLES)
    for name in ("setting", "trauma", "fever", "esr_mm_h", "infection"):
        for _ in range(200):
            letters = list(name)
            for _ in range(rng.integers(1, 3)):
                at, letter = int(rng.integers(len(letters))), chr(rng.integers(97, 123))
                kind = rng.integers(3)
                letters[at : at + (kind != 0)] = [] if kind == 1 else [letter]
            close = "".join(letters)
            if close and close not in contract.headers:
                with pytest.raises(Exception, match="is close to the column"):
                    match_header(["case_id", close], contract, CaseMapping())


def test_wide_files_are_read(tmp_path):
    wide = HEADER.strip() + "".join(f",x{i}" for i in range(3000)) + "\n"
    data = (wide + "a,emergency,54,f,none,yes,12" + ",1" * 3000 + "\n").encode()
    for engine in ("small", "compiled"):
        assert run_bytes(data, tmp_path, engine=engine).result.counts.scored == 1
