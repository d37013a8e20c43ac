"""`score --shard` and `merge` on the command line: the same files as `score`, and what they refuse."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from riskmodel.cli import commands
from tests.support.mixed_cases import as_csv, mixed_cases


def told(*arguments: object) -> tuple[int, str]:
    """The exit status of a command, and what it printed."""
    done = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    return done.exit_code, done.output


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes(as_csv(mixed_cases(60)))
    return path


SETTING = ("--setting", "emergency", "--keep", "region")


def test_shards_and_merge_give_the_files_of_score(cases, tmp_path):
    for number in (2, 1):
        status, text = told("score", cases, *SETTING, "--shard", f"{number}/2", "-o", tmp_path / "shards")
        assert status == 0
        assert text.startswith(f"shard {number}/2: ")
    status, text = told("score", cases, *SETTING, "--shard", "2/2", "-o", tmp_path / "shards")
    assert status == 0
    assert "(done before)" in text
    status, text = told("merge", tmp_path / "shards", "--verify")
    assert (status, "all 2 shards" in text) == (0, True)
    status, merged = told("merge", tmp_path / "shards", "--verify", "-o", tmp_path / "merged.csv")
    assert status == 1  # some rows were rejected, as by score
    status, whole = told("score", cases, *SETTING, "-o", tmp_path / "whole.csv")
    assert merged == whole
    for name in ("{}.csv", "{}.rejects.csv"):
        ours, theirs = (tmp_path / name.format(stem) for stem in ("merged", "whole"))
        assert ours.read_bytes() == theirs.read_bytes()
    ours, theirs = (json.loads((tmp_path / f"{stem}.run.json").read_text()) for stem in ("merged", "whole"))
    assert ours | {"command": []} == theirs | {"command": []}


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b"])
def test_a_shard_that_there_is_not_is_refused(shard, cases, tmp_path):
    status, text = told("score", cases, *SETTING, "--shard", shard, "-o", tmp_path / "shards")
    assert status == 2
    assert "--shard is I/N, the Ith of N parts" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--shard needs a folder"),
        (("-o", "-"), "--shard needs a folder"),
        (("-o", "cases.csv"), "shards are written into a folder, and this is a file"),
        (("-o", "shards", "--dry-run"), "--dry-run does not go with --shard"),
        (("-o", "shards", "--rejects", "bad.csv"), "--rejects goes with riskmodel merge"),
    ],
)
def test_options_that_do_not_go_together(options, message, cases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, text = told("score", cases, *SETTING, "--shard", "1/2", *options)
    assert status == 2
    assert message in text


def test_merge_says_what_is_missing(cases, tmp_path):
    status, text = told("merge", tmp_path, "-o", tmp_path / "merged.csv")
    assert (status, "no shards are here" in text) == (2, True)
    told("score", cases, *SETTING, "--shard", "2/3", "-o", tmp_path / "shards")
    status, text = told("merge", tmp_path / "shards", "-o", tmp_path / "merged.csv")
    assert status == 2
    assert "shard 1/3: not finished\n  shard 3/3: not finished" in text
    status, text = told("merge", tmp_path / "shards")
    assert "say where the result goes" in text


def test_another_model_is_refused_by_shard_and_merge(cases, tmp_path):
    shards = tmp_path / "shards"
    own = tmp_path / "own.toml"
    content = 'title = "t"\nextends = "seeds"\n[override."find.fever.infection"]\nvalue = {}\n'
    own.write_text(content.format(0.5))
    asked = ("score", cases, "--setting", "emergency", "--priors", own, "--shard", "1/1", "-o", shards)
    status, text = told(*asked)
    assert status == 0, text
    own.write_text(content.format(0.6))
    status, text = told(*asked)
    assert status == 2
    assert "model: " in text
    status, text = told("merge", shards, "-o", tmp_path / "merged.csv")
    assert status == 2
    assert "what it reads has changed since" in text
