"""Shards together are the run over the whole file, byte for byte; what is missing, changed or damaged is named."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskmodel.casefiles.options import Part
from riskmodel.casefiles.read.part_of_csv import PartOfCsv
from riskmodel.errors import CasesError, UsageError
from riskmodel.shards.merge import check_source, checked_shards
from riskmodel.shards.plan import PLAN, read_plan
from tests.support.mixed_cases import as_csv, mixed_cases
from tests.support.paths import ROOT
from tests.support.sharded import Killed, at_once, merged, same_files, same_results, shard_of

ROWS = 240


@pytest.fixture(scope="module")
def cases() -> pa.Table:
    """Mixed cases, some of which have the id of an earlier one, near and far away."""
    table = mixed_cases(ROWS)
    ids = table["case_id"].to_pylist()
    for row, earlier in ((30, 29), (100, 3), (200, 5), (201, 1), (239, 1)):
        ids[row] = ids[earlier]
    return table.set_column(0, "case_id", pa.array(ids, pa.string()))


def write_csv(cases, path):
    path.write_bytes(as_csv(cases))


def write_unfinished(cases, path):
    """Blank lines, line ends of both kinds, and none at the end."""
    lines = as_csv(cases).replace(b"\nand a", b" and a").splitlines()
    path.write_bytes(b"\xef\xbb\xbf\n\n" + b"\r\n".join(lines[:50]) + b"\n\n\n" + b"\n".join(lines[50:]))


def write_gzip(cases, path):
    path.write_bytes(gzip.compress(as_csv(cases)))


def write_parquet(cases, path):
    pq.write_table(cases, path, row_group_size=50)


def write_arrow(cases, path):
    with pa.ipc.new_file(path, cases.schema) as file:
        file.write_table(cases, max_chunksize=70)


WAYS = {
    "csv": (write_csv, {}),
    "compiled": (write_csv, {"engine": "compiled", "block_bytes": 3000}),
    "crlf": (write_unfinished, {"engine": "compiled"}),
    "csv.gz": (write_gzip, {}),
    "parquet": (write_parquet, {}),
    "arrow": (write_arrow, {"engine": "compiled"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("output", ["scored.csv", "scored.parquet"])
def test_shards_together_are_the_whole_file(way, output, cases, tmp_path):
    write, options = WAYS[way]
    source = tmp_path / f"cases.{way if '.' in way or way in ('parquet', 'arrow') else 'csv'}"
    write(cases, source)
    whole, ours = tmp_path / "whole" / output, tmp_path / "merged" / output
    for path in (whole, ours):
        path.parent.mkdir()
    expected = at_once(source, whole, keep=("region", "note"), **options)
    assert expected.counts.rejected > 30
    for number in (5, 2, 4, 1, 3):
        shard_of(source, tmp_path / "shards", number, 5, keep=("region", "note"), **options)
    same_results(merged(tmp_path / "shards", ours, keep=("region", "note"), **options), expected)
    same_files(ours, whole)


@pytest.mark.parametrize("rows", [0, 3])
def test_more_shards_than_records(rows, cases, tmp_path):
    source = tmp_path / "cases.csv"
    write_csv(cases.slice(0, rows), source)
    expected = at_once(source, tmp_path / "whole.csv")
    done = [shard_of(source, tmp_path / "shards", number, 7) for number in range(1, 8)]
    assert sum(each.manifest.read for each in done) == rows
    same_results(merged(tmp_path / "shards", tmp_path / "merged.csv"), expected)
    same_files(tmp_path / "merged.csv", tmp_path / "whole.csv")


def test_allowed_repeats_and_a_mapping_are_those_of_the_whole_file(cases, tmp_path):
    source = tmp_path / "cases.csv"
    write_csv(cases, source)
    options = {"allow_repeats": True, "mapping": {"missing": ["NA"], "values": {"fever": {"maybe": "yes"}}}}
    expected = at_once(source, tmp_path / "whole.csv", **options)
    for number in (1, 2, 3):
        shard_of(source, tmp_path / "shards", number, 3, **options)
    same_results(merged(tmp_path / "shards", tmp_path / "merged.csv", **options), expected)
    assert expected.mapped.translations
    same_files(tmp_path / "merged.csv", tmp_path / "whole.csv")


def test_blanks_are_warned_of_as_in_the_whole_file(tmp_path):
    rows = "".join(f"p{at},{'yes' if at % 2 else ''},,yes,\n" for at in range(90)) + "p1,yes,yes,yes,yes\n" * 10
    source = tmp_path / "cases.csv"
    source.write_text("case_id,fever,night_pain,weight_loss,osteoporosis\n" + rows)
    expected = at_once(source, tmp_path / "whole.csv")
    assert any("positives_only" in warning for warning in expected.warnings)
    for number in (1, 2, 3, 4):
        shard_of(source, tmp_path / "shards", number, 4)
    same_results(merged(tmp_path / "shards", tmp_path / "merged.csv"), expected)


@pytest.fixture
def sharded(cases, tmp_path):
    """A file and a folder with its three shards."""
    source, folder = tmp_path / "cases.csv", tmp_path / "shards"
    write_csv(cases, source)
    for number in (1, 2, 3):
        shard_of(source, folder, number, 3)
    return source, folder


def test_a_finished_shard_is_not_done_again(sharded):
    source, folder = sharded
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert shard_of(source, folder, 2, 3).before
    os.utime(source)  # touched, and the same
    assert shard_of(source, folder, 2, 3).before
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda source: source.write_bytes(source.read_bytes().replace(b"r1", b"r2")), "content of the case file"),
        (lambda source: source.write_bytes(source.read_bytes() + b"more,,\n"), "content of the case file"),
    ],
)
def test_a_changed_file_is_refused(change, message, sharded):
    source, folder = sharded
    change(source)
    with pytest.raises(UsageError, match=message):
        shard_of(source, folder, 2, 3)
    with pytest.raises(CasesError, match="its content has changed"):
        check_source(read_plan(folder), source)


def test_other_options_are_refused_by_name(sharded):
    source, folder = sharded
    with pytest.raises(UsageError, match="--setting: emergency there, primary_care now"):
        shard_of(source, folder, 1, 3, asked={"setting": "primary_care"})
    with pytest.raises(UsageError, match="number of shards: 3 there, 4 now"):
        shard_of(source, folder, 1, 4)


def test_another_model_is_refused(sharded, monkeypatch):
    source, folder = sharded
    monkeypatch.setattr("riskmodel.shards.shard.__version__", "9.9")
    with pytest.raises(UsageError, match=r"version of riskmodel: .* there, 9\.9 now"):
        shard_of(source, folder, 1, 3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda rows, _: rows.unlink(), "shard 2/3: its rows are missing"),
        (lambda rows, _: rows.write_bytes(rows.read_bytes()[:-300]), "shard 2/3: its rows are not those"),
        (lambda _, manifest: manifest.unlink(), "shard 2/3: not finished"),
        (lambda _, manifest: manifest.write_text(manifest.read_text()[:50]), "shard 2/3: not finished"),
        (
            lambda rows, manifest: manifest.write_text((rows.parent / "shard-0001-of-0003.json").read_text()),
            "shard 2/3: not finished",
        ),
    ],
)
def test_what_is_missing_or_damaged_is_named_and_done_again(damage, message, sharded, tmp_path):
    source, folder = sharded
    at_once(source, tmp_path / "whole.csv")
    damage(folder / "shard-0002-of-0003.arrows", folder / "shard-0002-of-0003.json")
    with pytest.raises(CasesError, match=message):
        merged(folder, tmp_path / "merged.csv")
    assert not (tmp_path / "merged.csv").exists()
    assert not shard_of(source, folder, 2, 3).before
    merged(folder, tmp_path / "merged.csv")
    same_files(tmp_path / "merged.csv", tmp_path / "whole.csv")


def test_a_shard_of_another_plan_is_named(sharded):
    _, folder = sharded
    manifest = folder / "shard-0003-of-0003.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "plan": "0" * 64}))
    with pytest.raises(CasesError, match="shard 3/3: it was scored by another plan"):
        checked_shards(folder, read_plan(folder))


def test_a_damaged_plan_is_refused(sharded):
    source, folder = sharded
    plan = folder / PLAN
    plan.write_text(plan.read_text().replace("emergency", "primary_care"))
    with pytest.raises(UsageError, match="does not have the hash that it states"):
        shard_of(source, folder, 1, 3)


def test_a_part_whose_bytes_changed_is_refused(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes(b"case_id\na\nb\n")
    part = PartOfCsv(path, Part(8, 10, 1, "0" * 64), plain=True)
    with pytest.raises(CasesError, match=r"bytes 8 to 10 are not those that were there"):
        part.read_into(memoryview(bytearray(10)))


def test_an_unclosed_quote_is_refused_before_anything_is_stored(tmp_path):
    source = tmp_path / "cases.csv"
    source.write_text('case_id,fever\na,yes\nb,"no\nc,yes\n')
    with pytest.raises(CasesError, match="line 3: a quote opens that is never closed"):
        shard_of(source, tmp_path / "shards", 1, 2)
    assert list((tmp_path / "shards").iterdir()) == []


def test_what_cannot_be_cut_is_refused(tmp_path):
    with pytest.raises(UsageError, match="CSV, Parquet, Arrow, not standard input"):
        shard_of("-", tmp_path / "shards", 1, 2)


@pytest.mark.slow
def test_killed_at_random_nothing_is_lost_and_nothing_twice(cases, tmp_path):
    source, folder = tmp_path / "cases.csv", tmp_path / "shards"
    write_csv(cases.slice(0, 60), source)
    at_once(source, tmp_path / "whole.csv")
    killed = Killed(source, folder, tmp_path / "merged.csv", tmp_path / "whole.csv", shards=3)
    folder.mkdir()
    killed.kill_often(12, seed=1)
    killed.finish()


@pytest.mark.slow
def test_the_script_for_slurm_is_what_it_says(cases, tmp_path):
    page = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
    script = re.search(r"`score\.sbatch`.*?```sh\n(.*?)```", page, re.DOTALL)[1]
    (tmp_path / "score.sbatch").write_text(script)
    write_csv(cases.slice(0, 30), tmp_path / "cases.csv")
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    array = [
        subprocess.Popen(
            ["bash", "score.sbatch"],
            cwd=tmp_path,
            env={**os.environ, "PATH": paths, "SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": "2"},
        )
        for number in (1, 2)
    ]
    assert [process.wait() for process in array] == [0, 0]
    merged(tmp_path / "shards", tmp_path / "merged.csv", mapping=None)
    at_once(tmp_path / "cases.csv", tmp_path / "whole.csv")
    same_files(tmp_path / "merged.csv", tmp_path / "whole.csv")
