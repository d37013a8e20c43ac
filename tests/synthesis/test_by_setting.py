"""The setting of a study as a covariate."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.model import Model
from riskmodel.synthesis.designs import SHIFT_SD, Settings
from riskmodel.synthesis.next_setting import SPREAD_SCALE, drawn_effects
from tests.support.published_studies import SMOKING, positive_results

ROWS = [
    ("Smith 2024", "emergency", 30, 20, 10, 340),
    ("Jones 2020", "emergency", 22, 9, 9, 150),
    ("Green 2021", "primary_care", 4, 30, 16, 500),
    ("White 2019", "primary_care", 6, 45, 20, 600),
    ("Black 2018", "", 9, 20, 9, 220),
]


def table(given="infection=present", rows=ROWS):
    frame = pd.DataFrame(rows, columns=["study", "setting", "tp", "fp", "fn", "tn"])
    frame["source"] = frame["study"].str.lower().str.replace(" ", "_")
    return frame.assign(locator="table 2", of="fever=present", given=given, read="full_text")


@pytest.mark.slow
def test_each_setting_has_its_own_statements(seeds: Model):
    synthesis = rm.synthesise(table(), seeds, by_setting=True)
    stated = {s["given"]: s for s in synthesis.stated.statements}
    assert list(stated) == [
        f"infection={state}; setting={setting}"
        for setting in ("emergency", "primary_care")
        for state in ("present", "absent")
    ]
    here, there = (stated[f"infection=present; setting={name}"] for name in ("emergency", "primary_care"))
    assert here["value"] == pytest.approx(0.72, abs=0.06)
    assert there["value"] == pytest.approx(0.28, abs=0.08)
    assert "of the next emergency" in here["note"]
    assert [study["study"] for study in here["studies"]] == ["Smith 2024", "Jones 2020"]
    together = rm.synthesise(table(), seeds).stated.statements[0]
    assert together["high"] - together["low"] > here["high"] - here["low"]  # what differs by setting is no more chance
    driving = {s["given"] for s in synthesis.stated.statements if "drives" not in s}
    assert driving == {"infection=present; setting=emergency", "infection=absent; setting=primary_care"}
    model = seeds.with_statements(
        synthesis.stated.statements, synthesis.stated.sources, synthesis.stated.drawn_together
    )
    assert len(set(model.priors.selected) - set(seeds.priors.selected)) == 2


@pytest.mark.slow
def test_where_others_were_excluded_what_is_compared_names_its_setting(seeds: Model):
    synthesis = rm.synthesise(table("infection=present alone"), seeds, by_setting=True)
    assert [(s["given"], "drives" in s) for s in synthesis.stated.statements] == [
        ("infection=present alone", False),
        ("none; setting=emergency", True),
        ("infection=present alone; setting=primary_care", True),
        ("none", False),
    ]
    seeds.with_statements(synthesis.stated.statements, synthesis.stated.sources, synthesis.stated.drawn_together)


def test_one_setting_is_as_before(seeds: Model):
    one = table(rows=[row for row in ROWS if row[1] != "primary_care"])
    first, second = (rm.synthesise(one, seeds, by_setting=by) for by in (False, True))
    assert first.stated.statements == second.stated.statements


@pytest.mark.slow
def test_the_command_has_the_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table().to_csv("studies.csv", index=False)
    done = CliRunner().invoke(commands, ["synthesise", "studies.csv", "-o", "set.toml", "--by-setting"])
    assert done.exit_code == 0, done.output
    assert "synthesis_fever_present_infection_present.primary_care.absent" in done.stdout
    rm.load("set.toml")


@pytest.mark.slow
def test_a_covariate_in_published_data():
    """Sensitivity and false-positive rate by kind of questionnaire, near the normal outcomes of mada's vignette."""
    events, totals = positive_results(SMOKING)
    design = Settings(np.array(SMOKING["own"]), 2, 2)
    drawn = drawn_effects(events, totals, design=design)
    shifts = design.shifts(drawn.coordinates)
    own_less = np.median(shifts[:, :, 1] - shifts[:, :, 0], axis=0)
    shrunk = 2 * SHIFT_SD**2 / (2 * SHIFT_SD**2 + np.array([0.634, 0.389]) ** 2)  # by the prior, at mada's errors
    assert np.allclose(own_less, shrunk * [-1.166, 0.882], atol=0.25)


@pytest.mark.slow
def test_the_posterior_is_that_of_a_sum_over_a_grid():
    """One rate, two studies in each of two settings: mean, spread and difference by brute force."""
    events, totals = np.array([[4.0], [9.0], [20.0], [12.0]]), np.array([[40.0], [60.0], [50.0], [40.0]])
    of_study = np.array([0, 0, 1, 1])
    shift = np.linspace(-2.4, 2.4, 25)
    grids = np.meshgrid(np.linspace(-5, 4, 41), np.linspace(0.05, 5, 34), shift, shift, indexing="ij")
    mean, spread, *shifts = grids
    z, weight = np.polynomial.hermite_e.hermegauss(16)
    log_posterior = -0.5 * (spread / SPREAD_SCALE) ** 2
    log_posterior -= 0.5 * (shifts[0] ** 2 + shifts[1] ** 2) / SHIFT_SD**2
    for k in range(4):
        base, likelihood = mean + shifts[of_study[k]], np.zeros(mean.shape)
        for node, share in zip(z, weight, strict=True):
            logits = base + spread * node
            likelihood += share * np.exp((events[k] + 1 / 8) * logits - (totals[k] + 1 / 4) * np.logaddexp(0, logits))
        log_posterior += np.log(np.maximum(likelihood, 1e-300))
    posterior = np.exp(log_posterior - log_posterior.max())
    posterior /= posterior.sum()
    design = Settings(of_study, 2, 1)
    drawn = drawn_effects(events, totals, draws=20_000, design=design)
    moved = design.shifts(drawn.coordinates)[:, 0]
    assert (moved[:, 1] - moved[:, 0]).mean() == pytest.approx((posterior * (shifts[1] - shifts[0])).sum(), abs=0.04)
    assert drawn.spread.mean() == pytest.approx((posterior * spread).sum(), abs=0.04)
    assert drawn.mean.mean() == pytest.approx((posterior * mean).sum(), abs=0.04)
