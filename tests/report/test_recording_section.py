"""What a blank means, in the report: actions under each profile, and the recording rates at which a case flips."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel.cli.report import prepared
from riskmodel.report.sensitivity.sections.recording import (
    _suspicion,
    compared_profiles,
    profile_actions,
    recording_flips,
    recording_section,
    searched_profile,
    under_profile,
)
from riskmodel.report.sensitivity.spec import SpecError, read_spec
from tests.support.small_report import CASES, SMALL, spec_file


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(CASES, dtype=str, keep_default_na=False)


def study(folder, frame: pd.DataFrame | None, more: str = ""):
    cases = ""
    if frame is not None:
        frame.to_csv(folder / "cases.csv", index=False)
        cases = '[cases]\nfile = "cases.csv"\n'
    path = spec_file(folder, more + SMALL + cases)
    return prepared(read_spec(path), str(path))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, published):
    return study(tmp_path_factory.mktemp("shipped"), published)


def test_each_profile_gives_what_scoring_under_it_gives(shipped, seeds, published):
    assert compared_profiles(shipped) == ["ignorable", "positives_only", "chart", "form"]
    actions = profile_actions(shipped).set_index(["profile", "case"])
    assert len(actions) == 4 * len(published)
    for profile in compared_profiles(shipped):
        scored = seeds.with_recording(profile).score(published).set_index("case_id")
        rows = actions.loc[profile].loc[scored.index]
        np.testing.assert_allclose(rows["p"], scored["p_any_serious"], rtol=1e-12)
        assert rows["urgency"].tolist() == scored["urgency"].tolist()
        assert rows["imaging"].tolist() == [text.replace("|", ", ") or "none" for text in scored["imaging"]]


def test_changes_are_those_from_the_profile_of_the_report(shipped):
    actions = profile_actions(shipped)
    first = actions[actions["profile"] == "ignorable"].set_index("case")
    for row in actions.to_dict("records"):
        differs = [kind for kind in ("urgency", "imaging") if row[kind] != first.loc[row["case"], kind]]
        assert row["changed"] == ", ".join(differs)
    changing = actions["case"].isin(actions[actions["changed"] != ""]["case"])
    assert changing.any()
    assert changing.is_monotonic_decreasing  # these cases stand first


def test_only_blanks_of_columns_that_are_there_count(shipped, published, tmp_path):
    blanks = profile_actions(shipped).drop_duplicates("case").set_index("case")["blanks"]
    said = published.copy()
    said["fever"] = said["fever"].replace("", "not_assessed")
    others = profile_actions(study(tmp_path, said)).drop_duplicates("case").set_index("case")["blanks"]
    assert ((blanks - others).loc[published["case_id"]] == (published["fever"] == "").to_numpy()).all()
    assert (published["fever"] == "").any()


def test_the_report_reads_the_cases_as_its_own_profile_does(tmp_path, published, seeds):
    chart = study(tmp_path, published, 'recording = "chart"\nprofiles = ["form"]\n')
    assert compared_profiles(chart) == ["chart", "form"]
    assert searched_profile(chart) == "chart"
    model = seeds.with_recording("chart")
    assert np.array_equal(chart.masks, model.code(published))
    own, masks = under_profile(chart, "chart")
    assert own is chart.model
    assert np.array_equal(masks, chart.masks)
    assert np.array_equal(under_profile(chart, "ignorable")[1], seeds.code(published))


@pytest.mark.slow
def test_at_a_flip_of_a_recording_rate_the_action_is_another(shipped, seeds, published):
    table = recording_flips(shipped)
    assert len(table) > 5
    model = seeds.with_recording("chart")
    assert set(table["statement"]) <= {s.id for s in model.priors.selected_statements if s.quantity == "recorded"}
    for row in table.to_dict("records")[:: max(1, len(table) // 6)]:
        case = published[published["case_id"] == row["case"]]
        away = 1e-4 * (1 if row["side"] == "above" else -1) * min(row["flip"], 1 - row["flip"])
        for value, action in ((row["flip"] - away, row["now"]), (row["flip"] + away, row["then"])):
            interval = {"low": 0.5 * value, "high": 0.5 + 0.5 * value}
            scored = model.with_statement(row["statement"], value=value, **interval).score(case)
            assert (scored[row["kind"]].iloc[0].replace("|", ", ") or "none") == action


@pytest.mark.slow
def test_the_section_says_how_many_cases_change(shipped):
    section = recording_section(shipped)
    actions, rates = profile_actions(shipped), recording_flips(shipped)
    changing = actions[actions["changed"] != ""]["case"].nunique()
    assert section.sentences[1].startswith(f"{changing} of {len(shipped.names)} cases get another urgency or imaging")
    within = rates[rates["within"]]["case"].nunique()
    assert f"of {within} by a value within" in section.sentences[2]
    assert [table.id for table in section.tables] == ["recording_profiles", "recording_flips"]
    assert section.figures[0].draw() is not None


def test_without_cases_or_blanks_there_is_little_to_say(tmp_path, published):
    assert recording_section(study(tmp_path, None)) is None
    full = published.replace("", "not_assessed")
    section = recording_section(study(tmp_path, full))
    assert "the same under every profile" in section.sentences[-1]
    assert section.tables == ()


def test_a_profile_that_does_not_exist_is_named(tmp_path, published):
    with pytest.raises(SpecError, match=r"unknown recording profile 'charts'.*did you mean 'chart'"):
        study(tmp_path, published, 'profiles = ["charts"]\n')


@pytest.mark.slow
def test_cases_that_look_like_positives_only_are_said_to_and_warned_of(tmp_path, published, capsys):
    positives = published.replace({"no": "", "absent": "", "none": ""})
    many = pd.concat([positives] * 4)
    many["case_id"] = [f"c{i}" for i in range(len(many))]
    looked_at = study(tmp_path, many)
    assert 'hardly any "no" is written down' in capsys.readouterr().err
    sentences = " ".join(_suspicion(looked_at))
    assert 'answers are "no": look at the profile positives only' in sentences
    named = study(tmp_path, many, 'recording = "ignorable"\n')
    assert "written down" not in capsys.readouterr().err
    assert np.array_equal(named.masks, looked_at.masks)
    assert _suspicion(study(tmp_path, many, 'recording = "chart"\n')) == []
    assert _suspicion(study(tmp_path, published)) == []
