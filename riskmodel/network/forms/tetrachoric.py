"""The correlation that tables of findings show: two of them at a time, by the bivariate normal distribution."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from riskmodel.arrays import Array
from riskmodel.network.elimination import Factor, multiply_out
from riskmodel.network.forms.normal import StandardNormal

PAIRS = 8  # of two findings at a combination of their parents
NODES = 48  # of the integral from no correlation to one of .99: it errs by less than 1e-12
STEPS, CLOSE = 60, 1e-13  # of the search, and when it ends
LIMIT = 0.9999


def implied_correlation(factors: Sequence[Factor], group: Sequence[str], at: Mapping[str, int]) -> Array:
    """The correlation that the tables of a group's findings show, (draws,); NaN where none could show.

    It is the one at which the bivariate normal distribution finds as many pairs together, each in any state but its
    base, as the network does: summed over those pairs of findings and combinations of the parents that tell most.

    Parameters
    ----------
    at
        the states, by position, at which parents are held.
    """
    factors = [_held(factor, at) for factor in factors]
    names = {name: i for i, name in enumerate(dict.fromkeys(n for f in factors for n in f.scope), start=1)}
    product = multiply_out(factors, None, names)
    parents = [name for name in product.scope if name not in group]
    order = [product.scope.index(name) + 1 for name in (*parents, *group)]
    joint = np.transpose(product.table, [0, *order])
    joint = joint.reshape(len(joint), -1, *joint.shape[1 + len(parents) :])
    first, second, together = (np.concatenate(each, axis=1) for each in zip(*_pairs(joint), strict=True))
    tells = first * (1 - first) * second * (1 - second)
    most = np.sort(np.argsort(-tells.mean(axis=0), kind="stable")[:PAIRS])
    return solved_correlation(first[:, most], second[:, most], together[:, most])


def _held(factor: Factor, at: Mapping[str, int]) -> Factor:
    """A factor with some of its variables held at a state."""
    table = factor.table
    for axis in reversed(range(len(factor.scope))):
        if factor.scope[axis] in at:
            table = np.asarray(table.take(at[factor.scope[axis]], axis=1 + axis))
    return Factor(tuple(name for name in factor.scope if name not in at), table)


def _pairs(joint: Array) -> list[tuple[Array, Array, Array]]:
    """P(first), P(second) and P(both) for each pair: (draws, cells) each."""
    pairs = []
    members = range(joint.ndim - 2)
    for first, second in itertools.combinations(members, 2):
        two = joint.sum(axis=tuple(2 + i for i in members if i not in (first, second)))
        pairs.append((
            two[:, :, 1:].sum(axis=(2, 3)), two[:, :, :, 1:].sum(axis=(2, 3)), two[:, :, 1:, 1:].sum(axis=(2, 3)),
        ))  # fmt: skip
    return pairs


def solved_correlation(first: Array, second: Array, together: Array) -> Array:
    """The correlation that pairs of events share: (draws, pairs) of P(first), P(second), P(both) to (draws,).

    Examples
    --------
    >>> third = np.full((1, 1), 1 / 3)
    >>> solved_correlation(third + 1 / 6, third + 1 / 6, third).round(12).tolist()  # both halves, in 1 of 3 together
    [0.5]
    """
    inside = (first > 0) & (first < 1) & (second > 0) & (second < 1)
    normal = StandardNormal.of(len(first))
    h, k = (normal.quantile(np.where(inside, p, 0.5)) for p in (first, second))
    excess = np.where(inside, together - first * second, 0.0).sum(axis=1)
    low, high = np.full(len(excess), -LIMIT), np.full(len(excess), LIMIT)
    r = np.zeros(len(excess))
    for _ in range(STEPS):
        miss = np.where(inside, _excess(h, k, r[:, None]), 0.0).sum(axis=1) - excess
        low, high = np.where(miss <= 0, r, low), np.where(miss >= 0, r, high)
        slope = np.where(inside, _density(h, k, r[:, None]), 0.0).sum(axis=1)
        step = np.divide(miss, slope, out=np.zeros_like(miss), where=slope > 0)
        further = r - step
        outside = (further <= low) | (further >= high)
        further = np.where(outside & (miss != 0), (low + high) / 2, further)
        moved, r = np.abs(further - r), further
        if np.all(moved < CLOSE):
            break
    return np.where(inside.any(axis=1), r, np.nan)


def _excess(h: Array, k: Array, r: Array) -> Array:
    """How much more often two standard normals are both below h and k at a correlation than at none.

    The integral of their density over the correlation (Drezner and Wesolowsky, J Stat Comput Simul 1990;35:101), with
    the correlation as a sine.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    angle = np.arcsin(r)
    total = np.zeros(np.broadcast_shapes(h.shape, r.shape))
    for node, weight in zip(nodes, weights, strict=True):
        at = angle * (0.5 * (1 + node))
        total += weight * np.exp(-(h * h + k * k - 2 * h * k * np.sin(at)) / (2 * np.cos(at) ** 2))
    return total * angle / (4 * math.pi)


def _density(h: Array, k: Array, r: Array) -> Array:
    spare = 1 - r * r
    return np.asarray(np.exp(-(h * h + k * k - 2 * r * h * k) / (2 * spare)) / (2 * math.pi * np.sqrt(spare)))
