"""What the rules of a mapping give, against plain Python that knows nothing of batches, codes or dictionaries."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.preparation import Prepared
from riskmodel.evidence.records import Variable
from tests.support.case_files import VARIABLES

WEEKS = Variable(
    "weeks", "finding", ("short", "long"), "", unit="weeks", lower_edges=(0, 4), maximum=5200, column="weeks_of_pain"
)
CONTRACT = ColumnContract((*VARIABLES, WEEKS))
FEW = settings(max_examples=60, deadline=None)
DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))
MAYBE_DAYS = st.one_of(st.none(), DAYS, st.just("not_assessed"))
TRUTHS = st.sampled_from(["yes", "No", "1", "0", "true", "", None, "unknown", "-9"])


def prepared(mapping: dict, **columns: list) -> Prepared:
    batch = pa.record_batch(columns)
    preparation = load_mapping(mapping, CONTRACT).preparation
    assert preparation is not None
    return preparation.bind(batch.schema, "cases").prepare(batch)


def derived(mapping: dict, target: str, **columns: list) -> list[str | None]:
    """The cells of a column that is worked out; refused rows as 'refused'."""
    done = prepared(mapping, **columns)
    cells = done.batch.column(target).to_pylist()
    refused = {fault.row for fault in done.faults}
    assert all(cells[row] is None for row in refused)
    return ["refused" if row in refused else cell for row, cell in enumerate(cells)]


def written(day: date | str | None, pattern: str) -> str | None:
    return day.strftime(pattern) if isinstance(day, date) else day


def years(born: date, seen: date) -> int:
    """Birthdays counted one by one, on 1 March where there is no 29 February."""
    count = 0
    while True:
        try:
            birthday = born.replace(year=born.year + count + 1)
        except ValueError:
            birthday = date(born.year + count + 1, 3, 1)
        if birthday > seen:
            return count
        count += 1


def of_dates(born: date | str | None, seen: date | str | None, between) -> str | None:
    if "not_assessed" in (born, seen):
        return "not_assessed"
    if born is None or seen is None:
        return None
    return "refused" if born > seen else between(born, seen)


@FEW
@given(st.lists(st.tuples(MAYBE_DAYS, MAYBE_DAYS), min_size=1, max_size=30))
def test_completed_years(rows):
    mapping = {"dates": "DD.MM.YYYY", "derive": {"age": {"years_from": "born", "to": "seen"}}}

    def age(born: date, seen: date) -> str:
        return str(years(born, seen)) if years(born, seen) <= 120 else "refused"

    cells = derived(
        mapping,
        "age",
        born=[written(born, "%d.%m.%Y") for born, _ in rows],
        seen=[written(seen, "%Y-%m-%d") for _, seen in rows],
    )
    assert cells == [of_dates(born, seen, age) for born, seen in rows]


@pytest.mark.parametrize(
    ("born", "seen", "age"),
    [
        ("1960-02-29", "2019-02-28", "58"),
        ("1960-02-29", "2019-03-01", "59"),
        ("1960-02-29", "2020-02-29", "60"),
        ("2000-05-31", "2000-05-31", "0"),
        ("1900-01-01", "2020-12-31", "120"),
        ("1900-01-01", "2021-01-01", "refused"),
    ],
)
def test_birthdays(born, seen, age):
    mapping = {"derive": {"age": {"years_from": "born", "to": "seen"}}}
    assert derived(mapping, "age", born=[born], seen=[seen]) == [age]


@FEW
@given(st.lists(st.tuples(MAYBE_DAYS, st.integers(-3, 400)), min_size=1, max_size=30))
def test_weeks(rows):
    mapping = {"derive": {"weeks_of_pain": {"weeks_from": "began", "to": "seen"}}}
    cells = derived(
        mapping,
        "weeks_of_pain",
        began=[written(began, "%Y-%m-%dT08:30") for began, _ in rows],
        seen=[written(b + timedelta(days) if isinstance(b, date) else None, "%Y-%m-%d") for b, days in rows],
    )
    for (began, days), cell in zip(rows, cells, strict=True):
        if isinstance(began, date) and days >= 0:
            assert cell is not None
            assert abs(float(cell) - days / 7) < 1e-6
            assert (float(cell) >= 4) == (days >= 28)
        else:
            assert cell == ("refused" if isinstance(began, date) else began)


def test_a_date_known_to_the_year_gives_every_band_that_is_possible():
    mapping = {"dates": ["YYYY", "MM/YYYY"], "derive": {"age": {"years_from": "born", "to": "seen"}}}
    cells = derived(mapping, "age", born=["1970", "1960", "06/1970", "06/1970"], seen=["2020-05-31"] * 4)
    assert cells == ["from_18_to_49|from_50", "from_50", "49", "49"]


def test_typed_dates_are_read_too():
    mapping = {"derive": {"age": {"years_from": "born", "to": "seen"}}}
    seen = pa.array(["2020-01-02T10:00:00"], pa.string()).cast(pa.timestamp("ms"))
    assert derived(mapping, "age", born=pa.array([date(1980, 1, 3)]), seen=seen) == ["39"]


NUMBERS = st.one_of(st.none(), st.just("-9"), st.decimals(90, 110, places=1).map(str), st.just("unknown"))


@FEW
@given(st.lists(NUMBERS, min_size=1, max_size=30), st.sampled_from(["at_least", "above", "at_most", "below"]))
def test_thresholds(texts, comparison):
    rule = {"number": "temp", comparison: "38 °C", "unit": "°F"}
    mapping = {"missing": ["-9"], "derive": {"fever": rule}}

    def expected(text: str | None) -> str | None:
        if text in (None, "-9", "unknown"):
            return "not_assessed" if text == "unknown" else None
        tenths = round(float(text) * 10)
        fits = {"at_least": tenths >= 1004, "above": tenths > 1004, "at_most": tenths <= 1004, "below": tenths < 1004}
        return "yes" if fits[comparison] else "no"

    assert derived(mapping, "fever", temp=texts) == [expected(text) for text in texts]


@pytest.mark.parametrize(
    ("comparison", "text", "cell"),
    [
        ("at_least", ">10", "yes"),
        ("at_least", "<10", "no"),
        ("at_least", "<20", None),
        ("at_least", ">5", None),
        ("above", ">10", "yes"),
        ("at_most", "<10", "yes"),
        ("at_most", ">10", "no"),
        ("below", "<10", "yes"),
        ("at_least", "ten", "refused"),
        ("at_least", "1e1", "refused"),
        ("at_least", "10,5", "refused"),
    ],
)
def test_censored_numbers_and_words(comparison, text, cell):
    assert derived({"derive": {"fever": {"number": "x", comparison: 10}}}, "fever", x=[text]) == [cell]


def test_a_temperature_in_the_wrong_unit_is_refused():
    done = prepared({"derive": {"fever": {"number": "temp", "at_least": "38 °C"}}}, temp=["98.6"])
    assert [(fault.column, fault.value) for fault in done.faults] == [("temp", "98.6")]
    assert "allowed: a number from 25 to 45 (°C)" in done.faults[0].problem


TRUE, FALSE = {"yes", "1", "true"}, {"No", "0"}


@FEW
@given(st.lists(st.tuples(TRUTHS, TRUTHS, TRUTHS), min_size=1, max_size=30), st.booleans())
def test_any_and_all(rows, every):
    rule = {"all_of" if every else "any_of": ["a", "b", "c"]}

    def expected(row: tuple[str | None, ...]) -> str | None:
        settles, other = (FALSE, TRUE) if every else (TRUE, FALSE)
        words = {"yes": settles is TRUE, "no": settles is FALSE}
        if any(text in settles for text in row):
            return next(word for word, settled in words.items() if settled)
        if all(text in other for text in row):
            return next(word for word, settled in words.items() if not settled)
        return "not_assessed" if "unknown" in row else None

    columns = {name: [row[at] for row in rows] for at, name in enumerate("abc")}
    mapping = {"missing": ["-9"], "derive": {"fever": rule}}
    assert derived(mapping, "fever", **columns) == [expected(row) for row in rows]


@FEW
@given(st.lists(st.tuples(TRUTHS, TRUTHS), min_size=1, max_size=30))
def test_first_recorded(rows):
    mapping = {"missing": ["-9"], "derive": {"fever": {"first_of": ["a", "b"]}}}

    def expected(row: tuple[str | None, ...]) -> str | None:
        recorded = [text for text in row if text not in (None, "", "-9", "unknown")]
        return recorded[0] if recorded else ("not_assessed" if "unknown" in row else None)

    columns = {name: [row[at] for row in rows] for at, name in enumerate("ab")}
    assert derived(mapping, "fever", **columns) == [expected(row) for row in rows]


CODES = st.lists(st.sampled_from(["M46", "m46.2", "M464", "C79.5", "S32", "Z99", "unknown"]), max_size=3)


@FEW
@given(st.lists(st.tuples(CODES, CODES), min_size=1, max_size=30), st.sampled_from(["", "no"]))
def test_codes(rows, otherwise):
    rule = {"codes_in": ["dx1", "dx2"], "separator": ";", "yes": ["M46.*"], "no": ["S32"]}
    rule |= {"otherwise": otherwise} if otherwise else {}

    def expected(codes: list[str]) -> str | None:
        if not codes:
            return None
        if "M46" in codes or "m46.2" in codes:
            return "yes"
        if "unknown" in codes:
            return "not_assessed"
        return "no" if otherwise or set(codes) == {"S32"} else None

    joined = [["; ".join(codes) for codes in column] for column in zip(*rows, strict=True)]
    cells = derived({"derive": {"infection": rule}}, "infection", dx1=joined[0], dx2=joined[1])
    assert cells == [expected([*first, *second]) for first, second in rows]


def test_states_by_code_and_codes_that_contradict_each_other():
    rule = {"codes_in": "how", "separator": "|", "states": {"minor": ["fall*"], "major": ["RTA"]}, "no": ["none"]}
    mapping = {"derive": {"trauma": rule}}
    texts = ["Fall", "fall_stairs", "rta", "none", "none|fall", "other", None, "fall|RTA"]
    done = prepared(mapping, how=texts)
    assert done.batch.column("trauma").to_pylist() == ["minor", "minor", "major", "no", "minor", None, None, None]
    assert [(f.row, f.column, f.value) for f in done.faults] == [(7, "how", "fall|RTA")]
    assert "minor and major" in done.faults[0].problem
    assert done.counts["how, code not listed: other"] == 1


BOXES = st.sampled_from(["1", "0", "Checked", "Unchecked", "", None])


@FEW
@given(st.lists(st.tuples(BOXES, BOXES, BOXES), min_size=1, max_size=30), st.booleans())
def test_boxes(rows, unticked):
    rule = {"checkbox": ["s___1", "s___2"], "none": "s___9"} | ({"unticked": "no"} if unticked else {})

    def expected(row: tuple[str | None, ...]) -> str | None:
        first, second, none = (cell in ("1", "Checked") for cell in row)
        if first or second:
            return "refused" if none else "yes"
        empty = all(cell in ("0", "Unchecked") for cell in row[:2])
        return "no" if none or (unticked and empty) else None

    columns = {name: [row[at] for row in rows] for at, name in enumerate(["s___1", "s___2", "s___9"])}
    assert derived({"derive": {"fever": rule}}, "fever", **columns) == [expected(row) for row in rows]


def test_helpers_words_values_and_units():
    mapping = {
        "values": {"*": {"ja": "yes", "nein": "no"}, "temp": {"normal": "36.5"}},
        "missing_in": {"bsg1": ["999"]},
        "units": {"temp": "°F"},
        "helper": {
            "hot": {"number": "temp", "at_least": "38 °C"},
            "shivers": {"any_of": ["chills", "hot"]},
        },
        "derive": {
            "fever": {"any_of": ["shivers", "sweats"]},
            "trauma": {"checkbox": "crash", "words": {"yes": "major", "no": "none"}, "unticked": "no"},
            "esr_mm_h": {"first_of": ["bsg1", "bsg2"]},
        },
    }
    done = prepared(
        mapping, temp=["101", "98.6", None], chills=["nein", "ja", "nein"], sweats=["nein", "nein", "nein"],
        crash=["1", "0", ""], bsg1=["999", "12", None], bsg2=["30", "40", None],
    )  # fmt: skip
    assert done.faults == ()
    assert done.batch.column("fever").to_pylist() == ["yes", "yes", None]
    assert done.batch.column("trauma").to_pylist() == ["major", "none", None]
    assert done.batch.column("esr_mm_h").to_pylist() == ["30", "12", None]


def test_decimal_commas():
    mapping = {"decimal": ",", "derive": {"fever": {"number": "temp", "at_least": 38}}}
    done = prepared(mapping, temp=["38,0", "37,9", "38.5"], esr_mm_h=["12,5", "<3,5", "1.000"], case_id=["a", "b", "c"])
    assert done.batch.column("fever").to_pylist() == ["yes", "no", None]
    assert done.batch.column("esr_mm_h").to_pylist() == ["12.5", "<3.5", None]
    assert sorted((fault.row, fault.column) for fault in done.faults) == [(2, "esr_mm_h"), (2, "temp")]
    alone = prepared({"decimal": ","}, esr_mm_h=["12,5"])
    assert alone.batch.column("esr_mm_h").to_pylist() == ["12.5"]


def test_counts_are_of_all_rows():
    done = prepared(
        {"derive": {"fever": {"number": "temp", "at_least": 38}, "age": {"years_from": "born", "to": "seen"}}},
        temp=["38", "37", "37.5", None, "hot"],
        born=["1980-01-01", "x", None, None, "2020-01-01"], seen=["2020-01-01"] * 5,
    )  # fmt: skip
    assert done.counts == {
        "fever: yes": 1, "fever: no": 2, "fever: not recorded": 1, "fever: refused": 1,
        "age: a number": 2, "age: not recorded": 2, "age: refused": 1,
    }  # fmt: skip
