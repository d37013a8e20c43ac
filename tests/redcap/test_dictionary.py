"""A data dictionary in: today's, older ones and the API's; every problem with its row and field."""

import pytest

from riskmodel.errors import DictionaryError
from riskmodel.redcap.dictionary import parse_dictionary, read_dictionary
from riskmodel.redcap.headings import HEADINGS
from tests.support.redcap_exports import dictionary_text

ID = {"field": "record_id", "type": "text"}
FEVER = {
    "field": "fever",
    "type": "radio",
    "choices": "0, No | 1, Yes, measured | 9, Not asked",
    "branching": "[a]='1'",
}


def problems(text):
    with pytest.raises(DictionaryError) as caught:
        parse_dictionary(text.encode() if isinstance(text, str) else text)
    return [str(problem) for problem in caught.value.problems]


def test_choices_may_have_commas_and_fixed_choices_need_none():
    dictionary = parse_dictionary(dictionary_text([ID, FEVER, {"field": "done", "type": "yesno"}]).encode())
    assert [(choice.code, choice.label) for choice in dictionary.fields[1].choices] == [
        ("0", "No"),
        ("1", "Yes, measured"),
        ("9", "Not asked"),
    ]
    assert dictionary.fields[2].allowed == "1 (Yes), 0 (No)"
    assert dictionary.record_id.name == "record_id"


@pytest.mark.parametrize(
    "names",
    [
        {"choices": "Choices OR Calculations", "note": "Field Units"},
        {
            "field": "field_name",
            "form": "form_name",
            "type": "field_type",
            "label": "field_label",
            "choices": "select_choices_or_calculations",
            "branching": "branching_logic",
        },
    ],
    ids=["an older version", "the API"],
)
def test_headings_of_older_versions_and_of_the_api_are_understood(names):
    text = dictionary_text([ID, FEVER])
    for column, name in names.items():
        text = text.replace(HEADINGS[column], name, 1)
    assert (
        parse_dictionary(text.replace('"' + name + '"', name).encode()).fields
        == parse_dictionary(dictionary_text([ID, FEVER]).encode()).fields
    )


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem():
    plain = dictionary_text([ID, FEVER])
    assert parse_dictionary(b"\xef\xbb\xbf" + plain.encode()).fields == parse_dictionary(plain.encode()).fields
    assert parse_dictionary(plain.replace("\r\n", "\n").encode()).fields == parse_dictionary(plain.encode()).fields


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Gr\xf6\xdfe".encode("latin-1"), "row 1: not UTF-8 (byte 0xf6: Latin-1?); UTF-8, in which REDCap writes it"),
        ("field".encode("utf-16"), "dictionary.csv: UTF-16; UTF-8, in which REDCap writes it"),
        (b"", "dictionary.csv: an empty file; the header and a row for each field"),
        (b"name,age\n1,2\n", "no column 'Variable / Field Name': not a data dictionary; the CSV file that REDCap's"),
    ],
)
def test_a_file_that_is_no_dictionary_says_what_it_is(content, problem):
    assert problem in problems(content)[0]


def test_a_dictionary_without_branching_logic_cannot_say_what_is_hidden():
    text = dictionary_text([ID, FEVER], [column for column in HEADINGS if column != "branching"])
    listed = problems(text)
    assert listed == [
        "dictionary.csv: header: no column 'Branching Logic (Show field only if...)'; the file with all its columns"
    ]


def test_a_renamed_column_is_refused_with_the_nearest():
    listed = problems(dictionary_text([ID, FEVER]).replace("Field Annotation", "Field Annotations", 1))
    wrong = "'Field Annotations' is no column of a data dictionary"
    assert listed == [f"dictionary.csv: header: {wrong} (did you mean 'Field Annotation'?)"]


def test_all_problems_are_listed_with_row_and_field():
    listed = problems(
        dictionary_text(
            [
                ID,
                {"field": "Fever", "type": "yesno"},
                {"field": "pain", "type": "radoi", "choices": "0, No"},
                {"field": "trauma", "type": "radio", "choices": "0, None | Minor | 0, Major"},
                {"field": "sweats", "type": "dropdown"},
                {"field": "record_id", "type": "text"},
                {"field": "weight", "type": "text", "form": ""},
            ]
        )
    )
    code = "a code is of letters, digits, _, . and -"
    types = "text, notes, calc, radio, dropdown, checkbox, yesno, truefalse, slider, file, descriptive, sql"
    small = "lower-case letters, digits and _, at most 100"
    assert [problem.removeprefix("dictionary.csv: ") for problem in listed] == [
        f"row 3, field 'Fever': a name that REDCap does not take; {small}",
        f"row 4, field 'pain': field type 'radoi' (did you mean 'radio'?); {types}",
        f"row 5, field 'trauma': choice 'Minor' has no code; code, label; {code}",
        "row 5, field 'trauma': code '0' stands twice among the choices; each code once",
        "row 6, field 'sweats': no choices; code, label | code, label",
        "row 7, field 'record_id': also in row 2; each field once",
        "row 8, field 'weight': no form; a name under 'Form Name'",
    ]


def test_rows_are_counted_over_labels_of_several_lines():
    listed = problems(dictionary_text([ID | {"label": "the\nnumber"}, {"field": "fever", "type": "yes-no"}]))
    assert "row 4, field 'fever'" in listed[0]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DictionaryError, match=r"nothing\.csv: No such file or directory; the CSV file that REDCap"):
        read_dictionary(tmp_path / "nothing.csv")
