"""Networks with recording nodes, and evidence with blanks, as the definition has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from riskmodel.evidence.records import Variable, recording_node
from riskmodel.network.network import Network
from tests.support.engines import Weights, weights_of

READ = ("finding", "risk_factor")


def with_recording_nodes(network: Network, rng: np.random.Generator, share: float = 0.7) -> Network:
    """A network in which some findings and risk factors are written down by their state, at times by setting too."""
    nodes, tables = [], {}
    settings = [variable for variable in network.variables if variable.name == "setting"]
    for variable in network.variables:
        if variable.role in READ and rng.random() < share:
            above = [*settings[: rng.integers(0, 2)], variable]
            name = recording_node(variable.name)
            parents = tuple(parent.name for parent in above)
            nodes.append(Variable(name, "recording", ("not_written", "written"), "", parents=parents))
            written = rng.uniform(0.02, 0.98, size=(1, *(len(parent.states) for parent in above)))
            tables[name] = np.stack([1 - written, written], axis=-1)
    every = (*network.variables, *nodes)
    return Network(every, {**network.tables, **tables}, network.composites, groups=network.groups)


def recorded_rows(network: Network) -> list[int]:
    """The rows of evidence of the variables that have a recording node."""
    names = {variable.name for variable in network.variables}
    return [row for row, variable in enumerate(network.case_variables) if recording_node(variable.name) in names]


def blanked(masks: np.ndarray, rows: Sequence[int], rng: np.random.Generator, share: float = 0.4) -> np.ndarray:
    """The same evidence with some cells of these rows blank."""
    masks = masks.copy()
    for row in rows:
        masks[row, rng.random(masks.shape[1]) < share] = 0
    return masks


def weights_with_nodes(network: Network, masks: np.ndarray, soft: Mapping[int, np.ndarray]) -> Weights:
    """What evidence says of each variable and of each recording node: a blank that it is not written down, and no more.

    What is not assessed (all states) says nothing of the node either: somebody wrote that nobody asked.
    """
    variables, rows = network.case_variables, recorded_rows(network)
    full = np.array([[variable.full_mask] for variable in variables], np.uint8)
    weights = dict(weights_of(variables, np.where(masks == 0, full, masks), soft))
    for row in rows:
        silent, unknown = masks[row] == 0, masks[row] == full[row]
        node = np.stack([silent | unknown, ~silent], axis=1).astype(float)
        weights[recording_node(variables[row].name)] = node
    return weights
