"""Simulated people, and what is written down of them under a recording profile."""

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.cohort import HISTORY, Cohort, simulate, to_cases
from riskmodel.evidence.recording import used_rates

PEOPLE = 30_000


@pytest.fixture(scope="module")
def charts() -> rm.Model:
    return rm.load().with_recording("chart")


@pytest.fixture(scope="module")
def cohort(charts: rm.Model) -> Cohort:
    rng = np.random.default_rng(5)
    return simulate(charts, PEOPLE, rng, setting="emergency", missing=0.1, roles=HISTORY)


def test_each_state_is_written_down_as_often_as_the_profile_says(charts: rm.Model, cohort: Cohort) -> None:
    rows = {variable.name: row for row, variable in enumerate(charts.variables)}
    compared = 0
    for rates in used_rates(charts.priors):
        variable = charts.variables[rows[rates.variable]]
        cells, states = cohort.masks[rows[rates.variable]], cohort.states[rates.variable]
        for state, name in enumerate(variable.states):
            asked = (states == state) & (cells != variable.full_mask)
            if asked.sum() < 400:
                continue
            rate = charts.statement(rates.statements[0][state]).value
            spread = np.sqrt(rate * (1 - rate) / asked.sum())
            assert abs((cells[asked] != 0).mean() - rate) < 4.5 * spread, (variable.name, name)
            compared += 1
    assert compared > 40


def test_ages_and_settings_are_always_written_down(charts: rm.Model) -> None:
    all_asked = simulate(charts, 200, np.random.default_rng(1), setting="emergency")
    for row, variable in enumerate(charts.variables):
        if variable.role == "context":
            assert not np.any(all_asked.masks[row] == variable.full_mask)


def test_a_record_comes_back_from_its_case_file(charts: rm.Model, cohort: Cohort) -> None:
    frame = to_cases(charts, cohort)
    assert (frame["fever"] == "").any()
    assert (frame["fever"] == "not_assessed").any()
    assert np.array_equal(charts.code(frame, setting="emergency"), cohort.masks)


def test_without_a_profile_what_was_not_assessed_is_blank() -> None:
    model = rm.load()
    people = simulate(model, 300, np.random.default_rng(2), setting="emergency", missing=0.5)
    frame = to_cases(model, people)
    assert set(frame["fever"]) == {"absent", "present", ""}
    assert np.array_equal(model.code(frame), people.masks)
