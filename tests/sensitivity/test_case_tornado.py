"""The quick tornado of one case: the one-way analysis in other code."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.sensitivity import one_way
from riskmodel.sensitivity.case_tornado import CaseTornados
from tests.support.masks import case

CASES = (
    case("primary_care", fever="present", iv_drug_use="present", esr="over_100", age="from_70"),
    case("emergency", fever="absent", malignancy="present", weight_loss="present"),
    case("emergency"),
)
SOME = (
    "base.infection.primary_care", "find.fever.infection", "find.fever.none", "risk.infection.iv_drug_use",
    "mix.sex.female", "find.leg_weakness.none.stable", "base.infection.emergency",
)  # fmt: skip


def furthest(model, masks, tornado) -> float:
    """The greatest difference to the one-way analysis over some statements, of two conditions and both ends."""
    conditions = ("infection", "malignancy")
    targets = [f"p({condition}) of case 0" for condition in conditions]
    asked = one_way(model, masks, targets, points=2, statements=SOME)
    distance = 0.0
    for condition, target in zip(conditions, targets, strict=True):
        output = tornado.outputs.index(condition)
        for row in asked.tornado(target).itertuples():
            ends = [tornado.stated[output]] * 2
            if row.statement in tornado.statements:
                column = tornado.statements.index(row.statement)
                ends = [tornado.at_low[output, column], tornado.at_high[output, column]]
                assert tornado.effect(condition)[column] == pytest.approx(row.effect, abs=1e-13)
            distance = max(distance, *np.abs(np.subtract(ends, [row.at_low, row.at_high])))
    return distance


@pytest.mark.slow
def test_it_is_the_one_way_analysis(seeds):
    """Cases, statements and recording profiles in turn: nothing that is kept is taken for what it is not."""
    tornados = CaseTornados()
    moved = seeds.with_statement("find.fever.infection", value=0.6)
    rare = seeds.with_statement("base.infection.primary_care", value=2e-4)
    for model in (seeds, moved, rare, seeds.with_recording("chart")):
        for masks in CASES if model is seeds else CASES[:1]:
            assert furthest(model, masks, tornados.of(model, masks)) < 1e-13


def test_only_statements_that_speak_of_the_case_are_tried(seeds):
    tornado = CaseTornados().of(seeds, CASES[1])
    assert "find.fever.none" in tornado.statements
    assert "find.leg_weakness.none.stable" not in tornado.statements
