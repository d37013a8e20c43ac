"""Metrics of decisions: who was acted on, against who had the condition."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import UsageError

COUNTS = ("tp", "fp", "fn", "tn")
SHARES = {  # each of how many people: the cells it is a share of
    "sensitivity": ("tp", "fn"),
    "specificity": ("tn", "fp"),
    "ppv": ("tp", "fp"),
    "npv": ("tn", "fn"),
    "acted_on": COUNTS,
}


def confusion(y: Array, acted: Array, weight: Array | None = None) -> dict[str, float]:
    """The 2×2 table and its shares.

    Parameters
    ----------
    y, acted
        outcome and decision of each person, 0 or 1.
    weight
        how often each counts; once by default.

    Returns
    -------
    tp, fp, fn, tn; sensitivity, specificity, ppv, npv and the share acted on (NaN where nobody is in the row).

    Examples
    --------
    >>> confusion(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))["sensitivity"]
    0.5
    """
    cells = 2 * (np.asarray(y) > 0) + (np.asarray(acted) > 0)
    tn, fp, fn, tp = np.bincount(cells, weights=weight, minlength=4).astype(float).tolist()
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "sensitivity": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "ppv": _share(tp, tp + fp),
        "npv": _share(tn, tn + fn),
        "acted_on": _share(tp + fp, tp + fp + fn + tn),
    }


def beyond_resampling(table: Mapping[str, float], level: float) -> dict[str, tuple[float, float]]:
    """Wilson's interval of the shares that are 0 or 1: a bootstrap gives those no width, however few the people."""
    from statsmodels.stats.proportion import proportion_confint

    intervals = {}
    for name, cells in SHARES.items():
        people = sum(table[cell] for cell in cells)
        if table[name] in (0.0, 1.0):
            low, high = proportion_confint(table[name] * people, people, alpha=1 - level, method="wilson")
            intervals[name] = (max(float(low), 0.0), min(float(high), 1.0))
    return intervals


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def net_benefit(y: Array, acted: Array, threshold: float, weight: Array | None = None) -> float:
    """True positives less false ones weighed by the odds of the threshold, per person (Vickers and Elkin 2006).

    Parameters
    ----------
    threshold
        the probability from which acting pays, in (0, 1); it sets what a false positive costs.

    Examples
    --------
    >>> net_benefit(np.array([1, 1, 0, 0]), np.array([1, 1, 1, 0]), 0.2)
    0.4375
    """
    if not 0 < threshold < 1:
        raise UsageError(f"threshold must lie between 0 and 1, not {threshold}")
    return _net_benefit(confusion(y, acted, weight), threshold)


def _net_benefit(table: Mapping[str, float], threshold: float) -> float:
    people = sum(table[name] for name in COUNTS)
    return float(net_benefits(table["tp"], table["fp"], people, threshold)) if people else float("nan")


def net_benefits(tp: Array | float, fp: Array | float, people: float, threshold: Array | float) -> Array:
    """The formula of :func:`net_benefit`, of any shape."""
    return np.asarray((tp - fp * threshold / (1 - threshold)) / people)


def decision_metrics(y: Array, acted: Array, threshold: float | None, weight: Array) -> Mapping[str, float]:
    """The 2×2 table, its shares, and the net benefit where the decision has a threshold."""
    metrics = confusion(y, acted, weight)
    if threshold is not None:
        metrics["net_benefit"] = _net_benefit(metrics, threshold)
    return metrics
