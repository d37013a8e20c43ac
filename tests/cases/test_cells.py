"""What one cell means."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.cases.cells import CellDecoder, CellProblem, CellRules
from riskmodel.cases.columns import ColumnContract, codebook, template
from riskmodel.cases.mapping import load_mapping
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable
from tests.support.case_files import VARIABLES, run_bytes

SETTING, AGE, SEX, TRAUMA, FEVER, ESR, _ = (CellDecoder(variable) for variable in VARIABLES)
SCAN = CellDecoder(Variable("scan", "test", ("normal", "retention"), "", lower_edges=(0, 200), maximum=5000))
CONTRACT = ColumnContract(VARIABLES)


@pytest.mark.parametrize(
    ("decoder", "texts", "mask"),
    [
        (FEVER, ["present", "PRESENT", "yes", "Y", "true", "1", "1.0", "positive"], 2),
        (FEVER, ["absent", "no", "N", "False", "0", "0.0", "negative"], 1),
        (FEVER, ["", "unknown", "Not_Assessed", "absent|present", "yes|no"], 3),
        (TRAUMA, ["yes", "minor|major", "major|minor", "1", "1.0"], 6),
        (TRAUMA, ["none", "no"], 1),
        (TRAUMA, ["none|minor|major", "yes|none", ""], 7),
        (SEX, ["f", "F", "female", "Female"], 1),
        (AGE, ["0", "17", "17.999999999999999999999999", "017", "under_18", "0.0"], 1),
        (AGE, ["18", "18.0", "49.9"], 2),
        (AGE, ["50", "120", "120.000", "from_50"], 4),
        (AGE, ["under_18|from_18_to_49"], 3),
        (ESR, ["<5", "<20", "19.9", "<0.1"], 1),
        (ESR, ["<20.1", "<50"], 3),
        (ESR, [">0", "<200", ">19.9", "<50.1"], 7),
        (ESR, [">20", ">49.9"], 6),
        (ESR, [">50", ">120", ">200", "200"], 4),
        (SCAN, ["0", "1", "1.0", "199.9", "no", "normal"], 1),
        (SCAN, ["200", "yes", "retention"], 2),
        (SETTING, ["emergency", "Emergency"], 4),
    ],
)
def test_understood(decoder, texts, mask):
    assert {text: decoder.decode(text) for text in texts} == dict.fromkeys(texts, mask)


@pytest.mark.parametrize(
    ("decoder", "texts"),
    [
        (
            FEVER,
            [
                " yes",
                "yes ",
                "ja",
                "2",
                "01",
                "2.0",
                "1.00",
                "y|",
                "|",
                "present,absent",
                "unknown|yes",
                "Ｙes",
                "présent",
            ],
        ),
        (SEX, ["yes", "no", "1", "1.0", "w"]),
        (
            AGE,
            ["-1", "+1", "1e1", "120.0001", "121", "1,5", "1.", ".5", "٤", "<5", "1" * 401, "0x10", "yes", "nan", "½"],
        ),
        (ESR, ["<0", ">201", "<", "<-1", "<5|>9", "≤5", "<=5"]),
        (SETTING, ["emergency|primary_care", "yes", "1"]),
    ],
)
def test_refused(decoder, texts):
    for text in texts:
        found = decoder.decode(text)
        assert isinstance(found, CellProblem), text
        assert "allowed: " in found.problem


@given(st.decimals(0, 200, places=12, allow_nan=False))
def test_bands_are_exact(number):
    wanted = 1 if number < 20 else 2 if number < 50 else 4
    assert ESR.decode(format(number, "f")) == wanted


@given(st.decimals(0, 200, places=3, allow_nan=False), st.integers(0, 200_000))
def test_a_censored_value_keeps_every_band_that_holds_such_a_number(bound, thousandths):
    value = Decimal(thousandths) / 1000
    exact = ESR.decode(format(value, "f"))
    assert isinstance(exact, int)
    for sign, holds in (("<", value < bound), (">", value > bound)):
        mask = ESR.decode(f"{sign}{bound}")
        if holds:
            assert isinstance(mask, int)
            assert mask & exact


def test_state_names_win_over_words_and_case_is_kept_where_it_tells_states_apart():
    odd = CellDecoder(Variable("odd", "finding", ("absent", "no", "A", "a"), ""))
    assert [odd.decode(text) for text in ("no", "A", "a", "NO")] == [2, 4, 8, 2]
    assert odd.decode("yes") == 14


def test_mapping_of_values_missing_codes_and_units():
    mapping = load_mapping(
        {
            "missing": ["NA", "-9"],
            "missing_in": {"age": ["999"]},
            "values": {"*": {"ja": "yes", "nein": "no", "w": "female"}, "fever": {" yes": "yes", "": "absent"}},
            "units": {"esr": 10, "age": "months"},
        },
        CONTRACT,
    )
    setting, age, sex, trauma, fever, esr, _ = (mapping.decoder(variable) for variable in VARIABLES)
    assert [fever.decode(text) for text in ("ja", "nein", " yes", "", "NA", "-9")] == [2, 1, 2, 1, 3, 3]
    assert (trauma.decode("ja"), sex.decode("w"), setting.decode("NA")) == (6, 1, 7)
    assert isinstance(sex.decode("ja"), CellProblem)
    assert isinstance(fever.decode("999"), CellProblem)
    assert [age.decode(text) for text in ("999", "215", "216", "1440")] == [7, 1, 2, 4]
    assert [esr.decode(text) for text in ("1.99", "2", "20", "<0.5")] == [1, 2, 4, 1]


def test_days_are_exact_weeks():
    weeks = Variable("weeks", "finding", ("short", "long"), "", unit="weeks", lower_edges=(0, 4), maximum=5200)
    decoder = CellDecoder(weeks, CellRules(factor=Fraction(1, 7)))
    assert [decoder.decode(text) for text in ("27.999999999999", "28")] == [1, 2]


@pytest.mark.parametrize(
    ("mapping", "part"),
    [
        ({"value": {}}, "did you mean 'values'"),
        ({"missing": "NA"}, "missing: 'NA'; must be a list of texts"),
        ({"columns": {"T": "temp"}}, "'temp' is no column"),
        ({"columns": {"T": "fever", "U": "fever"}}, "several headers are renamed to fever"),
        ({"values": {"fevr": {"a": "yes"}}}, "did you mean 'fever'"),
        ({"values": {"fever": {"a": "maybe"}}}, "values.fever.a: 'maybe'"),
        ({"values": {"fever": {"a": 1}}}, "must be a text"),
        ({"values": {"fever": "yes"}}, "must be a table of tables"),
        ({"units": {"fever": "mg/dL"}}, "takes no numbers"),
        ({"units": {"age": "hours"}}, "allowed: years, months, or a factor from"),
        ({"units": {"age": -1}}, "a factor from 1e-9 to 1e+9"),
        ({"units": {"age": True}}, "a factor from 1e-9 to 1e+9"),
        ({"units": {"age": float("nan")}}, "a factor from 1e-9 to 1e+9"),
    ],
)
def test_bad_mappings(mapping, part):
    with pytest.raises(UsageError) as caught:
        load_mapping(mapping, CONTRACT)
    assert part in str(caught.value)


def test_mapping_files(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('[columns]\n"Temp raised" = "fever"\nID = "case_id"\n[units]\nesr_mm_h = 0.1\n', encoding="utf-8")
    data = b"ID,Temp raised,esr_mm_h,fever_chart\na,yes,199,x\nb,no,200,x\n"
    assert "'fever_chart'" not in run_bytes(data, tmp_path, mapping=path).error
    for engine in ("small", "compiled"):
        done = run_bytes(data, tmp_path, mapping=path, engine=engine)
        assert [done.result.summary.states["esr"][state] for state in ("under_20", "from_20_to_50")] == [1, 1]
    path.write_text("[columns\n", encoding="utf-8")
    assert "not TOML" in run_bytes(data, tmp_path, mapping=path).error
    assert "No such file" in run_bytes(data, tmp_path, mapping=tmp_path / "none.toml").error


def test_codebook_and_template_come_from_the_same_contract():
    rows = {row.column: row for row in codebook(VARIABLES)}
    assert list(rows) == list(CONTRACT.headers)
    assert rows["age"].bands == ("0 to under 18", "18 to under 50", "50 to 120")
    assert "<x" in rows["esr_mm_h"].accepts
    assert template(VARIABLES) == "case_id,setting,age,sex,trauma,fever,esr_mm_h\n"
    assert template(VARIABLES, outcomes=True).strip().endswith("infection")
