"""The published example of partial verification, fitted by our own command."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import special

import riskmodel as rm
import riskmodel.model.loading
from riskmodel.cli import commands
from tests.support.hepatic import COUNTS, people, write_hepatic

SENSITIVITY, FALSE_POSITIVES, PREVALENCE = "scan.liver_disease", "scan.none", "base.liver_disease"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Priors, cohort, and a command that finds them."""
    root = write_hepatic(tmp_path / "priors")
    monkeypatch.setattr(riskmodel.model.loading, "priors_root", lambda: root)
    people().to_csv(tmp_path / "liver.csv", index=False)
    return tmp_path


def fitted(folder, *options: object) -> rm.Model:
    """What `riskmodel calibrate` writes, by maximum likelihood."""
    output = folder / f"{len(list(folder.glob('*.toml')))}.toml"
    arguments = ["calibrate", folder / "liver.csv", "-o", output, "--policy", "plain", "--prior-weight", 0, *options]
    done = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return rm.load(output, "plain")


def accuracy(model: rm.Model) -> tuple[float, float]:
    """Sensitivity and specificity, in percent."""
    return 100 * model.statement(SENSITIVITY).value, 100 * (1 - model.statement(FALSE_POSITIVES).value)


def by_hand(odds_ratio: float) -> tuple[float, float, float]:
    """Sensitivity, specificity and prevalence where the odds of disease in the unverified are so many times lower."""
    count = {key: float(people) for key, people in COUNTS.items()}
    ill, well = np.zeros(2), np.zeros(2)
    for i, scan in enumerate(("abnormal", "normal")):
        present, absent, unknown = (count[scan, truth] for truth in ("present", "absent", ""))
        share = special.expit(np.log(present / absent) - np.log(odds_ratio))
        ill[i], well[i] = present + unknown * share, absent + unknown * (1 - share)
    return 100 * ill[0] / ill.sum(), 100 * well[1] / well.sum(), 100 * ill.sum() / (ill.sum() + well.sum())


def test_the_corrected_accuracy_of_liver_scans_comes_back(folder):
    """89.5 and 62.8 % in the verified, 83.6 and 73.8 % in all (Begg and Greenes, Biometrics 1983;39:207)."""
    assert accuracy(fitted(folder, "--outcomes", "complete")) == pytest.approx((89.5, 62.8), abs=0.05)
    assert accuracy(fitted(folder)) == pytest.approx((83.6, 73.8), abs=0.1)  # printed cut off, not rounded
    assert accuracy(fitted(folder, "--outcomes", "weighted")) == pytest.approx((83.6, 73.8), abs=0.5)


@pytest.mark.parametrize("odds_ratio", [0.5, 2.0, 4.0])
def test_other_odds_ratios_of_verification_are_as_by_hand(folder, odds_ratio):
    """The odds of disease in people who were not verified are those of the verified over the odds ratio."""
    model = fitted(folder, "--verified-odds-ratio", odds_ratio)
    assert (*accuracy(model), 100 * model.statement(PREVALENCE).value) == pytest.approx(by_hand(odds_ratio), abs=0.3)


def test_with_one_test_the_cohort_has_no_say_in_the_odds_ratio(folder):
    """Three numbers and a logistic model fit six counts whatever the odds ratio is: what was stated stays."""
    frame = pd.read_csv(folder / "liver.csv", dtype=str)
    model = rm.load("seeds", "plain")
    learnt = rm.calibrate(model, frame, prior_weight=0.0, verified_odds_ratio=(2, 0.5, 8))
    after = learnt.verification.after
    assert (after.value, after.low, after.high) == pytest.approx((2, 0.5, 8), rel=0.12)
    table, otherwise = learnt.table.set_index("statement"), learnt.verification.otherwise.set_index("statement")
    np.testing.assert_allclose(table.loc[otherwise.index, "posterior"], otherwise["posterior"], rtol=0.01)
    plain = rm.calibrate(model, frame, prior_weight=0.0).table.set_index("statement")
    assert np.all(table["high"] - table["low"] > 1.2 * (plain["high"] - plain["low"]))
