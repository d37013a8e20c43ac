"""The smooth calibration curve: logistic recalibration with a restricted cubic spline of the log-odds."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy import special, stats

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.evidence.scale import LOGIT
from riskmodel.metrics.summary import with_known_outcome

POINTS = 100  # of a smooth curve
# Fewest events (or people without, if fewer) → quantiles of the log-odds at which the knots stand (Harrell 2015,
# table 2.3): about ten events for each coefficient of the spline.
KNOTS = (
    (100, (0.05, 0.275, 0.5, 0.725, 0.95)),
    (50, (0.05, 0.35, 0.65, 0.95)),
    (20, (0.1, 0.5, 0.9)),
)


def smooth_reliability(y: Array, p: Array, *, level: float = 0.95) -> pd.DataFrame:
    """Observed frequency as a smooth function of the probability, with a pointwise band.

    A logistic regression of the outcome on a restricted cubic spline of the log-odds of ``p`` (as R's
    CalibrationCurves has it with ``smooth="rcs"``), which is linear beyond the outer knots. It has 5 knots from 100
    events, 4 from 50, 3 from 20, and is a straight line on the log-odds below; where even that does not converge, for
    the outcome is separated, it is the prediction shifted by a constant (the calibration intercept).

    Parameters
    ----------
    y, p
        outcomes (1, 0, NaN where unknown) and probabilities, (people,).
    level
        of the band, which is Wald's on the log-odds: at each point by itself, in (0, 1).

    Returns
    -------
    one row a point from the 1st to the 99th percentile of the probabilities: predicted, observed, low, high, and knots
    (5, 4 or 3 of the spline; 2 for the straight line, 0 for the shift).

    Raises
    ------
    UsageError
        where everybody or nobody has the condition; as of :func:`riskmodel.metrics.summarise`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> p = rng.beta(1, 9, 2000)
    >>> curve = smooth_reliability((rng.random(2000) < p).astype(float), p)
    >>> bool(((curve["low"] <= curve["predicted"]) & (curve["predicted"] <= curve["high"])).all())
    True
    """
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, not {level}")
    y, p = with_known_outcome(y, p)
    events = int(y.sum())
    if events in (0, len(y)):
        raise UsageError("a calibration curve needs people with and without the condition")
    x = LOGIT.to(p)
    first, last = (float(end) for end in np.percentile(x, [1, 99]))
    grid = np.linspace(first, last, POINTS)
    for knots in _choices(x, min(events, len(y) - events)):
        line = _fitted(y, x, grid, knots, level)
        if line is not None:
            break
    else:
        raise UsageError("the calibration curve does not converge")  # a shift alone always does
    share = special.expit(np.column_stack([grid, *line]))
    return pd.DataFrame(share, columns=["predicted", "observed", "low", "high"]).assign(knots=len(knots))


def _choices(x: Array, fewer: int) -> list[Array]:
    """Knots to try, most first; two stand for a straight line, none for a shift."""
    choices, information = [], special.expit(x) * special.expit(-x)
    # Weighed by the information of each person: nearly certain predictions hold nothing to bend a curve by.
    for least, quantiles in KNOTS:
        knots = np.unique(np.quantile(x, quantiles, weights=information, method="inverted_cdf"))
        if fewer >= least and len(knots) == len(quantiles):
            choices.append(knots)
    if np.ptp(x) > 0:
        choices.append(np.array([x.min(), x.max()]))
    return [*choices, np.empty(0)]


def _basis(x: Array, knots: Array) -> Array:
    """The columns of a curve with these knots, (people, knots); a constant where there are none."""
    from patsy import dmatrix

    if not len(knots):
        return np.ones((len(x), 1))
    if len(knots) == 2:
        return np.column_stack([np.ones(len(x)), x])
    spline = dmatrix("cr(x, knots=inner, lower_bound=low, upper_bound=high) - 1",
                     {"x": x, "inner": knots[1:-1], "low": knots[0], "high": knots[-1]})  # fmt: skip
    return np.asarray(spline)


def _fitted(y: Array, x: Array, grid: Array, knots: Array, level: float) -> tuple[Array, Array, Array] | None:
    """Log-odds on the grid with their band; None where the regression does not converge."""
    import statsmodels.api as sm

    offset = None if len(knots) else x
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fit = sm.GLM(y, _basis(x, knots), family=sm.families.Binomial(), offset=offset).fit()
        except (Warning, np.linalg.LinAlgError, ValueError):
            return None
    basis = _basis(grid, knots)
    centre = basis @ fit.params + (0 if len(knots) else grid)
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(np.einsum("ij,jk,ik->i", basis, fit.cov_params(), basis))
    return centre, centre - half, centre + half
