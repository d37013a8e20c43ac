"""The learnt statements as unbounded coordinates, with their own distributions as the prior.

A probability or share is moved on the logit scale, a ratio or weight on the log scale; the states of one
distribution together: counted ones as log-ratios to the state that is not stated (or to the first), others as the
logit of each one's part of what the surer ones leave, as they are drawn. On these scales the prior of every
statement has its mode at the stated value, so without data nothing moves. A prior that is split at the stated
value has a curvature of its own on each side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from riskmodel.arrays import Array
from riskmodel.evidence.distributions import equivalent_sample_size, is_dirichlet, joint_distributions, spread, sticks
from riskmodel.evidence.limits import highest
from riskmodel.evidence.records import RATIOS, Priors, PriorSet, Statement
from riskmodel.evidence.scale import EDGE, Z95, scale_of

FARTHEST = 27.0  # on the logit scale: 1.9e-12, where draws of probabilities end too


@dataclass(frozen=True, slots=True)
class StatementBlock:
    """Statements that move together: one, or the states of one distribution.

    Attributes
    ----------
    columns
        their places among the selected statements; of a complete Dirichlet the first is the reference.
    first
        the block's first coordinate.
    kind
        ``logit``, ``log``, ``shares`` (a Dirichlet) or ``sticks`` (states broken off one after another).
    complete
        whether the shares are all states, so that one has no coordinate of its own.
    start
        the coordinates of the stated values.
    precision
        of a split normal prior, below the start and above it: (2, coordinates); no columns where the prior is a Beta
        or Dirichlet.
    counts
        of a Beta or Dirichlet prior: one a coordinate, then that of the reference; empty where it is normal.
    order
        of ``sticks``: places in ``columns`` as they are broken off; the coordinates are in this order.
    """

    columns: tuple[int, ...]
    first: int
    kind: str
    complete: bool
    start: Array
    precision: Array
    counts: Array
    order: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return len(self.start)

    @property
    def places(self) -> slice:
        return slice(self.first, self.first + self.size)

    def values(self, x: Array) -> Array:
        """The statements' values at coordinates (rows, coordinates of the block): (rows, statements)."""
        x = np.clip(x, -FARTHEST, FARTHEST)
        if self.kind == "log":
            return np.asarray(np.exp(x))
        if self.kind == "logit":
            return np.asarray(special.expit(x))
        if self.kind == "sticks":
            return self._broken(special.expit(x))
        shares = special.softmax(np.concatenate([np.zeros((len(x), 1)), x], axis=1), axis=1)
        return np.asarray(shares if self.complete else shares[:, 1:])

    def _broken(self, parts: Array) -> Array:
        """The shares whose parts of what is left, (rows, coordinates), are given."""
        shares, remaining = np.empty((len(parts), len(self.order))), np.ones(len(parts))
        for i, state in enumerate(self.order):
            shares[:, state] = remaining * parts[:, i] if i < self.size else remaining
            remaining = remaining - shares[:, state]
        return shares

    def _precision(self, x: Array) -> Array:
        """The prior's precision on the side of the start on which each coordinate lies."""
        return np.asarray(np.where(x < self.start, *self.precision))

    def log_prior(self, x: Array) -> float:
        """The log density of the prior at the block's coordinates, up to a constant."""
        if self.precision.size:
            return float(-0.5 * np.sum(self._precision(x) * (x - self.start) ** 2))
        return float(self.counts[:-1] @ x - self.counts.sum() * special.logsumexp([0.0, *x]))

    def gradient(self, x: Array) -> Array:
        if self.precision.size:
            return np.asarray(-self._precision(x) * (x - self.start))
        return np.asarray(self.counts[:-1] - self.counts.sum() * special.softmax([0.0, *x])[1:])

    def curvature(self, x: Array) -> Array:
        """Minus the second derivatives of the log prior."""
        if self.precision.size:
            return np.diag(self._precision(x))
        shares = special.softmax([0.0, *x])[1:]
        return np.asarray(self.counts.sum() * (np.diag(shares) - np.outer(shares, shares)))

    def slopes(self, x: Array) -> Array:
        """Derivatives of each statement's own logit or log by the coordinates: (statements, coordinates)."""
        if self.kind in ("logit", "log"):
            return np.ones((1, 1))
        if self.kind == "sticks":
            return self._slopes_of_sticks(x)
        shares = special.softmax([0.0, *x])
        slopes = (np.eye(len(shares)) - shares)[:, 1:] / (1 - shares)[:, None]
        return np.asarray(slopes if self.complete else slopes[1:])

    def _slopes_of_sticks(self, x: Array) -> Array:
        """A share grows with its own part, and shrinks with the part of each that is broken off before it."""
        parts, shares = special.expit(x), self.values(x[None])[0]
        slopes = np.zeros((len(self.order), self.size))
        for i, state in enumerate(self.order):
            slopes[state, :i] = -parts[:i]
            if i < self.size:
                slopes[state, i] = 1 - parts[i]
        return np.asarray(slopes / (1 - shares)[:, None])


class Coordinates:
    """All learnt statements of a prior set.

    Parameters
    ----------
    chosen
        ids of the statements to learn; the parts of one distribution are learnt together, and statements of
        exactly 0 or 1 not at all.
    """

    def __init__(self, priors: Priors, chosen: Sequence[str]) -> None:
        self.priors = priors
        self.statements = priors.selected_statements
        self.stated = np.array([statement.value for statement in self.statements])
        self.blocks: list[StatementBlock] = []
        wanted, taken = set(chosen), set[int]()
        for members in joint_distributions(self.statements):
            possible = [i for i in members if self.statements[i].value > 0]
            if len(possible) > 1 and wanted & {self.statements[i].id for i in members}:
                self.blocks.append(_shares(self.statements, possible, self.size, priors.prior_set))
                taken |= set(members)
        for i, statement in enumerate(self.statements):
            if statement.id in wanted and i not in taken and not _is_fixed(statement):
                self.blocks.append(_single(statement, i, self.size, priors.prior_set))
        self._highest = np.array([highest(statement.quantity) for statement in self.statements])
        self.start = np.concatenate([np.empty(0), *(block.start for block in self.blocks)])

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return sum(block.size for block in self.blocks)

    @property
    def columns(self) -> list[int]:
        """The places of the learnt statements among the selected ones."""
        return [column for block in self.blocks for column in block.columns]

    def values(self, x: Array) -> Array:
        """Values of all selected statements, (rows, selected), at coordinates (rows, coordinates)."""
        values = np.repeat(self.stated[None], len(x), axis=0)
        for block in self.blocks:
            values[:, block.columns] = block.values(x[:, block.places])
        return np.asarray(np.minimum(values, self._highest))

    def log_prior(self, x: Array) -> float:
        return sum(block.log_prior(x[block.places]) for block in self.blocks)

    def prior_gradient(self, x: Array) -> Array:
        return np.concatenate([np.empty(0), *(block.gradient(x[block.places]) for block in self.blocks)])

    def prior_precision(self, x: Array) -> Array:
        """(coordinates, coordinates), block diagonal."""
        precision = np.zeros((self.size, self.size))
        for block in self.blocks:
            precision[block.places, block.places] = block.curvature(x[block.places])
        return precision

    def slopes(self, x: Array) -> Array:
        """Derivatives of the learnt statements' own logits or logs by the coordinates: (learnt, coordinates)."""
        slopes = np.zeros((len(self.columns), self.size))
        row = 0
        for block in self.blocks:
            slopes[row : row + len(block.columns), block.places] = block.slopes(x[block.places])
            row += len(block.columns)
        return slopes


def _is_fixed(statement: Statement) -> bool:
    """Whether a statement is exactly 0 or 1, or has an interval of no width."""
    sure = statement.quantity not in RATIOS and statement.value in (0.0, 1.0)
    return sure or (statement.low is not None and statement.low == statement.high)


def _single(statement: Statement, column: int, first: int, prior_set: PriorSet) -> StatementBlock:
    kind = "log" if statement.quantity in RATIOS else "logit"
    shape = spread(statement, prior_set)
    start = np.array([float(scale_of(statement).to(statement.value))])
    if shape.kind == "beta":
        precision, counts = np.empty((2, 0)), np.array([shape.first, shape.second])
    else:
        precision, counts = 1.0 / np.square(shape.sides)[:, None], np.empty(0)
    return StatementBlock((column,), first, kind, complete=False, start=start, precision=precision, counts=counts)


def _shares(statements: Sequence[Statement], members: Sequence[int], first: int, prior_set: PriorSet) -> StatementBlock:
    parts = [statements[i] for i in members]
    shares = np.array([part.value for part in parts])
    rest = max(1.0 - float(shares.sum()), 0.0)
    complete = rest <= EDGE
    if not is_dirichlet(parts):
        return _sticks(parts, members, first, prior_set)
    reference = shares[0] if complete else rest
    varying = shares[1:] if complete else shares
    count = float(np.mean([equivalent_sample_size(part, prior_set) for part in parts]))
    start, counts = np.log(varying / reference), count * np.array([*varying, reference])
    return StatementBlock(tuple(members), first, "shares", complete, start, np.empty((2, 0)), counts)


def _sticks(parts: Sequence[Statement], members: Sequence[int], first: int, prior_set: PriorSet) -> StatementBlock:
    """The states of a distribution as they are drawn, but with the mode at the stated values."""
    drawn = sticks(parts, prior_set)
    shares = np.array([parts[state].value for state in drawn.order])
    coordinates = len(shares) - drawn.complete
    remaining = 1 - np.concatenate([[0.0], np.cumsum(shares)[:-1]])
    start = special.logit((shares / remaining)[:coordinates])
    sides = np.maximum([drawn.below[:coordinates], drawn.above[:coordinates]], 1e-6)
    return StatementBlock(
        tuple(members), first, "sticks", drawn.complete, start, 1.0 / sides**2, np.empty(0), order=drawn.order
    )  # fmt: skip


def prior_sd(statement: Statement, prior_set: PriorSet) -> float:
    """Standard deviation of a statement's own distribution on its scale (of a Beta, at its mode)."""
    shape = spread(statement, prior_set)
    if shape.kind == "beta":
        return math.sqrt((shape.first + shape.second) / (shape.first * shape.second))
    return shape.sd


def prior_interval(statement: Statement, prior_set: PriorSet) -> tuple[float, float]:
    """The statement's own 95 % interval."""
    if _is_fixed(statement):
        return statement.value, statement.value
    shape = spread(statement, prior_set)
    if shape.kind == "beta":
        low, high = special.betaincinv(shape.first, shape.second, [0.025, 0.975])
        return float(low), float(high)
    below, above = shape.sides
    low, high = scale_of(statement).back([shape.first - Z95 * below, shape.first + Z95 * above])
    return float(low), float(high)
