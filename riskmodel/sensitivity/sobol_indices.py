"""All at once: Sobol' indices of a target, every statement varying over its whole distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from riskmodel.arrays import Array, Masks
from riskmodel.errors import nearest
from riskmodel.evidence.distributions import dimensions, values_at
from riskmodel.sensitivity.one_way import one_way
from riskmodel.sensitivity.ranges import Varying, refuse
from riskmodel.sensitivity.targets import Target, checked_targets, target_sums
from riskmodel.sensitivity.what_if import CodedCases, Progress, coded_cases, what_ifs
from riskmodel.text import Sheet, Shown

if TYPE_CHECKING:
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Cases, Model

By = Literal["basis", "source", "statement"]
LEVEL = 0.95
RESAMPLES = 200  # bootstrap samples behind the intervals
REST = "all others"
ROUNDING = 1e-12  # an index this small is none
ALONE = 128  # draws in which one group varies alone
ENOUGH = 512  # base points: with fewer, first-order indices come out above totals by chance


@dataclass(frozen=True, eq=False, repr=False)
class Sobol(Shown):
    """Sobol' indices of a target by groups of statements.

    Attributes
    ----------
    table
        one row a group, the largest total first: ``name``, ``statements`` (how many), ``first`` and ``total`` with
        95 % intervals (``first_low`` …), and ``alone``: the variance when only this group varies, all others as
        stated, over the variance when all do. In an additive model first, total and alone are one number.
    target, by
        of what, and by what the statements are grouped.
    draws
        how many networks were built.
    variance
        of the target when all statements vary.
    screened
        the ids that were looked at one by one; all others are one group. Empty where nothing was left out.
    warning
        what to beware of: fewer than 512 base points; else empty.
    """

    table: pd.DataFrame
    target: Target
    by: str
    draws: int
    variance: float
    screened: tuple[str, ...]
    warning: str = ""

    def sheet(self) -> Sheet:
        facts = {"target": self.target, "by": self.by, "draws": self.draws, "variance": f"{self.variance:.3g}"}
        return Sheet("Sobol' indices", facts, {"Shares of the variance": self.table})

    @property
    def additive(self) -> float:
        """The sum of the first-order indices: near 1, the statements act one by one."""
        return float(self.table["first"].sum())


def sobol(  # noqa: PLR0913
    model: Model,
    cases: Cases | Masks,
    target: Target | str,
    *,
    by: By = "basis",
    n: int = ENOUGH,
    seed: int = 0,
    setting: str | None = None,
    mapping: MappingLike = None,
    top: int = 20,
    progress: Progress | None = None,
) -> Sobol:
    """First-order and total Sobol' indices of a target.

    Saltelli's design of SALib on the unit cube, mapped through the statements' distributions; parts of one
    distribution move together. The draws are those of the statements before any case is seen, not weighted by
    evidence: the indices need independent inputs. A log-odds is nearer to additive than a probability.

    Parameters
    ----------
    by
        ``basis`` or ``source`` of the statements; or ``statement``: then the ``top`` of them by their one-way effect
        are looked at one by one and all others are one group.
    n
        base points, a power of 2; n · (groups + 2) networks are built. Fewer than 512 give a ``warning``.
    seed
        the same seed gives the same indices.

    Raises
    ------
    UsageError
        naming all that is wrong with the arguments.
    """
    people = coded_cases(model, cases, setting=setting, mapping=mapping)
    checked, problems = checked_targets([target], model, people.names)
    if by not in get_args(By):
        problems.append(f"by must be one of {', '.join(get_args(By))}, not {by!r}{nearest(by, get_args(By))}")
    if n < 2 or n & (n - 1):
        problems.append(f"n must be a power of 2, 2 or more, not {n}")
    if top < 1:
        problems.append(f"top must be 1 or more, not {top}")
    refuse(problems)
    followed, moved = checked[0], dimensions(model.priors)
    chosen = _screened(model, cases, followed, setting, top) if by == "statement" else ()
    names = [_group(model, ids, by, chosen) for ids in moved]
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    groups = list(dict.fromkeys(names))
    problem = {
        "num_vars": len(moved),
        "names": [f"x{i}" for i in range(len(moved))],
        "bounds": [[0.0, 1.0]] * len(moved),
        "groups": names,
    }
    points = sampling.sample(problem, n, calc_second_order=False, seed=seed + 1)  # SALib takes 0 for no seed
    base = points[:: len(groups) + 2][:ALONE]
    values = np.concatenate([values_at(model.priors, points), _one_group_each(model, base, names, groups, moved)])
    followed_values = _follow(model, values, people, followed, progress)
    main = followed_values[: len(points)]
    apart = followed_values[len(points) :].reshape(len(groups), -1)
    variance = float(np.var(main))
    if variance == 0:
        zero = np.zeros(len(groups))
        indices = {"S1": zero, "S1_conf": zero, "ST": zero, "ST_conf": zero}
    else:
        scaled = (main - main.mean()) / main.std()
        indices = analysis.analyze(
            problem, scaled, calc_second_order=False, num_resamples=RESAMPLES, conf_level=LEVEL, seed=seed + 1
        )
    shares = np.var(apart, axis=1) / variance if variance else np.zeros(len(groups))
    table = _table(groups, moved, names, indices, np.where(shares > ROUNDING, shares, 0.0))
    few = f"{n} base points are few: indices are rough below {ENOUGH}, and small ones noise" if n < ENOUGH else ""
    return Sobol(table, followed, by, len(values), variance, chosen, few)


def _group(model: Model, ids: tuple[str, ...], by: str, chosen: Sequence[str]) -> str:
    """The group of what one dimension moves."""
    if by == "statement":
        return _label(ids, model) if set(ids) & set(chosen) else REST
    first = model.priors.statement(ids[0])
    return str(first.basis if by == "basis" else first.source)


def _label(ids: tuple[str, ...], model: Model) -> str:
    if len(ids) == 1:
        return ids[0]
    first, *others = (model.priors.statement(name) for name in ids)
    whole = all(other.of.variable == first.of.variable and other.given == first.given for other in others)
    return f"{ids[0]} and {len(others)} more {'of its distribution' if whole else 'drawn together with it'}"


def _screened(model: Model, cases: Cases | Masks, target: Target, setting: str | None, top: int) -> tuple[str, ...]:
    """The statements with the largest one-way effect on the target."""
    table = one_way(model, cases, [target], setting=setting, points=3).table
    return tuple(table[table["effect"] > 0]["statement"].head(top))


def _one_group_each(
    model: Model, base: Array, names: Sequence[str], groups: Sequence[str], moved: Sequence[tuple[str, ...]]
) -> Array:
    """Values in which one group after another varies over the base points, all other statements as stated."""
    drawn, varying = values_at(model.priors, base), Varying(model.priors)
    of = {name: group for ids, group in zip(moved, names, strict=True) for name in ids}
    columns = [[of[statement.id] == group for statement in varying.statements] for group in groups]
    return np.concatenate([np.where(varied, drawn, varying.stated) for varied in columns])


def _follow(model: Model, values: Array, people: CodedCases, target: Target, progress: Progress | None) -> Array:
    """The target under every row of values."""
    total = np.zeros(len(values))
    masks, names = people.masks, people.names
    if target.case:
        at = names.index(target.case)
        masks, names = np.ascontiguousarray(masks[:, [at]]), (target.case,)
    for batch in what_ifs(model, values, masks, progress):
        sums = target_sums(target, batch, model, names)
        if sums is not None:
            total[batch.rows] += sums
    return total if target.case else total / masks.shape[1]


def _table(
    groups: Sequence[str],
    moved: Sequence[tuple[str, ...]],
    names: Sequence[str],
    indices: dict[str, Array],
    alone: Array,
) -> pd.DataFrame:
    members = {
        group: {i for ids, name in zip(moved, names, strict=True) if name == group for i in ids} for group in groups
    }
    rows = []
    for i, group in enumerate(groups):
        first, wide, total, broad = (
            float(indices[name][i]) if abs(indices[name][i]) > ROUNDING else 0.0
            for name in ("S1", "S1_conf", "ST", "ST_conf")
        )
        rows.append({
            "name": group, "statements": len(members[group]),
            "first": first, "first_low": first - wide, "first_high": first + wide,
            "total": total, "total_low": total - broad, "total_high": total + broad, "alone": float(alone[i]),
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.sort_values(["total", "name"], ascending=[False, True], kind="stable", ignore_index=True)
