"""Our codebook as a data dictionary: REDCap takes it, and what was entered comes back, raw and labelled."""

import csv
import io
import re
from random import Random

import pandas as pd
import pytest

from riskmodel.cases.columns import ColumnContract, takes_numbers
from riskmodel.decision.costs import find_pathways
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable
from riskmodel.model.redcap import read_redcap
from riskmodel.redcap.blanks import EMPTY_FORM, HIDDEN, LEFT_BLANK, WHY_BLANK
from riskmodel.redcap.codebook import as_redcap
from riskmodel.redcap.dictionary import parse_dictionary
from riskmodel.redcap.export_file import parse_export
from riskmodel.redcap.headings import HEADINGS
from riskmodel.redcap.project import RedcapProject
from riskmodel.redcap.read import read_export
from tests.support.redcap_exports import export_text


@pytest.fixture(scope="module")
def book(seeds):
    return as_redcap(seeds.variables, find_pathways(seeds.root))


@pytest.fixture(scope="module")
def dictionary(book):
    return parse_dictionary(book.encode())


@pytest.fixture(scope="module")
def project(book, tmp_path_factory):
    path = tmp_path_factory.mktemp("redcap") / "dictionary.csv"
    path.write_text(book, encoding="utf-8")
    return RedcapProject(path)


def test_the_columns_are_those_that_redcap_imports(book):
    assert next(csv.reader(io.StringIO(book))) == [
        "Variable / Field Name",
        "Form Name",
        "Section Header",
        "Field Type",
        "Field Label",
        "Choices, Calculations, OR Slider Labels",
        "Field Note",
        "Text Validation Type OR Show Slider Number",
        "Text Validation Min",
        "Text Validation Max",
        "Identifier?",
        "Branching Logic (Show field only if...)",
        "Required Field?",
        "Custom Alignment",
        "Question Number (surveys only)",
        "Matrix Group Name",
        "Matrix Ranking?",
        "Field Annotation",
    ]


def test_every_column_is_a_field_whose_name_redcap_takes(seeds, dictionary):
    assert {entry.name for entry in dictionary.fields} == set(ColumnContract(tuple(seeds.variables)).headers)
    for entry in dictionary.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,25}", entry.name), entry.name
    assert [entry.name for entry in dictionary.fields if entry.identifier] == ["case_id"]
    assert dictionary.record_id.name == "case_id"


def test_fields_of_a_form_stand_together_in_the_order_of_asking(dictionary):
    forms = [entry.form for entry in dictionary.fields]
    assert forms == sorted(forms, key=dictionary.forms.index)
    assert dictionary.forms[:5] == ("who", "history", "examination", "tests", "results")
    assert dictionary.forms[-1] == "outcomes"


def test_numbers_have_the_limits_of_the_codebook_and_choices_say_not_asked(seeds, book):
    rows = {row[HEADINGS["field"]]: row for row in csv.DictReader(io.StringIO(book))}
    for variable in seeds.variables:
        row = rows[variable.column]
        if takes_numbers(variable):
            assert row[HEADINGS["validation"]] in ("number", "integer")
            limits = (float(row[HEADINGS["minimum"]]), float(row[HEADINGS["maximum"]]))
            assert limits == (variable.lower_edges[0], variable.maximum)
            assert variable.unit in row[HEADINGS["note"]]
        elif variable.name != "setting":
            assert "not_assessed, " in row[HEADINGS["choices"]]


def test_a_part_of_a_scan_is_asked_only_where_the_scan_is_abnormal(dictionary):
    branching = {entry.name: entry.branching for entry in dictionary.fields}
    assert branching["mri_tumour"] == "[mri] = 'abnormal'"
    assert branching["mri"] == branching["fever"] == ""
    assert branching["startback_psychosocial"].startswith("[startback_5] = '' or [startback_5] = 'not_assessed' or ")


def test_a_name_that_redcap_does_not_take_is_refused():
    with pytest.raises(UsageError, match="REDCap takes no field of this name: Fever; allowed: lower-case"):
        as_redcap([Variable("Fever", "finding", ("absent", "present"), "")])


def people(dictionary, number):
    """Records in which every choice of every field comes up, and every number its limits, with blanks between."""
    random = Random(5)  # noqa: S311
    for count in range(number):
        record = {"case_id": f"p{count}", "setting": "emergency"}
        for entry in dictionary.fields[2:]:
            codes = [choice.code for choice in entry.choices] or ["", "0", "1", "4.5"]
            record[entry.name] = codes[count % len(codes)] if random.random() < 0.8 else ""
        for scan in ("xray", "ct", "mri"):
            parts = [entry.name for entry in dictionary.fields if entry.branching == f"[{scan}] = 'abnormal'"]
            answers = ["present", ""] if record[scan] == "abnormal" else [""]
            record |= {name: random.choice(answers) for name in parts}
        items = [name for name in record if name.startswith("startback")]
        record |= {name: random.choice(["absent", "present"]) if count % 3 else "" for name in items}
        record |= {"startback_total": "", "startback_psychosocial": ""}
        yield record


@pytest.mark.parametrize("labelled", [False, True], ids=["raw", "labelled"])
def test_what_was_entered_comes_back(seeds, dictionary, project, labelled):
    records = list(people(dictionary, 30))
    contract = ColumnContract(tuple(seeds.variables))
    text = export_text(dictionary, records, labelled=labelled)
    cases = read_export(parse_export(text.encode()), project, contract, known_outcomes=True)
    assert cases.faults == ()
    assert cases.warnings == ()
    assert set(cases.names) == set(contract.headers)
    columns = dict(zip(cases.names, cases.columns, strict=True))
    for row, record in enumerate(records):
        for name, column in columns.items():
            assert column[row] == (record[name] or blank_of(name, record, dictionary)), (name, record)
    blanks = [(record[name], columns[name][row]) for row, record in enumerate(records) for name in columns]
    unseen = sum(cell == "not_assessed" and not entered for entered, cell in blanks)
    counted = {why: sum(n for text, n in cases.counts.items() if text.endswith(f": {why}")) for why in WHY_BLANK}
    assert unseen == counted[HIDDEN] + counted[EMPTY_FORM]
    assert counted[HIDDEN] > 0 < counted[EMPTY_FORM]
    assert counted[LEFT_BLANK] == sum(not entered and not cell for entered, cell in blanks) > 0


def blank_of(name, record, dictionary):
    """What a blank is by the rules of the form, worked out without the program."""
    form = dictionary.by_name[name].form
    if not any(record[entry.name] for entry in dictionary.fields if entry.form == form and entry.name != "case_id"):
        return "not_assessed"
    scan = name.split("_")[0]
    if form == "results" and name != scan:
        return "" if record[scan] == "abnormal" else "not_assessed"
    first = {"startback_total": 1, "startback_psychosocial": 5}.get(name)
    answers = [record[f"startback_{number}"] for number in range(first, 10)] if first else [""]
    return "" if {"", "not_assessed"} & set(answers) else "not_assessed"


@pytest.mark.parametrize("labelled", [False, True], ids=["raw", "labelled"])
def test_an_export_scores_as_the_same_case_file(seeds, dictionary, project, labelled, tmp_path):
    records = list(people(dictionary, 20))
    export = tmp_path / "export.csv"
    export.write_text(export_text(dictionary, records, labelled=labelled), encoding="utf-8")
    model = seeds.with_recording("chart")
    cases = read_redcap(export, project.dictionary, model=model)
    by_hand = pd.DataFrame(
        [{name: text or blank_of(name, record, dictionary) for name, text in record.items()} for record in records]
    )
    unseen = [entry.name for entry in dictionary.fields if entry.form == "outcomes"]
    scored = model.score(cases.drop(columns=unseen))
    pd.testing.assert_frame_equal(scored, model.score(by_hand[cases.columns].drop(columns=unseen)))
