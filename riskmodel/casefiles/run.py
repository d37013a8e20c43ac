"""From a case file to an output file: read, code, score, render, drop repeats, write, in file order."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.column_types import OutputColumn, Score, ScoredBlock
from riskmodel.casefiles import plan as planning
from riskmodel.casefiles.options import Counts, Reject, RunOptions, RunResult
from riskmodel.casefiles.read.block import CodedBlock, moved
from riskmodel.casefiles.read.open import CaseReader, open_reader
from riskmodel.casefiles.rejects import Rejects
from riskmodel.casefiles.repeats import REPEATED
from riskmodel.casefiles.select_rows import Shape, check_columns, shape_of, take_coded, take_columns, without_impossible
from riskmodel.casefiles.tally import Tally, tally_rows
from riskmodel.casefiles.write.row_writer import RowWriter
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.outputs.files import Outputs
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals

Report = Callable[[RunResult], str]
Progress = Callable[[int, int | None], None]
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Worked:
    """One block, scored and rendered, before repeats are dropped."""

    coded: CodedBlock
    columns: tuple[OutputColumn, ...]
    rendered: Any
    tally: Tally


def run(
    source: str | Path,
    output: str | Path,
    variables: Sequence[Variable],
    score: Score,
    options: RunOptions | None = None,
    *,
    compiled_score: Score | None = None,
    report: Report | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Score every row of a case file into an output file.

    Parameters
    ----------
    source
        CSV (plain, gzip, zstd) or Parquet; ``-`` is standard input (CSV).
    output
        ``.csv``, ``.csv.gz``, ``.csv.zst`` or ``.parquet``; ``-`` streams CSV to standard output.
    variables
        All variables, circumstances included; the order of the rows of ``masks``.
    score
        Coded evidence (uint8, shape (variables, rows); bit s set = state s possible) to output columns.
        Called from worker threads, also with zero rows.
    options
        Everything else; see `RunOptions`.
    compiled_score
        Taken instead of ``score`` for files beyond 10,000 records.
    report
        Gives the text of ``<output>.run.json``, written together with the output (not with a stream).
    progress
        Called with bytes (rows for Parquet) done and their total where known.

    Raises
    ------
    CasesError
        The file is unreadable or structurally broken, or a row is bad and there is nowhere to say so.
    OutputError
        The output cannot be written; nothing of it is left.
    UsageError
        Options that cannot be used.
    """
    options = options or RunOptions()
    plan = planning.plan_outputs(str(source), str(output), options)
    with Signals() as signals, open_reader(source, variables, options) as reader, Outputs() as outputs:
        chosen = compiled_score if reader.engine == "compiled" and compiled_score else score
        writer, close = planning.open_writer(plan, outputs, reader)
        rejects = Rejects(planning.open_rejects(plan, outputs), reader.name)
        job = Job(reader, chosen, writer, rejects, options)
        try:
            job.execute(progress, signals)
        finally:
            close()
        result = job.result(plan.output, str(plan.rejects) if rejects.any else None)
        planning.add_report(plan, outputs, result, report)
        outputs.commit(signals)
    return result


class Job:
    """One run: `work` in any thread, `take` in file order."""

    def __init__(
        self, reader: CaseReader, score: Score, writer: RowWriter, rejects: Rejects, options: RunOptions
    ) -> None:
        self.reader = reader
        self.score = score
        self.writer = writer
        self.rejects = rejects
        self.threads = options.threads or min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        self.seen = None if options.allow_repeats else reader.seen()
        self.tally = Tally()
        self.records = 0
        self.lines = reader.header_lines
        self.shape: Shape | None = None

    def execute(self, progress: Progress | None, signals: Signals) -> None:
        with closing(in_turn(self.work, self.reader.items(), self.threads, signals)) as blocks:
            for worked in blocks:
                self.take(worked)
                if progress:
                    progress(*self.reader.progress())
        if self.shape is None:
            self.begin(self.score(self.reader.no_masks()))
        self.writer.finish()

    def work(self, item: Any) -> _Worked:
        """Read, code, score and render one block."""
        coded = self.reader.read(item)
        scored = self.score(coded.masks)
        check_columns(scored.columns, coded.masks.shape[1])
        coded, columns = without_impossible(coded, scored)
        tally = tally_rows(self.reader.contract, coded, columns)
        return _Worked(coded, columns, self.writer.render(coded, columns), tally)

    def begin(self, scored: ScoredBlock) -> None:
        self.shape = shape_of(scored.columns)
        self.writer.begin(scored.columns, self.reader.layout.kept_names)

    def take(self, worked: _Worked) -> None:
        """Drop repeats, count, and write one block."""
        coded = worked.coded
        if coded.fault:
            raise CasesError(f"{self.reader.name}: line {self.lines + coded.fault.line + 1}: {coded.fault.problem}")
        if self.shape is None:
            self.begin(ScoredBlock(worked.columns))
        elif self.shape != shape_of(worked.columns):
            raise ValueError("the scorer's columns changed from one block to the next")
        repeated = np.zeros(len(coded.rows), np.bool_) if self.seen is None else self.seen.repeats(coded)
        refused = list(coded.rejects)
        if repeated.any():
            refused += self._repeats(worked, repeated)
            refused.sort(key=lambda reject: reject.record)
        self.tally.add(worked.tally)
        self.rejects.add([moved(reject, self.records, self.lines) for reject in refused])
        self.writer.write(worked.rendered, repeated)
        self.records += coded.records
        self.lines += coded.line_count

    def _repeats(self, worked: _Worked, repeated: NDArray[np.bool_]) -> list[Reject]:
        coded, rows = worked.coded, np.flatnonzero(repeated)
        gone = take_coded(coded, rows)
        columns = take_columns(worked.columns, rows)
        self.tally.add(tally_rows(self.reader.contract, gone, columns), -1)
        column = self.reader.layout.names[self.reader.layout.id_field]
        return [gone.reject(row, column, gone.case_id(row), REPEATED) for row in range(len(rows))]

    def result(self, output: str, rejects: str | None) -> RunResult:
        return RunResult(
            counts=Counts(self.records, self.tally.rows, self.rejects.rows),
            summary=self.tally.summary(self.reader.contract),
            warnings=self.reader.layout.warnings,
            reasons=self.rejects.reasons.found,
            unlisted=self.rejects.reasons.unlisted,
            mapped=self.reader.coder.mapped(self.tally.translated),
            engine=self.reader.engine,
            source_sha256=self.reader.sha256(),
            output=output,
            rejects=rejects,
        )
