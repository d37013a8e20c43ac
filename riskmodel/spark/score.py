"""Cases in a Spark data frame, scored where they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.errors import UsageError
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from riskmodel.batches import RowScorer
    from riskmodel.batches.row_scorer import OnError
    from riskmodel.cases.mapping import MappingLike
    from riskmodel.model import Model

RECORD = "riskmodel"  # the key of the run record in the metadata of the column `model`
_ID, _REPEATED = "__case_id", "__repeated"
REPEATED = (
    "another row has this case_id, and rows of a Spark data frame have no order that says which is first; "
    "allowed: unique ids (or allow_repeats=True)"
)


def score(  # noqa: PLR0913 - all but the first have defaults
    df: DataFrame,
    model: Model | str | Path = "seeds",
    *,
    setting: str | None = None,
    policy: str | Path | None = None,
    recording: str | Path | None = None,
    known_outcomes: bool = False,
    mapping: MappingLike = None,
    keep: Sequence[str] = (),
    draws: int = 0,
    seed: int = 0,
    level: float = 0.95,
    on_error: OnError = "column",
    allow_repeats: bool = False,
) -> DataFrame:
    """Posteriors, action and reason of each case of a Spark data frame: a row for each row, computed on the workers.

    Nothing runs until the result is used. Each row has the same bits as on one machine, whatever the partitions.
    Workers need this package, in the same version, but no prior files: the model travels with the task.

    Parameters
    ----------
    df
        one row a case; columns as in a case file, any of them missing, text or typed.
    model
        a model, or the name or file of a prior set.
    setting
        of the rows that name none; needed where there is no column ``setting``.
    policy, recording
        names or files, for a model that is named by its prior set; a model given as such brings its own.
    known_outcomes, mapping, draws, seed, level
        as of :meth:`riskmodel.Model.score`.
    keep
        columns to pass on, in their own types.
    on_error
        ``"column"``: a row that cannot be scored has null in all columns of results and says why in the column
        ``problem``, which is null in all others. ``"raise"``: the first such row ends the job, and there is no such
        column.
    allow_repeats
        score each row by itself, without looking whether its ``case_id`` stands in other rows too. Otherwise ids are
        counted first, and all rows of an id that stands in several cannot be scored: rows of a data frame have no order
        that says which is the first.

    Returns
    -------
    data frame with ``case_id``, the columns of the output contract, those of ``keep``, and ``problem``; the column
    ``model`` carries the run record, see :func:`scored_with`.

    Raises
    ------
    CasesError, UsageError
        before any job runs, for columns, settings and options that cannot be used; and where pyspark is missing.
    """
    schema = _arrow_schema(df)
    from riskmodel.batches import row_scorer

    scorer = row_scorer(
        schema, model, setting=setting, policy=policy, recording=recording, known_outcomes=known_outcomes,
        mapping=mapping, keep=keep, draws=draws, seed=seed, level=level, on_error=on_error,
    )  # fmt: skip
    asked: dict[str, Any] = {
        "setting": setting,
        "known_outcomes": known_outcomes,
        "keep": list(keep),
        "draws": draws,
        "seed": seed,
    }
    asked |= {"level": level, "on_error": on_error, "allow_repeats": allow_repeats}
    cases = df.select(*(_quoted(name) for name in scorer.needed))
    counted = cases if allow_repeats else _with_counted_ids(cases, scorer.id_column)
    return counted.mapInArrow(_Task(scorer, counted=not allow_repeats), _result_schema(df, scorer, asked))


def scored_with(scored: DataFrame) -> dict[str, Any]:
    """What a data frame was scored with: version, hashes of model, priors and mapping, policy, options.

    It travels with the column ``model``, also into Parquet files and out of them.

    Raises
    ------
    UsageError
        where the data frame has no such column.
    """
    fields = {field.name: field for field in scored.schema.fields}
    if "model" not in fields or RECORD not in fields["model"].metadata:
        raise UsageError(
            "the data frame has no column 'model' with a run record: it was not made by riskmodel.spark.score"
        )
    return dict(json.loads(fields["model"].metadata[RECORD]))


class _Task:
    """What a worker does with the batches of a partition."""

    def __init__(self, scorer: RowScorer, *, counted: bool) -> None:
        self._scorer = scorer
        self._counted = counted

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # In a thread, so that Spark goes on reading and writing meanwhile.
        yield from in_turn(self._scored, batches, 1, Signals())

    def _scored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        refused = batch.column(_REPEATED).is_valid().to_numpy(zero_copy_only=False) if self._counted else None
        return self._scorer.score(batch, refused, REPEATED)


def _with_counted_ids(cases: DataFrame, column: str) -> DataFrame:
    """The same rows with a column that is true where the id stands in other rows too, else null.

    Only ids are exchanged between workers; those that repeat, mostly few, are sent to all.
    """
    from pyspark.sql import functions

    name = _quoted(column)
    counts = cases.groupBy(functions.col(name).alias(_ID)).agg(functions.count(functions.lit(1)).alias(_REPEATED))
    several = counts.where(functions.col(_REPEATED) > 1).select(_ID, functions.lit(True).alias(_REPEATED))  # noqa: FBT003
    return cases.join(functions.broadcast(several), functions.col(name) == functions.col(_ID), "left").drop(_ID)


def _arrow_schema(df: DataFrame) -> pa.Schema:
    """The columns of a data frame with their Arrow types.

    Raises
    ------
    UsageError
        where pyspark is missing, or this is no data frame of Spark.
    """
    import pyarrow as pa

    try:
        from pyspark.errors import PySparkException
        from pyspark.sql.pandas.types import to_arrow_type
    except ImportError:
        raise UsageError("scoring on Spark needs pyspark: pip install 'riskmodel[spark]'") from None
    fields = getattr(getattr(df, "schema", None), "fields", None)
    if fields is None or not hasattr(df, "mapInArrow"):
        raise UsageError(f"riskmodel.spark.score takes a data frame of Spark, not a {type(df).__name__}")

    def kind(column: Any) -> pa.DataType:
        try:
            return to_arrow_type(column.dataType, timezone="UTC")
        except (PySparkException, TypeError):  # nothing that a case is read from
            return pa.struct([])

    return pa.schema([(column.name, kind(column)) for column in fields])


def _result_schema(df: DataFrame, scorer: RowScorer, asked: dict[str, Any]) -> Any:
    """The columns of the result as Spark knows them, the run record with the column ``model``."""
    from pyspark.sql.types import DoubleType, LongType, StringType, StructField, StructType

    kinds = {"double": DoubleType(), "int64": LongType(), "string": StringType()}
    kept = {column.name: column.dataType for column in df.schema.fields if column.name in scorer.options.keep}
    fields = [StructField(column.name, kept.get(column.name) or kinds[str(column.type)]) for column in scorer.schema]
    at = scorer.schema.get_field_index("model")
    record = json.dumps({**scorer.record, "options": asked}, ensure_ascii=False)
    fields[at] = StructField("model", StringType(), metadata={RECORD: record})
    return StructType(fields)


def _quoted(name: str) -> str:
    """A column's name as Spark takes it literally."""
    return "`" + name.replace("`", "``") + "`"
