"""Batches scored row for row: the same as one machine, in Arrow, in Polars and in Dask."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

import riskmodel as rm
from riskmodel.batches import row_scorer
from riskmodel.batches.packed import PackedModel
from riskmodel.errors import CasesError, UsageError
from tests.support.mixed_cases import mixed_cases
from tests.support.one_machine import on_one_machine

ROWS = 1_500  # beyond what plain Python takes: compiled code runs, too
SETTING = "emergency"
pytestmark = pytest.mark.filterwarnings("ignore:columns ignored")


def scored_in(batches, scorer) -> list[dict]:
    return pa.Table.from_batches(map(scorer.score, batches), scorer.schema).to_pylist()


def split(rows: list[dict]) -> tuple[list[dict], dict[int, list[str]]]:
    """The rows that were scored, and the problems of the others by record."""
    problems = {at: row["problem"].split(" | ") for at, row in enumerate(rows, 1) if row["problem"] is not None}
    good = [{name: cell for name, cell in row.items() if name != "problem"} for row in rows if row["problem"] is None]
    return good, problems


@pytest.mark.parametrize("size", [ROWS, 97])
def test_batches_of_any_size_give_what_one_machine_gives(size, tmp_path):
    cases = mixed_cases(ROWS)
    scorer = row_scorer(cases.schema, setting=SETTING, keep=["region"])
    rows = scored_in(cases.combine_chunks().to_batches(size), scorer)
    assert [row["case_id"] for row in rows] == [cell or "" for cell in cases["case_id"].to_pylist()]
    good, problems = split(rows)
    expected = on_one_machine(cases, tmp_path, keep=("region",))
    assert good == expected.rows
    assert problems == expected.problems
    assert len(problems) > 100


def test_a_rejected_row_has_no_results_and_keeps_what_was_to_be_kept():
    cases = pa.table({"case_id": ["a", "b"], "fever": ["maybe", "no"], "visit": pa.array([1, 2], pa.int8())})
    rows = scored_in(cases.to_batches(), row_scorer(cases.schema, setting=SETTING, keep=["visit"]))
    refused = {name: cell for name, cell in rows[0].items() if cell is not None}
    assert refused.keys() == {"case_id", "visit", "problem"}
    assert refused["problem"].startswith("fever 'maybe': not understood")
    assert (rows[1]["visit"], rows[1]["problem"]) == (2, None)


def test_a_scorer_travels_without_its_prior_files(monkeypatch, seeds):
    cases = mixed_cases(40, bad=False)
    model = seeds.with_statement("find.fever.infection", value=0.55)
    packed = pickle.dumps(row_scorer(cases.schema, model, setting=SETTING))
    monkeypatch.setattr("riskmodel.evidence.load.priors_root", lambda: pytest.fail("prior files were looked for"))
    rows = scored_in(cases.to_batches(), pickle.loads(packed))  # noqa: S301
    frame = model.score(cases.to_pandas(), setting=SETTING)
    assert [row["p_infection"] for row in rows] == frame["p_infection"].tolist()
    assert rows[0]["model"] == model.scoring.model_hash != seeds.scoring.model_hash


@pytest.mark.filterwarnings("ignore:for 12 cases the effective")
def test_draws_are_those_of_one_machine(seeds):
    cases = mixed_cases(12, bad=False)
    scorer = row_scorer(cases.schema, seeds, setting=SETTING, draws=50, seed=2)
    frame = seeds.score(cases.to_pandas(), setting=SETTING, draws=50, seed=2)
    rows = scored_in(cases.to_batches(5), scorer)
    for column in ("p_infection_low", "p_infection_high", "confidence"):
        assert [row[column] for row in rows] == frame[column].tolist()


def test_bad_rows_are_an_error_where_that_is_asked():
    cases = pa.table({"case_id": ["a", "b"], "fever": ["no", "maybe"]})
    scorer = row_scorer(cases.schema, setting=SETTING, on_error="raise")
    assert "problem" not in scorer.schema.names
    with pytest.raises(CasesError, match="case 'b': fever 'maybe': not understood"):
        scorer.score(cases.to_batches()[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no setting is named"),
        ({"setting": "emergncy"}, "did you mean 'emergency'"),
        ({"setting": SETTING, "keep": ["regoin"]}, "no column 'regoin' to keep"),
        ({"setting": SETTING, "keep": "region"}, "keep is a list"),
        ({"setting": SETTING, "on_error": "drop"}, "on_error is 'column' or 'raise'"),
        ({"setting": SETTING, "policy": "whitlock_2026"}, "a model brings its own policy"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_batch(options, message, seeds):
    with pytest.raises((CasesError, UsageError), match=message):
        row_scorer(mixed_cases(5).drop(["setting"]).schema, seeds, **options)


def test_columns_of_another_type_are_refused_before_any_batch():
    with pytest.raises(CasesError, match="column 'fever' is of type"):
        row_scorer(pa.schema([("case_id", pa.string()), ("fever", pa.list_(pa.string()))]), setting=SETTING)


def test_another_version_on_a_worker_is_refused(seeds):
    packed = PackedModel.of(seeds.scoring)
    with pytest.raises(UsageError, match=r"this worker has riskmodel .*, the driver 0\.0"):
        PackedModel(packed.content, packed.digest, "0.0").unpacked()


def test_polars_lazily_gives_what_one_machine_gives(tmp_path):
    pl = pytest.importorskip("polars")
    cases = mixed_cases(300)
    source = tmp_path / "cases.parquet"
    pl.from_arrow(cases).write_parquet(source, row_group_size=50)
    scorer = row_scorer(cases.schema, setting=SETTING)
    scored = scorer.polars(pl.scan_parquet(source)).collect(engine="streaming")
    good, problems = split(scored.to_dicts())
    expected = on_one_machine(cases, tmp_path)
    assert good == expected.rows
    assert problems == expected.problems


def test_dask_gives_what_one_machine_gives(tmp_path):
    dask = pytest.importorskip("dask.dataframe")
    cases = mixed_cases(300)
    scorer = row_scorer(cases.schema, setting=SETTING)
    parts = dask.from_pandas(cases.to_pandas(), npartitions=4)
    scored = parts.map_partitions(scorer.pandas, meta=scorer.pandas(cases.slice(0, 0).to_pandas())).compute()
    rows = pa.Table.from_pandas(scored, schema=scorer.schema, preserve_index=False).to_pylist()
    good, problems = split(rows)
    expected = on_one_machine(cases, tmp_path)
    assert good == expected.rows
    assert problems == expected.problems


def test_the_record_says_what_the_results_hang_on(seeds):
    cases = mixed_cases(5)
    record = row_scorer(cases.schema, setting=SETTING, mapping={"missing": ["-9"]}).record
    assert record["model"] == seeds.scoring.model_hash
    assert record["riskmodel"] == rm.__version__
    assert len(record["inputs"]["mapping_sha256"]) == 64
