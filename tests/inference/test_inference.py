"""All engines give the same posteriors: brute force, pgmpy, pyAgrum, the numpy scorer and the compiled one."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskmodel.errors import InferenceError
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Variable
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.compiled import CompiledScorer
from riskmodel.inference.impossible import ImpossiblePairs
from riskmodel.inference.scorer import BLOCK, Posterior, Scorer
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from tests.support.engines import (
    AGREE,
    Pgmpy,
    Pyagrum,
    check_by_oracles,
    full_joint,
    joint_of_conditions,
    outputs,
    random_evidence,
    same,
    small_networks,
    weights_of,
)
from tests.support.paths import DATA

FULL = bool(os.environ.get("RISKMODEL_FULL"))
CASES = 10_000
PLAIN = DATA / "plain"


@pytest.fixture(scope="module", params=[("seeds", CASES), ("literature", CASES if FULL else CASES // 5)], ids=str)
def shipped(request: pytest.FixtureRequest) -> tuple[Network, tuple[Variable, ...], Scorer, int]:
    name, cases = request.param
    priors = load_priors(name)
    network = build_network(priors)
    return network, priors.case_variables, compile_scorer(network, priors.case_variables), cases


@pytest.fixture(scope="module")
def seeds() -> tuple[Network, tuple[Variable, ...], Scorer]:
    priors = load_priors("seeds")
    network = build_network(priors)
    return network, priors.case_variables, compile_scorer(network, priors.case_variables)


def but_conditions(variables, masks):
    """The evidence without what it says of conditions."""
    masks = masks.copy()
    for row, variable in enumerate(variables):
        if variable.role == "condition":
            masks[row] = variable.full_mask
    return masks


# ---- small networks --------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=3_000 if FULL else 250, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1), st.booleans())
def test_every_engine_on_any_small_network(network, seed, with_soft):
    rng = np.random.default_rng(seed)
    masks, soft = random_evidence(network.case_variables, 12, rng, known=0.6, soft=0.3 if with_soft else 0.0)
    scorer = compile_scorer(network)
    weights = weights_of(network.case_variables, masks, soft)
    found = check_by_oracles(network, scorer, masks, soft, weights, cases=3)
    findings_soft = {row: value for row, value in soft.items() if network.case_variables[row].role != "condition"}
    without = weights_of(network.case_variables, but_conditions(network.case_variables, masks), findings_soft)
    _, findings = outputs(network, full_joint(network, without))
    np.testing.assert_allclose(found.findings, findings, rtol=1e-10)
    _, again = outputs(network, joint_of_conditions(network, weights))
    np.testing.assert_allclose(again, found.evidence, rtol=1e-10)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1))
def test_rows_of_other_variables_are_passed_over(network, seed):
    """Circumstances among the rows, and rows in any order, change nothing."""
    rng = np.random.default_rng(seed)
    extra = Variable("circumstance", "circumstance", ("absent", "present"), "")
    rows = [*network.case_variables, extra]
    order = rng.permutation(len(rows))
    shuffled = [rows[i] for i in order]
    masks, _ = random_evidence(network.case_variables, 6, rng)
    wide = np.concatenate([masks, np.full((1, 6), 2, dtype=np.uint8)])[order]
    assert same(compile_scorer(network, shuffled).posterior(wide), compile_scorer(network).posterior(masks))


def test_a_general_network_in_the_same_form():
    """Rain, sprinkler and wet grass: the textbook's answer, 0.3577."""
    priors = load_priors("seeds", PLAIN)
    network = build_network(priors)
    scorer = compile_scorer(network)
    assert scorer.setting_row == -1
    masks = scorer.blank(1)
    masks[2] = 0b10  # the grass is wet
    found = scorer.posterior(masks)
    wet = 0.2 * (0.01 * 0.99 + 0.99 * 0.8) + 0.8 * 0.4 * 0.9
    assert found.evidence[0] == pytest.approx(wet, abs=1e-15)
    assert found.probability[0, 0] == pytest.approx(0.2 * (0.01 * 0.99 + 0.99 * 0.8) / wet, abs=1e-15)
    assert round(found.probability[0, 0], 4) == 0.3577
    assert same(found, CompiledScorer(scorer).posterior(masks))


def _network(*variables: Variable, rng_seed: int = 0, composites=None) -> Network:
    rng = np.random.default_rng(rng_seed)
    states = {variable.name: len(variable.states) for variable in variables}
    tables = {}
    for variable in variables:
        table = rng.random((1, *(states[parent] for parent in variable.parents), states[variable.name])) + 0.1
        tables[variable.name] = table / table.sum(axis=-1, keepdims=True)
    return Network(variables, tables, composites or {})


def _binary(name: str, role: str, *parents: str) -> Variable:
    return Variable(name, role, ("absent", "present"), "", parents=parents)


def test_limits_are_checked():
    many = [_binary(f"c{i}", "condition") for i in range(13)]
    with pytest.raises(InferenceError, match="13 conditions are too many to enumerate; at most 12"):
        compile_scorer(_network(*many))
    wide = Variable("c", "condition", ("a", "b", "c"), "")
    with pytest.raises(InferenceError, match="c: a condition must have two states"):
        compile_scorer(_network(wide))
    with pytest.raises(InferenceError, match="no condition to infer"):
        compile_scorer(_network(_binary("f", "finding")))
    contexts = [_binary(f"x{i}", "context") for i in range(24)]
    with pytest.raises(InferenceError, match="too many to enumerate"):
        compile_scorer(_network(*contexts, _binary("c", "condition")))
    chain = [_binary("f0", "finding", "c"), *(_binary(f"f{i}", "finding", f"f{i - 1}") for i in range(1, 16))]
    with pytest.raises(InferenceError, match="depend on each other and are too many to enumerate"):
        compile_scorer(_network(_binary("c", "condition"), *chain))


def test_evidence_is_checked(seeds):
    _, variables, scorer = seeds
    blank = scorer.blank(3)
    fever = [variable.name for variable in variables].index("fever")
    for bad, message in (
        (blank[:-1], "evidence must be bytes of shape"),
        (blank.astype(np.int64), "evidence must be bytes"),
        (blank[:, 0], "evidence must be bytes"),
        (np.where(np.arange(len(variables))[:, None] == fever, 0, blank).astype(np.uint8), "fever: an evidence mask"),
        (np.where(np.arange(len(variables))[:, None] == fever, 4, blank).astype(np.uint8), "fever: an evidence mask"),
        (np.where(np.arange(len(variables))[:, None] == 0, 3, blank).astype(np.uint8), "exactly one setting"),
    ):
        for engine in (scorer, CompiledScorer(scorer)):
            with pytest.raises(InferenceError, match=message):
                engine.posterior(bad)
    names = [variable.name for variable in variables]
    for row, values, message in (
        (names.index("setting"), np.ones((3, 4)), "row 0 is not of a variable that can have likelihoods"),
        (names.index("severe_pain"), np.ones((3, 2)), "not of a variable that can have likelihoods"),
        (fever, np.ones((2, 2)), r"fever: likelihoods must have shape \(3, 2\)"),
        (fever, -np.ones((3, 2)), "fever: likelihoods must be finite and 0 or more"),
        (fever, np.full((3, 2), np.nan), "fever: likelihoods must be finite"),
    ):
        with pytest.raises(InferenceError, match=message):
            scorer.posterior(blank, {row: values})
    assert scorer.posterior(scorer.blank(0)).probability.shape == (9, 0)
    assert CompiledScorer(scorer).posterior(scorer.blank(0)).evidence.shape == (0,)


# ---- the shipped network ---------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_cases(shipped):
    """Brute force and pyAgrum on all, pgmpy on a tenth (with RISKMODEL_FULL set, on all)."""
    network, variables, scorer, cases = shipped
    rng = np.random.default_rng(20260112)
    masks, _ = random_evidence(variables, cases, rng, known=rng.choice([0.1, 0.3, 0.6, 0.95], size=cases))
    found = scorer.posterior(masks)
    assert same(found, CompiledScorer(scorer).posterior(masks))
    assert np.all(found.evidence > 0)
    weights = weights_of(variables, masks, {})
    count = len(scorer.conditions)
    worst = {"brute force": 0.0, "pgmpy": 0.0, "pyagrum": 0.0}
    for start in range(0, cases, 500):
        piece = slice(start, start + 500)
        some = {name: np.asarray(values[piece], dtype=float) for name, values in weights.items()}
        expected, evidence = outputs(network, joint_of_conditions(network, some))
        worst["brute force"] = max(worst["brute force"], np.max(np.abs(found.probability[:, piece] - expected)))
        np.testing.assert_allclose(found.evidence[piece], evidence, rtol=1e-10)
    pgmpy, pyagrum = Pgmpy(network), Pyagrum(network)
    for case in range(cases):
        difference = np.max(np.abs(pyagrum.present(weights, case) - found.probability[:count, case]))
        worst["pyagrum"] = max(worst["pyagrum"], difference)
    for case in range(cases if FULL else cases // 10):
        by_pgmpy, _ = outputs(network, pgmpy.conditions(weights, case)[None])
        worst["pgmpy"] = max(worst["pgmpy"], np.max(np.abs(by_pgmpy[:, 0] - found.probability[:, case])))
    print(f"largest differences in {cases} cases: {worst}")  # noqa: T201  (shown by pytest -s)
    assert max(worst.values()) <= AGREE, worst


@pytest.mark.slow
def test_likelihoods_on_the_shipped_network(seeds):
    network, variables, scorer = seeds
    rng = np.random.default_rng(3)
    masks, soft = random_evidence(variables, 400, rng, known=0.4, soft=1.0)
    assert {variables[row].role for row in soft} == {"context", "risk_factor", "condition", "finding", "test"}
    found = scorer.posterior(masks, soft)
    weights = weights_of(variables, masks, soft)
    expected, evidence = outputs(network, joint_of_conditions(network, weights))
    assert np.max(np.abs(found.probability - expected)) <= AGREE
    np.testing.assert_allclose(found.evidence, evidence, rtol=1e-10)
    pgmpy, pyagrum = Pgmpy(network), Pyagrum(network)
    for case in range(40):
        by_pgmpy, _ = outputs(network, pgmpy.conditions(weights, case)[None])
        assert np.max(np.abs(by_pgmpy[:, 0] - found.probability[:, case])) <= AGREE
        assert (
            np.max(np.abs(pyagrum.present(weights, case) - found.probability[: len(network.conditions), case])) <= AGREE
        )


def test_a_likelihood_of_zeros_and_ones_is_a_set(seeds):
    _, variables, scorer = seeds
    masks, _ = random_evidence(variables, 300, np.random.default_rng(4))
    row = [variable.name for variable in variables].index("esr")
    open_masks = masks.copy()
    open_masks[row] = variables[row].full_mask
    likelihood = ((masks[row][:, None] >> np.arange(4)) & 1).astype(float)
    found, expected = scorer.posterior(open_masks, {row: likelihood}), scorer.posterior(masks)
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-15)
    scaled = scorer.posterior(open_masks, {row: likelihood * 1e-3})
    np.testing.assert_allclose(scaled.probability, expected.probability, rtol=0, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "compiled"])
def test_the_same_bits_whatever_the_batch(seeds, compiled):
    _, variables, scorer = seeds
    score = (CompiledScorer(scorer) if compiled else scorer).posterior
    masks, _ = random_evidence(variables, 65_536, np.random.default_rng(5), known=0.6)
    whole = score(masks)
    assert same(whole, scorer.posterior(masks))

    def piece(first: int, last: int) -> Posterior:
        return Posterior(
            np.ascontiguousarray(whole.probability[:, first:last]),
            whole.evidence[first:last],
            whole.findings[first:last],
        )

    for size, upto in ((1, 300), (7, 3_500), (1_000, 65_536), (BLOCK - 1, 8_192), (BLOCK + 1, 8_192)):
        for start in range(0, upto, size):
            assert same(score(masks[:, start : start + size]), piece(start, start + size))
    order = np.random.default_rng(6).permutation(65_536)
    shuffled = score(masks[:, order])
    for field in ("probability", "evidence", "findings"):
        assert np.array_equal(getattr(shuffled, field), getattr(whole, field)[..., order])
    starts = list(range(0, 65_536, 4_096))
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda start: score(masks[:, start : start + 4_096]), starts))
        assert all(same(part, piece(start, start + 4_096)) for start, part in zip(starts, parts, strict=True))


def test_the_setting_alone_gives_the_stated_base_rates(seeds):
    _, variables, scorer = seeds
    names = list(scorer.output_names)
    priors = load_priors("seeds")
    for i, setting in enumerate(variables[0].states):
        rates = scorer.posterior(scorer.blank(1, i)).probability[:, 0]
        for condition in ("infection", "malignancy", "cauda_equina", "nerve_compression", "inflammatory"):
            stated = priors.statement(f"base.{condition}.{setting}").value
            assert rates[names.index(condition)] == pytest.approx(stated, rel=1e-10)


# ---- impossible evidence ---------------------------------------------------------------------------


def impossible_network() -> Network:
    """A condition c; f is always present with c; h never is, nor is g's last state with anything."""
    variables = (
        _binary("c", "condition"),
        _binary("f", "finding", "c"),
        _binary("h", "finding", "c"),
        Variable("g", "finding", ("low", "middle", "high"), ""),
    )
    tables = {
        "c": np.array([[0.9, 0.1]]),
        "f": np.array([[[0.8, 0.2], [0.0, 1.0]]]),
        "h": np.array([[[0.5, 0.5], [1.0, 0.0]]]),
        "g": np.array([[0.3, 0.7, 0.0]]),
    }
    return Network(variables, tables)


def test_impossible_evidence_is_flagged_and_warns_of_nothing():
    scorer = compile_scorer(impossible_network())
    cases = np.array(
        [[2, 1, 3, 3], [3, 1, 2, 3], [2, 3, 2, 3], [3, 3, 3, 4], [3, 3, 3, 6], [2, 2, 1, 3]], dtype=np.uint8
    )
    masks = np.ascontiguousarray(cases.T)
    for engine in (scorer, CompiledScorer(scorer)):
        found = engine.posterior(masks)
        assert (found.evidence == 0).tolist() == [True, False, True, True, False, False]
        assert np.isnan(found.probability[0]).tolist() == [True, False, True, True, False, False]
    assert found.probability[0, 1] == 0.0
    assert found.probability[0, 5] == 1.0
    pairs = ImpossiblePairs(scorer)
    named = [pairs.find(masks[:, case]) for case in range(6)]
    assert named == [("c=present", "f=absent"), None, ("c=present", "h=present"), ("g=high",), None, None]


def test_three_observations_that_exclude_each_other_only_together():
    """Each pair is possible, all three are not: nothing is named."""
    variables = (_binary("c", "condition"), _binary("a", "finding"), _binary("b", "finding", "c", "a"))
    table = np.full((1, 2, 2, 2), 0.5)
    table[0, 1, 1] = [1.0, 0.0]
    network = Network(variables, {"c": np.array([[0.5, 0.5]]), "a": np.array([[0.5, 0.5]]), "b": table})
    scorer = compile_scorer(network)
    masks = np.array([[2], [2], [2]], dtype=np.uint8)
    assert scorer.posterior(masks).evidence[0] == 0
    assert ImpossiblePairs(scorer).find(masks[:, 0]) is None


# ---- what is loaded --------------------------------------------------------------------------------


@pytest.mark.slow
def test_scoring_loads_no_heavy_library():
    code = """
import sys
import numpy as np
from riskmodel.evidence.load import load_priors
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.impossible import ImpossiblePairs
from riskmodel.inference.weights import compute_weights, find_reasons
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
priors = load_priors("seeds")
scorer = compile_scorer(build_network(priors), priors.case_variables)
masks = scorer.blank(3, 1)
assert scorer.posterior(masks).evidence.shape == (3,)
find_reasons(scorer, compute_weights(scorer), masks, scorer.posterior(masks))
round_trip(priors, build_network(priors))
print(*{name.split(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"pgmpy", "pyagrum", "pandas", "scipy", "numba", "sklearn", "torch", "pyarrow", "networkx"}
