"""Sobol' indices against pick-and-freeze with plain random numbers, and against what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import dimensions, draw_values, values_at
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.build import build_network
from riskmodel.sensitivity import one_way, sobol
from tests.support.scanned_tiny import scanned_tiny

CASE = pd.DataFrame({"case_id": ["one"], "age": [30], "fever": ["yes"]})
TARGET = "log_odds(infection) of case one"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> rm.Model:
    return scanned_tiny(tmp_path_factory.mktemp("sobol"))


def brute(model: rm.Model, values: np.ndarray) -> np.ndarray:
    """Log-odds of an infection of the case under rows of values, all networks built at once."""
    stated = np.array([[model.priors.statement(name).value for name in model.priors.selected]])
    scorer = DrawScorer(build_network(model.priors, np.vstack([stated, values])), model.variables)
    masks = model.code(CASE, setting="here")
    p = scorer.posterior(masks, model.settings.index("here")).probability[0, 1:, 0]
    assert scorer.scorer.output_names[0] == "infection"
    return np.log(p / (1 - p))


def freeze(model: rm.Model, mine: np.ndarray, count: int) -> tuple[float, float]:
    """First-order and total index of some dimensions by Janon's and Jansen's estimators, from random numbers."""
    rng = np.random.default_rng(99)
    one, two = rng.random((2, count, len(mine)))
    y, kept, redrawn = (
        brute(model, values_at(model.priors, np.where(mine, *pair))) for pair in ((one, one), (one, two), (two, one))
    )
    mean = (y + kept).mean() / 2
    first = ((y * kept).mean() - mean**2) / (((y**2 + kept**2) / 2).mean() - mean**2)
    return float(first), float(((y - redrawn) ** 2).mean() / (2 * y.var()))


@pytest.mark.slow
def test_indices_by_pick_and_freeze(tiny):
    found = sobol(tiny, CASE, TARGET, by="statement", n=512, setting="here", seed=4)
    table, moved = found.table.set_index("name"), dimensions(tiny.priors)
    assert found.draws == 512 * (len(table) + 2) + 128 * len(table)
    for name in table.index[:3]:
        first, total = freeze(tiny, np.array([name in ids for ids in moved]), 5_000)
        row = table.loc[name]
        assert row["first"] == pytest.approx(first, abs=0.07)
        assert row["total"] == pytest.approx(total, abs=0.07)
        assert row["total_low"] <= row["total"] <= row["total_high"]
    assert found.variance == pytest.approx(
        brute(tiny, draw_values(tiny.priors, 4096, np.random.default_rng(1))).var(), rel=0.15
    )


@pytest.mark.slow
def test_a_near_additive_target_agrees_with_one_way(tiny):
    found = sobol(tiny, CASE, TARGET, by="statement", n=512, setting="here")
    assert found.additive == pytest.approx(1, abs=0.1)
    assert np.allclose(found.table["first"], found.table["total"], atol=0.12)
    assert np.allclose(found.table["alone"], found.table["total"], atol=0.12)
    tornado = one_way(tiny, CASE, [TARGET], setting="here").tornado(TARGET)
    assert list(found.table["name"][:2]) == list(tornado["statement"][:2])


@pytest.mark.slow
def test_few_points_are_warned_of(tiny):
    assert sobol(tiny, CASE, TARGET, setting="here").warning == ""
    assert "256 base points are few" in sobol(tiny, CASE, TARGET, n=256, setting="here").warning


@pytest.mark.slow
def test_groups_hold_every_statement_once(tiny):
    for by in ("basis", "source"):
        found = sobol(tiny, CASE, TARGET, by=by, n=64, setting="here")
        counts = pd.Series([getattr(tiny.statement(name), by) for name in tiny.priors.selected]).value_counts()
        assert dict(zip(found.table["name"], found.table["statements"], strict=True)) == counts.to_dict()
        basis = found.table.iloc[0]["name"]
        mine = np.array([getattr(tiny.statement(ids[0]), by) == basis for ids in dimensions(tiny.priors)])
        assert found.table.iloc[0]["total"] == pytest.approx(freeze(tiny, mine, 3000)[1], abs=0.25)


def test_the_same_seed_gives_the_same_indices(tiny):
    first, again, other = (sobol(tiny, CASE, TARGET, n=32, setting="here", seed=seed).table for seed in (0, 0, 5))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first.equals(other)


def test_a_target_that_nothing_moves_has_no_variance():
    model = rm.load()
    case = pd.DataFrame({"case_id": ["one"], "saddle_anaesthesia": ["yes"], "bladder_dysfunction": ["yes"]})
    found = sobol(model, case, "share urgency=immediate", n=4, setting="primary_care")
    assert found.variance == 0
    assert (found.table[["first", "total", "alone"]] == 0).all(axis=None)


def test_draws_are_the_values_at_their_points():
    priors = rm.load().priors
    points = np.full((2, len(dimensions(priors))), 0.5)
    values = values_at(priors, points)
    median = list(priors.selected).index("base.infection.primary_care")
    assert values[0, median] == pytest.approx(priors.statement("base.infection.primary_care").value)
    joint = [ids for ids in dimensions(priors) if len(ids) > 1]
    assert joint
    for ids in joint:
        assert values[0, [list(priors.selected).index(name) for name in ids]].sum() <= 1 + 1e-12


def test_bad_arguments_come_at_once(tiny):
    with pytest.raises(UsageError) as error:
        sobol(tiny, CASE, "log_odds(infection) of case two", by="sources", n=100, top=0, setting="here")  # type: ignore[arg-type]
    for said in ("4 problems", "no case 'two'", "'source'?", "power of 2", "top must be"):
        assert said in str(error.value)


@pytest.mark.slow
def test_a_pair_that_is_drawn_together_is_one_group(tiny):
    """The first statement, the second, and both as one: by pick and freeze of the pair's two columns."""
    names = [name for name in tiny.priors.selected if name.startswith("find")][:2]
    pair = tiny.with_statements([], drawn_together=[{"statements": names, "correlation": 0.8}])
    table = sobol(pair, CASE, TARGET, by="statement", n=512, setting="here", seed=4).table.set_index("name")
    label = next(name for name in table.index if name.endswith("1 more drawn together with it"))
    assert label.startswith(min(names, key=pair.priors.selected.index))
    moved = np.array([set(names) <= set(ids) for ids in dimensions(pair.priors)])
    first, total = freeze(pair, moved, 4000)
    assert table.loc[label, "first"] == pytest.approx(first, abs=0.05)
    assert table.loc[label, "total"] == pytest.approx(total, abs=0.05)
