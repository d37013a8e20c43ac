"""Curves of predictions: reliability, decision curves, receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.metrics.decisions import net_benefits
from riskmodel.metrics.summary import warning_of_few, with_known_outcome

THRESHOLDS = tuple(np.round(np.geomspace(0.001, 0.5, 60), 6))
MODEL, EVERYONE, NOBODY = "model", "act on everyone", "act on nobody"


def reliability(y: Array, p: Array, bins: int = 10) -> pd.DataFrame:
    """Observed frequency beside the mean probability, in bins of equally many people.

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities, (people,).
    bins
        1 or more; fewer come back where many people have the same probability.

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
    y, p = with_known_outcome(y, p)
    observed, predicted = calibration_curve(y, p, n_bins=bins, strategy="quantile")
    edges = np.percentile(p, np.linspace(0, 100, bins + 1))
    members = np.bincount(np.searchsorted(edges[1:-1], p), minlength=bins)  # as scikit-learn puts them
    n = members[members > 0]
    events = np.rint(observed * n).astype(int)
    low, high = proportion_confint(events, n, method="wilson")
    return pd.DataFrame(
        {"predicted": predicted, "observed": observed, "low": low, "high": high, "n": n, "events": events}
    )


def roc(y: Array, p: Array) -> pd.DataFrame:
    """The receiver operating characteristic.

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities, (people,).

    Returns
    -------
    one row a threshold, highest first: threshold, fpr (1 - specificity), tpr (sensitivity).

    Raises
    ------
    UsageError
        where everybody or nobody has the condition; as of :func:`riskmodel.metrics.summarise`.
    """
    from sklearn.metrics import roc_curve

    y, p = with_known_outcome(y, p)
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

    Decision curve analysis (Vickers and Elkin 2006), see :func:`riskmodel.metrics.net_benefit`.

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities, (people,).
    decisions
        name → 1 or 0 for each person (what a policy does), the same at every threshold.
    thresholds
        probabilities from which acting pays, each in (0, 1).
    resamples
        of a percentile bootstrap, 0 for none.

    Returns
    -------
    one row a strategy and threshold: strategy, threshold, net_benefit (per person), low, high, n (people with a known
    outcome), events, warning.
    """
    if any(not 0 < threshold < 1 for threshold in thresholds):
        raise UsageError("thresholds must lie between 0 and 1")
    if resamples < 0:
        raise UsageError(f"resamples must be 0 or more, not {resamples}")
    kept = ~np.isnan(np.asarray(y, dtype=float))
    acts = {name: with_known_outcome(y, acted)[1] for name, acted in (decisions or {}).items()}
    y, p = with_known_outcome(y, p)
    if not kept.any():
        raise UsageError("a decision curve needs people whose outcome is known")
    cuts = np.asarray(thresholds, dtype=float)
    strategies = {
        MODEL: (p[:, None] >= cuts).astype(float),
        EVERYONE: np.ones((len(y), 1)),
        NOBODY: np.zeros((len(y), 1)),
    }
    strategies |= {name: acted[:, None] for name, acted in acts.items()}
    weights = _weights(len(y), resamples, seed)
    events = int(y.sum())
    tables = [
        _over(name, _benefits(y, acted, cuts, weights), cuts).assign(
            n=len(y), events=events, warning=warning_of_few(len(y), events)
        )
        for name, acted in strategies.items()
    ]
    return pd.concat(tables).sort_values("threshold", kind="stable", ignore_index=True)


def _weights(people: int, resamples: int, seed: int) -> Array:
    """How often each person counts: once, then in each resample."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(people, np.full(people, 1 / people), size=resamples)
    return np.concatenate([np.ones((1, people), dtype=np.float32), drawn.astype(np.float32)])


def _benefits(y: Array, acted: Array, cuts: Array, weights: Array) -> Array:
    """Net benefit, (1 + resamples, thresholds), of decisions (people, thresholds or 1)."""
    tp, fp = weights @ (acted * y[:, None]).astype(np.float32), weights @ (acted * (1 - y[:, None])).astype(np.float32)
    return net_benefits(tp.astype(float), fp.astype(float), len(y), cuts)


def _over(name: str, benefits: Array, cuts: Array) -> pd.DataFrame:
    low, high = (
        np.quantile(benefits[1:], [0.025, 0.975], axis=0) if len(benefits) > 1 else (np.full(len(cuts), np.nan),) * 2
    )
    return pd.DataFrame({"strategy": name, "threshold": cuts, "net_benefit": benefits[0], "low": low, "high": high})
