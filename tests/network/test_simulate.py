"""People drawn from the network."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.network.simulate import sample
from tests.support.by_pgmpy import asked_of, network_of


@pytest.mark.slow
def test_samples_have_the_shares_that_the_network_gives():
    network, asked = network_of("seeds"), asked_of("seeds")
    states = sample(network, 200_000, np.random.default_rng(1), {"setting": "emergency"})
    assert set(states) == {variable.name for variable in network.variables}
    for name in ("age", "fracture", "cauda_equina", "leg_weakness", "esr", "xray", "failed_conservative_care"):
        expected = asked.joint((name,), {"setting": "emergency"})
        found = np.bincount(states[name], minlength=len(expected)) / 200_000
        assert np.all(np.abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / 200_000) + 1e-12)
    again = sample(network, 200_000, np.random.default_rng(1), {"setting": "emergency"})
    assert all(np.array_equal(states[name], again[name]) for name in states)
