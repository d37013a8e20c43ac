"""The value of perfect information against nested simulation and against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import special

import riskmodel as rm
from riskmodel.answers.scoring import Scoring
from riskmodel.decision.stakes import (
    Option,
    Scan,
    option_benefit,
    scan_composites,
)
from riskmodel.decision.stakes import scans as scans_of
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import draw_values
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.build import build_network
from riskmodel.network.simulate import sample_draws
from riskmodel.sensitivity import ValueStudy, evpi, evppi
from riskmodel.value.additive import KNOTS, Additive, knot_weights, normal_scores
from riskmodel.value.choices import Choices, mean_gain
from tests.support.scanned_tiny import scanned_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> rm.Model:
    """The tiny network with a scan and a policy of two thresholds."""
    return scanned_tiny(tmp_path_factory.mktemp("value"))


# ---- a nested simulation ---------------------------------------------------------------------------


def patterns(model: rm.Model, setting: str) -> np.ndarray:
    """Everything that history and examination can tell: (variables, patterns)."""
    told = [
        range(len(v.states)) if v.role in ("context", "risk_factor", "finding") and v.name != "setting" else [None]
        for v in model.variables
    ]
    rows = list(product(*told))
    masks = np.array([[v.full_mask] * len(rows) for v in model.variables], np.uint8)
    for k, row in enumerate(rows):
        for i, state in enumerate(row):
            if state is not None:
                masks[i, k] = 1 << state
    masks[[v.name for v in model.variables].index("setting")] = 1 << model.settings.index(setting)
    return masks


def joint_benefit(model: rm.Model, values: np.ndarray, setting: str) -> np.ndarray:
    """P(pattern) times the net benefit of each option of the one scan in it: (options, draws, patterns)."""
    stated = draw_values(model.priors, 2, np.random.default_rng(0))[:1]  # what comes first must be possible
    network = build_network(model.priors, np.vstack([stated, values]))
    composites = {**network.composites, **scan_composites(model.policy)}
    scorer = DrawScorer(replace(network, composites=composites), model.variables)
    found = scorer.posterior(patterns(model, setting), model.settings.index(setting))
    assert np.allclose(found.evidence.sum(axis=1), 1)
    (scan,) = scans_of(model.policy)
    names = scorer.scorer.output_names
    benefit = np.array([option_benefit(option, found.probability, names) for option in scan.options])
    return (benefit * found.evidence)[:, 1:]


def best(benefit: np.ndarray) -> np.ndarray:
    """The best of the options and of not scanning."""
    return np.maximum(benefit.max(axis=0), 0)


def nested(model: rm.Model, columns: list[int], setting: str, outer: int, inner: int) -> float:
    """EVPPI by two levels of draws: columns from one set of draws, the rest from many others."""
    fixed = draw_values(model.priors, outer + 1, np.random.default_rng(5))[1:]
    rest = draw_values(model.priors, inner + 1, np.random.default_rng(6))[1:]
    values = np.repeat(rest[None], outer, axis=0)
    values[:, :, columns] = fixed[:, None, columns]
    benefit = joint_benefit(model, values.reshape(outer * inner, -1), setting)
    means = benefit.reshape(len(benefit), outer, inner, -1).mean(axis=2)
    return 1000 * float(best(means).sum(axis=1).mean() - best(means.mean(axis=1)).sum())


@pytest.fixture(scope="module")
def study(tiny: rm.Model) -> ValueStudy:
    return ValueStudy.of(tiny, people=2000, draws=1500, seed=3, settings=["here"])


GROUPS = {
    "infection": ["base.infection.here"],
    "fever": ["find.fever.none"],
    "fracture": ["base.fracture.young.here", "base.fracture.old.here"],
    "several": ["base.infection.here", "risk.infection.injecting", "base.fracture.old.here", "find.fever.none"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPS)
def test_agrees_with_a_nested_simulation(tiny: rm.Model, study: ValueStudy, name: str) -> None:
    columns = [tiny.priors.selected.index(statement) for statement in GROUPS[name]]
    expected = nested(tiny, columns, "here", 200, 60)
    value, error = study.worth("here", columns)
    assert abs(value - expected) < 3 * error + 0.05 * expected
    assert error < 0.6 * expected, "the check could not fail"


def test_knowing_everything_agrees_with_all_draws(tiny: rm.Model, study: ValueStudy) -> None:
    values = draw_values(tiny.priors, 3000, np.random.default_rng(9))[1:]
    benefit = joint_benefit(tiny, values, "here")
    exact = 1000 * float(best(benefit).mean(axis=0).sum() - best(benefit.mean(axis=1)).sum())
    found = study.evpi().set_index("scan")
    assert list(found.index) == ["mri", "all"]
    for name in found.index:
        assert abs(found.loc[name, "value"] - exact) < 3 * found.loc[name, "se"] + 0.02 * exact


@pytest.mark.slow
def test_all_statements_together_are_worth_what_everything_is(study: ValueStudy) -> None:
    value, error = study.worth("here", range(study.values.shape[1]))
    total = study.evpi().set_index("scan").loc["all", "value"]
    assert 0.9 * total < value < total + 2 * error


@pytest.mark.slow
@pytest.mark.parametrize("draws", [300, 500])
def test_a_large_group_is_worth_more_than_nothing_with_few_draws(draws: int) -> None:
    """206 assumptions together: a regression on as many columns gave 0 for every seed at 300 and 500 draws."""
    study = ValueStudy.of(rm.load(), people=150, draws=draws, seed=1, settings=["emergency"])
    frame = study.evppi("basis").set_index("basis")
    row = frame.loc["assumption"]
    assert row["statements"] > 200
    assert row["value"] > 4 * row["se"]
    assert 0.4 < row["share"] < 0.9
    assert frame["value"].max() < study.evpi()["value"].iloc[-1]


@pytest.mark.slow
def test_a_value_that_cannot_be_worked_out_is_not_nought(study: ValueStudy) -> None:
    """Where no statement does anything by itself, sums of single effects find nothing, and say so."""
    (choices,) = study.choices["here"]
    blind = replace(choices, additive=replace(choices.additive, curves=0 * choices.additive.curves))
    frame = replace(study, choices={"here": (blind,)}).evppi("statement")
    assert frame["value"].isna().all()
    assert frame["warning"].str.contains("misses 100% of the value of perfect information").all()
    assert (study.evppi("statement")["warning"] == "").all()


# ---- integrals -------------------------------------------------------------------------------------

HARM, BENEFIT = 0.1, 0.9
SLOPES = (0.8, 0.5)


def one_choice(middle: float, draws: int, seed: int = 2, people: int = 20) -> tuple[Choices, np.ndarray]:
    """One condition whose log-odds are a sum of two normal statements; a third has no part. The same for everybody."""
    points = (np.random.default_rng(seed).permuted(np.tile(np.arange(draws), (3, 1)), axis=1).T + 0.5) / draws
    scores = special.ndtri(points)
    log_odds = np.tile(middle + scores[:, :2] @ SLOPES, (1, people, 1))
    scan = Scan("mri", (Option(("a",), (BENEFIT,), HARM),))
    probability = special.expit(log_odds)
    curves = np.zeros((1, people, 3, len(KNOTS)))
    curves[:, :, :2] = np.multiply.outer(SLOPES, KNOTS)
    blocks = tuple(((i,), (i,)) for i in range(3))
    additive = Additive(curves, knot_weights(points), normal_scores(points), blocks)
    weights = np.full((people, draws), 1 / draws)
    benefit = np.array([option_benefit(scan.options[0], probability, ["a"])])
    mean = probability.mean(axis=-1, keepdims=True)
    return Choices(scan, benefit, ("a",), log_odds, mean, additive, weights, np.arange(people)), points


def worth(choices: Choices, columns: list[int]) -> tuple[float, float]:
    return mean_gain(choices.gains(columns) * choices.weights)


def integral(middle: float, columns: list[int]) -> float:
    """E max(0, E[net benefit | known]) - max(0, E net benefit) by Gauss-Hermite quadrature, times 1,000."""
    x, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    a, b = np.meshgrid(x, x, indexing="ij")
    p = special.expit(middle + SLOPES[0] * a + SLOPES[1] * b)
    benefit = p * (BENEFIT + HARM) - HARM
    now = max(0.0, float(w @ benefit @ w))
    given = {(0,): (benefit @ w) @ np.diag(w), (1,): (w @ benefit) @ np.diag(w), (0, 1): w[:, None] * benefit * w}
    return 1000 * (float(np.maximum(given[tuple(c for c in columns if c < 2)], 0).sum()) - now)


@pytest.mark.parametrize("middle", [-2.4, -1.8])
@pytest.mark.parametrize("columns", [[0], [1], [0, 1], [0, 1, 2]])
def test_the_value_is_that_of_an_integral(middle: float, columns: list[int]) -> None:
    choices, _ = one_choice(middle, 20_000)
    value, error = worth(choices, columns)
    assert abs(value - integral(middle, columns)) < 3.5 * error
    assert error < 0.15 * integral(middle, columns)


def test_what_has_no_part_is_worth_nothing() -> None:
    choices, _ = one_choice(-2.4, 2_000)
    assert worth(choices, [2]) == (0.0, 0.0)


def test_standard_error_is_the_spread_of_repeated_studies() -> None:
    """The spread of the value over many independent sets of draws."""
    found = []
    for seed in range(60):
        choices, _ = one_choice(-2.4, 800, seed, people=1)
        plain = np.random.default_rng(seed + 1000).integers(0, 800, 800)  # no longer stratified
        some = replace(
            choices, benefit=choices.benefit[..., plain], log_odds=choices.log_odds[..., plain],
            additive=replace(choices.additive, weights=choices.additive.weights[plain]),
        )  # fmt: skip
        found.append(worth(replace(some, mean=special.expit(some.log_odds).mean(axis=-1, keepdims=True)), [0]))
    values, errors = np.array(found).T
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.3)


def test_parts_of_one_distribution_count_with_what_their_scores_tell() -> None:
    """Two dimensions drawn together: with one known, as much as its score explains of both."""
    choices, points = one_choice(-2.4, 2_000)
    mixed = special.ndtri(points)[:, 0] + special.ndtri(points)[:, 1]
    scores = normal_scores(np.column_stack([mixed, points[:, 1], points[:, 2]]))
    joint = replace(choices.additive, scores=scores, blocks=(((0, 1), (0, 1)), ((2,), (2,))))
    both, single = joint.of([0, 1])[0, 0], joint.of([0])[0, 0]
    np.testing.assert_allclose(both, choices.additive.of([0, 1])[0, 0])
    expected = np.polyval(np.polyfit(mixed, both, 1), mixed)
    assert np.corrcoef(single, expected)[0, 1] > 0.999
    assert single.var() < both.var()


# ---- the frames ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_frames(tiny: rm.Model) -> None:
    asked = {"people": 200, "draws": 80, "seed": 1}
    total = evpi(tiny, **asked)
    assert list(total.columns) == ["setting", "scan", "value", "se"]
    assert set(total["setting"]) == {"here", "there"}
    for by, names in (("statement", tiny.priors.selected), ("basis", ("seed", "assumption", "study"))):
        frame = evppi(tiny, by, **asked)
        assert list(frame.columns) == ["setting", by, "value", "se", "share", "statements", "warning"]
        assert set(frame[by]) == set(names)
        for _, own in frame.groupby("setting"):
            assert own["value"].is_monotonic_decreasing
            assert own["statements"].sum() == len(tiny.priors.selected)
        pd.testing.assert_frame_equal(frame, evppi(tiny, by, **asked))
    by_question = evppi(tiny, "question", **asked)
    assert by_question.groupby("setting")["statements"].sum().eq(len(tiny.priors.selected)).all()
    assert "infection given here" in set(by_question["question"])


def test_people_come_from_their_own_draws(tiny: rm.Model) -> None:
    values = draw_values(tiny.priors, 3, np.random.default_rng(1))
    network = build_network(tiny.priors, values)
    draws = np.repeat(np.arange(3), 40_000)
    states = sample_draws(network, draws, np.random.default_rng(4), {"setting": np.zeros(len(draws), np.int64)})
    for name, given in (("infection", "injecting"), ("weakness", "compression")):
        row = [v.name for v in tiny.variables].index(name)
        for draw in range(3):
            some = draws == draw
            seen = (states[name][some] > 0).mean()
            scorer = Scoring.of(network.one_draw(draw), tiny.priors, tiny.policy).scorer
            masks = scorer.blank(1)
            masks[row] = tiny.variables[row].full_mask & ~1
            expected = float(scorer.posterior(masks).evidence[0])
            assert abs(seen - expected) < 4 * math.sqrt(expected / 40_000), (name, given)


def test_bad_arguments_say_so(tiny: rm.Model) -> None:
    with pytest.raises(UsageError, match=r"by is 'sources'.*did you mean 'source'"):
        ValueStudy.of(tiny, people=20, draws=50).evppi("sources")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="50 draws"):
        evpi(tiny, draws=10)
    with pytest.raises(UsageError, match="no threshold on imaging"):
        evpi(rm.load(policy="healthusias"))
    with pytest.raises(UsageError, match=r"setting 'her'.*did you mean 'here'"):
        evpi(tiny, settings=["her"])
