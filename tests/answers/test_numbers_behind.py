"""An explanation says where the numbers behind it come from, in text, HTML and JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

import riskmodel as rm
from riskmodel.answers.numbers_behind import numbers_behind
from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.origin import CitedSource, Informed
from riskmodel.model import Model

CASE = {"fever": "yes", "iv_drug_use": "yes", "age": 54}
SHEET = [
    {"study": "Smith 2024", "source": "smith_2024", "locator": "table 2", "tp": 20, "fp": 30, "fn": 20, "tn": 330},
    {"study": "Jones & Son", "source": "jones_2020", "locator": "p. 4", "tp": 0, "fp": 3, "fn": 9, "tn": 88},
]
ABOUT = {"of": "fever=present", "given": "infection=present", "read": "abstract"}
FIT = Informed("tables", 30, 0.25, "synthesis", (0.67, 0.5, 0.8), (("henschke_2009", 0.8),))


@pytest.fixture(scope="module")
def synthesised(seeds: Model) -> Model:
    import pandas as pd

    stated = rm.synthesise(pd.DataFrame([{**ABOUT, **row} for row in SHEET]), seeds, draws=500).stated
    return seeds.with_statements(stated.statements, stated.sources)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_numbers_are_those_of_the_condition_and_of_what_was_observed(seeds: Model):
    numbers = seeds.explain(CASE, setting="emergency").numbers
    assert [number.statement for number in numbers] == [
        "base.infection.emergency", "risk.infection.iv_drug_use", "risk.infection.age50_69", "find.fever.none",
        "find.fever.infection",
    ]  # fmt: skip
    fever = seeds.priors.statement("find.fever.infection")
    assert (numbers[-1].value, numbers[-1].source, numbers[-1].basis) == (fever.value, fever.source, {"seed": 1})


def test_only_the_band_that_was_seen_is_spoken_of(seeds: Model):
    behind = numbers_behind(seeds.priors, "infection", "emergency", {"esr": ("over_100",)})
    assert {number.says.split(" |")[0] for number in behind if number.subject == "esr"} == {"P(esr=over_100"}
    elsewhere = numbers_behind(seeds.priors, "infection", "primary_care", {})
    assert [number.statement for number in elsewhere] == ["base.infection.primary_care"]


def test_the_studies_behind_a_number_are_named_with_their_counts(synthesised: Model):
    explained = synthesised.explain(CASE, setting="emergency")
    text = one_line(str(explained))
    assert "in place of find.fever.infection, 0.67 (seed)" in text
    assert "2 studies: Smith 2024 20/40 (smith_2024: table 2); Jones & Son 0/9 (jones_2020: p. 4)" in text
    assert "2 studies: Smith 2024 30/360 (smith_2024: table 2); Jones & Son 3/91 (jones_2020: p. 4)" in text
    html = explained._repr_html_()
    assert "Where these numbers come from" in html
    assert "Jones &amp; Son 0/9" in html
    last = explained.to_dict()["numbers"][-1]
    assert [(study["study"], study["events"], study["n"]) for study in last["studies"]] in (
        [("Smith 2024", 20, 40), ("Jones & Son", 0, 9)], [("Smith 2024", 30, 360), ("Jones & Son", 3, 91)],
    )  # fmt: skip


def test_what_a_fitted_number_was_is_told(seeds: Model):
    numbers = {"value": 0.6, "low": 0.5, "high": 0.7, "informed": [FIT.as_table()]}
    priors = with_overrides(
        seeds.priors, {"find.fever.infection": numbers}, {"tables": CitedSource("tables", "", "synthesis")}
    )
    explained = replace(seeds, priors=priors).explain(CASE, setting="emergency")
    text = one_line(str(explained))
    assert "P(fever=present | infection=present alone) = 0.6 (0.5 to 0.7): seed 75 % and synthesis 25 %" in text
    assert (
        "was 0.67 (0.5 to 0.8, seed), informed by: 25 % from synthesis tables (30 people; henschke_2009 80 %)" in text
    )
    assert explained.to_dict()["numbers"][-1]["basis"] == {"seed": 0.75, "synthesis": 0.25}


def test_a_long_case_shows_the_numbers_of_what_tells_most(seeds: Model):
    flags = ("fever", "iv_drug_use", "night_pain", "rest_pain", "spinal_tenderness", "weight_loss", "night_sweats")
    explained = seeds.explain(dict.fromkeys(flags, "yes"), setting="emergency")
    ranked = [
        item.variable for item in explained.observations if seeds.priors.variable(item.variable).role == "finding"
    ]
    assert ranked[0] in {number.subject for number in explained.most_telling_numbers}
    assert ranked[-1] not in {number.subject for number in explained.most_telling_numbers}
    assert ranked[-1] in {number.subject for number in explained.numbers}
