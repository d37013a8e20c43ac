"""What the commands tell and how: quiet, verbose, JSON, dry runs, completion, and errors before the long work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

import riskmodel as rm
from riskmodel._version import __version__
from riskmodel.cli import commands
from tests.support.paths import ROOT

PUBLISHED = str(ROOT / "notebooks" / "data" / "published_cases.csv")
PRIMARY = ("--setting", "primary_care")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)


def bad_file(folder: Path) -> Path:
    path = folder / "cases.csv"
    path.write_text("case_id,age,fever\na,54,yes\nb,fifty,yes\nc,61,maybe\n")
    return path


# ---- quiet, verbose, version ---------------------------------------------------------------------


def test_quiet_tells_nothing_but_the_result(tmp_path: Path) -> None:
    told = run("score", PUBLISHED, *PRIMARY, "-o", tmp_path / "a.csv")
    quiet = run("score", PUBLISHED, *PRIMARY, "-o", tmp_path / "b.csv", "-q")
    assert "8 records read" in told.stderr
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_quiet_still_tells_errors(tmp_path: Path) -> None:
    done = run("score", tmp_path / "nope.csv", *PRIMARY, "-o", tmp_path / "out.csv", "-q")
    assert done.exit_code == 2
    assert "nope.csv" in done.stderr


def test_verbose_tells_what_is_loaded_and_how_long_it_took(tmp_path: Path) -> None:
    done = run("score", PUBLISHED, *PRIMARY, "-o", tmp_path / "out.csv", "-v")
    assert f"policy consensus, model {rm.load().scoring.model_hash}" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("took ")
    assert "took" not in run("score", PUBLISHED, *PRIMARY, "-o", tmp_path / "out.csv").stderr


@pytest.mark.parametrize("command", sorted(commands.commands))
def test_every_command_can_be_quiet_and_verbose(command: str) -> None:
    text = run(command, "--help").output
    assert "-q, --quiet" in text
    assert "-v, --verbose" in text


def test_the_version() -> None:
    assert __version__ in run("--version").output


# ---- dry runs ------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_rejected_and_writes_nothing(tmp_path: Path) -> None:
    path = bad_file(tmp_path)
    dry = run("score", path, *PRIMARY, "--dry-run")
    assert dry.exit_code == 1
    assert "3 records read = 1 that can be scored + 2 rejected" in dry.output
    assert "fifty" in dry.output
    assert "maybe" in dry.output
    assert sorted(tmp_path.iterdir()) == [path]
    wet = run("score", path, *PRIMARY, "-o", tmp_path / "out.csv")
    rejected = [line for line in wet.stderr.splitlines() if line.startswith("rejected")]
    assert rejected == [line for line in dry.stdout.splitlines() if line.startswith("rejected")]


def test_a_dry_run_of_a_good_file(tmp_path: Path) -> None:
    dry = run("score", PUBLISHED, *PRIMARY, "--dry-run")
    assert dry.exit_code == 0
    assert "8 records read = 8 that can be scored + 0 rejected" in dry.output
    assert "mean probability" not in dry.output


def test_a_table_is_made_from_the_rows_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are those of the case file, without the apostrophe of a CSV; no file is written, the others are counted."""
    path = tmp_path / "cases.csv"
    path.write_text("case_id,fever\n=1+1,yes\n" + "".join(f"p{i},no\n" for i in range(60)))
    monkeypatch.setattr("riskmodel.outputs.files.StagedFile.__init__", None)
    table = run("score", path, *PRIMARY, "--table")
    assert "\n=1+1 " in table.stdout
    assert table.stdout.endswith("… and 11 more\n")
    rows = json.loads(run("score", path, *PRIMARY, "--table", "--format", "json").stdout)
    assert [row["case_id"] for row in rows[:2]] == ["=1+1", "p0"]
    assert (len(rows), rows[0]["imaging"], rows[0]["assessed"]) == (61, [], 1)


def test_a_probability_near_one_is_a_percentage_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "sure.csv"
    path.write_text("case_id,age,sex,xray_fracture,mri_fracture\nsure,80,female,present,present\n", encoding="utf-8")
    table = run("score", path, "--setting", "spine_clinic", "--table").stdout
    assert re.search(r"^sure .* (9\d|9\d\.\d+) ", table, re.MULTILINE)
    assert "e+" not in table


@pytest.mark.parametrize("also", [("-o", "out.csv"), ("--table",)])
def test_a_dry_run_has_no_result(also: tuple[str, ...]) -> None:
    done = run("score", PUBLISHED, *PRIMARY, "--dry-run", *also)
    assert done.exit_code == 2
    assert "--dry-run writes and prints no result" in done.stderr


# ---- JSON ----------------------------------------------------------------------------------------


def read(done: Result) -> Any:
    def refuse(text: str) -> None:
        pytest.fail(f"{text} is not JSON")

    return json.loads(done.stdout, parse_constant=refuse)


def test_scored_cases_as_json() -> None:
    found = read(run("score", PUBLISHED, *PRIMARY, "--table", "--format", "json"))
    expected = rm.load().score(pd.read_csv(PUBLISHED), setting="primary_care")
    assert [case["case_id"] for case in found] == expected["case_id"].tolist()
    for case, (_, row) in zip(found, expected.iterrows(), strict=True):
        assert case["p_infection"] == pytest.approx(row["p_infection"], rel=1e-5)
        assert "|".join(case["tests"]) == row["tests"]
        assert case["assessed"] == row["assessed"]


def test_an_explanation_as_json() -> None:
    done = run("explain", PUBLISHED, "--case", "published_04", *PRIMARY, "--format", "json", "--draws", "32")
    found, cases = read(done), pd.read_csv(PUBLISHED).set_index("case_id")
    answer = rm.load().explain(cases.loc[["published_04"]], setting="primary_care")
    assert (found["leading"], found["most_raised"]) == (answer.leading, answer.most_raised)
    expected = [now for _, now, _ in answer.posteriors]
    assert [entry["probability"] for entry in found["posteriors"]] == pytest.approx(expected, rel=1e-9)
    assert {rule["id"] for rule in found["rules"]} == {rule.id for rule in answer.rules}
    low, high = found["sureness"]["intervals"]["infection"]
    assert low < found["posteriors"][0]["probability"] < high
    assert found["sureness"]["draws"] == 32


@pytest.mark.slow
def test_a_check_as_json() -> None:
    done = run("check", "--format", "json")
    found = read(done)
    assert done.exit_code == 0
    assert found["round_trip"]["passed"]
    assert found["round_trip"]["readings"] > 300
    assert sum(found["priors"]["statements"].values()) == len(rm.load().priors.statements)
    assert len(found["coherence"]) > 200
    assert run("check", "--format", "json", "--policies", "10").exit_code == 2


# ---- completion ----------------------------------------------------------------------------------


def completed(*arguments: str, incomplete: str = "") -> list[str]:
    shell = ShellComplete(commands, {}, "riskmodel", "_RISKMODEL_COMPLETE")
    return [item.value for item in shell.get_completions(list(arguments), incomplete) if item.type != "file"]


def test_the_shell_completes_names() -> None:
    assert completed("score", "--priors") == ["literature", "seeds", "synthesis"]
    assert completed("score", "--priors", incomplete="li") == ["literature"]
    assert "whitlock_2026" in completed("check", "--policy")
    assert completed("explain", "--setting") == list(rm.load().settings)
    assert completed("explain", "--setting", incomplete="pr") == ["primary_care"]
    assert completed("report", "--policy", incomplete="con") == ["consensus"]


# ---- errors before the long work -----------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--cases", "nope.csv"),
        ("check", "--cases", "nope.csv", "--compare", "seeds", "literature"),
        ("score", "nope.csv", *PRIMARY, "--draws", "100000", "-o", "out.csv"),
    ],
)
def test_a_file_that_is_not_there_is_told_before_anything_is_loaded(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskmodel import model

    monkeypatch.setattr(model, "load", lambda *_: pytest.fail("the model was loaded first"))
    done = run(*command)
    assert done.exit_code == 2
    assert "nope.csv: no such file" in done.stderr


def test_a_broken_file_is_told_before_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from riskmodel.report.check import check

    monkeypatch.setattr(check, "check_lines", lambda *_: pytest.fail("the check came first"))
    path = tmp_path / "cases.csv"
    path.write_text("case_id,age,age\na,54,54\n")
    done = run("check", "--cases", path, *PRIMARY)
    assert done.exit_code == 2
    assert "age" in done.stderr
