"""Exports of REDCap projects as case files: events, repeats, rejected rows, mappings on top, records of a run."""

import gzip
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from riskmodel.casefiles.collect import read_cases
from riskmodel.casefiles.options import RunOptions
from riskmodel.cli import commands
from riskmodel.errors import CasesError, UsageError
from riskmodel.redcap.project import redcap_project
from tests.support.redcap_exports import export_text, read_project, write_project

VISITS = [
    {"field": "age", "type": "text", "form": "enrolment", "validation": "number"},
    {"field": "sex", "type": "radio", "form": "enrolment", "choices": "0, Female | 1, Male"},
    {"field": "fever", "type": "yesno", "branching": "[enrolment_arm_1][sex] = '1'"},
    {"field": "night_pain", "type": "yesno", "branching": "[sex] = '1'"},
    {"field": "crp_mg_l", "type": "text", "form": "bloods", "validation": "number"},
]
EVENT, FORM, NUMBER = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
RECORDS = [
    {"record_id": "1", EVENT: "enrolment_arm_1", "age": "54", "sex": "1"},
    {"record_id": "1", EVENT: "visit_arm_1", "fever": "1"},
    {"record_id": "1", EVENT: "visit_arm_1", FORM: "bloods", NUMBER: "1", "crp_mg_l": "5"},
    {"record_id": "1", EVENT: "visit_arm_1", FORM: "bloods", NUMBER: "2", "crp_mg_l": "120"},
    {"record_id": "2", EVENT: "enrolment_arm_1", "age": "71", "sex": "0"},
    {"record_id": "2", EVENT: "visit_arm_1", "visit_complete": "2"},
]


@pytest.fixture
def project(tmp_path):
    path = write_project(tmp_path, VISITS)
    export = tmp_path / "export.csv"
    export.write_text(export_text(read_project(path), RECORDS, special=True))
    return path, export


def read(seeds, project, rows="", **asked):
    path, export = project
    stated = redcap_project(path, rows=rows)
    cases = read_cases(export, seeds.variables, replace(RunOptions("emergency"), redcap=stated, **asked))
    named = {variable.name: row for row, variable in enumerate(seeds.variables)}
    full = {variable.name: variable.full_mask for variable in seeds.variables}
    return cases, {name: cases.masks[row].tolist() for name, row in named.items()}, full


def test_rows_of_several_kinds_have_to_be_chosen(seeds, project):
    with pytest.raises(CasesError) as caught:
        read(seeds, project)
    assert str(caught.value).endswith(
        "its rows are of several kinds; say which are cases with --redcap-rows: enrolment_arm_1 (2 rows of 2 records), "
        "visit_arm_1 (2 rows of 2 records), visit_arm_1/bloods (2 rows of 1 record)"
    )
    with pytest.raises(
        CasesError, match=r"no rows 'visit_arm1' \(did you mean 'visit_arm_1'\?\); there are enrolment_a"
    ):
        read(seeds, project, "visit_arm1")
    with pytest.raises(UsageError, match="rows: ''; write KIND"):
        read(seeds, project, "visit_arm_1 +")


def test_an_event_with_forms_of_other_rows(seeds, project):
    cases, masks, full = read(seeds, project, "visit_arm_1 + enrolment_arm_1 + visit_arm_1/bloods#last")
    assert cases.names == ("1", "2")
    assert masks["age"] == [4, 8]
    assert masks["sex"] == [2, 1]
    assert masks["crp"] == [4, full["crp"]]
    assert masks["fever"] == [2, full["fever"]]


def test_a_repeat_that_has_to_be_chosen(seeds, project):
    with pytest.raises(CasesError, match="record '1' has 2 rows 'visit_arm_1/bloods' to take cells from; say which"):
        read(seeds, project, "visit_arm_1 + visit_arm_1/bloods")
    first, second = (read(seeds, project, f"visit_arm_1 + visit_arm_1/bloods#{n}")[1]["crp"][0] for n in (1, 2))
    assert (first, second) == (1, 4)


def test_each_repeat_is_a_case_with_a_name_of_its_own(seeds, project):
    cases, masks, _ = read(seeds, project, "visit_arm_1/bloods + visit_arm_1")
    assert cases.names == ("1#1", "1#2")
    assert masks["crp"] == [1, 4]
    assert masks["fever"] == [2, 2]
    cases, _, _ = read(seeds, project, "enrolment_arm_1, visit_arm_1")
    assert cases.names == ("1:enrolment_arm_1", "1:visit_arm_1", "2:enrolment_arm_1", "2:visit_arm_1")


def test_branching_logic_looks_into_other_events(seeds, project):
    profile = seeds.with_recording("positives_only")
    _, masks, full = read(profile, project, "visit_arm_1")
    assert masks["fever"] == [2, full["fever"]]  # the second was hidden: her sex stands in the other event
    assert masks["night_pain"] == [full["night_pain"]] * 2  # in this event nobody's sex is: it was hidden from both


def test_rejected_rows_are_named_by_line_and_field(tmp_path, seeds):
    path = write_project(tmp_path, [{"field": "note", "type": "notes"}, *VISITS[:3]])
    export = tmp_path / "export.csv"
    note = '"two\nlines"'
    rows = [f"1,{note},54,1,1", "2,,44,TRUE,1", "3,,200,0,", "4,,20,0,", "4,,21,0,", "5,,30,1,0"]
    export.write_text("\n".join(["record_id,note,age,sex,fever", *rows]) + "\n")
    cases, _, _ = read(seeds, (path, export))
    assert cases.names == ("1", "4", "5")
    assert cases.result.counts.rejected == 3
    assert [(reason.column, reason.value, reason.first) for reason in cases.result.reasons] == [
        ("sex", "TRUE", ("line 4 (case 2)",)),
        ("age", "200", ("line 5 (case 3)",)),
        ("case_id", "", ("line 7 (case 4)",)),
    ]
    assert cases.result.reasons[0].problem == "not among the codes of sex (Sex); allowed: 0 (Female), 1 (Male)"


def test_rules_of_a_mapping_read_yes_and_no_by_label_and_lists_read_codes(tmp_path, seeds):
    fields = [
        {"field": "hiv", "type": "radio", "choices": "1, No | 2, Yes"},
        {"field": "chemo", "type": "yesno", "branching": "[hiv] <> ''"},
        {"field": "final_dx", "type": "dropdown", "choices": "1, Discitis | 2, Sciatica"},
        {"field": "sym", "type": "checkbox", "choices": "1, Sweats | 2, Chills"},
        {"field": "born", "type": "text", "validation": "date_dmy"},
        {"field": "seen", "type": "text", "validation": "date_dmy"},
    ]
    path = write_project(tmp_path, fields)
    export = tmp_path / "export.csv"
    dates = {"born": "1960-05-01", "seen": "2024-05-02"}
    records = [
        {"record_id": "1", "hiv": "1", "chemo": "0", "final_dx": "1", "sym": "2", **dates},
        {"record_id": "2", "hiv": "2", "chemo": "0", "final_dx": "2", "sym": "1", **dates},
        {"record_id": "3", "final_dx": "2", "sym": "1"},
    ]
    mapping = {
        "derive": {
            "age": {"years_from": "born", "to": "seen"},
            "immunosuppression": {"any_of": ["hiv", "chemo"]},
            "infection": {"codes_in": "final_dx", "yes": ["1"], "otherwise": "no"},
            "night_sweats": {"checkbox": "sym___1", "unticked": "no"},
        }
    }
    for labelled in (False, True):
        export.write_text(export_text(read_project(path), records, labelled=labelled))
        profile = seeds.with_recording("positives_only")
        _, masks, full = read(profile, (path, export), mapping=mapping, known_outcomes=True)
        assert masks["immunosuppression"] == [1, 2, full["immunosuppression"]]  # hidden is no silence
        assert masks["infection"] == [2, 1, 1]
        assert masks["night_sweats"] == [1, 2, 2]
        assert masks["age"] == [4, 4, full["age"]]


def test_a_field_that_is_read_in_two_ways_needs_words(tmp_path, seeds):
    choices = {"type": "radio", "choices": "1, No | 2, Yes"}
    path = write_project(tmp_path, [{"field": "hiv", **choices}, {"field": "chemo", **choices}])
    export = tmp_path / "export.csv"
    export.write_text("record_id,hiv,chemo\n1,1,1\n")
    mapping = {
        "derive": {"immunosuppression": {"any_of": ["hiv", "chemo"]}, "fever": {"codes_in": "hiv", "yes": ["2"]}}
    }
    with pytest.raises(CasesError, match=r"field hiv: its codes \(1 \(No\), 2 \(Yes\)\) are read in two ways"):
        read(seeds, (path, export), mapping=mapping)


def test_the_command_says_how_an_export_was_read(tmp_path, project):
    path, export = project
    out = tmp_path / "scored.csv"
    rows = "visit_arm_1 + enrolment_arm_1"
    asked = ["score", str(export), "--redcap", str(path), "--redcap-rows", rows, "--setting", "emergency"]
    done = CliRunner().invoke(commands, [*asked, "-o", str(out)])
    assert done.exit_code == 0, done.output
    read_as = f"6 rows of the export, 2 cases ({rows}); taken for raw (line 3, fever '1' is a code and no label)"
    assert f"note: REDCap: {read_as}, its headings for field names" in done.output
    cells = "of 10 cells in 5 columns that are read: 3 hidden by branching logic, 2 form not filled in"
    assert f"note: REDCap: {cells}" in done.output
    record = json.loads((tmp_path / "scored.run.json").read_text())
    assert record["options"]["redcap"]["rows"] == rows
    assert len(record["options"]["redcap"]["dictionary_sha256"]) == 64
    assert record["prepared"] == {
        "REDCap, fever: hidden by branching logic": 1,
        "REDCap, night_pain: hidden by branching logic": 2,
        "REDCap, crp_mg_l: form not filled in": 2,
    }
    alone = CliRunner().invoke(commands, ["score", str(export), "--redcap-rows", rows, "-o", str(out)])
    assert alone.exit_code == 2
    assert "--redcap-rows goes with --redcap" in alone.output
    none = CliRunner().invoke(commands, ["score", str(export), "--redcap", "nothing.csv", "-o", str(out)])
    assert none.exit_code == 2
    assert "nothing.csv: No such file or directory; the CSV file that REDCap's Data Dictionary page" in none.output
    over = CliRunner().invoke(commands, [*asked, "-o", str(path)])
    assert "the output would replace a file that is read" in over.output


@pytest.mark.parametrize("command", ["explain", "check", "calibrate", "report", "explorer"])
def test_every_command_that_reads_cases_takes_a_dictionary(command):
    shown = CliRunner().invoke(commands, [command, "--help"]).output
    assert "--redcap " in shown
    assert "--redcap-missing" in shown


def test_explain_reads_a_case_of_an_export(project):
    path, export = project
    asked = ["explain", str(export), "--redcap", str(path), "--redcap-rows", "visit_arm_1", "--case", "1"]
    done = CliRunner().invoke(commands, [*asked, "--setting", "emergency"])
    assert done.exit_code == 0, done.output
    assert "fever" in done.output


def test_an_export_may_be_compressed_and_separated_by_semicolons(tmp_path, seeds, project):
    path, export = project
    text = export.read_text()
    plain, _, _ = read(seeds, project, "visit_arm_1")
    packed = tmp_path / "export.csv.gz"
    packed.write_bytes(gzip.compress(text.replace(",", ";").encode("utf-8-sig")))
    other, _, _ = read(seeds, (path, packed), "visit_arm_1")
    assert np.array_equal(plain.masks, other.masks)
    assert other.result.source_sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('record_id,age\n1,"5\n', "line 2: not CSV: unexpected end of data"),
        ("record_id,age\n1,5,6\n", "line 2: 3 cells, where the header has 2"),
        ("", "the file is empty; a header is needed"),
        ("record_id,age,age\n1,5,5\n", "header: 'age' stands twice; each field once"),
        (b"record_id,age\n\xfc,5\n", "line 2: byte 0xfc is not UTF-8"),
        (b"PAR1 and so on", "Parquet"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path, seeds, content, problem):
    path, export = write_project(tmp_path, VISITS), tmp_path / "export.csv"
    export.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CasesError, match=problem):
        read(seeds, (path, export))


def test_identifiers_that_are_kept_are_named(tmp_path, seeds):
    path = write_project(tmp_path, [{"field": "surname", "type": "text", "identifier": "y"}, *VISITS[:1]])
    export = tmp_path / "export.csv"
    export.write_text("record_id,surname,age\n1,Doe,55\n")
    cases, _, _ = read(seeds, (path, export), keep=("surname",))
    assert "kept, though the dictionary flags them as identifiers: surname" in cases.result.notes
