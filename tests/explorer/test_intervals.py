"""The page's intervals are those of Python for the same draws, but for the few bits in which draws are stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskmodel.answers.uncertainty import Uncertain
from riskmodel.cohort import simulate
from riskmodel.explorer.content import ShownCases, content
from riskmodel.explorer.numbers import ALWAYS, LEVELS, MOST_LEVELS, NEVER, _levels
from tests.support.explorer_script import NODE, in_node

DRAWS, SEED, PEOPLE = 100, 1, 40
ASK = (
    "(async () => { await explorer.sets[0].unpackDraws(); return given.map(({ masks, recording }) => {"
    " const answer = explorer.answer({ set: 'seeds', policy: 'consensus', recording, masks });"
    " return explorer.intervals(answer); }); })()"
)


def logit(p):
    return np.log(p) - np.log1p(-p)


@pytest.mark.slow
@pytest.mark.skipif(NODE is None, reason="there is no node on this machine")
@pytest.mark.parametrize("recording", ["ignorable", "chart"])
def test_intervals_are_near_those_of_the_same_draws(seeds, recording, tmp_path):
    model = seeds.with_recording(recording)
    masks = simulate(model, PEOPLE, np.random.default_rng(7), setting="primary_care", missing=0.7).masks
    if recording != "ignorable":
        full = np.array([[variable.full_mask] for variable in model.variables], np.uint8)
        silent = np.array([[variable.blank_tells] for variable in model.variables])
        masks = np.where((masks == full) & silent, 0, masks).astype(np.uint8)
    data = content([seeds], draws=DRAWS, seed=SEED, cases=ShownCases())
    given = [{"masks": case.tolist(), "recording": recording} for case in masks.T]
    shown = in_node(data, ASK, given, tmp_path)
    decision, drawn = model.scoring.score(masks).decision, same_draws(seeds, model)
    sure = drawn.assess(masks, decision.urgency)
    python = sure.intervals
    expected = np.stack([python.low.T, python.high.T], axis=-1)
    error = np.abs(logit(np.array([case["limits"] for case in shown])) - logit(expected))
    assert np.median(error) < 0.05  # the number of draws makes one of 0.1
    assert np.quantile(error, 0.95) < 0.2
    assert np.array([case["effective"] for case in shown]) == pytest.approx(python.effective, rel=0.05, abs=0.5)
    for name, share in (("sameUrgency", sure.confidence), ("sameAction", drawn.same_action(masks, decision).both)):
        error = np.abs(np.array([case[name] for case in shown]) - share)
        assert error.mean() < 0.01  # near a threshold a draw may fall on the other side
        assert np.quantile(error, 0.95) < 0.1
    assert min(case["sameUrgency"] for case in shown) < 0.95


def same_draws(plain, model):
    """Python's scoring under the page's draws: those of the rates are drawn apart from all others."""
    network, recorded = (each.uncertain(DRAWS + 1, SEED).network for each in (plain, model))
    nodes = tuple(variable for variable in recorded.variables if variable.role == "recording")
    tables = {**network.tables, **{node.name: recorded.tables[node.name] for node in nodes}}
    together = replace(network, variables=(*network.variables, *nodes), tables=tables)
    return Uncertain(model.scoring, together)


def test_levels_give_the_draws_back():
    rng = np.random.default_rng(1)
    drawn = rng.beta(2, 50, size=(200, 3))
    drawn[5, 0], drawn[6, 1] = 0.0, 1.0
    start, step, levels = _levels(drawn)
    back = 1 / (1 + np.exp(-(start + step * levels)))
    back[levels == NEVER], back[levels == ALWAYS] = 0.0, 1.0
    assert (back[5, 0], back[6, 1]) == (0.0, 1.0)
    between = (drawn > 0) & (drawn < 1)
    assert np.abs(logit(back[between]) - logit(drawn[between])).max() <= step.max() * 0.6
    assert LEVELS <= np.abs(levels[between]).max() < MOST_LEVELS + 2
