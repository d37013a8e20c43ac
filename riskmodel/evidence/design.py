"""Points of the unit cube at which all statements are drawn together: a Latin hypercube without chance correlation.

Scrambled Sobol' points of some 260 dimensions are far from independent below some thousands of points: pairs of
columns are correlated by up to .75 at 500. Here each column is stratified, and the columns are put in such orders
that their normal scores are next to uncorrelated (Iman RL, Conover WJ. Commun Stat B 1982;11:311).
"""

from __future__ import annotations

import numpy as np

from riskmodel.arrays import Array

SPARE = 1.2  # points for each column, from which on correlations can be removed
ROUNDS = 2  # of removing them: each leaves what putting ranks in order brings back


def latin_hypercube(count: int, columns: int, rng: np.random.Generator) -> Array:
    """Points in the unit cube, each column with one point in every stratum: (count, columns).

    Below 1.2 points for each column the orders are left to chance, since so many columns cannot be uncorrelated.

    >>> points = latin_hypercube(400, 50, np.random.default_rng(1))
    >>> bool((np.sort((points * 400).astype(int), axis=0) == np.arange(400)[:, None]).all())
    True
    >>> bool(np.abs(np.corrcoef(points.T) - np.eye(50)).max() < 0.05)
    True
    """
    from scipy import special

    strata = rng.permuted(np.repeat(np.arange(count)[None], columns, axis=0), axis=1)  # a row a column: sorts faster
    if count >= SPARE * columns and count > 2:
        grid = special.ndtri((np.arange(count) + 0.5) / count)
        for _ in range(ROUNDS):
            scores = grid[strata]
            uncorrelated = np.linalg.solve(np.linalg.cholesky(scores @ scores.T / count), scores)
            order = np.argsort(uncorrelated, axis=1)
            np.put_along_axis(strata, order, np.arange(count)[None], axis=1)
    return np.ascontiguousarray(((strata + rng.random((columns, count))) / count).T)
