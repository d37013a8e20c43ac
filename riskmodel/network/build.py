"""From statements to conditional probability tables, for all draws at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from riskmodel.arrays import Array
from riskmodel.errors import InferenceError
from riskmodel.evidence.records import Priors, Variable
from riskmodel.network.elimination import Factor
from riskmodel.network.forms.any_of import any_of_table
from riskmodel.network.forms.building import Building, BuiltTable, StatementValues
from riskmodel.network.forms.dependence import Correlations
from riskmodel.network.forms.manifestation import manifestation_table
from riskmodel.network.forms.noisy_max import finding_table
from riskmodel.network.forms.noisy_or import noisy_or_table
from riskmodel.network.forms.risk_model import condition_table
from riskmodel.network.forms.stated import observed_table
from riskmodel.network.kept import KeptTables, TableVaries
from riskmodel.network.network import Network
from riskmodel.network.recording import recording_nodes


def build_network(
    priors: Priors,
    values: Array | None = None,
    *,
    constant_once: bool = False,
    hold: bool = False,
    kept: KeptTables | None = None,
) -> Network:
    """The network that a prior set's selected statements describe.

    Parameters
    ----------
    values
        shape (draws, selected statements in register order); draw 0 holds the stated values. Without it,
        a single draw of the stated values.
    constant_once
        build a table that is the same in every draw only once, with a draw axis of length 1; its counts of draws in
        ``held`` and ``clipped`` are then of that one draw.
    hold
        hold what lies beyond reach in draw 0 as in any other: its values are none that someone stated.
    kept
        tables of the network that was built with it before: those that nothing has changed of are taken again, the same
        arrays. The network is to the last bit the one without it.

    Raises
    ------
    InferenceError
        when a table lacks a number, or a stated value (without ``hold``) lies beyond reach; the message gives the
        range.
    """
    kept = KeptTables() if kept is None else kept
    stated = StatementValues.of(priors, values)
    by_name = {variable.name: variable for variable in priors.network_variables}
    factors: dict[str, Factor] = {}
    built: dict[str, BuiltTable] = {}

    def made(variable: Variable, *, varies: bool) -> tuple[BuiltTable, Factor]:
        statements = stated.of_variable(variable.name, varies=varies)
        reference = priors.prior_set.reference_setting
        building = Building.of(variable, statements, by_name, factors, reference, hold=hold)
        return kept.table(building, statements, _form(variable))

    for variable in in_order(priors.network_variables):
        name = variable.name
        try:
            built[name], factors[name] = made(variable, varies=not constant_once)
        except TableVaries:
            built[name], factors[name] = made(variable, varies=True)
    variables: tuple[Variable, ...] = priors.network_variables
    tables = {variable.name: built[variable.name].table for variable in variables}
    held = {identifier: entries for each in built.values() for identifier, entries in each.held.items()}
    for group, members in priors.groups.items():
        about = stated.of_variable(group, varies=not constant_once).about(group, "dependence")
        if about:
            correlations = Correlations.of(about, [by_name[member] for member in members])
            variables, tables = kept.dependent(group, variables, tables, members, correlations)
            held |= correlations.held
    nodes, recording = recording_nodes(priors, stated)
    return Network(
        (*variables, *nodes),
        {**tables, **recording},
        priors.composites,
        held_entries=held,
        clipped_entries={name: each.clipped for name, each in built.items() if each.clipped.any()},
        rarer={name: each.rarer for name, each in built.items() if each.rarer},
        groups=dict(priors.groups),
    )


def _form(variable: Variable) -> Callable[[Building], BuiltTable]:
    """What builds a variable's table from its statements."""
    if variable.role == "manifestation":
        return manifestation_table
    if variable.role == "condition":
        return noisy_or_table if variable.form == "noisy_or" else condition_table
    if variable.form == "any_of":
        return any_of_table
    return observed_table if variable.role in ("context", "risk_factor") else finding_table


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
