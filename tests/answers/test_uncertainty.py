"""Intervals over draws: weights, quantiles, confidence, coverage, dependence, coherence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.stats import multivariate_normal, norm

from riskmodel.answers import uncertainty
from riskmodel.answers.uncertainty import Uncertain, shares, uncertain_of_cases
from riskmodel.cohort import simulate
from riskmodel.errors import UsageError
from riskmodel.evidence.distributions import draw_values
from riskmodel.evidence.records import Event
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.draws import DrawScorer
from riskmodel.inference.intervals import intervals
from riskmodel.model import load
from riskmodel.network.ask import conditional, implied
from riskmodel.network.build import build_network
from riskmodel.network.coherence import audit, disagreements, nearest_coherent
from riskmodel.network.forms.dependence import Correlations, with_dependence
from riskmodel.network.network import Network
from riskmodel.report.check import on_cases

# Few draws are enough here, and quick.
pytestmark = pytest.mark.filterwarnings("ignore:for [0-9]+ cases? the effective sample size:UserWarning")

DRAWS = 64


@pytest.fixture(scope="module")
def model():
    return load("seeds")


@pytest.fixture(scope="module")
def network(model):
    return model.draw(DRAWS, np.random.default_rng(1))


@pytest.fixture(scope="module")
def people(model):
    return simulate(model, 40, np.random.default_rng(2), setting="primary_care", missing=0.3)


@pytest.fixture(scope="module")
def posterior(model, network, people):
    return DrawScorer(network, model.variables).posterior(people.masks, 1)


def test_each_draw_is_scored_like_the_network_of_that_draw(model, network, people, posterior):
    for draw in (0, 1, DRAWS - 1):
        one = compile_scorer(network, model.variables, draw).posterior(people.masks)
        assert np.abs(one.probability - posterior.probability[:, draw]).max() < 1e-12
        assert np.allclose(one.evidence, posterior.evidence[draw], rtol=1e-12, atol=0)


def test_threads_and_batches_change_nothing(model, network, people, posterior):
    scorer = DrawScorer(network, model.variables)
    again = scorer.posterior(np.ascontiguousarray(people.masks[:, 7:12]), 1, threads=1)
    assert np.array_equal(again.probability, posterior.probability[:, :, 7:12])


def test_quantiles_are_those_of_the_sorted_weighted_draws(posterior):
    found = intervals(posterior, 0.9)
    for case in range(posterior.evidence.shape[1]):
        weights = posterior.evidence[:, case]
        for output in range(posterior.probability.shape[0]):
            values = posterior.probability[output, :, case]
            order = np.argsort(values)
            cumulative = np.cumsum(weights[order]) / weights.sum()
            low = values[order][np.searchsorted(cumulative, 0.05 - 1e-12)]
            high = values[order][min(np.searchsorted(cumulative, 0.95 - 1e-12), len(values) - 1)]
            assert found.low[output, case] == pytest.approx(low, abs=1e-15)
            assert found.high[output, case] == pytest.approx(high, abs=1e-15)
            assert found.mean[output, case] == pytest.approx((values * weights).sum() / weights.sum())
        assert found.effective[case] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_weighting_keeps_fever_alone_near_its_point(model):
    cases = pd.DataFrame({"fever": ["yes"]})
    masks = model.code(cases, setting="as_reported")
    posterior = DrawScorer(model.draw(512, np.random.default_rng(3)), model.variables).posterior(masks, 0)
    weighted = intervals(posterior, 0.95).mean[0, 0]
    assert model.posterior(cases, setting="as_reported").loc[0, "infection"] == pytest.approx(0.137, abs=0.001)
    assert weighted == pytest.approx(0.14, abs=0.01)
    assert posterior.probability[0].mean() == pytest.approx(0.18, abs=0.015)  # what unweighted draws would say


def test_score_with_draws(model):
    cases = pd.DataFrame({"case_id": ["a", "b"], "fever": ["yes", None], "age": [40, 70]})
    first = model.score(cases, setting="as_reported", draws=64, seed=5)
    assert first.equals(model.score(cases, setting="as_reported", draws=64, seed=5))
    assert not first.equals(model.score(cases, setting="as_reported", draws=64, seed=6))
    assert (first["p_infection_low"] <= first["p_infection"]).all()
    assert (first["p_infection"] <= first["p_infection_high"]).all()
    assert first["confidence"].between(0, 1).all()
    assert first["effective_draws"].between(1, 64).all()
    assert first["p_infection"].equals(model.score(cases, setting="as_reported")["p_infection"])


@pytest.mark.parametrize(("draws", "level"), [(1, 0.95), (-4, 0.95), (10, 0.0), (10, 1.0), (10, 2.0)])
def test_bad_requests(model, draws, level):
    with pytest.raises(UsageError):
        model.score(pd.DataFrame({"fever": ["yes"]}), setting="as_reported", draws=draws, level=level)


@pytest.mark.slow
def test_a_study_narrows_and_a_smaller_n_widens(model):
    masks = model.code(pd.DataFrame({"night_sweats": ["yes"]}), setting="primary_care")

    def width(changed):
        scorer = DrawScorer(changed.draw(512, np.random.default_rng(4)), changed.variables)
        found = intervals(scorer.posterior(masks, 1), 0.95)
        return np.log(found.high[0, 0] / found.low[0, 0])

    before = width(model)
    assert width(model.with_statement("find.night_sweats.infection", low=0.28, high=0.32)) < before
    assert width(model.with_statement("find.night_sweats.infection", low=0.02, high=0.9)) > before


def independent(model):
    """The model as it is when no group of findings is declared."""
    correlations = {s.id for s in model.priors.statements if s.quantity == "dependence"}
    selected = tuple(name for name in model.priors.selected if name not in correlations)
    return replace(model, priors=replace(model.priors, groups={}, selected=selected))


def dependent(model, correlation):
    network = independent(model).tables
    variables, tables = network.variables, dict(network.tables)
    for group in model.priors.groups.values():
        variables, tables = with_dependence(variables, tables, group, Correlations(np.array([correlation])))
    return Network(variables, tables, network.composites)


def test_dependence_changes_no_marginal(model):
    plain, network = independent(model).tables, dependent(model, 0.4)
    selected = set(model.priors.selected)
    for statement in model.priors.statements:
        if statement.id in selected and statement.quantity == "probability":
            before, after = (implied(one, statement, "as_reported")[0] for one in (plain, network))
            assert after == pytest.approx(before, rel=1e-12)


def test_no_dependence_is_the_same_to_the_last_bit(model, people):
    scorer = compile_scorer(dependent(model, 0.0), model.variables)
    own = independent(model).scoring.scorer.posterior(people.masks)
    assert np.array_equal(scorer.posterior(people.masks).probability, own.probability)


@pytest.mark.parametrize("correlation", [0.3, 0.9])
def test_dependence_by_hand(model, correlation):
    """Two signs given no condition: the bivariate normal distribution at their thresholds."""
    network = dependent(model, correlation)
    none = {condition.name: ("absent",) for condition in network.conditions} | {"setting": ("primary_care",)}
    both = conditional(network, Event("bladder_dysfunction", ("present",)), none | {"saddle_anaesthesia": ("present",)})
    p, q = 0.0005, 0.0015
    expected = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf(norm.ppf([p, q]))
    assert both[0] * p == pytest.approx(expected, rel=1e-7)


def test_dependence_agrees_with_elimination(model):
    network = dependent(model, 0.5)
    scorer = compile_scorer(network, model.variables)
    given = {"saddle_anaesthesia": "present", "bladder_dysfunction": "present", "esr": "over_100", "crp": "over_50"}
    masks = scorer.blank(1, 1)
    for row, variable in enumerate(model.variables):
        if variable.name in given:
            masks[row] = variable.mask(given[variable.name])
    allowed = {name: (state,) for name, state in given.items()} | {"setting": ("primary_care",)}
    for output, name in enumerate(scorer.conditions):
        expected = conditional(network, Event(name, ("present",)), allowed)[0]
        assert scorer.posterior(masks).probability[output, 0] == pytest.approx(expected, abs=1e-12)


@pytest.fixture(scope="module")
def audited(model):
    values = draw_values(model.priors, 128, np.random.default_rng(1))
    network = build_network(model.priors, values)
    return audit(model.priors, model.tables, network), values, network


def test_the_audit_finds_the_known_conflicts(model, audited):
    found = {item.statement.id: item for item in audited[0]}
    assert found["base.serious.as_reported"].implied == pytest.approx(0.192, abs=0.001)
    assert found["base.serious.as_reported"].distance > 1
    assert found["find.fever.infection.study"].distance > 0.5
    pairs = {(pair.first.id, pair.second.id): pair for pair in disagreements(model.priors)}
    assert ("find.xray_fracture.fracture", "test.xray_fracture.fracture.older") in pairs
    assert ("find.fever.infection", "find.fever.infection.study") in pairs
    two_readings = pairs["risk.malignancy.cancer_history", "risk.malignancy.cancer_history.lr"]
    assert "two readings of one figure" in two_readings.note


def test_the_nearest_coherent_values_are_coherent(model, audited):
    found, values, network = audited
    conflict = next(item for item in found if item.statement.id == "base.serious.as_reported")
    own, *moves = nearest_coherent(model.priors, conflict, values, network)
    assert {move.statement.id for move in moves} >= {"base.fracture.under_50.as_reported"}
    assert conflict.stated < own.after < conflict.implied
    chosen = [model.priors.statement(name) for name in model.priors.selected]
    after = {move.statement.id: move.after for move in moves}
    changed = build_network(model.priors, np.array([[after.get(s.id, s.value) for s in chosen]]))
    implied_now = implied(changed, conflict.statement, "as_reported")[0]
    assert implied_now == pytest.approx(own.after, abs=0.004)  # moves too small to list are left out here


def test_shares_sum_to_one(model):
    masks = model.code(pd.DataFrame({"fever": ["yes"]}), setting="primary_care")
    for kinds in shares(model.priors, model.variables, masks, 64, 1).values():
        assert np.allclose(sum(kinds.values()), 1)


@pytest.mark.slow
def test_a_posterior_rests_on_what_can_move_it(model):
    """With every assumption held fast, no share is left to assumption, and the others' variances are what they were."""
    masks = model.code(pd.DataFrame({"fever": ["yes"]}), setting="primary_care")
    sure = tuple(
        replace(s, low=s.value, high=s.value, n=None) if s.basis == "assumption" else s for s in model.priors.statements
    )
    before, after = (
        shares(priors, model.variables, masks, 512, 1)["basis"]
        for priors in (model.priors, replace(model.priors, statements=sure))
    )
    assert (before["assumption"] > 0.1).any()
    assert (after["assumption"] == 0).all()
    np.testing.assert_allclose(after["seed"] / after["study"], before["seed"] / before["study"], rtol=1e-9)


@pytest.mark.slow
def test_holding_statements_narrows_on_average(model):
    """The law of total variance: what is left with some held, on average, and the variance of the means are all of it.

    Held at their stated values alone, statements can widen what others bring, where the log-odds are not additive: so
    the share of assumptions need not fall when some of them are held.
    """
    masks = model.code(pd.DataFrame({"fever": ["yes"]}), setting="primary_care")
    chosen, levels = model.priors.selected_statements, 6
    values = draw_values(model.priors, 40, np.random.default_rng(1))
    held = np.array([s.id.startswith(("base.", "risk.", "dependence.")) for s in chosen])
    rows = np.array([[np.where(held, values[level], other) for other in values] for level in range(levels)])
    arguments = model.priors, model.variables, masks
    all_of_them = np.vstack(rows)
    at_each = np.array([uncertainty._variances(*arguments, part, {}, [1.0] * len(chosen)) for part in rows])
    total = uncertainty._variances(*arguments, all_of_them, {}, [1.0] * len(chosen))

    scorer = DrawScorer(build_network(model.priors, all_of_them), model.variables)
    posterior = scorer.posterior(masks, model.settings.index("primary_care"))
    weights = posterior.evidence[:, 0].reshape(levels, -1)
    logit = special.logit(posterior.probability[:, :, 0]).reshape(-1, levels, len(values))
    means = (weights * logit).sum(axis=2) / weights.sum(axis=1)
    of_level = weights.sum(axis=1) / weights.sum()
    spread = ((means - (means * of_level).sum(axis=1, keepdims=True)) ** 2 * of_level).sum(axis=1)
    np.testing.assert_allclose(total, of_level @ at_each + spread, rtol=1e-9)
    assert (spread > 1e-3).any()


def test_what_each_correlation_does_to_cases(model, people):
    """A correlation's effect on the cases is that of the model without its group."""
    cases = on_cases.by_setting(model, people.masks, [f"P{i}" for i in range(people.masks.shape[1])])[0]
    lines = list(on_cases.dependence_lines(model, cases))
    stated = [s for s in model.priors.selected_statements if s.quantity == "dependence"]
    assert [line.split()[0] for line in lines[3 : 3 + len(stated)]] == [s.of.variable for s in stated]
    without = model.with_statement("dependence.course", value=0.0, low=0.0, high=0.0)
    move = on_cases.decibans(model.scoring.score(cases.masks).posterior.probability) - on_cases.decibans(
        without.scoring.score(cases.masks).posterior.probability
    )
    course = next(line for line in lines if line.startswith("  course")).split()
    assert float(course[6]) == pytest.approx(float(np.abs(move).mean()), abs=0.006)
    assert float(course[7]) == pytest.approx(float(np.abs(move).max()), abs=0.06)


def test_full_draws_of_a_posterior(model):
    cases = pd.DataFrame({"fever": ["yes", None], "setting": ["emergency", "primary_care"]})
    found = model.posterior_draws(cases, 128, seed=3)
    assert found.weight.sum(axis=0) == pytest.approx(1)
    point = model.posterior(cases)
    assert np.allclose(found.probability[:, 0].T, point[list(found.names)], rtol=1e-12)
    scored = model.score(cases, draws=128, seed=3)
    for name in ("infection", "any_serious"):
        for column, share in (("low", 0.975), ("high", 0.025)):
            bound = scored[f"p_{name}_{column}"].to_numpy()
            above = ((found.frame(name).to_numpy() > bound) * found.weight).sum(axis=0)
            assert np.allclose(above, share, atol=0.03)
    with pytest.raises(UsageError, match="threshold must lie in"):
        found.exceeding(1.5)


def test_confidence_is_the_weighted_agreement(model, network, people):
    uncertain = Uncertain(model.scoring, network)
    urgency = model.scoring.score(people.masks).decision.urgency
    confidence = uncertain.assess(people.masks, urgency).confidence
    for rows, posterior in uncertain.posteriors(people.masks):
        levels = uncertain.urgency(people.masks[:, rows], posterior)
        weights = posterior.evidence / posterior.evidence.sum(axis=0)
        assert np.allclose(((levels == urgency[rows]) * weights).sum(axis=0), confidence[rows])


@pytest.mark.slow
def test_findings_of_which_nothing_is_known_take_no_part_in_what_the_uncertainty_rests_on(monkeypatch):
    """They change no posterior: the shares are those of the whole network, from a third of it."""
    from riskmodel.model import load

    model = load()
    masks = model.code(pd.DataFrame({"fever": ["yes"], "leg_weakness": ["no"], "esr_mm_h": [50]}), setting="emergency")
    quick = uncertainty.shares(model.priors, model.variables, masks, 64, 1)
    left = uncertainty.without_silent(model.priors, masks).network_variables
    assert [v.name for v in left if v.role in ("finding", "test")] == ["fever", "leg_weakness", "esr"]
    monkeypatch.setattr(uncertainty, "without_silent", lambda priors, _masks: priors)
    whole = uncertainty.shares(model.priors, model.variables, masks, 64, 1)
    for name, kinds in whole.items():
        for kind, share in kinds.items():
            np.testing.assert_allclose(quick[name][kind], share, rtol=1e-9, atol=1e-12)


def test_a_table_that_no_draw_changes_is_built_once():
    """The tables are those of the whole build."""
    model = load()
    chosen = [model.priors.statement(name) for name in model.priors.selected]
    drawn = draw_values(model.priors, 8, np.random.default_rng(1))
    for varied in ("fracture", "leg_weakness", "trauma"):
        columns = [statement.of.variable == varied for statement in chosen]
        values = np.where(columns, drawn, drawn[:1])
        whole, quick = (build_network(model.priors, values, constant_once=once) for once in (False, True))
        for name, table in whole.tables.items():
            np.testing.assert_allclose(np.broadcast_to(quick.tables[name], table.shape), table, rtol=1e-12, atol=1e-15)
        assert len(quick.tables[varied]) == 8
        assert len(quick.tables["age"]) == 1


def test_draws_for_one_case_leave_out_what_it_knows_nothing_of(model):
    masks = model.code(pd.DataFrame({"fever": ["yes"], "age": [70], "trauma": ["minor"]}), setting="emergency")
    urgency = model.scoring.score(masks).decision.urgency
    whole = model.uncertain(64, 1).assess(masks, urgency)
    alone = uncertain_of_cases(model.scoring, model.priors, masks, 64, 1)
    found = alone.assess(masks, urgency)
    assert len(alone.network.variables) < len(model.uncertain(64, 1).network.variables) - 10
    for name in ("low", "high", "mean", "effective"):
        np.testing.assert_allclose(getattr(found.intervals, name), getattr(whole.intervals, name), rtol=1e-9)
    np.testing.assert_allclose(found.confidence, whole.confidence, rtol=1e-9)


def test_too_few_draws_are_warned_of_as_the_command_does():
    case = pd.DataFrame({"fever": ["yes"], "setting": ["emergency"]})
    with pytest.warns(UserWarning, match=r"for 1 case the effective sample size of the weighted draws is below 100"):
        load().score(case, draws=8)
