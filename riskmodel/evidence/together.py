"""Pairs of statements that are drawn together: what was synthesised of the same studies varies together.

The normal scores of the two are correlated (a Gaussian copula), and each by itself keeps its distribution. On the
logit scale, where most statements are normal or nearly so, this is the correlation of their logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.evidence.origin import DrawnPair
from riskmodel.evidence.scale import inside

if TYPE_CHECKING:
    from riskmodel.arrays import Array
    from riskmodel.evidence.records import Priors


def pairs_in_force(priors: Priors) -> list[DrawnPair]:
    """The pairs of which both statements are selected."""
    selected = set(priors.selected)
    return [pair for pair in priors.drawn_pairs if selected.issuperset(pair.statements)]


def new_pairs(pairs: Sequence[DrawnPair], before: Sequence[DrawnPair]) -> list[DrawnPair]:
    """What a set says to make the pairs out of those of the set that it extends; 0 ends one of these."""
    new = [pair for pair in pairs if pair not in before]
    named = {name for pair in new for name in pair.statements}
    ended = [pair for pair in before if pair not in pairs and named.isdisjoint(pair.statements)]
    return [*new, *(DrawnPair(pair.statements, 0.0) for pair in ended)]


def columns_together(priors: Priors) -> list[tuple[int, int, float]]:
    """The places among the selected statements of each pair in force, the first in the register first; correlation."""
    places = {statement.id: i for i, statement in enumerate(priors.selected_statements)}
    pairs = [(sorted(places[name] for name in pair.statements), pair.correlation) for pair in pairs_in_force(priors)]
    return [(first, second, correlation) for (first, second), correlation in pairs]


def correlated(points: Array, pairs: Sequence[tuple[int, int, float]]) -> Array:
    """Points of the unit cube with pairs of columns made to go together, each point by itself.

    The first column of a pair stays; the second is moved towards it, and is uniform as before.

    >>> correlated(np.array([[0.9, 0.5]]), [(0, 1, 0.8)]).round(3).tolist()
    [[0.9, 0.847]]
    """
    from scipy import special

    moved = points.copy() if pairs else points
    for first, second, correlation in pairs:
        scores = special.ndtri(inside(points[:, [first, second]]))
        moved[:, second] = special.ndtr(correlation * scores[:, 0] + np.sqrt(1 - correlation**2) * scores[:, 1])
    return moved


def reordered(points: Array, pairs: Sequence[tuple[int, int, float]]) -> Array:
    """The same as :func:`correlated`, by reordering the second columns: each keeps all its values.

    A Latin hypercube stays one (Iman RL, Conover WJ. Commun Stat Simul Comput 1982;11:311).
    """
    target = correlated(points, pairs)
    if not pairs:
        return points
    moved = points.copy()
    for _, second, _ in pairs:
        moved[np.argsort(target[:, second], kind="stable"), second] = np.sort(points[:, second])
    return moved
