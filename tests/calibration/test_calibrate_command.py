"""The command that fits, and a fit that is interrupted."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel import cohort
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
        (["-o", "local.toml", "--hold-verified-odds-ratio"], "no verified_odds_ratio is stated"),
    ],
)
def test_the_command_refuses_bad_usage(people, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    people.head(100).to_csv("people.csv", index=False)
    done = run("calibrate", "people.csv", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert [path.name for path in Path().iterdir()] == ["people.csv"]


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """600 people of an emergency department of whom what is present is written down, and hardly anything else."""
    model = rm.load(recording="positives_only")
    people = cohort.simulate(
        model, 600, np.random.default_rng(3), setting="emergency", roles=("context", "risk_factor", "finding")
    )
    file = tmp_path_factory.mktemp("notes") / "notes.csv"
    cohort.to_cases(model, people, with_outcomes=True).to_csv(file, index=False)
    return file


@pytest.mark.slow
def test_the_command_fits_under_a_recording_profile(notes, tmp_path):
    asked = ("--learn", "find.fever.none,base.nerve_compression.emergency", "--report", tmp_path / "card")
    few = ("--folds", 2, "--resamples", 5)
    done = run("calibrate", notes, "-o", tmp_path / "a.toml", "--recording", "positives_only", *asked, *few)
    assert done.exit_code == 0, done.output
    assert "read by the recording profile positives_only" in done.stdout
    assert "hardly any" not in done.stderr
    learnt = rm.load(tmp_path / "a.toml").statement("find.fever.none").value
    assert 0.03 < learnt < 0.08  # .05 is true
    card = (tmp_path / "card" / "report.md").read_text()
    assert "- Recording profile: positives_only" in card
    assert "each state counts by how often it is not written down" in card
    table = pd.read_csv(tmp_path / "card" / "tables" / "predictors.csv").set_index("variable")
    fever = table.loc["fever"]
    assert 0.02 < fever["assessed"] < 0.25  # blanks are not assessed
    assert fever["present"] == pytest.approx(fever["expected"], abs=0.15)  # of those written down: nearly all
    assert fever["expected"] > 0.6


@pytest.mark.slow
def test_the_command_warns_of_a_cohort_of_positives_alone(notes, tmp_path):
    asked = ("--learn", "find.fever.none", "--report", tmp_path / "card", "--folds", 2, "--resamples", 5)
    done = run("calibrate", notes, "-o", tmp_path / "b.toml", *asked)
    assert done.exit_code == 0, done.output
    assert 'hardly any "no" is written down' in done.stderr
    assert "hardly anything but what is present was written down" in done.stdout
    assert rm.load(tmp_path / "b.toml").statement("find.fever.none").value > 0.2  # .05 is true: what is warned of
    first = (tmp_path / "card" / "report.md").read_text().split("## Population")[0]
    assert "In the yes-or-no columns" in first


def test_a_bad_odds_ratio_is_refused_before_the_cohort_is_read(tmp_path):
    unread = tmp_path / "unread.csv"
    unread.write_text("nothing that a cohort has\n")
    done = run("calibrate", unread, "-o", tmp_path / "local.toml", "--verified-odds-ratio", "2,5,8")
    assert done.exit_code == 2
    assert done.output.startswith("riskmodel: verified_odds_ratio: the median 2 lies outside its interval 5 to 8")
