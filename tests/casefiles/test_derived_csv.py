"""Columns that a mapping works out: the same bytes by both engines, in any blocks, for bad rows too; and as frames."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.derived_csv import DerivedCsvReader
from riskmodel.casefiles.read.open import open_reader
from riskmodel.errors import CasesError
from tests.support.case_files import VARIABLES, run_bytes

MAPPING = {
    "dates": "DD.MM.YYYY",
    "missing": ["-9"],
    "values": {"*": {"ja": "yes", "nein": "no"}},
    "columns": {"Nr": "case_id"},
    "missing_in": {"esr_mm_h": ["999"]},
    "derive": {
        "age": {"years_from": "born", "to": "seen"},
        "fever": {"any_of": ["hot", "chills"]},
        "trauma": {
            "codes_in": "how",
            "separator": ";",
            "states": {"minor": ["fall"], "major": ["RTA*"]},
            "no": ["none"],
        },
        "infection": {"codes_in": "dx", "yes": ["M46.*"], "otherwise": "no"},
    },
    "helper": {"hot": {"number": "temp", "at_least": "38 °C"}},
}
HEADER = "Nr,born,seen,temp,chills,sex,how,dx,esr_mm_h,note\n"
ROWS = [
    "a,01.03.1960,29.02.2020,38.5,nein,f,fall,M46.4,12,x",
    'b,29.02.1960,2019-03-01,37.1,ja,m,"RTA;fall",Z99,999,"with ""quotes"", and a comma"',
    "c,31.02.1960,01.01.2020,-9,,f,none,,5,",
    "d,,01.01.2020,37,nein,m,bump,M54,30,",
    "e,01.01.2021,01.01.2020,37,nein,x,none,M46,1e3,two bad cells and a bad date",
    "f,01.01.1950,01.01.2020,98.6,vielleicht,f,none,M46,20,three",
    "g,01.01.1950,01.01.2020,37.5,nein,f,none",
    ' ,01.01.1950,1.1.2020,37.5,nein,f,none,M46,20,no name',
    '"h",01.01.1950,"01.01.2020","39","nein","m","none","C79.5","21",quoted',
    'i,01.01.1950,01.01.2020,37"5,nein,m,none,C79.5,21,a stray quote',
    "a,01.01.1950,01.01.2020,37.5,nein,m,none,C79.5,21,the second a",
    "j,01.01.1880,01.01.2020,37.5,nein,m,none,C79.5,21,too old",
    "k,01.01.1950,01.01.2020,39.5,nein,m,RTA,C79.5,21,impossible",
]  # fmt: skip
CONTENT = (HEADER + "\n".join(ROWS) + "\n").encode()


def ran(folder, content: bytes = CONTENT, **options):
    return run_bytes(content, folder, mapping=MAPPING, keep=("temp", "note"), known_outcomes=True, **options)


def test_both_engines_and_all_blocks_give_the_same_bytes(tmp_path):
    small = ran(tmp_path, engine="small")
    assert small.result.counts.scored == 3
    assert [reject[2:5] for reject in small.rejected] == [
        ["b", "how", "RTA;fall"], ["c", "born", "31.02.1960"], ["e", "born", "01.01.2021"], ["e", "sex", "x"],
        ["e", "esr_mm_h", "1e3"], ["f", "temp", "98.6"], ["f", "chills", "vielleicht"], ["g", "", ""],
        [" ", "seen", "1.1.2020"], [" ", "Nr", " "], ["i", "temp", '"37""5"'], ["a", "Nr", "a"],
        ["j", "born", "01.01.1880"], ["k", "", ""],
    ]  # fmt: skip
    for options in (
        {"engine": "compiled"},
        {"engine": "compiled", "block_bytes": 150},
        {"block_bytes": 70, "threads": 3},
    ):
        other = ran(tmp_path, **options)
        assert (other.output, other.rejects) == (small.output, small.rejects)
        assert other.result.prepared == small.result.prepared
        assert other.result.mapped == small.result.mapped


def test_large_files_take_the_compiled_way(tmp_path):
    source = tmp_path / "cases.csv"
    source.write_bytes(CONTENT)
    with open_reader(source, VARIABLES, RunOptions("as_reported", mapping=MAPPING, engine="compiled")) as reader:
        assert isinstance(reader._reader, DerivedCsvReader)


def test_parquet_gives_the_same(tmp_path):
    lines = [ROWS[0], ROWS[3], ROWS[8]]
    frame = pd.DataFrame([row.replace('"', "").split(",") for row in lines], columns=HEADER.strip().split(","))
    csv = ran(tmp_path, (HEADER + "\n".join(lines) + "\n").encode())
    frame.replace("", None).to_parquet(tmp_path / "cases.parquet")
    parquet = ran(tmp_path, (tmp_path / "cases.parquet").read_bytes(), name="cases.parquet")
    assert (csv.output, csv.result.prepared) == (parquet.output, parquet.result.prepared)


def test_the_record_holds_what_the_mapping_did(tmp_path):
    done = ran(tmp_path)
    assert done.result.prepared["fever: yes"] == 4
    assert done.result.prepared["dx, code not listed: C79.5"] == 4
    assert done.result.mapped is not None
    json.dumps(done.result.prepared)


def test_frames_are_read_as_files_are(seeds):
    mapping = {**MAPPING, "missing_in": {}, "dates": "DD.MM.YYYY"}
    frame = pd.DataFrame(
        {"Nr": ["a", "b"], "born": ["01.03.1960", None], "seen": pd.to_datetime(["2020-02-29", "2020-01-01"]),
         "temp": [38.5, np.nan], "chills": [False, True], "how": ["fall", "none"], "dx": ["M46", "Z"]},
        index=[5, 6],
    )  # fmt: skip
    masks = seeds.code(frame, setting="emergency", mapping=mapping, known_outcomes=True)
    ours = pd.DataFrame(
        {"case_id": ["a", "b"], "age": [59, None], "fever": ["yes", "yes"], "trauma": ["minor", "none"],
         "infection": ["yes", "no"]}
    )  # fmt: skip
    assert np.array_equal(masks, seeds.code(ours, setting="emergency", known_outcomes=True))
    with pytest.raises(CasesError, match=r"row 6, temp: 'hot': not a number in plain decimals"):
        seeds.code(frame.assign(temp=[38.5, "hot"]), setting="emergency", mapping=mapping, known_outcomes=True)
    with pytest.raises(CasesError, match="there is no column 'temp'"):
        seeds.code(frame.drop(columns="temp"), setting="emergency", mapping=mapping, known_outcomes=True)
