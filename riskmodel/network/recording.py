"""Recording nodes: whether a finding is written down, given its state, under the recording profile in use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskmodel.arrays import Array
from riskmodel.evidence.recording import NOT_WRITTEN, WRITTEN, RecordingRates, used_rates
from riskmodel.evidence.records import SETTING, Priors, Variable, recording_node
from riskmodel.network.forms.building import StatementValues


def recording_nodes(priors: Priors, stated: StatementValues) -> tuple[tuple[Variable, ...], dict[str, Array]]:
    """The nodes of the profile in use, and P(written down | state) as their tables; none without a profile.

    Parameters
    ----------
    stated
        the values of the selected statements, in each draw.

    Returns
    -------
    a node for each variable whose blanks are read, and its table: (draws, [settings], states, 2). Where no rate of it
    varies, one draw.
    """
    column = {statement.id: stated.values[:, i] for i, statement in enumerate(stated.statements)}
    nodes, tables = [], {}
    for rates in used_rates(priors):
        apart = rates.settings != ("",)
        name = recording_node(rates.variable)
        parents = (SETTING, rates.variable) if apart else (rates.variable,)
        definition = f"Whether {rates.variable} is written down."
        nodes.append(Variable(name, "recording", (NOT_WRITTEN, WRITTEN), definition, parents=parents))
        tables[name] = _table(rates, column) if apart else _table(rates, column)[:, 0]
    return tuple(nodes), tables


def _table(rates: RecordingRates, column: Mapping[str, Array]) -> Array:
    written = np.array([[column[identifier] for identifier in row] for row in rates.statements])
    written = np.moveaxis(written, -1, 0)
    if (written == written[:1]).all():
        written = written[:1]
    return np.stack([1.0 - written, written], axis=-1)


def written_given(variable: str, variables: Mapping[str, Variable], tables: Mapping[str, Array]) -> Array | None:
    """P(written down | setting, state) of a variable, (draws, settings or 1, states); None where no profile says."""
    node = variables.get(recording_node(variable))
    if node is None or node.role != "recording":
        return None
    table = tables[node.name][..., 1]
    return table if SETTING in node.parents else table[:, None]
