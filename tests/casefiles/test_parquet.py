"""Parquet in and out gives what the same cases give as CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.case_files import HEADER, run_bytes, run_file

NAMES = HEADER.strip().split(",")
ROWS = [
    ("a", "emergency", "17", "f", "minor|major", "yes", "<5"),
    ("b", "", "", "", "", "", ""),
    ("=c", "primary_care", "49.9", "male", "none", "no", "200"),
    ('d "e", f', "emergency", "120", "M", "major", "absent", "20.0"),
    ("bad age", "", "121", "f", "", "", ""),
    ("a", "", "1", "", "", "", ""),
    ("", "", "1", "", "", "", ""),
    ("impossible", "", "", "", "major", "yes", ""),
]


def as_csv(rows) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([NAMES, *rows])
    return text.getvalue().encode()


def write(folder, columns, name="cases.parquet", **options):
    path = folder / name
    pq.write_table(pa.table(columns), path, **options)
    return path


STRING = pa.string()


def texts(rows, kind=STRING):
    columns = {}
    for name, cells in zip(NAMES, zip(*rows, strict=True), strict=True):
        columns[name] = pa.array([cell or None for cell in cells], pa.string()).cast(kind)
    return columns


@pytest.mark.parametrize("engine", ["small", "compiled"])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_texts_as_in_csv(tmp_path, engine, kind):
    expected = run_bytes(as_csv(ROWS), tmp_path, engine="small")
    got = run_file(write(tmp_path, texts(ROWS, kind)), tmp_path, engine=engine)
    assert got.output == expected.output
    assert [line[0] for line in got.rejected] == ["5", "6", "7", "8"]
    assert [[line[0], *line[2:]] for line in got.rejected] == [[line[0], *line[2:]] for line in expected.rejected]
    assert {line[1] for line in got.rejected} == {""}


def test_numbers_booleans_and_nulls(tmp_path):
    columns = {
        "case_id": pa.array([1, 2, 3, 4, 5]),
        "age": pa.array([17.999999999999996, 18.0, None, float("nan"), 120.0]),
        "fever": pa.array([True, False, None, True, False]),
        "trauma": pa.array([1, 0, None, 0, 1], pa.int8()),
        "esr_mm_h": pa.array([Decimal("19.99"), Decimal("20.00"), None, Decimal("0.00"), Decimal("200.00")]),
    }
    same = b"case_id,age,fever,trauma,esr_mm_h\n1,17.999999999999996,true,1,19.99\n2,18,false,0,20\n"
    same += b"3,,,,\n4,,true,0,0\n5,120,false,1,200\n"
    expected = run_bytes(same, tmp_path)
    assert expected.rejects is None
    assert run_file(write(tmp_path, columns), tmp_path).output == expected.output


@pytest.mark.parametrize("engine", ["small", "compiled"])
def test_out_as_in(tmp_path, engine):
    rows = [(f"p{n}", "emergency", str(n % 120), "f", "minor", "no", "7") for n in range(400)]
    rows[200] = rows[3]
    data = as_csv([*rows, *ROWS])
    text = run_bytes(data, tmp_path, engine=engine, keep=("age",), block_bytes=900)
    whole = list(csv.DictReader(io.StringIO(text.output.decode())))
    outputs = []
    for block, threads in ((1 << 20, 1), (700, 2)):
        run = run_bytes(data, tmp_path, engine=engine, keep=("age",), block_bytes=block, threads=threads)
        assert run.result.counts == text.result.counts
        (tmp_path / "cases.csv").write_bytes(data)
        run_file(tmp_path / "cases.csv", tmp_path, "out.parquet", engine=engine, keep=("age",), block_bytes=block)
        outputs.append((tmp_path / "out.parquet").read_bytes())
    assert outputs[0] == outputs[1]
    table = pq.read_table(tmp_path / "out.parquet")
    assert [str(table.schema.field(name).type) for name in ("case_id", "p_one", "sum", "flags", "age")] == [
        "string", "double", "int64", "string", "string",
    ]  # fmt: skip
    assert table.num_rows == len(whole)
    for name in ("words", "flags", "age"):
        assert table[name].to_pylist() == [row[name] for row in whole]
    assert table["case_id"].to_pylist() == [row["case_id"].replace("'=", "=") for row in whole]
    assert [f"{p:.10f}" for p in table["p_one"].to_pylist()] == [row["p_one"] for row in whole]


def test_many_batches_and_repeats(tmp_path):
    ids = [f"p{n % 70000}" for n in range(80000)]
    path = write(tmp_path, {"case_id": ids, "fever": ["yes", "no"] * 40000}, row_group_size=30000)
    result = run_file(path, tmp_path, threads=2).result
    assert result.engine == "compiled"
    assert (result.counts.scored, result.counts.rejected) == (70000, 10000)


def test_structural_faults(tmp_path):
    path = write(tmp_path, {"case_id": ["a"], "fever": [[1]]})
    assert "column 'fever' is of type list" in run_file(path, tmp_path).error
    path = write(tmp_path, {"case_id": [1.5], "fever": ["yes"]})
    assert "ids are text or whole" in run_file(path, tmp_path).error
    path = write(tmp_path, {"case_id": ["a"], "Fever": ["yes"]})
    assert "close to the column 'fever'" in run_file(path, tmp_path).error
    path.write_bytes(path.read_bytes()[:-9])
    assert "not a readable Parquet file" in run_file(path, tmp_path).error
    assert "No such file" in run_file(tmp_path / "none.parquet", tmp_path).error


def test_bytes_that_are_not_text(tmp_path):
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    path = write(tmp_path, {"case_id": broken, "fever": ["yes"]})
    assert "not UTF-8" in run_file(path, tmp_path).error
