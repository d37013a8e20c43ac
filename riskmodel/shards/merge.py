"""All shards of a folder as one result: the bytes that a run over the whole file would have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from riskmodel.answers.blank_warning import Notice
from riskmodel.answers.column_types import OutputColumn, Score
from riskmodel.answers.scoring import Scoring
from riskmodel.casefiles.options import RunOptions, RunResult
from riskmodel.casefiles.read.block import CodedBlock, Coder
from riskmodel.casefiles.rejects import Rejects
from riskmodel.casefiles.run import Job, Progress, Report
from riskmodel.casefiles.run_files import RunFiles
from riskmodel.casefiles.write.row_writer import Writers
from riskmodel.cases.columns import ColumnContract
from riskmodel.cases.header import Layout
from riskmodel.cases.mapping import load_mapping
from riskmodel.cases.recorded import as_read
from riskmodel.errors import CasesError
from riskmodel.evidence.records import Variable
from riskmodel.shards.cut import still_holds
from riskmodel.shards.plan import Plan
from riskmodel.shards.shard import Manifest, ShardNumber, read_manifest, rows_hash
from riskmodel.shards.stored_blocks import as_block, stored_blocks
from riskmodel.workers.signals import Signals


def checked_shards(folder: Path, plan: Plan) -> tuple[Manifest, ...]:
    """The manifests of all shards, in their order: each is there once, is whole, and belongs to the plan.

    Raises
    ------
    CasesError
        naming every shard that has to be run again, and why.
    """
    good: list[Manifest] = []
    problems: list[str] = []
    for number in range(1, plan.shards + 1):
        shard = ShardNumber(number, plan.shards)
        manifest = read_manifest(folder, shard)
        problem = _problem(folder, shard, manifest, plan)
        if manifest is None or problem:
            problems.append(f"shard {number}/{plan.shards}: {problem}")
        else:
            good.append(manifest)
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise CasesError(f"{folder}: not all of it has been scored:{listed}\nrun these shards again")
    return tuple(good)


def _problem(folder: Path, shard: ShardNumber, manifest: Manifest | None, plan: Plan) -> str:
    """What is wrong with a shard, or nothing."""
    if manifest is None:
        return "not finished"
    if manifest.plan != plan.digest:
        return "it was scored by another plan than that of this folder"
    found_hash = rows_hash(folder, shard)
    if found_hash != manifest.rows_sha256:
        return "its rows are missing" if not found_hash else "its rows are not those that it stored: damaged"
    part = plan.cut.parts[shard.number - 1]
    if not part.sha256 and manifest.read != part.stop - part.start:
        return f"{manifest.read:,} rows, where its part has {part.stop - part.start:,}"
    return ""


def merge_shards(  # noqa: PLR0913 - what a run takes
    folder: Path,
    plan: Plan,
    output: str | Path | None,
    scoring: Scoring,
    score: Score,
    options: RunOptions,
    *,
    report: Report | None = None,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> RunResult:
    """Put the shards of a folder together.

    Repeated ids, counts, rejects, warnings and summary are those of a run over the whole file, and so is every byte of
    the result.

    Parameters
    ----------
    output
        as of a run; None writes nothing.
    score
        gives the columns where there are no rows.
    options
        those of the shards; ``rejects`` and ``threads`` are the merge's own.

    Raises
    ------
    CasesError
        naming every shard that has to be run again.
    """
    manifests = checked_shards(folder, plan)
    reader = ShardsReader(folder, plan, manifests, scoring.variables, options)
    with Signals() as signals, RunFiles(plan.source, output, options) as files:
        writers = Writers(files.open_rows(reader.engine))
        rejects = Rejects(files.open_rejects if files.takes_rejects else None, reader.name)
        job = _MergeJob(reader, score, writers, rejects, options, notice)
        job.execute(progress, signals)
        total = sum(manifest.read for manifest in manifests)
        if job.records != total:
            raise RuntimeError(f"{folder}: {job.records} records came, of {total}")
        result = job.result(files.rejects)
        files.commit(report(result) if report else None, signals)
    return result


class _MergeJob(Job):
    """A run whose blocks have been scored."""

    reader: ShardsReader

    def scored(self, item: Any) -> tuple[CodedBlock, tuple[OutputColumn, ...]]:
        coded, columns = as_block(*item)
        return replace(coded, masks=as_read(self.coder.contract.variables, coded.masks)), columns


class ShardsReader:
    """The stored blocks of all shards as an open case file."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        manifests: Sequence[Manifest],
        variables: Sequence[Variable],
        options: RunOptions,
    ) -> None:
        self.name = plan.source
        self.engine: Literal["small", "compiled"] = plan.cut.engine
        stored: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in plan.layout.items()}
        layout = Layout(**stored)
        contract = ColumnContract(tuple(variables))
        self.coder = Coder(contract, layout, load_mapping(options.mapping, contract), options.default_setting)
        self.header_lines = plan.cut.parts[0].lines
        self._folder = folder
        self._plan = plan
        self._manifests = manifests
        self._done = 0

    def items(self) -> Iterator[Any]:
        for number in range(1, self._plan.shards + 1):
            shard = ShardNumber(number, self._plan.shards)
            for batch, metadata in stored_blocks(self._folder / f"{shard.stem}.arrows"):
                self._done += metadata["records"]
                yield batch, metadata

    def read(self, item: Any) -> CodedBlock:
        return as_block(*item)[0]

    def reread(self, item: Any, variables: Sequence[Variable]) -> CodedBlock:
        coded = self.read(item)
        return replace(coded, masks=as_read(variables, coded.masks))

    def progress(self) -> tuple[int, int | None]:
        return self._done, sum(manifest.read for manifest in self._manifests)

    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for manifest in self._manifests for note in manifest.notes))

    def sha256(self) -> str:
        return self._plan.cut.sha256


def check_source(plan: Plan, source: Path) -> None:
    """Refuse a case file that is not the one that was scored.

    Raises
    ------
    CasesError
        where it is missing or has other content.
    """
    try:
        same = still_holds(replace(plan.cut, changed=-1), source)
    except OSError as error:
        raise CasesError(f"{source}: {error.strerror}") from None
    if not same:
        raise CasesError(f"{source}: it is not the file that the shards were scored from: its content has changed")
