"""One shard: its part of a case file, scored and stored, so that nothing of it is seen before it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from riskmodel._version import __version__
from riskmodel.answers.column_types import Score
from riskmodel.answers.scoring import Scoring
from riskmodel.arrays import Masks
from riskmodel.casefiles.options import RunOptions
from riskmodel.casefiles.read.formats import format_of
from riskmodel.casefiles.read.open import open_reader
from riskmodel.casefiles.rejects import Rejects
from riskmodel.casefiles.run import Job, Progress
from riskmodel.cases.recorded import as_read, telling
from riskmodel.errors import UsageError
from riskmodel.evidence.records import Variable
from riskmodel.outputs.files import Outputs
from riskmodel.outputs.streams import Bytes
from riskmodel.shards.cut import cut_file, still_holds
from riskmodel.shards.plan import Cut, Plan, agreed_plan
from riskmodel.shards.stored_blocks import StoredRows
from riskmodel.workers.signals import Signals

_CUT = ("CSV", "Parquet", "Arrow")  # formats that can be cut


@dataclass(frozen=True, slots=True)
class ShardNumber:
    """Which shard of how many; the first is 1."""

    number: int
    of: int

    @property
    def stem(self) -> str:
        """The name of its files, without the extension."""
        return f"shard-{self.number:04d}-of-{self.of:04d}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a finished shard says of itself: the plan that it belongs to, its rows, and how many records it read."""

    plan: str
    rows_sha256: str
    read: int
    scored: int
    rejected: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShardDone:
    """A shard that is there, and whether it was before."""

    shard: ShardNumber
    manifest: Manifest
    before: bool


def score_shard(  # noqa: PLR0913 - what a run takes, and which shard
    source: Path,
    folder: Path,
    shard: ShardNumber,
    scoring: Scoring,
    options: RunOptions,
    asked: Mapping[str, Any],
    score: tuple[Score, Score],
    *,
    warns_of_blanks: bool = True,
    progress: Progress | None = None,
) -> ShardDone:
    """Score one shard into a folder, or see that this has been done.

    Parameters
    ----------
    asked
        the options of the command that change a result.
    score
        what scores small files, and what scores large ones.

    Raises
    ------
    UsageError
        where the folder's shards were scored with something else, or the file cannot be cut.
    CasesError
        where the part cannot be read, or is not what it was.
    """
    form = format_of(source)
    kind = "CSV" if form is None else form.name
    if str(source) == "-" or options.redcap is not None or kind not in _CUT:
        what = "standard input" if str(source) == "-" else "the export of a project" if options.redcap else kind
        raise UsageError(f"{source}: --shard cuts files of the formats {', '.join(_CUT)}, not {what}")

    def plan_of_this(cut: Cut | None) -> Plan:
        plan = _plan(source, shard, scoring, options, asked, cut)
        return replace(plan, warns_of_blanks=warns_of_blanks)

    plan = agreed_plan(folder, plan_of_this)
    manifest = read_manifest(folder, shard)
    if manifest is not None and manifest.plan == plan.digest and rows_hash(folder, shard) == manifest.rows_sha256:
        return ShardDone(shard, manifest, before=True)
    options = replace(options, part=plan.cut.parts[shard.number - 1], engine=plan.cut.engine, allow_repeats=True)
    with Signals() as signals, Outputs() as outputs:
        # What was opened first is published last: a manifest never stands without its rows.
        described, rows = outputs.open(folder / f"{shard.stem}.json"), _Hashed(outputs.open(_rows_file(folder, shard)))
        with open_reader(source, telling(scoring.variables), options) as reader:
            engine_score = score[reader.engine == "compiled"]
            job = Job(
                reader, _as_scored(scoring.variables, engine_score), StoredRows(rows), _Counted(reader.name), options
            )
            job.execute(progress, signals)
            made = Manifest(plan.digest, rows.sha256, job.records, job.tally.rows, job.rejects.rows, reader.notes())
        described.write((json.dumps({"shard": shard.number, "of": shard.of, **asdict(made)}, indent=2) + "\n").encode())
        outputs.commit(signals)
    return ShardDone(shard, made, before=False)


def _plan(
    source: Path,
    shard: ShardNumber,
    scoring: Scoring,
    options: RunOptions,
    asked: Mapping[str, Any],
    before: Cut | None,
) -> Plan:
    with open_reader(source, scoring.variables, options) as reader:
        good = before is not None and len(before.parts) == shard.of and still_holds(before, source)
        cut = before if good and before is not None else cut_file(source, reader, shard.of, options)
        layout = asdict(reader.coder.layout)
        mapping = reader.coder.mapping.sha256
    scored_with = {"riskmodel": __version__, "model": scoring.model_hash, "mapping": mapping}
    return Plan(str(source), cut, scored_with, dict(asked), layout)


def _as_scored(variables: Sequence[Variable], score: Score) -> Score:
    """A score of evidence in which blanks are kept apart, so that the merged file can be warned of."""

    def scored(masks: Masks) -> Any:
        return score(as_read(variables, masks))

    return scored


class _Counted(Rejects):
    """Rejected rows, which are stored with their block: here they are only counted."""

    def __init__(self, source: str) -> None:
        super().__init__(_Nowhere, source)


class _Nowhere:
    """A file that is not written."""

    def write(self, data: Bytes) -> None:
        """Nothing."""


class _Hashed:
    """A file in the making, and the hash of its bytes."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()

    def write(self, data: Bytes) -> None:
        self._digest.update(data)
        self._sink.write(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _rows_file(folder: Path, shard: ShardNumber) -> Path:
    return folder / f"{shard.stem}.arrows"


def rows_hash(folder: Path, shard: ShardNumber) -> str:
    """The hash of a shard's rows as they are now, empty where there are none."""
    try:
        with _rows_file(folder, shard).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def read_manifest(folder: Path, shard: ShardNumber) -> Manifest | None:
    """What a shard says of itself, or None where it is not finished or its manifest not readable."""
    try:
        content = json.loads((folder / f"{shard.stem}.json").read_text(encoding="utf-8"))
        if (content.pop("shard"), content.pop("of")) != (shard.number, shard.of):
            return None
        return Manifest(**{**content, "notes": tuple(content["notes"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
