"""From a case file to an output file: read, code, score, render, drop repeats, write, in file order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.answers.blank_warning import Notice
from riskmodel.answers.column_types import OutputColumn, Score, ScoredBlock
from riskmodel.casefiles.options import Reject, RunCounts, RunOptions, RunResult
from riskmodel.casefiles.read.block import CodedBlock, reject_of_file
from riskmodel.casefiles.read.open import CaseReader, open_reader
from riskmodel.casefiles.rejects import Rejects, RejectTaker
from riskmodel.casefiles.repeats import REPEATED, seen_ids
from riskmodel.casefiles.run_files import RunFiles
from riskmodel.casefiles.second_look import SecondLook
from riskmodel.casefiles.select_rows import Shape, check_columns, shape_of, take_coded, take_columns, without_impossible
from riskmodel.casefiles.tally import Tally, tally_rows
from riskmodel.casefiles.write.row_writer import RowWriter, Writers
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.workers.pool import in_turn
from riskmodel.workers.signals import Signals

Report = Callable[[RunResult], str]
Progress = Callable[[int, int | None], None]
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Worked:
    """One block, scored and rendered, before repeats are dropped; with the piece of the file that it was read from."""

    piece: Any
    coded: CodedBlock
    columns: tuple[OutputColumn, ...]
    rendered: Any
    tally: Tally


def run(  # noqa: PLR0913 - all but four have defaults
    source: str | Path,
    output: str | Path | None,
    variables: Sequence[Variable],
    score: Score,
    options: RunOptions | None = None,
    *,
    compiled_score: Score | None = None,
    rows: RowWriter | None = None,
    report: Report | None = None,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> RunResult:
    """Score every row of a case file.

    Parameters
    ----------
    source
        CSV (plain, gzip, zstd) or Parquet; ``-`` is standard input (CSV).
    output
        ``.csv``, ``.csv.gz``, ``.csv.zst`` or ``.parquet``; ``-`` streams CSV to standard output, None writes nothing.
    variables
        All variables, circumstances included; the order of the rows of ``masks``.
    score
        Coded evidence (uint8, shape (variables, rows); bit s set = state s possible) to output columns.
        Called from worker threads, also with zero rows.
    options
        Everything else; see `RunOptions`.
    compiled_score
        Taken instead of ``score`` for files beyond 10,000 records.
    rows
        Also takes the scored rows.
    report
        Gives the text of ``<output>.run.json``, written together with the output (not with a stream).
    progress
        Called with bytes (rows for Parquet) done and their total where known.
    notice
        Says what there is to be said of a file whose blanks seem to have a meaning; without it nothing is.

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
    with (
        Signals() as signals,
        RunFiles(source, output, options) as files,
        open_reader(source, variables, options) as reader,
    ):
        chosen = compiled_score if reader.engine == "compiled" and compiled_score else score
        writers = Writers([*files.open_rows(reader.engine), *([rows] if rows else [])])
        rejects = Rejects(files.open_rejects if files.takes_rejects else None, reader.name)
        job = Job(reader, chosen, writers, rejects, options, notice)
        job.execute(progress, signals)
        result = job.result(files.rejects)
        files.commit(report(result) if report else None, signals)
    return result


class Job:
    """One run: `work` in any thread, `take` in file order."""

    def __init__(
        self,
        reader: CaseReader,
        score: Score,
        writer: RowWriter,
        rejects: RejectTaker,
        options: RunOptions,
        notice: Notice | None = None,
    ) -> None:
        self.reader = reader
        self.coder = reader.coder
        self.score = score
        self.writer = writer
        self.rejects = rejects
        self.threads = options.threads or min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        self.seen = None if options.allow_repeats else seen_ids(reader.engine)
        self.tally = Tally()
        self.second_look = SecondLook(reader, notice)
        self.records = 0
        self.lines = reader.header_lines
        self.prepared: Counter[str] = Counter()
        self.shape: Shape | None = None

    def execute(self, progress: Progress | None, signals: Signals) -> None:
        """Work on all blocks in threads, and take them in the order of the file."""
        with closing(in_turn(self.work, self.reader.items(), self.threads, signals)) as blocks:
            for worked in blocks:
                self.take(worked)
                if progress:
                    progress(*self.reader.progress())
        if self.shape is None:
            self.begin(self.score(self.coder.no_masks()))
        self.writer.finish()

    def work(self, item: Any) -> _Worked:
        """Read, code, score and render one block."""
        coded, columns = self.scored(item)
        tally = tally_rows(self.coder.contract, coded, columns)
        return _Worked(item, coded, columns, self.writer.render(coded, columns), tally)

    def scored(self, item: Any) -> tuple[CodedBlock, tuple[OutputColumn, ...]]:
        """The possible cases of one block, and their results."""
        coded = self.reader.read(item)
        scored = self.score(coded.masks)
        check_columns(scored.columns, coded.masks.shape[1])
        return without_impossible(coded, scored)

    def begin(self, scored: ScoredBlock) -> None:
        """Write the header; the columns of the first block are those of the run."""
        self.shape = shape_of(scored.columns)
        self.writer.begin(scored.columns, self.coder.layout.kept_names)

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
        self.second_look.keep(worked.piece, coded.rows[~repeated])
        self.rejects.add([reject_of_file(reject, self.records, self.lines) for reject in refused])
        self.writer.write(worked.rendered, repeated)
        self.records += coded.records
        self.lines += coded.line_count
        self.prepared.update(coded.prepared)

    def _repeats(self, worked: _Worked, repeated: NDArray[np.bool_]) -> list[Reject]:
        coded, rows = worked.coded, np.flatnonzero(repeated)
        gone = take_coded(coded, rows)
        columns = take_columns(worked.columns, rows)
        self.tally.add(tally_rows(self.coder.contract, gone, columns), -1)
        column = self.coder.layout.names[self.coder.layout.id_field]
        return [gone.reject(row, column, gone.case_id(row), REPEATED) for row in range(len(rows))]

    def result(self, rejects: Path | None) -> RunResult:
        """What was done; ``rejects`` is their file, if there is one."""
        summary = self.tally.summary(self.coder.contract)
        return RunResult(
            counts=RunCounts(self.records, self.tally.rows, self.rejects.rows),
            summary=summary,
            warnings=self.coder.layout.warnings + self.second_look.warnings(summary),
            reasons=self.rejects.reasons.listed,
            unlisted=self.rejects.reasons.unlisted,
            mapped=self.coder.mapped(self.tally.translated),
            engine=self.reader.engine,
            source_sha256=self.reader.sha256(),
            layout=self.coder.layout,
            rejects=str(rejects) if rejects and self.rejects.any else None,
            notes=self.reader.notes(),
            prepared=dict(self.prepared),
        )
