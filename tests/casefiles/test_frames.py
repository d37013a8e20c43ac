"""Frames of every library are read as pandas frames are, and answered in kind."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import riskmodel as rm
from riskmodel.casefiles.read.frame import as_frame
from riskmodel.cohort import simulate, to_cases
from riskmodel.errors import CasesError, UsageError
from riskmodel.metrics import judge, policy_curves
from riskmodel.sensitivity.what_if import coded_cases
from riskmodel.value.next_question import next_questions

CELLS = {
    "case_id": ["a", "b", "c", "d"],
    "fever": ["yes", None, "no", ""],
    "age": [54, 17, None, 120],
    "esr_mm_h": [12.5, float("nan"), None, 100.0],
    "night_pain": [True, None, False, True],
    "leg_weakness": ["stable", "absent", "progressive", None],
}


class ArrayCapsule:
    """A batch that has nothing but the Arrow PyCapsule interface."""

    def __init__(self, batch):
        self._batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self._batch.__arrow_c_array__(requested_schema)


class Capsule:
    """A table that has nothing but the Arrow PyCapsule interface."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


TABLE = pa.table(CELLS)
KINDS = {
    "polars": (pl.DataFrame(CELLS, strict=False), pl.DataFrame),
    "lazy": (pl.DataFrame(CELLS, strict=False).lazy(), pl.DataFrame),
    "categorical": (
        pl.DataFrame(CELLS, strict=False).with_columns(pl.col("fever").cast(pl.Categorical)),
        pl.DataFrame,
    ),
    "table": (TABLE, pa.Table),
    "batch": (TABLE.to_batches()[0], pa.Table),
    "reader": (pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=1)), pa.Table),
    "capsule": (Capsule(TABLE), pa.Table),
    "array capsule": (ArrayCapsule(TABLE.to_batches()[0]), pa.Table),
    "dictionary": (
        TABLE.set_column(1, "fever", pa.chunked_array([TABLE["fever"].combine_chunks().dictionary_encode()])),
        pa.Table,
    ),
    "decimal": (TABLE.set_column(2, "age", pa.array([Decimal(54), Decimal(17), None, Decimal("120.0")])), pa.Table),
    "chunks": (pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]), pa.Table),
}


@pytest.fixture(scope="module")
def expected(seeds):
    return seeds.score(pd.DataFrame(CELLS), setting="emergency")


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_scored_alike_and_answered_in_kind(seeds, expected, kind):
    cases, answered = KINDS[kind]
    if kind == "reader":
        cases = pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=1))
    scored = seeds.score(cases, setting="emergency")
    assert isinstance(scored, answered)
    rows = scored.to_dicts() if answered is pl.DataFrame else scored.to_pylist()
    assert pd.DataFrame(rows).equals(expected.astype(pd.DataFrame(rows).dtypes))
    if kind != "reader":
        posterior = seeds.posterior(cases, setting="emergency")
        assert isinstance(posterior, answered)
        assert list(posterior["infection"].to_numpy()) == seeds.posterior(pd.DataFrame(CELLS), setting="emergency")[
            "infection"
        ].tolist()  # fmt: skip


def test_a_frame_without_rows_or_columns(seeds):
    assert seeds.score(pl.DataFrame({"fever": []}), setting="emergency").shape[0] == 0
    assert seeds.score(TABLE.slice(0, 0), setting="emergency").num_rows == 0
    assert as_frame(pl.DataFrame()).shape == (0, 0)


def test_cells_stay_as_they_are():
    """No whole number beside a blank becomes one with a point, and large ones keep every digit."""
    frame = as_frame(pa.table({"case_id": [2**60 + 1, None], "age": [54, None]}))
    assert frame["case_id"].iloc[0] == 2**60 + 1
    assert str(frame["age"].dtype) == "int64[pyarrow]"


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        (pl.DataFrame({"fever": [[1]]}), "column 'fever' is of type large_list"),
        (pl.DataFrame({"fever": [date(2024, 5, 1)]}), "column 'fever' is of type date32"),
        (pd.DataFrame({"fever": pd.to_datetime(["2024-05-01"])}), "column 'fever' is of type datetime64"),
        (pd.DataFrame({"fever": pd.to_datetime(["2024-05-01"]).tz_localize("UTC")}), "is of type datetime64"),
        (pd.DataFrame({"fever": pd.to_timedelta(["1D"])}), "is of type timedelta64"),
        (pd.DataFrame({"fever": [["yes"]]}), r"row 0, fever: \"\['yes'\]\": not understood"),
        (pl.DataFrame({"fever": ["maybe"]}), "row 0, fever: 'maybe': not understood"),
        (pl.DataFrame({"Fever": ["yes"]}), "'Fever' is close to the column 'fever'"),
        (pa.Table.from_arrays([pa.array(["yes"])] * 2, names=["fever", "fever"]), "'fever' stands 2 times"),
        (pl.DataFrame({"case_id": ["a", "a"]}), "row 1, case_id: 'a': an earlier row has this case_id"),
        (pl.DataFrame({"case_id": ["a", None]}), "row 1, case_id: '': a case needs an identifier"),
    ],
)
def test_what_is_no_cell_is_refused(seeds, cases, message):
    with pytest.raises(CasesError, match=message):
        seeds.score(cases, setting="emergency")


def test_a_column_is_no_table(seeds):
    with pytest.raises(UsageError, match="cases is a Series that is no table of columns"):
        seeds.score(pl.Series("fever", ["yes"]), setting="emergency")
    with pytest.raises(UsageError, match=r"cases is a int: give a frame with a row a case \(pandas, polars, Arrow\)"):
        seeds.score(7, setting="emergency")


def test_a_mapping_works_columns_out_of_every_frame(seeds):
    raw = {"case_id": ["a", "b", "c"], "Temp": [38.5, None, 36.6], "sex": ["w", "m", "w"]}
    mapping = {"derive": {"fever": {"number": "Temp", "at_least": 38}}, "values": {"sex": {"w": "female"}}}
    words = pd.DataFrame({"case_id": ["a", "b", "c"], "fever": ["yes", None, "no"], "sex": ["f", "m", "f"]})
    plain = seeds.score(words, setting="emergency")
    for cases in (pd.DataFrame(raw), pl.DataFrame(raw), pa.table(raw)):
        scored = seeds.score(cases, setting="emergency", mapping=mapping)
        assert list(scored["p_infection"].to_numpy()) == plain["p_infection"].tolist()


@pytest.mark.slow
def test_a_cohort_may_be_of_any_library(seeds, monkeypatch):
    rng = np.random.default_rng(4)
    frame = to_cases(seeds, simulate(seeds, 60, rng, setting="emergency"), with_outcomes=True).reset_index(drop=True)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    monkeypatch.setattr("riskmodel.calibration.fit.fit_coded", lambda _model, names, masks, *_, **__: (names, masks))
    names, masks = rm.calibrate(seeds, frame)
    for cases in (table, pl.from_arrow(table)):
        for fit in (rm.calibrate, rm.recalibrate):
            assert fit(seeds, cases)[0] == names
            assert np.array_equal(fit(seeds, cases)[1], masks)
        assert judge(seeds, cases).probabilities.equals(judge(seeds, frame).probabilities)
        curves = [policy_curves(seeds, each, policies=["consensus"], thresholds=[0.05]) for each in (cases, frame)]
        assert curves[0].equals(curves[1])
        coded = [coded_cases(seeds, each) for each in (cases.select(frame.columns[:9].tolist()), frame.iloc[:, :9])]
        assert coded[0].names == coded[1].names
        assert np.array_equal(coded[0].masks, coded[1].masks)
    febrile = {"fever": ["yes"], "iv_drug_use": ["yes"]}
    asked = [
        next_questions(seeds, kind(febrile), setting="emergency") for kind in (pd.DataFrame, pl.DataFrame, pa.table)
    ]
    assert asked[0].equals(asked[1])
    assert asked[0].equals(asked[2])
