"""The commands about mapping files: a draft is written whole, a check shows columns, rules, counts and rejects."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from riskmodel.cli import commands
from tests.support.registry_export import registry_export


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("registry.csv").write_text(registry_export(30)[0], encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["mapping", *arguments], catch_exceptions=False)


def test_a_draft_is_checked_and_scored(folder):
    drafted = run("draft", "registry.csv", "-o", "draft.toml")
    assert drafted.exit_code == 0
    assert drafted.output.startswith("guesses in force: ")
    checked = run("check", "registry.csv", "draft.toml")
    assert checked.exit_code == 0, checked.output
    assert "30 records read = 30 that can be read + 0 rejected" in checked.output
    assert "(completed years from Geburtsdatum to Aufnahmedatum)  age" in checked.output
    assert "worked out: age: a number 30" in checked.output
    done = CliRunner().invoke(
        commands,
        ["score", "registry.csv", "--mapping", "draft.toml", "--setting", "emergency", "--keep", "Station,Temperatur",
         "-o", "scored.csv"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    header, first, *_ = Path("scored.csv").read_text(encoding="utf-8").splitlines()
    assert header.endswith(",Station,Temperatur")
    assert "Station" not in done.output.partition("columns ignored: ")[2].partition("\n")[0]
    assert first.startswith("F00000,emergency,")


def test_a_check_ends_with_status_one_where_rows_are_rejected(folder):
    draft = run("draft", "registry.csv", "-q").output
    assert ', "DD.MM.YYYY hh:mm"]' in draft
    Path("m.toml").write_text(draft.replace(', "DD.MM.YYYY hh:mm"]', "]"), encoding="utf-8")
    checked = run("check", "registry.csv", "m.toml")
    assert checked.exit_code == 1
    assert "not a date; allowed: a date as DD.MM.YYYY or 2026-05-31" in checked.output


def test_what_cannot_be_read_is_said(folder):
    Path("bad.toml").write_text("[derive]\nfever = { any_of = 3 }\n")
    assert (
        "derive.fever.any_of: 3; must be a text or a list of texts" in run("check", "registry.csv", "bad.toml").output
    )
    Path("empty.csv").write_text("")
    assert "the file is empty" in run("draft", "empty.csv").output
