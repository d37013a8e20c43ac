"""A zoo of bad case files: each is refused, or loses exactly its bad rows, in words that say why."""

from __future__ import annotations

import gzip
import tomllib

import pytest

from tests.support.case_files import run_bytes
from tests.support.paths import DATA

ZOO = DATA / "bad_csv"
ENGINES = ({"engine": "small"}, {"engine": "compiled"}, {"engine": "compiled", "block_bytes": 16, "threads": 2})


def kinds(name: str) -> list:
    with (ZOO / name).open("rb") as file:
        return [pytest.param(entry, id=entry["name"]) for entry in tomllib.load(file)["file"]]


def content(entry: dict) -> bytes:
    text = entry["content"] + entry.get("row", "") * entry.get("rows", 0)
    if "mark" in entry:
        text = text.replace(entry["mark"], "9" * entry["times"])
    data = text.encode(entry.get("encoding", "utf-8"))
    if entry.get("gzip"):
        data = gzip.compress(data, mtime=0)
    if entry.get("damage"):
        data = data[:60] + bytes([data[60] ^ 0xFF]) + data[61:]
    return data[: len(data) - entry.get("cut", 0)]


@pytest.mark.parametrize("entry", kinds("structural.toml"))
def test_structural_faults_end_the_run(entry, tmp_path):
    for options in ENGINES:
        result = run_bytes(content(entry), tmp_path, entry.get("file", "cases.csv"), **options)
        assert result.result is None
        for part in entry["expect"]:
            assert part in result.error


@pytest.mark.parametrize("entry", kinds("rows.toml"))
def test_faults_of_a_row_reject_the_row(entry, tmp_path):
    results = [run_bytes(content(entry), tmp_path, **options) for options in ENGINES]
    for one in results:
        assert one.result is not None, one.error
        found = [[int(line[0]), int(line[1]), line[3]] for line in rejected(one.rejects)]
        assert found == entry["rejects"]
        assert one.result.counts.scored == entry.get("scored", 1)
        for part in entry["expect"]:
            assert any(part in line[5] for line in rejected(one.rejects)), part
    assert len({(one.output, one.rejects) for one in results}) == 1


def rejected(data: bytes) -> list[list[str]]:
    import csv
    import io

    return list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]


def test_the_zoo_is_large_and_its_names_differ():
    names = [entry.id for name in ("structural.toml", "rows.toml") for entry in kinds(name)]
    assert len(names) == len(set(names)) >= 45
