"""Published rows as functions of the network: the log-odds of each share, with their slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from riskmodel.validation.ask import Fraction, Terms, fractions

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Masks
    from riskmodel.evidence.records import Variable
    from riskmodel.network.ask import Allowed
    from riskmodel.network.network import Network
    from riskmodel.validation.records import PublishedRow


class PublishedShares:
    """The log-odds of what rows ask, as constants plus signed logarithms of sums of P(pattern).

    A share is a signed sum of patterns over another one: "at least one of" is all but none. Where the study's own base
    rate is known, its odds are that of the base rate times P(given | of) / P(given | not of).

    Parameters
    ----------
    variables
        the rows of evidence arrays, in order.

    Attributes
    ----------
    masks
        (variables, patterns): each pattern that is asked for, once.
    sums
        (sums, patterns): how often each pattern counts in each sum, with its sign.
    signs
        (rows, sums): which sums make which row's log-odds: 1, -1 or 0.
    constants
        (rows,): the log-odds of the studies' own base rates; 0 where the network's are asked.
    """

    def __init__(self, network: Network, variables: Sequence[Variable], rows: Sequence[PublishedRow]) -> None:
        self._variables = {variable.name: row for row, variable in enumerate(variables)}
        self._blank = np.array([[variable.full_mask] for variable in variables], dtype=np.uint8)
        self._masks_of = [variable.mask for variable in variables]
        signed, constants = [], []
        for row in rows:
            asked = fractions(network, row, at_prior=True)
            signed.append(_sums_of(asked))
            constants.append(float(logit(row.prior)) if len(asked) > 1 and row.prior is not None else 0.0)
        every = [(sign, terms, i) for i, sums in enumerate(signed) for sign, terms in sums]
        columns = [self._mask(allowed) for _, terms, _ in every for _, allowed in terms]
        patterns, where = np.unique(np.concatenate([self._blank[:, :0], *columns], axis=1), axis=1, return_inverse=True)
        self.masks: Masks = np.ascontiguousarray(patterns)
        self.sums = np.zeros((len(every), patterns.shape[1]))
        self.signs = np.zeros((len(rows), len(every)))
        self.constants = np.array(constants)
        column = iter(where.ravel())
        for number, (sign, terms, row_number) in enumerate(every):
            self.signs[row_number, number] = sign
            for weight, _ in terms:
                self.sums[number, next(column)] += weight

    def _mask(self, allowed: Allowed) -> Masks:
        mask = self._blank.copy()
        for name, states in allowed.items():
            row = self._variables[name]
            mask[row] = self._masks_of[row](*states)
        return mask

    def log_odds(self, evidence: Array) -> Array:
        """Of each row's share, (rows,), where the patterns have these probabilities, (patterns,); NaN where none is."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.constants + self.signs @ np.log(self.sums @ evidence))

    def slopes(self, evidence: Array, scores: Array) -> Array:
        """Derivatives of the log-odds, (rows, coordinates), from those of log P(pattern), (patterns, coordinates)."""
        of_sums = (self.sums * evidence) @ scores / (self.sums @ evidence)[:, None]
        return np.asarray(self.signs @ of_sums)


def _sums_of(asked: Sequence[Fraction]) -> list[tuple[int, Terms]]:
    """The signed sums whose logarithms make the log-odds."""
    if len(asked) == 1:
        top, base = asked[0]
        return [(1, top), (-1, base + [(-sign, allowed) for sign, allowed in top])]
    with_it, without = asked
    return [(1, with_it.top), (-1, with_it.base), (-1, without.top), (1, without.base)]
