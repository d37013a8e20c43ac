"""The value of perfect information against nested simulation and against closed forms."""

from __future__ import annotations

import math
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskmodel as rm
from riskmodel.decision.stakes import Stake, imaging_stakes, net_benefit, stakes
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import draw_values
from riskmodel.inference.draws import DrawScorer
from riskmodel.network.cpt import build_network
from riskmodel.network.simulate import sample_draws
from riskmodel.scoring import Scoring
from riskmodel.sensitivity import ValueStudy, evpi, evppi
from riskmodel.sensitivity.choices import Choices, worth_knowing
from riskmodel.sensitivity.regression import Responses, folds, normal_scores

TINY = Path(__file__).parent / "tiny"
POLICY = """
title = "Two thresholds"
urgencies = ["within_24_hours", "routine"]
referrals = []
[threshold.infection]
harm = 0.2
benefit = 1.0
[threshold.fracture]
harm = 0.05
benefit = 0.2
[[rule]]
id = "infection"
when = "p(infection) >= threshold(infection)"
urgency = "within_24_hours"
imaging = ["mri"]
reason = "Likely enough."
source = "assumption"
[[rule]]
id = "fracture"
when = "p(fracture) >= threshold(fracture)"
urgency = "within_24_hours"
imaging = ["mri"]
reason = "Likely enough."
source = "assumption"
[[otherwise]]
urgency = "routine"
reason = "Nothing."
source = "assumption"
"""
SCAN = """
[[variable]]
name = "mri"
role = "test"
states = ["normal", "abnormal"]
parents = ["infection", "fracture"]
definition = "A scan."
"""
READINGS = "\n".join(
    f"""
[[statement]]
id = "find.mri.{given.partition("=")[0]}"
quantity = "probability"
of = "mri=abnormal"
given = "{given}"
value = {value}
n = 100
basis = "assumption"
source = "assumption"
read = "no"
"""
    for given, value in (("none", 0.05), ("infection=present alone", 0.95), ("fracture=present alone", 0.9))
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> rm.Model:
    """The tiny network with a scan and a policy of two thresholds."""
    root = Path(shutil.copytree(TINY, tmp_path_factory.mktemp("value") / "tiny"))
    with (root / "network.toml").open("a", encoding="utf-8") as file:
        file.write(SCAN)
    (root / "evidence" / "scan.toml").write_text(READINGS, encoding="utf-8")
    (root / "policy.toml").write_text(POLICY, encoding="utf-8")
    return rm.load("seeds", root / "policy.toml", root)


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
    """P(pattern) times the net benefit of scanning in it: (stakes, draws, patterns)."""
    stated = draw_values(model.priors, 2, np.random.default_rng(0))[:1]  # what comes first must be possible
    scorer = DrawScorer(build_network(model.priors, np.vstack([stated, values])), model.variables)
    found = scorer.score(patterns(model, setting), model.settings.index(setting))
    assert np.allclose(found.evidence.sum(axis=1), 1)
    benefit = net_benefit(imaging_stakes(model.policy), found.probability, scorer.scorer.output_names)
    return (benefit * found.evidence)[:, 1:]


def nested(model: rm.Model, columns: list[int], setting: str, outer: int, inner: int) -> float:
    """EVPPI by two levels of draws: columns from one set of draws, the rest from many others."""
    fixed = draw_values(model.priors, outer + 1, np.random.default_rng(5))[1:]
    rest = draw_values(model.priors, inner + 1, np.random.default_rng(6))[1:]
    values = np.repeat(rest[None], outer, axis=0)
    values[:, :, columns] = fixed[:, None, columns]
    benefit = joint_benefit(model, values.reshape(outer * inner, -1), setting)
    means = benefit.reshape(len(benefit), outer, inner, -1).mean(axis=2)
    return 1000 * float(np.maximum(means, 0).sum(axis=(0, 2)).mean() - np.maximum(means.mean(axis=1), 0).sum())


@pytest.fixture(scope="module")
def study(tiny: rm.Model) -> ValueStudy:
    return ValueStudy.of(tiny, people=2000, draws=1500, seed=3, settings=["here"])


GROUPS = {
    "infection": ["base.infection.here"],
    "fever": ["find.fever.none"],
    "fracture": ["base.fracture.young.here", "base.fracture.old.here"],
    "several": ["base.infection.here", "risk.infection.injecting", "base.fracture.old.here", "find.fever.none"],
}


@pytest.mark.parametrize("name", GROUPS)
def test_agrees_with_a_nested_simulation(tiny: rm.Model, study: ValueStudy, name: str) -> None:
    columns = [tiny.priors.selected.index(statement) for statement in GROUPS[name]]
    expected = nested(tiny, columns, "here", 200, 60)
    value, error = worth_knowing(study.choices["here"], normal_scores(study.values)[:, columns])
    assert abs(value - expected) < 3 * error + 0.05 * expected
    assert error < 0.6 * expected, "the check could not fail"


def test_knowing_everything_agrees_with_all_draws(tiny: rm.Model, study: ValueStudy) -> None:
    values = draw_values(tiny.priors, 3000, np.random.default_rng(9))[1:]
    benefit = joint_benefit(tiny, values, "here")
    exact = 1000 * (np.maximum(benefit, 0).mean(axis=1).sum(axis=1) - np.maximum(benefit.mean(axis=1), 0).sum(axis=1))
    found = study.evpi().set_index("condition")
    for stake, expected in zip(imaging_stakes(tiny.policy), exact, strict=True):
        row = found.loc[stake.condition]
        assert abs(row["value"] - expected) < 3 * row["se"] + 0.02 * expected
    assert found.loc["all", "value"] == pytest.approx(found.drop("all")["value"].sum())


def test_all_statements_together_are_worth_nearly_what_everything_is(study: ValueStudy) -> None:
    value, error = worth_knowing(study.choices["here"], normal_scores(study.values))
    total = study.evpi().set_index("condition").loc["all", "value"]
    assert 0.8 * total < value < total + 2 * error


# ---- closed forms ----------------------------------------------------------------------------------


def normal_choices(shift: float, draws: int, people: int = 20) -> tuple[Choices, np.ndarray]:
    """Net benefit = shift + 2 a + b with a and b standard normal; the same for everybody."""
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(draws, 3))
    response = np.tile(shift + 2 * parts[:, 0] + parts[:, 1], (people, 1))
    given = Responses(response, response, np.full(response.shape, 1 / draws), tuple(folds(draws, 5)))
    return Choices(given, np.arange(people), people), normal_scores(parts)


def expected_gain(shift: float, sd: float) -> float:
    """E max(0, X) - max(0, E X) of a normal X, times 1,000."""
    z = shift / sd
    density, below = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), 0.5 * math.erfc(-z / math.sqrt(2))
    return 1000 * (shift * below + sd * density - max(shift, 0))


@pytest.mark.parametrize("shift", [0.4, -1.0])
@pytest.mark.parametrize(("columns", "sd"), [([0], 2.0), ([1], 1.0), ([0, 1], math.sqrt(5)), ([0, 1, 2], math.sqrt(5))])
def test_normal_net_benefit_has_the_value_of_its_closed_form(shift: float, columns: list[int], sd: float) -> None:
    choices, scores = normal_choices(shift, 20_000)
    value, error = worth_knowing(choices, scores[:, columns])
    assert abs(value - expected_gain(shift, sd)) < 3.5 * error
    assert error < 0.1 * expected_gain(shift, sd)


def test_what_has_no_part_is_worth_nothing() -> None:
    choices, scores = normal_choices(0.4, 20_000)
    value, error = worth_knowing(choices, scores[:, [2]])
    assert abs(value) <= 3 * error + 1e-9
    assert abs(value) < 0.01 * expected_gain(0.4, math.sqrt(5))
    assert worth_knowing(choices, np.zeros((20_000, 1))) == (0.0, 0.0)


def test_standard_error_is_the_spread_of_repeated_studies() -> None:
    """The spread of the value over many independent sets of draws."""
    found = []
    for seed in range(60):
        parts = np.random.default_rng(seed).normal(size=(800, 2))
        response = (-0.5 + 2 * parts[:, 0] + parts[:, 1])[None]
        given = Responses(response, response, np.full(response.shape, 1 / 800), tuple(folds(800, 5)))
        found.append(worth_knowing(Choices(given, np.zeros(1, int), 1), normal_scores(parts[:, :1])))
    values, errors = np.array(found).T
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.3)


# ---- the frames ------------------------------------------------------------------------------------


def test_frames(tiny: rm.Model) -> None:
    asked = {"people": 200, "draws": 80, "seed": 1}
    total = evpi(tiny, **asked)
    assert list(total.columns) == ["setting", "condition", "value", "se"]
    assert set(total["setting"]) == {"here", "there"}
    for by, names in (("statement", tiny.priors.selected), ("basis", ("seed", "assumption", "study"))):
        frame = evppi(tiny, by, **asked)
        assert list(frame.columns) == ["setting", by, "value", "se", "share", "statements"]
        assert set(frame[by]) == set(names)
        for _, own in frame.groupby("setting"):
            assert own["value"].is_monotonic_decreasing
            assert own["statements"].sum() == len(tiny.priors.selected)
        pd.testing.assert_frame_equal(frame, evppi(tiny, by, **asked))


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
            scorer = Scoring.of(network.one_draw(draw), tiny.variables, tiny.policy, "").scorer
            masks = scorer.blank(1)
            masks[row] = tiny.variables[row].full_mask & ~1
            expected = float(scorer.score(masks).evidence[0])
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


# ---- what is at stake ------------------------------------------------------------------------------


def test_stakes_are_those_of_the_thresholds_that_rules_read() -> None:
    policy = rm.load().policy
    read = {stake.threshold: stake for stake in stakes(policy)}
    assert {"mri_infection", "bloods_infection", "ct_fracture"} <= set(read)
    assert not {"mri_nerve_compression", "rheumatology_inflammatory"} & set(read)  # not serious
    for name, stake in read.items():
        assert (stake.harm, stake.benefit) == (policy.thresholds[name].harm, policy.thresholds[name].benefit)
        assert stake.condition == name.partition("_")[2]
    chosen = imaging_stakes(policy)
    assert sorted(s.condition for s in chosen) == ["cauda_equina", "fracture", "infection", "malignancy"]
    assert all(set(s.asks) & set(policy.imaging_tokens) for s in chosen)
    assert stakes(rm.load(policy="clinical_note").policy) == ()


def test_net_benefit_is_nought_at_its_threshold() -> None:
    stake = Stake("t", "a", ("mri",), harm=0.01, benefit=0.33)
    threshold = 0.01 / 0.34
    worth = net_benefit([stake], np.array([[0.0, threshold, 1.0]]), ["a"])
    np.testing.assert_allclose(worth, [[-0.01, 0.0, 0.33]], atol=1e-15)
