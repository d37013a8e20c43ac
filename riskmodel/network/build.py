"""From statements to conditional probability tables, for all draws at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Priors, Variable
from riskmodel.network.elimination import Factor
from riskmodel.network.forms.dependence import chain
from riskmodel.network.forms.noisy_max import finding_table
from riskmodel.network.forms.noisy_or import noisy_or_table
from riskmodel.network.forms.risk_model import condition_table
from riskmodel.network.forms.stated import Stated, stated_table
from riskmodel.network.network import Network


def build_network(priors: Priors, values: Array | None = None, *, constant_once: bool = False) -> Network:
    """The network that a prior set's selected statements describe.

    Parameters
    ----------
    values
        shape (draws, selected statements in register order); draw 0 holds the stated values. Without it,
        a single draw of the stated values.
    constant_once
        build a table that is the same in every draw only once, with a draw axis of length 1; its counts of draws in
        ``held`` and ``clipped`` are then of that one draw.

    Raises
    ------
    InferenceError
        when a table lacks a number, or a stated crude ratio lies beyond reach (the message gives the range).
    """
    all_stated = Stated.of(priors, values)
    variables = {variable.name: variable for variable in priors.network_variables}
    known: dict[str, Factor] = {}
    held: Counter[str] = Counter()
    clipped: dict[str, int] = {}
    rarer: dict[str, tuple[str, ...]] = {}
    reference = priors.prior_set.reference_setting
    for variable in in_order(priors.network_variables):
        stated = all_stated
        if constant_once:
            varies = any(len(known[parent].table) > 1 for parent in variable.parents)
            stated = all_stated.of_variable(variable.name, varies=varies)
        if variable.role in ("context", "risk_factor"):
            table = _observed_table(variable, variables, stated, reference)
        elif variable.role == "condition" and variable.form == "noisy_or":
            table, cut = noisy_or_table(variable, known, variables, stated, reference)
            held.update(cut)
        elif variable.role == "condition":
            table, cut = condition_table(variable, known, variables, stated, reference)
            held.update(cut)
        else:
            table, count, above_one = finding_table(variable, known, variables, stated, reference)
            clipped |= {variable.name: count} if count else {}
            rarer |= {variable.name: above_one} if above_one else {}
        known[variable.name] = Factor((*variable.parents, variable.name), table)
    variables_now: tuple[Variable, ...] = priors.network_variables
    tables = {variable.name: known[variable.name].table for variable in variables_now}
    for group, members in priors.groups.items():
        for _, strength in all_stated.of_variable(group, varies=not constant_once).about(group, "dependence"):
            variables_now, tables = chain(variables_now, tables, members, strength)
    return Network(variables_now, tables, priors.composites, dict(held), clipped, rarer, dict(priors.groups))


def in_order(variables: Sequence[Variable]) -> list[Variable]:
    """Parents before children, otherwise in the given order."""
    names = {variable.name for variable in variables}
    ordered: dict[str, Variable] = {}
    waiting = list(variables)
    while waiting:
        ready = [v for v in waiting if all(parent in ordered or parent not in names for parent in v.parents)]
        if not ready:
            raise InferenceError(f"the arcs go round in a circle among {', '.join(v.name for v in waiting)}")
        ordered |= {variable.name: variable for variable in ready}
        waiting = [variable for variable in waiting if variable.name not in ordered]
    return list(ordered.values())


def _observed_table(variable: Variable, variables: Mapping[str, Variable], stated: Stated, reference: str) -> Array:
    """A context or risk factor: straight from its statements; one that has none at all is even."""
    count = len(variable.states)
    if not stated.probabilities(variable.name) and not variable.parents:
        return np.full((1, count), 1.0 / count)
    return stated_table(variable, [variables[name] for name in variable.parents], stated, reference)
