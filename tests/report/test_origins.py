"""What informed a number, and the studies behind it, in the check of a model and in the report's appendix."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from types import SimpleNamespace

import pytest

from riskmodel.evidence.load import with_overrides
from riskmodel.evidence.origin import CitedSource, Fit, Informed
from riskmodel.model import Model
from riskmodel.network.roundtrip import round_trip
from riskmodel.report.check.check import check_lines
from riskmodel.report.sensitivity.sections.provenance import provenance_section

FIT = Informed("tables", 30, 0.25, "synthesis", (0.67, 0.5, 0.8), (("henschke_2009", 0.8),))
LITTLE = Informed("tables", 2, 0.05, "synthesis", (0.05, 0.02, 0.1))
TABLES = CitedSource("tables", "Tables", "synthesis", fit=Fit("2026-11-22", "0.1.0", "sha256:00", "x", "synthesis"))
SMITH = {"smith_2024": {"title": "Smith A", "kind": "study"}}
NIGHT_PAIN = {
    "id": "smith.night_pain", "quantity": "probability", "of": "night_pain=present",
    "given": "malignancy=present alone",
    "value": 0.5, "low": 0.3, "high": 0.7, "basis": "study", "source": "smith_2024", "locator": "1 study",
    "read": "abstract",
    "studies": [{"study": "Smith 2024", "source": "smith_2024", "locator": "table 2", "events": 12, "n": 20}],
}  # fmt: skip
WAS = "was 0.67 (0.5 to 0.8, seed), informed by: 25 % from synthesis tables (30 people; henschke_2009 80 %)"


@pytest.fixture(scope="module")
def informed(seeds: Model) -> Model:
    numbers = {
        "find.fever.infection": {"value": 0.6, "low": 0.5, "high": 0.7, "informed": [FIT.as_table()]},
        "find.fever.none": {"value": 0.06, "low": 0.03, "high": 0.1, "informed": [LITTLE.as_table()]},
    }
    model = seeds.with_statements([NIGHT_PAIN], SMITH)
    return replace(model, priors=with_overrides(model.priors, numbers, {"tables": TABLES}))


def checked(model: Model) -> str:
    """The check up to what the network gives back."""
    lines = check_lines(model, round_trip(model.priors, model.tables))
    return " ".join(" ".join(takewhile(lambda line: not line.startswith("Round trip"), lines)).split())


@pytest.mark.slow
def test_the_check_says_what_informed_which_number(informed: Model, seeds: Model):
    text = checked(informed)
    assert (
        f"Numbers that rest on a fit by a tenth or more: find.fever.infection = 0.6: {WAS} Numbers of several" in text
    )
    assert "find.fever.none = 0.06" not in text  # its fit brought less than a tenth
    assert "Numbers of several studies: smith.night_pain = 0.5: Smith 2024 12/20 (smith_2024: table 2)" in text
    assert "2 statements were fitted to Tables" in text
    assert "rest on a fit" not in checked(seeds)


def test_the_appendix_has_them_for_every_statement(informed: Model):
    statements, sources = provenance_section(SimpleNamespace(model=informed)).tables
    frame = statements.frame.set_index("statement")
    assert frame.loc["find.fever.infection", "fitted"] == WAS
    assert frame.loc["smith.night_pain", "studies"] == "Smith 2024 12/20 (smith_2024: table 2)"
    assert (frame["fitted"] != "").sum() == 2
    assert {"tables", "smith_2024"} <= set(sources.frame["source"])
    fits = sources.frame.set_index("source")["fit"]
    assert fits["tables"] == "2026-11-22, riskmodel 0.1.0, tables sha256:00…, x"
    assert fits["smith_2024"] == ""


def test_a_statement_shows_what_informed_it(informed: Model):
    assert "25 % from synthesis tables (30 people; henschke_2009 80 %), before 0.67 (0.5 to 0.8)" in str(
        informed.statement("find.fever.infection").sheet()
    )
    assert "Smith 2024 12/20 (smith_2024: table 2)" in str(informed.statement("smith.night_pain").sheet())
