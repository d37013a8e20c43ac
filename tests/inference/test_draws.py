"""Cases are scored under every draw as under a network of its own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.load import load_priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.draws import DrawScorer, agreement
from riskmodel.inference.intervals import intervals
from riskmodel.inference.lookup import tables_at_setting
from riskmodel.network.build import build_network
from tests.support.engines import random_evidence, small_networks


@pytest.fixture(scope="module")
def scored():
    priors = load_priors("seeds")
    network = build_network(priors, draw_values(priors, 60, np.random.default_rng(7)))
    scorer = DrawScorer(network, priors.case_variables)
    masks, _ = random_evidence(priors.case_variables, 40, np.random.default_rng(8), known=0.4)
    masks[0] = 1 << 2
    return priors, network, scorer, masks, scorer.posterior(masks, 2)


def test_each_draw_scores_as_its_own_network(scored):
    priors, network, _, masks, posterior = scored
    assert posterior.probability.shape == (9, 60, 40)
    for draw in (0, 1, 19, 20, 59):
        alone = compile_scorer(network, priors.case_variables, draw)
        expected = alone.posterior(masks)
        np.testing.assert_allclose(posterior.probability[:, draw], expected.probability, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(posterior.evidence[draw], expected.evidence, rtol=1e-9)
        blank = alone.posterior(alone.blank(1, 2)).probability[:, 0]
        np.testing.assert_allclose(posterior.baseline[:, draw], blank, rtol=1e-9)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1))
def test_any_small_network_scores_alike_as_a_draw(network, seed):
    rng = np.random.default_rng(seed)
    masks, _ = random_evidence(network.case_variables, 9, rng)
    setting = 0
    scorer = DrawScorer(network, network.case_variables)
    if scorer.scorer.setting_row >= 0:
        setting = int(rng.integers(len(network.case_variables[scorer.scorer.setting_row].states)))
        masks[scorer.scorer.setting_row] = 1 << setting
    found, expected = scorer.posterior(masks, setting), scorer.scorer.posterior(masks)
    np.testing.assert_allclose(found.evidence[0], expected.evidence, rtol=1e-12)
    possible = expected.evidence > 0
    np.testing.assert_allclose(
        found.probability[:, 0, possible], expected.probability[:, possible], rtol=1e-11, atol=1e-14
    )
    assert np.all(found.probability[:, 0, ~possible] == 0)


def test_threads_and_batches_change_nothing(scored):
    _, _, scorer, masks, posterior = scored
    one = scorer.posterior(masks, 2, threads=1)
    assert np.array_equal(one.probability, posterior.probability)
    assert np.array_equal(one.evidence, posterior.evidence)
    part = scorer.posterior(np.ascontiguousarray(masks[:, 10:13]), 2)
    assert np.array_equal(part.probability, posterior.probability[:, :, 10:13])
    first, second = intervals(posterior, 0.9, threads=1), intervals(posterior, 0.9, threads=2)
    assert np.array_equal(first.low, second.low)
    assert np.array_equal(first.mean, second.mean)


def test_intervals_are_quantiles_of_the_draws_weighted_by_the_case(scored):
    _, _, _, _, posterior = scored
    found = intervals(posterior, 0.8)
    for output, case in itertools.product((0, 3, 7), range(40)):
        values, weights = posterior.probability[output, :, case], posterior.evidence[:, case]
        order = np.argsort(values, kind="stable")
        cumulative = np.cumsum(weights[order]) / weights.sum()
        low = values[order][np.searchsorted(cumulative, 0.1 - 1e-12)]
        high = values[order][np.searchsorted(cumulative, 0.9 - 1e-12)]
        assert found.low[output, case] == pytest.approx(low, rel=1e-12)
        assert found.high[output, case] == pytest.approx(high, rel=1e-12)
        assert found.mean[output, case] == pytest.approx(np.average(values, weights=weights), rel=1e-12)
        assert found.effective[case] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), rel=1e-12)
    with pytest.raises(UsageError, match=r"level must lie between 0 and 1, not 1\.5"):
        intervals(posterior, 1.5)


def test_agreement_is_the_weighted_share_of_draws():
    levels = np.array([[0, 1], [0, 0], [2, 1]])
    evidence = np.array([[1.0, 1.0], [2.0, 5.0], [1.0, 4.0]])
    assert agreement(levels, np.array([0, 1]), evidence).tolist() == [0.75, 0.5]


def test_the_rows_that_are_wanted_are_those_of_the_whole_table(scored):
    """To the last bit, whichever others are asked for with them."""
    _, network, scorer, _, _ = scored
    lookups, rng = scorer._lookups, np.random.default_rng(3)
    tables = tables_at_setting(network, 2, slice(0, 3))
    for lookup in (*lookups.inner, *lookups.hidden, *lookups.outer):
        whole = lookups.table(lookup, tables)
        assert whole.shape[2] == lookup.patterns
        for share in (0.02, 0.5):
            wanted = np.union1d(np.nonzero(rng.random(lookup.patterns) < share)[0], lookup.patterns - 1)
            assert np.array_equal(lookups.table(lookup.narrowed(wanted), tables), whole[:, :, wanted])


def test_a_case_has_the_same_bits_whoever_is_scored_with_it(scored):
    _, _, scorer, masks, posterior = scored
    for case in (0, 17):
        alone = scorer.posterior(masks[:, [case]], 2)
        assert np.array_equal(alone.probability[:, :, 0], posterior.probability[:, :, case], equal_nan=True)
        assert np.array_equal(alone.evidence[:, 0], posterior.evidence[:, case])
