"""From a case file to an output file: read, code, score, render, drop repeats, write, in file order."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskmodel.cases.blocks import Block, BlockReader
from riskmodel.cases.coded import CodedBlock, Coder, moved
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.dedupe import SeenHashes, SeenIds
from riskmodel.cases.header import Layout, match_header
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.options import SMALL_RECORDS, Counts, Reject, RunOptions, RunResult
from riskmodel.cases.reader_small import SmallReader
from riskmodel.cases.render import header_line, line, render_rows
from riskmodel.cases.scored import OutputColumn, Score, ScoredBlock
from riskmodel.cases.source import Source
from riskmodel.cases.tally import Tally
from riskmodel.cases.tokens import split_record, RowFault
from riskmodel.cases.writer import Outputs, Sink, StreamFile, is_stream, terminated_as_exception
from riskmodel.errors import CasesError, UsageError
from riskmodel.evidence.records import Variable

FIRST_REJECTS = 5  # shown in the result
REJECT_COLUMNS = ("record", "line", "case_id", "column", "value", "problem")

Report = Callable[[RunResult], str]
Progress = Callable[[int, int | None], None]
Render = Callable[[CodedBlock, Sequence[OutputColumn]], tuple[bytes | memoryview, NDArray[np.int64]]]


class Engine(Protocol):
    """Cuts blocks and codes them."""

    @staticmethod
    def records_end(data: bytearray, start: int, end: int) -> int: ...

    def read(self, block: Block) -> CodedBlock: ...


def run(
    source: str | Path,
    output: str | Path,
    variables: Sequence[Variable],
    score: Score,
    options: RunOptions = RunOptions(),  # noqa: B008  (frozen)
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
    with terminated_as_exception(), contextlib.closing(Source(source)) as opened:
        blocks = BlockReader(opened, options.block_bytes)
        text, header_lines = blocks.read_header()
        mapping = load_mapping(options.mapping, ColumnContract(tuple(variables)))
        layout = read_layout(text, variables, options, opened.name)
        coder = Coder(ColumnContract(tuple(variables)), layout, mapping, options.default_setting)
        small = options.engine == "small" or (options.engine == "auto" and opened.few_lines(SMALL_RECORDS))
        engine, render = _engine(coder, small=small)
        worker = _Worker(engine, score if small or compiled_score is None else compiled_score, render)
        targets = _Targets(str(output), options.rejects)
        run_state = _Run(opened, layout, targets, Tally(variables), options, header_lines + 1)
        try:
            threads = 1 if small else options.threads or min(os.cpu_count() or 1, 4)
            for done in _in_order(worker, blocks.blocks(engine.records_end), threads):
                run_state.finish(done)
                if progress is not None:
                    progress(opened.position, opened.size)
            run_state.end(worker)
            result = run_state.result(str(output), "small" if small else "compiled")
            targets.commit(report(result) if report is not None else None)
        except BaseException:
            targets.discard()
            raise
    return result


def _engine(coder: Coder, *, small: bool) -> tuple[Engine, Render]:
    """The reader and the renderer of an engine; the compiled one loads a compiler."""
    if small:
        return SmallReader(coder), lambda coded, columns: render_rows(coded.texts, columns)  # type: ignore[arg-type]
    from riskmodel.cases.reader_compiled import CompiledReader
    from riskmodel.cases.render_compiled import Labels, render_compiled

    labels = Labels()
    return CompiledReader(coder), lambda coded, columns: render_compiled(coded.texts, columns, labels)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Worked:
    """A block after coding, scoring and rendering."""

    coded: CodedBlock
    scored: ScoredBlock
    rendered: bytes | memoryview
    offsets: NDArray[np.int64]


class _Worker:
    """What happens to a block on its own, in any thread."""

    def __init__(self, engine: Engine, score: Score, render: Render) -> None:
        self.engine, self.score, self.render = engine, score, render

    def __call__(self, block: Block) -> _Worked:
        coded = self.engine.read(block)
        scored = self.score(coded.masks)
        rendered, offsets = self.render(coded, scored.columns)
        return _Worked(coded, scored, rendered, offsets)


def _in_order(worker: _Worker, blocks: Iterator[Block], threads: int) -> Iterator[_Worked]:
    """Work on blocks in a few threads, and give the results in file order; few are held at a time."""
    if threads == 1:
        yield from map(worker, blocks)
        return
    waiting: deque[Future[_Worked]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for block in blocks:
                waiting.append(pool.submit(worker, block))
                if len(waiting) > threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def read_layout(text: str, variables: Sequence[Variable], options: RunOptions, name: str) -> Layout:
    contract = ColumnContract(tuple(variables))
    names = split_record(text, text.count(",") + 1 if '"' not in text else _width(text))
    if isinstance(names, RowFault):
        raise CasesError(f"{name}: header: {names.problem}")
    mapping = load_mapping(options.mapping, contract)
    return match_header(
        names, contract, mapping, keep=options.keep, known_outcomes=options.known_outcomes, file=name
    )


def _width(text: str) -> int:
    found = split_record(text, -1)
    return len(found.cells) if isinstance(found, RowFault) and found.cells else 1


class _Targets:
    """The files of a run: output, rejects, run record."""

    def __init__(self, output: str, rejects: Path | None) -> None:
        self.streaming = is_stream(output)
        self.outputs = Outputs()
        self.path = Path(output)
        stem = self.path.name
        for ending in (".csv.gz", ".csv.zst", ".csv", ".parquet"):
            if stem.endswith(ending):
                stem = stem.removesuffix(ending)
                break
        else:
            if not self.streaming:
                raise UsageError(f"{output}: the output must end in .csv, .csv.gz, .csv.zst or .parquet, or be -")
        self.rejects_path = rejects or (None if self.streaming else self.path.with_name(f"{stem}.rejects.csv"))
        self.record_path = None if self.streaming else self.path.with_name(f"{stem}.run.json")
        self.sink: Sink = StreamFile(output) if self.streaming else self.outputs.add(self.path)
        self._rejects: Sink | None = None

    def reject(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        if self.rejects_path is None:
            raise CasesError(f"{rejects[0]}; nothing more was scored (--rejects FILE keeps going)")
        if self._rejects is None:
            self._rejects = self.outputs.add(self.rejects_path)
            self._rejects.write(line(REJECT_COLUMNS).encode())
        for one in rejects:
            cells = (one.record, "" if one.line is None else one.line, one.case_id, one.column, one.value, one.problem)
            self._rejects.write(line(map(str, cells)).encode())

    @property
    def rejected_to(self) -> str | None:
        return str(self.rejects_path) if self._rejects is not None else None

    def commit(self, record: str | None) -> None:
        if record is not None and self.record_path is not None:
            self.outputs.add(self.record_path).write(record.encode())
        if self._rejects is None and self.rejects_path is not None:
            self.outputs.remove_at_end(self.rejects_path)
        self.outputs.commit()

    def discard(self) -> None:
        self.outputs.discard()


class _Run:
    """What is done with finished blocks, in file order."""

    def __init__(
        self, source: Source, layout: Layout, targets: _Targets, tally: Tally, options: RunOptions, first_line: int
    ) -> None:
        self.source, self.layout, self.targets, self.tally = source, layout, targets, tally
        self.allow_repeats = options.allow_repeats
        self.seen, self.seen_hashes = SeenIds(), SeenHashes()
        self.records, self.lines, self.rejected = 0, first_line, 0
        self.first_rejects: list[Reject] = []
        self.has_header = False

    def finish(self, done: _Worked) -> None:
        """Drop what cannot stay, write the rest."""
        coded = done.coded
        if coded.fault is not None:
            raise CasesError(f"{self.source.name}: line {coded.fault.line + self.lines}: {coded.fault.problem}")
        kept = np.ones(len(coded.rows), np.bool_)
        rejects = list(coded.rejects)
        for one in done.scored.impossible:
            kept[one.row] = False
            rejects.append(coded.reject(one.row, one.column, one.value, one.problem))
        rejects += self._repeats(coded, kept)
        rejects = [moved(one, self.records, self.lines) for one in sorted(rejects, key=lambda one: one.record)]
        self.targets.reject(rejects)
        self.first_rejects += rejects[: FIRST_REJECTS - len(self.first_rejects)]
        self.rejected += coded.records - int(kept.sum())
        self._write(done, kept)
        self.tally.add(coded.masks, done.scored.columns, kept, coded.defaulted)
        self.records += coded.records
        self.lines += coded.line_count

    def _repeats(self, coded: CodedBlock, kept: NDArray[np.bool_]) -> list[Reject]:
        if self.allow_repeats:
            return []
        if coded.hashes is not None:
            places = self.seen_hashes.repeats(coded.hashes, kept)
        else:
            places = self.seen.repeats((coded.case_id(row) for row in range(len(coded.rows))), kept)
        kept[places] = False
        name = self.layout.names[self.layout.id_field]
        return [
            coded.reject(place, name, coded.case_id(place), "repeats an earlier case; --allow-repeats takes it")
            for place in places
        ]

    def _write(self, done: _Worked, kept: NDArray[np.bool_]) -> None:
        self._header(done.scored.columns)
        if kept.all():
            self.targets.sink.write(done.rendered)
            return
        view = memoryview(done.rendered)
        for row in np.flatnonzero(kept).tolist():
            self.targets.sink.write(view[done.offsets[row] : done.offsets[row + 1]])

    def _header(self, columns: Sequence[OutputColumn]) -> None:
        if not self.has_header:
            self.targets.sink.write(header_line(columns, self.layout.kept_names))
            self.has_header = True

    def end(self, worker: _Worker) -> None:
        """A file without records still has a header."""
        if not self.has_header:
            self._header(worker.score(np.zeros((len(self.tally.variables), 0), np.uint8)).columns)

    def result(self, output: str, engine: str) -> RunResult:
        return RunResult(
            counts=Counts(self.records, self.tally.rows, self.rejected),
            summary=self.tally.summary(),
            warnings=self.layout.warnings,
            first_rejects=tuple(self.first_rejects),
            engine=engine,
            source_sha256=self.source.sha256,
            output=output,
            rejects=self.targets.rejected_to,
        )
