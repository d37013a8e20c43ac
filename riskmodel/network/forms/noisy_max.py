"""The table of a finding or test: a noisy-MAX in ratio form.

F0 is the cumulative distribution over the ordered states with no condition, Fc with condition c alone;
the link of c is Fc / F0, and several conditions together give F0 · product of their links. For two states
this is the leaky noisy-OR. A link above 1 (a condition that makes the finding rarer) may push a product out
of the simplex: it is clipped to [0, 1] and made to rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Event, Statement, Variable
from riskmodel.network.elimination import Factor, eliminate
from riskmodel.network.forms.risk_model import above
from riskmodel.network.forms.stated import SETTING, Stated, distribution, stated_table

Candidates = dict[str, list[tuple[tuple[Event, ...], Array]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding under construction; cumulative arrays are (draws, contextual parents …, states - 1)."""

    variable: Variable
    contextual: tuple[Variable, ...]
    conditions: tuple[str, ...]
    leak: Array
    links: Mapping[str, Array]


def finding_table(
    variable: Variable,
    known: Mapping[str, Factor],
    variables: Mapping[str, Variable],
    stated: Stated,
    reference: str,
) -> tuple[Array, int, tuple[str, ...]]:
    """P(state | parents), how many draws were clipped, and the conditions with a link above 1 (draw 0)."""
    parents = tuple(variables[name] for name in variable.parents)
    contextual = tuple(parent for parent in parents if parent.role != "condition")
    conditions = tuple(parent.name for parent in parents if parent.role == "condition")
    statements = stated.probabilities(variable.name)
    if not any(statement.given.none for statement, _ in statements):
        return stated_table(variable, parents, stated, reference), 0, ()
    leak = _cumulative(variable, contextual, _candidates(statements, None, variable), stated.draws)
    links, late = {}, []
    for name in conditions:
        about = [(s, values) for s, values in statements if s.given.event(name)]
        if about and all(any(event.alone for event in s.given.events) for s, _ in about):
            links[name] = _link(variable, contextual, leak, _candidates(about, name, variable), about, reference)
        else:
            late.append((name, about))
    if len(late) > 1:
        raise InferenceError(f"{variable.name}: only one condition may be stated without 'alone'")
    finding = Finding(variable, contextual, conditions, leak, links)
    for name, about in late:
        stated_given = _cumulative(variable, contextual, _candidates(about, name, variable), stated.draws)
        links[name] = stated_given / _expected(finding, name, known, variables, reference)
    above_one = tuple(name for name in conditions if np.any(links[name][0] > 1 + 1e-12))
    table, clipped = _combine(finding, stated.draws)
    order = [parent.name for parent in contextual] + list(conditions)
    axes = [order.index(parent) + 1 for parent in variable.parents]
    return np.transpose(table, [0, *axes, table.ndim - 1]), clipped, above_one


def _candidates(statements: Sequence[tuple[Statement, Array]], condition: str | None, variable: Variable) -> Candidates:
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


def _link(
    variable: Variable,
    contextual: Sequence[Variable],
    leak: Array,
    candidates: Candidates,
    about: Sequence[tuple[Statement, Array]],
    reference: str,
) -> Array:
    """Fc / F0, both at the setting that the statements name, or the reference; the same in every setting."""
    named = [event.states if (event := s.given.event(SETTING)) else (reference,) for s, _ in about]
    if len(set(named)) > 1:
        raise InferenceError(f"{variable.name}: a link stated in two settings at once ({about[0][0].id} …)")
    setting = named[0][0]
    alone = _cumulative(variable, contextual, candidates, leak.shape[0])
    alone, base = _at_setting(alone, contextual, setting), _at_setting(leak, contextual, setting)
    if np.any((base[0] == 0) & (alone[0] > 0)):
        raise InferenceError(
            f"{variable.name}: never in its base state without a condition, so {about[0][0].id} cannot hold"
        )
    return np.divide(alone, base, out=np.ones_like(alone), where=base > 0)


def _at_setting(array: Array, contextual: Sequence[Variable], setting: str) -> Array:
    """The slice of a setting, kept as an axis of length 1 so that it serves in every setting."""
    for axis, parent in enumerate(contextual, start=1):
        if parent.name == SETTING:
            return array.take([parent.index(setting)], axis=axis)
    return array


def _expected(
    finding: Finding,
    name: str,
    known: Mapping[str, Factor],
    variables: Mapping[str, Variable],
    reference: str,
) -> Array:
    """E[F0 · product of the other conditions' links | condition present, reference setting]."""
    others = [other for other in finding.conditions if other != name]
    context = [parent.name for parent in finding.contextual if parent.name != SETTING]
    has_setting = SETTING in known
    keep = ([SETTING] if has_setting else []) + context + [name, *others]
    joint = eliminate(above(known, keep), keep)
    if has_setting:
        joint = joint[:, variables[SETTING].index(reference)]
    joint = np.moveaxis(joint, len(context) + 1, 0)[1]  # the condition present
    total = joint.sum(axis=tuple(range(len(context) + 1, joint.ndim)), keepdims=True)
    joint = np.divide(joint, total, out=np.full_like(joint, 0.5 ** len(others)), where=total > 0)
    base = _at_setting(finding.leak, finding.contextual, reference)
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


def _combine(finding: Finding, draws: int) -> tuple[Array, int]:
    """The table (draws, contextual …, conditions …, states), and in how many draws something was clipped."""
    count = len(finding.conditions)
    shape = (draws, *finding.leak.shape[1:-1], *(2,) * count, finding.leak.shape[-1])
    cumulative = np.empty(shape)
    lead = finding.leak.ndim - 1
    for combination in np.ndindex(*(2,) * count):
        product = finding.leak
        for name, is_present in zip(finding.conditions, combination, strict=True):
            if is_present:
                product = product * finding.links[name]
        cumulative[(slice(None),) * lead + combination] = product
    mended = np.maximum.accumulate(np.clip(cumulative, 0.0, 1.0), axis=-1)
    moved = np.abs(mended - cumulative) > 1e-12
    clipped = int(moved.reshape(draws, -1).any(axis=1).sum())
    edges = np.concatenate([np.zeros((*shape[:-1], 1)), mended, np.ones((*shape[:-1], 1))], axis=-1)
    return np.diff(edges, axis=-1), clipped
