"""Requests and answers as files: a fit goes on from what lies there, and a site keeps a log of what it sent."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import riskmodel as rm
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.result import Calibration
from riskmodel.calibration.sums.fit import asked_fit
from riskmodel.calibration.sums.folder import FitFolder, begin_fit, combine
from riskmodel.calibration.sums.messages import Request, read_answer, read_request
from riskmodel.calibration.sums.piece import CohortPiece
from riskmodel.calibration.sums.sent_log import SentLog, write_answer
from riskmodel.cli import commands
from riskmodel.errors import CasesError, UsageError
from tests.support.tabular import simulate, tabular

SITES = ("north", "south", "east")
PLACES = {"north": (0, 60), "south": (60, 300), "east": (300, 700)}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> rm.Model:
    return tabular(tmp_path_factory.mktemp("tabular"))


@pytest.fixture(scope="module")
def masks(model) -> np.ndarray:
    return simulate(model.priors, 400, np.random.default_rng(3), missing=0.2)


@pytest.fixture(scope="module")
def sites(model, masks) -> dict[str, CohortPiece]:
    bounds = {"north": (0, 60), "south": (60, 210), "east": (210, 400)}
    return {
        name: CohortPiece(model, range(end - start), masks[:, start:end], name) for name, (start, end) in bounds.items()
    }


@pytest.fixture
def folder(model, tmp_path) -> Path:
    asked = {"prior_weight": 1.0, "name": "Three", "outcomes": "ignorable", "sites": SITES}
    begin_fit(tmp_path / "fit", asked_fit(model, ["s1", "s4"], **asked))
    return tmp_path / "fit"


def answer(folder: Path, sites: dict[str, CohortPiece]) -> None:
    """The answers of these sites to the last request, as files."""
    last = max(FitFolder(folder).requests)
    for name, piece in sites.items():
        request = read_request((folder / f"request_{last}.json").read_text())
        (folder / f"{name} ({last}).json").write_text(piece.answer(request).text())


def step(folder: Path, model: rm.Model) -> Calibration | Request:
    """One combination, each time from the files alone."""
    lying = FitFolder(folder)
    result = combine(lying, model)
    if isinstance(result, Request):
        lying.write(result)
    return result


def test_files_are_all_that_a_fit_needs_to_go_on(model, masks, sites, folder):
    result: Calibration | Request | None = None
    while not isinstance(result, Calibration):
        answer(folder, sites)
        result = step(folder, model)
    whole = fit_coded(model, range(400), masks, ["s1", "s4"])
    numbers = list(whole.table.select_dtypes("number").columns)
    assert np.abs(result.table[numbers].to_numpy() - whole.table[numbers].to_numpy()).max() < 1e-9
    assert result.origin.parts == 3
    assert any("north 60, south 150, east 190" in note for note in result.notes) or len(result.notes) >= 2
    assert "by sums over 3 parts" in result.write(folder / "fitted.toml").read_text()
    assert step(folder, model).table.equals(result.table)
    assert max(path.stat().st_size for path in folder.glob("*.json")) < 200_000


def test_a_missing_or_doubled_answer_is_named(model, sites, folder):
    answer(folder, {name: sites[name] for name in ("north", "south")})
    with pytest.raises(CasesError, match="round 1: no answer of east; there are those of north, south"):
        step(folder, model)
    answer(folder, sites)
    (folder / "copy.json").write_text((folder / "north (1).json").read_text())
    with pytest.raises(CasesError, match=r"copy\.json, .*north \(1\)\.json: north answers round 1 twice; keep one"):
        step(folder, model)


def test_files_that_do_not_belong_here_are_named(model, sites, folder):
    answer(folder, sites)
    later = replace(read_answer((folder / "north (1).json").read_text()), number=2)
    (folder / "later.json").write_text(later.text())
    with pytest.raises(CasesError, match=r"later\.json: answers round 2; the fit is at round 1"):
        FitFolder(folder)
    (folder / "later.json").write_text("{")
    with pytest.raises(CasesError, match=r"later\.json: is no JSON"):
        FitFolder(folder)
    (folder / "later.json").write_text((folder / "request_1.json").read_text())
    with pytest.raises(CasesError, match=r"request_1\.json: a second request of round 1"):
        FitFolder(folder)


def test_a_folder_holds_one_fit(model, folder):
    other = asked_fit(model, "s1", prior_weight=1.0, name="Other", outcomes="ignorable", sites=SITES)
    with pytest.raises(UsageError, match=r"holds the fit [0-9a-f]{16} \(Three\); take another folder"):
        begin_fit(folder, other)
    (folder / "other.json").write_text(Request(other, 2).text())
    with pytest.raises(CasesError, match="requests of several fits"):
        FitFolder(folder)


def test_a_changed_answer_does_not_go_unseen(model, sites, folder):
    for _ in range(2):
        answer(folder, sites)
        step(folder, model)
    path = folder / "north (2).json"
    table = json.loads(path.read_text())
    table["slopes"][0][0] += 1.0
    path.write_text(json.dumps(table))
    answer(folder, sites)
    with pytest.raises(UsageError, match=r"request_3\.json: is not what the fit asks in round 3"):
        step(folder, model)


def test_a_site_logs_what_it_sends_and_answers_each_round_once(model, masks, sites, folder, tmp_path):
    request, north = FitFolder(folder).requests[1], sites["north"]
    path, output = tmp_path / "north_sent.toml", tmp_path / "answer.json"
    for _ in range(2):
        log = SentLog(path)
        log.check(request, north.cohort)
        write_answer(north.answer(request), request, log, output)
    entries = tomllib.loads(path.read_text())["sent"]
    assert [(entry["round"], entry["answer"], entry["holds"][:19]) for entry in entries] == [
        (1, "answer.json", "counts of 60 people")
    ]
    log = SentLog(path)
    with pytest.raises(UsageError, match=r"the cohort has changed: round 1 .*Answer with the same rows"):
        log.check(request, sites["south"].cohort)
    with pytest.raises(UsageError, match=r"round 1 was answered on .* to another request"):
        log.check(replace(request, statements=("s1",)), north.cohort)
    with pytest.raises(UsageError, match=r"is of round 3; .*answered up to round 1, so that round 2 is next"):
        log.check(replace(request, number=3), north.cohort)
    with pytest.raises(UsageError, match="at most 1 rounds"):
        log.check(replace(request, number=2), north.cohort, most_rounds=1)
    path.write_text("sent = 3 4")
    with pytest.raises(CasesError, match=r"north_sent\.toml: is no log"):
        SentLog(path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def cohorts(people, tmp_path_factory) -> Path:
    """Three files of a spine clinic."""
    folder = tmp_path_factory.mktemp("cohorts")
    for name, (start, end) in PLACES.items():
        people[start:end].to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.slow
def test_three_sites_fit_together_by_files(seeds, people, cohorts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begun = run("sums", "begin", "fit", "--sites", ",".join(SITES), "--learn", "find.fever.infection")
    assert begun.exit_code == 0, begun.output
    assert "wrote fit/request_1.json\nSend it to north, south, east." in begun.stderr
    pieces = {name: CohortPiece(seeds, range(end - start), seeds.code(people[start:end], known_outcomes=True), name)
              for name, (start, end) in PLACES.items()}  # fmt: skip
    for number in (1, 2):
        request, output = f"fit/request_{number}.json", f"fit/answer_{number}_south.json"
        done = run("calibrate", cohorts / "south.csv", "--sums", request, "--site", "south", "-o", output)
        assert done.exit_code == 0, done.output
        assert "no row, no identifier and no date" in done.stderr
        answer(Path("fit"), {name: pieces[name] for name in ("north", "east")})
        if number == 1:
            assert "wrote fit/request_2.json" in run("sums", "combine", "fit").stderr
    while isinstance(step(Path("fit"), seeds), Request):
        answer(Path("fit"), pieces)
    combined = run("sums", "combine", "fit", "-o", "local.toml")
    assert combined.exit_code == 0, combined.output
    assert "Note: fitted by sums over 3 parts" in combined.stdout
    assert "No report card" in combined.stderr
    rm.calibrate(seeds, people, "find.fever.infection").write("whole.toml")
    numbers = [tomllib.loads(Path(f"{name}.toml").read_text())["override"] for name in ("local", "whole")]
    assert numbers[0] == numbers[1]


@pytest.mark.slow
def test_the_commands_refuse_what_does_not_fit(cohorts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("sums", "begin", "fit", "--sites", "north,south").exit_code == 0
    answering = ("calibrate", cohorts / "north.csv", "--sums", "fit/request_1.json", "-o", "answer.json")
    for arguments, message in (
        ((*answering, "--site", "north", "--learn", "all"), "--learn does not go with --sums"),
        ((*answering, "--site", "north", "--priors", "literature"), "all sites need the same prior files"),
        ((*answering, "--site", "north", "--least-cases", "30"), "(least_cases): leave these columns blank"),
        ((*answering[:-1], "fit/request_1.json", "--site", "north"), "the answer would replace the request"),
        (("sums", "combine", "fit"), "round 1: no answer of north, south; there are those of nobody"),
        (("sums", "begin", "fit", "--sites", "a,b"), "take another folder"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2, (arguments, done.output)
        assert message in done.stderr
        assert not Path("answer.json").exists()


def test_a_site_that_is_not_of_the_request_is_refused(model, masks, folder):
    request = FitFolder(folder).requests[1]
    with pytest.raises(UsageError, match=r"'nort' is not one of the sites; allowed: north, south, east \(did you mean"):
        CohortPiece(model, range(400), masks, "nort").answer(request)
    with pytest.raises(UsageError, match="no site is named"):
        CohortPiece(model, range(400), masks).answer(request)
    with pytest.raises(UsageError, match="holds no request; begin a fit with"):
        _ = FitFolder(folder.parent).fit
