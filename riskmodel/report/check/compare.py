"""Two prior sets beside each other: which statements, posteriors and actions differ, and what makes the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskmodel.answers.scoring import Scored
from riskmodel.arrays import Array, Masks
from riskmodel.errors import InferenceError
from riskmodel.evidence.reading.sets import parameter
from riskmodel.evidence.records import Priors, Statement
from riskmodel.inference.compile import compile_scorer
from riskmodel.model import Model
from riskmodel.network.build import build_network
from riskmodel.text import figure, table

SHOWN = 12  # cases and statements listed


@dataclass(frozen=True, slots=True)
class Swap:
    """What drives one parameter in the first set and in the second; either may be nothing."""

    first: tuple[Statement, ...]
    second: tuple[Statement, ...]

    @property
    def name(self) -> str:
        left, right = (", ".join(s.id for s in side) or "nothing" for side in (self.first, self.second))
        return f"{left} -> {right}" if left != right else left

    def origins(self, first: Priors, second: Priors) -> str:
        """Where either side is pinned, overridden or pooled."""
        sides = (
            (priors.prior_set.name, dict.fromkeys(filter(None, (priors.origin(s.id) for s in side))))
            for priors, side in ((first, self.first), (second, self.second))
        )
        return "; ".join(f"{name}: {', '.join(marks)}" for name, marks in sides if marks)

    @property
    def values(self) -> str:
        left, right = (", ".join(f"{s.value:g}" for s in side) or "-" for side in (self.first, self.second))
        return f"{left} -> {right}"


def swaps(first: Priors, second: Priors) -> list[Swap]:
    """The parameters that different statements, or different numbers, drive."""
    sides = []
    for priors in (first, second):
        chosen = set(priors.selected)
        driving: dict[object, list[Statement]] = {}
        for statement in priors.statements:
            if statement.id in chosen:
                driving.setdefault(parameter(statement), []).append(statement)
        sides.append(driving)
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    found = [Swap(tuple(sides[0].get(key, ())), tuple(sides[1].get(key, ()))) for key in keys]
    return [swap for swap in found if _numbers(swap.first) != _numbers(swap.second)]


def _numbers(statements: Sequence[Statement]) -> list[object]:
    return [(s.id, s.value, s.low, s.high, s.n) for s in statements]


def swapped(priors: Priors, swap: Swap) -> Priors:
    """The first set with one parameter driven as in the second."""
    gone, come = {s.id for s in swap.first}, {s.id: s for s in swap.second}
    statements = tuple(come.get(s.id, s) for s in priors.statements)
    statements += tuple(s for name, s in come.items() if name not in {one.id for one in priors.statements})
    names = (set(priors.selected) - gone) | set(come)
    return replace(priors, statements=statements, selected=tuple(s.id for s in statements if s.id in names))


def log_odds(model: Model, priors: Priors, masks: Masks) -> Array:
    scorer = compile_scorer(build_network(priors), model.variables)
    p = np.clip(scorer.score(masks).probability, 1e-300, 1 - 1e-16)
    return np.asarray((np.log10(p) - np.log10(1 - p)) * 10)


def compare(first: Model, second: Model, names: Sequence[str], masks: Masks) -> Iterator[str]:
    """The lines of the comparison: statements, then every case in every setting."""
    found = swaps(first.priors, second.priors)
    left, right = first.priors.prior_set.name, second.priors.prior_set.name
    rows = [[swap.name, swap.values, swap.origins(first.priors, second.priors)] for swap in found]
    yield f"{len(found)} parameters have different statements or values in {left} and {right}:"
    yield from (f"  {line}" for line in table(["statement", "value", "origin"], rows))
    for setting in first.settings or ("",):
        here = _at(first, masks, setting)
        yield ""
        yield from _setting(first, second, names, here, setting)
    yield ""
    yield from _blame(first, found, masks)


def _at(model: Model, masks: Masks, setting: str) -> Masks:
    row = model.scoring.scorer.setting_row
    here = masks.copy()
    if row >= 0:
        here[row] = 1 << model.settings.index(setting)
    return here


def _setting(first: Model, second: Model, names: Sequence[str], masks: Masks, setting: str) -> Iterator[str]:
    """Which posteriors and actions differ in one setting."""
    own, other = first.scoring.score(masks), second.scoring.score(masks)
    outputs = first.scoring.scorer.output_names
    changed = np.nonzero(
        (own.decision.urgency != other.decision.urgency) | (own.decision.imaging != other.decision.imaging).any(axis=0)
    )[0]
    gaps = np.abs(own.posterior.probability - other.posterior.probability)
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
        yield f"  {names[i]}: {_action(first, own, int(i))} -> {_action(first, other, int(i))}"


def _action(model: Model, scored: Scored, case: int) -> str:
    """Urgency and imaging of one case."""
    bits = zip(model.policy.imaging_tokens, scored.decision.imaging[:, case], strict=True)
    return " ".join([model.policy.urgencies[scored.decision.urgency[case]], *(token for token, bit in bits if bit)])


def _blame(first: Model, found: Sequence[Swap], masks: Masks) -> Iterator[str]:
    """Each parameter swapped alone: by how much it moves the posteriors of the cases as they are."""
    before = log_odds(first, first.priors, masks)
    outputs = first.scoring.scorer.output_names
    rows = []
    for swap in found:
        try:
            moved = np.abs(log_odds(first, swapped(first.priors, swap), masks) - before).mean(axis=1)
        except InferenceError as error:
            rows.append((0.0, [swap.name, "", f"not alone: {error}"]))
            continue
        most = int(moved.argmax())
        rows.append((float(moved[most]), [swap.name, figure(float(moved[most]), ".2f"), outputs[most]]))
    rows.sort(key=lambda row: -row[0])
    yield "Which parameters make the difference: each replaced alone, mean change of the log-odds in decibans"
    yield from (f"  {line}" for line in table(["statement", "change", "most in"], [row for _, row in rows[:SHOWN]]))
