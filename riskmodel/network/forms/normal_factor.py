"""The joint distribution of findings whose thresholds on a normal scale share one common factor.

Each finding is a normal value cut at thresholds: x = √r · z + √(1 - r) · e, where z is the factor of the whole group
and e the finding's own, so that any two values have the correlation r (a one-factor normal copula: Vasicek, Loan
portfolio value, Risk 2002;15(12):160). Given z the findings are independent:

    P(findings) = ∫ φ(z) Π P(finding | z) dz

The integral is a sum over points of z, so many that it errs by less than about 1e-8: those of Gauss and Hermite for
correlations up to .4; beyond, where the functions are sharp, equally spaced ones, which for smooth functions converge
exponentially [1]. What the sum misses of a finding's own rate is given back, so that every rate is exactly as stated.

.. [1] Trefethen LN, Weideman JAC. The exponentially convergent trapezoidal rule. SIAM Review 2014;56:385-458.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import Array
from riskmodel.network.forms.normal import StandardNormal

GAUSS = 0.4  # up to this correlation the points are those of Gauss and Hermite
FARTHEST = 7.5  # equally spaced points reach from -7.5 to 7.5
EXPONENT = 18.0  # of the error of their sum: about exp(-18), and less in practice
FEWEST, GROWTH = 10, 1.2  # equally spaced points on each side of 0, and by what factor more where these are too few
AT_ONCE = 1 << 14


def joint_distribution(tables: Sequence[Array], correlation: Array) -> Array:
    """P(states of all members | parents) of one group.

    Parameters
    ----------
    tables
        for each member P(state | parents), shape (draws, parents …, states); all with the same number of axes, of
        length 1 where a member does not depend on a parent, or on the draw.
    correlation
        (draws, parents …), 0 to 0.99, in the same way of length 1.

    Returns
    -------
    (draws, parents …, states of the first member, of the second, …)
    """
    lead = np.broadcast_shapes(correlation.shape, *(table.shape[:-1] for table in tables))
    result = np.empty((*lead, *(table.shape[-1] for table in tables)))
    highest = np.broadcast_to(correlation.reshape(len(correlation), -1).max(axis=1), lead[:1])
    normal = StandardNormal.of(lead[0])
    rules = np.array([_rule(float(r), len(tables)) for r in highest])
    for rule in np.unique(rules):
        points, weights = _points(int(rule))
        for rows in _batches(np.nonzero(rules == rule)[0], math.prod(lead[1:])):
            parts = [table[rows] if len(table) > 1 else table for table in tables]
            r = correlation[rows] if len(correlation) > 1 else correlation
            result[rows] = _integrate(parts, r, points, weights, normal)
    return result


def _rule(correlation: float, members: int) -> int:
    """How many points of Gauss and Hermite, an even number; or minus how many equally spaced ones on each side of 0.

    The sharpest product of the members has the precision 1 + members · r / (1 - r), on which the spacing depends.
    """
    if correlation <= GAUSS:
        return 2 * math.ceil(3 + 16 * correlation)
    needed = FARTHEST * math.sqrt(2 * EXPONENT * (1 + members * correlation / (1 - correlation))) / (2 * math.pi)
    count = FEWEST
    while count < needed:
        count = math.ceil(count * GROWTH)
    return -count


def _points(rule: int) -> tuple[Array, Array]:
    """Points of a standard normal and their weights, which sum to 1."""
    if rule > 0:
        gauss = np.empty((2, rule))
        gauss[:] = np.polynomial.hermite_e.hermegauss(rule)
        return _sums_to_1(gauss[0], gauss[1])
    spaced = np.arange(rule, 1 - rule) * (FARTHEST / -rule)
    return _sums_to_1(spaced, np.exp(-0.5 * spaced**2))


def _sums_to_1(points: Array, weights: Array) -> tuple[Array, Array]:
    return points, np.asarray(weights / weights.sum())


def _batches(rows: NDArray[np.int64], cells: int) -> Iterator[NDArray[np.int64]]:
    size = max(1, AT_ONCE // cells)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _integrate(
    tables: Sequence[Array], correlation: Array, points: Array, weights: Array, normal: StandardNormal
) -> Array:
    """The joint distribution as a sum over the points: (draws, parents …, states of each …)."""
    given = [_given_factor(table, correlation, points, weights, normal) for table in tables]
    lead = np.broadcast_shapes(correlation.shape, *(table.shape[:-1] for table in tables))
    states = [len(each) for each in given]
    total = np.zeros((math.prod(states), *lead))
    for k, weight in enumerate(weights):
        product = weight * given[0][:, k]
        for each in given[1:]:
            product = product[:, None] * each[None, :, k]
            product = product.reshape(-1, *product.shape[2:])
        total += product
    return np.moveaxis(total, 0, -1).reshape(*lead, *states)


def _given_factor(table: Array, correlation: Array, points: Array, weights: Array, normal: StandardNormal) -> Array:
    """P(state | the factor at each point): (states, points, draws, parents …); weighted, they sum to the table."""
    upper = np.minimum(np.cumsum(table[..., :0:-1], axis=-1), 1.0)[..., ::-1]  # P(this state or a higher one)
    upper = np.moveaxis(upper, -1, 0)[:, None]
    spare = np.sqrt(1 - correlation)
    at = points.reshape(-1, *(1,) * correlation.ndim)
    beyond = normal.cdf(at * (np.sqrt(correlation) / spare) + normal.quantile(upper) / spare)
    room = beyond * (1 - beyond)
    missing, slope = upper[:, 0] - _weighted(weights, beyond), _weighted(weights, room)
    step = np.divide(missing, slope, out=np.zeros_like(missing), where=slope > 0)
    beyond += room * step[:, None]
    result = np.empty((len(beyond) + 1, *beyond.shape[1:]))
    np.subtract(1.0, beyond[0], out=result[0])
    np.subtract(beyond[:-1], beyond[1:], out=result[1:-1])
    result[-1] = beyond[-1]
    return np.maximum(result, 0.0, out=result)


def _weighted(weights: Array, values: Array) -> Array:
    """The sum over the points: (states, points, …) to (states, …), point after point."""
    total = np.zeros((len(values), *values.shape[2:]))
    for k, weight in enumerate(weights):
        total += weight * values[:, k]
    return total
