"""Fits against closed forms, brute force, pyAgrum's EM, and truths that cohorts were simulated from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyagrum as gum
import pytest
from scipy import stats

import riskmodel as rm
from riskmodel import cohort
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.likelihood.coordinates import Coordinates, prior_interval, prior_sd
from riskmodel.calibration.likelihood.laplace import covariance
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.likelihood.slopes import changed_draws
from riskmodel.calibration.optimise import LogPosterior, maximise
from riskmodel.evidence.distributions import draw_values, spread
from riskmodel.evidence.load import load_priors
from riskmodel.evidence.scale import scale_of
from riskmodel.inference.compile import compile_scorer
from riskmodel.inference.lookup import tables_at_setting
from riskmodel.network.build import build_network
from tests.support.engines import full_joint, random_evidence, to_pyagrum, weights_of
from tests.support.exact_posterior import exact_intervals
from tests.support.hidden import HIDDEN, SHARES
from tests.support.open_rates import stated_alone_and_open
from tests.support.paths import DATA
from tests.support.small_priors import variant
from tests.support.tabular import TRUTH, simulate, tabular, without_policy


def verified(model: rm.Model, count: int, seed: int, setting: str, share: float = 0.5) -> np.ndarray:
    """People simulated from a model, 30 % of cells blank and outcomes known of a share."""
    rng = np.random.default_rng(seed)
    people = cohort.simulate(model, count, rng, setting=setting, missing=0.3)
    masks = people.masks.copy()
    known = rng.random(count) < share
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            masks[row] = np.where(known, 1 << people.states[variable.name], variable.full_mask)
    return masks


def columns_of(coordinates: Coordinates) -> dict[str, int]:
    """The coordinate that a statement of its own has, by id."""
    return {coordinates.statements[b.columns[0]].id: b.first for b in coordinates.blocks if b.kind != "shares"}


# ---- the likelihood and its gradient ---------------------------------------------------------------


def test_the_likelihood_is_the_scorers_at_any_point(seeds):
    masks = np.concatenate([verified(seeds, 60, 1, s) for s in ("emergency", "spine_clinic")], axis=1)
    coordinates = Coordinates(seeds.priors, seeds.priors.selected)
    x = coordinates.start + np.random.default_rng(0).normal(0, 0.1, coordinates.size)
    values = coordinates.values(x[None])
    scorer = compile_scorer(build_network(seeds.priors, values), seeds.variables)
    point = Likelihood(coordinates, masks).at(x)
    assert point.log_likelihood == pytest.approx(np.log(scorer.posterior(masks).evidence).sum(), rel=1e-12)


@pytest.mark.parametrize(("changes", "more"), [({}, ()), (HIDDEN, SHARES)], ids=["plain", "occult"])
def test_the_gradient_is_that_of_brute_force(tmp_path, changes, more):
    """Every statement of the smallest network, under hard, set-valued and missing evidence on anything."""
    priors = load_priors("seeds", variant(tmp_path, "tiny", changes, more))
    masks, _ = random_evidence(priors.case_variables, 40, np.random.default_rng(3))
    coordinates = Coordinates(priors, priors.selected)
    likelihood = Likelihood(coordinates, masks)
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.2, coordinates.size)
    gradient = likelihood.gradient(likelihood.at(x))

    def brute(at: np.ndarray) -> float:
        values = np.concatenate([coordinates.values(coordinates.start[None]), coordinates.values(at[None])])
        network = build_network(priors, values).one_draw(1)
        joint = full_joint(network, weights_of(priors.case_variables, masks, {}))
        return float(np.log(joint.reshape(len(joint), -1).sum(axis=1)).sum())

    for i, step in enumerate(np.eye(coordinates.size) * 1e-4):
        assert (brute(x + step) - brute(x - step)) / 2e-4 == pytest.approx(gradient[i], rel=1e-5, abs=1e-5)


@pytest.mark.slow
def test_the_gradient_goes_through_solved_rates(tmp_path):
    """Also by what else the people of a rate have: base rates, other findings' shares, what is occult."""
    _, priors, new = stated_alone_and_open(tmp_path, 5)
    masks, _ = random_evidence(priors.case_variables, 25, np.random.default_rng(3), known=0.8, soft=0.0)
    coordinates = Coordinates(priors, priors.selected)
    likelihood = Likelihood(coordinates, masks)
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.05, coordinates.size)
    gradient = likelihood.gradient(likelihood.at(x))
    assert len(new) >= 5

    def brute(at: np.ndarray) -> float:
        network = build_network(priors, coordinates.values(at[None]), hold=True)
        joint = full_joint(network, weights_of(priors.case_variables, masks, {}))
        return float(np.log(joint.reshape(len(joint), -1).sum(axis=1)).sum())

    for i, step in enumerate(np.eye(coordinates.size) * 1e-4):
        assert (brute(x + step) - brute(x - step)) / 2e-4 == pytest.approx(gradient[i], rel=1e-5, abs=1e-5)


@pytest.mark.slow
def test_the_gradient_of_the_shipped_model_is_its_slope(seeds):
    masks = verified(seeds, 300, 2, "primary_care")
    coordinates = Coordinates(seeds.priors, seeds.priors.selected)
    likelihood = Likelihood(coordinates, masks)
    point = likelihood.at(coordinates.start)
    gradient = likelihood.gradient(point)
    direction = np.random.default_rng(2).normal(0, 1, (4, coordinates.size))
    for d in direction:
        up, down = (likelihood.at(point.x + side * 1e-4 * d).log_likelihood for side in (1, -1))
        assert (up - down) / 2e-4 == pytest.approx(gradient @ d, rel=1e-5, abs=1e-4)


def test_a_statement_moves_only_the_pieces_that_it_reaches(seeds):
    """What lets statements share a pair of perturbed tables, and pieces at each of which one of them alone moves."""
    coordinates = Coordinates(seeds.priors, seeds.priors.selected)
    likelihood = Likelihood(coordinates, verified(seeds, 20, 2, "primary_care"))
    pieces = likelihood.lookups.all
    for first in range(0, coordinates.size, 50):
        some = np.arange(first, min(first + 50, coordinates.size))
        x = np.repeat(coordinates.start[None], 1 + len(some), axis=0)
        x[np.arange(1, len(x)), some] += 1e-3
        changed = changed_draws(tables_at_setting(build_network(seeds.priors, coordinates.values(x)), 0))
        for row, coordinate in enumerate(some, start=1):
            touched = {i for i, piece in enumerate(pieces) if any(changed[name][row] for name in piece.tables)}
            assert touched <= set(likelihood.slopes.reached[coordinate])


@pytest.mark.slow
def test_points_tried_together_are_those_tried_alone(seeds):
    """Also far out, where a ratio is held at its reach in all draws but the first."""
    ratio = next(s for s in seeds.priors.selected if seeds.priors.statement(s).quantity == "risk_ratio")
    coordinates = Coordinates(seeds.priors, [ratio])
    likelihood = Likelihood(coordinates, verified(seeds, 20, 2, "primary_care"))
    for steps in ([0.1, 0.2, 0.3], [0.1, 9.0, 12.0, 0.2]):
        x = coordinates.start + np.array(steps)[:, None]
        together, alone = list(likelihood.at_each(x)), [likelihood.at(row) for row in x]
        for one, other in zip(together, alone, strict=True):
            assert (one is None) == (other is None)
            assert one is None or one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


def test_row_scores_add_up_to_the_gradient_and_weights_count(seeds):
    masks = verified(seeds, 200, 3, "emergency")
    coordinates = Coordinates(seeds.priors, ["find.fever.none", "find.fever.infection", "base.infection.emergency"])
    weights = np.random.default_rng(0).integers(1, 4, 200).astype(float)
    weighted = Likelihood(coordinates, masks, weights)
    repeated = Likelihood(coordinates, np.repeat(masks, weights.astype(int), axis=1))
    points = [likelihood.at(coordinates.start) for likelihood in (weighted, repeated)]
    assert points[0].log_likelihood == pytest.approx(points[1].log_likelihood, rel=1e-12)
    informations = [one.information(point) for one, point in zip((weighted, repeated), points, strict=True)]
    np.testing.assert_allclose(informations[0][0], informations[1][0], rtol=1e-10)
    assert np.all(np.diag(informations[0][1]) > np.diag(informations[0][0]))  # squared weights


# ---- the prior -------------------------------------------------------------------------------------


def test_every_prior_has_its_mode_at_the_stated_values(seeds):
    for name in ("seeds", "literature"):
        priors = load_priors(name)
        coordinates = Coordinates(priors, priors.selected)
        np.testing.assert_allclose(coordinates.values(coordinates.start[None])[0], coordinates.stated, rtol=1e-13)
        assert np.abs(coordinates.prior_gradient(coordinates.start)).max() < 1e-9
        assert np.linalg.eigvalsh(coordinates.prior_precision(coordinates.start))[0] > 0


def test_prior_densities_agree_with_their_derivatives(seeds):
    coordinates = Coordinates(seeds.priors, seeds.priors.selected)
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.3, coordinates.size)
    gradient, precision = coordinates.prior_gradient(x), coordinates.prior_precision(x)
    for i, step in list(enumerate(np.eye(coordinates.size) * 1e-5))[::7]:
        slope = (coordinates.log_prior(x + step) - coordinates.log_prior(x - step)) / 2e-5
        assert slope == pytest.approx(gradient[i], rel=1e-5, abs=1e-5)
        change = (coordinates.prior_gradient(x - step) - coordinates.prior_gradient(x + step)) / 2e-5
        np.testing.assert_allclose(change, precision[i], rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_prior_intervals_and_sds_are_those_of_the_draws(seeds):
    values = draw_values(seeds.priors, 4096, np.random.default_rng(1))[1:]
    alone = columns_of(coordinates := Coordinates(seeds.priors, seeds.priors.selected))
    for column, statement in enumerate(coordinates.statements):
        if statement.id not in alone:
            continue  # drawn together with others
        low, high = prior_interval(statement, seeds.priors.prior_set)
        np.testing.assert_allclose(np.quantile(values[:, column], [0.025, 0.975]), [low, high], rtol=0.03)
        on = np.array([scale_of(statement).to(v) for v in values[:, column]])
        assert scale_of(statement).back(on[0]) == pytest.approx(values[0, column])
        if spread(statement, seeds.priors.prior_set).kind != "beta":  # which is no normal on the logit scale
            assert on.std() == pytest.approx(prior_sd(statement, seeds.priors.prior_set), rel=0.2)


# ---- fits ------------------------------------------------------------------------------------------


def test_with_everything_known_the_fit_is_the_counted_share(tmp_path):
    """Beta prior and counts: the mode on the logit scale is (a + k) / (a + b + n)."""
    model = tabular(tmp_path)
    masks = simulate(model.priors, 400, np.random.default_rng(4))
    table = fit_coded(model, range(400), masks, tolerance=1e-9).table.set_index("statement")
    rows = {v.name: masks[i] for i, v in enumerate(model.variables)}
    for i, ((of, given), value) in enumerate(TRUTH.items()):
        variable, state = of.split("=")
        if variable == "pain":
            continue  # three states: below
        whom = np.ones(400, dtype=bool)
        for part in filter(None, given.split("; ")):
            name, needed = part.split("=")
            whom &= rows[name] == 1 << model.priors.variable(name).index(needed)
        k = int((rows[variable][whom] == 1 << model.priors.variable(variable).index(state)).sum())
        expected = (20 * value + k) / (20 + whom.sum())
        assert table.loc[f"s{i}", "posterior"] == pytest.approx(expected, rel=1e-5)
        posterior = stats.beta(20 * value + k, 20 * (1 - value) + whom.sum() - k)
        assert table.loc[f"s{i}", ["low", "high"]].tolist() == pytest.approx(posterior.interval(0.95), rel=1e-3)
        assert table.loc[f"s{i}", "n_informing"] == pytest.approx(whom.sum(), rel=1e-2)


@pytest.mark.slow
def test_maximum_likelihood_equals_pyagrums_em(tmp_path):
    """A network of whole tables, 30 % of cells blank and outcomes known of half."""
    model = tabular(tmp_path)
    masks = simulate(model.priors, 500, np.random.default_rng(1), missing=0.3, verified=0.5)
    fitted = fit_coded(model, range(500), masks, prior_weight=0.0, tolerance=1e-11)
    assert fitted.converged
    frame = pd.DataFrame(
        {
            v.name: [v.states[int(m).bit_length() - 1] if m != v.full_mask else "?" for m in row]
            for v, row in zip(model.variables, masks, strict=True)
        }
    )
    net = to_pyagrum(build_network(model.priors))
    gum.initRandom(1)
    learner = gum.BNLearner(frame, net, ["?"])
    learner.useNoPrior()
    learner.useEM(1e-11, 0.1)
    learnt = learner.learnParameters(net.dag())
    for i, (of, given) in enumerate(TRUTH):
        variable, state = of.split("=")
        table = learnt.cpt(variable)
        at = {variable: state} | dict(part.split("=") for part in filter(None, given.split("; ")))
        assert fitted.table.set_index("statement").loc[f"s{i}", "posterior"] == pytest.approx(table[at], abs=1e-5)


@pytest.mark.slow
def test_intervals_hold_the_truth_and_fits_are_unbiased(tmp_path):
    """Every statement of the smallest network, 10 times: truth drawn from the statements' own distributions."""
    surer = tmp_path / "surer.toml"
    surer.write_text('extends = "seeds"\n[default_n]\nseed = 200\nstudy = 200\nassumption = 200\n')
    model = without_policy(DATA / "tiny", surer)
    priors = model.priors
    held, errors = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = draw_values(priors, 2, rng)
        truth = dict(zip([s.id for s in Coordinates(priors, []).statements], values[1], strict=True))
        network = build_network(priors, values).one_draw(1)
        masks = _from(network, priors, 1000, rng)
        table = fit_coded(model, range(1000), masks, "all").table
        statements = [priors.statement(name) for name in table["statement"]]
        true = np.array([truth[name] for name in table["statement"]])
        held += list((table["low"] <= true) & (true <= table["high"]))
        ends = [
            np.array([scale_of(s).to(v) for s, v in zip(statements, table[c], strict=True)])
            for c in ("low", "high", "prior_low", "prior_high")
        ]
        narrow = ends[1] - ends[0] < 0.6 * (ends[3] - ends[2])
        far = [
            (scale_of(s).to(fit) - scale_of(s).to(t)) / prior_sd(s, priors.prior_set)
            for s, fit, t in zip(statements, table["posterior"], true, strict=True)
        ]
        errors += list(np.array(far)[narrow])
    assert np.mean(held) >= 0.9
    assert len(errors) > 40
    assert abs(np.mean(errors)) < 0.15  # in prior standard deviations: a mode is no mean


def _from(network, priors, count: int, rng: np.random.Generator) -> np.ndarray:
    from riskmodel.network.simulate import sample

    states = sample(network, count, rng, {"setting": "here"})
    known = rng.random(count) < 0.5
    rows = []
    for variable in priors.case_variables:
        seen = known if variable.role == "condition" else rng.random(count) < 0.7
        if variable.name == "setting":
            seen = np.ones(count, dtype=bool)
        own = states.get(variable.name, np.zeros(count, dtype=np.int64))
        rows.append(np.where(seen & variable.in_network, 1 << own, variable.full_mask))
    return np.array(rows, dtype=np.uint8)


@pytest.mark.slow
def test_no_row_is_dropped_and_row_order_does_not_matter(tmp_path):
    model = tabular(tmp_path)
    masks = simulate(model.priors, 600, np.random.default_rng(7), missing=0.5, verified=0.3)
    first = fit_coded(model, range(600), masks, tolerance=1e-9)
    second = fit_coded(model, range(600), masks[:, ::-1].copy(), tolerance=1e-9)
    np.testing.assert_allclose(first.table["posterior"], second.table["posterior"], rtol=1e-6)
    only = fit_coded(model, range(600), masks, outcomes="complete", tolerance=1e-9)
    assert only.log_likelihood > first.log_likelihood  # fewer rows


def test_information_by_differences_agrees_with_scores(tmp_path):
    model = tabular(tmp_path)
    masks = simulate(model.priors, 20_000, np.random.default_rng(5), missing=0.2, verified=0.7)
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = Likelihood(coordinates, masks)
    target = LogPosterior(likelihood, coordinates, 1.0)
    point = maximise(target, likelihood.at(coordinates.start)).point
    exact = covariance(target, point)
    scores = np.linalg.inv(likelihood.information(point)[0] + coordinates.prior_precision(point.x))
    np.testing.assert_allclose(np.sqrt(np.diag(scores)), np.sqrt(np.diag(exact)), rtol=0.1)


@pytest.mark.slow
def test_one_statement_alone_leaves_the_others(seeds):
    masks = verified(seeds, 800, 6, "emergency", 1.0)
    fitted = fit_coded(seeds, range(800), masks, "find.fever.infection")
    assert fitted.table["statement"].tolist() == ["find.fever.infection"]
    before, after = seeds.priors.statements, fitted.model.priors.statements
    assert {a.id for a, b in zip(after, before, strict=True) if a != b} == {"find.fever.infection"}


@pytest.mark.slow
def test_the_parts_of_one_distribution_are_learnt_together(seeds):
    masks = verified(seeds, 800, 6, "emergency", 1.0)
    fitted = fit_coded(seeds, range(800), masks, "test.esr.over_100.none")
    bands = ["test.esr.from_20_to_50.none", "test.esr.from_50_to_100.none", "test.esr.over_100.none"]
    assert fitted.table["statement"].tolist() == bands
    assert fitted.table["posterior"].sum() < 1
    ages = fit_coded(seeds, range(800), masks, "mix.age.from_70.emergency").table
    assert ages["posterior"].sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.slow
def test_a_fit_of_a_fit_starts_from_it(seeds):
    masks = verified(seeds, 800, 8, "emergency", 1.0)
    first = fit_coded(seeds, range(800), masks, "base_rates", name="first")
    second = fit_coded(first.model, range(800), masks, "base_rates", name="second")
    moved = first.table.set_index("statement").query("verdict != 'unchanged'")
    again = second.table.set_index("statement").loc[moved.index]
    np.testing.assert_allclose(again["prior"], moved["posterior"], atol=((moved["high"] - moved["low"]) / 390).max())
    assert np.all(again["high"] - again["low"] < moved["high"] - moved["low"])
    statement = second.model.statement("base.infection.emergency")
    before = [step.was[0] for step in statement.informed]
    assert before == [seeds.statement(statement.id).value, first.model.statement(statement.id).value]
    assert statement.note == seeds.statement(statement.id).note
    assert [step.source for step in statement.informed] == ["first", "second"]


# ---- intervals against the exact posterior ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", [23, 4])
def test_the_interval_of_one_statement_is_that_of_its_exact_posterior(seeds, seed):
    masks = verified(seeds, 300, seed, "emergency", 1.0)
    row = fit_coded(seeds, range(300), masks, ["find.fever.none"]).table.iloc[0]
    exact = exact_intervals(seeds, masks, {"find.fever.none": (0.008, 0.15)}, 121)
    np.testing.assert_allclose([row[["low", "high"]].tolist()], exact, rtol=0.03)
    assert row["n_informing"] < 300


@pytest.mark.slow
def test_the_intervals_of_two_statements_are_those_of_their_exact_posterior(seeds):
    """Two signs of one group: against the posterior of both on a grid of 31 by 31 points."""
    masks = verified(seeds, 300, 23, "emergency", 1.0)
    names = ["find.fever.none", "find.weight_loss.none"]
    table = fit_coded(seeds, range(300), masks, names).table
    exact = exact_intervals(seeds, masks, dict(zip(names, [(0.008, 0.15), (0.03, 0.11)], strict=True)), 31)
    np.testing.assert_allclose(table[["low", "high"]], exact, rtol=0.03)
    assert table["n_informing"].max() < 300


@pytest.mark.slow
def test_no_statement_is_told_of_by_more_people_than_there_are(seeds):
    masks = verified(seeds, 200, 5, "emergency", 1.0)
    table = fit_coded(seeds, range(200), masks, "base_rates", prior_weight=0.1).table
    assert 150 < table["n_informing"].max() <= 200


def test_likelihoods_of_many_points_are_those_of_each(seeds):
    masks = verified(seeds, 50, 3, "emergency")
    coordinates = Coordinates(seeds.priors, ["find.fever.none", "risk.fracture.osteoporosis"])
    likelihood = Likelihood(coordinates, masks)
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.3, (5, coordinates.size))
    each = [likelihood.at(row).log_likelihood for row in x]
    np.testing.assert_allclose(likelihood.log_likelihoods(x), each, rtol=1e-12)
    assert likelihood.log_likelihoods(np.empty((0, 2))).shape == (0,)
