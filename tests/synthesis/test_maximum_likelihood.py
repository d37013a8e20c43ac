"""Random effects by maximum likelihood, against plain integration."""

import numpy as np
import pytest
from scipy import stats

from riskmodel.synthesis.maximum_likelihood import most_likely
from riskmodel.synthesis.quadrature import log_likelihood, study_log_likelihoods
from tests.support.published_studies import TELOMERASE, true_results


def test_no_step_to_any_side_is_more_likely():
    events, totals = true_results(TELOMERASE)
    fit = most_likely(events, totals)
    rng = np.random.default_rng(1)
    mean = fit.mean + rng.normal(0, 0.05, (200, 2))
    root = np.linalg.cholesky(fit.covariance + 1e-12 * np.eye(2)) + np.tril(rng.normal(0, 0.05, (200, 2, 2)))
    assert log_likelihood(events, totals, mean, root).max() < fit.log_likelihood


def test_the_likelihood_is_the_integral():
    """Against the plain integrand, summed over a fine grid, with zero cells among the studies."""
    events, totals = np.array([[3.0, 0.0], [0.0, 12.0], [7.0, 5.0]]), np.array([[10.0, 20.0], [4.0, 12.0], [9.0, 40.0]])
    mean, root = np.array([0.4, -1.0]), np.array([[0.8, 0.0], [-0.5, 0.6]])
    step = 0.02
    effects = np.stack(np.meshgrid(*[np.arange(-9, 9, step)] * 2, indexing="ij"), axis=-1)
    normal = stats.multivariate_normal(mean, root @ root.T).pdf(effects)
    shares = 1 / (1 + np.exp(-effects))
    exact = [
        (normal * stats.binom.pmf(study, of, shares).prod(axis=-1)).sum() * step**2
        for study, of in zip(events, totals, strict=True)
    ]
    assert log_likelihood(events, totals, mean[None], root[None], 41)[0] == pytest.approx(np.log(exact).sum(), abs=1e-9)


def test_one_dimension_is_a_rate():
    """Without spread, the binomial likelihood of all studies together."""
    events, totals = np.array([[3.0], [5.0], [4.0]]), np.array([[30.0], [50.0], [40.0]])
    fit = most_likely(events, totals)
    assert fit.covariance[0, 0] == pytest.approx(0, abs=1e-4)
    assert fit.mean[0] == pytest.approx(np.log(0.1 / 0.9), abs=1e-4)
    assert fit.error[0] == pytest.approx(1 / np.sqrt(120 * 0.1 * 0.9), rel=1e-3)
    assert fit.log_likelihood == pytest.approx(stats.binom.logpmf(events, totals, 0.1).sum(), abs=1e-6)


def test_a_mean_that_the_likelihood_drives_to_the_edge_has_no_error():
    fit = most_likely(np.array([[0.0], [0.0], [0.0]]), np.array([[30.0], [50.0], [40.0]]))
    assert np.isinf(fit.error[0])
    assert fit.mean[0] < -8


def test_each_study_brings_its_part_of_the_likelihood():
    events, totals = true_results(TELOMERASE)
    mean, root = np.array([[1.0, 2.0], [0.5, 3.0]]), np.array([[[0.7, 0], [0.3, 1.1]], [[0.2, 0], [0, 0.4]]])
    parts = study_log_likelihoods(events, totals, mean, root)
    alone = [log_likelihood(events[k : k + 1], totals[k : k + 1], mean, root) for k in range(len(events))]
    np.testing.assert_allclose(parts, np.transpose(alone), rtol=1e-12)
