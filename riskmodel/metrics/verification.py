"""Metrics in everyone where outcomes are known of some people only (partial verification).

Where findings decide whose outcome is looked for, those in whom it is known are not like the others: a policy seems to
scan nearly everybody with the disease, because the disease of the others was never looked for. Begg and Greenes (1983)
take what the findings say of the outcome from the people in whom it is known and apply it to those in whom it is not.
Here it is the model's posterior given all that is recorded, moved by its calibration intercept in the people in whom
the outcome is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy import special

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.evidence.scale import LOGIT
from riskmodel.metrics.probabilities import calibration_intercept

CORRECTED = ("corrected", "corrected_low", "corrected_high", "correction")
IMPUTED = "model-imputed"

# outcomes, predictions, how often each counts → metrics
Measured = Callable[[Array, Array, Array], Mapping[str, float]]


def expected_outcomes(y: Array, recorded: Array, weight: Array | None = None) -> Array:
    """The outcome of each person, expected where it is unknown.

    Parameters
    ----------
    y
        outcomes: 1, 0, or NaN where unknown, (people,).
    recorded
        probabilities of the outcome given all that is recorded, imaging and other outcomes too, (people,).
    weight
        how often each person counts; once by default.

    Returns
    -------
    (people,), 0 to 1: the outcome where it is known, else ``recorded`` moved on the log-odds by the calibration
    intercept in those in whom it is known (not moved where all of those, or none, have the condition).

    Examples
    --------
    >>> expected_outcomes(np.array([1.0, 0, np.nan]), np.array([0.5, 0.5, 0.2])).round(3).tolist()
    [1.0, 0.0, 0.2]
    """
    is_known = ~np.isnan(y)
    weight = np.ones(len(y)) if weight is None else weight
    shift = calibration_intercept(y[is_known], recorded[is_known], weight[is_known]) if is_known.any() else 0.0
    moved = special.expit(LOGIT.to(recorded) + (shift if np.isfinite(shift) else 0.0))
    return np.where(is_known, y, np.where((recorded <= 0) | (recorded >= 1), recorded, moved))


def warning_of_unknown(y: Array) -> str:
    """A warning where outcomes are known of a part of the people only.

    >>> warning_of_unknown(np.array([1, 0, np.nan, np.nan]))
    'outcome known in 2 of 4 people'
    """
    known_outcomes = int((~np.isnan(np.asarray(y, dtype=float))).sum())
    return f"outcome known in {known_outcomes:,} of {len(y):,} people" if 0 < known_outcomes < len(y) else ""


def with_correction(
    table: pd.DataFrame,
    y: Array,
    predicted: Array,
    recorded: Array | None,
    measure: Measured,
    *,
    resamples: int,
    seed: int,
    level: float,
) -> pd.DataFrame:
    """A table of metrics with a warning and corrected figures where some outcomes are unknown.

    Returns
    -------
    the table with the columns corrected, corrected_low, corrected_high (percentiles of a bootstrap over everyone) and
    correction (how; "" where there is none).
    """
    y = np.asarray(y, dtype=float)
    warning = warning_of_unknown(y)
    corrected = table.assign(corrected=np.nan, corrected_low=np.nan, corrected_high=np.nan, correction="")
    if not warning:
        return corrected
    corrected["warning"] = [f"{text}; {warning}" if text else warning for text in corrected["warning"]]
    if recorded is None:
        return corrected
    if np.shape(recorded) != y.shape:
        raise UsageError(f"outcomes {y.shape} and recorded {np.shape(recorded)} must be of the same people")
    values = _imputed(
        y, np.asarray(predicted, dtype=float), np.asarray(recorded, dtype=float), measure, resamples, seed
    )
    names = list(corrected["metric"])
    corrected["corrected"], corrected["correction"] = [values[0][name] for name in names], IMPUTED
    if resamples:
        drawn = np.array([[sample[name] for name in names] for sample in values[1:]])
        corrected["corrected_low"] = _ends(drawn, (1 - level) / 2)
        corrected["corrected_high"] = _ends(drawn, (1 + level) / 2)
    return corrected


def _ends(drawn: Array, share: float) -> Array:
    """Quantiles of the columns that have any value, NaN for the others."""
    columns = [column[np.isfinite(column)] for column in drawn.T]
    return np.array([np.quantile(column, share) if column.size else np.nan for column in columns])


def _imputed(
    y: Array, predicted: Array, recorded: Array, measure: Measured, resamples: int, seed: int
) -> list[Mapping[str, float]]:
    """The metrics of everyone, then of each resample, with a person of unknown outcome counted in part as either."""
    from sklearn import config_context

    rng, people = np.random.default_rng(seed), len(y)
    both, twice = np.repeat([1.0, 0.0], people), np.tile(predicted, 2)
    samples = []
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for resample in range(resamples + 1):
            once = np.ones(people)
            weight = rng.multinomial(people, once / people).astype(float) if resample else once
            share = expected_outcomes(y, recorded, weight)
            samples.append(measure(both, twice, np.concatenate([weight * share, weight * (1 - share)])))
    return samples
