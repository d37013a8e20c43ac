"""A file scored in shards and at once, and shards that are killed while they work."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from riskmodel.answers.blank_warning import blank_notice
from riskmodel.answers.output_columns import LazyCompiled, small_score
from riskmodel.casefiles.options import RunOptions, RunResult
from riskmodel.casefiles.run import run
from riskmodel.model import load_scoring
from riskmodel.shards.merge import merge_shards
from riskmodel.shards.plan import PLAN, read_plan
from riskmodel.shards.shard import ShardDone, ShardNumber, read_manifest, rows_hash, score_shard

SCORING = load_scoring()
SCORES = small_score(SCORING), LazyCompiled(SCORING)
ASKED = {"setting": "emergency"}


def options_of(**options: Any) -> RunOptions:
    return RunOptions(**{"default_setting": "emergency", "threads": 1, **options})


def notice() -> Any:
    return blank_notice(SCORING, lambda profile: load_scoring(recording=profile))


def shard_of(source: Path, folder: Path, number: int, of: int, *, asked: Any = None, **options: Any) -> ShardDone:
    """One shard of a file."""
    made = ASKED if asked is None else asked
    return score_shard(source, folder, ShardNumber(number, of), SCORING, options_of(**options), made, SCORES)


def merged(folder: Path, output: Path, **options: Any) -> RunResult:
    """All shards of a folder as one file."""
    plan = read_plan(folder)
    assert plan is not None
    return merge_shards(folder, plan, output, SCORING, SCORES[0], options_of(**options), notice=notice())


def at_once(source: Path, output: Path, **options: Any) -> RunResult:
    """The same file without shards."""
    return run(
        source, output, SCORING.variables, SCORES[0], options_of(**options), compiled_score=SCORES[1], notice=notice()
    )


def same_files(ours: Path, theirs: Path) -> None:
    """Results and rejects have the same bytes."""
    assert ours.read_bytes() == theirs.read_bytes()
    rejects = [path.with_name(path.name.split(".")[0] + ".rejects.csv") for path in (ours, theirs)]
    assert rejects[0].exists() == rejects[1].exists()
    if rejects[0].exists():
        assert rejects[0].read_bytes() == rejects[1].read_bytes()


def same_results(ours: RunResult, theirs: RunResult) -> None:
    """Counts, summary, reasons, warnings and all else that a run says are the same."""
    assert replace(ours, rejects=None) == replace(theirs, rejects=None)


@dataclass
class Killed:
    """Shards of a file, and its merge, each in a process that is killed at a random moment."""

    source: Path
    folder: Path
    output: Path
    expected: Path
    shards: int
    kills: int = 0
    finished: int = 0

    def __post_init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__])

    def kill_often(self, kills: int, seed: int) -> None:
        """Go on until so many processes were killed; after each nothing that is there is half made."""
        chance = random.Random(seed)  # noqa: S311 - moments, no secrets
        self._timed(0), self._timed(0)
        longest = max(self._timed(number) for number in (1, 0))
        for path in self.folder.iterdir():
            path.unlink()
        while self.kills < kills:
            self._one(chance.randint(0, self.shards), chance.uniform(0, 1.1 * longest))
            self.check()
            if self.done and chance.random() < 0.5:
                self._forget(chance)

    @property
    def done(self) -> bool:
        return all(self._whole(number) for number in range(1, self.shards + 1))

    def finish(self) -> None:
        """Let every shard and the merge come to its end."""
        for number in (*range(1, self.shards + 1), 0):
            process = self._process(number)
            process.join()
            assert process.exitcode == 0, f"shard {number} ended with {process.exitcode}"
        self.check()
        same_files(self.output, self.expected)

    def check(self) -> None:
        """What has its name is whole: a shard's manifest stands beside its rows, a result has all bytes."""
        for number in range(1, self.shards + 1):
            shard = ShardNumber(number, self.shards)
            manifest = read_manifest(self.folder, shard)
            assert manifest is None or rows_hash(self.folder, shard) == manifest.rows_sha256
            assert manifest is not None or not (self.folder / f"{shard.stem}.json").exists()
        if self.output.exists():
            same_files(self.output, self.expected)

    def _whole(self, number: int) -> bool:
        return read_manifest(self.folder, ShardNumber(number, self.shards)) is not None

    def _forget(self, chance: random.Random) -> None:
        """Begin anew with some shards, and without a result."""
        for path in (self.output, self.output.with_name(self.output.stem + ".rejects.csv")):
            path.unlink(missing_ok=True)
        gone = range(1, self.shards + 1) if chance.random() < 0.3 else [chance.randint(1, self.shards)]
        for number in gone:
            for path in self.folder.glob(f"{ShardNumber(number, self.shards).stem}.*"):
                path.unlink()
        if chance.random() < 0.3:
            (self.folder / PLAN).unlink()

    def _timed(self, number: int) -> float:
        begin = time.monotonic()
        self._process(number).join()
        return time.monotonic() - begin

    def _one(self, number: int, seconds: float) -> None:
        process = self._process(number)
        process.join(seconds)
        if process.is_alive():
            process.kill()
            process.join()
            self.kills += process.exitcode == -signal.SIGKILL
        self.finished += process.exitcode == 0

    def _process(self, number: int) -> Any:
        arguments = (self.source, self.folder, self.output, number, self.shards)
        process = self._context.Process(target=work, args=arguments)
        process.start()
        return process


def work(source: Path, folder: Path, output: Path, number: int, shards: int) -> None:
    """One shard, or with number 0 the merge, which waits for nothing."""
    from riskmodel.errors import RiskModelError

    if number:
        shard_of(source, folder, number, shards)
        return
    try:
        merged(folder, output)
    except (RiskModelError, AssertionError):
        raise SystemExit(2) from None
