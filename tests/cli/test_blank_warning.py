"""The warning on files whose blanks seem to have a meaning, as a user meets it: when, with which figures, and where."""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.run import run as run_file
from riskmodel.cases.recorded import yes_or_no
from riskmodel.cli import commands
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import UsageError
from riskmodel.evidence.recording import heard

FEW_NO = 'hardly any "no" is written down'
FEW_BLANK = "hardly any cell is blank"
EMERGENCY = ("--setting", "emergency")


@pytest.fixture(scope="module")
def people(seeds):
    """600 people of an emergency department, nothing left blank but results of tests."""
    simulated = simulate(seeds, 600, np.random.default_rng(3), setting="emergency")
    masks = simulated.masks.copy()
    for row, variable in enumerate(seeds.variables):
        if variable.role == "test":
            masks[row] = variable.full_mask
    return replace(simulated, masks=masks)


def recorded(model, people, present, absent):
    """The people as a frame, each state of findings and risk factors written down as often as that."""
    rng, masks = np.random.default_rng(8), people.masks.copy()
    for row, variable in enumerate(model.variables):
        if variable.role in ("finding", "risk_factor"):
            kept = rng.random(masks.shape[1]) < np.where(masks[row] == 1, absent, present)
            masks[row] = np.where(kept, masks[row], variable.full_mask)
    return to_cases(model, replace(people, masks=masks))


@pytest.fixture(scope="module")
def positives(seeds, people):
    return recorded(seeds, people, 1.0, 0.0)


@pytest.fixture
def run():
    def invoke(*arguments, **options):
        return CliRunner().invoke(commands, [str(each) for each in arguments], catch_exceptions=False, **options)

    return invoke


def written(frame, folder, name="cases.csv"):
    path = Path(folder) / name
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


def expected(model, frame, profile="positives_only"):
    """The mean probability of any serious condition under the profile and without one, scored directly."""
    under = model.with_recording(profile).posterior(frame, setting="emergency")["any_serious"].mean()
    return [f"{100 * mean:.3g}" for mean in (under, model.posterior(frame, setting="emergency")["any_serious"].mean())]


def figures(text):
    after, before = re.search(r"condition.* would be (\S+) % instead of (\S+) %", text).groups()
    return [after, before]


def test_a_file_of_positives_only_is_warned_of_with_what_the_profile_makes_of_it(seeds, positives, run, tmp_path):
    done = run("score", written(positives, tmp_path), "-o", tmp_path / "out.csv", *EMERGENCY)
    told = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert len(told) == 1
    assert FEW_NO in told[0]
    assert "--recording positives_only" in told[0]
    assert figures(told[0]) == expected(seeds, positives)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["warnings"] == [told[0].removeprefix("warning: ")]
    counted = [positives[seeds.variables[row].column] for row in yes_or_no(seeds.variables)]
    assert f"0 of {sum((column != '').sum() for column in counted):,} answers in {len(counted)} yes-or-no" in told[0]


@pytest.mark.parametrize(
    ("present", "absent", "text"),
    [(0.95, 0.01, FEW_NO), (0.8, 0.2, ""), (1.0, 1.0, ""), (0.995, 0.99, FEW_BLANK), (0.95, 0.9, "")],
)
def test_what_is_recorded_decides(seeds, people, run, tmp_path, present, absent, text):
    frame = recorded(seeds, people, present, absent)
    told = run("score", written(frame, tmp_path), "--dry-run", *EMERGENCY).stdout
    assert [each for each in (FEW_NO, FEW_BLANK) if each in told] == ([text] if text else [])
    if text == FEW_BLANK:
        assert "--recording form" in told
        assert 'stored as "no"' in told
        assert figures(told) == expected(seeds, frame, "form")


def test_a_file_of_a_few_cases_is_not_warned_of(positives, run, tmp_path):
    told = run("score", written(positives.head(9), tmp_path), "--dry-run", *EMERGENCY).stdout
    assert "warning" not in told


@pytest.mark.parametrize("profile", ["ignorable", "positives_only", "chart"])
def test_a_named_profile_ends_the_warning(positives, run, tmp_path, profile):
    told = run("score", written(positives, tmp_path), "--dry-run", *EMERGENCY, "--recording", profile).stdout
    assert "warning" not in told


def test_what_says_not_assessed_is_no_blank_under_the_profile(seeds, positives, run, tmp_path):
    half = positives.copy()
    half.iloc[::2] = half.iloc[::2].replace("", "not_assessed")
    told = run("score", written(half, tmp_path), "--dry-run", *EMERGENCY).stdout
    assert figures(told) == expected(seeds, half)
    assert figures(told) != expected(seeds, positives)


def test_parquet_and_standard_input_are_told_the_same(positives, run, tmp_path):
    csv, parquet = written(positives, tmp_path), written(positives, tmp_path, "cases.parquet")
    told = [
        run("score", csv, "--dry-run", *EMERGENCY).stdout,
        run("score", parquet, "--dry-run", *EMERGENCY).stdout,
        run("score", "-", "--dry-run", *EMERGENCY, input=csv.read_bytes()).stdout,
    ]
    lines = [[line for line in text.splitlines() if FEW_NO in line] for text in told]
    assert lines[0] == lines[1] == lines[2]
    assert len(lines[0]) == 1


def test_both_engines_and_any_size_of_blocks_look_at_the_same_cases(seeds, positives, tmp_path, monkeypatch):
    monkeypatch.setattr("riskmodel.casefiles.second_look.MOST_LOOKED_AT", 300)
    frame = pd.concat([positives.head(200), positives.head(20), positives.tail(400)])  # 20 repeats, which are rejected
    path, seen = written(frame, tmp_path), []
    variables = seeds.with_recording("positives_only").variables

    def notice(suspicion):
        seen.append(suspicion.first_cases(variables))
        return suspicion.cells.suspected

    for engine in ("small", "compiled"):
        for size in (300, 5000, 2 << 20):
            options = RunOptions(default_setting="emergency", engine=engine, block_bytes=size, threads=2)
            result = run_file(path, None, seeds.variables, _nothing, options, notice=notice)
            assert result.warnings[-1] == "positives_only"
            assert result.counts.rejected == 20
    first = pd.concat([positives.head(200), positives.tail(400).head(100)])
    wanted = seeds.with_recording("positives_only").code(first, setting="emergency")
    assert all(np.array_equal(masks, wanted) for masks in seen)
    assert len(seen) == 6


def _nothing(_masks):
    from riskmodel.answers.column_types import ScoredBlock

    return ScoredBlock(())


def test_a_frame_warns_as_a_file_does(seeds, positives):
    with pytest.warns(UserWarning, match=FEW_NO) as caught:
        seeds.score(positives, setting="emergency")
    assert figures(str(caught[0].message)) == expected(seeds, positives)
    assert 'model.with_recording("positives_only")' in str(caught[0].message)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seeds.with_recording("ignorable").score(positives, setting="emergency")
        rm.load(recording="ignorable").score(positives.head(50), setting="emergency")
        seeds.with_recording("chart").score(positives, setting="emergency")
        seeds.score(positives.head(9), setting="emergency")


def test_a_mapping_and_columns_that_are_not_read_change_nothing(seeds, positives):
    renamed = positives.rename(columns={"fever": "Temperatur"}).assign(note="x")
    mapping = {"columns": {"Temperatur": "fever"}, "ignore": ["note"]}
    told = []
    for frame, how in ((positives, None), (renamed, mapping)):
        with pytest.warns(UserWarning, match=FEW_NO) as caught:
            seeds.score(frame, setting="emergency", mapping=how)
        told.append([str(warning.message) for warning in caught])
    assert told[0] == told[1]


@pytest.mark.slow
def test_a_check_on_cases_warns(positives, run, tmp_path):
    told = run("check", "--cases", written(positives, tmp_path), *EMERGENCY, "--draws", 20)
    assert told.stderr.count(FEW_NO) == 1


def test_an_explanation_warns_of_its_file(positives, run, tmp_path):
    path = written(positives, tmp_path)
    told = run("explain", path, "--case", positives["case_id"].iloc[4], *EMERGENCY)
    assert FEW_NO in told.stderr
    assert FEW_NO not in told.stdout
    named = run("explain", path, "--case", positives["case_id"].iloc[4], *EMERGENCY, "--recording", "ignorable")
    assert "warning" not in named.stderr


@pytest.mark.slow
def test_a_fit_warns_once(seeds, people, run, tmp_path):
    frame = recorded(seeds, people, 1.0, 0.0)
    frame["infection"] = np.where(people.outcome("infection"), "present", "absent")
    with pytest.warns(UserWarning, match=FEW_NO):
        rm.recalibrate(seeds, frame, setting="emergency")
    asked = ("--learn", "base_rates", "-o", tmp_path / "local.toml", *EMERGENCY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = run("calibrate", written(frame, tmp_path), *asked)
    assert told.stderr.count(FEW_NO) == 1


def test_priors_without_the_profile_are_silent(seeds, positives):
    bare = replace(seeds, priors=replace(seeds.priors, profiles={}))
    with pytest.raises(UsageError):
        bare.with_recording("positives_only")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bare.score(positives, setting="emergency")


def test_the_sample_holds_no_blank_for_the_model_in_use(seeds, positives):
    other = seeds.with_recording("positives_only")
    masks = other.code(positives, setting="emergency")
    assert (masks == 0).any()
    assert np.array_equal(heard(seeds.variables, masks), seeds.code(positives, setting="emergency"))


def test_outcomes_of_a_cohort_are_left_aside(seeds, people, positives, run, tmp_path):
    cohort = positives.assign(infection=np.where(people.outcome("infection"), "present", "absent"))
    told = run("score", written(cohort, tmp_path), "--dry-run", "--known-outcomes", *EMERGENCY).stdout
    assert "of a serious condition, outcomes left aside, would be" in told
    assert figures(told) == expected(seeds, positives)
