"""Goal seeking: what a number would have to be for the action to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.evidence.records import RATIOS, Statement
from riskmodel.evidence.scale import scale_of
from riskmodel.sensitivity.flip_search import IMPOSSIBLE, Search, TriedValue, flip_table, nearest_flips
from riskmodel.sensitivity.one_way import POINTS, one_way
from riskmodel.sensitivity.ranges import Varying, checked_statements, refuse
from riskmodel.sensitivity.targets import Target
from riskmodel.sensitivity.what_if import Batch, CodedCases, Progress, coded_cases, what_ifs
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model

KINDS = ("urgency", "imaging")
STEP, NEAR = 0.5, 3.0  # of the grid on the logit or log scale, and how far from the stated value it is so fine
COARSE, FAR = 1.5, 12.0  # its step further out, and how far it goes before the ends
ENDS = 27.6  # logit of a probability as good as 0 or 1
LARGEST = float(np.log(1e4))  # log of the largest ratio that is tried; the smallest is one over it
MIDDLE = 0.37  # where a statement of 0 or 1 is tried too, on that scale: no round value
SAME = 1e-12  # a posterior that moves by less, relative to itself, does not hang on the statement


@dataclass(frozen=True, eq=False, repr=False)
class Flips(Shown):
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

    def sheet(self) -> Sheet:
        facts = {"statements": self.table["statement"].nunique(), "rows": len(self.table)}
        return Sheet("Flips of the action", facts, {"What each statement would have to be": self.table})


def flips(
    model: Model,
    cases: Cases | Masks,
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    statements: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Flips:
    """The nearest values of each single statement, on either side, at which a case's urgency or imaging changes.

    Each statement runs over a grid: from 0 to 1 (ratios from 1/10,000 to 10,000), in steps of .5 on its logit (log)
    scale within 3 of the stated value and of 1.5 beyond. Between its points the nearest change on each side is halved
    in to 1e-7, and a change that comes and goes there is looked for wherever two comparisons of a posterior change.
    None is missed that is wider than that and where posteriors rise or fall all along the statement, as almost all do.

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
    people = coded_cases(model, cases, setting=setting, mapping=mapping)
    names, problems = checked_statements(model.priors, statements)
    refuse(problems)
    varying = Varying(model.priors)
    free = [name for name in names if varying.can_vary(name)]
    now = _actions(model, varying.stated[None], people)
    bearing = _bearing(model, varying, free, people, now)
    relevant = [name for name in free if bearing[name].any()]
    searches = _scan(model, varying, relevant, people, now, progress) if relevant else []
    _run(model, varying, searches, people)
    table = flip_table(model, searches, people)
    return Flips(table, nearest_flips(model, table, names, people, {name: bearing.get(name) for name in names}))


def cohort_flips(
    model: Model,
    cases: Cases | Masks,
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
    shares = one_way(
        model, cases, [anything], setting=setting, statements=statements, points=points, by_setting=by_setting,
        progress=progress,
    ).actions  # fmt: skip
    return shares.sort_values(["setting", "action", "statement"], ascending=[True, False, True], ignore_index=True)


def grid(statement: Statement) -> Array:
    """Where a statement is tried, on its logit or log scale, rising; the stated value is among them."""
    ratio = statement.quantity in RATIOS
    at = float(scale_of(statement).to(statement.value))
    low, high = (min(-LARGEST, at), max(LARGEST, at)) if ratio else (-ENDS, ENDS)
    fine = at + np.arange(-NEAR, NEAR + STEP / 2, STEP)
    far = np.arange(NEAR + COARSE, FAR + COARSE / 2, COARSE)
    points = np.concatenate([[low, at, high], at - far, fine, at + far])
    return np.unique(points[(points >= low) & (points <= high)])


@dataclass(frozen=True, eq=False)
class Actions:
    """Of cases under what-ifs: urgency (what-ifs, cases), imaging as a number of bits, posteriors, comparisons."""

    urgency: np.ndarray
    imaging: np.ndarray
    probability: Array
    compared: np.ndarray

    def of(self, kind: str) -> np.ndarray:
        return self.urgency if kind == "urgency" else self.imaging

    def other(self, kind: str, now: np.ndarray) -> np.ndarray:
        """Where the action is not ``now`` (cases,); what a what-if makes impossible asks for nothing else."""
        return np.asarray((self.of(kind) != now) & ~np.isnan(self.probability[0]))

    def point(self, kind: str, at: float, row: int, case: int) -> TriedValue:
        bits = np.packbits(self.compared[:, row, case]).tobytes()
        impossible = np.isnan(self.probability[0, row, case])
        action = IMPOSSIBLE if impossible else int(self.of(kind)[row, case])
        return TriedValue(at, action, int.from_bytes(bits))


def _actions(model: Model, values: Array, people: CodedCases, progress: Progress | None = None) -> Actions:
    """All cases under all rows of values."""
    batches = list(what_ifs(model, values, people.masks, progress, with_compared=True))
    urgency = np.empty((len(values), people.count), dtype=int)
    imaging = np.empty_like(urgency)
    probability = np.empty((len(batches[0].probability), *urgency.shape))
    compared = np.empty((len(batches[0].compared), *urgency.shape), dtype=bool)
    for batch in batches:
        at = np.ix_(batch.rows, batch.cases)
        urgency[at], imaging[at] = batch.urgency, _bits(batch)
        probability[:, batch.rows[:, None], batch.cases] = batch.probability
        compared[:, batch.rows[:, None], batch.cases] = batch.compared
    return Actions(urgency, imaging, probability, compared)


def _bits(batch: Batch) -> np.ndarray:
    weights = 1 << np.arange(len(batch.imaging))
    return np.asarray(np.tensordot(weights, batch.imaging.astype(int), axes=1))


def _bearing(
    model: Model, varying: Varying, names: Sequence[str], people: CodedCases, now: Actions
) -> dict[str, np.ndarray]:
    """On which cases each statement has any bearing: (cases,) by statement."""
    statements = [model.priors.statement(name) for name in names]
    rows = []
    for statement in statements:
        at = scale_of(statement).to(statement.value)
        rows.append(varying.rows(statement.id, scale_of(statement).back(np.array([at - 1.7, at + 1.3, MIDDLE]))))
    if not rows:
        return {}
    probability = _actions(model, np.concatenate(rows), people).probability
    moved = np.asarray(np.abs(probability - now.probability) > SAME * now.probability)  # (outputs, rows, cases)
    by_name = np.asarray(moved.any(axis=0)).reshape(len(names), 3, -1)
    return {name: np.asarray(rows.any(axis=0)) for name, rows in zip(names, by_name, strict=True)}


def _scan(
    model: Model, varying: Varying, names: Sequence[str], people: CodedCases, now: Actions, progress: Progress | None
) -> list[Search]:
    """Where to search: on each side of each statement, the gaps of the grid that may hold a change, for each case."""
    grids = {name: grid(model.priors.statement(name)) for name in names}
    rows = [varying.rows(name, scale_of(model.priors.statement(name)).back(grids[name])) for name in names]
    grid_actions = _actions(model, np.concatenate(rows), people, progress)
    searches, first = [], 0
    for name in names:
        statement, points = model.priors.statement(name), grids[name]
        home = int(np.argmin(np.abs(points - scale_of(statement).to(statement.value))))
        for side, order in (("below", np.arange(home, -1, -1)), ("above", np.arange(home, len(points)))):
            for kind in KINDS:
                for case, gaps in _gaps(grid_actions, kind, first + order, now.of(kind)[0]):
                    ends = [
                        [grid_actions.point(kind, points[order[i]], first + order[i], case) for i in gap]
                        for gap in gaps
                    ]
                    waiting = [(near, far) for near, far in reversed(ends)]
                    searches.append(Search(case, name, kind, side, int(now.of(kind)[0, case]), waiting))
        first += len(points)
    return searches


def _gaps(under: Actions, kind: str, rows: np.ndarray, now: np.ndarray) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Each case with gaps between neighbouring rows where the action changes or may come and go, the nearest first."""
    other = under.other(kind, now)[rows]  # (points, cases)
    changed = (under.compared[:, rows[1:]] ^ under.compared[:, rows[:-1]]).sum(axis=0)
    before = np.cumsum(other, axis=0)[:-1] == 0
    worth = before & (other[1:] | (changed >= 2))
    for case in np.nonzero(worth.any(axis=0))[0]:
        yield int(case), [(int(i), int(i) + 1) for i in np.nonzero(worth[:, case])[0]]


def _run(model: Model, varying: Varying, searches: Sequence[Search], people: CodedCases) -> None:
    """Let all searches go on, in place, each round together, until all have ended."""
    while wanted := [(search, at) for search in searches if (at := search.wanted()) is not None]:
        places: dict[tuple[str, float], int] = {}
        for search, at in wanted:
            places.setdefault((search.name, at), len(places))
        rows = [varying.rows(name, scale_of(model.priors.statement(name)).back(np.array([at]))) for name, at in places]
        actions = _actions(model, np.concatenate(rows), people)
        for search, at in wanted:
            search.take(actions.point(search.kind, at, places[search.name, at], search.case))
