"""Synthetic cohorts: cases sampled from the network, parents before children."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from riskmodel.errors import UsageError
from riskmodel.network.cpt import in_order
from riskmodel.network.tables import Network

States = NDArray[np.int64]


def sample(
    network: Network, count: int, rng: np.random.Generator, fixed: Mapping[str, str] | None = None
) -> dict[str, States]:
    """Sample complete cases from the first draw of a network.

    Parameters
    ----------
    count
        number of cases.
    fixed
        variables without parents that are held at a state, such as the setting.

    Returns
    -------
    variable → state indices, shape (count,).
    """
    if count < 1:
        raise UsageError(f"a cohort needs at least 1 case, not {count}")
    states: dict[str, States] = {}
    for variable in in_order(network.variables):
        if fixed and variable.name in fixed:
            states[variable.name] = np.full(count, variable.index(fixed[variable.name]))
            continue
        table = network.tables[variable.name][0]
        columns = table[tuple(states[parent] for parent in variable.parents)]
        cumulative = np.cumsum(np.broadcast_to(columns, (count, len(variable.states))), axis=1)
        uniform = rng.random(count)
        states[variable.name] = (uniform[:, None] >= cumulative[:, :-1]).sum(axis=1)
    return states
