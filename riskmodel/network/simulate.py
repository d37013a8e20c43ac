"""Synthetic cohorts: cases sampled from the network, parents before children."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from riskmodel.arrays import States
from riskmodel.errors import UsageError
from riskmodel.network.build import in_order
from riskmodel.network.network import Network


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
    given = {name: np.full(count, network.variable(name).index(state)) for name, state in (fixed or {}).items()}
    return sample_draws(network, np.zeros(count, dtype=np.int64), rng, given)


def sample_draws(
    network: Network,
    draws: NDArray[np.int64],
    rng: np.random.Generator,
    given: Mapping[str, States] | None = None,
    names: Collection[str] | None = None,
) -> dict[str, States]:
    """Sample complete cases, each from a draw of its own.

    Parameters
    ----------
    draws
        (count,): from which draw of the network each case comes.
    given
        states that are known, such as the setting; shape (count,).
    names
        the variables to sample, closed under parents with those given; by default all.

    Returns
    -------
    variable → state indices, shape (count,); those given among them.
    """
    states: dict[str, States] = dict(given or {})
    what_is_written = [variable for variable in network.variables if variable.role == "recording"]
    others = [variable for variable in network.variables if variable.role != "recording"]
    for variable in (*in_order(others), *what_is_written):  # last: people are the same under every recording profile
        if variable.name in states or (names is not None and variable.name not in names):
            continue
        table = network.tables[variable.name]
        draw = draws if len(table) > 1 else np.zeros_like(draws)
        cumulative = np.cumsum(table[(draw, *(states[parent] for parent in variable.parents))], axis=1)
        states[variable.name] = (rng.random(len(draws))[:, None] >= cumulative[:, :-1]).sum(axis=1)
    return states
