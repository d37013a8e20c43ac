"""Random effects of published data sets, against what other programs published of them.

The same approximation gives the same figures, to the digits that were published or to four decimals. Programs that
approximate the counts by normal outcomes are met by a model of that kind in ``tests/support/normal_effects.py``.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logsumexp

import riskmodel as rm
from riskmodel.errors import UsageError
from riskmodel.synthesis.maximum_likelihood import most_likely
from riskmodel.synthesis.quadrature import POINTS, log_likelihood
from tests.support.normal_effects import corrected_logits, normal_fit
from tests.support.published_studies import (
    ANTI_CCP,
    AUDIT_C,
    BCG,
    CATHETERS,
    CORONARY_CT,
    IQCODE,
    RHEUMATOID_FACTOR,
    SMOKING,
    SPINAL_FLUID,
    TELOMERASE,
    positive_results,
    true_results,
)

PAIRS = {
    "anti_ccp": ANTI_CCP,
    "audit_c": AUDIT_C,
    "coronary_ct": CORONARY_CT,
    "iqcode": IQCODE,
    "rheumatoid_factor": RHEUMATOID_FACTOR,
    "smoking": SMOKING,
    "spinal_fluid": SPINAL_FLUID,
    "telomerase": TELOMERASE,
}


def variances_and_covariance(fit):
    return fit.covariance[[0, 1, 0], [0, 1, 1]]


def test_anti_ccp_by_laplace():
    """The R package dtametaTMB 0.1.0, fitReitsma, its vignette."""
    fit = most_likely(*true_results(ANTI_CCP), points=1)
    assert np.allclose(fit.mean, [0.6534029, 3.1089906], atol=5e-5)
    assert np.allclose(variances_and_covariance(fit), [0.5426397, 0.5717019, -0.2704148], atol=5e-5)
    assert np.allclose(fit.error, [0.1274866, 0.1458847], atol=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(545.56, abs=5e-4)


@pytest.mark.slow
def test_anti_ccp_by_quadrature():
    fit = most_likely(*true_results(ANTI_CCP))
    assert -2 * fit.log_likelihood == pytest.approx(545.294, abs=5e-4)


def test_a_table_gives_the_published_fit_too():
    frame = pd.DataFrame(IQCODE).assign(
        of="fever=present", given="infection=present", locator="table 2", read="abstract"
    )
    frame["study"] = [f"Study {k}" for k in range(13)]
    synthesis = rm.synthesise(frame.assign(source="freeman_2019"), draws=200)
    fit = synthesis.most_likely("fever=present", "infection=present", points=1)
    assert np.allclose(fit.mean, [2.289, -0.681], atol=1e-3)  # the logit of the false-positive rate
    with pytest.raises(
        UsageError, match="no studies of fever=present given malignancy=present; allowed: fever=present"
    ):
        synthesis.most_likely("fever=present", "malignancy=present")


def test_rheumatoid_factor_by_laplace():
    """The same vignette, fitRutterGatsonis: its bivariate parameters and -2 log-likelihood."""
    fit = most_likely(*true_results(RHEUMATOID_FACTOR), points=1)
    assert np.allclose(fit.mean, [0.7712238, 1.946381], atol=5e-5)
    assert np.allclose(variances_and_covariance(fit), [0.6916646, 1.088408, -0.2169451], atol=5e-5)
    assert -2 * fit.log_likelihood == pytest.approx(806.934, abs=5e-4)


def test_iqcode_by_laplace():
    """MetaDTA, user guide 1.0, figures 16 to 18, which fits by lme4's glmer and stops .001 below the peak."""
    fit = most_likely(*true_results(IQCODE), points=1)
    assert np.allclose(fit.mean, [2.289, 0.681], atol=1e-3)
    assert np.allclose(variances_and_covariance(fit), [0.599, 0.541, -0.230 * np.sqrt(0.599 * 0.541)], atol=1.5e-3)
    assert np.allclose(fit.error, [0.251, 0.218], atol=2e-3)
    ends = [expit(fit.mean + side * 1.959964 * fit.error) for side in (-1, 0, 1)]
    assert np.allclose(ends, [[0.858, 0.563], [0.908, 0.664], [0.942, 0.752]], atol=6e-4)


def test_spinal_fluid_by_five_points():
    """Stata's metandi, which takes 5 points, in the log of Nyaga and Arbyn 2023; its points lie a little elsewhere."""
    fit = most_likely(*true_results(SPINAL_FLUID), points=5)
    assert np.allclose(fit.mean, [1.370958, 0.6368034], atol=5e-5)
    assert np.allclose(variances_and_covariance(fit)[:2], [0.3590741, 0.4824725], atol=5e-5)
    assert np.allclose(fit.error, [0.2128247, 0.2075006], atol=5e-5)
    correlation = fit.covariance[0, 1] / np.sqrt(np.diagonal(fit.covariance).prod())
    assert correlation == pytest.approx(-0.598757, abs=5e-5)
    assert fit.log_likelihood == pytest.approx(-82.803331, abs=3e-4)


def test_telomerase_at_the_edge_by_seven_points():
    """Stata's metandi, nip(7), in the same log. The correlation is -1, where it stops .003 below the variance."""
    fit = most_likely(*true_results(TELOMERASE), points=7)
    assert np.allclose(fit.mean, [1.19234, 2.340719], atol=2e-4)
    assert np.allclose(variances_and_covariance(fit)[:2], [0.1829838, 3.313294], atol=[1e-4, 3e-3])
    assert np.allclose(fit.error, [0.1802975, 0.6343648], atol=3e-4)
    assert fit.covariance[0, 1] / np.sqrt(np.diagonal(fit.covariance).prod()) == pytest.approx(-1, abs=1e-6)
    assert fit.log_likelihood == pytest.approx(-50.386576, abs=5e-6)


@pytest.mark.parametrize(
    ("arm", "mean", "error", "variance"),
    [("plain", -3.4964, 0.2570, 0.8124), ("coated", -4.8121, 0.3555, 0.8265)],
)
def test_rates_of_infection_by_seven_points(arm, mean, error, variance):
    """R's metafor, rma.glmm(measure="PLO"), its test of the paper's Table II; four of the 18 counts are 0."""
    events, totals = (np.array(CATHETERS[key], float)[:, None] for key in (arm, f"of_{arm}"))
    fit = most_likely(events, totals, points=7)
    assert (fit.mean[0], fit.error[0], fit.covariance[0, 0]) == pytest.approx((mean, error, variance), abs=5e-5)


def test_audit_c_as_normal_outcomes():
    """R's mada, reitsma by restricted likelihood, its vignette."""
    fit = normal_fit(*corrected_logits(*positive_results(AUDIT_C)), np.ones((14, 1)), restricted=True)
    assert np.allclose(fit.coefficients, [[2.0997, -1.2637]], atol=5e-5)
    assert np.allclose(fit.error, [[0.338, 0.174]], atol=5e-4)
    spread = np.sqrt(np.diagonal(fit.covariance))
    assert np.allclose([*spread, fit.covariance[0, 1] / spread.prod()], [1.175, 0.638, 0.854], atol=5.1e-4)


def test_smoking_by_questionnaire_as_normal_outcomes():
    """R's mada, reitsma with a covariate, its vignette; the likelihood ratio is by full likelihood."""
    effects = corrected_logits(*positive_results(SMOKING))
    by_kind = np.stack([np.ones(26), SMOKING["own"]], axis=1)
    fit = normal_fit(*effects, by_kind, restricted=True)
    assert np.allclose(fit.coefficients, [[2.813, -3.337], [-1.166, 0.882]], atol=5e-4)
    assert np.allclose(fit.error, [[0.491, 0.311], [0.634, 0.389]], atol=5.1e-4)
    spread = np.sqrt(np.diagonal(fit.covariance))
    assert np.allclose([*spread, fit.covariance[0, 1] / spread.prod()], [1.508, 0.875, 0.551], atol=5e-4)
    both = [normal_fit(*effects, design, restricted=False).log_likelihood for design in (by_kind, by_kind[:, :1])]
    assert 2 * (both[0] - both[1]) == pytest.approx(13.25, abs=5e-3)


def test_bcg_as_normal_outcomes():
    """Van Houwelingen HC et al. Stat Med 2002;21:589, pages 604-605: the odds of both arms."""
    events = np.stack([BCG["controls"], BCG["vaccinated"]], axis=1)
    totals = events + np.stack([BCG["healthy_controls"], BCG["healthy"]], axis=1)
    fit = normal_fit(*corrected_logits(events, totals), np.ones((13, 1)), restricted=False)
    assert np.allclose(fit.coefficients, [[-4.0960, -4.8337]], atol=5e-5)
    assert np.allclose(np.diagonal(fit.covariance), [2.4073, 1.4314], atol=5e-5)
    assert fit.covariance[0, 1] / np.sqrt(2.4073 * 1.4314) == pytest.approx(0.9467, abs=5e-5)
    exact = most_likely(events.astype(float), totals.astype(float))
    assert np.allclose(exact.mean, fit.coefficients[0], atol=0.04)  # few of hundreds: the odds differ a little
    assert np.allclose(exact.error, fit.error[0], atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("counts", PAIRS.values(), ids=PAIRS)
def test_the_default_points_are_enough(counts):
    """The same likelihood as with 41 points, and as a plain sum over a fine grid, to 1e-6, where it is highest."""
    events, totals = true_results(counts)
    fit = most_likely(events, totals)
    covariance = fit.covariance + 1e-4 * np.eye(2)
    root = np.linalg.cholesky(covariance)
    few, many = (log_likelihood(events, totals, fit.mean[None], root[None], points)[0] for points in (POINTS, 41))
    assert abs(few - many) < 1e-6
    plain = sum(summed(study, of, fit.mean, root) for study, of in zip(events, totals, strict=True))
    assert abs(many - plain) < 1e-6


def summed(events: np.ndarray, totals: np.ndarray, mean: np.ndarray, root: np.ndarray) -> float:
    """The likelihood of one study, summed over standard normal effects on a grid around where they are likely."""
    low, high = np.full(2, -9.0), np.full(2, 9.0)
    for _ in range(4):  # a grid in the part of the one before that counts
        axes = [np.linspace(low[i], high[i], 401) for i in range(2)]
        z = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        shares = expit(mean + z @ root.T)
        log_integrand = stats.binom.logpmf(events, totals, shares).sum(axis=-1) + stats.norm.logpdf(z).sum(axis=-1)
        step = (high - low) / 400
        log_sum = logsumexp(log_integrand) + np.log(step).sum()
        likely = z[log_integrand > log_integrand.max() - 45]
        low, high = likely.min(axis=0) - step, likely.max(axis=0) + step
    return float(log_sum)
