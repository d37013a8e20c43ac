"""The table of a finding or test that conditions cause: a noisy-MAX in ratio form.

P(state up to s | conditions) = F0(s) · product over the conditions present of link(s), with link = Fc / F0: F0 is the
cumulative distribution over the ordered states with no condition, Fc with condition c alone. For two states this is the
leaky noisy-OR. Where a parent is a manifestation node, the link is that of the manifest disease (see `manifestation`).
A link above 1 (a condition that makes the finding rarer) may push a product out of the simplex: it is clipped to [0, 1]
and made to rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array, Ints
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import SETTING, Event, Variable
from riskmodel.network.forms.building import Building, BuiltTable, Valued
from riskmodel.network.forms.manifestation import condition_of, is_cause, manifest_link, occult_share
from riskmodel.network.forms.stated import distribution, stated_table

ROUNDING = 1e-12  # a link, or a product of links, this close to what is possible is possible

Candidates = dict[str, list[tuple[tuple[Event, ...], Array]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding under construction; ``leak`` (F0) and each link are (draws, contextual parents …, states - 1).

    ``causes`` are the parents that are conditions or manifestation nodes; ``held`` counts, by statement, the entries of
    links that were held at what can be reached, (draws,).
    """

    variable: Variable
    contextual: tuple[Variable, ...]
    causes: tuple[Variable, ...]
    leak: Array
    links: dict[str, Array]
    held: dict[str, Ints]

    def add(self, cause: Variable, link: Array, without: Array, about: Sequence[Valued], building: Building) -> None:
        """Take the link of a condition; ``without`` is the cumulative distribution that it was divided by."""
        if cause.role == "manifestation":
            statements = [statement for statement, _ in about]
            share = occult_share(building, cause.name)
            link, held = manifest_link(self.variable, link, without, share, statements, hold=building.hold)
            if held.any():
                self.held.update({statement.id: held for statement in statements})
        self.links[cause.name] = link


def finding_table(building: Building) -> BuiltTable:
    """P(state | parents), what was held and clipped, and the conditions with a link above 1 (draw 0)."""
    variable, statements = building.variable, building.probabilities
    if not any(statement.given.none for statement, _ in statements):
        return stated_table(building)
    contextual = tuple(parent for parent in building.parents if not is_cause(parent))
    causes = tuple(parent for parent in building.parents if is_cause(parent))
    leak = _cumulative(variable, contextual, _candidates(statements, None, variable), building.draws)
    finding = Finding(variable, contextual, causes, leak, {}, {})
    late = []
    for cause in causes:
        condition = condition_of(cause)
        about = [(s, values) for s, values in statements if s.given.event(condition)]
        if about and all(any(event.alone for event in s.given.events) for s, _ in about):
            finding.add(cause, *_link(finding, condition, about, building.reference), about, building)
        else:
            late.append((cause, about))
    if len(late) > 1:
        raise InferenceError(f"{variable.name}: only one condition may be stated without 'alone'")
    for cause, about in late:
        condition = condition_of(cause)
        stated = _cumulative(variable, contextual, _candidates(about, condition, variable), building.draws)
        without = _expected(finding, cause, building)
        finding.add(cause, stated / without, without, about, building)
    rarer = tuple(condition_of(cause) for cause in causes if np.any(finding.links[cause.name][0] > 1 + ROUNDING))
    table, clipped = _combine(finding)
    order = [parent.name for parent in (*contextual, *causes)]
    return BuiltTable(building.in_order_of_parents(table, order), held=finding.held, clipped=clipped, rarer=rarer)


def _candidates(statements: Sequence[Valued], condition: str | None, variable: Variable) -> Candidates:
    """By state: the statements given ``none`` (or given the condition), with their other events."""
    result: Candidates = {state: [] for state in variable.states}
    for statement, values in statements:
        given = statement.given
        if condition is None and not given.none:
            continue
        events = tuple(event for event in given.events if event.variable != condition)
        for state in statement.of.states:
            result[state].append((events, values))
    return result


def _cumulative(variable: Variable, contextual: Sequence[Variable], candidates: Candidates, draws: int) -> Array:
    """Cumulative distribution without its last, certain, step: (draws, contextual …, states - 1)."""
    table = distribution(variable, contextual, candidates, draws)
    return np.cumsum(table, axis=-1)[..., :-1]


def _link(finding: Finding, name: str, about: Sequence[Valued], reference: str) -> tuple[Array, Array]:
    """Fc / F0 and F0, at the setting that the statements name, or the reference; the same in every setting."""
    variable, contextual = finding.variable, finding.contextual
    named = [event.states if (event := s.given.event(SETTING)) else (reference,) for s, _ in about]
    if len(set(named)) > 1:
        raise InferenceError(f"{variable.name}: a link stated in two settings at once ({about[0][0].id} …)")
    setting = named[0][0]
    alone = _cumulative(variable, contextual, _candidates(about, name, variable), len(finding.leak))
    alone, base = _slice(alone, contextual, setting), _slice(finding.leak, contextual, setting)
    if np.any((base[0] == 0) & (alone[0] > 0)):
        raise InferenceError(
            f"{variable.name}: never in its base state without a condition, so {about[0][0].id} cannot hold"
        )
    return np.divide(alone, base, out=np.ones_like(alone), where=base > 0), base


def _slice(array: Array, contextual: Sequence[Variable], setting: str) -> Array:
    """The slice of a setting, kept as an axis of length 1 so that it serves in every setting."""
    for axis, parent in enumerate(contextual, start=1):
        if parent.name == SETTING:
            return array.take([parent.index(setting)], axis=axis)
    return array


def _expected(finding: Finding, cause: Variable, building: Building) -> Array:
    """E[F0 · product of the other causes' links | condition present, reference setting]."""
    name, others = condition_of(cause), [other.name for other in finding.causes if other is not cause]
    context = [parent.name for parent in finding.contextual if parent.name != SETTING]
    if SETTING in building.tables:
        joint = building.joint([SETTING, *context, name, *others])
        joint = joint[:, building.variables[SETTING].index(building.reference)]
    else:
        joint = building.joint([*context, name, *others])
    joint = np.moveaxis(joint, len(context) + 1, 0)[1]  # the condition present
    total = joint.sum(axis=tuple(range(len(context) + 1, joint.ndim)), keepdims=True)
    joint = np.divide(joint, total, out=np.full_like(joint, 0.5 ** len(others)), where=total > 0)
    base = _slice(finding.leak, finding.contextual, building.reference)
    setting_axis = [i for i, parent in enumerate(finding.contextual, start=1) if parent.name == SETTING]
    base = base.squeeze(axis=tuple(setting_axis)) if setting_axis else base
    expected = np.zeros_like(base)
    for combination in np.ndindex(*(2,) * len(others)):
        product = base
        for other, is_present in zip(others, combination, strict=True):
            if is_present:
                link = finding.links[other]
                product = product * (link.squeeze(axis=tuple(setting_axis)) if setting_axis else link)
        share: Array = joint[(..., *combination)][..., None]
        expected = expected + share * product
    return np.expand_dims(expected, setting_axis) if setting_axis else expected


def _combine(finding: Finding) -> tuple[Array, Ints]:
    """The table (draws, contextual …, causes …, states), and how many of its entries were clipped, (draws,)."""
    count, draws = len(finding.causes), len(finding.leak)
    shape = (draws, *finding.leak.shape[1:-1], *(2,) * count, finding.leak.shape[-1])
    cumulative = np.empty(shape)
    lead = finding.leak.ndim - 1
    for combination in np.ndindex(*(2,) * count):
        product = finding.leak
        for cause, is_present in zip(finding.causes, combination, strict=True):
            if is_present:
                product = product * finding.links[cause.name]
        cumulative[(slice(None),) * lead + combination] = product
    mended = np.maximum.accumulate(np.clip(cumulative, 0.0, 1.0), axis=-1)
    changed = np.abs(mended - cumulative) > ROUNDING
    clipped = changed.reshape(draws, -1).sum(axis=1)
    edges = np.concatenate([np.zeros((*shape[:-1], 1)), mended, np.ones((*shape[:-1], 1))], axis=-1)
    return np.diff(edges, axis=-1), clipped
