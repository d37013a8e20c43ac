"""The shipped priors, and a copy of a small priors folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskmodel.evidence.load import load_priors
from riskmodel.evidence.records import Priors
from tests.support.paths import DATA


@pytest.fixture(scope="session")
def seed_priors() -> Priors:
    return load_priors("seeds")


@pytest.fixture(scope="session")
def study_priors() -> Priors:
    return load_priors("literature")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "tiny", tmp_path / "tiny"))
