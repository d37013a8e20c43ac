"""Who was verified where disease itself may have decided: against brute force, closed forms, and known truths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, special

from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.likelihood.verification import RIDGE
from riskmodel.calibration.likelihood.verified import VerifiedLikelihood
from riskmodel.calibration.optimise import LogPosterior, maximise
from riskmodel.calibration.outcome_weights import recorded_states
from riskmodel.calibration.verified_odds import VerifiedOddsRatio, verified_odds_ratio
from riskmodel.errors import UsageError
from riskmodel.network.build import build_network
from tests.support.engines import full_joint, weights_of
from tests.support.tabular import TRUTH, simulate, tabular

SECOND = "s3"  # P(second=yes | first=no)


def looked_for(model, masks: np.ndarray, seed: int, odds_ratio: float) -> np.ndarray:
    """Outcomes blanked where a chance that rises with the findings, and with disease, did not have them looked for."""
    rows = {v.name: i for i, v in enumerate(model.variables)}
    masks = masks.copy()
    ill = (masks[rows["first"]] == 2) | (masks[rows["second"]] == 2)
    wanted = -1.5 + 1.2 * (masks[rows["pain"]] == 4) + 1.0 * (masks[rows["scan"]] == 2) + np.log(odds_ratio) * ill
    hidden = np.random.default_rng(seed).random(masks.shape[1]) >= special.expit(wanted)
    for name in ("first", "second"):
        masks[rows[name], hidden] = 3
    return masks


def test_the_likelihood_is_that_of_brute_force(tmp_path):
    """All joint states one by one, and the coefficients of who was verified by an optimiser that shares no code."""
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 60, np.random.default_rng(5), missing=0.2), 6, 4.0)
    rows = {v.name: i for i, v in enumerate(model.variables)}
    masks[rows["second"], :7] = 3  # of some people one outcome alone
    coordinates = Coordinates(model.priors, model.priors.selected)
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.2, coordinates.size)
    likelihood = VerifiedLikelihood(coordinates, masks, ["first", "second"], np.log(4.0))

    network = build_network(model.priors, coordinates.values(np.stack([coordinates.start, x]))).one_draw(1)
    by_disease = full_joint(network, weights_of(model.priors.case_variables, masks, {}))  # (people, first, second)
    well, ill = by_disease[:, 0, 0], by_disease.sum(axis=(1, 2)) - by_disease[:, 0, 0]
    verified = (masks[rows["first"]] != 3) | (masks[rows["second"]] != 3)
    design, _ = recorded_states(model.variables, masks)
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 1e-6

    def minus(beta: np.ndarray) -> float:
        recorded = design @ beta
        chance = special.expit(np.stack([recorded, recorded + np.log(4.0)]))
        happened = np.where(verified, chance, 1 - chance)
        return -np.log(well * happened[0] + ill * happened[1]).sum() + 0.5 * float(penalty @ beta**2)

    best = optimize.minimize(minus, np.zeros(design.shape[1]), method="BFGS", options={"gtol": 1e-8})
    assert likelihood.at(x).log_likelihood == pytest.approx(-best.fun, abs=1e-8)
    assert likelihood.log_likelihoods(np.stack([coordinates.start, x]))[1] == pytest.approx(-best.fun, abs=1e-8)


def test_the_gradient_is_the_slope_of_the_profile(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 300, np.random.default_rng(5), missing=0.2), 6, 4.0)
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = VerifiedLikelihood(coordinates, masks, ["first", "second"], np.log(4.0))
    gradient = likelihood.gradient(likelihood.at(coordinates.start))
    for i, step in enumerate(np.eye(coordinates.size) * 1e-3):
        up, down = likelihood.log_likelihoods(coordinates.start + np.stack([step, -step]))
        assert (up - down) / 2e-3 == pytest.approx(gradient[i], rel=1e-4, abs=1e-4)


def test_an_odds_ratio_of_one_is_no_other_fit_to_the_last_digit(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 800, np.random.default_rng(2)), 3, 7.0)
    plain = fit_coded(model, range(800), masks)
    stated = fit_coded(model, range(800), masks, verified_odds_ratio=1)
    assert stated.table.equals(plain.table)
    assert (stated.log_posterior, stated.notes) == (plain.log_posterior, plain.notes)
    coordinates = Coordinates(model.priors, model.priors.selected)
    modes = []
    for likelihood in (Likelihood(coordinates, masks), VerifiedLikelihood(coordinates, masks, ["first", "second"], 0)):
        start = likelihood.at(coordinates.start)
        modes.append(maximise(LogPosterior(likelihood, coordinates, 1.0), start, 1e-11).point.x)
    np.testing.assert_allclose(modes[0], modes[1], atol=1e-5)  # what says nothing has nothing to tell in general too


@pytest.mark.slow
def test_disease_that_decided_is_allowed_for(tmp_path):
    """Odds ratio 7: the fit that does not know it has the disease too common; the others hold the truth."""
    model = tabular(tmp_path)
    ratios: dict[str, list[float]] = {"plain": [], "fixed": [], "learnt": [], "held": []}
    held = dict.fromkeys(ratios, 0)
    truth = TRUTH["second=yes", "first=no"]
    ways = {
        "plain": {},
        "fixed": {"verified_odds_ratio": 7},
        "learnt": {"verified_odds_ratio": (2, 0.4, 10)},
        "held": {"verified_odds_ratio": (7, 3, 16), "hold_verified_odds_ratio": True},
    }
    for seed in range(12):
        masks = looked_for(model, simulate(model.priors, 3000, np.random.default_rng(seed)), 100 + seed, 7.0)
        for name, how in ways.items():
            row = fit_coded(model, range(3000), masks, [SECOND, "s1", "s2"], prior_weight=0.1, **how)
            row_there = row.table.set_index("statement").loc[SECOND]
            ratios[name].append(row_there["posterior"] / truth)
            held[name] += row_there["low"] <= truth <= row_there["high"]
    means = {name: float(np.exp(np.mean(np.log(values)))) for name, values in ratios.items()}
    assert means["plain"] > 1.2
    assert held["plain"] <= 4
    for name in ("fixed", "learnt", "held"):
        assert 0.95 < means[name] < 1.05, (name, means)
        assert held[name] >= 11, (name, held)


def test_what_is_not_known_of_the_odds_ratio_widens_the_interval(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 800, np.random.default_rng(2)), 3, 2.0)
    widths = []
    for odds_ratio in (2, (2, 1.4, 2.8), (2, 0.5, 8)):
        fitted = fit_coded(
            model, range(800), masks, [SECOND], verified_odds_ratio=odds_ratio, hold_verified_odds_ratio=True
        )
        row = fitted.table.iloc[0]
        assert row["low"] < row["posterior"] < row["high"]
        widths.append(row["high"] - row["low"])
    assert widths[0] < widths[1] < 0.9 * widths[2]
    narrow = fit_coded(model, range(800), masks, [SECOND], verified_odds_ratio=(2, 1.999, 2.001))
    fixed = fit_coded(model, range(800), masks, [SECOND], verified_odds_ratio=2)
    columns = ["posterior", "low", "high"]
    np.testing.assert_allclose(narrow.table[columns], fixed.table[columns], rtol=2e-3)


def test_the_tipping_table_is_of_fits_at_each_odds_ratio(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 800, np.random.default_rng(2)), 3, 7.0)
    fitted = fit_coded(model, range(800), masks, [SECOND, "s1"], tipping=True)
    table = fitted.verification.table.set_index(["odds_ratio", "statement"])
    assert fitted.table.equals(fit_coded(model, range(800), masks, [SECOND, "s1"]).table)
    for odds_ratio in (0.2, 1.0, 5.0):
        alone = fit_coded(model, range(800), masks, [SECOND, "s1"], verified_odds_ratio=odds_ratio)
        for _, row in alone.table.iterrows():
            row_there = table.loc[(odds_ratio, row["statement"])]
            columns = ["posterior", "low", "high"]
            np.testing.assert_allclose(row_there[columns].astype(float), row[columns].astype(float), rtol=0.02)
    estimates = table.xs(SECOND, level="statement")["posterior"].to_numpy()
    assert all(later < earlier for earlier, later in itertools.pairwise(estimates))
    assert "odds ratio" in str(fitted)


def test_the_fitted_set_tells_what_was_stated(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 400, np.random.default_rng(2)), 3, 7.0)
    fitted = fit_coded(model, range(400), masks, [SECOND], verified_odds_ratio="7,3,16")
    assert any("7 (3 to 16) times as high" in note for note in fitted.notes)
    text = fitted.write(tmp_path / "mine.toml").read_text()
    assert "odds ratio of verification 7 (3 to 16), learnt" in text
    assert fitted.verification.after.low > 0


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("seven", "'seven' is no odds ratio"),
        ((1, 2), "is no odds ratio"),
        (0, "0 is no odds ratio"),
        (float("nan"), "nan is no odds ratio"),
        (-2, "-2 is no odds ratio"),
        ((1, 2, 8), "median 1 lies outside its interval 2 to 8"),
        ((1, 1, 8), "median 1 is an end of its interval 1 to 8; give a median between the ends"),
        (None, None),
    ],
)
def test_odds_ratios_that_cannot_be_are_refused(stated, message):
    if message is None:
        assert verified_odds_ratio(stated) is None
    else:
        with pytest.raises(UsageError, match=message):
            verified_odds_ratio(stated)


def test_an_odds_ratio_needs_the_people_without_an_outcome(tmp_path):
    model = tabular(tmp_path)
    masks = looked_for(model, simulate(model.priors, 200, np.random.default_rng(2)), 3, 7.0)
    with pytest.raises(UsageError, match="needs outcomes 'ignorable'"):
        fit_coded(model, range(200), masks, outcomes="complete", verified_odds_ratio=7)
    with pytest.raises(UsageError, match="no verified_odds_ratio is stated that could be held"):
        fit_coded(model, range(200), masks, hold_verified_odds_ratio=True)
    whole = simulate(model.priors, 200, np.random.default_rng(2))
    assert fit_coded(model, range(200), whole, verified_odds_ratio=7).verification is None


def test_the_stated_interval_is_that_of_the_distribution():
    stated = VerifiedOddsRatio(2.0, 0.5, 16.0)
    ends = np.exp(stated.log_odds(np.array([-1.959963984540054, 0.0, 1.959963984540054])))
    np.testing.assert_allclose(ends, [0.5, 2.0, 16.0])
