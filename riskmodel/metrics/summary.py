"""Metrics with bootstrap intervals, and warnings where there is little to go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.metrics.area import auc_interval
from riskmodel.metrics.decisions import beyond_resampling, decision_metrics
from riskmodel.metrics.probabilities import PROBABILITY_METRICS
from riskmodel.metrics.verification import with_correction

FEWEST_EVENTS = 30
FEWEST_FOR_SLOPE = 10  # events for an interval of the calibration slope
RESAMPLES = 200
COLUMNS = ("metric", "value", "low", "high", "n", "events", "warning")

Measure = Callable[[Array], Mapping[str, float]]  # how often each person counts → metrics


def summarise(
    y: Array,
    p: Array,
    *,
    recorded: Array | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Every metric of some probabilities.

    Parameters
    ----------
    y
        outcomes: 1, 0, or NaN where unknown (left out).
    p
        probabilities in [0, 1], of the same people.
    recorded
        probabilities of the outcome given all that is recorded of the same people: with them, and some outcomes
        unknown, figures of everyone beside those of the people whose outcome is known.
    resamples
        of the percentile bootstrap, 0 for no intervals; the AUC's interval is that of
        :func:`riskmodel.metrics.area.auc_interval`.

    Returns
    -------
    one row a metric: value, low, high (of ``level``), n (people with a known outcome), events, warning, and corrected,
    corrected_low, corrected_high, correction: the metric in everyone, and how it was corrected for unknown outcomes
    (``model-imputed``, as of :func:`riskmodel.metrics.verification.expected_outcomes`; NaN and "" where all are known).

    Raises
    ------
    UsageError
        lengths that differ, probabilities outside [0, 1], outcomes other than 0, 1 and NaN.

    Examples
    --------
    >>> y, p = np.array([0, 0, 1, 1, np.nan]), np.array([0.1, 0.4, 0.35, 0.8, 0.5])
    >>> found = summarise(y, p, resamples=0).set_index("metric")
    >>> float(found.loc["auc", "value"]), found.loc["auc", "warning"]
    (0.75, 'only 2 events; outcome known in 4 of 5 people')
    """
    outcome, predicted, each = distinct_pairs(*with_known_outcome(y, p))

    def measure(y: Array, p: Array, weight: Array) -> Mapping[str, float]:
        return {name: metric(y, p, weight) for name, metric in PROBABILITY_METRICS.items()}

    table = _table(outcome, each, lambda weight: measure(outcome, predicted, weight), resamples, seed, level)
    if resamples:
        of_area, people = table["metric"] == "auc", table.iloc[0]
        ends = auc_interval(table.loc[of_area, "value"].item(), people["events"], people["n"] - people["events"], level)
        table.loc[of_area, ["low", "high"]] = ends
        _without_resampling(table, float(predicted @ each), level)
    return with_correction(table, y, p, recorded, measure, resamples=resamples, seed=seed, level=level)


def _without_resampling(table: pd.DataFrame, expected: float, level: float) -> None:
    """Intervals that hardly any event leaves a bootstrap: exact for observed over expected, none for the slope.

    With few events every resample holds nearly the same ones, and with none the bootstrap has no width.
    """
    events, people = int(table["events"].iloc[0]), int(table["n"].iloc[0])
    fewer = min(events, people - events)
    ratio, slope = table["metric"] == "observed_over_expected", table["metric"] == "calibration_slope"
    if fewer < FEWEST_EVENTS and expected > 0:
        table.loc[ratio, ["low", "high"]] = [end / expected for end in _poisson(events, level)]
    if fewer < FEWEST_FOR_SLOPE:
        table.loc[slope, ["low", "high"]] = np.nan


def _poisson(events: int, level: float) -> tuple[float, float]:
    """The exact interval of a Poisson count (Garwood 1936).

    >>> [round(end, 2) for end in _poisson(0, 0.95)], [round(end, 2) for end in _poisson(10, 0.95)]
    ([0.0, 3.69], [4.8, 18.39])
    """
    from scipy.stats import chi2

    low = chi2.ppf((1 - level) / 2, 2 * events) / 2 if events else 0.0
    return float(low), float(chi2.ppf((1 + level) / 2, 2 * events + 2) / 2)


def summarise_decision(
    y: Array,
    acted: Array,
    threshold: float | None = None,
    *,
    recorded: Array | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """The 2×2 table of a decision, sensitivity, specificity, PPV, NPV, the share acted on, net benefit.

    A share of 0 or 1 has Wilson's interval: no resample of such people would hold another.

    Parameters
    ----------
    acted
        1 or 0 for each person.
    threshold
        the probability from which acting pays, for the net benefit; none without it.
    recorded
        as of :func:`summarise`.
    """
    if threshold is not None and not 0 < threshold < 1:
        raise UsageError(f"threshold must lie between 0 and 1, not {threshold}")
    outcome, done, each = distinct_pairs(*with_known_outcome(y, acted))
    table = _table(
        outcome, each, lambda weight: decision_metrics(outcome, done, threshold, weight), resamples, seed, level
    )
    if resamples:
        value = dict(zip(table["metric"], table["value"], strict=True))
        for name, ends in beyond_resampling(value, level).items():
            table.loc[table["metric"] == name, ["low", "high"]] = ends

    def measure(y: Array, acted: Array, weight: Array) -> Mapping[str, float]:
        return decision_metrics(y, acted, threshold, weight)

    return with_correction(table, y, acted, recorded, measure, resamples=resamples, seed=seed, level=level)


def with_known_outcome(y: Array, p: Array) -> tuple[Array, Array]:
    """Outcomes and predictions of the people whose outcome is known."""
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    if y.shape != p.shape or y.ndim != 1:
        raise UsageError(f"outcomes {y.shape} and predictions {p.shape} must be of the same people")
    is_known = ~np.isnan(y)
    if not np.isin(y[is_known], (0, 1)).all():
        raise UsageError("outcomes must be 0, 1, or NaN where unknown")
    if not ((p >= 0) & (p <= 1)).all():
        raise UsageError("predictions must be probabilities in [0, 1]")
    return y[is_known], p[is_known]


def distinct_pairs(y: Array, p: Array) -> tuple[Array, Array, Array]:
    """People with the same outcome and prediction taken together, and how many they are: resampling is the same."""
    pairs, each = np.unique(np.column_stack([p, y]), axis=0, return_counts=True)
    return pairs[:, 1], pairs[:, 0], each.astype(float)


def _table(y: Array, each: Array, measure: Measure, resamples: int, seed: int, level: float) -> pd.DataFrame:
    if resamples < 0:
        raise UsageError(f"resamples must be 0 or more, not {resamples}")
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level}")
    from sklearn import config_context

    n, events = int(each.sum()), int(y @ each)
    warning = warning_of_few(n, events)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # checked above, once
        value = dict(measure(each))
        low, high = _bounds(each, measure, list(value), resamples, seed, level)
    rows = [(name, value[name], low[name], high[name], n, events, warning) for name in value]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def warning_of_few(n: int, events: int) -> str:
    """What a reader must know before trusting a metric of so many people and events; usually nothing."""
    if n == 0:
        return "no outcome is known"
    if events in (0, n):
        return "nobody has it" if events == 0 else "everybody has it"
    fewer = min(events, n - events)
    if fewer < FEWEST_EVENTS:
        what = "events" if events <= n - events else "people without it"
        return f"only {fewer} {what if fewer > 1 else what.replace('events', 'event')}"
    return ""


def _bounds(
    each: Array, measure: Measure, names: list[str], resamples: int, seed: int, level: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Percentiles over the resamples in which a metric can be taken."""
    samples = [measure(weight) for weight in _resampled(each, resamples, seed)]
    low, high = {}, {}
    for name in names:
        values = np.array([sample[name] for sample in samples])
        values = values[np.isfinite(values)]
        ends = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) if values.size else (np.nan, np.nan)
        low[name], high[name] = float(ends[0]), float(ends[1])
    return low, high


def _resampled(each: Array, resamples: int, seed: int) -> Iterator[Array]:
    rng = np.random.default_rng(seed)
    people = int(each.sum())
    for _ in range(resamples if people else 0):
        yield rng.multinomial(people, each / people).astype(float)
