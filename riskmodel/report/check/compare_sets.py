"""Two prior sets beside each other: which statements, posteriors and actions differ, and what makes the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.answers.scoring import Scored
from riskmodel.arrays import Array, Masks
from riskmodel.errors import InferenceError
from riskmodel.evidence.reading.sets import Parameters
from riskmodel.evidence.records import Priors, Statement
from riskmodel.inference.compile import compile_scorer
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.report.check.on_cases import decibans
from riskmodel.text import figure, table

SHOWN = 12  # cases and statements listed


@dataclass(frozen=True, slots=True)
class Swap:
    """What drives one parameter in the first set and in the second; either may be nothing."""

    first: tuple[Statement, ...]
    second: tuple[Statement, ...]

    @property
    def name(self) -> str:
        before, after = (", ".join(s.id for s in side) or "nothing" for side in (self.first, self.second))
        return f"{before} -> {after}" if before != after else before

    def origins(self, first: Priors, second: Priors) -> str:
        """Where either side is pinned, overridden or pooled."""
        sides = (
            (priors.prior_set.name, dict.fromkeys(filter(None, (priors.origin(s.id) for s in side))))
            for priors, side in ((first, self.first), (second, self.second))
        )
        return "; ".join(f"{name}: {', '.join(marks)}" for name, marks in sides if marks)

    @property
    def values(self) -> str:
        before, after = (", ".join(f"{s.value:g}" for s in side) or "-" for side in (self.first, self.second))
        return f"{before} -> {after}"


def swaps(first: Priors, second: Priors) -> list[Swap]:
    """The parameters that different statements, or different numbers, drive."""
    sides = []
    for priors in (first, second):
        chosen = set(priors.selected)
        driving: dict[object, list[Statement]] = {}
        parameters = Parameters(priors.statements, {variable.name: variable for variable in priors.variables})
        for statement in priors.statements:
            if statement.id in chosen:
                driving.setdefault(parameters.key(statement), []).append(statement)
        sides.append(driving)
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    pairs = [Swap(tuple(sides[0].get(key, ())), tuple(sides[1].get(key, ()))) for key in keys]
    return [swap for swap in pairs if _numbers(swap.first) != _numbers(swap.second)]


def _numbers(statements: Sequence[Statement]) -> list[object]:
    return [(s.id, s.value, s.low, s.high, s.n) for s in statements]


def swapped(priors: Priors, swap: Swap) -> Priors:
    """The first set with one parameter driven as in the second."""
    gone, come = {s.id for s in swap.first}, {s.id: s for s in swap.second}
    statements = tuple(come.get(s.id, s) for s in priors.statements)
    register = {s.id for s in priors.statements}
    statements += tuple(s for name, s in come.items() if name not in register)
    names = (set(priors.selected) - gone) | set(come)
    return replace(priors, statements=statements, selected=tuple(s.id for s in statements if s.id in names))


def _decibans_under(model: Model, priors: Priors, masks: Masks) -> Array:
    return decibans(compile_scorer(build_network(priors), model.variables).posterior(masks).probability)


def comparison_lines(first: Model, second: Model, names: Sequence[str], masks: Masks) -> Iterator[str]:
    """The lines of the comparison: statements, then every case in every setting."""
    differences = swaps(first.priors, second.priors)
    sets = first.priors.prior_set.name, second.priors.prior_set.name
    rows = [[swap.name, swap.values, swap.origins(first.priors, second.priors)] for swap in differences]
    yield f"{len(differences)} parameters have different statements or values in {' and '.join(sets)}:"
    yield from (f"  {line}" for line in table(["statement", "value", "origin"], rows))
    for setting in first.settings or ("",):
        here = _at(first, masks, setting)
        yield ""
        yield from _setting(first, second, names, here, setting)
    yield ""
    yield from _blame(first, differences, masks)


def _at(model: Model, masks: Masks, setting: str) -> Masks:
    row = model.scoring.scorer.setting_row
    here = masks.copy()
    if row >= 0:
        here[row] = 1 << model.settings.index(setting)
    return here


def _setting(first: Model, second: Model, names: Sequence[str], masks: Masks, setting: str) -> Iterator[str]:
    """Which posteriors and actions differ in one setting."""
    before, after = first.scoring.score(masks), second.scoring.score(masks)
    outputs = first.scoring.scorer.output_names
    changed = np.nonzero(
        (before.decision.urgency != after.decision.urgency)
        | (before.decision.imaging != after.decision.imaging).any(axis=0)
    )[0]
    gaps = np.abs(before.posterior.probability - after.posterior.probability)
    yield f"{setting or 'all'}: the action differs in {len(changed)} of {len(names)} cases"
    rows = [
        [
            name,
            figure(float(100 * gap.mean()), ".2g"),
            figure(float(100 * gap.max()), ".3g"),
            names[int(gap.argmax())],
        ]
        for name, gap in zip(outputs, gaps, strict=True)
    ]
    yield from (f"  {line}" for line in table(["difference, % points", "mean", "largest", "in case"], rows))
    for i in changed[:SHOWN]:
        yield f"  {names[i]}: {_action(first, before, int(i))} -> {_action(first, after, int(i))}"


def _action(model: Model, scored: Scored, case: int) -> str:
    """Urgency and imaging of one case."""
    bits = zip(model.policy.imaging_tokens, scored.decision.imaging[:, case], strict=True)
    return " ".join([model.policy.urgencies[scored.decision.urgency[case]], *(token for token, bit in bits if bit)])


def _blame(first: Model, differences: Sequence[Swap], masks: Masks) -> Iterator[str]:
    """Each parameter swapped alone: by how much it moves the posteriors of the cases as they are."""
    before = _decibans_under(first, first.priors, masks)
    outputs = first.scoring.scorer.output_names
    rows = []
    for swap in differences:
        try:
            moved = np.abs(_decibans_under(first, swapped(first.priors, swap), masks) - before).mean(axis=1)
        except InferenceError as error:
            rows.append((0.0, [swap.name, "", f"not alone: {error}"]))
            continue
        most = int(moved.argmax())
        rows.append((float(moved[most]), [swap.name, figure(float(moved[most]), ".2f"), outputs[most]]))
    rows.sort(key=lambda row: -row[0])
    yield "Which parameters make the difference: each replaced alone, mean change of the log-odds in decibans"
    yield from (f"  {line}" for line in table(["statement", "change", "most in"], [row for _, row in rows[:SHOWN]]))
