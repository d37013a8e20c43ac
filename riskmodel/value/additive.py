"""Log-odds as a sum of what each statement does to them by itself.

Every statement is moved alone over its distribution, all others at their medians; what that does to the log-odds is
a curve in the statement's normal score. A sum of curves needs no draws to be estimated, so it is as good for two
hundred statements as for one, where a regression on two hundred columns loses itself in some hundred draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.evidence.distributions import blocks_of_draws, dimensions, values_at
from riskmodel.evidence.records import Priors

Array = NDArray[np.float64]

KNOTS = (-2.0, -1.0, 1.0, 2.0)  # normal scores at which a statement is tried; at 0 all are
FURTHEST = 4.0  # a normal score beyond which curves are not followed
SPLINES = (0.1, 0.5, 0.9)  # quantiles of the normal scores of single parts at which their curves are joined


@dataclass(frozen=True, eq=False)
class Star:
    """The rows of values in which one dimension of the draws after another is moved.

    Attributes
    ----------
    values
        (1 + dimensions · knots, selected statements): the medians, then each dimension at each knot.
    blocks
        places among the selected statements, and dimensions, of what is drawn together.
    """

    values: Array
    blocks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    @classmethod
    def of(cls, priors: Priors) -> Star:
        from scipy import special

        count = len(dimensions(priors))
        points = np.full((1 + count * len(KNOTS), count), 0.5)
        for dimension in range(count):
            first = 1 + dimension * len(KNOTS)
            points[first : first + len(KNOTS), dimension] = special.ndtr(KNOTS)
        return cls(values_at(priors, points), tuple(blocks_of_draws(priors)))

    def curves(self, log_odds: Array) -> Array:
        """What each dimension does at each knot: (…, rows of the star) to (…, dimensions, knots)."""
        effect = log_odds[..., 1:] - log_odds[..., :1]
        return effect.reshape(*effect.shape[:-1], -1, len(KNOTS))


def knot_weights(points: Array) -> Array:
    """How much of the effect at each knot there is at points of the unit cube: (draws, dimensions) to (…, knots).

    Natural cubic splines through the knots and through nothing at the median, straight beyond the outer knots.

    >>> from scipy import special
    >>> knot_weights(special.ndtr(np.array([[0.0], [1.0], [3.0]])))[:, 0].round(2).tolist()[:2]
    [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """
    from scipy import interpolate, special

    knots = np.array([*KNOTS[:2], 0.0, *KNOTS[2:]])
    cardinal = interpolate.CubicSpline(knots, np.eye(len(knots))[:, [0, 1, 3, 4]], bc_type="natural")
    scores = np.clip(special.ndtri(points), -FURTHEST, FURTHEST)
    inside = np.clip(scores, knots[0], knots[-1])
    return np.asarray(cardinal(inside) + cardinal(inside, 1) * (scores - inside)[..., None])


@dataclass(frozen=True, eq=False)
class Additive:
    """Log-odds of some rows under some draws, as sums of curves.

    Attributes
    ----------
    curves
        (…, rows, dimensions, knots).
    weights
        (draws, dimensions, knots), of :func:`knot_weights`.
    scores
        (draws, selected statements): normal scores of the values.
    """

    curves: Array
    weights: Array
    scores: Array
    blocks: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]

    def of(self, columns: Sequence[int]) -> Array:
        """What knowing some statements tells of the log-odds: (…, rows, draws).

        A distribution of which all parts are known counts with its curves; where only some are, with the regression
        of its curves on the scores of those.
        """
        chosen, whole = set(columns), list[int]()
        total = np.zeros((*self.curves.shape[:-2], len(self.weights)))
        for members, places in self.blocks:
            shared = [i for i in members if i in chosen]
            if len(shared) == len(members):
                whole += places
            elif shared:
                total += self._projected(places, shared)
        return total + self._sum(whole) if whole else total

    def _sum(self, places: Sequence[int]) -> Array:
        chosen = self.curves[..., places, :]
        flat = self.weights[:, places].reshape(len(self.weights), -1)
        return np.asarray(chosen.reshape(*chosen.shape[:-2], -1) @ flat.T)

    def _projected(self, places: Sequence[int], shared: Sequence[int]) -> Array:
        scores = self.scores[:, shared]
        bends = [np.maximum(scores - knot, 0) for knot in np.quantile(scores, SPLINES)]
        basis = np.linalg.qr(np.hstack([np.ones((len(scores), 1)), scores, *bends]))[0]
        return np.asarray((self._sum(places) @ basis) @ basis.T)


def normal_scores(values: Array) -> Array:
    """Columns of draws as normal scores of their ranks, shape kept; a column without variation becomes 0."""
    from scipy import special, stats

    ranks = np.asarray(stats.rankdata(values, axis=0))
    scores = special.ndtri((ranks - 0.5) / len(values))
    return np.asarray(np.where(np.ptp(values, axis=0) > 0, scores, 0.0))
