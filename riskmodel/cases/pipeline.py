"""From a case file to an output file: read, code, score, render, drop repeats, write, in file order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from riskmodel.cases.options import RunOptions, RunResult
from riskmodel.cases.scored import Score
from riskmodel.evidence.records import Variable

Report = Callable[[RunResult], str]
Progress = Callable[[int, int | None], None]


def run(
    source: str | Path,
    output: str | Path,
    variables: Sequence[Variable],
    score: Score,
    options: RunOptions = RunOptions(),
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
        Called from worker threads.
    compiled_score
        Taken instead of ``score`` for files beyond 10,000 records.
    report
        Gives the text of ``<output>.run.json``, written together with the output (not with ``-``).
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
    raise NotImplementedError
