"""The interval of an area under the ROC curve, right with few events too."""

from __future__ import annotations

from scipy import optimize, stats

from riskmodel.evidence.scale import EDGE


def auc_interval(area: float, events: float, others: float, level: float = 0.95) -> tuple[float, float]:
    """The score-type interval of Newcombe (2006, method 5) for an area under the ROC curve.

    All true areas that are no further from the one found than the normal quantile times their own standard error, with
    the variance of Hanley and McNeil (1982). With few events it holds what it says, where the percentile bootstrap and
    DeLong's interval on the log-odds do not (``python -m benchmarks.intervals auc``).

    Parameters
    ----------
    area
        found, 0 to 1.
    events, others
        people with and without the condition.

    Returns
    -------
    low, high; NaN where either group is empty.

    Examples
    --------
    >>> low, high = auc_interval(0.9, 8, 200)
    >>> round(low, 2), round(high, 2)
    (0.72, 0.97)
    >>> auc_interval(1.0, 8, 200)[0] > 0.8
    True
    """
    if not events or not others or not 0 <= area <= 1:
        return float("nan"), float("nan")
    quantile = float(stats.norm.ppf((1 + level) / 2))
    middle = (events + others) / 2 - 1

    def beyond(true: float) -> float:
        """Above 0 where this true area is too far from the one found."""
        variance = true * (1 - true) * (1 + middle * ((1 - true) / (2 - true) + true / (1 + true))) / (events * others)
        return (area - true) ** 2 - quantile**2 * variance

    inside = min(max(area, EDGE), 1 - EDGE)
    low = optimize.brentq(beyond, EDGE, inside) if inside > EDGE and beyond(EDGE) > 0 else 0.0
    high = optimize.brentq(beyond, inside, 1 - EDGE) if inside < 1 - EDGE and beyond(1 - EDGE) > 0 else 1.0
    return float(low), float(high)
