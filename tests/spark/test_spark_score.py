"""Spark gives the bits of one machine, whatever the partitions, and loses no row."""

from __future__ import annotations

import re
import sys

import pyarrow.parquet as pq
import pytest

from riskmodel import spark
from riskmodel.errors import CasesError, UsageError
from tests.support.mixed_cases import mixed_cases
from tests.support.one_machine import on_one_machine
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:columns ignored"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROWS, SETTING = 200, "emergency"


@pytest.fixture(scope="module")
def cases(session, tmp_path_factory):
    """Mixed cases as a data frame, read from Parquet."""
    path = tmp_path_factory.mktemp("cases") / "cases.parquet"
    pq.write_table(mixed_cases(ROWS), path)
    return session.read.parquet(str(path)).cache()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return on_one_machine(mixed_cases(ROWS), tmp_path_factory.mktemp("one"), keep=("region",))


def by_id(rows):
    return sorted(rows, key=lambda row: row["case_id"])


def check(scored, expected):
    """The rows that were scored, and the problems of the others, are those of one machine."""
    rows = [row.asDict() for row in scored.collect()]
    assert len(rows) == ROWS
    good = [{name: cell for name, cell in row.items() if name != "problem"} for row in rows if row["problem"] is None]
    assert by_id(good) == by_id(expected.rows)
    problems = sorted(row["problem"] for row in rows if row["problem"] is not None)
    assert problems == sorted(" | ".join(texts) for texts in expected.problems.values())


@pytest.mark.parametrize(
    "parted",
    [
        lambda df: df.repartition(7),
        lambda df: df.repartition(5, "sex"),  # empty ones, and two with nearly all rows
        lambda df: df.repartitionByRange(12, "note", "case_id"),
    ],
    ids=["seven", "skewed", "ordered"],
)
def test_the_bits_of_one_machine_whatever_the_partitions(cases, expected, parted):
    check(spark.score(parted(cases), setting=SETTING, keep=["region"]), expected)


def test_one_row_a_partition(session, seeds):
    table = mixed_cases(4, bad=False)
    alone = session.createDataFrame(
        table.to_pylist(), schema=", ".join(f"{name} string" for name in table.column_names)
    )
    scored = spark.score(alone.repartition(4, "case_id"), seeds, setting=SETTING, allow_repeats=True)
    frame = seeds.score(table.to_pandas(), setting=SETTING)
    found = {row["case_id"]: row["p_any_serious"] for row in scored.collect()}
    assert found == dict(zip(frame["case_id"], frame["p_any_serious"], strict=True))


def test_typed_columns_and_batches_of_few_rows(session, seeds):
    schema = "case_id long, age double, fever boolean, crp_mg_l decimal(6,1), visit date"
    frame = session.sql(
        "select id as case_id, double(id % 90) as age, id % 2 = 0 as fever, cast(id % 60 as decimal(6,1)) as crp_mg_l, "
        "date('2024-05-01') as visit from range(50)"
    ).select(*(column.split()[0] for column in schema.split(", ")))
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
    try:
        scored = spark.score(frame, seeds, setting=SETTING, keep=["visit"]).toPandas()
    finally:
        session.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    texts = [
        {"case_id": str(i), "age": str(i % 90), "fever": str(i % 2 == 0).lower(), "crp_mg_l": str(i % 60)}
        for i in range(50)
    ]
    one = seeds.score(texts, setting=SETTING).set_index("case_id")
    scored = scored.set_index("case_id").loc[one.index]
    assert (scored["p_infection"] == one["p_infection"]).all()
    assert {str(day) for day in scored["visit"]} == {"2024-05-01"}


def test_rows_of_a_repeated_id_are_named_wherever_they_lie(session):
    rows = [("a", "yes"), ("b", "no"), ("a", "maybe"), ("c", "no"), (None, "no"), (None, "yes")]
    frame = session.createDataFrame(rows, "case_id string, fever string").repartition(4)
    scored = spark.score(frame, setting=SETTING).select("case_id", "urgency", "problem").collect()
    problems = {}
    for row in scored:
        problems.setdefault(row["case_id"], []).append(row["problem"] or "")
        assert (row["problem"] is None) == (row["urgency"] is not None)
    assert problems["b"] == problems["c"] == [""]
    assert sorted("fever 'maybe'" in problem for problem in problems["a"]) == [False, True]
    assert sum("another row has this case_id" in problem for problem in problems["a"]) == 1
    assert all("a case needs an identifier" in problem for problem in problems[""])
    allowed = spark.score(frame, setting=SETTING, allow_repeats=True).where("problem is null")
    assert sorted(row["case_id"] for row in allowed.collect()) == ["a", "b", "c"]


def test_the_scored_with_travels_with_the_table(session, cases, seeds, tmp_path):
    scored = spark.score(cases, seeds, setting=SETTING)
    scored.limit(3).write.parquet(str(tmp_path / "scored"))
    record = spark.scored_with(session.read.parquet(str(tmp_path / "scored")))
    assert record == spark.scored_with(scored)
    assert record["model"] == seeds.scoring.model_hash
    assert record["options"]["setting"] == SETTING
    with pytest.raises(UsageError, match="no column 'model' with a run record"):
        spark.scored_with(cases)


def test_errors_come_before_any_job(session, cases):
    tracker = session.sparkContext.statusTracker()
    before = set(tracker.getJobIdsForGroup(None))
    with pytest.raises(CasesError, match="no setting is named"):
        spark.score(cases.drop("setting"))
    with pytest.raises(UsageError, match="did you mean 'emergency'"):
        spark.score(cases, setting="emergncy")
    with pytest.raises(CasesError, match="'Fever' is close to the column 'fever'"):
        spark.score(cases.withColumnRenamed("fever", "Fever"), setting=SETTING)
    with pytest.raises(CasesError, match="column 'fever' is of type"):
        spark.score(cases.selectExpr("case_id", "array(fever) as fever"), setting=SETTING)
    spark.score(cases, setting=SETTING)
    assert set(tracker.getJobIdsForGroup(None)) == before


def test_a_bad_row_ends_the_job_where_that_is_asked(cases):
    from pyspark.errors import PythonException

    scored = spark.score(cases, setting=SETTING, on_error="raise", allow_repeats=True)
    with pytest.raises(PythonException, match=r"riskmodel\.errors\.CasesError: case 'p"):
        scored.write.format("noop").mode("overwrite").save()


def test_what_is_no_frame_of_spark_is_refused():
    pytest.importorskip("pyspark")
    with pytest.raises(UsageError, match="takes a data frame of Spark, not a list"):
        spark.score([], setting=SETTING)


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(UsageError, match=r"pip install 'riskmodel\[spark\]'"):
        spark.score(None)


def test_the_lines_of_the_page_run(session, tmp_path):
    page = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
    lines = re.search(r"## Spark\n.*?```python\n(.*?)```", page, re.DOTALL)[1]
    lines = re.sub(r'"(\w+\.(?:parquet|csv))"', rf'"{tmp_path}/\1"', lines)
    pq.write_table(mixed_cases(30), tmp_path / "cases.parquet")
    exec(lines, {"spark": session})  # noqa: S102 - a page of this project
    good = session.read.parquet(str(tmp_path / "scored.parquet")).count()
    bad = session.read.option("multiLine", "true").csv(str(tmp_path / "rejected.csv"), header=True).count()
    assert good + bad == 30
    assert bad > 0
