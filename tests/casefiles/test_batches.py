"""Record batches in and out give what a CSV with the same cells gives, with a preparation and without."""

import csv
import io
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from riskmodel.casefiles.batches import BatchScores, output_schema, score_batches, table_reader
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.batch_coder import BatchCoder, Piece
from riskmodel.cases.preparation import CellFault, Prepared
from riskmodel.errors import CasesError
from tests.support.case_files import HEADER, VARIABLES, run_bytes, run_file, score

NAMES = HEADER.strip().split(",")
OPTIONS = RunOptions("as_reported", keep=("age",))
BAD = [
    ("bad age", "", "121", "f", "", "", ""),
    ("", "", "1", "", "", "", ""),
    ("impossible", "", "", "", "major", "yes", ""),
]


def rows_of(count):
    rng = np.random.default_rng(5)
    words = (["emergency", "", "primary_care"], ["17", "49.9", "", "120"], ["f", "male", ""],
             ["none", "minor|major", ""], ["yes", "no", "absent", ""], ["<5", "20.0", "", ">120"])  # fmt: skip
    rows = [(f"p{n}", *(str(rng.choice(of)) for of in words)) for n in range(count)]
    rows[7] = rows[3]
    rows[11] = ('d "e", f', *rows[11][1:])
    rows[20:20] = BAD
    return rows


def table_of(rows, names=NAMES):
    columns = zip(*rows, strict=True)
    return pa.table({name: [cell or None for cell in cells] for name, cells in zip(names, columns, strict=True)})


def elsewhere(value):
    """What another process gets of a value."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - ours


def as_csv(rows, names=NAMES):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([names, *rows])
    return text.getvalue().encode()


def scored(batches, options=OPTIONS, schema=None):
    """The result batches as a table, the rejects and what the run says of itself."""
    rejected = []
    scores = BatchScores(table_reader(batches, schema, VARIABLES, options, "cases"), score, options, rejected.extend)
    return pa.Table.from_batches(list(scores), scores.schema), rejected, scores.result


@pytest.mark.parametrize("engine", ["small", "compiled"])
@pytest.mark.parametrize("threads", [1, 2])
def test_batches_of_any_size_give_what_a_file_gives(tmp_path, engine, threads):
    rows = rows_of(60)
    expected = run_bytes(as_csv(rows), tmp_path, output="out.parquet", engine=engine, keep=("age",))
    table = pq.read_table(tmp_path / "out.parquet")
    for size in (1, 7, 1000):
        batches = table_of(rows).to_batches(max_chunksize=size)
        empty = batches[0].slice(0, 0)
        got, rejected, result = scored([empty, *batches, empty], replace(OPTIONS, engine=engine, threads=threads))
        assert got.equals(table)
        assert result.counts == expected.result.counts
        assert result.summary == expected.result.summary
        assert [[str(r.record), r.case_id, r.column, r.value] for r in rejected] == [
            [line[0], *line[2:5]] for line in csv.reader(io.StringIO(expected.rejects.decode()))
        ][1:]


def test_no_batch_no_row_and_another_batch():
    schema = table_of(rows_of(30)).schema
    got, rejected, result = scored([], schema=schema)
    assert (got.num_rows, rejected, result.counts.read) == (0, [], 0)
    with pytest.raises(CasesError, match="cases: there is no batch, and no schema"):
        scored([])
    batch = table_of(rows_of(30)).to_batches()[0]
    with pytest.raises(CasesError, match="the columns changed from one batch to the next"):
        scored([batch, batch.drop_columns(["age"])])


def test_without_anywhere_to_put_rejects_the_first_ends_the_run():
    scores = BatchScores(table_reader(table_of(BAD).to_batches(), None, VARIABLES, OPTIONS, "cohort"), score, OPTIONS)
    with pytest.raises(CasesError, match=r"cohort: record 1 \(case bad age\), column age: '121': outside the limits"):
        list(scores)
    with pytest.raises(RuntimeError, match="not all been taken"):
        _ = scores.result


def test_a_model_scores_batches_as_it_scores_a_frame(seeds):
    cases = pa.table({"case_id": ["a", "b"], "fever": [True, None], "age": [50.0, float("nan")]})
    scores = score_batches(cases.to_batches(), elsewhere(seeds.scoring), RunOptions("primary_care"))
    got = pa.Table.from_batches(list(scores), scores.schema)
    assert got.schema == output_schema(seeds.scoring) == scores.schema
    frame = seeds.score(cases.to_pandas(), setting="primary_care")
    assert got.column_names == list(frame.columns)
    assert got["p_infection"].to_pylist() == frame["p_infection"].tolist()
    assert got["rules"].to_pylist() == frame["rules"].tolist()


# ---- a preparation in between ------------------------------------------------------------------------


@dataclass(frozen=True)
class InDays:
    """Age in days under another name, and a fever that is a temperature."""

    def bind(self, schema, file):
        if "days" not in schema.names:
            raise CasesError(f"{file}: header: there is no column 'days'")
        names = [name for name in schema.names if name not in ("days", "temp")]
        return Bound(tuple(names), schema)


@dataclass(frozen=True)
class Bound:
    names: tuple
    source: pa.Schema
    warnings: tuple = ("ages are days",)

    @property
    def reads(self):
        return (*self.names, "days", "temp")

    @property
    def schema(self):
        fields = [self.source.field(name) for name in self.names]
        return pa.schema([*fields, pa.field("age", pa.float64()), pa.field("fever", pa.bool_())])

    def prepare(self, batch):
        days = batch.column("days").cast(pa.float64())
        bad = np.flatnonzero(pc.fill_null(pc.less(days, 0), fill_value=False))
        faults = [CellFault(int(row), "days", str(batch.column("days")[row]), "days before birth") for row in bad]
        days = pc.if_else(pc.less(days, 0), None, days)
        fever = pc.greater_equal(batch.column("temp").cast(pa.float64()), 38.0)
        arrays = [batch.column(name) for name in self.names]
        prepared = pa.RecordBatch.from_arrays([*arrays, pc.divide(days, 365.0), fever], schema=self.schema)
        return Prepared(prepared, tuple(faults), {"ages": batch.num_rows - days.null_count})


RAW = ["case_id", "setting", "days", "sex", "trauma", "temp", "note"]
RAW_ROWS = [
    ("a", "emergency", "7300", "f", "", "38.2", "x"),
    ("b", "", "", "", "none", "37", '"q", r'),
    ("c", "", "-5", "boy", "", "", ""),
    ("d", "", "50000", "", "", "", ""),
    ("e", "", "365", "", "major", "40", ""),
    ("a", "", "365", "", "", "", "again"),
]
PLAIN = [
    ("a", "emergency", "20", "f", "", "yes", "x"), ("b", "", "", "", "none", "no", '"q", r'),
    ("c", "", "-", "", "", "", ""), ("d", "", "137", "", "", "", ""),
    ("e", "", "1", "", "major", "yes", ""), ("a", "", "1", "", "", "", "again"),
]  # fmt: skip


@pytest.mark.parametrize("engine", ["small", "compiled"])
@pytest.mark.parametrize("block", [1, 40, 4000])
def test_a_preparation_makes_the_columns_of_every_format(tmp_path, engine, block):
    expected = run_bytes(as_csv(PLAIN, [*NAMES[:6], "note"]), tmp_path, engine=engine, keep=("note",))
    options = {"engine": engine, "block_bytes": block, "keep": ("note", "days"), "preparation": InDays()}
    from_csv = run_bytes(as_csv(RAW_ROWS, RAW) + b"f,1\n", tmp_path, **options)
    pq.write_table(table_of(RAW_ROWS, RAW), tmp_path / "cases.parquet", row_group_size=2)
    from_parquet = run_file(tmp_path / "cases.parquet", tmp_path, **options)
    assert from_csv.output == from_parquet.output
    without_days = [line.rpartition(b",")[0] for line in from_csv.output.splitlines()]
    assert without_days == expected.output.splitlines()
    assert [line[:5] for line in from_csv.rejected] == [
        ["3", "4", "c", "days", "-5"], ["3", "4", "c", "sex", "boy"], ["4", "5", "d", "age", "136.986301369863"],
        ["5", "6", "e", "", ""], ["6", "7", "a", "case_id", "a"], ["7", "8", "f", "", ""],
    ]  # fmt: skip
    assert [[line[0], *line[2:]] for line in from_csv.rejected[:-1]] == [
        [line[0], *line[2:]] for line in from_parquet.rejected
    ]
    assert from_csv.result.prepared == from_parquet.result.prepared == {"ages": 4}
    assert from_csv.result.warnings[0] == "ages are days"


def test_what_a_preparation_refuses_and_what_cannot_be_kept(tmp_path):
    data = as_csv(RAW_ROWS, ["id", *RAW[1:2], "age", *RAW[3:]])
    assert "there is no column 'days'" in run_bytes(data, tmp_path, preparation=InDays()).error
    data = as_csv(RAW_ROWS, RAW)
    assert "no column 'notes' to keep" in run_bytes(data, tmp_path, preparation=InDays(), keep=("notes",)).error


def test_a_coder_of_batches_works_on_another_machine():
    table = table_of(RAW_ROWS, RAW)
    options = RunOptions("emergency", preparation=InDays(), keep=("note",))
    coder = elsewhere(BatchCoder.of(table.schema, VARIABLES, options, "cases"))
    coded = coder.code(Piece(table.to_batches()[0]))
    assert coded.rows.tolist() == [0, 1, 4, 5]
    assert coded.words()[1] == ["x", '"q", r', "", "again"]
    assert [(reject.record, reject.column) for reject in coded.rejects] == [(2, "days"), (2, "sex"), (3, "age")]
