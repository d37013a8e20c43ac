"""What all tests of calibration share: a cohort of a spine clinic, base rates fitted to it, and a small network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel import cohort
from riskmodel.calibration import calibrate
from tests.support import tabular
from tests.support.models import CONDITIONS
from tests.support.small_policy import policy_text, probable, threshold

POLICY = policy_text(
    ["immediate", "routine"],
    [],
    probable("first", "scan", urgency="immediate", imaging=["mri"]),
    head=threshold("scan", 0.3, 0.7),
)


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


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The small network of three findings and two conditions, the first one serious, with a policy."""
    folder = tabular.write_priors(tmp_path_factory.mktemp("small"))
    for file in (folder / "network.toml", folder / "evidence" / "all.toml"):
        text = (
            file.read_text()
            .replace('"scan', '"mri')
            .replace('definition = "A scan."', 'definition = "A scan."\nimaging = true')
        )
        file.write_text(text.replace('definition = "One disease."', 'definition = "One disease."\nserious = true'))
    (folder / "policies" / "plain.toml").write_text(POLICY)
    return folder
