"""Exports of other people's projects: codes by their labels, blanks by their reasons, nothing guessed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskmodel as rm
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.errors import CasesError, UsageError
from riskmodel.redcap.export_file import parse_export
from riskmodel.redcap.project import redcap_project
from riskmodel.redcap.read import read_export
from tests.support.models import shipped
from tests.support.redcap_exports import export_text, read_project, write_project

YES_FIRST = "1, Yes | 2, No"
NO_FIRST = "1, No | 2, Yes"


@pytest.fixture
def read(tmp_path, seeds):
    """Read records of a project with some fields; gives the columns and all else that was read."""

    def reading(fields, records, *, labelled=False, special=False, mapping=None, text=None, **stated):
        path = write_project(tmp_path, fields)
        numbered = [{"record_id": str(number), **record} for number, record in enumerate(records, 1)]
        text = text or export_text(read_project(path), numbered, labelled=labelled, special=special)
        contract = ColumnContract(tuple(seeds.variables))
        project = redcap_project(path, **stated)
        cases = read_export(parse_export(text.encode()), project, contract, load_mapping(mapping, contract))
        return dict(zip(cases.names, cases.columns, strict=True)), cases

    return reading


def test_a_code_means_what_its_label_says(read, seeds):
    fields = [
        {"field": "fever", "type": "radio", "choices": NO_FIRST},
        {"field": "night_sweats", "type": "radio", "choices": YES_FIRST},
        {"field": "sex", "type": "dropdown", "choices": "0, Male | 1, Female"},
        {"field": "setting", "type": "radio", "choices": "1, Primary care | 2, Emergency"},
        {"field": "weight_loss", "type": "yesno"},
        {"field": "night_pain", "type": "truefalse"},
    ]
    record = {"fever": "1", "night_sweats": "1", "sex": "1", "setting": "1", "weight_loss": "0", "night_pain": "1"}
    for labelled in (False, True):
        columns, cases = read(fields, [record], labelled=labelled)
        assert cases.faults == ()
        frame = pd.DataFrame(columns)
        masks = seeds.code(frame)
        by_name = {variable.name: mask for variable, mask in zip(seeds.variables, masks[:, 0], strict=True)}
        answers = {name: by_name[name] for name in ("fever", "night_sweats", "sex", "weight_loss", "night_pain")}
        assert answers == {"fever": 1, "night_sweats": 2, "sex": 1, "weight_loss": 1, "night_pain": 2}
        assert columns["setting"] == ["primary_care"]


@pytest.mark.parametrize(
    ("choices", "code", "problem"),
    [
        ("1, Never | 2, Now and then", "1", "choice '1' (Never) of fever: its label is not a word of fever; say what"),
        ("absent, Yes | present, No", "absent", "its code says one thing and its label another; say what it is under"),
        ("1, Yes | 2, No", "7", "not among the codes of fever (Fever); allowed: 1 (Yes), 2 (No)"),
        ("1, Yes | 2, No", "TRUE", "not among the codes of fever (Fever); allowed: 1 (Yes), 2 (No)"),
    ],
)
def test_a_choice_that_says_nothing_certain_refuses_the_row(read, choices, code, problem):
    fields = [{"field": "fever", "type": "radio", "choices": choices}, {"field": "rest_pain", "type": "yesno"}]
    columns, cases = read(fields, [{"fever": code}, {"rest_pain": "1"}])
    (fault,) = cases.faults
    assert (fault.row, fault.column, fault.value) == (0, "fever", code)
    assert problem in fault.problem
    assert columns["fever"] == ["", ""]


def test_a_mapping_goes_before_the_label(read, seeds):
    fields = [{"field": "fever", "type": "radio", "choices": "1, Nie | 2, Immer"}, {"field": "done", "type": "yesno"}]
    for mapping in (
        {"values": {"fever": {"1": "no", "2": "yes"}}},
        {"values": {"fever": {"Nie": "no", "Immer": "yes"}}},
    ):
        columns, cases = read(fields, [{"fever": "1"}, {"fever": "2"}], mapping=mapping)
        assert cases.faults == ()
        masks = seeds.code(pd.DataFrame(columns)[["case_id", "fever"]], setting="emergency", mapping=mapping)
        assert masks[[variable.name for variable in seeds.variables].index("fever")].tolist() == [1, 2]


FOLLOW_UP = [
    {"field": "pain", "type": "yesno"},
    {"field": "night_pain", "type": "yesno", "branching": "[pain] = '1'"},
    {"field": "rest_pain", "type": "yesno", "branching": "datediff([visit], 'today', 'd') > 3"},
    {"field": "symptoms", "type": "checkbox", "choices": "1, Fever | 2, Sweats", "branching": "[pain] <> '0'"},
    {"field": "weight_loss", "type": "yesno", "annotation": "@HIDDEN"},
    {"field": "fever", "type": "yesno", "form": "examination"},
]
BOXES = {"columns": {"symptoms___2": "night_sweats"}}


@pytest.mark.parametrize("labelled", [False, True], ids=["raw", "labelled"])
def test_hidden_left_blank_unticked_and_not_filled_in_are_told_apart(read, labelled):
    records = [
        {"pain": "0"},  # the rest hidden, another form not begun
        {"pain": "1", "fever": "1"},  # left blank
        {"pain": "1", "night_pain": "0", "symptoms": "2"},
        {"fever": "0"},  # the first form not begun
    ]
    columns, cases = read(FOLLOW_UP, records, labelled=labelled, mapping=BOXES)
    assert columns["night_pain"] == ["not_assessed", "", "0", "not_assessed"]
    assert columns["rest_pain"] == ["not_assessed"] * 4
    assert columns["weight_loss"] == ["not_assessed"] * 4
    assert columns["symptoms___2"] == ["not_assessed", "", "1", "not_assessed"]
    assert columns["fever"][0] == columns["fever"][2] == "not_assessed"
    assert {text.removeprefix("REDCap, "): count for text, count in cases.counts.items()} == {
        "night_pain: hidden by branching logic": 1,
        "night_pain: left blank": 1,
        "night_pain: form not filled in": 1,
        "rest_pain: branching logic that cannot be evaluated": 3,
        "rest_pain: form not filled in": 1,
        "symptoms: hidden by branching logic": 1,
        "symptoms: not ticked": 1,
        "symptoms: form not filled in": 1,
        "weight_loss: hidden by branching logic": 3,
        "weight_loss: form not filled in": 1,
        "fever: form not filled in": 2,
    }
    assert any("rest_pain (datediff([visit], 'today', 'd') > 3)" in note for note in cases.notes)
    assert any("a box that is not ticked is taken for blank" in note for note in cases.notes)


@pytest.mark.parametrize(("word", "cell"), [("blank", ""), ("no", "no"), ("not_assessed", "not_assessed")])
def test_an_unticked_box_says_what_is_stated(read, word, cell):
    for stated in (word, {"symptoms": word}, {"*": "blank", "symptoms": word}):
        columns, _ = read(FOLLOW_UP, [{"pain": "1"}], mapping=BOXES, unticked=stated)
        assert columns["symptoms___2"] == [cell]


def test_only_what_was_left_blank_is_read_by_a_recording_profile(read, seeds):
    records = [{"pain": "0"}, {"pain": "1"}, {"pain": "1", "night_pain": "0"}]
    columns, _ = read(FOLLOW_UP, records, mapping=BOXES)
    frame = pd.DataFrame({name: columns[name] for name in ("case_id", "night_pain")})
    hidden, blank, _ = seeds.posterior(frame, setting="emergency")["infection"].tolist()
    assert hidden == blank  # to a model that does not read blanks
    profile = seeds.with_recording("positives_only")
    hidden_read, blank_read, absent = profile.posterior(frame, setting="emergency")["infection"].tolist()
    assert hidden_read == pytest.approx(hidden, abs=1e-12)
    assert blank_read < hidden_read
    assert blank_read == pytest.approx(absent, rel=0.05)


def test_what_a_hidden_field_says_is_stated_and_needs_an_answer_above_it(read):
    records = [{"pain": "0"}, {"pain": "", "weight_loss": "1"}]
    columns, _ = read(FOLLOW_UP, records, hidden={"night_pain": "no"})
    assert columns["night_pain"] == ["no", "not_assessed"]
    with pytest.raises(UsageError, match=r"hidden: night_pain: 'seldom': not understood; allowed: absent, present"):
        read(FOLLOW_UP, records, hidden={"night_pain": "seldom"})
    with pytest.raises(UsageError, match=r"hidden: no field 'nightpain' in .*did you mean 'night_pain'"):
        read(FOLLOW_UP, records, hidden={"nightpain": "no"})


def test_missing_data_codes_are_not_assessed_unless_a_field_does_not_take_them(read):
    fields = [
        {"field": "fever", "type": "yesno"},
        {"field": "age", "type": "text", "validation": "number"},
        {"field": "esr_mm_h", "type": "text", "validation": "number", "annotation": "@NOMISSING"},
        {"field": "sym", "type": "checkbox", "choices": "1, Sweats"},
    ]
    header = "record_id,fever,age,esr_mm_h,sym___1,sym___unk,sym____9,visit_complete\n"
    text = header + "1,UNK,-9,5,,1,0,2\n2,1,44,-9,0,0,0,2\n3,NR,3,,1,0,0,2\n"
    columns, cases = read(
        fields,
        [],
        text=text,
        mapping={"columns": {"sym___1": "night_sweats"}},
        missing="UNK, Unknown | -9, Not asked | NR",
        missing_as_blank=["NR"],
    )
    assert columns["fever"][0] == "not_assessed"
    assert columns["fever"][2] == ""
    assert columns["age"] == ["not_assessed", "44", "3"]
    assert columns["esr_mm_h"] == ["5", "-9", ""]  # there -9 is a number, which the column refuses
    assert columns["sym___1"] == ["not_assessed", "", "1"]
    assert "sym___unk" not in columns
    assert cases.faults == ()
    labelled = "Record id,Fever,Complete?\n1,Unknown,Complete\n2,Yes,Complete\n"
    columns, _ = read(fields[:1], [], text=labelled, missing="UNK, Unknown")
    assert columns["fever"][0] == "not_assessed"


def test_action_tags_and_calculations_say_why_a_cell_is_blank(read):
    fields = [
        {"field": "fever", "type": "yesno"},
        {"field": "rest_pain", "type": "yesno", "annotation": "@HIDDEN-SURVEY"},
        {"field": "night_pain", "type": "yesno", "annotation": "@IF([fever] = '1', @HIDDEN, '')"},
        {"field": "weight_loss", "type": "yesno", "annotation": "@hidden @HIDDEN-PDF"},
        {"field": "age", "type": "calc", "choices": "rounddown([x], 0)"},
        {"field": "sex", "type": "text", "annotation": "@CALCTEXT(if([x] = '1', 'female', 'male'))"},
    ]
    columns, cases = read(fields, [{"fever": "1"}])
    assert {text.removeprefix("REDCap, ") for text in cases.counts} == {
        "rest_pain: branching logic that cannot be evaluated",
        "night_pain: branching logic that cannot be evaluated",
        "weight_loss: left blank",
        "age: not calculated",
        "sex: not calculated",
    }
    assert {name: columns[name][0] for name in ("rest_pain", "weight_loss", "age")} == {
        "rest_pain": "not_assessed",
        "weight_loss": "",
        "age": "not_assessed",
    }


@pytest.mark.parametrize(("validation", "cell"), [("date_ymd", ""), ("date_dmy", "not_assessed")])
def test_dates_in_branching_logic_are_compared_only_where_the_form_shows_the_year_first(read, validation, cell):
    fields = [
        {"field": "seen", "type": "text", "validation": validation},
        {"field": "fever", "type": "yesno", "branching": "[seen] > '2024-01-01'"},
        {"field": "rest_pain", "type": "yesno", "branching": "[seen] <> ''"},
    ]
    columns, _ = read(fields, [{"seen": "2024-05-01"}])
    assert columns["fever"] == [cell]
    assert columns["rest_pain"] == [""]


REPEATED = [
    {"field": "sex", "type": "radio", "choices": "0, Female | 1, Male", "form": "enrolment"},
    {"field": "fever", "type": "yesno", "form": "visit", "branching": "[sex] = '1'"},
    {"field": "rest_pain", "type": "yesno", "form": "visit", "branching": "[fever] = '1' or [e_1][fever] = '1'"},
    {"field": "night_pain", "type": "yesno", "form": "enrolment", "branching": "[fever] = '1'"},
]


def test_what_branching_logic_asks_of_repeats_is_not_guessed(read):
    header = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,"
    header += "sex,night_pain,enrolment_complete,fever,rest_pain,visit_complete\n"
    forms = "1,e_1,,,1,,2,,,\n1,e_1,visit,1,,,,,,2\n1,e_1,visit,2,,,,1,,2\n"
    columns, _ = read(REPEATED, [], text=header + forms, rows="e_1/visit + e_1")
    assert columns["fever"] == ["", "1"]  # shown by the sex in the row of the enrolment
    assert columns["rest_pain"] == ["not_assessed", ""]  # hidden by the form's own fever, shown by it
    assert columns["night_pain"] == ["not_assessed"] * 2  # asks for a fever, and does not say of which visit
    alone = header + "1,e_1,visit,1,,,,,,2\n1,e_1,visit,2,,,,,,2\n"
    columns, cases = read(REPEATED, [], text=alone, rows="e_1/visit")
    assert columns["fever"] == ["not_assessed"] * 2  # the rows with the sex were not exported
    assert cases.counts["REDCap, fever: branching logic that cannot be evaluated"] == 2
    other = [REPEATED[0], REPEATED[1] | {"branching": "[e_1][sex] = '1'"}]
    events = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,fever,visit_complete\n"
    columns, _ = read(other, [], text=events + "1,e_1,,1,1,,\n1,e_1,,2,0,,\n1,f_1,,,,,2\n", rows="f_1")
    assert columns["fever"] == ["not_assessed"]  # of which of two enrolments the sex is asked for, nobody says
    columns, _ = read(other, [], text=events + "1,e_1,,,1,,\n1,f_1,,,,,2\n", rows="f_1")
    assert columns["fever"] == [""]


answers = st.sampled_from(["", "0", "1"])


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("pain", "night_pain", "rest_pain", "fever"), answers))))
@settings(deadline=None, max_examples=40)
def test_no_blank_is_ever_taken_for_an_answer(tmp_path_factory, records):
    path = write_project(tmp_path_factory.getbasetemp(), FOLLOW_UP)
    numbered = [{"record_id": str(number), **record} for number, record in enumerate(records)]
    contract = ColumnContract(tuple(shipped().variables))
    mapping = load_mapping(BOXES, contract)
    tables = []
    for labelled in (False, True):
        text = export_text(read_project(path), numbered, labelled=labelled)
        cases = read_export(parse_export(text.encode()), redcap_project(path), contract, mapping)
        tables.append(dict(zip(cases.names, cases.columns, strict=True)))
        assert cases.faults == ()
    assert tables[0] == tables[1]
    for name in ("night_pain", "rest_pain", "fever"):
        for record, cell in zip(numbered, tables[0][name], strict=True):
            assert cell == record[name] or (not record[name] and cell in ("", "not_assessed"))
    assert set(tables[0]["symptoms___2"]) <= {"", "not_assessed"}


def test_a_raw_export_with_labels_in_it_is_refused_with_both_cells(read):
    fields = [{"field": "fever", "type": "yesno"}, {"field": "sex", "type": "radio", "choices": "0, Female | 1, Male"}]
    text = "record_id,fever,sex\n1,1,0\n2,0,Female\n"
    with pytest.raises(CasesError, match="line 2, fever '1' is a code, line 3, sex 'Female' a label; say which"):
        read(fields, [], text=text)
    _, cases = read(fields, [], text=text, values="raw")
    assert [(fault.row, fault.column, fault.value) for fault in cases.faults] == [(1, "sex", "Female")]


def test_codes_that_are_labels_of_other_choices_have_to_be_told(read):
    fields = [{"field": "leg", "type": "radio", "choices": "1, 2 | 2, 1"}, {"field": "fever", "type": "text"}]
    with pytest.raises(CasesError, match="leg '2' is the code of one choice and the label of another; say which"):
        read(fields, [], text="record_id,leg\n1,2\n")
    assert read(fields, [], text="record_id,leg\n1,2\n", values="labels")[0]["leg"] == ["1"]


def test_a_column_that_would_be_read_must_be_in_the_dictionary(read):
    fields = [{"field": "fever", "type": "yesno"}]
    with pytest.raises(CasesError, match=r"dictionary\.csv does not have the field 'night_sweats'"):
        read(fields, [], text="record_id,fever,night_sweats\n1,1,1\n")
    _, cases = read(fields, [], text="record_id,fever,ward\n1,1,7b\n")
    assert cases.warnings == ("not in the dictionary: ward",)


def test_the_records_must_be_named(read):
    with pytest.raises(
        CasesError, match=r"no column 'record_id' \('Record id' in a labelled export\), the first field"
    ):
        read([{"field": "fever", "type": "yesno"}], [], text="id,fever\n1,1\n")


def test_fields_with_one_label_are_read_only_where_all_of_them_are_there(read):
    fields = [
        {"field": "fever", "type": "yesno", "label": "Fever?"},
        {"field": "fever_2", "type": "yesno", "label": "Fever?"},
    ]
    columns, _ = read(fields, [], text="Record id,Fever?,Fever?\n1,Yes,No\n")
    assert (columns["fever"], columns["fever_2"]) == (["1"], ["0"])
    _, cases = read(fields, [], text="Record id,Fever?\n1,Yes\n")
    assert cases.warnings == ("several fields have this label, and not all of them are there; not read: Fever?",)


def test_numbers_with_a_comma_and_dates_in_the_order_of_the_field(read):
    fields = [
        {"field": "crp_mg_l", "type": "text", "validation": "number_comma_decimal"},
        {"field": "seen", "type": "text", "validation": "date_dmy"},
        {"field": "born", "type": "text", "validation": "date_mdy"},
        {"field": "done", "type": "text", "validation": "date_ymd"},
    ]
    text = 'record_id,crp_mg_l,seen,born,done\n1,"12,5",31/12/2024,12/31/1960,2025/1/2\n2,3,2024-12-30,31/12/1960,\n'
    columns, cases = read(fields, [], text=text)
    assert columns["crp_mg_l"] == ["12.5", "3"]
    assert columns["seen"] == ["2024-12-31", "2024-12-30"]
    assert columns["born"] == ["1960-12-31", "31/12/1960"]
    assert columns["done"] == ["2025-01-02", ""]
    assert {note for note in cases.notes if "dates of" in note} == {
        "REDCap: dates of seen were read as D-M-Y (1 cell)",
        "REDCap: dates of born were read as M-D-Y (1 cell)",
        "REDCap: dates of done were read as Y-M-D (1 cell)",
    }
    (warning,) = cases.warnings
    assert warning.startswith("born: 1 cell not as the dictionary says (line 3: '31/12/1960': not a date; allowed:")


def test_a_file_of_the_project_says_all_that_options_say(read, tmp_path, seeds):
    write_project(tmp_path, FOLLOW_UP)
    project = tmp_path / "project.toml"
    project.write_text(
        'dictionary = "dictionary.csv"\nmissing = "UNK, Unknown"\n'
        '[unticked]\nsymptoms = "no"\n[hidden]\nnight_pain = "no"\n'
    )
    stated = redcap_project(project)
    assert (stated.dictionary, stated.missing, stated.unticked, stated.hidden) == (
        tmp_path / "dictionary.csv",
        {"UNK": "Unknown"},
        {"symptoms": "no"},
        {"night_pain": "no"},
    )
    project.write_text('dictionry = "d.csv"\nrows = 3\n')
    with pytest.raises(UsageError) as caught:
        redcap_project(project)
    allowed = "dictionary, rows, values, missing, missing_as_blank, unticked, hidden"
    assert str(caught.value).splitlines()[1:] == [
        f"  dictionry: unknown key (did you mean 'dictionary'?); allowed: {allowed}",
        "  rows: 3; must be a text",
        "  dictionary: missing; the file of the data dictionary",
    ]


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ({"unticked": "never"}, "boxes that are not ticked: 'never'; allowed: blank, not_assessed, no"),
        ({"unticked": {"sym": "yes"}}, "boxes of sym that are not ticked: 'yes'; allowed: blank, not_assessed, no"),
        ({"values": "label"}, r"values of the export: 'label' \(did you mean 'labels'\?\); allowed: raw, labels"),
        ({"missing": "not asked"}, "missing data codes: 'not asked'; write code, label"),
        ({"missing": "UNK", "missing_as_blank": ["NR"]}, r"missing_as_blank: NR is among no missing codes \(UNK\)"),
    ],
)
def test_what_cannot_be_stated_is_refused(stated, problem, tmp_path):
    with pytest.raises(UsageError, match=problem):
        redcap_project(tmp_path / "dictionary.csv", **stated)


def test_a_frame_is_read_as_the_file(tmp_path, seeds):
    path = write_project(tmp_path, FOLLOW_UP)
    records = [{"record_id": "1", "pain": "0"}, {"record_id": "2", "pain": "1", "night_pain": "1", "symptoms": "1"}]
    export = tmp_path / "export.csv"
    export.write_text(export_text(read_project(path), records))
    from_file = rm.read_redcap(export, path, model=seeds)
    from_frame = rm.read_redcap(pd.read_csv(export), path, model=seeds)
    pd.testing.assert_frame_equal(from_file, from_frame)
    assert from_file.attrs["redcap"]["blank"]["REDCap, night_pain: hidden by branching logic"] == 1
    assert np.isfinite(seeds.score(from_file[["case_id", "night_pain"]], setting="emergency")["p_infection"]).all()
