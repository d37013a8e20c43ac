"""Published rows as functions of the network: the log-odds of each share, with their slopes.

A table of people in whom a disease was suspected is one of those who were selected. Each of the signs that make
suspicious does so with the same probability s, whatever the others, and the share r of people is suspected without any:
P(selected | k signs) = 1 − (1 − r)(1 − s)^k. Multiplied out, that is a signed sum over the subsets of the signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from riskmodel.validation.ask import Fraction, Terms, fractions, product

if TYPE_CHECKING:
    from riskmodel.arrays import Array, Masks
    from riskmodel.evidence.records import Event, Variable
    from riskmodel.network.ask import Allowed
    from riskmodel.network.network import Network
    from riskmodel.validation.records import PublishedRow

ANYBODY = -1  # the selection of rows that are about all people


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
    selections
        the signs by which people were suspected, one tuple for each way; each has two rates, on the logit scale: of
        being suspected for a sign, and without any.
    signs
        (rows, sums): which sums make which row's log-odds: 1, -1 or 0.
    constants
        (rows,): the log-odds of the studies' own base rates; 0 where the network's are asked.
    """

    def __init__(self, network: Network, variables: Sequence[Variable], rows: Sequence[PublishedRow]) -> None:
        self._variables = {variable.name: row for row, variable in enumerate(variables)}
        self._blank = np.array([[variable.full_mask] for variable in variables], dtype=np.uint8)
        self._masks_of = [variable.mask for variable in variables]
        self.selections = tuple(dict.fromkeys(row.suspected_by for row in rows if row.suspected_by))
        constants, columns = [], [self._blank[:, :0]]
        signed: list[tuple[int, int]] = []
        entries: list[tuple[int, int, int, int]] = []
        for number, row in enumerate(rows):
            asked = fractions(network, row, at_prior=True)
            constants.append(float(logit(row.prior)) if len(asked) > 1 and row.prior is not None else 0.0)
            way = self.selections.index(row.suspected_by) if row.suspected_by else ANYBODY
            for sign, terms in _sums_of(asked):
                for size, weight, allowed in _of_selected(network, terms, row.suspected_by):
                    entries.append((len(signed), weight, way, size))
                    columns.append(self._mask(allowed))
                signed.append((number, sign))
        patterns, where = np.unique(np.concatenate(columns, axis=1), axis=1, return_inverse=True)
        self.masks: Masks = np.ascontiguousarray(patterns)
        self._column = where.ravel()
        self._sum, self._weight, self._way, self._size = np.array(entries, dtype=np.int64).reshape(-1, 4).T
        self.signs = np.zeros((len(rows), len(signed)))
        for column, (number, sign) in enumerate(signed):
            self.signs[number, column] = sign
        self.constants = np.array(constants)

    def _mask(self, allowed: Allowed) -> Masks:
        mask = self._blank.copy()
        for name, states in allowed.items():
            row = self._variables[name]
            mask[row] = self._masks_of[row](*states)
        return mask

    def log_odds(self, evidence: Array, rates: Array) -> Array:
        """Of each row's share, (rows,); not finite where it is 0, 1 or none.

        Parameters
        ----------
        evidence
            (patterns,): P(pattern).
        rates
            (selections, 2): the logits of the rates.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.constants + self.signs @ np.log(self._sums(self._counted(rates)) @ evidence))

    def slopes(self, evidence: Array, scores: Array, rates: Array) -> tuple[Array, Array]:
        """Derivatives of the log-odds, (rows, coordinates) and (rows, 2 · selections).

        The first from those of log P(pattern), (patterns, coordinates); the second by the logits of the rates.
        """
        sums = self._sums(self._counted(rates))
        values = sums @ evidence
        of_coordinates = self.signs @ ((sums * evidence) @ scores / values[:, None])
        of_rates = [self._sums(slope) @ evidence / values for slope in self._slopes_of_counted(rates)]
        return np.asarray(of_coordinates), np.asarray(self.signs @ np.array(of_rates).reshape(-1, len(values)).T)

    def _sums(self, counted: Array) -> Array:
        """How often each pattern counts in each sum: (sums, patterns)."""
        sums = np.zeros((self.signs.shape[1], self.masks.shape[1]))
        np.add.at(sums, (self._sum, self._column), self._weight * counted)
        return sums

    def _counted(self, rates: Array) -> Array:
        """How much of each entry is selected: of all people 1, of a subset of signs what its product gives."""
        counted, chosen = np.ones(len(self._sum)), self._way != ANYBODY
        by_sign, without = expit(rates[self._way[chosen]]).T
        size = self._size[chosen]
        counted[chosen] = np.where(size == 0, without, -(1 - without) * (-by_sign) ** size)
        return counted

    def _slopes_of_counted(self, rates: Array) -> Iterator[Array]:
        """Its derivatives by the two logits of each selection."""
        for way in range(len(self.selections)):
            by_sign, without = expit(rates[way])
            chosen = self._way == way
            power = (-by_sign) ** self._size
            yield np.where(chosen, -(1 - without) * self._size * power * (1 - by_sign), 0.0)
            yield np.where(chosen, without * (1 - without) * power, 0.0)


def _sums_of(asked: Sequence[Fraction]) -> list[tuple[int, Terms]]:
    """The signed sums whose logarithms make the log-odds."""
    if len(asked) == 1:
        top, base = asked[0]
        return [(1, top), (-1, base + [(-sign, allowed) for sign, allowed in top])]
    with_it, without = asked
    return [(1, with_it.top), (-1, with_it.base), (-1, without.top), (1, without.base)]


def _of_selected(network: Network, terms: Terms, signs: Sequence[Event]) -> Iterator[tuple[int, int, Allowed]]:
    """The terms with every subset of the signs present: (size of the subset, weight, restriction)."""
    for size in range(len(signs) + 1):
        for subset in combinations(signs, size):
            present: Terms = [(1, {sign.variable: sign.states for sign in subset})]
            for weight, allowed in product(network, terms, present):
                yield size, weight, allowed
