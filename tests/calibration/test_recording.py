"""Calibration where a recording profile says what a blank means."""

from __future__ import annotations

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.calibration.fit import fit_coded
from riskmodel.calibration.likelihood.coordinates import Coordinates
from riskmodel.calibration.likelihood.likelihood import Likelihood
from riskmodel.calibration.likelihood.verified import VerifiedLikelihood
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.load import load_priors, with_recording
from riskmodel.evidence.recording import heard, use_profile
from riskmodel.inference.compile import compile_scorer
from riskmodel.network.build import build_network
from tests.support.records import RATES, noted, rate_id, records
from tests.support.tabular import TRUTH


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return noted(tmp_path_factory.mktemp("notes"))


def mixed(model, count: int, seed: int) -> np.ndarray:
    """Records in which some cells say outright that they are not assessed."""
    rng = np.random.default_rng(seed)
    masks = records(model, count, rng, verified=0.5)
    for row, variable in enumerate(model.variables):
        if variable.role in ("finding", "risk_factor"):
            masks[row, rng.random(count) < 0.1] = variable.full_mask
    return masks


def test_the_likelihood_is_the_scorers_at_any_point(model):
    masks = mixed(model, 200, 1)
    assert (masks == 0).any()
    coordinates = Coordinates(model.priors, model.priors.selected)
    x = coordinates.start + np.random.default_rng(0).normal(0, 0.3, coordinates.size)
    scorer = compile_scorer(build_network(model.priors, coordinates.values(x[None])), model.variables)
    expected = np.log(scorer.posterior(masks).evidence).sum()
    likelihood = Likelihood(coordinates, masks)
    assert likelihood.at(x).log_likelihood == pytest.approx(expected, rel=1e-12)
    assert likelihood.log_likelihoods(np.stack([coordinates.start, x]))[1] == pytest.approx(expected, rel=1e-12)


def test_the_gradient_is_the_slope_also_of_recording_rates(model):
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = Likelihood(coordinates, mixed(model, 300, 2))
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.2, coordinates.size)
    gradient = likelihood.gradient(likelihood.at(x))
    for i, step in enumerate(np.eye(coordinates.size) * 1e-4):
        up, down = likelihood.log_likelihoods(x + np.stack([step, -step]))
        assert (up - down) / 2e-4 == pytest.approx(gradient[i], rel=1e-5, abs=1e-4)
    learnt = [coordinates.statements[column].quantity for column in coordinates.columns]
    assert learnt.count("recorded") == 4
    assert np.all(np.abs(gradient[-4:]) > 0.01)


def test_the_information_is_that_of_the_slopes(model):
    """Row scores add up to the gradient."""
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = Likelihood(coordinates, mixed(model, 300, 2))
    point = likelihood.at(coordinates.start)
    parts = zip(likelihood.strata, point.tables, likelihood.slopes.at(point.x), strict=True)
    total = sum(
        (scores.T @ stratum.weights[piece])
        for stratum, tables, slopes in parts
        for piece, scores in likelihood._scores(stratum, tables, slopes)
    )
    np.testing.assert_allclose(total, likelihood.gradient(point), rtol=1e-8, atol=1e-8)


def estimates(fitted) -> dict[str, tuple[float, float, float]]:
    rows = fitted.table.set_index("statement")[["posterior", "low", "high"]]
    return {str(name): tuple(row) for name, row in zip(rows.index, rows.to_numpy(), strict=True)}


@pytest.mark.slow
def test_the_profile_gives_the_truth_back_where_only_positives_are_written_down(tmp_path):
    """Without the profile everybody seems to have much pain: the 'no' of the others is never written down."""
    rates = RATES | {"findings=absent": 0.01, "risk_factors=absent": 0.01}
    model = noted(tmp_path, rates)
    plain = rm.Model(use_profile(model.priors, "ignorable"), None, model.root)
    held, far, count = 0, 0, 0
    asked = [f"s{i}" for i, (of, _) in enumerate(TRUTH) if not of.startswith("scan")]
    for seed in range(6):
        masks = records(model, 2000, np.random.default_rng(seed), verified=0.5)
        under = estimates(fit_coded(model, range(2000), masks, asked))
        without = estimates(fit_coded(plain, range(2000), heard(model.variables, masks), asked))
        for name in asked:
            truth = TRUTH[list(TRUTH)[int(name[1:])]]
            held += under[name][1] <= truth <= under[name][2]
            far += not without[name][1] <= truth <= without[name][2]
            count += 1
    assert held >= 0.93 * count
    assert far > 0.3 * count


@pytest.mark.slow
def test_recording_rates_are_learnt_where_both_states_are_written_down(tmp_path):
    truth = RATES | {"findings=present": 0.7, "findings=absent": 0.35, "risk_factors=absent": 0.5}
    masks = records(noted(tmp_path / "truth", truth), 6000, np.random.default_rng(3))
    model = noted(tmp_path / "stated")
    fitted = fit_coded(model, range(6000), masks, "recording,findings,risk_factors,base_rates")
    learnt = estimates(fitted)
    for of, rate in truth.items():
        value, low, high = learnt[rate_id(of)]
        assert abs(value - rate) < 3 * (high - low) / 3.92, (of, value, low, high)  # four intervals of 95 %, one cohort
    written = fitted.write(tmp_path / "fitted.toml")
    again = with_recording(load_priors(written, model.root), "notes")
    assert again.statements == fitted.model.priors.statements
    assert again.statement(rate_id("findings=absent")).value == pytest.approx(0.35, abs=0.05)
    assert "blanks read by the recording profile notes" in written.read_text()
    assert any("read by the recording profile notes" in note for note in fitted.notes)


def test_all_leaves_recording_rates_alone(model):
    masks = mixed(model, 300, 4)
    fitted = fit_coded(model, range(300), masks, "all")
    assert not fitted.table["statement"].str.startswith("notes.").any()
    assert fitted.model.priors.recording == "notes"


def test_rates_of_positives_alone_are_refused_with_the_reason(tmp_path):
    model = noted(tmp_path, RATES | {"findings=absent": 0.001, "risk_factors=absent": 0.001})
    masks = records(model, 400, np.random.default_rng(1))
    reason = "how often that happens and how common it is cannot be told apart"
    with pytest.raises(CasesError, match=reason):
        fit_coded(model, range(400), masks, "recording")
    with pytest.raises(CasesError, match=r"nothing can be learnt of notes\.findings\.present: .*this rate speaks"):
        fit_coded(model, range(400), masks, ["notes.findings.present", "s0"])
    some_risk = noted(tmp_path / "other", RATES | {"findings=absent": 0.001})
    masks = records(some_risk, 400, np.random.default_rng(1))
    fitted = fit_coded(some_risk, range(400), masks, "recording")
    assert sorted(fitted.table["statement"]) == [rate_id("risk_factors=absent"), rate_id("risk_factors=present")]
    assert any("notes.findings.present, notes.findings.absent" in note for note in fitted.notes)


def test_rates_need_outcomes_and_a_profile(model):
    masks = records(model, 400, np.random.default_rng(1))
    few = masks.copy()
    for row, variable in enumerate(model.variables):
        if variable.role == "condition":
            few[row, 15:] = variable.full_mask
    with pytest.raises(CasesError, match="present in 20 people and absent in 20"):
        fit_coded(model, range(400), few, "recording")
    plain = rm.Model(use_profile(model.priors, "ignorable"), None, model.root)
    with pytest.raises(UsageError, match=r"'recording' needs a recording profile .* notes"):
        fit_coded(plain, range(400), heard(model.variables, masks), "recording")


def test_a_cohort_of_positives_alone_is_warned_of(tmp_path):
    model = noted(tmp_path, RATES | {"findings=absent": 0.001, "risk_factors=absent": 0.001})
    masks = records(model, 400, np.random.default_rng(1))
    plain = rm.Model(use_profile(model.priors, "ignorable"), None, model.root)
    fitted = fit_coded(plain, range(400), heard(model.variables, masks), ["s0"])
    assert any("hardly anything but what is present was written down" in note for note in fitted.notes)
    assert not any("hardly anything" in note for note in fit_coded(model, range(400), masks, ["s0"]).notes)


def test_rates_of_a_profile_of_its_own_file_are_not_learnt(model, tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(
        'title = "Ours"\nextends = "notes"\n[[statement]]\nid = "ours.pain"\nquantity = "recorded"\n'
        'of = "pain=none"\ngiven = "ours"\nvalue = 0.4\nbasis = "assumption"\nsource = "assumption"\nread = "no"\n'
    )
    own = rm.Model(with_recording(model.priors, path), None, model.root)
    masks = records(own, 400, np.random.default_rng(1))
    with pytest.raises(UsageError, match="the rates of the profile ours stand in a file"):
        fit_coded(own, range(400), masks, ["ours.pain"])
    fitted = fit_coded(own, range(400), masks, ["s0"])
    assert load_priors(fitted.write(tmp_path / "fitted.toml"), own.root).statement("s0").informed


def test_blanks_with_a_meaning_and_verification_by_disease_go_together(model):
    coordinates = Coordinates(model.priors, model.priors.selected)
    likelihood = VerifiedLikelihood(coordinates, mixed(model, 300, 2), ["first", "second"], np.log(3.0))
    x = coordinates.start + np.random.default_rng(1).normal(0, 0.2, coordinates.size)
    gradient = likelihood.gradient(likelihood.at(x))
    direction = np.random.default_rng(2).normal(0, 1, (4, coordinates.size))
    for d in direction:
        up, down = likelihood.log_likelihoods(x + 1e-4 * np.stack([d, -d]))
        assert (up - down) / 2e-4 == pytest.approx(gradient @ d, rel=1e-4, abs=1e-3)
