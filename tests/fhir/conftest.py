"""A questionnaire to fill in, for all tests of this folder."""

import pytest

from tests.support.fhir_responses import Form


@pytest.fixture(scope="session")
def form(seeds) -> Form:
    return Form(seeds)
