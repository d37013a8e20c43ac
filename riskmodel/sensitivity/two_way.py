"""Two way: the posterior of a case over the values of two statements, and the regions of each action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.errors import nearest
from riskmodel.evidence.records import ANY_SERIOUS
from riskmodel.sensitivity.ranges import Varying, checked_statements, curve_values, ranges, refuse
from riskmodel.sensitivity.regions import Grid, actions, times_finer
from riskmodel.sensitivity.targets import finite_log_odds
from riskmodel.sensitivity.what_if import Progress, coded_cases, what_ifs
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model


@dataclass(frozen=True, eq=False)
class Regions:
    """Which action is taken where: values of both statements, and the place in ``names`` of each pair's action.

    ``action`` has the shape (a, b); -1 where both together leave no distribution. The posteriors between the points
    of the table are interpolated, by cubic splines of their log-odds; the policy then decides each point.
    """

    a: Array
    b: Array
    action: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class TwoWay(Shown):
    """A map over two statements.

    Attributes
    ----------
    table
        one row a pair of values, the first statement's slowest: ``a`` and ``b``, ``p`` and ``log_odds`` of the output
        (NaN where both together leave no distribution), ``urgency``, ``imaging`` and ``held``.
    statements
        one row each of the two: what :func:`riskmodel.sensitivity.ranges.ranges` says of it.
    output, case
        whose posterior.
    stated
        posterior, urgency and imaging as stated.
    regions
        the action at many points between those of the table, for a picture.
    """

    table: pd.DataFrame
    statements: pd.DataFrame
    output: str
    case: str
    stated: tuple[float, str, str]
    regions: Regions

    def sheet(self) -> Sheet:
        facts = {"output": self.output, "case": self.case}
        tables = {"The two statements": self.statements, "The answer at each pair of values": self.table}
        return Sheet("Two-way sensitivity", facts, tables)

    @property
    def actions(self) -> list[str]:
        """The actions on the map, "urgency; imaging", the most frequent first."""
        return [str(name) for name in self.labels().dropna().value_counts().index]

    def labels(self) -> pd.Series[str]:
        """The action of each row of the table; missing where there is no distribution."""
        return (self.table["urgency"] + "; " + self.table["imaging"]).where(self.table["p"].notna())


def two_way(  # noqa: PLR0913
    model: Model,
    case: Cases | Masks,
    a: str,
    b: str,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    output: str = ANY_SERIOUS,
    points: int = 21,
    progress: Progress | None = None,
) -> TwoWay:
    """Vary two statements together over their 95 % ranges.

    Parameters
    ----------
    case
        a frame of one row, or masks of shape (variables, 1).
    output
        the condition or composite whose posterior is mapped.
    points
        of each statement, evenly spaced in its distribution; 2 or more.

    Raises
    ------
    UsageError
        naming every statement or output that does not exist, or when there is not one case.
    """
    people = coded_cases(model, case, setting=setting, mapping=mapping)
    problems = [problem for name in (a, b) for problem in checked_statements(model.priors, [name])[1]]
    names = model.scoring.scorer.output_names
    if output not in names:
        problems.append(f"unknown output {output!r}; one of {', '.join(names)}{nearest(output, names)}")
    if a == b:
        problems.append(f"two different statements are needed, not {a!r} twice")
    if people.count != 1:
        problems.append(f"a map is of one case, not of {people.count}")
    if points < 2:
        problems.append(f"points must be 2 or more, not {points}")
    refuse(problems)
    varying, row = Varying(model.priors), names.index(output)
    axes = [curve_values(model.priors.statement(name), model.priors.prior_set, points) for name in (a, b)]
    first, second = (grid.ravel() for grid in np.meshgrid(*axes, indexing="ij"))
    values, possible = varying.pair(a, first, b, second)
    probability, baseline = (np.full((len(names), len(first)), np.nan) for _ in range(2))
    urgency, imaging, held = (np.full(len(first), "", dtype=object) for _ in range(3))
    places = np.nonzero(possible)[0]
    tokens = model.policy.imaging_tokens
    for batch in what_ifs(model, values[possible], people.masks, progress, with_held=True):
        at = places[batch.rows]
        probability[:, at], baseline[:, at] = batch.probability[:, :, 0], batch.baseline
        urgency[at] = [model.policy.urgencies[level] for level in batch.urgency[:, 0]]
        imaging[at] = [imaging_text(row, tokens) for row in batch.imaging[:, :, 0].T]
        held[at] = [", ".join(ids) for ids in batch.held]
    p = probability[row]
    table = pd.DataFrame({
        "a": first, "b": second, "p": p, "log_odds": np.where(np.isnan(p), np.nan, finite_log_odds(p)),
        "urgency": urgency, "imaging": imaging, "held": held,
    })  # fmt: skip
    scored = model.scoring.score(people.masks)
    now = (
        float(scored.posterior.probability[row, 0]),
        model.policy.urgencies[int(scored.decision.urgency[0])],
        imaging_text(scored.decision.imaging[:, 0], tokens),
    )
    about = pd.concat([ranges(model.priors, [name]) for name in (a, b)], ignore_index=True)
    grid = Grid(*(part.reshape(-1, points, points) for part in (probability, baseline)))
    return TwoWay(table, about, output, people.names[0], now, _regions(model, people.masks, (a, b), grid))


def _regions(model: Model, case: Masks, statements: tuple[str, str], grid: Grid) -> Regions:
    points = grid.probability.shape[1]
    times = times_finer(points)
    urgency, imaging = actions(model, case, grid.finer(times))
    fine = (points - 1) * times + 1
    a, b = (curve_values(model.priors.statement(name), model.priors.prior_set, fine) for name in statements)
    codes = np.vstack([urgency.ravel(), imaging.reshape(len(imaging), -1)])
    kinds, action = np.unique(codes, axis=1, return_inverse=True)
    names = [
        ""
        if kind[0] < 0
        else f"{model.policy.urgencies[kind[0]]}; {imaging_text(kind[1:], model.policy.imaging_tokens)}"
        for kind in kinds.T
    ]
    action = np.where(urgency.ravel() < 0, -1, action.ravel() - (names[0] == "")).reshape(urgency.shape)
    return Regions(a, b, action, tuple(filter(None, names)))


def imaging_text(asked: np.ndarray, tokens: tuple[str, ...]) -> str:
    """The scans asked for, in words."""
    return ", ".join(token for token, yes in zip(tokens, asked, strict=True) if yes) or "no imaging"
