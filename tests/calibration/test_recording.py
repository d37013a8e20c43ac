"""Calibration where a recording profile says what a blank means."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from tests.support.records import noted, records


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return noted(tmp_path_factory.mktemp("notes"))


def mixed(model, count: int, seed: int) -> np.ndarray:
    """Records in which some cells say outright that they are not assessed."""
    rng = np.random.default_rng(seed)
    masks = records(model, count, rng, verified=0.5)
    for row, variable in enumerate(model.variables):
        if variable.role in ("finding", "risk_factor"):
            masks[row, rng.random(count) < 0.1] = variable.full_mask
    return masks


def test_the_likelihood_is_the_scorers_at_any_point(model):
    masks = mixed(model, 200, 1)
    assert (masks == 0).any()
    coordinates = Coordinates(model.priors, model.priors.selected)
    x = coordinates.start + np.random.default_rng(0).normal(0, 0.3, coordinates.size)
    scorer = compile_scorer(build_network(model.priors, coordinates.values(x[None])), model.variables)
    expected = np.log(scorer.posterior(masks).evidence).sum()
    likelihood = Likelihood(coordinates, masks)
    assert likelihood.at(x).log_likelihood == pytest.approx(expected, rel=1e-12)
    assert likelihood.log_likelihoods(np.stack([coordinates.start, x]))[1] == pytest.approx(expected, rel=1e-12)


def test_the_gradient_is_the_slope_also_of_recording_rates(model):
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = Likelihood(coordinates, mixed(model, 300, 2))
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.2, coordinates.size)
    gradient = likelihood.gradient(likelihood.at(x))
    for i, step in enumerate(np.eye(coordinates.size) * 1e-4):
        up, down = likelihood.log_likelihoods(x + np.stack([step, -step]))
        assert (up - down) / 2e-4 == pytest.approx(gradient[i], rel=1e-5, abs=1e-4)
    learnt = [coordinates.statements[column].quantity for column in coordinates.columns]
    assert learnt.count("recorded") == 4
    assert np.all(np.abs(gradient[-4:]) > 0.01)


def test_the_information_is_that_of_the_slopes(model):
    """Row scores add up to the gradient."""
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = Likelihood(coordinates, mixed(model, 300, 2))
    point = likelihood.at(coordinates.start)
    parts = zip(likelihood.strata, point.tables, likelihood.slopes.at(point.x), strict=True)
    total = sum(
        (scores.T @ stratum.weights[piece])
        for stratum, tables, slopes in parts
        for piece, scores in likelihood._scores(stratum, tables, slopes)
    )
    np.testing.assert_allclose(total, likelihood.gradient(point), rtol=1e-8, atol=1e-8)
