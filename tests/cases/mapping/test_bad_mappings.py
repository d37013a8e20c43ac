"""Mappings with rules that cannot be: each is refused with its place, what is allowed, and all problems at once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.mapping.dates import DatePattern
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.records import Variable
from tests.support.case_files import VARIABLES

SCAN = Variable("scan", "test", ("normal", "abnormal"), "", form="any_of")
PART = Variable("scan_fracture", "test", ("absent", "present"), "", parents=("scan",))
CONTRACT = ColumnContract((*VARIABLES, SCAN, PART))
NUMBER = {"number": "t", "at_least": 38}
ANY = {"any_of": ["a", "b"]}


def rule(target: str, **entry: object) -> dict:
    return {"derive": {target: entry}}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"derive": {"fevr": NUMBER}}, "derive.fevr: no such column (did you mean 'fever'?)"),
        ({"derive": {"case_id": ANY}}, "derive.case_id: no such column"),
        ({"derive": {"fever": "temp >= 38"}}, "derive.fever: 'temp >= 38'; must be a table"),
        ({"derive": ["fever"]}, "derive: must be a table"),
        (rule("fever", any_off=["a", "b"]), "derive.fever: says no rule (did you mean 'any_of'?); allowed is one of"),
        (rule("fever", any_of=["a", "b"], first_of=["a", "b"]), "any_of and first_of are different rules"),
        (rule("fever", any_of=["a", "b"], unitt=1), "derive.fever.unitt: unknown key beside any_of"),
        (rule("fever", any_of=["a"]), "derive.fever.any_of: must name at least two columns"),
        (rule("fever", any_of=["a", 3]), "derive.fever.any_of: ['a', 3]; must be a text or a list of texts"),
        (rule("fever", any_of=["a", "a"]), "derive.fever.any_of: 'a' is named twice"),
        (rule("scan", any_of=["a", "b"]), "says whether the scan was done, not what was read"),
        (rule("age", any_of=["a", "b"]), "derive.age.any_of: 'yes': not understood"),
        (rule("scan", words={"yes": "abnormal", "nein": "x"}, **ANY), "derive.scan.words.nein: unknown key"),
        (rule("fever", words="yes", **ANY), "derive.fever.words: 'yes'; must be a table of texts"),
        (rule("fever", number="t"), "derive.fever: needs exactly one of at_least, above, at_most, below"),
        (rule("fever", number="t", at_least=1, below=2), "derive.fever: needs exactly one of"),
        (rule("fever", number="t", at_least="hot"), "derive.fever.at_least: 'hot'; must be a number"),
        (rule("fever", number="t", at_least=True), "derive.fever.at_least: True; must be a number"),
        (rule("fever", number="t", at_least=float("nan")), "derive.fever.at_least: nan; must be a number"),
        (rule("fever", number="t", at_least="38 °C", unit="°f"), "'°f' is not a unit that is known here"),
        (rule("fever", number="t", at_least="38 °C", unit="mg/L"), "derive.fever.unit: '°C' does not turn into 'mg/L'"),
        (rule("fever", number="t", at_least="100.4 °C"), "100.4 °C is outside what the column may hold, 25 to 45 °C"),
        (rule("fever", number="t", at_least=38, limits=[45, 30]), "derive.fever.limits: [45, 30]; must be two numbers"),
        (rule("age", weeks_from="a", to="b"), "derive.age: weeks_from gives weeks, and age is in years"),
        (rule("fever", years_from="a", to="b"), "derive.fever: years_from gives years, and fever takes no numbers"),
        (rule("age", years_from="a"), "derive.age.to: is missing: the column of the later date"),
        (rule("age", years_from="a", to="a"), "derive.age.to: 'a' is the column that it counts from"),
        (rule("age", years_from="a", to="b", dates="DD.MM.YY"), "derive.age.dates: 'DD.MM.YY': years of two digits"),
        ({"dates": ["DD/MM/YYYY", "MM/DD/YYYY"]}, "read the same text as different days; keep one"),
        ({"dates": "%d.%m.%Y"}, "dates: '%d.%m.%Y': write a pattern such as DD.MM.YYYY"),
        ({"dates": "DD.YYYY"}, "a date needs a year (YYYY), and a month (MM) where it has a day"),
        ({"dates": 3}, "dates: 3; must be a pattern such as"),
        ({"decimal": "'"}, 'decimal: "\'"; allowed: "." or ","'),
        (rule("infection", codes_in="dx"), "derive.infection: names no code"),
        (rule("infection", codes_in="dx", yes=["M46.*"], no=["M46.1"]), "derive.infection.no: 'M46.1' stands for no"),
        (rule("infection", codes_in="dx", yes=["M46*"], no=["m4*"]), "'m4*' stands for no, and 'M46*' for yes"),
        (rule("infection", codes_in="dx", yes=["a"], otherwise="maybe"), "derive.infection.otherwise: 'maybe'"),
        (rule("trauma", codes_in="dx", states={"mayor": ["a"]}), "derive.trauma.states.mayor: 'mayor': not understood"),
        (rule("trauma", codes_in="dx", states={"minor": 3}), "derive.trauma.states.minor: 3; must be a text or a list"),
        (rule("fever", checkbox="a", unticked="yes"), "derive.fever.unticked: 'yes'; allowed is \"no\""),
        (rule("fever", checkbox="a", none="a"), "derive.fever.none: 'a' is among the boxes"),
        ({"derive": {"esr": NUMBER, "esr_mm_h": NUMBER}}, "esr_mm_h has another rule under derive.esr; keep one"),
        (rule("fever", **NUMBER) | {"columns": {"T": "fever"}}, "columns.T: fever has a rule under derive too"),
        (rule("fever", **NUMBER) | {"values": {"fever": {"x": "yes"}}}, "values.fever: the column is worked out"),
        (rule("fever", **NUMBER) | {"values": {"temp": {"x": "1"}}}, "values.temp: no such column"),
        (rule("fever", **NUMBER) | {"helper": {"h": ANY}}, "helper.h: no rule reads it"),
        (rule("fever", any_of=["h", "c"]) | {"helper": {"h": {"any_of": ["i", "a"]}, "i": {"any_of": ["h", "a"]}}},
         "helper: h, i read each other in a circle"),
        (rule("fever", any_of=["h", "c"]) | {"helper": {"h": {"any_of": ["h", "a"]}}},
         "helper: h read each other in a circle"),
        (rule("fever", any_of=["age", "c"]) | {"helper": {"age": ANY}}, "helper.age: the name of a column of"),
        (rule("esr_mm_h", first_of=["a", "b"]) | {"units": {"a": "mg/dL"}}, "units.a: 'mm/h' is not a unit"),
    ],
)  # fmt: skip
def test_is_refused_with_its_place(mapping, message):
    with pytest.raises(UsageError) as caught:
        load_mapping(mapping, CONTRACT)
    assert message in str(caught.value)
    assert str(caught.value).startswith("mapping: ")


def test_all_problems_come_at_once():
    mapping = {"derive": {"fevr": NUMBER, "age": {"years_from": "a", "to": "a"}}, "dates": "YY", "vaules": {}}
    with pytest.raises(UsageError, match="mapping: 4 problems"):
        load_mapping(mapping, CONTRACT)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["case_id", "temp"], "there is no column 'Temp' (did you mean 'temp'?), of which the mapping works out fever"),
        (
            ["case_id", "Temp", "fever"],
            "the column 'fever' is worked out by the mapping too: name it in the rule, or in",
        ),
    ],
)
def test_files_that_do_not_fit(columns, message):
    schema = pa.schema([(name, pa.string()) for name in columns])
    preparation = load_mapping(rule("fever", number="Temp", at_least=38), CONTRACT).preparation
    with pytest.raises(CasesError) as caught:
        preparation.bind(schema, "cases.csv")
    assert str(caught.value).startswith(f"cases.csv: header: {message}")


def test_a_rule_may_read_a_column_of_the_name_that_it_gives():
    batch = pa.record_batch({"case_id": ["a", "b"], "fever": ["no", "no"], "temp": ["39", "37"]})
    mapping = {"derive": {"fever": {"any_of": ["hot", "fever"]}}, "helper": {"hot": {"number": "temp", "at_least": 38}}}
    done = load_mapping(mapping, CONTRACT).preparation.bind(batch.schema, "cases").prepare(batch)
    assert done.batch.schema.names == ["case_id", "fever"]
    assert done.batch.column("fever").to_pylist() == ["yes", "no"]


def test_one_circle_is_told_once():
    with pytest.raises(UsageError) as caught:
        load_mapping({"derive": {"age": {"years_from": "a", "to": "b", "dates": ["D.M.YYYY", "M.D.YYYY"]}}}, CONTRACT)
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    ("pattern", "text", "day"),
    [
        ("DD.MM.YYYY", "03.02.2001", "2001-02-03"),
        ("D.M.YYYY", "3.2.2001", "2001-02-03"),
        ("DD.MM.YYYY hh:mm", "03.02.2001 17:30", "2001-02-03"),
        ("YYYYMMDD", "20010203", "2001-02-03"),
        ("DDMMMYYYY", "03FEB2001", "2001-02-03"),
        ("D. MMM YYYY", "3. März 2001", "2001-03-03"),
        ("DD.MM.YYYY", "3.2.2001", None),
        ("DD.MM.YYYY", "29.02.2001", None),
        ("DD.MM.YYYY", "03.02.01", None),
    ],
)
def test_patterns_of_dates(pattern, text, day):
    read = DatePattern(pattern).read(text)
    assert (read and read.first.isoformat()) == day
