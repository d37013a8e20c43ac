"""Curves of predictions: reliability, decision curves, receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskmodel.errors import UsageError
from riskmodel.metrics.decisions import net_benefit
from riskmodel.metrics.probabilities import Array
from riskmodel.metrics.summary import checked

THRESHOLDS = tuple(np.round(np.geomspace(0.001, 0.5, 60), 6))
MODEL, EVERYONE, NOBODY = "model", "act on everyone", "act on nobody"
POINTS = 100  # of a smooth curve


def reliability(y: Array, p: Array, bins: int = 10) -> pd.DataFrame:
    """Observed frequency beside the mean probability, in bins of equally many people.

    Returns
    -------
    one row a bin: predicted (mean probability), observed, low, high (95 %, Wilson), n, events.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    >>> reliability(y, np.arange(1, 9) / 10, bins=2)["observed"].tolist()
    [0.25, 0.75]
    """
    from sklearn.calibration import calibration_curve
    from statsmodels.stats.proportion import proportion_confint

    if bins < 1:
        raise UsageError(f"bins must be 1 or more, not {bins}")
    y, p = checked(y, p)
    observed, predicted = calibration_curve(y, p, n_bins=bins, strategy="quantile")
    edges = np.percentile(p, np.linspace(0, 100, bins + 1))
    members = np.bincount(np.searchsorted(edges[1:-1], p), minlength=bins)  # as scikit-learn puts them
    n = members[members > 0]
    events = np.rint(observed * n).astype(int)
    low, high = proportion_confint(events, n, method="wilson")
    return pd.DataFrame(
        {"predicted": predicted, "observed": observed, "low": low, "high": high, "n": n, "events": events}
    )


def smooth_reliability(y: Array, p: Array, *, resamples: int = 100, seed: int = 0) -> pd.DataFrame:
    """Observed frequency as a smooth function of the probability: lowess on the log-odds, with a bootstrap band.

    Returns
    -------
    one row a point from the 1st to the 99th percentile of the probabilities: predicted, observed, low, high.
    """
    from riskmodel.metrics.probabilities import logit

    y, p = checked(y, p)
    if len(np.unique(y)) < 2:
        raise UsageError("a reliability curve needs people with and without the condition")
    x = logit(p)
    first, last = np.percentile(x, [1, 99])
    grid = np.linspace(float(first), float(last), POINTS)
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(resamples):
        some = rng.integers(0, len(y), len(y))
        lines.append(_lowess(y[some], x[some], grid))
    low, high = np.nanquantile(lines, [0.025, 0.975], axis=0) if lines else (np.full(POINTS, np.nan),) * 2
    line = _lowess(y, x, grid)
    predicted = 1 / (1 + np.exp(-grid))
    return pd.DataFrame({"predicted": predicted, "observed": line, "low": low, "high": high})


def _lowess(y: Array, x: Array, grid: Array) -> Array:
    from statsmodels.nonparametric.smoothers_lowess import lowess

    if np.ptp(x) == 0:
        return np.full(len(grid), y.mean())
    line = lowess(y, x, frac=2 / 3, it=0, delta=0.01 * float(np.ptp(x)), return_sorted=True)
    return np.asarray(np.clip(np.interp(grid, line[:, 0], line[:, 1]), 0, 1))


def roc(y: Array, p: Array) -> pd.DataFrame:
    """The receiver operating characteristic: threshold, false positive rate, true positive rate."""
    from sklearn.metrics import roc_curve

    y, p = checked(y, p)
    if len(np.unique(y)) < 2:
        raise UsageError("a ROC curve needs people with and without the condition")
    fpr, tpr, thresholds = roc_curve(y, p)
    return pd.DataFrame({"threshold": thresholds, "fpr": fpr, "tpr": tpr})


def decision_curve(
    y: Array,
    p: Array,
    *,
    decisions: Mapping[str, Array] | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    resamples: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Net benefit over thresholds: of acting on the model, on everyone, on nobody, and of fixed decisions.

    Parameters
    ----------
    decisions
        name → 1 or 0 for each person (what a policy does), the same at every threshold.
    thresholds
        probabilities from which acting pays, each in (0, 1).
    resamples
        of a percentile bootstrap, 0 for none.

    Returns
    -------
    one row a strategy and threshold: strategy, threshold, net_benefit (per person), low, high.
    """
    outcome = np.asarray(y, dtype=float)
    kept = ~np.isnan(outcome)
    acts = {name: np.asarray(acted, dtype=float)[kept] for name, acted in (decisions or {}).items()}
    y, p = checked(y, p)
    if len(y) == 0:
        raise UsageError("a decision curve needs people whose outcome is known")
    rng = np.random.default_rng(seed)
    weights = [rng.multinomial(len(y), np.full(len(y), 1 / len(y))).astype(float) for _ in range(resamples)]
    rows = []
    for threshold in thresholds:
        strategies = {
            MODEL: (p >= threshold).astype(float),
            EVERYONE: np.ones(len(y)),
            NOBODY: np.zeros(len(y)),
            **acts,
        }
        for name, acted in strategies.items():
            value = net_benefit(y, acted, threshold)
            some = [net_benefit(y, acted, threshold, weight) for weight in weights]
            low, high = np.quantile(some, [0.025, 0.975]) if some else (np.nan, np.nan)
            rows.append((name, threshold, value, low, high))
    return pd.DataFrame(rows, columns=["strategy", "threshold", "net_benefit", "low", "high"])
