"""Metrics of decisions: who was acted on, against who had the condition."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.errors import UsageError
from riskmodel.metrics.probabilities import Array

COUNTS = ("tp", "fp", "fn", "tn")
SHARES = ("sensitivity", "specificity", "ppv", "npv", "acted_on")


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
    if not people:
        return float("nan")
    return (table["tp"] - table["fp"] * threshold / (1 - threshold)) / people


def decision_metrics(y: Array, acted: Array, threshold: float | None, weight: Array) -> Mapping[str, float]:
    """Shares of the 2×2 table, and the net benefit where the decision has a threshold."""
    table = confusion(y, acted, weight)
    found = {name: table[name] for name in SHARES}
    if threshold is not None:
        found["net_benefit"] = _net_benefit(table, threshold)
    return found
