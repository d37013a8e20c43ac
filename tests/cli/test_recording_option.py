"""--recording: what a blank means is asked for, applied, kept apart in the cache, and told."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.answers.silence import silences
from riskmodel.cli.values import ProfileName
from riskmodel.model import load_scoring
from tests.support.own_set import own_set

EMERGENCY = ("--setting", "emergency")
TEXT = "case_id,fever,weight_loss,night_sweats,trauma\na,yes,,,\nb,,no,not_assessed,minor\nc,,,,\n"
OURS = (
    'title = "Ours"\nextends = "chart"\n[[statement]]\nid = "ours.sweats"\nquantity = "recorded"\n'
    'of = "night_sweats=absent"\ngiven = "ours"\nvalue = {}\nbasis = "assumption"\nsource = "assumption"\nread = "no"\n'
)
pytestmark = pytest.mark.filterwarnings("ignore:hardly any:UserWarning")


@pytest.fixture
def cases(tmp_path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(TEXT)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.mark.slow
def test_a_file_is_scored_as_python_scores_it(run, cases, tmp_path) -> None:
    out = tmp_path / "out.csv"
    for name in ("ignorable", "positives_only", "chart", "form"):
        done = run("score", cases, "-o", out, "--recording", name, *EMERGENCY)
        assert done.exit_code == 0, done.output
        frame = pd.read_csv(cases, dtype=str).set_index("case_id")
        expected = rm.load(recording=name).score(frame, setting="emergency")
        assert [float(row["p_infection"]) for row in rows(out)] == pytest.approx(expected["p_infection"], abs=1e-6)
        assert {row["model"] for row in rows(out)} == set(expected["model"])
        assert [row["assessed"] for row in rows(out)] == ["1", "2", "0"]
        record = json.loads((tmp_path / "out.run.json").read_text())
        assert record["recording"]["profile"] == record["options"]["recording"] == name
        assert f"blanks: {record['recording']['says']}" in done.stderr
    assert record["recording"]["says"].startswith("a blank of 27 findings and risk factors is read")
    default = run("score", cases, "-o", out, *EMERGENCY)
    assert "blanks: a blank says nothing" in default.stderr
    assert {row["model"] for row in rows(out)} == {rm.load().scoring.model_hash}


@pytest.mark.slow
def test_draws_go_with_a_profile(run, cases, tmp_path) -> None:
    out = tmp_path / "out.csv"
    done = run("score", cases, "-o", out, "--recording", "chart", "--draws", 20, *EMERGENCY)
    assert done.exit_code == 0, done.output
    hashes = {row["model"] for row in rows(out)}
    assert hashes == {rm.load(recording="chart").scoring.under_draws(20, 0, 0.95).model_hash}
    assert all(float(row["p_infection_low"]) < float(row["p_infection_high"]) for row in rows(out))


@pytest.mark.slow
def test_profiles_have_entries_of_their_own_in_the_cache(run, tmp_path) -> None:
    folder = tmp_path / "cache"
    path = own_set(tmp_path, OURS.format(0.3), "ours.toml")
    hashes = [load_scoring(recording=name).model_hash for name in ("ignorable", "chart", "form", path)]
    assert len(set(hashes)) == len(list(folder.iterdir())) == 4
    for name, model_hash in zip(("ignorable", "chart", "form", path), hashes, strict=True):
        again = load_scoring(recording=name)  # from the cache
        assert again.model_hash == model_hash == rm.load(recording=name).scoring.model_hash
        assert again.blanks.profile == (name if isinstance(name, str) else "ours")
        masks = again.scorer.blank(2, 1)
        masks[list(again.scorer.recorded_rows), 1] = 0
        found, expected = again.score(masks), rm.load(recording=name).scoring.score(masks)
        assert found.posterior.probability.tobytes() == expected.posterior.probability.tobytes()
        assert found.reasons.ratio.tobytes() == expected.reasons.ratio.tobytes()
    own_set(tmp_path, OURS.format(0.4), "ours.toml")
    assert load_scoring(recording=path).model_hash not in hashes


@pytest.mark.slow
def test_explain_says_what_silence_told(run, cases, tmp_path) -> None:
    shown = run("explain", cases, "--case", "a", "--recording", "positives_only", *EMERGENCY).stdout
    assert "What is not written down says of infection" in shown
    assert "night_sweats not written down" in shown
    assert "all 3 that are not written down" in shown
    data = json.loads(
        run("explain", cases, "--case", "a", "--recording", "positives_only", "--format", "json", *EMERGENCY).stdout
    )
    assert {item["variable"] for item in data["silences"]["each"]} == {"weight_loss", "night_sweats", "trauma"}
    assert data["silences"]["change"] < 0
    assert data["blanks"].startswith("a blank of 27")
    assert {"weight_loss", "night_sweats", "trauma"} <= set(data["waiting"])
    assert [item["variable"] for item in data["observations"]] == ["fever"]
    plain = run("explain", cases, "--case", "a", *EMERGENCY).stdout
    assert "not written down" not in plain
    assert "Blanks: a blank says nothing" in plain
    draws = run("explain", cases, "--case", "a", "--recording", "chart", "--draws", 20, *EMERGENCY)
    assert draws.exit_code == 0


def test_what_silence_told_is_what_ignoring_it_changes(seeds: rm.Model) -> None:
    model = seeds.with_recording("positives_only")
    case = {"fever": "yes", "weight_loss": None, "night_sweats": None}
    masks = model.code(case, setting="emergency")
    output = model.scoring.scorer.output_names.index("infection")
    told = silences(model.scoring, masks, output)

    def decibans(**cells: object) -> float:
        p = model.posterior({"fever": "yes", **cells}, setting="emergency").loc[0, "infection"]
        return float(10 * np.log10(p / (1 - p)))

    now = decibans(weight_loss=None, night_sweats=None)
    assert told.change == pytest.approx(now - decibans(), abs=1e-9)
    for item in told.each:
        others = {name: None for name in ("weight_loss", "night_sweats") if name != item.variable}
        assert item.change == pytest.approx(now - decibans(**others), abs=1e-9)
    assert silences(seeds.scoring, seeds.code(case, setting="emergency"), output).each == ()
    html = model.explain(case, setting="emergency")._repr_html_()
    assert "weight loss not written down" in html


@pytest.mark.slow
def test_check_and_export_take_a_profile(run, tmp_path) -> None:
    done = run("check", "--recording", "form", *EMERGENCY, "--format", "json")
    assert done.exit_code == 0
    shown = run("export", "--format", "bif", "-o", tmp_path / "form.bif", "--recording", "form")
    assert shown.exit_code == 0
    assert "recorded_trauma" in (tmp_path / "form.bif").read_text()


@pytest.mark.slow
def test_a_profile_that_is_not_there_or_faulty_is_refused_by_every_command(run, cases, tmp_path) -> None:
    (tmp_path / "bad.toml").write_text('title = "x"\nextends = "charts"\n')
    commands_of = {
        "score": ("score", cases, "-o", tmp_path / "out.csv"),
        "explain": ("explain", cases, "--case", "a"),
        "check": ("check",),
        "calibrate": ("calibrate", cases, "-o", tmp_path / "fit.toml"),
        "report": ("report", "-o", tmp_path / "report", "--cases", cases),
    }
    for command in commands_of.values():
        done = run(*command, "--recording", "charts", *EMERGENCY)
        assert (done.exit_code, "did you mean 'chart'?" in done.stderr) == (2, True), command[0]
        done = run(*command, "--recording", tmp_path / "bad.toml", *EMERGENCY)
        assert (done.exit_code, "unknown profile 'charts'" in done.stderr) == (2, True), command[0]
    assert not (tmp_path / "out.csv").exists()


def test_names_are_completed() -> None:
    found = ProfileName().shell_complete(None, None, "c")  # type: ignore[arg-type]
    assert [item.value for item in found] == ["chart"]
    every = ProfileName().shell_complete(None, None, "")  # type: ignore[arg-type]
    assert {"ignorable", "positives_only", "chart", "form"} <= {item.value for item in every}
