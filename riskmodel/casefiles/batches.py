"""Record batches in, record batches out: the core that frames, clusters and every format of a table call.

A result has the same bits as that of a CSV with the same cells, whatever the sizes of the batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskmodel.answers.blank_warning import Notice
from riskmodel.answers.column_types import OutputColumn, Score
from riskmodel.answers.output_columns import LazyCompiled, small_score
from riskmodel.answers.scoring import Scoring
from riskmodel.casefiles.options import Reject, RunOptions, RunResult
from riskmodel.casefiles.read.arrow import BatchTable
from riskmodel.casefiles.read.block import CodedBlock
from riskmodel.casefiles.read.table import TableReader
from riskmodel.casefiles.rejects import RejectReasons
from riskmodel.casefiles.run import Job
from riskmodel.casefiles.write.arrow_rows import result_arrays, result_schema
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals

Rejected = Callable[[list[Reject]], None]


def score_batches(
    batches: Iterable[Any],
    scoring: Scoring,
    options: RunOptions | None = None,
    *,
    schema: Any = None,
    rejected: Rejected | None = None,
    name: str = "cases",
    notice: Notice | None = None,
) -> BatchScores:
    """Score record batches of cases, lazily and in order.

    Parameters
    ----------
    batches
        ``pyarrow.RecordBatch``, all with the same columns; of any size, also without rows.
    scoring
        what is scored with: :func:`riskmodel.model.load_scoring`, or the ``scoring`` of a model.
    options
        as of a run over a file. ``threads`` 1 does all work in the caller's thread.
    schema
        of the batches; needed only where there may be none.
    rejected
        takes the faults of rejected rows as they come, counted from 1 over all batches; without it the first one ends
        the run.
    name
        what messages call the cases.
    notice
        says what there is to be said of cases whose blanks seem to have a meaning.

    Raises
    ------
    CasesError
        naming every problem of the columns; while iterating, a bad row where ``rejected`` is None.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from riskmodel.model import load_scoring
    >>> cases = pa.RecordBatch.from_pydict({"case_id": ["a", "b"], "esr_mm_h": [95, None]})
    >>> scores = score_batches([cases], load_scoring(), RunOptions("primary_care"))
    >>> [batch.column("case_id").to_pylist() for batch in scores]
    [['a', 'b']]
    >>> scores.result.counts
    RunCounts(read=2, scored=2, rejected=0)
    """
    options = options or RunOptions()
    reader = table_reader(batches, schema, scoring.variables, options, name)
    score: Score = LazyCompiled(scoring) if reader.engine == "compiled" else small_score(scoring)
    return BatchScores(reader, score, options, rejected, notice)


def output_schema(scoring: Scoring, keep: Sequence[str] = ()) -> Any:
    """The Arrow schema of what :func:`score_batches` gives, without any case."""
    empty = np.zeros((len(scoring.variables), 0), np.uint8)
    return result_schema(small_score(scoring)(empty).columns, keep)


def table_reader(
    batches: Iterable[Any], schema: Any, variables: Sequence[Variable], options: RunOptions, name: str
) -> TableReader:
    """Record batches as an open case file."""
    if schema is None:
        batches = iter(batches)
        first = next(batches, None)
        if first is None:
            raise CasesError(f"{name}: there is no batch, and no schema says what its columns would be")
        schema, batches = first.schema, chain([first], batches)
    return TableReader(BatchTable(batches, schema, name), variables, options)


class BatchScores:
    """The results of a run over record batches: an iterator of record batches; see :func:`score_batches`.

    Attributes
    ----------
    schema
        the Arrow schema of every result.
    """

    def __init__(
        self,
        reader: TableReader,
        score: Score,
        options: RunOptions,
        rejected: Rejected | None = None,
        notice: Notice | None = None,
    ) -> None:
        self._rows = _Collected()
        self._rejects = _Handed(rejected, reader.name)
        self._job = Job(reader, score, self._rows, self._rejects, options, notice)
        self._job.begin(score(reader.coder.no_masks()))
        self.schema = self._rows.schema
        self._iterator = self._batches()
        self._finished = False

    def __iter__(self) -> Iterator[Any]:
        return self._iterator

    def _batches(self) -> Iterator[Any]:
        job = self._job
        if job.threads == 1:
            for piece in job.reader.items():
                job.take(job.work(piece))
                yield from self._rows.taken()
        else:
            with closing(in_turn(job.work, job.reader.items(), job.threads, Signals())) as blocks:
                for worked in blocks:
                    job.take(worked)
                    yield from self._rows.taken()
        self._finished = True

    @property
    def result(self) -> RunResult:
        """What the run did, once all batches have been taken."""
        if not self._finished:
            raise RuntimeError("the batches have not all been taken yet")
        return self._job.result(None)


@dataclass(slots=True)
class _Collected:
    """Takes the place of a writer, and gives the rows away as a record batch."""

    schema: Any = None
    waiting: list[Any] = field(default_factory=list)

    def begin(self, columns: Sequence[OutputColumn], kept_names: Sequence[str]) -> None:
        self.schema = result_schema(columns, kept_names)

    def render(self, block: CodedBlock, columns: Sequence[OutputColumn]) -> list[Any]:
        return result_arrays(block, columns)

    def write(self, rendered: list[Any], repeated: NDArray[np.bool_]) -> None:
        batch = pa.RecordBatch.from_arrays(rendered, schema=self.schema)
        self.waiting.append(batch.filter(pa.array(~repeated)) if repeated.any() else batch)

    def finish(self) -> None:
        """Nothing is pending."""

    def taken(self) -> list[Any]:
        """What has come since the last call, but for batches without a row."""
        waiting, self.waiting = self.waiting, []
        return [batch for batch in waiting if batch.num_rows]


class _Handed:
    """Takes the place of the file of rejects, and hands them on."""

    def __init__(self, rejected: Rejected | None, source: str) -> None:
        self._rejected = rejected
        self._source = source
        self.reasons = RejectReasons()
        self.rows = 0

    @property
    def any(self) -> bool:
        return self.rows > 0

    def add(self, rejects: list[Reject]) -> None:
        if not rejects:
            return
        if self._rejected is None:
            raise CasesError(f"{self._source}: {rejects[0]}")
        for reject in rejects:
            self.reasons.add(reject)
        self.rows += len({reject.record for reject in rejects})
        self._rejected(rejects)
