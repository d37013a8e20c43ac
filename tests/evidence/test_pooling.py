"""Several statements on one quantity, pooled by a set."""

import math
from dataclasses import replace

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.errors import PriorsError
from riskmodel.evidence.distributions import interval_sd
from riskmodel.evidence.pooling import pooled_statement
from riskmodel.evidence.random_effects import OF_COUNTS, prediction_interval, random_effects
from riskmodel.evidence.scale import Z95
from riskmodel.network.roundtrip import round_trip
from riskmodel.synthesis.next_setting import drawn_effects
from tests.support.published_studies import BCG

POOL = """
extends = "seeds"

[pool."find.fever.infection"]
of = ["find.fever.infection", "find.fever.infection.study"]
"""
NARROW = {"value": 0.55, "low": 0.35, "high": 0.7}  # so narrow that the two studies differ by more than chance


@pytest.fixture
def pooled(tmp_path):
    numbers = "".join(f"{key} = {number}\n" for key, number in NARROW.items())
    return load(tmp_path, f'{POOL}\n[override."find.fever.infection.study"]\n{numbers}')


def narrowed():
    return rm.load().with_statement("find.fever.infection.study", **NARROW)


def load(folder, text):
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return rm.load(path)


def test_the_pooled_number_is_the_random_effects_mean(pooled):
    """Paule and Mandel's estimate, by its own equation: the weighted sum of squares equals k - 1."""
    seeds = narrowed()
    first, second = (seeds.statement(name) for name in ("find.fever.infection", "find.fever.infection.study"))
    logit = [math.log(s.value / (1 - s.value)) for s in (first, second)]
    size = seeds.priors.prior_set.default_n["seed"]
    sd = (math.log(second.high / (1 - second.high)) - math.log(second.low / (1 - second.low))) / (2 * Z95)
    variance = np.array([1 / (size * first.value * (1 - first.value)), sd**2])
    tau2 = pooled.priors.pooled["find.fever.infection"].tau2
    weight = 1 / (variance + tau2)
    mean = np.average(logit, weights=weight)
    assert (weight * (logit - mean) ** 2).sum() == pytest.approx(1, abs=1e-4)
    found = pooled.statement("find.fever.infection")
    assert found.value == pytest.approx(1 / (1 + math.exp(-mean)), rel=1e-6)
    pool = pooled.priors.pooled["find.fever.infection"]
    spread = max(1.0, (weight * (np.array(logit) - mean) ** 2).sum()) / weight.sum()  # Hartung and Knapp
    reach = 12.706204736 * math.sqrt(spread)  # of Student's t with one degree of freedom
    assert pool.mean_low == pytest.approx(1 / (1 + math.exp(reach - mean)), rel=1e-3)
    assert pool.mean_high == pytest.approx(1 / (1 + math.exp(-reach - mean)), rel=1e-3)


def test_the_statement_takes_the_prediction_interval(pooled):
    """Against draws: tau from its posterior, then the mean, then a new population."""
    pool = pooled.priors.pooled["find.fever.infection"]
    seeds = narrowed()
    effects, variances = effects_of(seeds, pool.of)
    low, high = prediction_interval(effects, variances)
    found = pooled.statement("find.fever.infection")
    assert (found.low, found.high) == pytest.approx(tuple(1 / (1 + np.exp([-low, -high]))), rel=1e-6)
    rng = np.random.default_rng(1)
    tau = np.abs(rng.normal(size=400_000))
    weight = 1 / (variances + tau[:, None] ** 2)
    mean = weight @ effects / weight.sum(axis=1)
    squares = (weight * (effects - mean[:, None]) ** 2).sum(axis=1)
    likelihood = np.sqrt(weight.prod(axis=1) / weight.sum(axis=1)) * np.exp(-squares / 2)
    kept = rng.choice(len(tau), 400_000, p=likelihood / likelihood.sum())
    new = rng.normal(mean[kept], np.sqrt(tau[kept] ** 2 + 1 / weight[kept].sum(axis=1)))
    assert np.quantile(new, [0.025, 0.975]) == pytest.approx([low, high], abs=0.02)


@pytest.mark.parametrize("studies", [2, 3, 5, 10])
@pytest.mark.parametrize("tau2", [0.0, 0.3])
def test_the_interval_holds_the_next_population(studies, tau2):
    """The interval of the mean, once used here, held it in 49 to 69 % of the meta-analyses at tau² = .3."""
    rng = np.random.default_rng(studies)
    held = []
    for _ in range(300):
        variances = rng.uniform(0.02, 0.15, studies)
        effects = rng.normal(0, math.sqrt(tau2), studies) + rng.normal(0, np.sqrt(variances))
        low, high = prediction_interval(effects, variances)
        held.append(low < rng.normal(0, math.sqrt(tau2)) < high)
    assert np.mean(held) > 0.93 - 2 * math.sqrt(0.05 * 0.95 / 300)


def effects_of(model, names):
    """Log-odds and their variances of some statements."""
    size = model.priors.prior_set.default_n
    effects, variances = [], []
    for statement in map(model.statement, names):
        effects.append(math.log(statement.value / (1 - statement.value)))
        n = statement.n or size[statement.basis]
        bare = statement.low is None
        variances.append(1 / (n * statement.value * (1 - statement.value)) if bare else interval_sd(statement) ** 2)
    return np.array(effects), np.array(variances)


def test_a_pooled_number_drives_the_network_and_says_so(pooled):
    value = pooled.statement("find.fever.infection").value
    assert 0.55 < value < 0.67
    assert "find.fever.infection" in pooled.priors.selected
    assert "find.fever.infection.study" not in pooled.priors.selected
    readings = {r.statement: r for r in round_trip(pooled.priors, pooled.tables)}
    assert readings["find.fever.infection"].implied[0] == pytest.approx(value, rel=1e-12)
    origin = pooled.priors.origin("find.fever.infection")
    assert origin.startswith("pooled of find.fever.infection, find.fever.infection.study; tau² 0.0")
    assert pooled.priors.origin("find.fever.none") == ""


def test_an_override_in_place_of_the_pooled_number_ends_the_pooling(pooled):
    other = pooled.with_statement("find.fever.infection", value=0.6)
    assert other.priors.origin("find.fever.infection") == "pinned; overridden"


def test_statements_that_agree_have_no_heterogeneity(tmp_path):
    model = load(tmp_path, POOL + """
[override."find.fever.infection.study"]
value = 0.67
low = 0.6
high = 0.75
""")  # fmt: skip
    pool = model.priors.pooled["find.fever.infection"]
    assert (pool.tau2, pool.i2) == (0.0, 0.0)
    assert model.statement("find.fever.infection").value == pytest.approx(0.67, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[pool."find.fever.infectio"]\nof = ["find.fever.infection", "find.fever.none"]', "unknown statement"),
        ('[pool."find.fever.infection"]\nof = ["find.fever.infection"]', "two or more different statements"),
        ('[pool."find.fever.infection"]\nof = ["find.fever.infection", "find.night_pain.none"]', "of night_pain"),
        ('[pool."find.fever.infection"]\nwith = ["a"]', "unknown key 'with'"),
        ("pool = 3", "key 'pool': received 3"),
    ],
)
def test_a_bad_pool_is_refused(tmp_path, text, problem):
    with pytest.raises(PriorsError, match=problem):
        load(tmp_path, f'extends = "seeds"\n{text}\n')


@pytest.mark.slow
def test_the_check_shows_what_is_pooled(pooled):
    from riskmodel.network.roundtrip import round_trip
    from riskmodel.report.check.check import check_lines

    lines = list(check_lines(pooled, round_trip(pooled.priors, pooled.tables), draws=64))
    at = lines.index("Numbers that mine fixes, overrides or pools:")
    assert "pooled of find.fever.infection, find.fever.infection.study" in lines[at + 2]


def test_thirteen_trials_are_pooled_as_published(seeds):
    """BCG against tuberculosis: the R package metafor gives τ² 0.3181 (Paule-Mandel), mean log ratio -0.7150."""
    vaccinated, healthy, controls, well = (np.array(BCG[key], float) for key in BCG)
    ratio = vaccinated / (vaccinated + healthy) / (controls / (controls + well))
    sd = np.sqrt(1 / vaccinated - 1 / (vaccinated + healthy) + 1 / controls - 1 / (controls + well))
    like = next(s for s in seeds.priors.statements if s.quantity == "risk_ratio")
    trials = [
        replace(like, value=r, low=r * np.exp(-Z95 * s), high=r * np.exp(Z95 * s), n=None, events=None, level=0.95)
        for r, s in zip(ratio, sd, strict=True)
    ]
    statement, pool = pooled_statement(trials[0], trials, seeds.priors.prior_set)
    assert pool.tau2 == pytest.approx(0.3181, abs=5e-5)
    assert math.log(statement.value) == pytest.approx(-0.7150, abs=5e-5)


@pytest.mark.parametrize(
    ("method", "tau2", "mean"),
    [("paule_mandel", 0.3181, -0.7150), ("dersimonian_laird", 0.3088, -0.7141), ("reml", 0.3132, -0.7145)],
)
def test_bcg_by_each_estimator(method, tau2, mean):
    """The R package metafor, rma() of the log risk ratios: its tests and its first example."""
    vaccinated, healthy, controls, well = (np.array(BCG[key], float) for key in BCG)
    ratio = np.log(vaccinated / (vaccinated + healthy) / (controls / (controls + well)))
    variance = 1 / vaccinated - 1 / (vaccinated + healthy) + 1 / controls - 1 / (controls + well)
    fit = random_effects(ratio, variance, method)
    assert (fit.tau2, fit.mean) == pytest.approx((tau2, mean), abs=5e-5)
    assert fit.q == pytest.approx(152.2330, abs=5e-5)


@pytest.mark.parametrize(
    ("method", "tau", "mean"),
    [("paule_mandel", 0.3681, -0.3811), ("dersimonian_laird", 0.2323, -0.3240), ("reml", 0.1843, -0.2980)],
)
def test_clasp_by_each_estimator(method, tau, mean):
    """DerSimonian R, Kacker R. Contemp Clin Trials 2007;28:105, tables 3 and 4, and metafor's test of these."""
    treated, controls = np.array([156, 303, 565, 1570, 103, 4659]), np.array([74, 303, 477, 1565, 105, 4650])
    events, others = np.array([5, 5, 12, 69, 9, 313]), np.array([8, 17, 9, 94, 11, 352])
    effects = np.log(events * (controls - others) / (others * (treated - events)))
    variances = 1 / events + 1 / (treated - events) + 1 / others + 1 / (controls - others)
    fit = random_effects(effects, variances, method)
    assert math.sqrt(fit.tau2) == pytest.approx(tau, abs=5e-5)
    assert fit.mean == pytest.approx(mean, abs=5e-5)


@pytest.mark.parametrize("method", ["paule_mandel", "dersimonian_laird", "reml"])
def test_effects_that_agree_have_no_spread(method):
    fit = random_effects(np.array([0.1, 0.11, 0.1]), np.array([0.2, 0.3, 0.2]), method)
    assert fit.tau2 == 0
    assert fit.i2 == 0


def test_a_set_names_the_estimator(tmp_path):
    override = "".join(f"{key} = {number}\n" for key, number in NARROW.items())
    text = f'{{}}\n[override."find.fever.infection.study"]\n{override}'
    usual, other = (load(tmp_path, text.format(POOL + extra)) for extra in ("", 'method = "reml"\n'))
    tau2 = [model.priors.pooled["find.fever.infection"].tau2 for model in (usual, other)]
    assert tau2[0] != tau2[1]
    with pytest.raises(PriorsError, match=r"received 'dl'; one of 'paule_mandel', 'dersimonian_laird' or 'reml'"):
        load(tmp_path, text.format(POOL + 'method = "dl"\n'))


def test_two_sensitivities_by_statements_and_by_counts():
    """The pooled X-ray statements: the interval of a new population, and that of the same studies by their counts."""
    value, variance = np.log([0.689 / 0.311, 20 / 19]), np.array([0.2157**2, 39 / (20 * 19)])
    low, high = (1 / (1 + np.exp(-np.array(prediction_interval(value, variance, scale)))) for scale in (1.0, OF_COUNTS))
    assert np.allclose(low, [0.133, 0.939], atol=0.002)
    assert np.allclose(high, [0.062, 0.972], atol=0.002)
    counted = drawn_effects(np.array([[73.0], [20.0]]), np.array([[106.0], [39.0]])).next_setting()[0]
    assert np.allclose(counted[1:], high, atol=0.03)
