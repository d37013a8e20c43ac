"""Several cut-offs of one test."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import riskmodel as rm
from riskmodel.errors import StudiesError
from riskmodel.model import Model
from riskmodel.synthesis.designs import CutOffs
from riskmodel.synthesis.maximum_likelihood import most_likely
from riskmodel.synthesis.next_setting import drawn_effects, root_of
from riskmodel.synthesis.quadrature import log_likelihood
from tests.support.published_cutoffs import HBA1C, of_studies

EDGES = (20.0, 50.0, 100.0)


def table(cutoffs=("20 mm/h", "50 mm/h"), of="esr=any", given="infection=present alone", **counts):
    """Two studies, the first with each cut-off, the second with the first."""
    rows = [("Smith 2024", cutoffs[0], 34, 60, 6, 140), ("Smith 2024", cutoffs[1], 22, 20, 18, 180),
            ("Jones 2020", cutoffs[0], 18, 33, 1, 66), ("Green 2021", cutoffs[1], 25, 12, 12, 151)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["study", "cutoff", "tp", "fp", "fn", "tn"])
    frame["source"] = frame["study"].str.lower().str.replace(" ", "_")
    return frame.assign(locator="table 2", of=of, given=given, read="full_text", **counts)


@pytest.mark.slow
def test_hba1c_as_published():
    """R's dtametaTMB 0.1.0, fitHoyer with a log-logistic distribution, its vignette: 38 studies, 124 cut-offs."""
    design = CutOffs.of(of_studies(HBA1C))
    fit = most_likely(design.events, design.totals, points=1, design=design)
    scale = design.width / np.exp(fit.coordinates)  # of the logistic distributions
    assert np.allclose(fit.mean * scale + design.centre, [1.825337107, 1.705691148], atol=5e-5)
    assert np.allclose(scale, [0.056398479, 0.039502004], atol=5e-6)
    spread = np.sqrt(np.diagonal(fit.covariance))
    assert np.allclose(spread * scale, [0.088320631, 0.058648679], atol=5e-6)
    assert fit.covariance[0, 1] / spread.prod() == pytest.approx(0.863032573, abs=5e-6)
    assert -2 * (fit.log_likelihood - design.coefficient) == pytest.approx(209322, abs=0.5)
    at = fit.mean + design.logits_move(fit.coordinates[None], 6.5)[0]
    assert np.allclose(expit(at), [0.30494258, 1 - 0.98530044], atol=5e-5)


def test_the_cells_are_the_multinomial_likelihood():
    """Without spread, against the logistic distribution's own shares between the cut-offs."""
    cutoffs, positives, people = (
        np.array([20.0, 50, 100]),
        np.array([[30.0, 40], [18, 9], [4, 1]]),
        np.array([33.0, 90]),
    )
    other = (np.array([35.0]), np.array([[7.0, 3]]), np.array([12.0, 50]))
    design = CutOffs.of([other, (cutoffs, positives, people)])
    mean, coordinates = np.array([0.4, -1.2]), np.array([[0.3, -0.2]])
    value = log_likelihood(
        design.events, design.totals, mean[None], np.zeros((1, 2, 2)), 3, design.offsets(coordinates)
    ) + design.log_constant(coordinates)
    exact = 0.0
    for edges, counts, number in (other, (cutoffs, positives, people)):
        for i in range(2):
            above = expit(mean[i] - np.exp(coordinates[0, i]) * (np.log(edges) - design.centre) / design.width)
            shares = -np.diff([1.0, *above, 0.0])
            parts = -np.diff([number[i], *counts[:, i], 0.0])
            exact += stats.multinomial.logpmf(parts, number[i], shares)
    assert value[0] == pytest.approx(exact, abs=1e-9)


@pytest.mark.slow
def test_known_parameters_are_met_again():
    """Of 60 simulated studies with 1 to 4 cut-offs: two distributions and the spread of both."""
    rng = np.random.default_rng(2)
    mean, slope, spread, correlation = (
        np.array([1.0, -1.5]),
        np.array([1.6, 2.2]),
        np.array([[0.5, 0.7]]),
        np.array([0.4]),
    )
    studies = []
    for _ in range(60):
        effects = mean + root_of(spread, correlation)[0] @ rng.standard_normal(2)
        cutoffs = np.sort(rng.choice([10.0, 20, 30, 50, 80, 100], rng.integers(1, 5), replace=False))
        people, counts = rng.integers(60, 300, 2), []
        for i in range(2):
            above = expit(effects[i] - slope[i] * np.log(cutoffs / 40))
            parts = rng.multinomial(people[i], -np.diff([1.0, *above, 0.0]))
            counts.append(np.cumsum(parts[:0:-1])[::-1])
        studies.append((cutoffs, np.stack(counts, axis=1).astype(float), people.astype(float)))
    design = CutOffs.of(studies)
    fit = most_likely(design.events, design.totals, points=7, design=design)
    assert np.allclose(np.exp(fit.coordinates) / design.width, slope, rtol=0.06)
    at_40 = fit.mean + design.logits_move(fit.coordinates[None], 40.0)[0]
    assert np.allclose(at_40, mean, atol=0.2)
    assert np.allclose(np.sqrt(np.diagonal(fit.covariance)), spread[0], atol=0.15)


def test_sensitivity_falls_as_the_cutoff_rises():
    design = CutOffs.of([(np.array([20.0, 50]), np.array([[5.0, 3], [5, 3]]), np.array([6.0, 40]))])
    effects = drawn_effects(design.events, design.totals, draws=500, design=design)
    moves = [design.logits_move(effects.coordinates, cutoff) for cutoff in EDGES]
    assert (moves[0] > moves[1]).all()
    assert (moves[1] > moves[2]).all()


@pytest.mark.slow
def test_each_band_has_a_statement_and_they_sum_to_one(seeds: Model):
    synthesis = rm.synthesise(table(), seeds)
    model = seeds.with_statements(
        synthesis.stated.statements, synthesis.stated.sources, synthesis.stated.drawn_together
    )
    chosen = [s for s in synthesis.stated.statements if "drives" not in s]
    assert [s["of"] for s in chosen[::2]] == ["esr=from_20_to_50", "esr=from_50_to_100", "esr=over_100"]
    for group, falls in ((chosen[::2], (0.88, 0.61)), (chosen[1::2], (0.32, 0.09))):
        values = [s["value"] for s in group]
        assert sum(values) < 1
        assert values[1] + values[2] == pytest.approx(falls[1], abs=0.06)
        assert sum(values) == pytest.approx(falls[0], abs=0.06)
        assert all(0 < s["low"] < s["value"] < s["high"] < 1 for s in group)
        assert all("3 studies at 2 cut-offs" in s["note"] for s in group)
    assert {s["id"] for s in chosen} <= set(model.priors.selected)
    assert len(synthesis.stated.drawn_together) == 3
    drawn = synthesis.cutoffs["esr=any", "infection=present alone"]
    assert drawn.effects.studies == 3
    bands = drawn.bands(EDGES)
    assert (bands > 0).all()
    assert (bands.sum(axis=1) < 1).all()
    assert drawn.at(20).average()[0, 0] > drawn.at(50).average()[0, 0]
    model.uncertain(32, 1)


def test_the_middle_of_a_band_is_where_its_edges_are():
    effects = rm.synthesise(table(), rm.load(), draws=2000).cutoffs["esr=any", "infection=present alone"]
    intervals = effects.band_intervals(EDGES, next_setting=False)
    above = [effects.at(edge).average()[:, 0] for edge in EDGES]
    assert np.allclose(intervals[2, :, 0], above[2], atol=1e-9)
    assert np.allclose(intervals[0, :, 0], above[0] - above[1], atol=1e-9)
    following = effects.band_intervals(EDGES)[2]
    assert (following[:, 2] - following[:, 1] > intervals[2, :, 2] - intervals[2, :, 1]).all()  # it is less sure


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table(of="esr=over_100"), r"cut-offs 20 mm/h, 50 mm/h for esr=over_100; one cut-off, or esr=any"),
        (table(of="fever=present"), "several need a model, and a test whose states are bands of a number"),
        (table(cutoffs=("20 mm/h", "50 mg/L")), "received '50 mg/L'; allowed: cut-offs in mm/h"),
        (table(cutoffs=("20 mm/h", "<50")), "received '<50'; a number above 0 in each row"),
        (table(cutoffs=("50", "20")), "Smith 2024: more people from 50 on than from 20 on"),
        (table(tn=[140, 181, 66, 151]), "Smith 2024: other people at other cut-offs"),
    ],
)
def test_what_cannot_be_taken_together_is_refused(seeds: Model, frame, message):
    with pytest.raises(StudiesError, match=message):
        rm.synthesise(frame, seeds)


def test_one_number_in_other_words_is_one_cutoff(seeds: Model):
    frame = table(cutoffs=("20 mm/h", ">= 20"), of="esr=any").drop(index=1)
    assert not rm.synthesise(frame, seeds).cutoffs


def test_a_share_has_cutoffs_too(seeds: Model):
    frame = (
        table().assign(events=lambda f: f["tp"], n=lambda f: f["tp"] + f["fn"]).drop(columns=["tp", "fp", "fn", "tn"])
    )
    synthesis = rm.synthesise(frame, seeds)
    assert [s["of"] for s in synthesis.stated.statements] == ["esr=from_20_to_50", "esr=from_50_to_100", "esr=over_100"]
    assert synthesis.stated.drawn_together == ()


def test_the_middle_is_the_one_of_a_single_cutoff():
    """A single cut-off's draws, and those of the model for several where a second one adds nothing new."""
    design = CutOffs.of([
        (np.array([20.0, 20.001]), np.array([[x, y], [x, y]]), np.array([40.0, 200]))
        for x, y in ((20.0, 30.0), (31, 60), (25, 22))
    ])  # fmt: skip
    several = drawn_effects(design.events, design.totals, design=design)
    events = np.array([[20.0, 30], [31, 60], [25, 22]])
    single = drawn_effects(events, np.tile([40.0, 200], (3, 1)))
    at = several.mean + design.logits_move(several.coordinates, 20.0005)
    assert np.allclose(np.median(at, axis=0), np.median(single.mean, axis=0), atol=0.35)
