"""Goal seeking: what a number would have to be for the action to change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.evidence.records import RATIOS, Statement
from riskmodel.inference.scorer import Array, Masks
from riskmodel.sensitivity.flip_table import Actions, Bracket, flip_table, nearest_flips
from riskmodel.sensitivity.one_way import POINTS, one_way
from riskmodel.sensitivity.ranges import Varying, checked_statements, from_scale, refuse, to_scale
from riskmodel.sensitivity.targets import Target
from riskmodel.sensitivity.what_if import People, Piece, Progress, people_of, what_ifs

if TYPE_CHECKING:
    from riskmodel.model import Model

KINDS = ("urgency", "imaging")
STEP, NEAR = 0.5, 3.0  # of the grid on the logit or log scale, and how far from the stated value it is so fine
COARSE, FAR = 1.5, 12.0  # its step further out, and how far it goes before the ends
ENDS = 27.6  # logit of a probability as good as 0 or 1
LARGEST = float(np.log(1e4))  # log of the largest ratio that is tried; the smallest is one over it
MIDDLE = 0.37  # where a statement of 0 or 1 is tried too, on that scale: no round value
SAME = 1e-12  # a posterior that moves by less, relative to itself, does not hang on the statement


@dataclass(frozen=True, eq=False)
class Flips:
    """What single statements would have to be for the actions of cases to change.

    Attributes
    ----------
    table
        one row a case, statement, ``kind`` (urgency or imaging) and ``side`` (below or above the stated value) where
        there is a flip: the statement's ``value`` and ``low`` and ``high`` of its 95 % range; ``flip``, the nearest
        value from which the action is another; ``in_sd``, the change in the statement's own standard deviations (on
        its logit or log scale); ``within``, whether the flip lies in the 95 % range; the action ``now`` and ``then``.
    nearest
        one row a case and statement: the flip that needs the smallest change, or a ``verdict`` why there is none.
    """

    table: pd.DataFrame
    nearest: pd.DataFrame


def flips(
    model: Model,
    cases: pd.DataFrame | Masks,
    *,
    setting: str | None = None,
    statements: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Flips:
    """The nearest values of each single statement, on either side, at which a case's urgency or imaging changes.

    Each statement runs over a grid: from 0 to 1 (ratios from 1/10,000 to 10,000), in steps of .5 on its logit (log)
    scale within 3 of the stated value and of 1.5 beyond; the nearest change on each side is then halved in to 1e-7.
    An action that comes and goes between two points of the grid would be missed: posteriors rise or fall all along
    in almost every single statement, so that an action that a threshold gives stays.

    Parameters
    ----------
    cases
        a frame as in a case file, or masks (variables, cases).
    statements
        by default all that drive a table.

    Raises
    ------
    UsageError
        when there is no case, or a statement does not exist.
    """
    people = people_of(model, cases, setting=setting)
    names, problems = checked_statements(model.priors, statements)
    refuse(problems)
    varying = Varying(model.priors)
    free = [name for name in names if varying.can_vary(name)]
    now = _actions(model, varying.stated[None], people)
    bearing = _bearing(model, varying, free, people, now)
    relevant = [name for name in free if bearing[name].any()]
    brackets = _scan(model, varying, relevant, people, now, progress) if relevant else []
    _narrow(model, varying, brackets, people, now)
    table = flip_table(model, brackets, people, now)
    return Flips(table, nearest_flips(model, table, names, people, {name: bearing.get(name) for name in names}))


def cohort_flips(
    model: Model,
    cases: pd.DataFrame | Masks,
    *,
    setting: str | None = None,
    statements: Sequence[str] | None = None,
    points: int = POINTS,
    by_setting: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The share of cases whose action changes somewhere within each statement's 95 % range.

    Returns
    -------
    one row a setting and statement, the most first: shares (0 to 1) of cases whose ``urgency``, ``imaging``, and one
    or the other (``action``) is another than as stated at one of ``points`` values of the range.
    """
    anything = Target.cohort_mean(model.scoring.scorer.output_names[0])
    found = one_way(
        model, cases, [anything], setting=setting, statements=statements, points=points, by_setting=by_setting,
        progress=progress,
    ).actions  # fmt: skip
    return found.sort_values(["setting", "action", "statement"], ascending=[True, False, True], ignore_index=True)


def grid(statement: Statement) -> Array:
    """Where a statement is tried, on its logit or log scale, rising; the stated value is among them."""
    ratio = statement.quantity in RATIOS
    at = float(to_scale(statement, np.array([statement.value]))[0])
    low, high = (min(-LARGEST, at), max(LARGEST, at)) if ratio else (-ENDS, ENDS)
    fine = at + np.arange(-NEAR, NEAR + STEP / 2, STEP)
    far = np.arange(NEAR + COARSE, FAR + COARSE / 2, COARSE)
    points = np.concatenate([[low, at, high], at - far, fine, at + far])
    return np.unique(points[(points >= low) & (points <= high)])


def _actions(model: Model, values: Array, people: People, progress: Progress | None = None) -> Actions:
    """All cases under all rows of values."""
    outputs = len(model.scoring.scorer.output_names)
    urgency = np.empty((len(values), people.count), dtype=int)
    imaging = np.empty_like(urgency)
    probability = np.empty((outputs, len(values), people.count))
    for piece in what_ifs(model, values, people.masks, progress):
        at = np.ix_(piece.rows, piece.cases)
        urgency[at], imaging[at] = piece.urgency, _bits(piece)
        probability[:, piece.rows[:, None], piece.cases] = piece.probability
    return Actions(urgency, imaging, probability)


def _bits(piece: Piece) -> np.ndarray:
    weights = 1 << np.arange(len(piece.imaging))
    return np.asarray(np.tensordot(weights, piece.imaging.astype(int), axes=1))


def _bearing(
    model: Model, varying: Varying, names: Sequence[str], people: People, now: Actions
) -> dict[str, np.ndarray]:
    """On which cases each statement has any bearing: (cases,) by statement."""
    statements = [model.priors.statement(name) for name in names]
    rows = []
    for statement in statements:
        at = to_scale(statement, np.array([statement.value]))[0]
        rows.append(varying.rows(statement.id, from_scale(statement, np.array([at - 1.7, at + 1.3, MIDDLE]))))
    if not rows:
        return {}
    found = _actions(model, np.concatenate(rows), people).probability
    moved = np.asarray(np.abs(found - now.probability) > SAME * now.probability)  # (outputs, rows, cases)
    by_name = np.asarray(moved.any(axis=0)).reshape(len(names), 3, -1)
    return {name: np.asarray(own.any(axis=0)) for name, own in zip(names, by_name, strict=True)}


def _scan(
    model: Model, varying: Varying, names: Sequence[str], people: People, now: Actions, progress: Progress | None
) -> list[Bracket]:
    """The nearest pair of grid points on each side of each statement between which an action changes."""
    grids = {name: grid(model.priors.statement(name)) for name in names}
    rows = [varying.rows(name, from_scale(model.priors.statement(name), grids[name])) for name in names]
    found = _actions(model, np.concatenate(rows), people, progress)
    brackets, first = [], 0
    for name in names:
        points = grids[name]
        statement = model.priors.statement(name)
        home = int(np.argmin(np.abs(points - to_scale(statement, np.array([statement.value]))[0])))
        own = slice(first, first + len(points))
        possible = ~np.isnan(found.probability[0, own])
        for kind in KINDS:
            other = (found.of(kind)[own] != now.of(kind)[0]) & possible  # (points, cases)
            for case in np.nonzero(other.any(axis=0))[0]:
                where = np.nonzero(other[:, case])[0]
                below, above = where[where < home], where[where > home]
                if below.size:
                    ends = float(points[below[-1] + 1]), float(points[below[-1]])
                    brackets.append(Bracket(int(case), name, kind, "below", *ends))
                if above.size:
                    ends = float(points[above[0] - 1]), float(points[above[0]])
                    brackets.append(Bracket(int(case), name, kind, "above", *ends))
        first += len(points)
    return brackets


def _narrow(model: Model, varying: Varying, brackets: Sequence[Bracket], people: People, now: Actions) -> None:
    """Halve every bracket, in place, until it is narrow, then note what the action becomes beyond it."""
    while waiting := [bracket for bracket in brackets if bracket.open]:
        for bracket, action in zip(waiting, _tried(model, varying, waiting, people, at="middle"), strict=True):
            if action == now.of(bracket.kind)[0, bracket.case]:
                bracket.same = bracket.middle
            else:
                bracket.other = bracket.middle
    for bracket, action in zip(brackets, _tried(model, varying, brackets, people, at="other"), strict=True):
        bracket.then = action


def _tried(model: Model, varying: Varying, brackets: Sequence[Bracket], people: People, *, at: str) -> list[int]:
    """The action of each bracket's case at one of its points."""
    if not brackets:
        return []
    places: dict[tuple[str, float], int] = {}
    for bracket in brackets:
        places.setdefault((bracket.name, getattr(bracket, at)), len(places))
    rows = [varying.rows(name, from_scale(model.priors.statement(name), np.array([point]))) for name, point in places]
    found = _actions(model, np.concatenate(rows), people)
    return [int(found.of(b.kind)[places[b.name, getattr(b, at)], b.case]) for b in brackets]
