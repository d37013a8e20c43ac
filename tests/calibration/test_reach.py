"""Fits whose best values lie at the edge of what the occult shares and the other statements allow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.optimise import LogPosterior, maximise
from riskmodel.calibration.reach import values_within_reach
from riskmodel.errors import InferenceError
from riskmodel.evidence.load import with_overrides
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.network.roundtrip import round_trip
from tests.support.exact_posterior import exact_intervals
from tests.support.hidden import HIDDEN, SHARES
from tests.support.open_rates import alone, base, words, write
from tests.support.small_priors import variant
from tests.support.tabular import simulate, without_policy

FEVER = ("find.fever.none", "find.fever.infection", "occult.infection")
INFECTED, OTHERS = 200, 400


@pytest.fixture
def hidden(tmp_path) -> Model:
    return without_policy(variant(tmp_path, "tiny", HIDDEN, SHARES))


def people(model: Model, infected: int = 195, others: int = 20) -> np.ndarray:
    """200 people with an infection alone and 400 with nothing, so many of each with fever; nothing else is known."""
    rows = {variable.name: i for i, variable in enumerate(model.variables)}
    masks = np.repeat([[variable.full_mask] for variable in model.variables], INFECTED + OTHERS, axis=1).astype(
        np.uint8
    )
    masks[rows["setting"]] = 1
    for name in ("fracture", "compression"):
        masks[rows[name]] = 1
    place = np.arange(INFECTED + OTHERS)
    masks[rows["infection"]] = np.where(place < INFECTED, 2, 1)
    fever = (place < infected) | ((place >= INFECTED) & (place < INFECTED + others))
    masks[rows["fever"]] = np.where(fever, 2, 1)
    return masks


def posterior_of(model: Model, masks: np.ndarray, names: tuple[str, ...] = FEVER) -> LogPosterior:
    coordinates = Coordinates(model.priors, names)
    return LogPosterior(Likelihood(coordinates, masks), coordinates, 1.0)


def test_points_beyond_reach_are_held_alone_and_with_others_alike(hidden: Model) -> None:
    """P(fever | infection) may be .2 · .05 + .8 at most: beyond, the likelihood is that of the edge."""
    likelihood = posterior_of(hidden, people(hidden), ("find.fever.infection",)).likelihood
    x = np.log(np.array([0.5, 0.81, 0.9, 0.99]) / np.array([0.5, 0.19, 0.1, 0.01]))[:, None]
    together = likelihood.log_likelihoods(x)
    np.testing.assert_array_equal(together, [likelihood.log_likelihoods(row[None])[0] for row in x])
    np.testing.assert_allclose([point.log_likelihood for point in likelihood.at_each(x)], together, rtol=1e-14)
    np.testing.assert_allclose([likelihood.at(row).log_likelihood for row in x], together, rtol=1e-14)
    np.testing.assert_allclose(together[2:], together[1], rtol=1e-12)
    assert likelihood.changes_of_slope(x[0], x).tolist() == [False, False, True, True]
    with pytest.raises(
        InferenceError, match=r"0\.9 is beyond reach; .* at most 0\.81"
    ):  # stated by hand, it is refused
        build_network(with_overrides(hidden.priors, {"find.fever.infection": {"value": 0.9, "n": 50}}))


def test_a_statement_that_was_held_has_a_slope_again(hidden: Model) -> None:
    likelihood = posterior_of(hidden, people(hidden)).likelihood
    for value in (0.9, 0.6):  # beyond reach, and within
        x = likelihood.coordinates.start.copy()
        x[1] = np.log(value / (1 - value))
        gradient = likelihood.gradient(likelihood.at(x))
        steps = 1e-4 * np.eye(3)
        slopes = (likelihood.log_likelihoods(x + steps) - likelihood.log_likelihoods(x - steps)) / 2e-4
        np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=1e-4)
    assert gradient[1] > 10


@pytest.mark.slow
@pytest.mark.parametrize("names", [FEVER[1:2], FEVER[:2], FEVER], ids=len)
def test_the_fit_ends_at_the_edge_after_few_likelihoods(hidden: Model, monkeypatch, names) -> None:
    """195 of 200 infected people have fever, and .2 of them should look like people without."""
    posterior = posterior_of(hidden, people(hidden), names)
    evaluations = []
    expect = Likelihood._expect
    monkeypatch.setattr(Likelihood, "_expect", lambda *args: evaluations.append(1) or expect(*args))
    fitted = maximise(posterior, posterior.likelihood.at(posterior.coordinates.start))
    assert fitted.converged
    assert len(evaluations) < 150, len(evaluations)
    monkeypatch.undo()
    climbs = [
        optimize.minimize(
            lambda x: -posterior.values(x[None])[0], start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-7}
        ).fun
        for start in (fitted.point.x, posterior.coordinates.start)
    ]
    assert fitted.log_posterior == pytest.approx(-min(climbs), abs=0.01)


@pytest.mark.parametrize("infected", [195, 180, 165])
def test_the_interval_of_a_statement_at_its_edge_is_that_of_its_exact_posterior(hidden: Model, infected: int) -> None:
    """Its best value is the edge, .81, and with 165 of 200 just below it."""
    masks = people(hidden, infected)
    row = fit_coded(hidden, range(INFECTED + OTHERS), masks, FEVER[1:2]).table.iloc[0]
    assert row["held"] == (infected > 170)
    exact = exact_intervals(hidden, masks, {FEVER[1]: (0.6, 0.99)}, 241)
    np.testing.assert_allclose([row[["low", "high"]].tolist()], exact, rtol=0.003)


@pytest.mark.slow
def test_an_edge_of_one_statement_leaves_the_interval_of_another(hidden: Model) -> None:
    """How common infection is has nothing to do with how often it shows: as without the edge, and as it exactly is."""
    masks, rate = people(hidden), "base.infection.here"
    both, alone = (
        fit_coded(hidden, range(INFECTED + OTHERS), masks, names).table.set_index("statement")
        for names in ([rate, FEVER[1]], [rate])
    )
    assert both["held"].to_dict() == {rate: False, FEVER[1]: True}
    np.testing.assert_allclose(
        both.loc[rate, ["low", "high"]].astype(float), alone.loc[rate, ["low", "high"]].astype(float), rtol=0.01
    )
    exact = exact_intervals(hidden, masks, {rate: (0.2, 0.4), FEVER[1]: (0.6, 0.99)}, 61)
    np.testing.assert_allclose(both.loc[[rate, FEVER[1]], ["low", "high"]], exact, rtol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("names", [FEVER[:2], FEVER[1:]], ids=["without", "share"])
def test_intervals_of_statements_that_share_an_edge_are_near_those_of_their_exact_posterior(hidden, names) -> None:
    masks = people(hidden)
    table = fit_coded(hidden, range(INFECTED + OTHERS), masks, names).table
    spans = {FEVER[0]: (0.02, 0.12), FEVER[1]: (0.6, 0.995), FEVER[2]: (0.001, 0.4)}
    exact = exact_intervals(hidden, masks, {name: spans[name] for name in table["statement"]}, 61)
    np.testing.assert_allclose(table[["low", "high"]].astype(float), exact, rtol=0.15)


@pytest.mark.parametrize("names", [FEVER[1:2], FEVER[:2], FEVER], ids=len)
def test_what_is_held_is_written_within_reach_and_named(hidden: Model, names) -> None:
    fit = fit_coded(hidden, range(INFECTED + OTHERS), people(hidden), names)
    table = fit.table.set_index("statement")
    assert table["held"].to_dict() == {name: name == "find.fever.infection" for name in names}
    assert any("at the edge" in note and "find.fever.infection at 0." in note for note in fit.notes)
    none, stated, share = (fit.model.statement(name).value for name in FEVER)
    assert stated == pytest.approx(1 - share * (1 - none), rel=1e-4)
    assert table.loc["find.fever.infection", "posterior"] == pytest.approx(stated, rel=1e-3)
    build_network(fit.model.priors)  # nothing is beyond reach
    assert not build_network(fit.model.priors, hold=True).held


def test_what_was_not_to_be_learnt_is_brought_within_reach_and_told(hidden: Model) -> None:
    """Fever in 2 % of infections is possible where 5 % of others have it, but not where 40 % do."""
    rare = {"find.fever.infection": {"value": 0.02, "low": 0.01, "high": 0.05}}
    model = Model(with_overrides(hidden.priors, rare), None, hidden.root)  # type: ignore[arg-type]
    fit = fit_coded(model, range(INFECTED + OTHERS), people(model, infected=10, others=160), ["find.fever.none"])
    none, brought = (fit.model.statement(name) for name in FEVER[:2])
    assert none.value > 0.3
    assert brought.value == pytest.approx(0.2 * none.value, rel=1e-5)
    assert brought.low <= 0.02 < brought.value <= brought.high
    row = fit.table.set_index("statement").loc["find.fever.infection"]
    assert row["held"]
    assert (row["prior"], row["posterior"], row["n_informing"]) == (0.02, brought.value, 0)
    assert any(
        note.startswith("not to be learnt") and "find.fever.infection from 0.02 to" in note for note in fit.notes
    )
    build_network(fit.model.priors)


def test_several_states_are_brought_within_reach_together(hidden: Model) -> None:
    beyond = {"find.weakness.fracture.stable": 0.6, "find.weakness.fracture.progressive": 0.3}
    priors = with_overrides(hidden.priors, {name: {"value": value, "n": 50} for name, value in beyond.items()})
    values = values_within_reach(priors)
    assert values.keys() == beyond.keys()
    assert sum(values.values()) == pytest.approx(1 - 0.3 * (1 - 0.03 - 0.004), rel=1e-5)
    assert values["find.weakness.fracture.stable"] / values["find.weakness.fracture.progressive"] == pytest.approx(
        (0.6 - 0.3 * 0.03) / (0.3 - 0.3 * 0.004), rel=0.05
    )
    build_network(with_overrides(priors, {name: {"value": value} for name, value in values.items()}))
    assert values_within_reach(hidden.priors) == {}


@pytest.mark.slow
def test_a_study_share_at_its_edge_is_held_and_can_be_written(tmp_path) -> None:
    """A quarter of the disease is said to be occult; in the cohort nearly all who have it show the sign."""
    rates, more = base(np.random.default_rng(3))
    rates |= alone(np.random.default_rng(3))
    rates |= {("plain=present", "none"): 0.1, ("a_manifest=occult", "a=present"): 0.02}
    share = ("plain=present", "a=present; setting=there")
    del rates["plain=present", "a=present alone"]
    truth = write(tmp_path / "truth", {**rates, share: 0.97}, more)
    masks = simulate(truth, 3000, np.random.default_rng(1))
    rows = [variable.name for variable in truth.case_variables]
    assert (masks[rows.index("setting")] != 3).all()
    believed = write(tmp_path / "believed", {**rates, ("a_manifest=occult", "a=present"): 0.25, share: 0.7}, more)
    model = Model(believed, None, tmp_path / "believed")  # type: ignore[arg-type]
    fitted = fit_coded(model, range(3000), masks, learn=[words(*share), "plain.present.none"])
    assert f"{words(*share)} at 0.7" in str(fitted)
    edge = fitted.model.statement(words(*share)).value
    readings = {r.statement: r for r in round_trip(fitted.model.priors, build_network(fitted.model.priors))}
    assert readings[words(*share)].worst < 1e-9
    with pytest.raises(InferenceError, match=r"is beyond reach; .* a share of 0\.25 of a is occult"):
        build_network(with_overrides(fitted.model.priors, {words(*share): {"value": edge + 0.001}}))
