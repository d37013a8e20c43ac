"""A cohort of a spine clinic and the base rates fitted to it, for all tests of calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel import cohort
from riskmodel.calibration import calibrate
from tests.support.models import CONDITIONS


@pytest.fixture(scope="session")
def people(seeds) -> pd.DataFrame:
    """700 people of a spine clinic, outcomes known of 500 of them."""
    found = cohort.simulate(seeds, 700, np.random.default_rng(1), setting="spine_clinic", missing=0.3)
    frame = cohort.to_cases(seeds, found, with_outcomes=True)
    frame.loc[500:, CONDITIONS] = ""
    return frame


@pytest.fixture(scope="session")
def rates(seeds, people):
    return calibrate(seeds, people, "base_rates", name="Spine clinic 2024")
