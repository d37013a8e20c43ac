"""Where people present is named, never assumed: by a column, or for all rows."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.cohort import simulate
from riskmodel.errors import CasesError, NoSettingError
from riskmodel.metrics import evaluate
from tests.support.case_files import run_bytes
from tests.support.models import shipped

MODEL = shipped()
FEVER = pd.DataFrame({"fever": ["yes", "no"], "infection": ["absent", "present"]})
NAMELESS = "case_id,fever,infection\na,yes,absent\nb,no,present\n"
SETTINGS = ("as_reported", "primary_care", "emergency", "spine_clinic")
ENGINES = pytest.mark.parametrize("engine", ["small", "compiled"])


def lists_settings(text: str) -> bool:
    """Whether a message has one line a setting, with its share of serious disease."""
    places = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith("  ")}
    shares = MODEL.posterior(pd.DataFrame({"setting": SETTINGS}))["any_serious"]
    return all(
        abs(float(places[setting][0]) - 100 * share) < 0.5 and places[setting][1] == "%"
        for setting, share in zip(SETTINGS, shares, strict=True)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "cases.csv", "-o", "out.csv"),
        ("score", "cases.csv", "--table"),
        ("explain", "cases.csv", "--case", "a"),
        ("check", "--cases", "cases.csv"),
        ("check", "--compare", "seeds", "literature", "--cases", "cases.csv"),
        ("calibrate", "cases.csv", "-o", "out.toml"),
        ("report", "-o", "out", "--cases", "cases.csv"),
        ("simulate", "-n", "10", "--seed", "1", "-o", "out.csv"),
    ],
)
def test_every_command_asks_for_the_setting(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.csv").write_text(NAMELESS)
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert done.exit_code == 2
    assert lists_settings(done.stderr)
    assert "--setting" in done.stderr
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    "call",
    [
        MODEL.code, MODEL.score, MODEL.posterior,
        lambda _: rm.calibrate(MODEL, FEVER),
        lambda cases: MODEL.explain(cases.iloc[0]),
        lambda cases: MODEL.posterior_draws(cases, 64),
        lambda cases: evaluate(MODEL, cases, resamples=0),
        lambda cases: rm.follow(MODEL, "find.fever.infection", cases, [0.5]),
        lambda cases: rm.RedFlagClassifier(learn=None).fit(cases[["fever"]]).predict(cases[["fever"]]),
        lambda _: simulate(MODEL, 10, np.random.default_rng(1)),
    ],
)  # fmt: skip
def test_every_call_asks_for_the_setting(call):
    with pytest.raises(NoSettingError) as caught:
        call(FEVER[["fever"]])
    assert lists_settings(str(caught.value))


@ENGINES
@pytest.mark.parametrize("blank", ["", "unknown", "Not_assessed"])
def test_a_row_without_a_setting_is_rejected(tmp_path, engine, blank):
    data = f"case_id,setting,fever\na,emergency,yes\nb,{blank},no\nc,primary_care,maybe\n".encode()
    done = run_bytes(data, tmp_path, engine=engine, default_setting=None)
    assert [(row[0], row[3]) for row in done.rejected] == [("2", "setting"), ("3", "fever")]
    assert "no setting is named; allowed: as_reported, primary_care or emergency" in done.rejects.decode()
    assert run_bytes(data, tmp_path, engine=engine, default_setting="emergency").result.counts.rejected == 1


def test_missing_codes_of_a_mapping_name_no_setting(tmp_path):
    data = b"case_id,setting\na,?\nb,emergency\n"
    for engine in ("small", "compiled"):
        done = run_bytes(data, tmp_path, engine=engine, default_setting=None, mapping={"missing": ["?"]})
        assert done.result.counts.rejected == 1


def test_a_frame_names_the_rows_without_a_setting():
    frame = pd.DataFrame({"setting": ["emergency", None, ""], "fever": ["yes"] * 3}, index=["x", "y", "z"])
    with pytest.raises(CasesError, match=r"row y, setting.*no setting is named"):
        MODEL.score(frame)
    settings = MODEL.score(frame, setting="primary_care")["setting"]
    assert settings.tolist() == ["emergency", "primary_care", "primary_care"]


def test_as_reported_is_asked_for_by_name():
    assert MODEL.score(FEVER[["fever"]], setting="as_reported")["setting"].tolist() == ["as_reported"] * 2


def test_a_check_without_people_asks_for_a_setting(monkeypatch):
    monkeypatch.setattr("riskmodel.report.check.check.check_lines", lambda *_: iter(()))
    monkeypatch.setattr("riskmodel.network.roundtrip.round_trip", lambda *_: [])
    done = CliRunner().invoke(commands, ["check"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Name a --setting, or --cases" in done.stdout
