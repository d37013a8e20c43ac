"""RiskAssessments out: as the standard wants them, with the numbers of the CSV, pointing at what they rest on."""

import csv
import importlib
import json

import pytest
from click.testing import CliRunner
from fhir.resources.R4B.riskassessment import RiskAssessment

import riskmodel as rm
from riskmodel.cli import commands
from riskmodel.errors import InferenceError
from tests.support.fhir_schema import faults, validator

CASE = {"case_id": "p1", "age": "54", "fever": "present", "weight_loss": "present", "esr_mm_h": ">120"}
URN = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


@pytest.fixture(scope="module")
def bundle(form):
    first = form.response(
        CASE,
        id="visit-1",
        subject={"reference": "Patient/7"},
        encounter={"reference": "Encounter/9"},
        authored="2026-03-01T09:30:00+01:00",
    )
    second = form.response({**CASE, "case_id": "p2", "fever": "absent"}, identifier={"system": "urn:x", "value": "2"})
    third = form.response({"case_id": "p3"}, id="visit-3")
    entries = [{"fullUrl": URN, "resource": third}, {"resource": first}, {"resource": second}]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fhir")

    def invoke(*arguments):
        return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)

    return folder, invoke


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def drawn(command, bundle):
    """The three responses as a file, and what score made of them with draws: resources, and the rows of a CSV."""
    folder, invoke = command
    (folder / "bundle.json").write_text(json.dumps(bundle))
    asked = ("--setting", "emergency", "--draws", 40, "--level", 0.9)
    assert invoke("score", folder / "bundle.json", "-o", folder / "risk.ndjson", *asked).exit_code == 0
    assert invoke("score", folder / "bundle.json", "-o", folder / "risk.csv", *asked).exit_code == 0
    with (folder / "risk.csv").open() as file:
        return lines(folder / "risk.ndjson"), [*csv.DictReader(file)]


@pytest.mark.slow
def test_the_standard_takes_them(drawn):
    for resource in drawn[0]:
        assert faults(resource) == []
        assert json.loads(RiskAssessment.model_validate(resource).model_dump_json()) == resource
        assert faults({**resource, "probability": 1}) != []


@pytest.mark.slow
def test_they_have_the_numbers_of_the_csv(drawn, seeds):
    for resource, row in zip(*drawn, strict=True):
        names = [prediction["outcome"]["coding"][0]["code"] for prediction in resource["prediction"]]
        assert names == [*seeds.scoring.scorer.output_names]
        for name, prediction in zip(names, resource["prediction"], strict=True):
            parts = {part["url"]: part["valueDecimal"] for part in prediction["extension"][0]["extension"]}
            assert prediction["probabilityDecimal"] == float(row[f"p_{name}"])
            assert parts == {"low": float(row[f"p_{name}_low"]), "high": float(row[f"p_{name}_high"]), "level": 0.9}
            assert "90 % credible interval" in prediction["rationale"]
        assert resource["extension"] == [{"url": "urn:riskmodel:confidence", "valueDecimal": float(row["confidence"])}]
        assert resource["method"]["coding"][0]["code"] == row["model"]
        assert resource["identifier"][0]["value"] == row["case_id"]
        assert resource["mitigation"].startswith(row["urgency"].replace("_", " "))


@pytest.mark.slow
def test_python_gives_the_same(drawn, seeds, bundle):
    assert rm.fhir_risk_assessments(seeds, bundle, setting="emergency", draws=40, level=0.9) == drawn[0]


@pytest.mark.slow
def test_they_point_at_what_they_rest_on(drawn):
    third, first, second = drawn[0]
    assert first["subject"] == {"reference": "Patient/7"}
    assert first["encounter"] == {"reference": "Encounter/9"}
    assert first["occurrenceDateTime"] == "2026-03-01T09:30:00+01:00"
    assert first["basis"] == [{"reference": "QuestionnaireResponse/visit-1", "type": "QuestionnaireResponse"}]
    assert second["basis"][0]["identifier"] == {"system": "urn:x", "value": "2"}
    assert second["subject"] == {"identifier": {"system": "urn:riskmodel:case", "value": "p2"}}
    assert third["basis"][0]["reference"] == URN
    assert "occurrenceDateTime" not in third
    assert len({resource["id"] for resource in drawn[0]}) == 3


@pytest.mark.parametrize("name", ["Questionnaire", "QuestionnaireResponse", "RiskAssessment"])
def test_the_library_has_the_elements_of_r4(name):
    """Its models are those of R4B; where they had other elements than R4, its word would be worth less."""
    module = importlib.import_module(f"fhir.resources.R4B.{name.lower()}")
    for kind in (name, {"RiskAssessment": "RiskAssessment_Prediction"}.get(name, f"{name}_Item")):
        published = {key for key in validator().schema["definitions"][kind]["properties"] if not key.startswith("_")}
        fields = getattr(module, kind.replace("_", "")).model_fields
        known = {field.alias or key for key, field in fields.items()}
        assert published - {"resourceType"} == {key for key in known if not key.startswith("_")} - {
            "fhir_comments",
            "resource_type",
        }


def test_what_a_clinician_reads(seeds, bundle):
    third, first, _ = rm.fhir_risk_assessments(seeds, bundle, setting="emergency")
    assert first["note"][0]["text"] == third["note"][0]["text"] == "For research, not for the care of a patient."
    assert first["mitigation"].startswith("within 24 hours; imaging: MRI (within 24 hours); tests: CRP")
    notes = [note["text"].partition(":")[0] for note in first["note"]]
    assert notes[1:] == [
        "Largest weights of evidence for or against infection, in decibans",
        "Rules of the policy that fired",
        "Rules that need what was not assessed",
    ]
    assert "extension" not in first
    assert third["prediction"][0]["rationale"] == "0.91 %; 0.91 % in emergency before anything is known"


def test_cases_of_a_table_are_assessments_too(command):
    folder, invoke = command
    (folder / "cases.csv").write_text("case_id,setting,fever\na,emergency,yes\nb,primary_care,\na,emergency,no\n")
    result = invoke("score", folder / "cases.csv", "--format", "fhir", "-o", "-", "--rejects", folder / "bad.csv")
    made = [json.loads(line) for line in result.stdout.splitlines()]
    assert [resource["subject"]["identifier"]["value"] for resource in made] == ["a", "b"]
    assert [faults(resource) for resource in made] == [[], []]
    assert not any("basis" in resource or "occurrenceDateTime" in resource for resource in made)
    assert invoke("score", folder / "cases.csv", "-o", folder / "risk.ndjson.gz").exit_code == 1
    assert (folder / "risk.ndjson.gz").read_bytes().startswith(b"\x1f\x8b")
    assert (folder / "risk.run.json").exists()


@pytest.mark.parametrize(("options", "message"), [
    (("-o", "risk.csv", "--format", "fhir"), "risk.csv: an output ends with .ndjson, .ndjson.gz, .ndjson.zst, or is -"),
    (("-o", "risk.ndjson", "--keep", "note"), "--keep goes with a table: a RiskAssessment has no place for other"),
    (("-o", "risk.csv", "--format", "json"), "--format text and json go with --table"),
])  # fmt: skip
def test_options_that_do_not_go_together(command, options, message):
    folder, invoke = command
    (folder / "few.csv").write_text("case_id,setting,note\na,emergency,x\n")
    result = invoke("score", folder / "few.csv", *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_impossible_answers_name_the_response(seeds, form):
    answers = {"case_id": "p1", "startback_total": "0", "startback_1": "present", "startback_2": "present"}
    with pytest.raises(InferenceError, match="response p1: "):
        rm.fhir_risk_assessments(seeds, form.response(answers), setting="emergency")
