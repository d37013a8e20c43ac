"""A cohort of an emergency department, for all tests of metrics."""

import numpy as np
import pytest

from riskmodel.cohort import simulate, to_cases


@pytest.fixture(scope="session")
def cohort(seeds):
    people = simulate(seeds, 1500, np.random.default_rng(1), setting="emergency", missing=0.3)
    return to_cases(seeds, people, with_outcomes=True)
