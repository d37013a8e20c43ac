"""Cross-validation of a fit, and the report card."""

import signal
import tomllib

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.calibration import optimise
from riskmodel.calibration.cross_validate import cross_validated
from riskmodel.calibration.fit import fit_coded
from riskmodel.cli import commands
from riskmodel.cohort import HISTORY, simulate, to_cases
from riskmodel.errors import UsageError
from riskmodel.metrics import judge_coded, tabulate
from riskmodel.pages.render import files
from riskmodel.report.card.card import card
from riskmodel.report.card.validation import ValidatedFit, metric_words, outcome_words
from tests.support.models import shipped

pytestmark = pytest.mark.slow

MODEL = shipped()
TRUTH = MODEL.with_statement("base.fracture.emergency", value=0.07, low=0.03, high=0.15)
PEOPLE = 600


@pytest.fixture(scope="module")
def cohort():
    people = simulate(TRUTH, PEOPLE, np.random.default_rng(3), setting="emergency", missing=0.3, roles=HISTORY)
    return to_cases(TRUTH, people, with_outcomes=True)


@pytest.fixture(scope="module")
def coded(cohort):
    return list(cohort["case_id"]), MODEL.code(cohort, setting="emergency", known_outcomes=True)


@pytest.fixture(scope="module")
def validation(coded):
    names, masks = coded
    fitted = fit_coded(MODEL, names, masks, "base_rates", name="test")
    after = cross_validated(MODEL, names, masks, "base_rates", folds=2, name="test")["before_imaging"]
    return ValidatedFit(fitted, masks, judge_coded(MODEL, masks, names), after, folds=2, resamples=10)


def test_everybody_is_judged_by_a_fit_to_the_others(coded, validation):
    """Two folds, remade by hand from who got which probability."""
    names, masks = coded
    assert list(validation.after.probabilities.index) == names
    whole = judge_coded(validation.fitted.model, masks, names).probabilities["fracture"]
    assert (validation.after.probabilities["fracture"] != whole).all()
    found = 0
    for seed_fold in (0, 1):
        from riskmodel.calibration.cross_validate import _folds

        held = _folds(MODEL, masks, 2, 0) == seed_fold
        other = [name for name, out in zip(names, held, strict=True) if not out]
        alone = fit_coded(MODEL, other, np.ascontiguousarray(masks[:, ~held]), "base_rates")
        own = judge_coded(alone.model, np.ascontiguousarray(masks[:, held]), np.array(names)[held])
        assert np.array_equal(own.probabilities["fracture"], validation.after.probabilities["fracture"][held])
        found += held.sum()
    assert found == PEOPLE


def test_a_fit_mends_what_was_wrong(validation):
    before, after = (
        tabulate(MODEL, which, conditions=["fracture"], resamples=0).set_index(["decision", "metric"])["value"]
        for which in (validation.before, validation.after)
    )
    key = ("", "observed_over_expected")
    assert abs(np.log(after[key])) < abs(np.log(before[key])) / 2


def test_the_card_holds_what_reviewers_ask_for(validation):
    report = card(validation)
    assert [section.id for section in report.sections] == [
        "population", "preparation", "outcomes", "predictors", "model", "performance", "predictor_sets", "decisions",
        "subgroups", "limits", "checklist",
    ]  # fmt: skip
    pages = files(report)
    assert "For research, not for the care of a patient." in pages["report.html"]
    assert "http" not in pages["report.html"].replace("http://www.w3.org", "")
    table = pd.read_csv(pd.io.common.StringIO(pages["tables/performance.csv"]))
    expected = tabulate(MODEL, validation.after, resamples=10).query("decision == ''")
    expected["condition"] = expected["condition"].map(outcome_words)
    expected["metric"] = expected["metric"].map(metric_words)
    expected = expected.set_index(["condition", "metric"])
    for row in table.itertuples():
        key = (row.condition, row.metric)
        assert row.value_after == pytest.approx(expected.loc[key, "value"], rel=1e-9, nan_ok=True)
    assert set(table["warning"].dropna())  # some conditions have few events, and say so
    assert "only" in pages["report.md"]
    assert files(card(validation)) == pages


@pytest.mark.parametrize("folds", [1, PEOPLE + 1])
def test_folds_must_be_possible(coded, folds):
    with pytest.raises(UsageError, match="folds must be 2 to 600"):
        cross_validated(MODEL, *coded, "base_rates", folds=folds)


def test_the_command_writes_set_and_card(cohort, tmp_path):
    from click.testing import CliRunner

    source = tmp_path / "cohort.csv"
    cohort.to_csv(source, index=False)
    arguments = ["calibrate", str(source), "-o", str(tmp_path / "local.toml"), "--setting", "emergency"]
    arguments += ["--learn", "base_rates", "--folds", "2", "--report", str(tmp_path / "card"), "--resamples", "10"]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "card" / "report.html").stat().st_size < 5e6
    assert rm.load(tmp_path / "local.toml").statement("base.fracture.emergency").informed


@pytest.mark.parametrize("during", ["the fit", "a fold"])
def test_an_interrupt_leaves_the_set_and_no_card(cohort, tmp_path, monkeypatch, during):
    from click.testing import CliRunner

    fits = []
    whole = optimise._Climb.step

    def step(climb):
        if climb.steps == 0:
            fits.append(climb)
        if len(fits) == (1 if during == "the fit" else 2) and climb.steps == 1:
            signal.raise_signal(signal.SIGINT)
        return whole(climb)

    monkeypatch.setattr(optimise._Climb, "step", step)
    source, written = tmp_path / "cohort.csv", tmp_path / "local.toml"
    cohort.to_csv(source, index=False)
    arguments = ["calibrate", str(source), "-o", str(written), "--setting", "emergency", "--learn", "base_rates"]
    done = CliRunner().invoke(commands, [*arguments, "--report", str(tmp_path / "card")], catch_exceptions=False)
    assert done.exit_code == 1
    assert "interrupted: no report card was made" in done.output
    assert not (tmp_path / "card").exists()
    title = tomllib.loads(written.read_text())["title"]
    assert title.endswith("(not converged: interrupted)") == (during == "the fit")
    assert len(fits) == (1 if during == "the fit" else 2)


def test_nothing_is_written_where_the_card_cannot_be(cohort, tmp_path):
    from click.testing import CliRunner

    source, taken = tmp_path / "cohort.csv", tmp_path / "card"
    cohort.to_csv(source, index=False)
    taken.mkdir()
    (taken / "thesis.tex").write_text("years of work")
    arguments = ["calibrate", str(source), "-o", str(tmp_path / "local.toml"), "--report", str(taken)]
    done = CliRunner().invoke(commands, arguments)
    assert done.exit_code == 2
    assert "thesis.tex" in done.output
    assert not (tmp_path / "local.toml").exists()
