"""The joint distribution of findings whose thresholds on a normal scale share one common factor.

Each finding is a normal value cut at thresholds: x = √r · z + √(1 - r) · e, where z is the factor of the whole group
and e the finding's own, so that any two values have the correlation r (a one-factor normal copula: Vasicek, Loan
portfolio value, Risk 2002;15(12):160). Given z the findings are independent:

    P(findings) = ∫ φ(z) Π P(finding | z) dz

The integral is a sum over points of z, so many that it errs by less than about 1e-8: those of Gauss and Hermite for
correlations up to .35; beyond, where the functions are sharp, equally spaced ones, which for smooth functions converge
exponentially [1]. What the sum misses of a finding's own rate is given back, so that every rate is exactly as stated.

.. [1] Trefethen LN, Weideman JAC. The exponentially convergent trapezoidal rule. SIAM Review 2014;56:385-458.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.arrays import Array
from riskmodel.network.forms.normal import StandardNormal

GAUSS = 0.35  # up to this correlation the points are those of Gauss and Hermite
FARTHEST = 7.0  # equally spaced points reach from -7 to 7
EXPONENT = 17.0  # of the error of their sum: about exp(-17), and less in practice
FEWEST, GROWTH = 10, 1.2  # equally spaced points on each side of 0, and by what factor more where these are too few
AT_ONCE = 1 << 15  # entries of joint distributions worked on together


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
    normal = StandardNormal.of(lead[0])
    for where in np.ndindex(correlation.shape[1:]):  # each correlation by itself: a high one needs many points
        cell = tuple(
            slice(i, i + 1) if size > 1 else slice(None) for i, size in zip(where, correlation.shape[1:], strict=True)
        )
        parts = [table[_part(table.shape[1:-1], cell)] for table in tables]
        r = np.broadcast_to(correlation[(slice(None), *where)], lead[:1])
        for rows, joint in _by_batches(parts, r, normal):
            result[(slice(None), *cell)][rows] = joint
    return result


def _part(sizes: Sequence[int], cell: Sequence[slice]) -> tuple[slice, ...]:
    """The part of a table that belongs to a cell: all draws, and all of axes of length 1."""
    parts = (part if size > 1 else slice(None) for size, part in zip(sizes, cell, strict=True))
    return (slice(None), *parts)


def _by_batches(
    tables: Sequence[Array], correlation: Array, normal: StandardNormal
) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Some draws, and their joint distribution: those together that need as many points, few enough for the cache."""
    cells = math.prod(np.broadcast_shapes(*(table.shape[1:-1] for table in tables)))
    size = max(1, AT_ONCE // (cells * math.prod(table.shape[-1] for table in tables)))
    rules = np.array([_rule(r, len(tables)) for r in correlation.tolist()])
    for rule in np.unique(rules):
        points, weights = _points(int(rule))
        alike = np.nonzero(rules == rule)[0]
        for rows in np.split(alike, range(size, len(alike), size)):
            parts = [table[rows] if len(table) > 1 else table for table in tables]
            yield rows, _integrate(parts, correlation[rows], points, weights, normal)


def _rule(correlation: float, members: int) -> int:
    """How many points of Gauss and Hermite, an even number; or minus how many equally spaced ones on each side of 0.

    The sharpest product of the members has the precision 1 + members · r / (1 - r), on which the spacing depends.
    """
    if correlation <= GAUSS:
        return 2 * math.ceil(2.5 + 17 * correlation)
    needed = FARTHEST * math.sqrt(2 * EXPONENT * (1 + members * correlation / (1 - correlation))) / (2 * math.pi)
    count = FEWEST
    while count < needed:
        count = math.ceil(count * GROWTH)
    return -count


def _points(rule: int) -> tuple[Array, Array]:
    """Points of a standard normal and their weights, which sum to 1."""
    if rule > 0:
        return _sums_to_1(*np.polynomial.hermite_e.hermegauss(rule))
    spaced = np.arange(rule, 1 - rule) * (FARTHEST / -rule)
    return _sums_to_1(spaced, np.exp(-0.5 * spaced**2))


def _sums_to_1(points: ArrayLike, weights: ArrayLike) -> tuple[Array, Array]:
    return np.array(points, dtype=np.float64), np.array(weights / np.sum(weights), dtype=np.float64)


def _integrate(
    tables: Sequence[Array], correlation: Array, points: Array, weights: Array, normal: StandardNormal
) -> Array:
    """The joint distribution as a sum over the points: (draws, parents …, states of each …)."""
    given = [_given_factor(table, correlation, points, weights, normal) for table in tables]
    states = [each.shape[1] for each in given]
    for i, each in enumerate(given):
        beside = (*(1,) * i, states[i], *(1,) * (len(given) - i - 1))
        given[i] = each.reshape(len(points), *beside, *each.shape[2:])
    total = np.zeros(np.broadcast_shapes(*(each.shape[1:] for each in given)))
    added = np.empty_like(total)
    for k, weight in enumerate(weights):
        product = weight * given[0][k]
        for each in given[1:-1]:
            product = product * each[k]
        total += np.multiply(product, given[-1][k], out=added)
    return np.transpose(total, [total.ndim - 1, *range(len(states), total.ndim - 1), *range(len(states))])


def _given_factor(table: Array, correlation: Array, points: Array, weights: Array, normal: StandardNormal) -> Array:
    """P(state | the factor at each point): (points, states, parents …, draws); weighted, they sum to the table.

    The draws come last, so that inner loops are long.
    """
    states = np.ascontiguousarray(np.moveaxis(table, (0, -1), (-1, 0)))
    upper = np.minimum(np.cumsum(states[:0:-1], axis=0), 1.0)[::-1]  # P(this state or a higher one)
    spare = np.sqrt(1 - correlation)
    slope, start = np.sqrt(correlation) / spare, normal.quantile(upper) / spare
    beyond = normal.cdf(np.stack([point * slope + start for point in points]))
    room = beyond * (1 - beyond)
    missing, more = upper - _weighted(weights, beyond), _weighted(weights, room)
    beyond += room * np.divide(missing, more, out=np.zeros_like(more), where=more > 0)
    result = np.empty((len(points), len(states), *beyond.shape[2:]))
    np.subtract(1.0, beyond[:, 0], out=result[:, 0])
    np.subtract(beyond[:, :-1], beyond[:, 1:], out=result[:, 1:-1])
    result[:, -1] = beyond[:, -1]
    return np.maximum(result, 0.0, out=result)


def _weighted(weights: Array, values: Array) -> Array:
    """The sum over the points, (points, …) to (…), point after point."""
    total = np.zeros(values.shape[1:])
    for weight, value in zip(weights, values, strict=True):
        total += weight * value
    return total
