"""What a blank says under a recording profile, against networks with a node for what is written down."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import riskmodel as rm
from riskmodel.errors import InferenceError
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.inference.draws import DrawScorer
from riskmodel.inference.scorer import BLOCK, Scorer
from riskmodel.inference.silence import as_answers
from riskmodel.inference.weights import compute_weights, find_reasons
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from tests.support.engines import (
    AGREE,
    check_by_oracles,
    random_evidence,
    same,
    small_networks,
)
from tests.support.silent import blanked, recorded_rows, weights_with_nodes, with_recording_nodes

FULL = bool(os.environ.get("RISKMODEL_FULL"))
PROFILES = ("positives_only", "chart", "form")


def random_silence(model: rm.Model, count: int, seed: int, known: float = 0.4) -> np.ndarray:
    """Evidence of any kind on a model, with many blanks that its profile reads."""
    rng = np.random.default_rng(seed)
    masks, _ = random_evidence(model.variables, count, rng, known=known)
    return blanked(masks, [row for row, v in enumerate(model.variables) if v.blank_tells], rng)


def compiled_or_rejected(network: Network) -> Scorer:
    """The scorer of a random network; one whose groups are too large (they are sooner with blanks) is rejected."""
    try:
        return compile_scorer(network)
    except InferenceError as error:
        if "too many to enumerate" not in str(error):
            raise
        reject()


@pytest.mark.slow
@settings(max_examples=3_000 if FULL else 250, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1), st.booleans())
def test_every_engine_on_any_network_with_recording_nodes(network: Network, seed: int, with_soft: bool) -> None:
    rng = np.random.default_rng(seed)
    network = with_recording_nodes(network, rng)
    masks, soft = random_evidence(network.case_variables, 12, rng, known=0.6, soft=0.3 if with_soft else 0.0)
    masks = blanked(masks, recorded_rows(network), rng)
    scorer = compiled_or_rejected(network)
    assert scorer.recorded_rows == tuple(recorded_rows(network))
    check_by_oracles(network, scorer, masks, soft, weights_with_nodes(network, masks, soft), cases=2)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1))
def test_answers_to_what_was_blank_add_up(network: Network, seed: int) -> None:
    """P(answer | case) of the states of a variable make 1, whether it was blank, unknown or a set of states before."""
    rng = np.random.default_rng(seed)
    network = with_recording_nodes(network, rng, share=1.0)
    rows, scorer = recorded_rows(network), compiled_or_rejected(network)
    masks, _ = random_evidence(network.case_variables, 12, rng, known=0.5)
    masks = blanked(masks, rows, rng)
    now = scorer.posterior(masks)
    possible = now.evidence > 0
    for row in rows:
        total = np.zeros(masks.shape[1])
        for state in range(len(network.case_variables[row].states)):
            after = masks.copy()
            allowed = (masks[row] == 0) | (masks[row] >> state & 1).astype(bool)
            after[row] = 1 << state
            total += np.where(allowed, as_answers(scorer, masks, after, scorer.posterior(after)).evidence, 0.0)
        np.testing.assert_allclose(total[possible], now.evidence[possible], rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("priors", ["seeds", "literature"])
def test_the_shipped_profiles_against_their_definition(priors: str, profile: str) -> None:
    """A blank as likelihood evidence of 1 - P(written down | state), on the scorer without a profile."""
    plain = rm.load(priors)
    model = plain.with_recording(profile)
    scorer, masks = model.scoring.scorer, random_silence(model, 400, seed=4)
    soft, heard = {}, masks.copy()
    for row, written in zip(scorer.recorded_rows, scorer.written, strict=True):
        full = model.variables[row].full_mask
        assert written.shape == (1, len(model.variables[row].states))
        weight = np.where((masks[row] == 0)[:, None], 1 - written, written)
        soft[row] = np.where((masks[row] == full)[:, None], 1.0, weight)
        heard[row] = np.where(masks[row] == 0, full, masks[row])
    found, expected = scorer.posterior(masks), plain.scoring.scorer.posterior(heard, soft)
    possible = expected.evidence > 0
    assert np.array_equal(found.evidence > 0, possible)
    np.testing.assert_allclose(found.probability[:, possible], expected.probability[:, possible], rtol=0, atol=AGREE)
    np.testing.assert_allclose(found.evidence[possible], expected.evidence[possible], rtol=1e-10)


def test_without_a_profile_nothing_changes(seeds: rm.Model) -> None:
    """Tables, patterns and hash are those of a model that knows of no profile; so is one that goes back."""
    again = seeds.with_recording("chart").with_recording("ignorable")
    assert again.scoring.model_hash == seeds.scoring.model_hash
    assert again.priors.selected == seeds.priors.selected
    assert again.variables == seeds.variables
    scorer = seeds.scoring.scorer
    assert scorer.recorded_rows == ()
    assert all(group.start == 0 for group in scorer.groups)
    for first, second in zip(scorer.groups, again.scoring.scorer.groups, strict=True):
        assert first.table.tobytes() == second.table.tobytes()
    assert (seeds.scoring.weights.silence == 1).all()
    blank = scorer.blank(1)
    blank[seeds.variables.index(seeds.priors.variable("fever"))] = 0
    with pytest.raises(InferenceError, match="fever: an evidence mask allows no state"):
        scorer.posterior(blank)


@pytest.mark.slow
def test_bits_are_the_same_for_any_engine_batch_and_order(seeds: rm.Model) -> None:
    model = seeds.with_recording("chart")
    scoring, masks = model.scoring, random_silence(model, 3 * BLOCK + 7, seed=1)
    whole, compiled = scoring.score(masks), scoring.compiled()(masks)
    assert same(whole.posterior, compiled.posterior)
    for name in ("leading", "most_raised", "slots", "conditions", "assessed", "ratio"):
        first, second = getattr(whole.reasons, name), getattr(compiled.reasons, name)
        assert first.tobytes() == second.tobytes(), name
    order = np.random.default_rng(0).permutation(masks.shape[1])
    shuffled = scoring.scorer.posterior(np.ascontiguousarray(masks[:, order]))
    assert shuffled.probability.tobytes() == np.ascontiguousarray(whole.posterior.probability[:, order]).tobytes()
    pieces = [scoring.scorer.posterior(masks[:, i : i + 97]).probability for i in range(0, masks.shape[1], 97)]
    assert np.concatenate(pieces, axis=1).tobytes() == whole.posterior.probability.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_draws_are_scored_as_networks_of_one_draw(seeds: rm.Model, profile: str) -> None:
    """Rates are drawn with all else: each draw is the scorer of its own network, draw 0 that of the stated values."""
    model = seeds.with_recording(profile)
    network = model.draw(12, np.random.default_rng(3))
    rates = network.tables["recorded_fever"][..., 1]
    assert len(np.unique(rates[:, 0])) == 12
    masks = random_silence(model, 60, seed=2)
    for threads in (1, 2):
        for setting in range(len(model.settings)):
            cases = masks.copy()
            cases[model.scoring.scorer.setting_row] = 1 << setting
            drawn = DrawScorer(network, model.variables).posterior(cases, setting, threads)
            for draw in (0, 5, 11):
                single = compile_scorer(network, model.variables, draw).posterior(cases)
                assert drawn.evidence[draw].tobytes() == single.evidence.tobytes()
                possible = single.evidence > 0
                assert drawn.probability[:, draw, possible].tobytes() == single.probability[:, possible].tobytes()


def test_rates_that_differ_by_setting(tmp_path, seeds: rm.Model) -> None:
    path = tmp_path / "wards.toml"
    path.write_text(
        'title = "Wards"\nextends = "chart"\n[[statement]]\nid = "wards.fever"\nquantity = "recorded"\n'
        'of = "fever=absent"\ngiven = "wards; setting=emergency"\nvalue = 0.9\nbasis = "assumption"\n'
        'source = "assumption"\nread = "no"\n'
    )
    model = seeds.with_recording(path)
    table = model.tables.tables["recorded_fever"]
    assert model.tables.variable("recorded_fever").parents == ("setting", "fever")
    assert table[0, :, 0, 1].tolist() == [0.4, 0.4, 0.9, 0.4]
    scorer, row = model.scoring.scorer, model.variables.index(model.priors.variable("fever"))
    cases = np.concatenate([scorer.blank(1, setting) for setting in range(4)], axis=1)
    cases[row] = 0
    found, chart = scorer.posterior(cases), seeds.with_recording("chart").scoring.scorer.posterior(cases)
    np.testing.assert_allclose(found.probability[:, [0, 1, 3]], chart.probability[:, [0, 1, 3]], rtol=1e-12)
    assert found.probability[0, 2] > chart.probability[0, 2]  # where a no is mostly written, a blank says less of it
    assert same(found, CompiledScorer(scorer).posterior(cases))
    network = model.draw(3, np.random.default_rng(0))
    drawn = DrawScorer(network, model.variables).posterior(cases[:, 2:3], 2)
    single = compile_scorer(network, model.variables, 2).posterior(cases[:, 2:3])
    assert drawn.probability[:, 2].tobytes() == single.probability.tobytes()


def test_a_blank_is_no_reason_and_no_contradiction(seeds: rm.Model) -> None:
    """It is not counted as assessed, names no reason; and blanks alone do not look like conflicting findings."""
    model = seeds.with_recording("positives_only")
    scorer, weights = model.scoring.scorer, compute_weights(model.scoring.scorer)
    cases = scorer.blank(2, 2)
    cases[list(scorer.recorded_rows), 1] = 0
    reasons = find_reasons(scorer, weights, cases, scorer.posterior(cases))
    assert reasons.assessed.tolist() == [0, 0]
    assert (reasons.slots == -1).all()
    assert -0.5 < np.log10(reasons.ratio[1]) < reasons.ratio[0] - 1 + 1e-12  # what is absent goes together
    alone = np.repeat(scorer.blank(1, 2), len(scorer.recorded_rows), axis=1)
    alone[list(scorer.recorded_rows), np.arange(len(scorer.recorded_rows))] = 0
    ratio = find_reasons(scorer, weights, alone, scorer.posterior(alone)).ratio
    np.testing.assert_allclose(ratio, 1.0, rtol=1e-12)


def test_silence_of_a_sign_lowers_what_causes_it(seeds: rm.Model) -> None:
    """Under every shipped profile a blank makes the condition less likely than ignoring it, more than 'absent' does."""
    row = seeds.variables.index(seeds.priors.variable("fever"))
    for profile in PROFILES:
        scorer = build_scorer(seeds, profile)
        cases = scorer.blank(3, 1)
        cases[row] = 3, 0, 1
        unknown, blank, absent = scorer.posterior(cases).probability[0]
        assert absent < blank < unknown


def build_scorer(model: rm.Model, profile: str):
    priors = model.with_recording(profile).priors
    return compile_scorer(build_network(priors), priors.case_variables)
