"""Responses in: the same as the cells of a CSV, and everything that is not understood by its path."""

import gzip
import json
import pickle
from random import Random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

import riskmodel as rm
from riskmodel import cohort
from riskmodel.answers.output_columns import small_score
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.run import run
from riskmodel.errors import CasesError, UsageError
from riskmodel.fhir.preparation import RESPONSE_SCHEMA, ResponsePreparation
from riskmodel.fhir.response import ResponseReader
from tests.support.fhir_responses import coded
from tests.support.fhir_schema import faults as schema_faults

CASE = {"case_id": "p1", "age": "54", "fever": "present", "trauma": "yes", "mri": "abnormal", "crp_mg_l": "<5"}


@pytest.fixture(scope="module")
def reader(seeds):
    return ResponseReader(seeds.variables)


def item(link_id, *answers, **other):
    return {"linkId": link_id, "answer": [*answers], **other}


def cells_of(reader, resource):
    cells, faults = reader.read(resource)
    assert faults == []
    return {column: cell for column, cell in cells.items() if cell}


@pytest.fixture(scope="module")
def fault(reader, form):
    """The only fault of a response with these items."""

    def of(*items, **other):
        [only] = reader.read({**form.response({}, id="r"), **other, "item": [*items]})[1]
        return str(only)

    return of


def test_a_filled_form_is_a_response_of_the_standard(form):
    resource = form.response(CASE, id="r1", authored="2026-03-01", subject={"reference": "Patient/7"})
    assert schema_faults(resource) == []
    QuestionnaireResponse.model_validate(json.loads(json.dumps(resource)))


def test_answers_are_cells(reader, form):
    hidden = {"xray_fracture": "not_assessed", "ct_fracture": "not_assessed"}
    assert cells_of(reader, form.response(CASE)) == CASE | hidden


def test_a_band_stands_in_for_a_number(reader, form):
    cells = {"case_id": "p1", "age": "from_70", "crp_mg_l": "not_assessed", "mri": "abnormal", "ct": "abnormal"}
    assert cells_of(reader, form.response({**cells, "xray": "abnormal"})) == {**cells, "xray": "abnormal"}


def test_no_answer_is_a_blank_and_not_assessed_is_another_answer(seeds, reader, form):
    """Under a profile that reads blanks, only the question that was asked and left open is one."""
    resource = form.response({"case_id": "p1", "fever": "not_assessed"})
    cells, _ = reader.read(resource)
    assert cells["fever"] == "not_assessed"
    assert cells["night_pain"] == ""
    case = rm.fhir_cases(seeds, resource)
    masks = seeds.with_recording("positives_only").code(case, setting="emergency")
    rows = {variable.name: row for row, variable in enumerate(seeds.variables)}
    assert masks[rows["fever"], 0] == 3
    assert masks[rows["night_pain"], 0] == 0


def test_what_was_not_asked_was_not_left_blank(reader, form):
    normal = reader.read(form.response({"case_id": "p1", "mri": "normal"}))[0]
    abnormal = reader.read(form.response({"case_id": "p1", "mri": "abnormal"}))[0]
    assert (normal["mri_tumour"], abnormal["mri_tumour"]) == ("not_assessed", "")
    begun = reader.read(form.response({"case_id": "p1"}, status="in-progress"))[0]
    assert begun["fever"] == "not_assessed"
    assert begun["setting"] == ""


def test_a_case_is_named_by_its_answer_its_identifier_or_its_id(reader, form, fault):
    named = {"id": "r1", "identifier": {"value": "visit 4"}}
    assert reader.read(form.response({"case_id": "p1"}, **named))[0]["case_id"] == "p1"
    assert reader.read(form.response({}, **named))[0]["case_id"] == "visit 4"
    assert reader.read(form.response({}, id="r1"))[0]["case_id"] == "r1"
    assert fault(id=None).startswith("id: nothing names the case; allowed: an answer to case_id")


@pytest.mark.parametrize(("asked", "expected"), [
    (item("feverr", coded("present")),
     "item[0].linkId: 'feverr': the questionnaire has no such question (did you mean 'fever'?)"),
    (item("fever", {"valueBoolean": True}),
     "item[0].answer[0]: 'valueBoolean': fever is of type choice; allowed: valueCoding"),
    (item("fever", coded("absent"), coded("present")), "item[0].answer[1]: fever: 2 answers; allowed: one"),
    (item("fever"), "item[0].answer: fever: allowed: a list of one answer, or no answer at all"),
    (item("fever", {}), "item[0].answer[0]: 'no value': fever is of type choice; allowed: valueCoding"),
    (item("fever", coded("presnt")),
     ("item[0].answer[0].valueCoding.code: 'presnt': fever has no such answer (did you mean 'present'?); "
      "allowed: absent, present, not_assessed")),
    (item("fever", {"valueCoding": {"system": "http://snomed.info/sct", "code": "386661006"}}),
     ("item[0].answer[0].valueCoding.system: 'http://snomed.info/sct': fever: codes of another system; "
      "allowed: urn:riskmodel:answer")),
    (item("fever", {**coded("present"), "modifierExtension": [{"url": "urn:x:not"}]}),
     "item[0].answer[0].modifierExtension: it changes the meaning in a way that is not known here; allowed: none"),
    (item("age", {"valueDecimal": 130}),
     ("item[0].answer[0].valueDecimal: '130': age: outside the limits; allowed: a number from 0 to 120 (years), "
      "under_18, from_18_to_49, from_50_to_69 or from_70; blank = not assessed")),
    (item("age", {"valueDecimal": float("nan")}),
     "item[0].answer[0].valueDecimal: age: allowed: a value of type decimal"),
    (item("age", {"valueInteger": True}),
     "item[0].answer[0].valueInteger: 'true': age: allowed: a value of type decimal"),
    (item("startback_total", {"valueDecimal": 4.5}),
     "item[0].answer[0]: 'valueDecimal': startback_total is of type integer; allowed: valueInteger"),
    (item("crp_mg_l", {"valueQuantity": {"value": 1.2, "unit": "mg/dL"}}),
     "item[0].answer[0].valueQuantity: '1.2 mg/dL': crp_mg_l: allowed: mg/L (UCUM mg/L)"),
    (item("crp_mg_l", {"valueQuantity": {"value": 1.2}}),
     "item[0].answer[0].valueQuantity: '1.2 without a unit': crp_mg_l: allowed: mg/L (UCUM mg/L)"),
    (item("crp_mg_l", {"valueQuantity": {"value": 5, "unit": "mg/L", "comparator": "<="}}),
     "item[0].answer[0].valueQuantity.comparator: '<=': crp_mg_l: allowed: < or >, or none"),
    ({"linkId": "section.tests", "answer": [coded("present")]},
     "item[0].answer: 'section.tests': a section has no answer of its own"),
    ({"linkId": "section.tests", "item": {}}, "item[0].item: '{}': allowed: a list of items"),
])  # fmt: skip
def test_what_is_not_understood_is_told_with_its_path(fault, asked, expected):
    assert fault(asked) == expected


def test_faults_deep_in_a_response(fault):
    inner = item("fever", coded("maybe"))
    section = {"linkId": "section.examination", "item": [item("gait_disturbance", coded("absent")), inner]}
    assert fault({"linkId": "section.who", "item": []}, section).startswith(
        "item[1].item[1].answer[0].valueCoding.code"
    )
    below = item("fever", {**coded("present"), "item": [item("night_pain", coded("maybe"))]})
    assert fault(below).startswith("item[0].answer[0].item[0].answer[0].valueCoding.code: 'maybe'")
    twice = fault(item("fever", coded("absent")), item("fever", coded("present")))
    assert twice == "item[1]: 'fever': answered at item[0] already; allowed: once"
    both = fault(item("age", {"valueInteger": 54}), item("age.band", coded("from_70")))
    assert both == "item[1]: 'from_70': age has a number too (54); allowed: one of the two"


def test_halves_of_characters_and_endless_numbers_are_told(seeds, form, fault):
    """JSON can hold both; neither can be written into a result."""
    half = json.loads('"\\ud800"')
    assert fault(id=half).startswith("id: nothing names the case")
    assert fault(subject={"display": half}).startswith("subject: ")
    assert fault(item(half, coded("absent"))).startswith("item[0].linkId: '?': the questionnaire has no such question")
    assert "esr_mm_h: outside the limits" in fault(
        item("esr_mm_h", {"valueQuantity": {"value": 10**320, "unit": "mm/h"}})
    )
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": half, "resource": form.response({"case_id": "a"})}]}
    [risk] = rm.fhir_risk_assessments(seeds, bundle, setting="emergency")
    assert risk["basis"][0]["reference"] == "?"


def change(resource, random):
    """One value of a resource replaced by another one, anywhere."""
    places = [(resource, key) for key in resource]
    for inside, key in places:
        value = inside[key]
        keys = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
        places += [(value, key) for key in keys]
    inside, key = random.choice(places)
    inside[key] = random.choice([None, True, -1, 1e308, "", "x", [], {}, [{}], {"value": {}}, {"code": ["x"]}, [["x"]]])


def test_whatever_stands_in_a_response_is_read_or_told(reader, form):
    random = Random(1)  # noqa: S311 - not for secrets
    told = 0
    for _ in range(1500):
        resource = json.loads(json.dumps(form.response(CASE, id="r1", subject={"reference": "Patient/7"})))
        change(resource, random)
        cells, faults = reader.read(resource)
        assert all(isinstance(cell, str) for cell in cells.values())
        told += bool(list(map(str, faults)))
    assert 1000 < told < 1500


def test_faults_of_the_whole_response(reader, fault):
    other = fault(questionnaire="urn:riskmodel:questionnaire|0123")
    assert other.startswith("questionnaire: 'urn:riskmodel:questionnaire|0123': another version of the questionnaire")
    assert reader.canonical in other
    assert "another form" in fault(questionnaire="Questionnaire/phq9")
    assert fault(questionnaire=None).startswith("questionnaire: it says no questionnaire")
    assert fault(status="entered-in-error").startswith("status: 'entered-in-error': such a response is not read")
    assert fault(authored="1 March").startswith("authored: '1 March': allowed: a dateTime")
    assert fault(subject="Patient/7") == "subject: 'Patient/7': allowed: a Reference"


@pytest.fixture(scope="module")
def people(seeds):
    """Simulated people with outcomes, as texts of a CSV, beside some whose cells say more than a state."""
    drawn = cohort.simulate(seeds, 150, np.random.default_rng(3), setting="emergency", missing=0.4)
    frame = cohort.to_cases(seeds, drawn, with_outcomes=True).astype(object)
    texts = frame.where(frame.notna(), "").astype(str)
    odd = pd.DataFrame([
        {"case_id": "odd 1", "setting": "primary_care", "age": "17.5", "trauma": "yes", "ct": "normal"},
        {"case_id": "odd 2", "setting": "emergency", "esr_mm_h": ">120", "crp_mg_l": "<5", "age": "from_70"},
        {"case_id": "odd 3", "setting": "emergency", "fever": "not_assessed", "startback_total": "3"},
    ])  # fmt: skip
    return pd.concat([texts, odd]).fillna("").reset_index(drop=True)


def scored(model, source, tmp_path, name, **options):
    output = tmp_path / f"{name}.csv"
    result = run(source, output, model.variables, small_score(model.scoring), RunOptions(**options))
    return output.read_bytes(), result


@pytest.mark.parametrize("known", [False, True])
def test_responses_score_as_the_same_cells_in_csv(seeds, form, people, tmp_path, known):
    cases, responses = tmp_path / "cases.csv", tmp_path / "responses.ndjson"
    people.to_csv(cases, index=False)
    rows = [form.response(row) for row in people.to_dict("records")]
    responses.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    expected, by_csv = scored(seeds, cases, tmp_path, "by_csv", known_outcomes=known)
    got, by_fhir = scored(seeds, responses, tmp_path, "by_fhir", known_outcomes=known)
    assert got == expected
    assert by_fhir.counts == by_csv.counts
    assert by_fhir.counts.scored > 140
    zipped = tmp_path / "responses.ndjson.gz"
    zipped.write_bytes(gzip.compress(responses.read_bytes()))
    assert scored(seeds, zipped, tmp_path, "zipped", known_outcomes=known)[0] == expected
    bundle = tmp_path / "bundle.json"
    bundle.write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in rows]})
    )
    assert scored(seeds, bundle, tmp_path, "bundle", known_outcomes=known)[0] == expected


def test_a_file_with_bad_responses(seeds, form, tmp_path):
    good, bad = form.response({"case_id": "a", "fever": "present"}), form.response({"case_id": "b"})
    bad["item"].append(item("fever", {"valueBoolean": True}))
    path = tmp_path / "responses.ndjson"
    patient = {"resourceType": "Patient", "id": "7"}
    path.write_text("\n".join([json.dumps(good), "", json.dumps(bad), "{", json.dumps(patient), json.dumps(good)]))
    result = scored(seeds, path, tmp_path, "out", default_setting="emergency")[1]
    assert (result.counts.scored, result.counts.rejected) == (1, 4)
    rejects = pd.read_csv(tmp_path / "out.rejects.csv", dtype=str, keep_default_na=False).to_dict("split")["data"]
    assert [line[:5] for line in rejects] == [
        ["2", "3", "b", "item[1].answer[0]", "valueBoolean"],
        ["3", "4", "(none)", "response", "{"],
        ["4", "5", "(none)", "resourceType", "Patient"],
        ["5", "6", "a", "case_id", "a"],
    ]


def test_a_bundle_with_other_resources(seeds, form, tmp_path):
    path = tmp_path / "bundle.json"
    bad = {**form.response({"case_id": "b"}), "status": "unknown"}
    entries = [{"resource": {"resourceType": "Patient", "id": "7"}}, {"resource": bad}, {"search": {"mode": "match"}}]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}, indent=1))
    result = scored(seeds, path, tmp_path, "out", default_setting="emergency")[1]
    assert result.notes == ("entries of the bundle that are no responses: 1 × Patient, 1 × no resource",)
    assert [reason.column for reason in result.reasons] == ["entry[1].resource.status"]


@pytest.mark.parametrize(("text", "message"), [
    ('{"resourceType": "Patient"}\n', "record 1 (case (none)), column resourceType: 'Patient': allowed: Question"),
    ('{\n"resourceType": "Patient"}\n', "a resource of type Patient; allowed: a QuestionnaireResponse, a Bundle"),
    ('{\n"resourceType": "QuestionnaireResponse",\n', "not JSON: Expecting property name"),
    ('{\n"resourceType": "Bundle",\n "type": 1, "type": 2}\n', "not JSON: 'type' stands twice in one object"),
])  # fmt: skip
def test_files_that_are_something_else(seeds, tmp_path, text, message):
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(CasesError) as error:
        run(path, "-", seeds.variables, small_score(seeds.scoring), RunOptions("emergency"))
    assert message in str(error.value).replace("line 1", "record 1")


def test_a_mapping_does_not_go_with_responses(seeds, form, tmp_path):
    path = tmp_path / "response.json"
    path.write_text(json.dumps(form.response({"case_id": "a"})))
    with pytest.raises(UsageError, match="a mapping goes with a table"):
        scored(seeds, path, tmp_path, "out", mapping={"missing": ["-9"]})


def test_the_preparation_goes_to_another_process(seeds, form):
    bound = pickle.loads(pickle.dumps(ResponsePreparation(seeds.variables))).bind(RESPONSE_SCHEMA, "responses")  # noqa: S301
    texts = [json.dumps(form.response({"case_id": "a", "fever": "present", "infection": "present"}, status="stopped"))]
    batch = pa.RecordBatch.from_arrays([pa.array(texts), pa.array(["entry[0].resource"])], names=["resource", "within"])
    prepared = pickle.loads(pickle.dumps(bound)).prepare(batch)  # noqa: S301
    assert prepared.batch.schema == bound.schema
    assert prepared.batch.column("fever").to_pylist() == ["present"]
    assert dict(prepared.counts) == {"responses that are not finished": 1, "answers on outcomes, not read": 1}
    assert bound.prepare(batch.slice(0, 0)).batch.num_rows == 0


def test_responses_as_a_frame(seeds, form, people):
    rows = people.iloc[-20:].to_dict("records")
    frame = rm.fhir_cases(seeds, [form.response(row) for row in rows])
    expected = seeds.code(pd.DataFrame(rows), known_outcomes=True)
    np.testing.assert_array_equal(seeds.code(frame, known_outcomes=True), expected)
    assert "infection" not in rm.fhir_cases(seeds, form.response(CASE))
    with pytest.raises(CasesError) as error:
        rm.fhir_cases(seeds, {"resourceType": "Bundle", "entry": [{"resource": form.response({"fever": "present"})}]})
    assert str(error.value).startswith("1 answer is not understood:\n  entry[0].resource.id: nothing names the case")
    with pytest.raises(UsageError, match="responses is a path"):
        rm.fhir_cases(seeds, "responses.json")
