"""One way: each statement over its 95 % range, all others as stated; what follows for targets and actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.sensitivity.ranges import Varying, checked_statements, curve_values, ranges, refuse
from riskmodel.sensitivity.targets import Target, checked_targets, target_sums
from riskmodel.sensitivity.what_if import Batch, CodedCases, Progress, action_changes, coded_cases, what_ifs
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model

POINTS = 7  # of a curve, the ends included; the stated value is one more
ALL = ""  # the setting of a target that is of the cases of all settings


@dataclass(frozen=True, eq=False, repr=False)
class OneWay(Shown):
    """Targets and actions as each statement varies alone.

    Attributes
    ----------
    table
        one row a target (and setting) and statement, the largest effect first: what :func:`ranges` says of the
        statement; the target ``at_low``, as ``stated`` and ``at_high``; ``effect``, the distance between the
        smallest and the largest value on the curve; ``held``, statements that some point of the curve asks beyond
        reach and that were held there.
    curves
        one row a point of a curve: ``setting``, ``target``, ``statement``, ``value``, ``at`` (the target there) and
        ``held``.
    actions
        one row a setting and statement: the share of cases whose ``urgency``, whose ``imaging``, and whose one or
        other (``action``) is another than as stated somewhere on the curve.
    cases
        how many cases of each setting.
    """

    table: pd.DataFrame
    curves: pd.DataFrame
    actions: pd.DataFrame
    cases: dict[str, int]

    def sheet(self) -> Sheet:
        facts = {"statements": self.table["statement"].nunique(), "targets": self.table["target"].nunique()}
        return Sheet("One-way sensitivity", facts, {"What each statement moves": self.table})

    def tornado(self, target: Target | str, setting: str | None = None) -> pd.DataFrame:
        """The rows of one target (in one setting), the largest effect first."""
        rows = self.table[self.table["target"] == str(target)]
        return (rows if setting is None else rows[rows["setting"] == setting]).reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Sweep:
    """The what-ifs of one-way curves: row 0 is as stated, then the points of each statement in turn."""

    names: tuple[str, ...]
    points: Array  # (statements, points): values
    values: Array  # (1 + statements · points, selected statements)

    @classmethod
    def of(cls, model: Model, names: Sequence[str], points: int) -> Sweep:
        varying = Varying(model.priors)
        grid = [curve_values(model.priors.statement(name), model.priors.prior_set, points) for name in names]
        rows = [varying.rows(name, values) for name, values in zip(names, grid, strict=True)]
        return cls(tuple(names), np.array(grid), np.concatenate([varying.stated[None], *rows]))


def one_way(  # noqa: PLR0913
    model: Model,
    cases: Cases | Masks,
    targets: Sequence[Target | str],
    *,
    setting: str | None = None,
    mapping: MappingLike = None,
    statements: Sequence[str] | None = None,
    points: int = POINTS,
    by_setting: bool = False,
    progress: Progress | None = None,
) -> OneWay:
    """Vary every statement alone over its 95 % range.

    Parameters
    ----------
    cases
        a frame as in a case file, or masks (variables, cases); of any settings.
    targets
        of these cases; texts as :func:`riskmodel.sensitivity.targets.parse` reads them.
    setting
        of the rows that name none.
    statements
        those to vary; by default all that drive a table.
    points
        of each curve between the 2.5 % and the 97.5 % quantile, both included; 2 or more.
    by_setting
        give targets of the cohort, and shares of actions, for each setting apart.
    progress
        is told how many what-ifs are done, of how many.

    Raises
    ------
    UsageError
        naming every target, case and statement that does not exist, or an empty cohort.
    """
    people = coded_cases(model, cases, setting=setting, mapping=mapping)
    followed, problems = checked_targets(targets, model, people.names)
    names, unknown = checked_statements(model.priors, statements)
    problems += unknown
    if points < 2:
        problems.append(f"points must be 2 or more, not {points}")
    refuse(problems)
    sweep = Sweep.of(model, names, points)
    tally = _Tally(model, people, followed, sweep, by_setting=by_setting)
    for batch in what_ifs(model, sweep.values, people.masks, progress, with_held=True):
        tally.add(batch)
    return tally.result()


class _Tally:
    """Adds batches up: targets by what-if, and which cases' actions changed under which statement."""

    def __init__(
        self, model: Model, people: CodedCases, targets: Sequence[Target], sweep: Sweep, *, by_setting: bool
    ) -> None:
        self.model, self.people, self.targets, self.sweep = model, people, targets, sweep
        scored = model.scoring.score(people.masks)
        self.urgency, self.imaging = scored.decision.urgency, scored.decision.imaging
        self.by_setting = by_setting
        self.settings = model.scoring.scorer.settings(people.masks)
        self.sums: dict[tuple[str, Target], Array] = {}
        self.moved = np.zeros((2, len(sweep.names), people.count), dtype=bool)
        self.held: list[tuple[str, ...]] = [()] * len(sweep.values)

    def setting(self, batch: Batch, target: Target | None = None) -> str:
        """The setting that a target's row names: of a case always its own."""
        named = self.by_setting or (target is not None and target.case)
        return self.model.settings[batch.setting] if named and self.model.settings else ALL

    def add(self, batch: Batch) -> None:
        for target in self.targets:
            sums = target_sums(target, batch, self.model, self.people.names)
            if sums is not None:
                key = self.setting(batch, target), target
                self.sums.setdefault(key, np.zeros(len(self.sweep.values)))[batch.rows] += sums
        whose = (batch.rows - 1) // self.sweep.points.shape[1]
        for kind, moved in enumerate(action_changes(batch, self.urgency, self.imaging)):
            for row in np.nonzero(moved.any(axis=1))[0]:
                if batch.rows[row] > 0:
                    self.moved[kind, whose[row], batch.cases] |= moved[row]
        for row, held in zip(batch.rows, batch.held, strict=True):
            self.held[row] = held

    def counts(self) -> dict[str, int]:
        if not self.by_setting or not self.model.settings:
            return {ALL: self.people.count}
        return {self.model.settings[s]: int((self.settings == s).sum()) for s in np.unique(self.settings)}

    def result(self) -> OneWay:
        counts = self.counts()
        about = ranges(self.model.priors, self.sweep.names)
        tables, curves = [], []
        for (setting, target), total in self.sums.items():
            values = total if target.case else total / counts[setting]
            curve = self._curve(values).assign(setting=setting, target=str(target))
            tables.append(self._table(about, values).assign(setting=setting, target=str(target)))
            curves.append(curve)
        first = ["setting", "target"]
        table, curve = pd.concat(tables, ignore_index=True), pd.concat(curves, ignore_index=True)
        return OneWay(
            table[[*first, *(c for c in table if c not in first)]],
            curve[[*first, *(c for c in curve if c not in first)]],
            self._actions(counts),
            counts,
        )

    def _rows(self, i: int) -> slice:
        points = self.sweep.points.shape[1]
        return slice(1 + i * points, 1 + (i + 1) * points)

    def _held(self, rows: slice) -> str:
        return ", ".join(sorted({name for held in self.held[rows] for name in held}))

    def _table(self, about: pd.DataFrame, values: Array) -> pd.DataFrame:
        stated = float(values[0])
        rows = []
        for i in range(len(self.sweep.names)):
            curve = values[self._rows(i)]
            every = np.append(curve, stated)
            rows.append({
                "at_low": float(curve[0]), "stated": stated, "at_high": float(curve[-1]),
                "effect": float(np.nanmax(every) - np.nanmin(every)), "held": self._held(self._rows(i)),
            })  # fmt: skip
        joined = pd.concat([about, pd.DataFrame(rows)], axis=1)
        return joined.sort_values(["effect", "statement"], ascending=[False, True], kind="stable", ignore_index=True)

    def _curve(self, values: Array) -> pd.DataFrame:
        points: list[dict[str, object]] = []
        for i, name in enumerate(self.sweep.names):
            rows = self._rows(i)
            value = np.append(self.sweep.points[i], self.model.priors.statement(name).value)
            at = np.append(values[rows], values[0])
            held = [*(", ".join(ids) for ids in self.held[rows]), ""]
            points += [
                {"statement": name, "value": float(value[k]), "at": float(at[k]), "held": held[k]}
                for k in np.argsort(value, kind="stable")
            ]
        return pd.DataFrame(points)

    def _actions(self, counts: dict[str, int]) -> pd.DataFrame:
        rows = []
        for setting, count in counts.items():
            members = np.ones(self.people.count, dtype=bool)
            if setting:
                members = self.settings == self.model.settings.index(setting)
            urgency, imaging = self.moved[:, :, members]
            shares = {"urgency": urgency, "imaging": imaging, "action": urgency | imaging}
            for i, name in enumerate(self.sweep.names):
                by_kind = {kind: float(moved[i].sum() / count) for kind, moved in shares.items()}
                rows.append({"setting": setting, "statement": name, **by_kind})
        return pd.DataFrame(rows)
