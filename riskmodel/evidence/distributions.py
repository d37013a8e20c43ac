"""A statement → its distribution → draws.

An interval gives a logit-normal (probabilities, shares) or log-normal (ratios, weights), split at the value where the
interval is skewed; a count gives a Beta. The states of one distribution (an age mix, the bands of a test) are drawn
together and stay on the simplex: a Dirichlet where they have counts, else so that each holds its own interval
(:mod:`riskmodel.evidence.shares`). Draw 0 is the stated values themselves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import UsageError
from riskmodel.evidence import shares
from riskmodel.evidence.design import latin_hypercube
from riskmodel.evidence.records import RATIOS, Priors, PriorSet, Statement
from riskmodel.evidence.scale import EDGE, LOG, LOGIT, inside, scale_of
from riskmodel.evidence.together import columns_together, correlated, reordered

SMALLEST_SHARE = 1e-9  # no state of a joint distribution falls below this in a draw
HELD_WITHIN = 0.02  # of its level: the share of draws inside a stated interval
ONE_SIDED = 0.01  # of an interval's width lies on each side of the value at least, where one end is the value


@dataclass(frozen=True, slots=True)
class Spread:
    """How a single statement varies: `kind` with its parameters.

    ``logit_normal`` and ``log_normal``: transformed median, standard deviation on that scale below it, and above it
    (None: the same); ``beta``: a, b; ``fixed``: value, 0.
    """

    kind: str
    first: float
    second: float
    third: float | None = None

    @property
    def sides(self) -> tuple[float, float]:
        """Standard deviations below and above the median of a logit-normal or log-normal."""
        return self.second, self.second if self.third is None else self.third

    @property
    def sd(self) -> float:
        """The mean of both: the width of the 95 % interval over that of a standard normal."""
        return sum(self.sides) / 2


def interval_sd(statement: Statement) -> float | None:
    """Standard deviation on the statement's scale (logit or log) from the width of its interval; None without one."""
    sides = interval_sides(statement)
    return sum(sides) / 2 if sides else None


def interval_sides(statement: Statement) -> tuple[float, float] | None:
    """Standard deviations on the logit or log scale from the statement's interval, below its value and above it.

    A bound of 0 or 1 of a probability is moved half-way to the value. None without an interval that can be used.
    """
    if statement.low is None or statement.high is None:
        return None
    value = statement.value
    low = statement.low if statement.low > 0 else value / 2
    high = statement.high if statement.quantity in RATIOS or statement.high < 1 else (1 + value) / 2
    if not 0 < low <= value <= high or (statement.quantity not in RATIOS and high >= 1):
        return None
    below, above = scale_of(statement).sd_of_interval(low, value, high, statement.level)
    least = ONE_SIDED * (below + above)
    return max(below, least), max(above, least)


def equivalent_sample_size(statement: Statement, prior_set: PriorSet) -> float:
    """How many people a statement without an interval is worth: its own n, or the set's default for its basis.

    A fitted one without an interval that can be used counts like a study.
    """
    if statement.n is not None:
        return float(statement.n)
    return float(prior_set.default_n["study" if statement.informed else statement.basis])


def spread(statement: Statement, prior_set: PriorSet) -> Spread:
    """The distribution of a statement that is drawn on its own.

    Examples
    --------
    >>> from riskmodel.evidence.records import Event, Given
    >>> fever = Statement("fever", "probability", Event("fever", ("present",)), Given(), "", 0.55,
    ...                   "study", "yusuf_2019", "abstract", low=0.35, high=0.7)
    >>> spread(fever, PriorSet("s", ("study",), "")).kind
    'logit_normal'
    """
    value, scale = statement.value, scale_of(statement)
    ratio = scale is LOG
    if not ratio and not 0 < value < 1:
        return Spread("fixed", value, 0.0)
    sides = interval_sides(statement)
    if sides is not None and statement.events is None:
        return Spread(scale.kind, float(scale.to(value)), *sides)
    count = equivalent_sample_size(statement, prior_set)
    if ratio:  # a ratio without an interval: as uncertain as a log odds from that many, split evenly
        return Spread(scale.kind, float(scale.to(value)), math.sqrt(4.0 / count))
    return Spread("beta", value * count, (1 - value) * count)


def joint_distributions(statements: Sequence[Statement]) -> list[list[int]]:
    """Positions of statements that are parts of one distribution: one variable, one `given`, several states."""
    groups: dict[tuple[str, object], list[int]] = defaultdict(list)
    for i, statement in enumerate(statements):
        if statement.quantity == "probability":
            groups[statement.of.variable, statement.given].append(i)
    return [members for members in groups.values() if len(members) > 1]


def draw_values(priors: Priors, draws: int, rng: np.random.Generator) -> Array:
    """Joint draws of all selected statements.

    A Latin hypercube by ``rng``, mapped through each statement's distribution; of two that are drawn together the draws
    of the second are put in another order. The draws depend on ``draws``, the statements, their pairs and the
    generator's state alone.

    Returns
    -------
    (draws, selected statements in register order); draw 0 is the stated values.

    Raises
    ------
    UsageError
        for fewer than 2 draws.
    """
    if draws < 2:
        raise UsageError(f"draws must be at least 2, not {draws}")
    points = latin_hypercube(draws - 1, len(dimensions(priors)), rng)
    values = _values(priors, reordered(points, columns_together(priors)))
    return np.vstack([[statement.value for statement in priors.selected_statements], values])


def intervals_missed(priors: Priors, values: Array) -> dict[str, float]:
    """Statements whose stated interval is not held as often as stated, within 2 %, and the share of draws inside.

    It happens to parts of one distribution whose intervals rule each other out, and by chance where there are few
    draws.

    Parameters
    ----------
    values
        (draws, selected statements), as of :func:`draw_values`.
    """
    held = {
        statement.id: (statement.level, float(np.mean((column >= statement.low) & (column <= statement.high))))
        for statement, column in zip(priors.selected_statements, values.T, strict=True)
        if interval_sides(statement) is not None and statement.n is None and statement.events is None
    }
    return {name: share for name, (level, share) in held.items() if abs(share - level) > HELD_WITHIN}


def dimensions(priors: Priors) -> list[tuple[str, ...]]:
    """What each column of the points of :func:`values_at` moves, as ids of statements.

    Of one statement, or of all parts of one distribution: these have a column each, and one more for the rest. What
    is drawn together with any of them moves as well.
    """
    statements = priors.selected_statements
    moved: dict[int, tuple[str, ...]] = {}
    for members, columns in blocks_of_draws(priors):
        moved |= dict.fromkeys(columns, tuple(statements[i].id for i in members))
    return [moved[column] for column in range(len(moved))]


def blocks_of_draws(priors: Priors) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """What is drawn independently of all the rest: places among the selected statements, and columns of the points.

    First the statements by themselves, then the parts of one distribution each; with these what is drawn together.
    """
    statements = priors.selected_statements
    block = {i: ({i}, {i}) for i in range(len(statements))}
    for spare, members in enumerate(joint_distributions(statements), start=len(statements)):
        block |= dict.fromkeys(members, (set(members), {*members, spare}))
    for first, second, _ in columns_together(priors):
        both = (block[first][0] | block[second][0], block[first][1] | block[second][1])
        block |= dict.fromkeys(both[0], both)
    apart = {min(members): (tuple(sorted(members)), tuple(sorted(columns))) for members, columns in block.values()}
    return sorted(apart.values(), key=lambda b: (len(b[1]) > len(b[0]), b[0]))


def values_at(priors: Priors, points: Array) -> Array:
    """The values of all selected statements at points of the unit cube: (points, selected in register order).

    Parameters
    ----------
    points
        (points, dimensions), each in [0, 1]: the distribution functions of the statements, before those that are
        drawn together are.
    """
    return _values(priors, correlated(points, columns_together(priors)))


def _values(priors: Priors, points: Array) -> Array:
    """The values of all selected statements where their distribution functions have these values."""
    statements = priors.selected_statements
    joint = joint_distributions(statements)
    uniform = inside(points)
    values = np.empty((len(uniform), len(statements)))
    alone = set(range(len(statements))) - {i for members in joint for i in members}
    for i in sorted(alone):
        values[:, i] = quantile(spread(statements[i], priors.prior_set), uniform[:, i])
    for i, members in enumerate(joint, start=len(statements)):
        parts = [statements[member] for member in members]
        values[:, members] = _joint(parts, uniform[:, members], uniform[:, i], priors.prior_set)
    return values


def quantile(shape: Spread, uniform: Array) -> Array:
    """The values at which a spread's distribution function takes the given values in (0, 1), of any shape."""
    from scipy import special

    if shape.kind == "fixed":
        return np.full_like(uniform, shape.first)
    if shape.kind == "beta":
        return inside(special.betaincinv(shape.first, shape.second, uniform))
    normal = shares.split(special.ndtri(uniform), shape.first, *shape.sides)
    return (LOG if shape.kind == LOG.kind else LOGIT).back(normal)


def _joint(statements: Sequence[Statement], uniform: Array, spare: Array, prior_set: PriorSet) -> Array:
    """Draws of the stated states of one distribution, on the simplex with the state that is not stated.

    A state stated as 0 stays there in every draw.
    """
    possible = [i for i, statement in enumerate(statements) if statement.value > 0]
    drawn = np.zeros((len(uniform), len(statements)))
    if possible:
        drawn[:, possible] = _positive([statements[i] for i in possible], uniform[:, possible], spare, prior_set)
    return drawn


def _positive(statements: Sequence[Statement], uniform: Array, spare: Array, prior_set: PriorSet) -> Array:
    """Draws of states that are stated as possible: Dirichlet where all have n, else each in its interval."""
    from scipy import special

    stated = np.array([statement.value for statement in statements])
    rest = max(1.0 - float(stated.sum()), 0.0)
    complete = rest <= EDGE
    if is_dirichlet(statements):
        count = float(np.mean([equivalent_sample_size(statement, prior_set) for statement in statements]))
        gammas = special.gammaincinv(stated * count, uniform)
        total = gammas.sum(axis=1) + (0.0 if complete else special.gammaincinv(rest * count, spare))
        return _inside(gammas / total[:, None], complete=complete)
    return _inside(sticks(statements, prior_set).shares(special.ndtri(uniform)), complete=complete)


def is_dirichlet(statements: Sequence[Statement]) -> bool:
    """Whether the states of one distribution are drawn from a Dirichlet: all are counted."""
    return all(statement.n is not None for statement in statements)


def sticks(statements: Sequence[Statement], prior_set: PriorSet) -> shares.Sticks:
    """How the states of one distribution, each stated as above 0, are drawn where they are no Dirichlet."""
    values = tuple(statement.value for statement in statements)
    below, above = zip(*(_logit_sides(statement, prior_set) for statement in statements), strict=True)
    return shares.solve_sticks(values, below, above, complete=1.0 - sum(values) <= EDGE)


def _inside(drawn: Array, *, complete: bool) -> Array:
    """Keep every state a little above zero, so that no draw makes a finding impossible by rounding."""
    drawn = np.maximum(drawn, SMALLEST_SHARE)
    total = drawn.sum(axis=1, keepdims=True)
    most = 1.0 if complete else 1.0 - SMALLEST_SHARE
    return drawn / total if complete else np.where(total > most, drawn * most / total, drawn)


def _logit_sides(statement: Statement, prior_set: PriorSet) -> tuple[float, float]:
    sides = interval_sides(statement)
    if sides is not None:
        return sides
    value = float(inside(statement.value))
    sd = math.sqrt(1.0 / (equivalent_sample_size(statement, prior_set) * value * (1 - value)))
    return sd, sd
