"""The equations of a finding's rates: who the people of each rate are, and what their rate is made of.

Cells are the combinations of the finding's contextual parents (slow) and of its conditions (fast), flattened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Bools
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.network.forms.building import Building, Valued
from riskmodel.network.forms.manifestation import condition_of
from riskmodel.network.forms.solving import Equations, log
from riskmodel.network.forms.whatever_else import FindingRates, Unknown, cumulative_rates


@dataclass(frozen=True, slots=True)
class FindingAxes:
    """A finding's parents as axes: contexts, and causes (conditions, or their manifestation nodes)."""

    building: Building
    contextual: tuple[Variable, ...]
    causes: tuple[Variable, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(parent.states) for parent in self.contextual)

    @property
    def conditions(self) -> list[str]:
        return [condition_of(cause) for cause in self.causes]

    @property
    def combinations(self) -> Bools:
        """Which conditions are present, (combinations, causes)."""
        return np.array(list(np.ndindex(*(2,) * len(self.causes))), dtype=bool).reshape(-1, len(self.causes))

    def over_contexts(self, array: Array) -> Array:
        """(draws, contextual …, states - 1), some axes of length 1, as (draws, states - 1, contexts)."""
        whole = np.broadcast_to(array, (len(array), *self.sizes, array.shape[-1]))
        return np.moveaxis(whole.reshape(len(array), -1, array.shape[-1]), -1, 1)

    def at_setting(self, array: Array, setting: str) -> Array:
        """The slice of a setting, kept as an axis of length 1 so that it serves in every setting."""
        for axis, parent in enumerate(self.contextual, start=1):
            if parent.name == SETTING:
                return array.take([parent.index(setting)], axis=axis)
        return array

    def setting_of_link(self, about: Sequence[Valued]) -> str:
        """The setting at which a link stated by rates "alone" holds: that which they name, or the reference."""
        reference = self.building.reference
        named = {event.states if (event := s.given.event(SETTING)) else (reference,) for s, _ in about}
        if len(named) > 1:
            raise InferenceError(
                f"{self.building.variable.name}: a link stated in two settings at once ({about[0][0].id} …)"
            )
        return next(iter(named))[0] if named else reference


def equations(axes: FindingAxes, rates: FindingRates, links: Mapping[str, Array]) -> Equations:
    """The equations of the unknown leaks and links.

    Parameters
    ----------
    links
        by cause the links of whole diseases that are known, (draws, contextual …, states - 1); where a leak is unknown,
        those given a condition alone follow from it and stand in ``rates.alone``.
    """
    draws, unknowns = axes.building.draws, rates.unknowns
    target = np.stack([unknown.rate for unknown in unknowns], axis=-1)
    offset, design = _offset(axes, rates, links), _design(axes, rates)
    weights = np.broadcast_to(_weights(axes, unknowns), (draws, len(unknowns), design.shape[-1]))
    offset = np.broadcast_to(offset, (draws, *offset.shape[1:]))
    return Equations(weights, design, offset, np.broadcast_to(target, (draws, *target.shape[1:])))


def _offset(axes: FindingAxes, rates: FindingRates, links: Mapping[str, Array]) -> Array:
    """What is known of the log of each cell's probability: (draws, states - 1, cells)."""
    solved = np.zeros(axes.sizes, dtype=bool)
    for unknown in rates.unknowns:
        solved |= unknown.cells & unknown.is_leak
    log_leak = np.where(solved[..., None], 0.0, log(rates.leak))
    offset = axes.over_contexts(log_leak)[..., None] + np.zeros(len(axes.combinations))
    for cause, present in zip(axes.causes, axes.combinations.T, strict=True):
        if cause.name in links:
            stated = log(links[cause.name])
        elif cause.name in rates.alone:
            about = rates.alone[cause.name]
            alone = log(cumulative_rates(axes.building, axes.contextual, about))
            stated = axes.at_setting(alone - log_leak, axes.setting_of_link(about))
        else:
            continue
        offset = offset + axes.over_contexts(stated)[..., None] * present
    return np.asarray(offset.reshape(*offset.shape[:2], -1))


def _design(axes: FindingAxes, rates: FindingRates) -> Array:
    """How often the log of each unknown stands in the log of each cell's probability: (unknowns, cells).

    A link stands where its condition is present. A leak stands everywhere, but for each condition that is stated alone,
    whose link is P(alone) / leak, it falls out again.
    """
    lines = []
    for unknown in rates.unknowns:
        inside, present = unknown.cells.reshape(-1, 1).astype(float), axes.combinations
        if not unknown.is_leak:
            lines.append(inside * present[:, axes.conditions.index(unknown.condition)])
            continue
        line = inside * np.ones(len(present))
        for cause, on in zip(axes.causes, present.T, strict=True):
            if cause.name in rates.alone:
                setting = axes.setting_of_link(rates.alone[cause.name])
                divisor = axes.at_setting(unknown.cells[None, ..., None].astype(float), setting)
                line = line - axes.over_contexts(divisor)[0].T * on
        lines.append(line)
    return np.stack([line.ravel() for line in lines])


def _weights(axes: FindingAxes, unknowns: Sequence[Unknown]) -> Array:
    """How the people of each rate are spread over the cells: (draws, unknowns, cells).

    Of a scan with parts those with no part, as a share of all. Where there are no such people, all cells alike.
    """
    building = axes.building
    contexts = [parent.name for parent in axes.contextual]
    apart = [SETTING] if SETTING in building.tables and SETTING not in contexts else []
    names = [*apart, *contexts, *axes.conditions]
    everybody = building.joint(names)
    counted = building.joint(names, absent=building.parts) if building.parts else everybody
    each = []
    for unknown in unknowns:
        inside = _people_of(axes, unknown)
        at = slice(None)
        if apart:
            at = slice(index := building.variables[SETTING].index(unknown.setting), index + 1)
        of_these, all_of_these = (table[:, at].reshape(len(table), -1) * inside for table in (counted, everybody))
        total = all_of_these.sum(axis=1, keepdims=True)
        share = np.divide(of_these, total, out=np.zeros_like(of_these), where=total > 0)
        each.append(np.where(total > 0, share, inside / inside.sum()))
    return np.stack(np.broadcast_arrays(*each), axis=1)


def _people_of(axes: FindingAxes, unknown: Unknown) -> Bools:
    """The cells that the people of a rate can be in, (cells,)."""
    wanted = {SETTING: unknown.setting, **unknown.given}
    inside = np.ones(axes.sizes, dtype=bool)
    for axis, parent in enumerate(axes.contextual):
        if parent.name in wanted:
            at = np.array([state == wanted[parent.name] for state in parent.states])
            inside &= at.reshape([-1 if i == axis else 1 for i in range(inside.ndim)])
    present = axes.combinations[:, axes.conditions.index(unknown.condition)]
    return np.asarray(inside.reshape(-1, 1) & (present != unknown.is_leak)).ravel()
