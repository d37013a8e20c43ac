"""A study's shares moved: leak and links are solved anew at every value."""

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.network.ask import implied
from riskmodel.sensitivity.one_way import one_way
from tests.support.brute import posterior, with_values

NAMES = ["smith_2024.fever.infection.present", "smith_2024.fever.infection.absent", "find.fever.malignancy"]


@pytest.fixture(scope="module")
def studied(seeds: rm.Model) -> rm.Model:
    study = rm.from_2x2(
        20, 30, 20, 330, of="fever=present", given="infection=present", setting="emergency", source="smith_2024",
        locator="table 2", title="Smith A. Spine 2024;1:1",
    )  # fmt: skip
    return seeds.with_statements(study.statements, study.sources)


@pytest.mark.slow
def test_each_value_is_that_of_a_model_built_with_it(studied: rm.Model):
    masks = studied.code({"fever": "yes", "night_sweats": "no"}, setting="emergency")
    curves = one_way(studied, masks, ["p(infection) of case 0"], statements=NAMES, points=2).curves
    curves = curves[curves["held"] == ""]
    assert set(curves["statement"]) == set(NAMES)
    for row in curves.itertuples():
        other = with_values(studied, {row.statement: row.value})
        assert row.at == pytest.approx(posterior(other, masks, "infection")[0], rel=1e-9)
        for name in NAMES[:2]:
            statement = other.statement(name)
            assert implied(other.tables, statement, "primary_care")[0] == pytest.approx(statement.value, rel=1e-9)
    assert np.ptp(curves.loc[curves["statement"] == NAMES[1], "at"]) > 0.01


def test_the_hash_covers_whom_a_share_is_of(studied: rm.Model, seeds: rm.Model):
    """The same numbers of people who had nothing else, and in another setting, are other models."""
    hashes = {seeds.scoring.model_hash, studied.scoring.model_hash}
    for options in ({"others": "excluded"}, {"setting": "primary_care"}):
        study = rm.from_2x2(
            20, 30, 20, 330, of="fever=present", given="infection=present", source="smith_2024", locator="table 2",
            title="Smith A. Spine 2024;1:1", **options,
        )  # fmt: skip
        hashes.add(seeds.with_statements(study.statements, study.sources).scoring.model_hash)
    assert len(hashes) == 4
