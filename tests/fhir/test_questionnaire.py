"""The codebook as a Questionnaire: as the standard wants it, and the same questions as the columns."""

import copy
import json

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

import riskmodel as rm
from riskmodel.cases.cells import CellDecoder, CellProblem
from riskmodel.cases.columns import CASE_ID, takes_numbers
from riskmodel.errors import PriorsError
from riskmodel.evidence.records import SETTING, Variable
from riskmodel.fhir.codes import find_codes
from riskmodel.fhir.questionnaire import questionnaire
from riskmodel.fhir.questions import BAND, NOT_ASSESSED_CODE, all_questions, version_of
from tests.support.fhir_schema import faults


@pytest.fixture(scope="module")
def blank_form(seeds):
    return rm.fhir_questionnaire(seeds)


@pytest.fixture(scope="module")
def questions(blank_form):
    return {item["linkId"]: item for section in blank_form["item"] for item in section["item"]}


def test_the_published_schema_takes_it(blank_form):
    assert faults(blank_form) == []
    assert faults({**blank_form, "status": "ready"}) == [
        "$.status: 'ready' is not one of ['draft', 'active', 'retired', 'unknown']"
    ]


def test_a_library_reads_it_and_gives_it_back(blank_form):
    """R4B is as R4 in all that is used here; the library knows what must be there, which the schema does not."""
    read = Questionnaire.model_validate(copy.deepcopy(blank_form))
    assert json.loads(read.model_dump_json()) == blank_form
    with pytest.raises(ValueError, match="status"):
        Questionnaire.model_validate({key: value for key, value in blank_form.items() if key != "status"})


def test_the_rules_of_the_standard_that_no_schema_holds(blank_form, questions):
    """Rules que-1 to que-13 of R4 for what is used here, and that what is referred to is there and comes before."""
    sections = [section["linkId"] for section in blank_form["item"]]
    assert len({*sections, *questions}) == len(sections) + sum(len(section["item"]) for section in blank_form["item"])
    assert all(section["type"] == "group" and section["item"] for section in blank_form["item"])
    order = [*questions]
    for link_id, item in questions.items():
        assert ("answerOption" in item) == (item["type"] == "choice")
        for condition in item.get("enableWhen", []):
            assert order.index(condition["question"]) < order.index(link_id)
            asked = questions[condition["question"]]
            if condition["operator"] == "exists":
                assert condition["answerBoolean"] is False
            else:
                codes = [option["valueCoding"]["code"] for option in asked["answerOption"]]
                assert condition["answerCoding"]["code"] in codes


def test_every_column_is_asked(seeds, questions):
    asked = [link_id for link_id in questions if not link_id.endswith(BAND)]
    assert sorted(asked) == sorted([CASE_ID, *(variable.column for variable in seeds.variables)])
    assert {link_id.removesuffix(BAND) for link_id in questions if link_id.endswith(BAND)} == {
        variable.column for variable in seeds.variables if takes_numbers(variable)
    }


def test_every_answer_is_a_word_of_a_case_file(seeds, questions):
    for variable in seeds.variables:
        item = questions[variable.column + (BAND if takes_numbers(variable) else "")]
        codes = [option["valueCoding"]["code"] for option in item["answerOption"]]
        masks = [CellDecoder(variable).decode(code) for code in codes]
        assert not any(isinstance(mask, CellProblem) for mask in masks)
        assert set(variable.states) <= set(codes)
        assert (NOT_ASSESSED_CODE in codes) == (variable.name != SETTING)
        assert len(set(masks)) == len(codes), "two answers say the same"


def test_numbers_have_the_limits_and_units_of_the_codebook(seeds, questions):
    for variable in filter(takes_numbers, seeds.variables):
        item = questions[variable.column]
        by_url = {extension["url"].rpartition("/")[2]: extension for extension in item["extension"]}
        value = "valueInteger" if item["type"] == "integer" else "valueDecimal"
        assert by_url["minValue"][value] == variable.lower_edges[0]
        assert by_url["maxValue"][value] == variable.maximum
        unit = by_url["questionnaire-unitOption" if item["type"] == "quantity" else "questionnaire-unit"]["valueCoding"]
        assert unit["display"] == variable.unit
    kinds = {column: questions[column]["type"] for column in ("age", "crp_mg_l", "startback_total")}
    assert kinds == {"age": "decimal", "crp_mg_l": "quantity", "startback_total": "integer"}
    codes = {c["system"]: c["code"] for c in questions["crp_mg_l"]["code"]}
    assert codes == {"urn:riskmodel:column": "crp_mg_l", "http://loinc.org": "1988-5"}


def test_what_a_scan_shows_is_asked_of_an_abnormal_one(questions):
    [condition] = questions["mri_tumour"]["enableWhen"]
    assert condition["question"] == "mri"
    assert condition["answerCoding"]["code"] == "abnormal"


def test_the_version_is_that_of_the_questions(seeds, blank_form):
    other = seeds.with_statement("find.fever.infection", value=0.5)
    assert rm.fhir_questionnaire(other) == blank_form
    fever = Variable("fever", "finding", ("absent", "present"), "38 degrees or more")
    warmer = Variable("fever", "finding", ("absent", "present"), "38.5 degrees or more")
    assert version_of(all_questions([fever])) != version_of(all_questions([warmer]))


def test_a_model_without_pathways_or_codes_has_its_form():
    cough = Variable("cough", "finding", ("absent", "present"), "Any.")
    weight = Variable("weight", "test", ("low", "high"), "In stones.", unit="st", lower_edges=(0, 12.5))
    made = questionnaire([cough, weight])
    assert faults(made) == []
    assert [section["linkId"] for section in made["item"]] == ["section.who", "section.history", "section.tests"]
    number = made["item"][2]["item"][0]
    assert [extension["url"].rpartition("/")[2] for extension in number["extension"]] == ["minValue"]
    assert "copyright" not in made


def test_codes_of_no_variable_are_refused(tmp_path):
    (tmp_path / "codes.toml").write_text('[fewer]\nsystem = "http://loinc.org"\ncode = 3\n')
    fever = Variable("fever", "finding", ("absent", "present"), "")
    with pytest.raises(PriorsError) as error:
        find_codes(tmp_path, [fever])
    assert "no variable 'fewer' (did you mean 'fever'?)" in str(error.value)
    assert len(error.value.problems) == 3
