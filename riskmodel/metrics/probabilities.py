"""Metrics of probabilities.

Each takes, of the same people, outcomes ``y`` (0 or 1), probabilities ``p`` in [0, 1], and ``weight``, how often each
person counts (0 or more), all of shape (people,); and gives one number, NaN where too few classes of outcome occur.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.scale import LOGIT, inside

Metric = Callable[[Array, Array, Array], float]


def needs(classes: int) -> Callable[[Metric], Metric]:
    """A metric that is NaN where fewer classes of outcome occur than it needs."""

    def decorate(metric: Metric) -> Metric:
        @wraps(metric)
        def guarded(y: Array, p: Array, weight: Array) -> float:
            return metric(y, p, weight) if len(np.unique(y[weight > 0])) >= classes else float("nan")

        return guarded

    return decorate


@needs(1)
def brier(y: Array, p: Array, weight: Array) -> float:
    """Mean squared difference of probability and outcome, 0 to 1 (Brier 1950): 0 is perfect."""
    squares = (y - p) ** 2 + ((1 - y) - (1 - p)) ** 2  # of both classes, as scikit-learn adds them
    return float(np.average(squares, weights=weight)) / 2


@needs(2)
def scaled_brier(y: Array, p: Array, weight: Array) -> float:
    """1 minus the Brier score over that of the prevalence for everyone (Steyerberg 2010): 1 is perfect, 0 no better."""
    prevalence = float(np.average(y, weights=weight))
    return 1 - brier(y, p, weight) / (prevalence * (1 - prevalence))


@needs(1)
def log_score(y: Array, p: Array, weight: Array) -> float:
    """Mean of -log of the probability given to what happened, in nats: 0 is perfect."""
    p = inside(p)
    return float(np.average(-np.log(np.where(y > 0, p, 1 - p)), weights=weight))


@needs(2)
def auc(y: Array, p: Array, weight: Array) -> float:
    """Probability that someone with the condition has the higher probability: 0.5 is chance."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, p, sample_weight=weight))


@needs(2)
def average_precision(y: Array, p: Array, weight: Array) -> float:
    """Mean precision over the recall: the prevalence is chance."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(y, p, sample_weight=weight))


@needs(1)
def observed_over_expected(y: Array, p: Array, weight: Array) -> float:
    """Observed events over the sum of the probabilities: 1 is right, above 1 too few were expected."""
    return float(np.average(y, weights=weight) / np.average(p, weights=weight))


@needs(2)
def calibration_intercept(y: Array, p: Array, weight: Array) -> float:
    """Calibration in the large, on the log-odds scale: 0 is right, above 0 too few were expected.

    The intercept of a logistic regression of the outcome with the prediction's log-odds as offset (Cox 1958).
    """
    return float(_logistic(y, np.ones((len(y), 1)), weight, offset=LOGIT.to(p))[0])


@needs(2)
def calibration_slope(y: Array, p: Array, weight: Array) -> float:
    """Slope of the outcome's log-odds on the prediction's (Cox 1958): 1 is right, below 1 they are too extreme."""
    return float(_logistic(y, np.column_stack([np.ones(len(y)), LOGIT.to(p)]), weight)[1])


PROBABILITY_METRICS: Mapping[str, Metric] = {
    "brier": brier,
    "scaled_brier": scaled_brier,
    "log_score": log_score,
    "auc": auc,
    "average_precision": average_precision,
    "observed_over_expected": observed_over_expected,
    "calibration_intercept": calibration_intercept,
    "calibration_slope": calibration_slope,
}


def _logistic(y: Array, design: Array, weight: Array, offset: Array | None = None) -> Array:
    """Coefficients of a logistic regression; NaN where it does not converge (the outcome is separated)."""
    import statsmodels.api as sm

    used = weight > 0
    shift = None if offset is None else offset[used]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            model = sm.GLM(
                y[used], design[used], family=sm.families.Binomial(), freq_weights=weight[used], offset=shift
            )
            return np.asarray(model.fit().params)
        except (Warning, np.linalg.LinAlgError, ValueError):
            return np.full(design.shape[1], np.nan)
