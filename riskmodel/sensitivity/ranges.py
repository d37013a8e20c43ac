"""Each statement's 95 % range, where that comes from, and the rows of values in which one statement varies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Array
from riskmodel.errors import UsageError, as_list, nearest
from riskmodel.evidence.distributions import (
    Spread,
    equivalent_sample_size,
    interval_sd,
    joint_distributions,
    quantile,
    spread,
)
from riskmodel.evidence.lineage import informed_words
from riskmodel.evidence.records import Priors, PriorSet, Statement
from riskmodel.evidence.scale import EDGE

TAILS = np.array([0.025, 0.975])
FURTHEST = 12.0  # a value this far on the logit or log scale is as good as 0, 1 or infinite


def checked_statements(priors: Priors, names: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The statements asked for in register order (all, where None), and what is wrong with the others."""
    driving = list(priors.selected)
    if names is None:
        return driving, []
    as_list("statements", names)
    problems = []
    register = {statement.id for statement in priors.statements}
    for name in names:
        if name in driving:
            continue
        if name in register:
            problems.append(
                f"statement {name!r} drives no table of the set {priors.prior_set.name}, so nothing follows it"
            )
        else:
            problems.append(f"no statement {name!r}{nearest(name, driving)}")
    if not names:
        problems.append("no statement was asked for; name one or more")
    return [name for name in driving if name in set(names)], problems


def refuse(problems: Sequence[str]) -> None:
    """Raise one error with all problems, if there are any."""
    if len(problems) == 1:
        raise UsageError(problems[0])
    if problems:
        raise UsageError("\n".join([f"{len(problems)} problems:", *(f"  {problem}" for problem in problems)]))


def origin(statement: Statement, prior_set: PriorSet) -> str:
    """Where the width of a statement's range comes from.

    ``stated`` (its source's interval), ``assumed`` (the interval of an assumption), ``of n = …`` (a count),
    ``default n = … of BASIS`` (a bare value), or ``exact`` (0 or 1).
    """
    if spread(statement, prior_set).kind == "fixed":
        return "exact"
    if statement.events is None and interval_sd(statement) is not None:
        return "assumed" if statement.basis == "assumption" else "stated"
    if statement.n is not None:
        return f"of n = {statement.n}{', counts worked back from a rounded share' if statement.counts else ''}"
    return f"default n = {equivalent_sample_size(statement, prior_set):g} of {statement.basis}"


def quantity_text(statement: Statement) -> str:
    """The quantity as it is written: *what* of … given …"""
    given = f" given {statement.given_text}" if statement.given_text else ""
    return f"{statement.quantity.replace('_', ' ')} of {statement.of}{given}"


def ranges(priors: Priors, names: Sequence[str] | None = None) -> pd.DataFrame:
    """One row a statement: what it says, its value, 95 % range, and what that rests on.

    Returns
    -------
    frame with ``statement``, ``says``, ``value``, ``low`` and ``high`` (quantiles .025 and .975), ``sd`` (on the
    logit scale of a probability, the log scale of a ratio), ``origin`` of the range, ``changed`` (how the set came
    by the number, where not simply as stated), ``basis``, ``source``, ``read`` and ``fitted`` (what it
    was before cohorts or published tables informed it, and how much these told).
    """
    chosen, problems = checked_statements(priors, names)
    refuse(problems)
    rows = []
    for name in chosen:
        statement = priors.statement(name)
        shape = spread(statement, priors.prior_set)
        low, high = quantile(shape, TAILS)
        rows.append({
            "statement": name, "says": quantity_text(statement), "value": statement.value, "low": float(low),
            "high": float(high), "sd": scale_sd(shape), "origin": origin(statement, priors.prior_set),
            "changed": priors.origin(name), "basis": statement.basis, "source": statement.source,
            "read": statement.read, "fitted": informed_words(statement),
        })  # fmt: skip
    return pd.DataFrame(rows)


def scale_sd(shape: Spread) -> float:
    """Standard deviation of a statement on its own scale: logit of a probability, log of a ratio."""
    if shape.kind != "beta":
        return shape.sd
    from scipy import special

    return float(np.sqrt(special.polygamma(1, shape.first) + special.polygamma(1, shape.second)))


def curve_values(statement: Statement, prior_set: PriorSet, points: int) -> Array:
    """Values at evenly spaced normal quantiles from 2.5 % to 97.5 % of a statement's distribution; (points,)."""
    from scipy import special

    levels = special.ndtr(np.linspace(-1.0, 1.0, points) * special.ndtri(TAILS[1]))
    levels[[0, -1]] = TAILS
    return quantile(spread(statement, prior_set), levels)


class Varying:
    """Rows of values in which single statements take other values, the rest of one distribution in proportion."""

    def __init__(self, priors: Priors) -> None:
        self.statements = priors.selected_statements
        self.column = {statement.id: i for i, statement in enumerate(self.statements)}
        self.stated: Array = np.array([statement.value for statement in self.statements])
        self._whole = {i: members for members in joint_distributions(self.statements) for i in members}

    def others(self, name: str) -> list[int]:
        """The columns of the other stated parts of a statement's distribution."""
        i = self.column[name]
        return [member for member in self._whole.get(i, ()) if member != i]

    def rows(self, name: str, values: Array) -> Array:
        """One row a value of a statement: (values, selected statements).

        The other states of its distribution, the one not stated included, keep their proportions.
        """
        values = np.asarray(values, dtype=float)
        rows = np.repeat(self.stated[None], len(values), axis=0)
        self.put(rows, name, values)
        return rows

    def put(self, rows: Array, name: str, values: Array) -> None:
        """Give a statement other values, in place, in rows of which no other part of its distribution was changed."""
        i, others = self.column[name], self.others(name)
        rows[:, i] = values
        if others and self.stated[i] < 1:
            rows[:, others] *= ((1 - values) / (1 - self.stated[i]))[:, None]

    def pair(self, a: str, first: Array, b: str, second: Array) -> tuple[Array, np.ndarray]:
        """One row a pair of values of two statements, and which pairs are possible.

        Parts of one distribution take both values as given, and what is left of it keeps its proportions; where
        they leave less than nothing, or something and no other part can take it, the pair is not possible.
        """
        rows = self.rows(a, first)
        i, j = self.column[a], self.column[b]
        if j not in self.others(a):
            self.put(rows, b, second)
            return rows, np.ones(len(rows), dtype=bool)
        remaining, stated_remaining = 1 - first - second, 1 - self.stated[i] - self.stated[j]
        rows[:, i], rows[:, j] = first, second
        rest = [k for k in self.others(a) if k != j]
        possible = np.asarray((remaining >= 0) if stated_remaining > EDGE else np.abs(remaining) <= EDGE)
        if rest and stated_remaining > EDGE:
            rows[:, rest] = self.stated[rest] * (remaining / stated_remaining)[:, None]
        return rows, possible

    def can_vary(self, name: str) -> bool:
        """Whether other values are possible at all: not where the other parts of its distribution are all 0."""
        return not (self.others(name) and self.stated[self.column[name]] >= 1)
