"""CPT arrays → a pgmpy network (the only user of pgmpy)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.arrays import Array
from riskmodel.network.network import Network

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork


def to_pgmpy(network: Network, draw: int = 0) -> DiscreteBayesianNetwork:
    """One draw of a network as a pgmpy model, with state names; every column was checked to sum to 1.

    A variable with no table of its own to state (the setting) gets equal shares.
    """
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork()
    network = network.one_draw(draw)
    model.add_nodes_from([variable.name for variable in network.variables])
    model.add_edges_from([(parent, v.name) for v in network.variables for parent in v.parents])
    names = {variable.name: list(variable.states) for variable in network.variables}
    for variable in network.variables:
        model.add_cpds(
            TabularCPD(
                variable.name,
                len(variable.states),
                columns(network.tables[variable.name][0]),
                evidence=list(variable.parents) or None,
                evidence_card=[len(names[parent]) for parent in variable.parents] or None,
                state_names={name: names[name] for name in (variable.name, *variable.parents)},
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.check_model()
    return model


def columns(table: Array) -> Array:
    """A table (parents …, states) as a matrix with a row a state and a column a parent combination."""
    return np.ascontiguousarray(table.reshape(-1, table.shape[-1]).T)
