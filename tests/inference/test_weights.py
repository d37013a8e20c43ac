"""Weights of evidence, what leads, conflict and questions: as defined, and alike in both engines."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import riskmodel as rm
from riskmodel.answers.telling import informative_questions, without_each
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Event, Variable
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.compiled import CompiledScorer, find_reasons_compiled
from riskmodel.inference.scorer import Scorer
from riskmodel.inference.weights import TOP, Reasons, Weights, compute_weights, find_reasons, reason_label
from riskmodel.network.ask import conditional, probability
from riskmodel.network.build import build_network
from riskmodel.network.network import Network
from tests.support.engines import random_evidence, small_networks
from tests.support.paths import ROOT

SERIOUS = ("infection", "malignancy", "fracture", "cauda_equina")


@pytest.fixture(scope="module")
def model() -> tuple[Network, tuple[Variable, ...], Scorer, Weights]:
    priors = load_priors("seeds")
    network = build_network(priors)
    scorer = compile_scorer(network, priors.case_variables)
    return network, priors.case_variables, scorer, compute_weights(scorer)


def states_of(variable: Variable, mask: int) -> tuple[str, ...]:
    return tuple(state for s, state in enumerate(variable.states) if mask >> s & 1)


def observations(variables, *, sets: bool):
    """(row, mask) of every single observation: of one state, and of sets if asked."""
    for row, variable in enumerate(variables):
        if variable.in_network and variable.role != "condition" and variable.name != "setting":
            for mask in range(1, variable.full_mask):
                if sets or mask & (mask - 1) == 0:
                    yield row, mask


def test_leaders_are_the_four_serious_conditions_in_order(model):
    _, _, scorer, weights = model
    assert tuple(scorer.output_names[i] for i in weights.leaders) == SERIOUS


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["as_reported", "primary_care", "emergency", "spine_clinic"])
def test_a_weight_is_what_it_is_defined_as(model, setting):
    """10 · log10 of P(finding | condition, setting) / P(finding | not the condition, setting), and P(finding)."""
    network, variables, _, weights = model
    place = variables[0].index(setting)
    at = {"setting": (setting,)}
    checked = 0
    for row, mask in observations(variables, sets=setting == "primary_care"):
        event = Event(variables[row].name, states_of(variables[row], mask))
        slot = weights.first[row] + mask - 1
        assert weights.marginal[place, slot] == pytest.approx(conditional(network, event, at)[0], rel=1e-11)
        for leader, condition in enumerate(SERIOUS):
            among = [conditional(network, event, {**at, condition: (state,)})[0] for state in ("present", "absent")]
            expected = 10 * np.log10(among[0] / among[1])
            assert weights.decibans[place, leader, slot] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            checked += 1
    assert checked > 250


def test_not_assessed_weighs_nothing_and_only_findings_have_slots(model):
    _, variables, _, weights = model
    for row, variable in enumerate(variables):
        if variable.role in ("condition", "circumstance") or variable.name == "setting":
            assert weights.first[row] == -1
        else:
            slot = weights.first[row] + variable.full_mask - 1
            assert np.all(np.abs(weights.decibans[:, :, slot]) < 1e-12)
            assert np.allclose(weights.marginal[:, slot], 1.0, rtol=0, atol=1e-14)


def test_the_baseline_is_the_probability_given_the_setting_alone(model):
    network, variables, scorer, weights = model
    for i, setting in enumerate(variables[0].states):
        for o, name in enumerate(scorer.output_names):
            expected = conditional(network, Event(name, ("present",)), {"setting": (setting,)})[0]
            assert weights.baseline[i, o] == pytest.approx(expected, rel=1e-11)


def reasons_of(scorer: Scorer, weights: Weights, masks: np.ndarray) -> Reasons:
    return find_reasons(scorer, weights, masks, scorer.posterior(masks))


def test_both_engines_give_the_same_reasons(model):
    _, variables, scorer, weights = model
    rng = np.random.default_rng(8)
    masks, _ = random_evidence(variables, 20_000, rng, known=rng.choice([0.03, 0.1, 0.4, 0.9], size=20_000))
    found = reasons_of(scorer, weights, masks)
    compiled = find_reasons_compiled(scorer, weights, masks, CompiledScorer(scorer).posterior(masks))
    for field in fields(Reasons):
        first, second = getattr(found, field.name), getattr(compiled, field.name)
        assert first.dtype == second.dtype
        assert first.tobytes() == second.tobytes(), field.name
    assert set(np.unique(found.leading)) == {-1, 0, 1, 2, 3}  # -1 where the evidence is impossible
    assert set(np.unique(found.most_raised)) == {-1, 0, 1, 2, 3}


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_networks(), st.integers(0, 2**32 - 1))
def test_both_engines_on_any_small_network(network, seed):
    """Zeros in tables make infinite weights, impossible observations and base rates of 0: nothing warns."""
    scorer = compile_scorer(network)
    weights = compute_weights(scorer)
    assert not np.isnan(weights.decibans).any()
    masks, _ = random_evidence(network.case_variables, 40, np.random.default_rng(seed), known=0.5)
    posterior = scorer.posterior(masks)
    found = find_reasons(scorer, weights, masks, posterior)
    compiled = find_reasons_compiled(scorer, weights, masks, posterior)
    possible = posterior.evidence > 0
    for field in fields(Reasons):
        first, second = getattr(found, field.name), getattr(compiled, field.name)
        assert np.array_equal(first[..., possible], second[..., possible]), field.name


def test_what_leads_is_the_most_probable_of_the_serious(model):
    _, variables, scorer, weights = model
    masks, _ = random_evidence(variables, 2_000, np.random.default_rng(9), known=0.15)
    posterior = scorer.posterior(masks)
    p = posterior.probability[weights.leaders]
    for find in (find_reasons, find_reasons_compiled):
        reasons = find(scorer, weights, masks, posterior)
        assert np.all(p[reasons.leading, np.arange(2_000)] >= p.max(axis=0) * (1 - 1e-8))
        assert np.mean(reasons.leading != reasons.most_raised) > 0.2


def test_what_rose_most_rose_by_the_largest_factor_over_its_odds_in_the_setting(model):
    _, variables, scorer, weights = model
    masks, _ = random_evidence(variables, 2_000, np.random.default_rng(9), known=0.3)
    posterior = scorer.posterior(masks)
    found = find_reasons(scorer, weights, masks, posterior)
    base = weights.baseline[scorer.settings(masks)].T
    p = posterior.probability[weights.leaders]
    base = base[weights.leaders]
    with np.errstate(divide="ignore"):
        rise = p / (1 - p) / (base / (1 - base))
    for leader, row in enumerate(scorer.condition_rows[:4]):
        rise[leader, masks[row] == 2] = np.inf
    for case in range(2_000):
        best = rise[:, case].max()
        expected = -1 if best <= 1 + 1e-9 else int(np.argmax(rise[:, case] >= best / (1 + 1e-9)))
        assert found.most_raised[case] == expected


def test_of_several_known_outcomes_the_first_leads(model):
    _, variables, scorer, weights = model
    names = [variable.name for variable in variables]
    masks = scorer.blank(3, 1)
    masks[names.index("malignancy"), 0] = 2
    masks[names.index("fracture"), 1] = 2
    masks[names.index("cauda_equina"), 1] = 2
    masks[names.index("fever"), 1] = 2
    masks[names.index("cauda_equina_mimic"), 2] = 2  # not one of the four, and unrelated to them but by findings
    reasons = reasons_of(scorer, weights, masks)
    assert reasons.most_raised.tolist() == [1, 2, -1]
    assert reasons.leading.tolist()[:2] == [1, 2]


def test_nothing_rose_in_a_blank_case_and_reasons_name_nothing(model):
    _, _, scorer, weights = model
    found = reasons_of(scorer, weights, scorer.blank(4))
    assert found.most_raised.tolist() == [-1] * 4
    assert found.leading.tolist() == scorer.posterior(scorer.blank(4)).probability[:4].argmax(axis=0).tolist()
    assert found.assessed.tolist() == [0] * 4
    assert np.all(found.slots == -1)
    np.testing.assert_allclose(found.ratio, 1.0, rtol=0, atol=1e-14)


def twins(*, order: tuple[str, str] = ("first", "second")) -> Network:
    """Two serious conditions that no number tells apart, with one finding each and one of both."""

    def binary(name, role, *parents, serious=False):
        return Variable(name, role, ("absent", "present"), "", parents=parents, serious=serious)

    variables = (
        *(binary(name, "condition", serious=True) for name in order),
        binary("both", "finding", "first", "second"),
        binary("own_first", "finding", "first"),
        binary("own_second", "finding", "second"),
    )
    own = np.array([[[0.9, 0.1], [0.3, 0.7]]])
    shared = np.array([[[[0.9, 0.1], [0.4, 0.6]], [[0.4, 0.6], [0.2, 0.8]]]])
    rate = np.array([[0.97, 0.03]])
    return Network(variables, {"first": rate, "second": rate, "both": shared, "own_first": own, "own_second": own})


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")], ids=str)
def test_ties_go_to_the_first_in_the_file(order):
    scorer = compile_scorer(twins(order=order))
    weights = compute_weights(scorer)
    masks = scorer.blank(4)
    masks[2, 0] = 2  # speaks of both alike
    masks[3:, 1] = 2  # one finding of each
    masks[4, 2] = 2
    masks[2:, 3] = 1
    for find in (find_reasons, find_reasons_compiled):
        found = find(scorer, weights, masks, scorer.posterior(masks))
        assert found.most_raised.tolist() == [0, 0, order.index("second"), -1]


def test_reasons_are_the_three_largest_weights_for_what_rose_most(model):
    _, variables, scorer, weights = model
    masks, _ = random_evidence(variables, 500, np.random.default_rng(10), known=0.5)
    found = reasons_of(scorer, weights, masks)
    settings_ = scorer.settings(masks)
    for case in np.nonzero(found.most_raised >= 0)[0]:
        lead = found.most_raised[case]
        sizes = {}
        for row, variable in enumerate(variables):
            if weights.first[row] >= 0 and masks[row, case] != variable.full_mask:
                slot = int(weights.first[row]) + int(masks[row, case]) - 1
                sizes[slot] = abs(weights.decibans[settings_[case], lead, slot])
        expected = sorted((slot for slot in sizes if sizes[slot] > 1e-9), key=lambda slot: -sizes[slot])[:TOP]
        assert [slot for slot in found.slots[:, case] if slot >= 0] == expected
        assert set(found.conditions[: len(expected), case]) <= {lead}


@pytest.mark.slow
def test_where_nothing_rose_the_present_flags_that_weigh_most_are_named(model):
    """Sweats neither raise nor lower anything here but by what they say; absent flags are not named."""
    _, variables, scorer, weights = model
    masks, _ = random_evidence(variables, 60_000, np.random.default_rng(11), known=0.06)
    found = reasons_of(scorer, weights, masks)
    nothing_rose = np.nonzero((found.most_raised < 0) & (found.slots[0] >= 0))[0]
    assert nothing_rose.size > 20
    for case in nothing_rose[:200]:
        for slot, leader in zip(found.slots[:, case], found.conditions[:, case], strict=True):
            if slot < 0:
                continue
            row = int(np.max(np.nonzero((weights.first >= 0) & (weights.first <= slot))[0]))
            mask = int(slot - weights.first[row]) + 1
            assert variables[row].is_flag
            assert not mask & 1  # none of its states is the base
            every = weights.decibans[scorer.settings(masks)[case], :, slot]
            assert every[leader] == every.max() > 0


def test_labels_name_state_and_weight(model):
    _, variables, scorer, weights = model
    names = [variable.name for variable in variables]
    fever = int(weights.first[names.index("fever")]) + 1
    trauma = int(weights.first[names.index("trauma")]) + 0b110 - 1
    assert reason_label(scorer, weights, 1, 0, fever).startswith("fever=present:+1")
    assert reason_label(scorer, weights, 1, 2, trauma).startswith("trauma=minor/major:+")
    absent = reason_label(scorer, weights, 1, 0, fever - 1)
    assert absent.startswith("fever=absent:-")


def test_conflict_is_the_product_of_the_parts_over_the_whole(model):
    """Jensen: Π P(finding | setting) / P(all findings | setting); conditions are no findings."""
    network, variables, scorer, weights = model
    rng = np.random.default_rng(12)
    masks, _ = random_evidence(variables, 60, rng, known=0.15)
    found = reasons_of(scorer, weights, masks)
    for case in range(60):
        setting = {"setting": (variables[0].states[scorer.settings(masks)[case]],)}
        given = {
            variable.name: states_of(variable, int(masks[row, case]))
            for row, variable in enumerate(variables)
            if weights.counted[row] and variable.in_network and masks[row, case] != variable.full_mask
        }
        total = probability(network, setting)[0]
        scans = {v.name: v.name.split("_")[0] for v in variables if v.name.startswith(("xray_", "ct_", "mri_"))}
        implied = {part for part, scan in scans.items() if given.get(scan) == ("normal",)}
        implied |= {scan for part, scan in scans.items() if given.get(part) == ("present",)}
        each = [probability(network, {**setting, name: given[name]})[0] / total for name in given.keys() - implied]
        parts = np.prod(each)
        whole = probability(network, {**setting, **given})[0] / total
        assert found.ratio[case] == pytest.approx(parts / whole, rel=1e-10)
        circumstances = sum(
            v.role == "circumstance" and masks[row, case] != v.full_mask for row, v in enumerate(variables)
        )
        assert found.assessed[case] == len(given) + circumstances


@pytest.mark.parametrize(
    "cells",
    [
        {"mri": "abnormal", "mri_tumour": "present"},
        {"mri": "normal", "mri_tumour": "absent", "mri_infection": "absent", "mri_fracture": "absent"},
        {"xray": "abnormal", "xray_fracture": "present"},
    ],
)
def test_a_scan_and_what_it_shows_are_one_finding(model, cells):
    """What follows from another observation of the same scan is neither a conflict nor an agreement."""
    _, variables, scorer, weights = model
    masks = scorer.blank(1, 1)
    for row, variable in enumerate(variables):
        if variable.name in cells:
            masks[row] = variable.mask(cells[variable.name])
    np.testing.assert_allclose(reasons_of(scorer, weights, masks).ratio, 1.0, rtol=1e-12)


def test_findings_that_fit_have_a_low_conflict_and_those_that_do_not_a_high_one(model):
    """Fever with a low CRP hardly clashes, for disease elsewhere explains it: a high one with a low ESR does."""
    _, variables, scorer, weights = model
    names = [variable.name for variable in variables]
    masks = scorer.blank(2, 1)
    for name, mask in (("fever", 2), ("crp", 4), ("iv_drug_use", 2)):
        masks[names.index(name), 0] = mask
    for name, mask in (("crp", 4), ("esr", 1)):
        masks[names.index(name), 1] = mask
    fits, clashes = np.log10(reasons_of(scorer, weights, masks).ratio)
    assert fits < -0.2 < 0.2 < clashes


def test_next_questions_tell_what_they_are_defined_to_tell(model):
    """Mutual information with each output, in bits, summed; from the definition by exact inference."""
    network, variables, scorer, _ = model
    names = [variable.name for variable in variables]
    case = scorer.blank(1, 1)
    case[names.index("age")] = 0b0100
    case[names.index("fever")] = 2
    rows = [names.index(name) for name in ("crp", "sex", "saddle_anaesthesia", "cancer_history")]
    outputs = [0, 1, 3]
    at = {"setting": ("primary_care",), "age": ("from_50_to_69",), "fever": ("present",)}
    questions = informative_questions(scorer, case, rows, outputs)
    assert [q.information for q in questions] == sorted((q.information for q in questions), reverse=True)
    assert {q.variable for q in questions} == {names[row] for row in rows}
    for question in questions:
        variable = variables[names.index(question.variable)]
        expected = 0.0
        for k, output in enumerate(outputs):
            condition = scorer.conditions[output]
            answers = []
            for state, value in itertools.product(variable.states, ("absent", "present")):
                pair = {variable.name: (state,), condition: (value,)}
                both = probability(network, {**at, **pair})[0] / probability(network, at)[0]
                one = conditional(network, Event(variable.name, (state,)), at)[0]
                other = conditional(network, Event(condition, (value,)), at)[0]
                expected += both * np.log2(both / (one * other))
                if value == "present":
                    answers.append(both / one)
            assert question.lowest[k] == pytest.approx(min(answers), rel=1e-9)
            assert question.highest[k] == pytest.approx(max(answers), rel=1e-9)
        assert question.information == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert informative_questions(scorer, case, [], outputs) == []


def test_without_each_forgets_one_at_a_time(model):
    _, variables, scorer, _ = model
    case = scorer.blank(1)
    case[[5, 9]] = 1
    masks = without_each(scorer, case, [5, 9])
    assert masks.shape == (len(variables), 2)
    assert masks[5].tolist() == [variables[5].full_mask, 1]
    assert masks[9].tolist() == [1, variables[9].full_mask]


@pytest.mark.filterwarnings("ignore:hardly any:UserWarning")  # two columns of positives alone
def test_where_no_condition_is_serious_any_may_lead(tmp_path):
    root = tmp_path / "priors"
    shutil.copytree(ROOT / "priors", root)
    network = root / "network.toml"
    network.write_text(network.read_text(encoding="utf-8").replace("serious = true\n", ""), encoding="utf-8")
    model, shipped = rm.load(root=root), rm.load()
    cases = pd.DataFrame({"fever": ["present", None], "leg_numbness": [None, "present"]})
    scored, expected = (one.score(cases, setting="emergency") for one in (model, shipped))
    assert np.array_equal(scored["p_infection"], expected["p_infection"])
    assert scored["most_raised"].tolist() == ["infection", "nerve_compression"]
    large = pd.concat([cases] * 6000, ignore_index=True)  # the compiled engine
    assert model.score(large, setting="emergency").iloc[:2].equals(scored)
