"""The command that fits, and a fit that is interrupted."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.calibration import calibrate
from riskmodel.cli import commands


@pytest.mark.slow
def test_an_interrupt_leaves_the_best_so_far_marked(seeds, people, tmp_path):
    def stop(done: int, total: int | None) -> None:
        assert total is None
        if done == 2:
            raise KeyboardInterrupt

    fitted = calibrate(seeds, people, ["find.night_pain.none.study", "base_rates"], progress=stop, prior_weight=0.0)
    whole = calibrate(seeds, people, ["find.night_pain.none.study", "base_rates"], prior_weight=0.0)
    assert not fitted.converged
    assert whole.converged
    assert fitted.steps == 2 < whole.steps
    assert fitted.log_posterior < whole.log_posterior
    assert "Marked as not converged: interrupted" in str(fitted)
    document = tomllib.loads(fitted.write(tmp_path / "half.toml").read_text())
    assert document["title"].endswith("(not converged: interrupted)")
    assert "not converged: interrupted" in document["sources"]["cohort"]["note"]


def run(*arguments: object) -> object:
    return CliRunner().invoke(commands, [str(a) for a in arguments])


@pytest.mark.slow
def test_the_command_writes_what_python_finds(seeds, people, rates, tmp_path):
    source, output = tmp_path / "people.csv", tmp_path / "local.toml"
    people.to_csv(source, index=False)
    done = run("calibrate", source, "-o", output, "--learn", "base_rates", "--name", "Spine clinic 2024")
    assert done.exit_code == 0, done.output
    assert rm.load(output).priors.statements == rates.model.priors.statements
    assert "base.fracture.spine_clinic" in done.stdout
    assert "For research, not for the care of a patient." in done.stdout
    assert f"wrote {output}" in done.stderr
    scored = run("score", source, "-o", tmp_path / "scored.csv", "--priors", output)
    assert scored.exit_code == 0, scored.output


@pytest.mark.slow
def test_the_command_leaves_bad_rows_out_and_says_so(people, tmp_path):
    source, output = tmp_path / "people.csv", tmp_path / "local.toml"
    bad = people.astype({"fever": object})
    bad.loc[[3, 9], "fever"] = "perhaps"
    bad.to_csv(source, index=False)
    done = run("calibrate", source, "-o", output, "--learn", "base_rates")
    assert done.exit_code == 1
    assert "700 records read = 698 used + 2 rejected" in done.stderr
    assert "2 × fever 'perhaps' (line 5 (case S004), line 11 (case S010))" in done.stderr
    assert "2 of 700 rows were rejected" in done.stdout
    assert output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "nowhere/local.toml"], "no folder"),
        (["-o", "local.toml", "--learn", "everything"], "neither base_rates, findings"),
        (["-o", "local.toml", "--outcomes", "some"], "not one of ignorable"),
        (["-o", "local.toml", "--setting", "hospital"], "'hospital' is not one of"),
        (["-o", "local.toml", "--prior-weight", "-2"], "0 or more"),
    ],
)
def test_the_command_refuses_bad_usage(people, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    people.head(100).to_csv("people.csv", index=False)
    done = run("calibrate", "people.csv", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert [path.name for path in Path().iterdir()] == ["people.csv"]
